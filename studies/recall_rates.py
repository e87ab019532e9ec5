"""Recall the first of 21 symbols: sixteen layers and starts, six learning rates, ten seeds, the gradient watched.

Claim: within 600 batches it does not decide how small the gradient starts, but how far training moves it with every
step. So (1) layers cannot be ranked at one learning rate: the GRU fails at 0.01 and solves at 0.03, the RNN solves at
0.01 and fails at 0.003; (2) a GRU solves at 0.01, its start unchanged, once its update gate learns four times as fast;
(3) over all layers and rates, the batches to solve go with the distance that log10 of the gradient has to go, divided
by the most that the first step of Adam can move it, and go with it more closely than with the distance alone.

Wrong if: at 0.03 fewer than eight of ten GRUs solve, or at 0.01 more than two; at 0.003 five RNNs or more; at 0.01
fewer than eight of the GRUs whose update gate learns faster; or the rank correlation of the median batches with the
distance alone is at least as large as with the distance over the step. It says nothing about other widths, tasks, lags
or optimisers. What it cannot show: that a net recalls *because* its gradient has grown.

What came out: (1) and (2) hold. (3) is wrong: over the four rates that were planned, 0.003 to 0.1, the rank correlation
is 0.26 with the step and 0.30 without it. Among the GRUs alone it is above 0.9; the RNNs are thrown about by large
steps, and training moves the factor of the LSTMs the wrong way first. 0.001 and 0.3 were added afterwards, because the
best rate of some layers stood at the border.

All seeds of a pair are trained at once, as one stack of matrices; a test compares one seed with PyTorch's own layer.
"""

import functools
import math
import statistics

import torch
from torch import nn

from .runner import Study

SEEDS, LAG, HIDDEN, AT_MOST = range(10), 20, 24, 600
RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
LAYERS = {  # the class, and what is changed about PyTorch's start or about how it learns
    "RNN": (nn.RNN, {}), "RNN, orthogonal": (nn.RNN, {"orthogonal": True}), "RNN, leaky": (nn.RNN, {"leak": 0.5}),
    "GRU": (nn.GRU, {}), "GRU, gate learns x 4": (nn.GRU, {"faster": 4}), "GRU, W_hn x 4": (nn.GRU, {"larger": 4}),
    "GRU, update bias 0.5": (nn.GRU, {"bias": 0.5}), "GRU, update bias 1": (nn.GRU, {"bias": 1.0}),
    "GRU, update bias 2": (nn.GRU, {"bias": 2.0}),
    "LSTM": (nn.LSTM, {}), "LSTM, gate learns x 4": (nn.LSTM, {"faster": 4}),
    "LSTM, forget bias 1": (nn.LSTM, {"bias": 1.0}), "LSTM, forget bias 2": (nn.LSTM, {"bias": 2.0}),
    "LSTM, forget bias 3": (nn.LSTM, {"bias": 3.0}), "LSTM, forget bias 4": (nn.LSTM, {"bias": 4.0}),
    "LSTM, chrono": (nn.LSTM, {"chrono": True})}
GATE = slice(HIDDEN, 2 * HIDDEN)    # the rows of the update gate of a GRU and of the forget gate of an LSTM
FOLLOWED = (("RNN", 0.003), ("RNN", 0.01), ("GRU", 0.01), ("GRU", 0.03), ("GRU", 0.1), ("GRU, gate learns x 4", 0.01),
            ("LSTM", 0.01), ("LSTM, gate learns x 4", 0.01), ("LSTM, forget bias 1", 0.003),
            ("LSTM, forget bias 1", 0.01), ("LSTM, forget bias 3", 0.01))


def start(name: str, seed: int) -> tuple[list[torch.Tensor], torch.Generator]:
    """The weights of a layer and of its head, and the generator that goes on where drawing them has ended."""
    torch.manual_seed(seed)
    layer_class, changed = LAYERS[name]
    layer, head = layer_class(4, HIDDEN, batch_first=True), nn.Linear(HIDDEN, 4)
    with torch.no_grad():
        if "orthogonal" in changed:
            nn.init.orthogonal_(layer.weight_hh_l0)
        if "bias" in changed:
            layer.bias_ih_l0[GATE], layer.bias_hh_l0[GATE] = changed["bias"], 0.0
        if "larger" in changed:
            layer.weight_hh_l0[2 * HIDDEN:] *= changed["larger"]
        if "chrono" in changed:     # Tallec and Ollivier (2018): half-lives from 1 step to the lag
            layer.bias_ih_l0[GATE] = torch.log(1 + (LAG - 2) * torch.rand(HIDDEN))
            layer.bias_ih_l0[:HIDDEN] = -layer.bias_ih_l0[GATE]
            layer.bias_hh_l0[:2 * HIDDEN] = 0.0
    weights = [weight.detach().clone() for weight in (*layer.parameters(), *head.parameters())]
    return weights, torch.Generator().set_state(torch.get_rng_state())


def last_states(name: str, weights: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The last state of every seed's layer: (seeds, batch, hidden_size) for x (seeds, batch, seq_len, input_size)."""
    (layer_class, changed), (W_x, W_h, b_x, b_h) = LAYERS[name], (weight for weight in weights[:4])
    seeds, batch, seq_len, _ = x.shape
    W_h, b_x, b_h = W_h.mT, b_x[:, None], b_h[:, None]
    if layer_class is not nn.GRU:
        b_x = b_x + b_h
    from_x = torch.baddbmm(b_x, x.transpose(1, 2).flatten(1, 2), W_x.mT).view(seeds, seq_len, batch, -1)
    h = c = x.new_zeros(seeds, batch, HIDDEN)
    for x_t in from_x.unbind(1):
        if layer_class is nn.RNN:
            new, leak = torch.tanh(torch.baddbmm(x_t, h, W_h)), changed.get("leak", 0)
            h = leak * h + (1 - leak) * new if leak else new
        elif layer_class is nn.GRU:
            x_gates, x_n = x_t.split([2 * HIDDEN, HIDDEN], dim=-1)
            h_gates, h_n = torch.baddbmm(b_h, h, W_h).split([2 * HIDDEN, HIDDEN], dim=-1)
            r, z = torch.sigmoid(x_gates + h_gates).chunk(2, dim=-1)
            n = torch.tanh(x_n + r * h_n)
            h = n + z * (h - n)
        else:
            i, f, g, o = torch.baddbmm(x_t, h, W_h).chunk(4, dim=-1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
    return h


def as_input(symbols: torch.Tensor) -> torch.Tensor:
    return nn.functional.one_hot(symbols, 4).float()


def gradient_at_lag(name: str, weights: list[torch.Tensor], keep_graph: bool = False) -> torch.Tensor:
    """For each seed, log10 of the gradient from the last state to the input LAG steps back, against its own step's."""
    generator = torch.Generator().manual_seed(99)
    x = as_input(torch.randint(4, (32, LAG + 1), generator=generator)).expand(len(weights[0]), -1, -1, -1)
    x = x.to(weights[0].dtype).clone().requires_grad_()
    last = last_states(name, weights, x)
    sent = torch.randn(last.shape[1:], generator=generator).to(last)
    gradient, = torch.autograd.grad((last * sent).sum(), x, create_graph=keep_graph)
    norms = gradient.norm(dim=3).mean(dim=1).log10()
    return norms[:, 0] - norms[:, -1]


def largest_step(name: str, weights: list[torch.Tensor], rates: list[torch.Tensor]) -> torch.Tensor:
    """For each seed, the most that one step of Adam can move `gradient_at_lag`: every weight by its rate."""
    weights = [weight.double().requires_grad_() for weight in weights[:4]]
    slopes = torch.autograd.grad(gradient_at_lag(name, weights, keep_graph=True).sum(), weights)
    return sum((slope.abs() * rate).flatten(1).sum(1) for slope, rate in zip(slopes, rates, strict=False))


@functools.cache
def trained(name: str, lr: float) -> tuple[dict, dict]:
    """All seeds: {seed: columns of `recall_rates`}, and {seed: {batches: log10 of the gradient at the lag}}."""
    starts = [start(name, seed) for seed in SEEDS]
    draws = [generator for _, generator in starts]
    weights = [torch.stack(parts) for parts in zip(*(own for own, _ in starts), strict=True)]
    rates = [torch.full_like(weight, lr) for weight in weights]
    for rate in rates[:4]:
        rate[:, GATE] *= LAYERS[name][1].get("faster", 1)
    steps = largest_step(name, weights, rates).tolist()
    first_moments, second_moments = ([torch.zeros_like(weight) for weight in weights] for _ in range(2))
    left, rows, followed, recent = list(SEEDS), {}, {seed: {} for seed in SEEDS}, {seed: [] for seed in SEEDS}

    def answers(number, own, seeds):
        symbols = torch.stack([torch.randint(4, (number, LAG + 1), generator=draws[seed]) for seed in seeds])
        logits = last_states(name, own, as_input(symbols)) @ own[4].mT + own[5][:, None]
        return logits, symbols[:, :, 0], (logits.argmax(dim=2) == symbols[:, :, 0]).float().mean(dim=1).tolist()

    for batches in range(1, AT_MOST + 1):
        if batches % 20 == 1:
            for seed, gradient in zip(left, gradient_at_lag(name, weights).tolist(), strict=True):
                followed[seed][batches - 1] = gradient
        for weight in weights:
            weight.requires_grad_()
        logits, first, right = answers(32, weights, left)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), first.flatten(), reduction="sum") / 32
        gradients = torch.autograd.grad(loss, weights)
        weights = [weight.detach() for weight in weights]
        for seed, accuracy in zip(left, right, strict=True):
            recent[seed] = [*recent[seed], accuracy][-20:]
        ended = [k for k, seed in enumerate(left) if batches == AT_MOST or recent[seed] == 20 * [1.0]]
        if ended:
            after = gradient_at_lag(name, weights).tolist()
            for k in ended:
                seed, own = left[k], [weight[k:k + 1] for weight in weights]
                followed[seed][batches] = after[k]
                rows[seed] = [batches, round(100 * answers(1000, own, [seed])[2][0], 1), round(followed[seed][0], 2),
                              round(steps[seed], 3), round(after[k], 2)]
            stay = [k for k in range(len(left)) if k not in ended]
            left = [left[k] for k in stay]
            weights, rates, gradients, first_moments, second_moments = (
                [part[stay] for part in parts]
                for parts in (weights, rates, gradients, first_moments, second_moments))
            if not left:
                break
        norm = sum(gradient.flatten(1).square().sum(1) for gradient in gradients).sqrt()
        scale = (1 / (norm + 1e-6)).clamp(max=1)
        for k, gradient in enumerate(gradients):        # Adam, each seed's gradient clipped by itself
            gradient = gradient * scale.view(-1, *[1] * (gradient.dim() - 1))
            first_moments[k] = first_moments[k].lerp(gradient, 0.1)
            second_moments[k] = second_moments[k].lerp(gradient**2, 0.001)
            size = (second_moments[k] / (1 - 0.999**batches)).sqrt() + 1e-8
            weights[k] = weights[k] - rates[k] * first_moments[k] / (1 - 0.9**batches) / size
    return rows, followed


def recall_rates(name: str, lr: float, seed: int) -> list:
    """One seed of a layer at a learning rate. Where a gradient is 0 in float32, log10 of the ratio is at most 45, or at
    least -45; where both are 0, it is -45 too, for nothing arrives."""
    *columns, after = trained(name, lr)[0][seed]
    return [*columns, -45.0 if math.isnan(after) else min(max(after, -45.0), 45.0)]


def recall_factor(name: str, lr: float, batches: int) -> list:
    """The factor that one step back multiplies the gradient by, the geometric mean of twenty; a net that has solved
    the task keeps its last."""
    factors = []
    for gradients in trained(name, lr)[1].values():
        last = max(seen for seen in gradients if seen <= batches)
        factors.append(10 ** (gradients[last] / LAG))
    return [round(value, 4) for value in (statistics.median(factors), min(factors), max(factors))]


STUDIES = {
    "recall_rates": Study(
        title="Recall the first symbol after 20 steps, at six learning rates",
        note="As recall_first at lag 20, with more starts, six learning rates of Adam and ten seeds. Leaky: each step "
             "keeps half of the state. Gate learns x 4: all weights of the update gate (GRU) or forget gate (LSTM) "
             "have four times the learning rate of the others. W_hn x 4: these weights start four times as large. "
             "Chrono: biases after Tallec and Ollivier (2018) for spans up to 20 steps. The gradient is that of the "
             "last state, carried back to the input 20 steps before: log10 of its norm against that at the last step, "
             "over 32 random sequences. The largest step is the most that the first step of Adam can change it, if it "
             "moves every weight by its learning rate in the best direction.",
        keys=("layer", "learning rate", "seed"),
        columns=("batches", "accuracy (%)", "gradient before (log10)", "largest step (log10)",
                 "gradient after (log10)"),
        runs=tuple((name, lr, seed) for name in LAYERS for lr in RATES for seed in SEEDS), run=recall_rates),
    "recall_factor": Study(
        title="What one step back multiplies the gradient by, while a net learns to recall",
        note="Eleven of the trainings of recall_rates. The factor is the twentieth root of the gradient at lag 20 "
             "against lag 0; median, smallest and largest of ten seeds. A net that has solved the task keeps its last "
             "factor.",
        keys=("layer", "learning rate", "batches"), columns=("median factor", "smallest", "largest"),
        runs=tuple((name, lr, batches) for name, lr in FOLLOWED for batches in range(0, AT_MOST + 1, 20)),
        run=recall_factor),
}

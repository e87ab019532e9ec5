"""Recall the first of many symbols: what a trained layer can hold on to, and from which start.

Claim: within a budget, the start decides more than the gates. At lag 20 most plain nn.RNNs learn the task, nn.GRU and
nn.LSTM as PyTorch starts them do not, and both do once a bias opens the gate that keeps the state. Training makes the
gradient of the plain net reach further back, and where it does the net learns; more batches save the GRU, not the LSTM.

Wrong if, at lag 20 and over the five seeds: a GRU or LSTM with its default bias reaches 95 % within 600 batches; one
with the gate opened (update bias 2, forget bias 4) does not; or a plain net learns although its gradient shrank. It
says nothing about other widths, tasks or optimisers. The chapter on backpropagation through time shows the tables.
"""

import copy

import torch
from torch import nn

from .runner import Study

SEEDS = range(5)
RECALL_LAYERS = {
    "RNN": (nn.RNN, None), "RNN, orthogonal": (nn.RNN, "orthogonal"),
    "GRU": (nn.GRU, None), "GRU, update bias 2": (nn.GRU, 2.0),
    "LSTM": (nn.LSTM, None), "LSTM, forget bias 2": (nn.LSTM, 2.0), "LSTM, forget bias 4": (nn.LSTM, 4.0)}


def recall_net(name: str, seed: int) -> tuple[nn.Module, nn.Linear]:
    """One of `RECALL_LAYERS`, with 24 states and one of four symbols a step, and a head."""
    torch.manual_seed(seed)
    layer_class, start = RECALL_LAYERS[name]
    layer, head = layer_class(4, 24, batch_first=True), nn.Linear(24, 4)
    with torch.no_grad():
        if start == "orthogonal":
            nn.init.orthogonal_(layer.weight_hh_l0)
        elif start is not None:  # the second block is the forget gate of an LSTM and the update gate of a GRU
            layer.bias_ih_l0[24:48], layer.bias_hh_l0[24:48] = start, 0.0
    return layer, head


def train_to_recall(layer: nn.Module, head: nn.Linear, lag: int, lr: float = 1e-2, at_most: int = 600) -> list:
    """Train to name the first of `lag` + 1 random symbols: [batches, accuracy in percent]."""
    weights = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(weights, lr=lr)

    def answers(sequences):
        symbols = torch.randint(4, (sequences, lag + 1))
        out, _ = layer(nn.functional.one_hot(symbols, 4).float())
        return head(out[:, -1]), symbols[:, 0]

    recent, steps = [], 0
    while steps < at_most:
        steps += 1
        logits, first = answers(32)
        recent = [*recent, (logits.argmax(dim=1) == first).float().mean().item()][-20:]
        if len(recent) == 20 and min(recent) == 1.0:
            break
        optimizer.zero_grad()
        nn.functional.cross_entropy(logits, first).backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
    with torch.no_grad():
        logits, first = answers(1000)
    return [steps, round(100 * (logits.argmax(dim=1) == first).float().mean().item(), 1)]


def gradient_at_lag(layer: nn.Module, lag: int) -> float:
    """log10 of the gradient that the last state sends to the input `lag` steps back, against its own step's."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)
        x = nn.functional.one_hot(torch.randint(4, (64, lag + 1)), 4).double().requires_grad_()
        last = copy.deepcopy(layer).double()(x)[0][:, -1]
        gradient, = torch.autograd.grad((last * torch.randn_like(last)).sum(), x)
    norms = gradient.norm(dim=2).mean(dim=0).log10()
    return round((norms[0] - norms[-1]).item(), 2)

def recall_first(name: str, lag: int, seed: int) -> list:
    """The memory task of that chapter: name the first of `lag` + 1 random symbols."""
    return train_to_recall(*recall_net(name, seed), lag)


def recall_longer(name: str, lr: float, seed: int) -> list:
    """The same at lag 20, with up to 3,000 batches at several learning rates."""
    return train_to_recall(*recall_net(name, seed), 20, lr, at_most=3000)


def recall_gradient(name: str, seed: int) -> list:
    """The runs of `recall_first` at lag 20, with the gradient before and after training."""
    layer, head = recall_net(name, seed)
    before = gradient_at_lag(layer, 20)
    return [*train_to_recall(layer, head, 20), before, gradient_at_lag(layer, 20)]


STUDIES = {
    "recall_first": Study(
        title="Recall the first symbol after a lag",
        note="A layer of 24 states reads lag + 1 random symbols out of 4 and names the first one from its last state. "
             "Adam 1e-2, batch 32, gradients clipped at 1.0, at most 600 steps; training ends early after 20 batches "
             "in a row without a mistake. Accuracy on 1,000 fresh sequences; guessing gives 25 %.",
        keys=("layer", "lag", "seed"), columns=("steps", "accuracy (%)"),
        runs=tuple((layer, lag, seed) for lag in (5, 10, 20, 40) for layer in RECALL_LAYERS for seed in SEEDS),
        run=recall_first),
    "recall_longer": Study(
        title="Recall the first symbol after 20 steps, with more time",
        note="As recall_first at lag 20, but with up to 3,000 batches, at three learning rates of Adam.",
        keys=("layer", "learning rate", "seed"), columns=("steps", "accuracy (%)"),
        runs=tuple((layer, lr, seed) for lr in (1e-3, 1e-2, 3e-2) for layer in ("RNN", "GRU", "LSTM")
                   for seed in SEEDS),
        run=recall_longer),
    "recall_gradient": Study(
        title="How far back the gradient reaches before and after training to recall",
        note="As recall_first at lag 20. The gradient of the last state, carried back to the input 20 steps before: "
             "log10 of its norm against that at the last step, mean over 64 random sequences, in float64.",
        keys=("layer", "seed"),
        columns=("steps", "accuracy (%)", "gradient before (log10)", "gradient after (log10)"),
        runs=tuple((layer, seed) for layer in RECALL_LAYERS for seed in SEEDS), run=recall_gradient),
}

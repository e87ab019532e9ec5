"""The long experiments behind the published numbers: `make study`, or `python -m seqlab.study NAME ...`

Every finished run is written to book/results/NAME.json at once, and a study that was interrupted goes on where it
stopped. To repeat one from the start, delete its file.
"""

import argparse
import copy
import datetime
import json
import math
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .data import load_digits
from .models import SequenceClassifier
from .training import evaluate, fit

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
READER_WEIGHTS = Path(__file__).resolve().parent / "widgets" / "weights" / "digit_reader.npz"
SEEDS = range(5)


class Study(NamedTuple):
    """One table of results: each key of `runs` gives one row, [key, *what `run` returns]."""

    title: str
    note: str
    columns: tuple[str, ...]
    runs: tuple
    run: Callable


def digits_lstm(seed: int) -> list:
    """The course's plainest classifier: nn.LSTM(28, 128), last state, 8 epochs of `fit` with a weight decay of 0.1."""
    digits = load_digits("mnist", quiet=True)
    torch.manual_seed(seed)
    model = SequenceClassifier("lstm", 28, 128, 10)
    history = fit(model, digits.train, digits.val, epochs=8, weight_decay=0.1, seed=seed, quiet=True)
    return [history.best_epoch, round(100 * evaluate(model, digits.test).accuracy, 2)]


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


def recall_first(run: list) -> list:
    """The memory task of chapter 06: name the first of `lag` + 1 random symbols. `run` is [layer, lag, seed]."""
    name, lag, seed = run
    return train_to_recall(*recall_net(name, seed), lag)


def recall_longer(run: list) -> list:
    """The same at lag 20, with up to 3,000 batches at several learning rates. `run` is [layer, learning rate, seed]."""
    name, lr, seed = run
    return train_to_recall(*recall_net(name, seed), 20, lr, at_most=3000)


def recall_gradient(run: list) -> list:
    """The runs of `recall_first` at lag 20, with the gradient before and after training. `run` is [layer, seed]."""
    name, seed = run
    layer, head = recall_net(name, seed)
    before = gradient_at_lag(layer, 20)
    return [*train_to_recall(layer, head, 20), before, gradient_at_lag(layer, 20)]


def count_ones(run: list) -> list:
    """Chapter 06's proof of clipping: the share of ones among 50 inputs, from a ReLU net that starts as the identity.

    `run` is [learning rate, "on" or "off", seed]. The loss is in units of what always answering one half costs.
    """
    lr, clipping, seed = run
    torch.manual_seed(seed)
    rnn, head = nn.RNN(1, 16, nonlinearity="relu", batch_first=True), nn.Linear(16, 1)
    with torch.no_grad():
        rnn.weight_hh_l0.copy_(torch.eye(16))
        rnn.bias_ih_l0.zero_(), rnn.bias_hh_l0.zero_()
    weights = [*rnn.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(weights, lr=lr)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, total_iters=250)
    losses, norms = [], []
    for _ in range(250):
        x = torch.randint(2, (16, 50, 1)).float()
        guess = head(rnn(x)[0][:, -1])
        loss = nn.functional.mse_loss(guess, x.mean(dim=1)) / 0.005
        optimizer.zero_grad()
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(weights, 1.0 if clipping == "on" else float("inf")).item())
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    final = sum(losses[-20:]) / 20
    return [round(final, 4) if math.isfinite(final) else None, max(norms) if math.isfinite(max(norms)) else None]


def varied(images: Tensor) -> Tensor:
    """Each image turned, resized, slanted and shifted a little, its stroke made thicker or thinner: other hands."""
    def between(low, high):
        return low + (high - low) * torch.rand(len(images))

    turn, slant, wide, high = between(-0.21, 0.21), between(-0.25, 0.25), between(0.85, 1.2), between(0.88, 1.15)
    back = torch.stack([
        torch.stack([wide * turn.cos(), wide * (slant - turn.sin()), between(-2, 2) / 14], dim=1),
        torch.stack([high * turn.sin(), high * turn.cos(), between(-2, 2) / 14], dim=1)], dim=1)
    pictures = images[:, None]
    moved = F.grid_sample(pictures, F.affine_grid(back, pictures.shape, align_corners=False), align_corners=False)
    thicker, thinner = F.max_pool2d(moved, 3, 1, 1), -F.max_pool2d(-moved, 3, 1, 1)
    change = between(-1.2, 1.2)[:, None, None, None]
    share = (change.abs() - 0.6).clamp(min=0)
    return (moved + share * (torch.where(change > 0, thicker, thinner) - moved))[:, 0]


def train_digit_reader(copies: int = 5, epochs: int = 8) -> None:
    """Train the network of the figure DigitReader and store its weights, rounded to float16."""
    digits = load_digits("mnist", quiet=True)
    images, labels = digits.train
    torch.manual_seed(0)
    model = SequenceClassifier("lstm", 28, 64, 10)
    more = [varied(part) for _ in range(copies) for part in images.split(5000)]
    train = torch.cat([images, *more]), labels.repeat(copies + 1)
    fit(model, train, digits.val, epochs=epochs, weight_decay=0.05)
    layer, head = model.layer, model.head
    READER_WEIGHTS.parent.mkdir(exist_ok=True)
    np.savez(READER_WEIGHTS, **{name: value.detach().numpy().astype(np.float16) for name, value in {
        "weight_ih": layer.weight_ih_l0, "weight_hh": layer.weight_hh_l0,
        "bias": layer.bias_ih_l0 + layer.bias_hh_l0, "head_weight": head.weight, "head_bias": head.bias}.items()})


def thinned(ink: Tensor) -> Tensor:
    """Pictures (n, height, width) of True and False worn down to lines one pixel wide (Zhang and Suen, 1984)."""
    ink = F.pad(ink, (1, 1, 1, 1))
    around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]  # clockwise from above
    worn = True
    while worn:
        worn = False
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            near = torch.stack([ink.roll((-down, -right), (1, 2)) for down, right in around])
            starts = (~near & near.roll(-1, 0)).sum(dim=0)
            gone = ink & (starts == 1) & (near.sum(dim=0) >= 2) & (near.sum(dim=0) <= 6)
            gone &= ~near[list(first)].all(dim=0) & ~near[list(second)].all(dim=0)
            ink, worn = ink & ~gone, worn or bool(gone.any())
    return ink[:, 1:-1, 1:-1]


def drawn_anew(images: Tensor) -> list:
    """Each image as somebody might draw it on the pad of 280 x 280: pen strokes, anywhere, at any size."""
    large = F.interpolate(images[:, None], scale_factor=2, mode="bilinear", align_corners=False)[:, 0]
    rng = np.random.default_rng(0)
    drawings = []
    for lines in thinned(large > 0.5):
        spots = set(map(tuple, lines.nonzero().tolist()))
        steps = [(spot, (spot[0] + down, spot[1] + right)) for spot in spots
                 for down, right in ((0, 1), (1, -1), (1, 0), (1, 1))]
        pairs = [pair for pair in steps if pair[1] in spots] or [2 * (spot,) for spot in spots]
        points = np.array(pairs, dtype=float)[..., ::-1]  # (strokes, 2, x and y)
        low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
        size = rng.uniform(80, 240) / max(high - low)
        corner = rng.uniform(10, 270 - size * (high - low))
        drawings.append((size * (points - low) + corner).reshape(len(pairs), 4))
    return drawings


def read_by_figure(what: str) -> list:
    """How many digits the stored, rounded weights of DigitReader read; the weights are trained if there are none."""
    from .widgets.digit_reader import as_mnist, stored_weights, unpacked

    if not READER_WEIGHTS.exists():
        train_digit_reader()
    hidden_size, weights = stored_weights()
    arrays = unpacked(weights, hidden_size)
    model = SequenceClassifier("lstm", 28, hidden_size, 10)
    with torch.no_grad():
        model.layer.bias_hh_l0.zero_()
        for parameter, array in zip([*model.layer.all_weights[0][:3], *model.head.parameters()], arrays, strict=True):
            parameter.copy_(torch.from_numpy(array))
    digits = load_digits("mnist", quiet=True)
    images, labels = digits.val if what.startswith("validation") else digits.test
    if "anew" in what:
        images, labels = images[:2000], labels[:2000]
        images = torch.from_numpy(np.stack([as_mnist(drawing, "not" not in what) for drawing in drawn_anew(images)]))
        images = images.float() / 255
    return [len(images), round(100 * evaluate(model, (images, labels)).accuracy, 2)]


STUDIES = {
    "digits_lstm": Study(
        title="A row-by-row LSTM on MNIST",
        note="nn.LSTM(28, 128), one layer, last state; 55,000 training digits, batch 128, AdamW with weight decay "
             "0.1, one cycle up to 1e-2, gradients clipped at 1.0, 8 epochs, the best kept by validation accuracy. "
             "The test set is used once per seed.",
        columns=("seed", "best epoch", "test accuracy (%)"),
        runs=tuple(SEEDS), run=digits_lstm),
    "recall_first": Study(
        title="Recall the first symbol after a lag",
        note="A layer of 24 states reads lag + 1 random symbols out of 4 and names the first one from its last state. "
             "Adam 1e-2, batch 32, gradients clipped at 1.0, at most 600 steps; training ends early after 20 batches "
             "in a row without a mistake. Accuracy on 1,000 fresh sequences; guessing gives 25 %.",
        columns=("layer, lag, seed", "steps", "accuracy (%)"),
        runs=tuple([layer, lag, seed] for lag in (5, 10, 20, 40) for layer in RECALL_LAYERS for seed in SEEDS),
        run=recall_first),
    "recall_longer": Study(
        title="Recall the first symbol after 20 steps, with more time",
        note="As recall_first at lag 20, but with up to 3,000 batches, at three learning rates of Adam.",
        columns=("layer, learning rate, seed", "steps", "accuracy (%)"),
        runs=tuple([layer, lr, seed] for lr in (1e-3, 1e-2, 3e-2) for layer in ("RNN", "GRU", "LSTM")
                   for seed in SEEDS),
        run=recall_longer),
    "recall_gradient": Study(
        title="How far back the gradient reaches before and after training to recall",
        note="As recall_first at lag 20. The gradient of the last state, carried back to the input 20 steps before: "
             "log10 of its norm against that at the last step, mean over 64 random sequences, in float64.",
        columns=("layer, seed", "steps", "accuracy (%)", "gradient before (log10)", "gradient after (log10)"),
        runs=tuple([layer, seed] for layer in RECALL_LAYERS for seed in SEEDS), run=recall_gradient),
    "count_ones": Study(
        title="Gradient clipping on and off",
        note="nn.RNN(1, 16) with ReLU, recurrent weights starting as the identity, reads 50 zeros and ones and gives "
             "the share of ones. SGD, batch 16, 250 steps, learning rate falling to 1 % of its start; gradients "
             "clipped at norm 1.0 or not at all. The loss is the mean of the last 20 steps, in units of always "
             "answering one half; null where it is no longer a number.",
        columns=("learning rate, clipping, seed", "loss", "largest gradient norm"),
        runs=tuple([lr, clipping, seed] for lr in (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6) for clipping in ("off", "on")
                   for seed in SEEDS),
        run=count_ones),
    "digit_reader": Study(
        title="The network behind the figure that reads your digits",
        note="nn.LSTM(28, 64) and a linear head, trained on 55,000 digits and five varied copies of each (turned, "
             "resized, slanted, shifted, thicker or thinner) with `fit`: batch 128, weight decay 0.05, one cycle up to "
             "1e-2, 8 epochs, the best kept by validation accuracy; then rounded to float16. Drawn anew: the middle "
             "lines of the first 2,000 digits, as pen strokes anywhere on the figure's pad, a quarter to nearly all of "
             "its size; then made into images by the figure, with and without fitting and centring them as MNIST's "
             "were. The test digits were used once, after every choice.",
        columns=("digits read", "number", "accuracy (%)"),
        runs=tuple(f"{which} digits{how}" for which in ("validation", "test")
                   for how in ("", ", drawn anew", ", drawn anew, not centred")),
        run=read_by_figure),
}


def carry_out(name: str, folder: Path = RESULTS) -> dict:
    """Do what is left of a study and return all of it; every finished run is saved before the next begins."""
    study, path = STUDIES[name], folder / f"{name}.json"
    result = json.loads(path.read_text()) if path.exists() else {
        "title": study.title, "machine": machine(), "date": datetime.date.today().isoformat(),
        "command": f"python -m seqlab.study {name}", "columns": list(study.columns), "rows": [], "note": study.note}
    done = [row[0] for row in result["rows"]]
    for key in study.runs:
        if key in done:
            continue
        result["rows"].append([key, *study.run(key)])
        print(f"{name}: {dict(zip(study.columns, result['rows'][-1], strict=True))}", flush=True)
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps(result, indent=1) + "\n")
        os.replace(temporary, path)
    return result


def machine() -> str:
    """What the numbers were measured on, in words: processor or GPU, threads, versions."""
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else \
        f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
    return f"{where}, Python {platform.python_version()}, PyTorch {torch.__version__.split('+')[0]}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m seqlab.study", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all ({', '.join(STUDIES)})")
    names = parser.parse_args().names or list(STUDIES)
    if unknown := [name for name in names if name not in STUDIES]:
        parser.error(f"no study is called {', '.join(unknown)}; there are {', '.join(STUDIES)}")
    for name in names:
        carry_out(name)


if __name__ == "__main__":
    main()

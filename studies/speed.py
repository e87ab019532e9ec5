"""What a training step costs, layer by layer, and how many seconds a network that reads rows needs to reach a score.

Claim: on one processor thread, the course's quickest recipe reaches the test accuracy of a published LSTM of eight
Linear layers in at most a twentieth of the time that the published recipe needs, both run on the same machine, and
nn.LSTM takes less time for a training step than any loop in Python, at the published batch, hidden size and length.

Wrong if: the 95 % interval of the ratio over the seeds reaches above a twentieth, or a loop is as quick there. Time is
processor time of one thread on one machine; other processors, more threads and GPUs have other ratios. A run stops as
soon as the *test* digits are read well enough: the test set is part of what is timed, and no accuracy is concluded.
"""

import contextlib
import itertools
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from seqlab import Digits, Recurrent, SequenceClassifier, evaluate, load_digits, published

from .runner import Study, checksum_of_mnist


class EightLinearCell(nn.Module):
    """The published cell: a Linear layer for each of the four gates and each of its two sources."""

    state_names = ("h", "c")

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__()
        self.from_x = nn.ModuleList(nn.Linear(input_size, hidden_size, bias) for _ in "ifgo")
        self.from_h = nn.ModuleList(nn.Linear(hidden_size, hidden_size, bias) for _ in "ifgo")

    def forward(self, x, state):
        h, c = state
        i, f, g, o = (of_x(x) + of_h(h) for of_x, of_h in zip(self.from_x, self.from_h, strict=True))
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c


class BuiltInCell(nn.LSTMCell):
    """PyTorch's cell for one step, in our loop."""

    state_names = ("h", "c")


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


# --- seconds to an accuracy -------------------------------------------------------------------------------------------

class Recipe(NamedTuple):
    kind: str | type
    hidden_size: int
    pooling: str
    batch: int
    rate: float
    cycle: int | None       # one cycle up to `rate` and down again takes so many epochs; None keeps Adam at `rate`


RECIPES = {"published": Recipe(EightLinearCell, 128, "last", 32, 1e-3, None),
           "same network": Recipe("lstm", 128, "last", 128, 1e-2, 4),
           "least": Recipe("lstm", 64, "concat", 128, 2e-2, 3)}
AT_MOST = 30                # epochs


def time_to_accuracy(seed: int) -> list:
    """Of each recipe the epochs and CPU seconds to the published accuracy; [accuracy, seconds] after each epoch.

    Even seeds begin with the published recipe, odd seeds end with it.
    """
    digits, reached = load_digits("mnist", quiet=True), {}
    with one_thread():
        for name in sorted(RECIPES, key=list(RECIPES).index, reverse=seed % 2 == 1):
            reached[name] = until_it_reads(RECIPES[name], digits, seed)
    wanted, row = 100 * published("lstm_by_hand")["accuracy"], []
    for name in RECIPES:
        accuracy, seconds = reached[name][-1]
        there = accuracy >= round(wanted, 2)
        row += [len(reached[name]) if there else None, seconds if there else None]
    return [*row, [reached[name] for name in RECIPES]]


def until_it_reads(recipe: Recipe, digits: Digits, seed: int) -> list[list[float]]:
    """[test accuracy in percent, CPU seconds so far] after every epoch, until the published accuracy is reached."""
    wanted, history, start = round(100 * published("lstm_by_hand")["accuracy"], 2), [], time.process_time()
    for model in itertools.islice(trained(recipe, digits, seed), AT_MOST):
        accuracy = round(100 * evaluate(model, digits.test).accuracy, 2)
        history.append([accuracy, round(time.process_time() - start, 2)])
        if accuracy >= wanted:
            break
    return history


def trained(recipe: Recipe, digits: Digits, seed: int) -> Iterator[nn.Module]:
    """The network after each epoch, without end: after a cycle the next one begins."""
    torch.manual_seed(seed)
    model = SequenceClassifier(recipe.kind, 28, recipe.hidden_size, 10, pooling=recipe.pooling, seq_len=28)
    images, labels = digits.train
    loader = DataLoader(TensorDataset(images, labels), recipe.batch, shuffle=True)
    adam, schedule = torch.optim.Adam(model.parameters(), recipe.rate), None
    for epoch in itertools.count():
        if recipe.cycle and epoch % recipe.cycle == 0:
            adam = torch.optim.AdamW(model.parameters(), recipe.rate)
            schedule = torch.optim.lr_scheduler.OneCycleLR(adam, recipe.rate, recipe.cycle * len(loader))
        # the published recipe takes its batches from a DataLoader, the others take theirs out of the tensors
        by_index = ((images[part], labels[part]) for part in torch.randperm(len(images)).split(recipe.batch))
        for x, y in by_index if schedule else loader:
            adam.zero_grad()
            F.cross_entropy(model(x), y).backward()
            if schedule:
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()
            if schedule:
                schedule.step()
        yield model


# --- milliseconds of a step -------------------------------------------------------------------------------------------

TURNS, WARM_UP = 25, 5
PUBLISHED_SIZES = (32, 128, 28)         # batch, hidden size, length
SIZES = (*((batch, 128, 28) for batch in (1, 8, 32, 128, 512)), *((32, size, 28) for size in (16, 64, 256, 512)),
         *((32, 128, steps) for steps in (1, 7, 112, 448)))


def speed_table(batch: int, hidden_size: int, seq_len: int) -> list:
    """What the machine can do, then the CPU milliseconds of one forward and backward pass of each layer, in turns."""
    layers = {"eight Linear": Recurrent(EightLinearCell, 28, hidden_size), "fused": Recurrent("lstm", 28, hidden_size),
              "nn.LSTMCell": Recurrent(BuiltInCell, 28, hidden_size),
              "nn.LSTM": nn.LSTM(28, hidden_size, batch_first=True)}
    x, compiling = torch.randn(batch, seq_len, 28), None
    with one_thread():
        if (batch, hidden_size, seq_len) == PUBLISHED_SIZES:
            layers["compiled"] = torch.compile(Recurrent("lstm", 28, hidden_size))
            start = time.perf_counter()     # by the clock: compilers are processes of their own
            step(layers["compiled"], x)
            compiling = round(time.perf_counter() - start, 1)
        medians = in_turns({name: lambda layer=layer: step(layer, x) for name, layer in layers.items()})
        rates = machine_rates()
    times = [round(1000 * medians[name], 4) if name in medians else None
             for name in ("eight Linear", "fused", "nn.LSTMCell", "nn.LSTM", "compiled")]
    return [*rates, *times, compiling]


def step(layer: nn.Module, x: torch.Tensor) -> None:
    layer.zero_grad()
    layer(x)[0].sum().backward()


def machine_rates() -> list:
    """GFLOP/s of a large product of matrices; GB/s of a sum over large vectors, and over vectors that fit the cache."""
    a = torch.rand(1024, 1024)
    large, small = torch.rand(20_000_000), torch.rand(80_000)
    medians = in_turns({"product": lambda: a @ a, "memory": lambda: large.add_(1),
                        "cache": lambda: [small.add_(1) for _ in range(250)]})
    return [round(2 * 1024**3 / medians["product"] / 1e9, 1), round(8 * len(large) / medians["memory"] / 1e9, 1),
            round(250 * 8 * len(small) / medians["cache"] / 1e9, 1)]


def in_turns(actions: dict) -> dict[str, float]:
    """The median CPU seconds of each action, after a warm-up; one turn does each of them once."""
    times = {name: [] for name in actions}
    for _ in range(TURNS):
        for name, action in actions.items():
            start = time.process_time()
            action()
            times[name].append(time.process_time() - start)
    return {name: statistics.median(taken[WARM_UP:]) for name, taken in times.items()}


STUDIES = {
    "time_to_accuracy": Study(
        title="CPU seconds to the accuracy of a published LSTM",
        note="One thread, 55,000 training digits, the test digits read after every epoch, which is timed too; at most "
             "30 epochs. Published: eight Linear layers, 28 -> 128, the last state, a DataLoader with batch 32, Adam "
             "at 0.001. Same network: nn.LSTM of 28 -> 128, the last state, batch 128, AdamW, a cycle of 4 epochs "
             "up to 0.01 and, if need be, another, gradients clipped at 1.0. Least: 64 units, all 28 states side by "
             "side, cycles of 3 epochs up to 0.02. All three on the same machine, one after the other; the order turns "
             "with the seed.",
        keys=("seed",),
        columns=("published, epochs", "published (CPU s)", "same network, epochs", "same network (CPU s)",
                 "least, epochs", "least (CPU s)", "accuracy and CPU s by epoch"),
        runs=tuple((seed,) for seed in range(5)), run=time_to_accuracy, data=checksum_of_mnist),
    "speed_table": Study(
        title="What a training step of an LSTM layer takes",
        note="One thread; the CPU time of a forward and a backward pass over 28 numbers a step, without an optimiser; "
             "the median of 20 turns after 5 to warm up, each turn doing every layer once. What the machine can do was "
             "measured in the same run: a product of matrices of 1024 x 1024, and adding 1 to 20,000,000 and to 80,000 "
             "numbers. Compiled: torch.compile of the fused loop, at batch 32, 128 units and 28 steps alone, and "
             "the seconds by the clock that its first step took.",
        keys=("batch", "hidden_size", "seq_len"),
        columns=("product (GFLOP/s)", "memory (GB/s)", "cache (GB/s)", "eight Linear (CPU ms)", "fused (CPU ms)",
                 "nn.LSTMCell (CPU ms)", "nn.LSTM (CPU ms)", "compiled (CPU ms)", "compiling (s)"),
        runs=SIZES, run=speed_table),
}

"""How far RNN, GRU, LSTM and minGRU reach: adding, copying, and digits read pixel by pixel.

Claim: what is hard about a long sequence is how far a thing must be carried, not how many steps there are. Within
2,000 batches GRU, LSTM and minGRU learn to add two numbers of a sequence of a hundred steps, GRU and minGRU of two
hundred, the plain RNN not even of 25; where both numbers stand near the end of a long sequence, they are learnt as
in a short one. The order of the cells is another where four letters have to be said again: over 5 blanks the RNN is the
first to do it, over 50 only a GRU does. One layer of minGRU, whose gate does not see the state, does not learn it; two
layers do, over 5 blanks. In four epochs a GRU reads digits pixel by pixel best, in order and under a fixed permutation;
RNN and LSTM read the permuted digits better than those in order. In one thread of a processor a scan is no quicker than
the loop that it stands for, and an untrained RNN, GRU or LSTM loses most of its time over long sequences to numbers
below 1e-38, as a vanishing gradient has them.

Wrong if: the tables say otherwise. Every cell has the better of two or three rates, and no more steps or epochs than
two processor cores could give it: who has not learnt here may learn with more. Adding and copying draw fresh sequences
at every step, so that the training loss is that of unseen ones; of the digits, the rate is chosen by validation with a
seed that is not used again, and the test set is read once a run.
"""

import contextlib
import functools
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab import evaluate, load_digits, results
from seqlab.measured import RESULTS

from .runner import Study, checksum_of_mnist
from .speed import one_thread

UNITS = 64


@contextlib.contextmanager
def one_thread_without_tiny_numbers() -> Iterator[None]:
    """A gradient that vanishes gets below 1e-38, where many processors need a hundred times as long: 0 instead."""
    with one_thread():
        torch.set_flush_denormal(True)
        try:
            yield
        finally:
            torch.set_flush_denormal(False)


def loop(keep: Tensor, new: Tensor) -> Tensor:
    """All h_t = keep_t * h_{t-1} + new_t, (batch, seq_len, hidden_size), one after the other."""
    h, out = torch.zeros_like(new[:, 0]), []
    for keep_t, new_t in zip(keep.unbind(1), new.unbind(1), strict=True):
        h = keep_t * h + new_t
        out.append(h)
    return torch.stack(out, dim=1)


def scan(keep: Tensor, new: Tensor) -> Tensor:
    """The same in as many rounds as the length can be halved: each joins every stretch with the one before it."""
    reach, seq_len = 1, new.shape[1]
    while reach < seq_len:
        new = torch.cat([new[:, :reach], new[:, reach:] + keep[:, reach:] * new[:, :-reach]], dim=1)
        keep = torch.cat([keep[:, :reach], keep[:, reach:] * keep[:, :-reach]], dim=1)
        reach *= 2
    return new


class MinGRU(nn.Module):
    """h_t = (1 - z_t) * h_{t-1} + z_t * candidate_t, with gate and candidate from the layer's input alone.

    Feng and others, 2024, https://arxiv.org/abs/2410.01201, without the positive candidates of its logarithmic form.
    The study trains with the loop, which gives the same and is quicker on a processor; `scan_seconds` times both.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, all_states: Callable = loop,
                 batch_first: bool = True):
        super().__init__()
        sizes = [input_size, *(num_layers - 1) * [hidden_size]]
        self.layers, self.all_states = nn.ModuleList(nn.Linear(size, 2 * hidden_size) for size in sizes), all_states

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        final = []
        for layer in self.layers:
            z, candidate = layer(x).chunk(2, dim=-1)
            z = torch.sigmoid(z)
            x = self.all_states(1 - z, z * candidate)
            final.append(x[:, -1])
        return x, torch.stack(final)


CELLS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM, "minGRU": MinGRU,
         "minGRU, 2 layers": functools.partial(MinGRU, num_layers=2)}


class Reader(nn.Module):
    """A layer of 64 units and a linear head on its last `answers` states; of one state, without that dimension."""

    def __init__(self, cell: str, input_size: int, outputs: int, answers: int = 1):
        super().__init__()
        self.layer = CELLS[cell](input_size, UNITS, batch_first=True)
        self.head, self.answers = nn.Linear(UNITS, outputs), answers

    def forward(self, x: Tensor) -> Tensor:
        said = self.head(self.layer(x)[0][:, -self.answers:])
        return said[:, 0] if self.answers == 1 else said


# --- adding and copying -----------------------------------------------------------------------------------------------

def adding_batch(size: int, seq_len: int, within: int) -> tuple[Tensor, Tensor]:
    """(size, seq_len, 2), values and marks, and (size, 1), the sum of the two marked values.

    One mark stands in each half of the last `within` steps.
    """
    values, marks = torch.rand(size, seq_len), torch.zeros(size, seq_len)
    start, half, each = seq_len - within, within // 2, torch.arange(size)
    marks[each, start + torch.randint(half, (size,))] = 1
    marks[each, start + half + torch.randint(within - half, (size,))] = 1
    return torch.stack([values, marks], dim=2), (values * marks).sum(dim=1, keepdim=True)


COPIED, LETTERS = 4, 8


def copy_batch(size: int, delay: int) -> tuple[Tensor, Tensor]:
    """(size, delay + 8, 10) one-hot, and (size, 4), the letters that come first and have to be said last.

    Four of eight letters, `delay` blanks (8), a sign (9), three blanks more: the answers fall on the last four steps.
    """
    letters = torch.randint(LETTERS, (size, COPIED))
    symbols = torch.full((size, COPIED + delay + COPIED), LETTERS)
    symbols[:, :COPIED], symbols[:, -COPIED] = letters, LETTERS + 1
    return F.one_hot(symbols, LETTERS + 2).float(), letters


BATCH, EACH, AT_MOST = 32, 50, 2000


def trained(model: Reader, batch, loss_of, rate: float, solved: float) -> list:
    """Train on fresh batches until the mean loss of the last 50 is below `solved`: the columns of `LEARNT`."""
    optimizer = torch.optim.Adam(model.parameters(), rate)
    losses, history, start = [], [], time.process_time()
    with one_thread_without_tiny_numbers():
        for step in range(1, AT_MOST + 1):
            x, wanted = batch(BATCH)
            loss = loss_of(model(x), wanted)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(loss.item())
            if step % EACH == 0:
                history.append(round(statistics.fmean(losses[-EACH:]), 4))
                if history[-1] < solved:
                    break
    return [step, history[-1], "yes" if history[-1] < solved else "no", round(time.process_time() - start, 1), history]


LEARNT = ("steps", "loss", "solved", "training (CPU s)", "history")


def adding(cell: str, length: int, within: int, rate: float, seed: int) -> list:
    """Add the two marked values of a sequence; both stand in its last `within` steps."""
    torch.manual_seed(seed)
    return trained(Reader(cell, 2, 1), lambda size: adding_batch(size, length, within), F.mse_loss, rate, 0.01)


def copying(cell: str, delay: int, rate: float, seed: int) -> list:
    """Say four letters again, after a delay."""
    torch.manual_seed(seed)
    return trained(Reader(cell, LETTERS + 2, LETTERS, COPIED), lambda size: copy_batch(size, delay),
                   lambda said, letters: F.cross_entropy(said.flatten(0, 1), letters.flatten()), rate, 0.1)


# --- pixel by pixel ---------------------------------------------------------------------------------------------------

PIXELS = 196


@functools.cache
def pixels(order: str) -> tuple[tuple[Tensor, Tensor], ...]:
    """Training, validation and test digits of 14 x 14, each pixel the mean of 2 x 2, as sequences (n, 196, 1)."""
    places = torch.arange(PIXELS) if order == "in order" else \
        torch.randperm(PIXELS, generator=torch.Generator().manual_seed(0))
    return tuple((F.avg_pool2d(images[:, None], 2).flatten(1)[:, places, None], labels)
                 for images, labels in load_digits("mnist", quiet=True)[:3])


def read_pixels(cell: str, order: str, rate: float, seed: int, epochs: int) -> tuple[Reader, list]:
    """Train at a constant rate: the model, and [validation accuracy in percent, CPU seconds so far] of every epoch."""
    (images, labels), val, _ = pixels(order)
    torch.manual_seed(seed)
    model, history, seconds = Reader(cell, 1, 10), [], 0.0
    optimizer = torch.optim.Adam(model.parameters(), rate)
    with one_thread_without_tiny_numbers():
        for _ in range(epochs):
            start = time.process_time()
            for batch in torch.randperm(len(images)).split(128):
                optimizer.zero_grad()
                F.cross_entropy(model(images[batch]), labels[batch]).backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            seconds += time.process_time() - start
            history.append([round(100 * evaluate(model, val).accuracy, 2), round(seconds, 1)])
    return model, history


def pixels_rates(cell: str, order: str, rate: float) -> list:
    """One epoch."""
    _, ((accuracy, seconds),) = read_pixels(cell, order, rate, 0, 1)
    return [accuracy, seconds]


def pixels_read(cell: str, order: str, seed: int) -> list:
    """Four epochs, at the rate that was best after one."""
    tried = results("pixels_rates").where(cell, order)
    rate = max(zip(tried["validation accuracy (%)"], tried["rate"], strict=True))[1]
    model, history = read_pixels(cell, order, rate, seed, 4)
    test = evaluate(model, pixels(order)[2]).accuracy
    return [sum(weights.numel() for weights in model.parameters()), rate, history[-1][1], history[-1][0], history,
            round(100 * test, 2)]


# --- what a step costs ------------------------------------------------------------------------------------------------

TURNS, WARM_UP = 12, 2


def in_turns(layers: dict[str, nn.Module], x: Tensor) -> list[float]:
    """Medians in CPU milliseconds of a training step of each layer, one thread, in turns."""
    taken = {name: [] for name in layers}
    for _ in range(TURNS):
        for name, layer in layers.items():
            start = time.process_time()
            layer.zero_grad()
            layer(x)[0][:, -1].sum().backward()
            taken[name].append(1000 * (time.process_time() - start))
    return [round(statistics.median(times[WARM_UP:]), 2) for times in taken.values()]


def scan_seconds(length: int) -> list:
    """One layer with the loop, with the scan, and PyTorch's layers."""
    layers = {"minGRU, loop": MinGRU(UNITS, UNITS), "minGRU, scan": MinGRU(UNITS, UNITS, all_states=scan),
              **{name: CELLS[name](UNITS, UNITS, batch_first=True) for name in ("RNN", "GRU", "LSTM")}}
    torch.manual_seed(0)
    with one_thread_without_tiny_numbers():
        return in_turns(layers, torch.randn(16, length, UNITS))


def tiny_numbers(cell: str) -> list:
    """With numbers below 1e-38 as they are, and with 0 in their place."""
    torch.manual_seed(0)
    layer, x = {cell: CELLS[cell](1, UNITS, batch_first=True)}, torch.rand(128, PIXELS, 1)
    with one_thread():
        kept, = in_turns(layer, x)
    with one_thread_without_tiny_numbers():
        flushed, = in_turns(layer, x)
    return [kept, flushed]


RATES, SEEDS = (0.003, 0.01), range(3)
ORDERS, READERS = ("in order", "permuted"), ("RNN", "GRU", "LSTM", "minGRU, 2 layers")
LEARNING = ("Adam at a constant rate, gradients clipped at 1.0, batches of 32 fresh sequences, at most 2,000 steps; it "
            "ends early, and is solved, when the mean loss of 50 steps in a row is below {}. CPU seconds are those of "
            "one thread.")
READING = ("MNIST at 14 x 14, each pixel the mean of 2 x 2, read one pixel a step: 196 steps, in order or in one fixed "
           "random order; 64 units, a linear head on the last state; 55,000 training digits, batch 128, Adam at a "
           "constant rate, gradients clipped at 1.0, ")

STUDIES = {
    "adding": Study(
        title="The sum of two marked numbers",
        note="A layer of 64 units reads values between 0 and 1 beside marks, and a linear head on the last state says "
             "the sum of the two marked values. One mark stands in each half of the last *within* steps, so anywhere "
             "in a sequence of that length. Always saying 1 costs 0.1667. " + LEARNING.format("0.01"),
        keys=("cell", "length", "within", "rate", "seed"), columns=LEARNT,
        runs=tuple((cell, length, within, rate, seed) for seed in SEEDS
                   for length, within in ((25, 25), (50, 50), (100, 100), (200, 200), (200, 25)) for rate in RATES
                   for cell in CELLS if length == within or rate == 0.01), run=adding),
    "copying": Study(
        title="Four letters to be said again after a delay",
        note="A layer of 64 units reads 4 of 8 letters and then blanks; from a sign on, *delay* steps after the last "
             "letter, it has to say the letters in their order, one a step. The loss is the cross-entropy of those "
             "answers alone; a net that remembers nothing has 2.0794. " + LEARNING.format("0.1"),
        keys=("cell", "delay", "rate", "seed"), columns=LEARNT,
        runs=tuple((cell, delay, rate, seed) for seed in SEEDS for delay in (5, 15, 50) for rate in RATES
                   for cell in CELLS), run=copying),
    "pixels_rates": Study(
        title="Digits pixel by pixel: the rates",
        note=READING + "1 epoch at each of three rates. The test set is not read.",
        keys=("cell", "order", "rate"), columns=("validation accuracy (%)", "training (CPU s)"),
        runs=tuple((cell, order, rate) for order in ORDERS for cell in READERS for rate in (0.001, 0.003, 0.01)),
        run=pixels_rates, data=checksum_of_mnist),
    "pixels_read": Study(
        title="Digits pixel by pixel, in order and permuted",
        note=READING + "4 epochs at the rate that was best on the validation digits after 1, with another seed. The "
             "history holds the validation accuracy and the CPU seconds of training, one thread, after each epoch. The "
             "test set is read once per run.",
        keys=("cell", "order", "seed"),
        columns=("parameters", "rate", "training (CPU s)", "validation accuracy (%)", "history", "test accuracy (%)"),
        runs=tuple((cell, order, seed) for seed in (1, 2) for order in ORDERS for cell in READERS), run=pixels_read,
        files=(RESULTS / "pixels_rates.json",), data=checksum_of_mnist),
    "scan_seconds": Study(
        title="A scan and a loop",
        note="A training step, forward and backward, of one layer of 64 units on 16 sequences of 64 numbers a step: "
             "CPU milliseconds of one thread, the median of 10 turns.",
        keys=("length",), columns=("minGRU, loop (CPU ms)", "minGRU, scan (CPU ms)", "RNN (CPU ms)", "GRU (CPU ms)",
                                   "LSTM (CPU ms)"),
        runs=tuple((length,) for length in (32, 128, 512, 2048)), run=scan_seconds),
    "tiny_numbers": Study(
        title="What a vanishing gradient costs",
        note="A training step of one untrained layer of 64 units on 128 sequences of 196 numbers, with a loss on the "
             "last state: CPU milliseconds of one thread, the median of 10 turns; with denormal numbers, those below "
             "1e-38, as they are, and with 0 in their place (torch.set_flush_denormal).",
        keys=("cell",), columns=("as they are (CPU ms)", "with 0 instead (CPU ms)"),
        runs=tuple((cell,) for cell in READERS), run=tiny_numbers),
}

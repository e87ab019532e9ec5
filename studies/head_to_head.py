"""RNN, GRU and LSTM read digits row by row, head to head, at the settings of a video that compares them.

Claim: with the four numbers of the video that compares them (28 rows of 28, 256 units, two layers) and its two heads,
two of its conclusions do not come back. That the GRU is ahead of the LSTM: their difference is no larger than what
another seed changes. That the last state is better for the LSTM than all states side by side: all of them are a little
better. A third does: the RNN is behind both, with either head. A head that the video does not try, the mean of the
states, is on average the worst of the three for GRU and LSTM.

Wrong if: over five seeds the paired difference of GRU and LSTM has a 95 % interval without 0, that of the LSTM's heads
has one with 0 or has the other sign, or the RNN is ahead of either. Two epochs, one optimiser, one rate (0.001), one
size: at each layer's own best rate the order may be another one. The test set is read once a run.
"""

import time

import torch
from torch import nn

from seqlab import History, SequenceClassifier, fit, load_digits

from .runner import Study, checksum_of_mnist

CELLS, HEADS, SEEDS = ("rnn", "gru", "lstm"), ("last", "concat", "mean"), range(5)


def measured(model: nn.Module, seed: int, images: int | None = None, **settings) -> list:
    """Train with `fit`, on the first `images` of the training digits: the columns of `MEASURED`."""
    train, val, test, _ = load_digits("mnist", quiet=True)
    start = time.process_time()
    history = fit(model, tuple(part[:images] for part in train), val, seed=seed, quiet=True, **settings)
    seconds = round(time.process_time() - start, 1)
    return [sum(weights.numel() for weights in model.parameters()), seconds, *chosen_epoch(history),
            *read_once(model, *test)]


MEASURED = ("parameters", "training (CPU s)", "best epoch", "validation accuracy (%)", "history", "test accuracy (%)",
            "test mistakes")


def chosen_epoch(history: History) -> list:
    """The best epoch, its validation accuracy in percent, and [training loss, validation loss and accuracy] of all."""
    best = history.best_epoch
    return [best, round(100 * history[best - 1]["val_accuracy"], 2),
            [[round(epoch["train_loss"], 4), round(epoch["val_loss"], 4), round(100 * epoch["val_accuracy"], 2)]
             for epoch in history]]


@torch.no_grad()
def read_once(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> list:
    """The accuracy in percent, and the mistakes as [which digit, what it was read as]."""
    read = torch.cat([model(part).argmax(dim=1) for part in images.split(1000)])
    wrong = (read != labels).nonzero()[:, 0]
    return [round(100 * (1 - len(wrong) / len(labels)), 2), torch.stack([wrong, read[wrong]], dim=1).tolist()]


def head_to_head(cell: str, head: str, rate: float, seed: int) -> list:
    """Two epochs at one rate, with Adam as the video has it."""
    torch.manual_seed(seed)
    model = SequenceClassifier(cell, 28, 256, 10, num_layers=2, pooling=head, seq_len=28)
    return measured(model, seed, epochs=2, batch_size=64, lr=rate, clip=None, schedule=None, weight_decay=0)


def two_epoch_tutorial(seed: int) -> list:
    """The recipe of a tutorial post: an LSTM of two layers, the last state, batches of 100, two epochs."""
    torch.manual_seed(seed)
    model = SequenceClassifier("lstm", 28, 128, 10, num_layers=2)
    return measured(model, seed, epochs=2, batch_size=100, lr=0.01, clip=None, schedule=None, weight_decay=0)


STUDIES = {
    "head_to_head": Study(
        title="RNN, GRU and LSTM at the settings of the video, with three heads",
        note="28 rows of 28, 256 units, two layers; the state after the last row, all 28 side by side, or their mean, "
             "and a linear head; 55,000 training digits, batch 64, Adam, 2 epochs at a constant rate, the better epoch "
             "kept by validation accuracy. The video gives the first four numbers; the others are its program's or the "
             "usual ones. The test set is read once per run.",
        keys=("cell", "head", "rate", "seed"), columns=MEASURED,
        runs=tuple((cell, head, 0.001, seed) for head in HEADS for seed in SEEDS for cell in CELLS), run=head_to_head,
        data=checksum_of_mnist),
    "two_epoch_tutorial": Study(
        title="An LSTM of two layers after two epochs",
        note="The recipe of a tutorial post: 28 -> 128, two layers, the last state; batch 100, 2 epochs of Adam. It is "
             "run at a constant 0.01, on 55,000 training digits, and the better epoch kept by validation accuracy; "
             "these are ours. The test set is read once per run.",
        keys=("seed",), columns=MEASURED, runs=tuple((seed,) for seed in SEEDS), run=two_epoch_tutorial,
        data=checksum_of_mnist),
}

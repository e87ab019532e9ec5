"""Six classifiers of digits at about 82,000 parameters: what reading row by row costs or gains, and with how much data.

Claim: trained by `fit` for 5 epochs, each at its own best rate, a small convolutional network is ahead of every network
that reads row by row; of those the GRU is a little ahead of the LSTM, and both are ahead of a plain network on the
whole image, which is ahead of the RNN; a linear classifier, which cannot be made as large, is far behind. With 100
images the convolutional network is ahead too, and all three recurrent layers are behind the linear classifier.

Wrong if: the 95 % interval of a paired difference over the seeds does not say so. The sizes are equal, the work is not:
the seconds stand beside the accuracies. Each rate is chosen among RATES by the validation accuracy of one seed, on all
images; with few images another rate may be better for some.
"""

import torch
from torch import nn

from seqlab import SequenceClassifier, load_digits

from .head_to_head import MEASURED, measured
from .runner import Study, checksum_of_mnist

RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
SIZES = {"RNN": 268, "GRU": 150, "LSTM": 128, "plain": 103, "convolution": 49}     # hidden units, for equal parameters


def classifier(name: str) -> nn.Module:
    """One of the six, with random weights."""
    units = SIZES.get(name)
    if name == "linear":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    if name == "plain":
        return nn.Sequential(nn.Flatten(), nn.Linear(784, units), nn.ReLU(), nn.Linear(units, 10))
    if name == "convolution":
        return nn.Sequential(nn.Unflatten(1, (1, 28)),
                             nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Linear(32 * 49, units), nn.ReLU(), nn.Linear(units, 10))
    return SequenceClassifier(name.lower(), 28, units, 10)


def at_equal_size(name: str, rate: float, seed: int) -> list:
    """Five epochs of `fit` with a weight decay of 0.1."""
    torch.manual_seed(seed)
    *row, mistakes = measured(classifier(name), seed, epochs=5, lr=rate, weight_decay=0.1)
    return [*row, counted(mistakes)]


EPOCHS = {100: 40, 1000: 20, 10_000: 10}


def counted(mistakes: list) -> list:
    """How often each digit (first axis) is read as each other one (second)."""
    labels, counts = load_digits("mnist", quiet=True).test[1], [[0] * 10 for _ in range(10)]
    for image, read in mistakes:
        counts[labels[image]][read] += 1
    return counts


def with_few_images(name: str, images: int, seed: int) -> list:
    """The same at its chosen rate, on the first `images` training digits, each seen the oftener the fewer there are."""
    torch.manual_seed(seed)
    *row, _ = measured(classifier(name), seed, images, epochs=EPOCHS[images], batch_size=min(128, images // 10),
                       lr=CHOSEN[name], weight_decay=0.1)
    return row


CHOSEN = {"linear": 0.1, "plain": 0.01, "convolution": 0.03, "RNN": 0.003, "GRU": 0.01, "LSTM": 0.03}
SEEDS, CLOSE = range(5), {"GRU": range(10), "LSTM": range(10)}
RECIPE = ("Batches of {}, AdamW with weight decay 0.1, one cycle up to the rate, gradients clipped at 1.0, the best "
          "epoch kept by validation accuracy. The test set is read once per run.")

STUDIES = {
    "at_equal_size": Study(
        title="Six classifiers of digits at equal size",
        note="A linear classifier, a plain network with one hidden layer, a small convolutional network, and the three "
             "recurrent layers over 28 rows (one layer, last state); all but the first with about 82,000 parameters. "
             "55,000 training digits, 5 epochs. Every rate is tried with one seed, and the one that is best on the "
             f"validation digits runs with five, GRU and LSTM with ten. {RECIPE.format(128)}",
        keys=("model", "rate", "seed"), columns=(*MEASURED[:-1], "read as"),
        runs=tuple((name, rate, seed) for name, chosen in CHOSEN.items() for rate in RATES
                   for seed in CLOSE.get(name, SEEDS) if seed == 0 or rate == chosen), run=at_equal_size,
        data=checksum_of_mnist),
    "with_few_images": Study(
        title="The same six classifiers with fewer digits",
        note="The first 100, 1,000 and 10,000 training digits, for 40, 20 and 10 epochs; 5,000 validation digits "
             "choose the epoch, which with 100 digits is a luxury. Each at the rate that was best with all digits. "
             f"{RECIPE.format('a tenth of the digits, at most 128')}",
        keys=("model", "images", "seed"), columns=MEASURED[:-1],
        runs=tuple((name, images, seed) for images in EPOCHS for seed in SEEDS[:3] for name in CHOSEN),
        run=with_few_images, data=checksum_of_mnist),
}

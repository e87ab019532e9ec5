"""The course's plainest classifier of digits: one LSTM that reads an image row by row.

Claim: `seqlab.fit` with its defaults and a weight decay brings nn.LSTM(28, 128), last state, no augmentation, to a mean
test accuracy of at least 99.0 % on MNIST in 8 epochs.

Wrong if: the mean over the seeds is below 99.0 %; or if the test set had a part in any choice (it is read once a seed,
after the best epoch was chosen by validation).
"""

import torch

from seqlab import SequenceClassifier, evaluate, fit, load_digits

from .runner import Study

SEEDS = range(5)


def digits_lstm(seed: int) -> list:
    """8 epochs of `fit` with a weight decay of 0.1: the best epoch by validation, and its test accuracy in percent."""
    digits = load_digits("mnist", quiet=True)
    torch.manual_seed(seed)
    model = SequenceClassifier("lstm", 28, 128, 10)
    history = fit(model, digits.train, digits.val, epochs=8, weight_decay=0.1, seed=seed, quiet=True)
    return [history.best_epoch, round(100 * evaluate(model, digits.test).accuracy, 2)]


STUDIES = {
    "digits_lstm": Study(
        title="A row-by-row LSTM on MNIST",
        note="nn.LSTM(28, 128), one layer, last state; 55,000 training digits, batch 128, AdamW with weight decay "
             "0.1, one cycle up to 1e-2, gradients clipped at 1.0, 8 epochs, the best kept by validation accuracy. "
             "The test set is used once per seed.",
        keys=("seed",), columns=("best epoch", "test accuracy (%)"),
        runs=tuple((seed,) for seed in SEEDS), run=digits_lstm),
}

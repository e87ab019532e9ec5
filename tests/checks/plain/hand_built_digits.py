"""Right and wrong answers in plain Python, which also run on a page."""

import math


def best_epoch(history):
    return max(history, key=lambda row: row["val_accuracy"])["epoch"]


def best_epoch_in_a_loop(history):
    best, epoch = -1.0, None
    for row in history:
        if row["val_accuracy"] > best:
            best, epoch = row["val_accuracy"], row["epoch"]
    return epoch


def best_epoch_by_sorting(history):
    return sorted(history, key=lambda row: (-row["val_accuracy"], row["epoch"]))[0]["epoch"]


def best_epoch_by_position(history):
    accuracies = [row["val_accuracy"] for row in history]
    return float(history[accuracies.index(max(accuracies))]["epoch"])


def best_epoch_among_all(history):
    most = max(row["val_accuracy"] for row in history)
    return [min(row["epoch"] for row in history if row["val_accuracy"] == most)]


def best_epoch_backwards(history):
    epoch, best = 0, 0.0
    for row in reversed(history):
        if row["val_accuracy"] >= best:
            epoch, best = row["epoch"], row["val_accuracy"]
    return epoch


def best_epoch_in_place(history):
    """Sorts the list that it is given."""
    history.sort(key=lambda row: (row["val_accuracy"], -row["epoch"]))
    return history[-1]["epoch"]


def last_best_epoch(history):
    return max(history, key=lambda row: (row["val_accuracy"], row["epoch"]))["epoch"]


def position(history):
    accuracies = [row["val_accuracy"] for row in history]
    return accuracies.index(max(accuracies))


def standard_error(accuracy, n):
    return math.sqrt(accuracy * (1 - accuracy) / n)


def error_by_a_power(accuracy, n):
    return (accuracy * (1 - accuracy)) ** 0.5 / n**0.5


def error_of_zeros_and_ones(accuracy, n):
    """From the spread of the single answers around their mean."""
    variance = accuracy * (1 - accuracy) ** 2 + (1 - accuracy) * accuracy**2
    return [math.sqrt(variance) / math.sqrt(n)]


def digits_needed(accuracy, error):
    return math.ceil(accuracy * (1 - accuracy) / error**2 - 1e-9)


def digits_by_int(accuracy, error):
    return int(accuracy * (1 - accuracy) / error**2 + 1 - 1e-9)


def digits_by_search(accuracy, error):
    low, high = 1, 10**9
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if standard_error(accuracy, middle) > error * (1 + 1e-12) else (low, middle)
    return float(low)


def digits_in_a_list(accuracy, error):
    return [digits_needed(accuracy, error)]


RIGHT = [
    ("best-epoch", best_epoch),
    ("best-epoch", best_epoch_in_a_loop),
    ("best-epoch", best_epoch_by_sorting),
    ("best-epoch", best_epoch_by_position),
    ("best-epoch", best_epoch_among_all),
    ("best-epoch", best_epoch_backwards),
    ("best-epoch", best_epoch_in_place),
    ("error-bar", standard_error, digits_needed),
    ("error-bar", error_by_a_power, digits_needed),
    ("error-bar", error_of_zeros_and_ones, digits_in_a_list),
    ("error-bar", standard_error, digits_by_int),
    ("error-bar", standard_error, digits_by_search),
    ("error-bar", lambda p, n: math.exp(0.5 * math.log(p * (1 - p) / n)), lambda p, e: float(digits_needed(p, e))),
]

WRONG = [
    ("best-epoch", "returns nothing yet", lambda history: ...),
    ("best-epoch", "position in the list, counted from 0", position),
    ("best-epoch", "position in the list", lambda history: position(history) + 1),
    ("best-epoch", "lowest training loss", lambda history: min(history, key=lambda row: row["train_loss"])["epoch"]),
    ("best-epoch", "lowest validation loss", lambda history: min(history, key=lambda row: row["val_loss"])["epoch"]),
    ("best-epoch", "just the last epoch", lambda history: history[-1]["epoch"]),
    ("best-epoch", "take the first", last_best_epoch),
    ("best-epoch", "an accuracy", lambda history: max(row["val_accuracy"] for row in history)),
    ("best-epoch", "a whole row", lambda history: history[0]),
    ("best-epoch", "the number of an epoch", lambda history: [row["epoch"] for row in history]),
    ("best-epoch", "compare the validation accuracies", lambda history: 100),
    ("best-epoch", "the worst epoch", lambda history: min(history, key=lambda row: row["val_accuracy"])["epoch"]),
    ("error-bar", "the square root is missing", lambda p, n: p * (1 - p) / n, digits_needed),
    ("error-bar", "only n is under the root", lambda p, n: p * (1 - p) / math.sqrt(n), digits_needed),
    ("error-bar", "the upper part alone", lambda p, n: math.sqrt(p * (1 - p)) / n, digits_needed),
    ("error-bar", "percentage points", lambda p, n: 100 * standard_error(p, n), digits_needed),
    ("error-bar", "1.96 standard errors", lambda p, n: 1.96 * standard_error(p, n), digits_needed),
    ("error-bar", "two standard errors", lambda p, n: 2 * standard_error(p, n), digits_needed),
    ("error-bar", "dividing by n - 1", lambda p, n: standard_error(p, n - 1), digits_needed),
    ("error-bar", "it is rounded", lambda p, n: round(standard_error(p, n), 4), digits_needed),
    ("error-bar", "the share of mistakes", lambda p, n: math.sqrt(p / n), digits_needed),
    ("error-bar", "how far does a single digit", lambda p, n: 0.5, digits_needed),
    ("error-bar", "square of the error", standard_error, lambda p, e: p * (1 - p) / e),
    ("error-bar", "not 1.96 of them", standard_error, lambda p, e: math.ceil(1.96**2 * p * (1 - p) / e**2)),
    ("error-bar", "not to the nearest", standard_error, lambda p, e: round(p * (1 - p) / e**2 - 1e-6)),
    ("error-bar", "no part of a digit", standard_error, lambda p, e: p * (1 - p) / e**2),
    ("error-bar", "solve the formula", standard_error, lambda p, e: 10_000),
    ("error-bar", "one number", standard_error, lambda p, e: "many"),
    ("error-bar", "it is rounded", lambda p, n: round(standard_error(p, n), 3), digits_needed),
    ("error-bar", "what standard_error returns should be one number", lambda p, n: [p, 1 - p], digits_needed),
]

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


def same(one, other):
    return 1 if one == other else 0


def right_ones(labels, said):
    return [sum(label == digit == name for label, name in zip(labels, said)) for digit in range(10)]


def ten_shares(labels, said):
    return [right / labels.count(digit) for digit, right in enumerate(right_ones(labels, said))]


def shares_in_one_pass(labels, predictions):
    right, all_of_it = [0] * 10, [0] * 10
    for label, name in zip(labels, predictions):
        all_of_it[label] += 1
        if label == name:
            right[label] += 1
    return [one / of for one, of in zip(right, all_of_it)]


def shares_of_pairs(labels, predictions):
    for digit in range(10):
        names = [name for label, name in zip(labels, predictions) if label == digit]
        yield names.count(digit) / len(names)


def who_for_whom(labels, predictions):
    table = [[0] * 10 for _ in range(10)]
    for k in range(len(labels)):
        table[labels[k]][predictions[k]] += 1
    return table


def shares_from_the_table(labels, predictions):
    return [row[digit] / sum(row) for digit, row in enumerate(who_for_whom(labels, predictions))]


def shares_one_by_one(labels, predictions):
    """One list of a single share for every digit."""
    verdicts = {}
    for label, name in zip(labels, predictions):
        verdicts.setdefault(label, []).append(label == name)
    return [[sum(verdicts[digit]) / len(verdicts[digit])] for digit in sorted(verdicts)]


def shares_by_sorting(labels, predictions):
    """Sorts the two lists that it is given."""
    pairs = sorted(zip(labels, predictions))
    shares = []
    for digit in range(10):
        mine = [pair for pair in pairs if pair[0] == digit]
        shares.append(1 - sum(label != name for label, name in mine) / len(mine))
    labels.sort()
    return shares


def precision(labels, said):
    return [right / said.count(digit) for digit, right in enumerate(right_ones(labels, said))]


def careful_precision(labels, said):
    return [right / max(1, said.count(digit)) for digit, right in enumerate(right_ones(labels, said))]


def one_against_the_rest(labels, said):
    return [sum(same(label == digit, name == digit) for label, name in zip(labels, said)) / len(labels)
            for digit in range(10)]


def right_of_either(labels, said):
    return [right / sum(digit in pair for pair in zip(labels, said))
            for digit, right in enumerate(right_ones(labels, said))]


RIGHT = [
    ("per-digit", ten_shares),
    ("per-digit", shares_in_one_pass),
    ("per-digit", shares_of_pairs),
    ("per-digit", shares_from_the_table),
    ("per-digit", shares_one_by_one),
    ("per-digit", shares_by_sorting),
    ("per-digit", lambda labels, said: tuple(round(share, 6) for share in ten_shares(labels, said))),
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
    ("per-digit", "one number for all", lambda labels, said: sum(map(same, labels, said)) / len(labels)),
    ("per-digit", "by what do you divide", precision),
    ("per-digit", "this divides by how often each digit was predicted", careful_precision),
    ("per-digit", "these are counts", right_ones),
    ("per-digit", "percentages", lambda labels, said: [100 * share for share in ten_shares(labels, said)]),
    ("per-digit", "never says 9, but there are", lambda labels, said: ten_shares(labels, said)[:9]),
    ("per-digit", "wrong answers", lambda labels, said: [1 - share for share in ten_shares(labels, said)]),
    ("per-digit", "both say that it is not that digit", one_against_the_rest),
    ("per-digit", "how often each digit occurs",
     lambda labels, said: [labels.count(digit) / len(labels) for digit in range(10)]),
    ("per-digit", "how often each digit is predicted",
     lambda labels, said: [said.count(digit) / len(said) for digit in range(10)]),
    ("per-digit", "ten times", lambda labels, said: [sum(map(same, labels, said)) / len(labels)] * 10),
    ("per-digit", "one number per example", lambda labels, said: list(map(same, labels, said))),
    ("per-digit", "take one digit by hand", lambda labels, said: ten_shares(labels, said)[1:] + [0.5]),
    ("per-digit", "confusion matrix", who_for_whom),
    ("per-digit", "the number of all examples",
     lambda labels, said: [count / len(labels) for count in right_ones(labels, said)]),
    ("per-digit", "the label or the prediction", right_of_either),
    ("per-digit", "in the wrong order", lambda labels, said: ten_shares(labels, said)[::-1]),
    ("per-digit", "a list of ten shares", lambda labels, said: [str(share) for share in ten_shares(labels, said)]),
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


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

WRONG += [
    ("best-epoch", "the highest validation loss",
     lambda history: max(history, key=lambda row: row["val_loss"])["epoch"]),
    ("error-bar", "the accuracy itself is missing", lambda accuracy, n: math.sqrt((1 - accuracy) / n),
     lambda accuracy, error: 1),
]

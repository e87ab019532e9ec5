"""Checks of the exercises on the hand-built classifier that need no tensor."""

import math

from . import call, exercises_of, expect_close, expect_count, fail, number, numbers, several

exercise = exercises_of(__name__)
HISTORIES = [       # what it is, train loss, validation loss, validation accuracy, first number, the epoch to keep
    ("the best epoch is in the middle", [0.9, 0.5, 0.3, 0.25, 0.2], [0.5, 0.4, 0.45, 0.6, 0.7],
     [0.80, 0.91, 0.93, 0.95, 0.94], 1, 4),
    ("two epochs are equally good", [0.9, 0.5, 0.3, 0.2], [0.6, 0.5, 0.4, 0.3], [0.80, 0.95, 0.90, 0.95], 1, 2),
    ("the run was resumed, so the numbering starts at 4", [0.4, 0.3, 0.2], [0.4, 0.6, 0.5], [0.91, 0.92, 0.90], 4, 5),
]


@exercise("best-epoch")
def _best_epoch(best_epoch):
    for what, train, val, accuracy, first, want in HISTORIES:
        history = [{"epoch": first + k, "train_loss": train[k], "val_loss": val[k], "val_accuracy": accuracy[k]}
                   for k in range(len(train))]
        epochs = [row["epoch"] for row in history]
        got = call(best_epoch, history, name="best_epoch")
        if isinstance(got, dict):
            fail("best_epoch returns a whole row; return what stands in it under \"epoch\"")
        got = number(got, "what best_epoch returns", "the number of an epoch")
        if got == want:
            continue
        hints = [
            (max(accuracy), "That is an accuracy; return the number of its epoch"),
            (max(epochs[k] for k in range(len(accuracy)) if accuracy[k] == max(accuracy)),
             "Of equally good epochs take the first"),
            (epochs[train.index(min(train))], "Is that the lowest training loss, the highest validation loss, or "
                                              "just the last epoch?"),
            (epochs[val.index(min(val))], "Is that the lowest validation loss? The accuracy is asked for"),
            (want - first, "That is a position in the list, counted from 0; return what stands under \"epoch\""),
            (want - first + 1, "That is a position in the list; return what stands under \"epoch\""),
            (epochs[accuracy.index(min(accuracy))], "That is the worst epoch"),
        ]
        cause = next((hint for value, hint in hints if got == value), "Compare the validation accuracies")
        fail(f"when {what}, best_epoch returns {got:g}. {cause}")
    return "The epoch whose weights you keep."


def _read():
    """Two hundred labels and what a network says of them: right seven times in ten, and never a 9."""
    labels, said, state = list(range(10)), [], 1
    for k in range(200):
        state = (1103515245 * state + 12345) % 2**31
        drawn = state // 65536
        if k >= 10:
            labels.append(drawn % 10)
        noise = drawn // 10 % 10
        said.append(4 if (name := labels[k] if drawn // 100 % 10 < 7 else noise) == 9 else name)
    return labels, said


@exercise("per-digit")
def _per_digit(per_digit):
    labels, said = _read()
    what = "what per_digit returns"
    got = call(per_digit, list(labels), list(said), name="per_digit", hints={
        "zero": "This network never says 9. By what do you divide?"})
    if not several(got):
        fail(f"{what} is one number for all digits together; take them one true digit at a time")
    got = numbers(got, what, "a list of ten shares")
    expect_count(got, 10, what, "one share per digit", {
        100: "That is the whole confusion matrix; which entries are right, and out of how many?",
        200: "That is one number per example; take them together, one true digit at a time",
        9: "This network never says 9, but there are nines to be read: go by the labels, from 0 to 9"})
    got = [0.0 if value != value else value for value in got]     # what 0 / 0 is in a tensor, where 9 is never said
    digits = range(10)
    n, right = len(labels), [0] * 10
    for k in range(n):
        right[labels[k]] += labels[k] == said[k]
    true, named = [labels.count(digit) for digit in digits], [said.count(digit) for digit in digits]
    want = [right[digit] / true[digit] for digit in digits]
    expect_close(got, want, what, [
        ("these are counts; divide by how often each digit occurs", right),
        ("these are percentages; a share lies between 0 and 1", [100 * share for share in want]),
        ("this divides by how often each digit was predicted. Divide by how often it is the label",
         [right[digit] / max(1, named[digit]) for digit in digits]),
        ("this divides by the number of all examples", [count / n for count in right]),
        ("these are the shares of wrong answers", [1 - share for share in want]),
        ("this counts an example as right for a digit when both say that it is not that digit. Keep only the examples "
         "that are the digit", [1 - (true[digit] + named[digit] - 2 * right[digit]) / n for digit in digits]),
        ("that is how often each digit occurs", [count / n for count in true]),
        ("that is how often each digit is predicted", [count / n for count in named]),
        ("this divides by how often the digit is the label or the prediction. Divide by how often it is the label",
         [right[digit] / (true[digit] + named[digit] - right[digit]) for digit in digits]),
        ("that is the accuracy over all digits, ten times", [sum(right) / n] * 10),
        ("the digits stand in the wrong order", want[::-1]),
    ], "Take one digit by hand: how many labels are that digit, and for how many of those is the prediction the same?")
    return "Ten accuracies, one for each digit."


@exercise("error-bar")
def _error_bar(standard_error, digits_needed):
    for accuracy, n in [(0.9877, 10_000), (0.5, 100), (0.9, 257)]:
        got = number(call(standard_error, accuracy, n, name="standard_error"), "what standard_error returns")
        variance = accuracy * (1 - accuracy)
        right = math.sqrt(variance / n)
        expect_close(got, right, f"standard_error({accuracy}, {n})", [
            ("the square root is missing", variance / n),
            ("only n is under the root", variance / math.sqrt(n)),
            ("the root is taken of the upper part alone", math.sqrt(variance) / n),
            ("these are percentage points; give a share, as accuracy is", 100 * right),
            ("the share of mistakes, 1 - accuracy, is missing under the root", math.sqrt(accuracy / n)),
            ("the accuracy itself is missing under the root", math.sqrt((1 - accuracy) / n)),
            ("that is half the width of a 95 % interval, 1.96 standard errors; one of them is asked for", 1.96 * right),
            ("that is two standard errors; one of them is asked for", 2 * right),
            ("divide by n. Dividing by n - 1 is for a spread that is estimated from the numbers themselves",
             math.sqrt(variance / (n - 1))),
        ] + [("it is rounded. Return all digits, and round where you print", round(right, k)) for k in (4, 3)],
            f"It is {got:.4g}. How far does a single digit, right or wrong, spread around the accuracy? That is "
            "divided by the root of n", tolerance=1e-7)
    for accuracy, error in [(0.9, 0.01), (0.5, 0.05), (0.9877, 0.0005), (0.99, 0.0007)]:
        name = f"digits_needed({accuracy}, {error})"
        got = number(call(digits_needed, accuracy, error, name="digits_needed"), "what digits_needed returns")
        want = accuracy * (1 - accuracy) / error**2
        if abs(got - want) > 1.01:
            cause = next((words for words, value in [
                ("n goes with the square of the error: half the error takes four times the digits",
                 accuracy * (1 - accuracy) / error),
                ("the share of mistakes, 1 - accuracy, is missing", accuracy / error**2),
                ("the standard error that comes out should be at most `error`, not 1.96 of them", 1.96**2 * want),
            ] if abs(got - value) <= 1.01), "Solve the formula of the standard error for n")
            fail(f"{name} is {got:g}, and with that many digits the standard error is "
                 f"{math.sqrt(accuracy * (1 - accuracy) / got) if got > 0 else math.inf:.2g}: {cause}")
        if abs(got - round(got)) > 1e-6:
            fail(f"{name} is {got:.2f}, and there is no part of a digit: round up to a whole one")
        if got < want - 1e-6:
            fail(f"{name} is {got:g}: a little too few. Round up to a whole digit, not to the nearest")
    return "Half the error bar takes four times the digits."

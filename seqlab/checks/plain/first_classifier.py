"""Checks of the exercises on the first classifier that need no tensor."""

import math

from . import call, exercises_of, expect_close, fail, number, numbers, several

exercise = exercises_of(__name__)
LARGE = [[1000.0, 0.0, -1000.0], [1000.0, 998.0, 0.0]]


def _log_p(row):
    """The logarithms of the probabilities that softmax makes of a row of logits."""
    top = max(row)
    log_sum = top + math.log(sum(math.exp(z - top) for z in row))
    return [z - log_sum for z in row]


def _mean(values):
    return sum(values) / len(values)


def _loss(logits, y):
    return -_mean([_log_p(row)[label] for row, label in zip(logits, y)])


@exercise("loss")
def _check_loss(loss_by_hand, floor):
    for classes in (2, 5, 6):
        logits = [[3 * math.sin(1.7 * k + 2.3 * j * j + classes) for j in range(classes)] for k in range(6)]
        y = [(k * k + 1) % classes for k in range(6)]
        got = call(loss_by_hand, [list(row) for row in logits], list(y), name="loss_by_hand", hints={
            "attribute": "Here logits is a list of rows, and y a list of whole numbers"})
        if several(got):
            values = numbers(got, "the loss", "one number")
            if len(values) == len(y):
                fail("the loss is one number per sequence: which step of the recipe makes them one?")
            if len(values) == len(y) ** 2:
                fail("the loss holds a number for each row and each label: pick one entry per row")
        rows = range(len(y))
        log_p = [_log_p(row) for row in logits]
        right = [log_p[k][y[k]] for k in rows]
        by_column = [_log_p([row[j] for row in logits]) for j in range(classes)]
        mean = _mean(right)
        expect_close([number(got, "the loss")], [-mean], "the loss", [
            ("the sign is turned around: a probability below one has a negative logarithm", [mean]),
            ("it is the sum over the sequences, not the mean", [-sum(right)]),
            ("it averages over more than the right class of each sequence: over all classes, or every row was paired "
             "with every label", [-_mean([value for row in log_p for value in row])]),
            ("it is a mean over sequences and classes. Only the right class of each sequence counts, so divide by the "
             "number of sequences", [-sum(right) / (len(y) * classes)]),
            ("softmax is applied twice", [_loss([[math.exp(value) for value in row] for row in log_p], y)]),
            ("it is the mean probability without the logarithm", [-_mean([math.exp(value) for value in right])]),
            ("the mean is taken before the logarithm: take the logarithm of each probability first",
             [-math.log(_mean([math.exp(value) for value in right]))]),
            ("the logarithm is to base 2; the loss takes the natural one", [-mean / math.log(2)]),
            ("the logarithm is to base 10; the loss takes the natural one", [-mean / math.log(10)]),
            ("softmax went over the batch, down the columns; the classes stand in a row",
             [-_mean([by_column[y[k]][k] for k in rows])]),
            ("softmax is missing: these are the logits of the right class, not log-probabilities",
             [-_mean([logits[k][y[k]] for k in rows])]),
        ], "Try one row of two equal logits: the loss is ln 2, 0.6931, whichever class is the right one. Then make the "
           "right class's logit larger, and the loss should shrink")
    _expect_large(loss_by_hand)
    expect_close([number(floor, "floor")], [math.log(math.e + 9) - 1], "floor", [
        ("that is reached with logits, which can grow without end. What can come out of softmax?", [0.0]),
        ("that is the loss of a net with no clue. This net is certain, and right", [math.log(10)]),
        ("that is the floor with two classes", [math.log(math.e + 1) - 1]),
        ("the net is certain here, but of a wrong class", [math.log(math.e + 9)]),
        ("it is rounded. Keep all digits that your function returns", [round(math.log(math.e + 9) - 1, 2)]),
    ], "What are the ten numbers that softmax gives in the best case? Let your function take them for logits")
    return "Right, also where exp would overflow."


def _expect_large(loss_by_hand):
    """End the check unless logits of 1000 are survived."""
    for y in ([0, 1], [1, 0]):
        try:
            got = number(loss_by_hand([list(row) for row in LARGE], list(y)), "the loss with logits of 1000")
        except (OverflowError, ValueError, ZeroDivisionError):      # of exp, of log, of a sum of nothing but zeros
            got = math.inf
        if got != got or got in (math.inf, -math.inf):
            fail("with logits of 1000 the loss is not a finite number: exp(1000) overflows, or a probability rounds "
                 "to zero before its logarithm is taken. Can you avoid forming the probabilities at all?")
        want = _loss(LARGE, y)
        if got < 0.9 * want:
            fail(f"with logits of 1000 and a wrong answer the loss is only {got:.4g}. A small number added inside the "
                 "logarithm, or a clamp, avoids infinity and hides how wrong the net is. Can you avoid forming the "
                 "probabilities at all?")
        expect_close([got], [want], "the loss with logits of 1000", [], "With logits of 10 in their place, is it "
                     "right? Then look for what is cut off or added")

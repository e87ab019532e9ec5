"""Checks of the exercises on the inside of a network that need no tensor."""

from . import call, exercises_of, expect_close, expect_count, fail, listed, number, numbers, shown, whole

exercise = exercises_of(__name__)
READINGS = [([7, 4, 2, 2, 7, 7], 5), ([4, 4, 4], 1), ([1, 2, 3, 4], 4), ([7, 7, 2, 7, 7, 7], 4), ([0, 5, 5, 5], 2),
            ([3], 1)]


@exercise("turn")
def _stays_from(stays_from):
    for answers, want in READINGS:
        got = whole(call(stays_from, list(answers), name="stays_from"), "what stays_from returns",
                    "the number of a row, a whole number")
        if got == want:
            continue
        last = answers[-1]
        hints = [
            (want - 1, "Rows are counted from 1: after row 1 comes the first answer"),
            (answers.index(last) + 1, "That is the first row with the last answer, but after it the answer changes "
                                      "once more"),
            (len(answers) - want + 1, "That is how many rows in a row have the last answer. From which row on?"),
            (last, "That is an answer; return the number of a row"),
            (len(answers), "That is the last row; how far up does its answer stay?"),
        ]
        cause = next((hint for value, hint in hints if got == value),
                     "Go up from the last row, as long as the answer above is the same")
        fail(f"for the answers {answers} it returns {got}. {cause}")
    return "The row from which the answer stays."


def _drawn(n, often=7):
    """Probabilities of best answers, some of them alike, and whether the answers are right: so many of ten."""
    chances, right, state = [], [], 5
    for _ in range(n):
        state = (1103515245 * state + 12345) % 2**31
        chances.append((30 + state // 65536 % 14 * 5) / 100)
        right.append(state // 65536 // 14 % 10 < often)
    return chances, right


def _shares(count, of):
    return count / of if of else 0.0


@exercise("surer")
def _surer(surer):
    for n, often in ((10, 3), (40, 8), (57, 7)):
        chances, right = _drawn(n, often)
        got = number(call(surer, list(chances), list(right), name="surer"), "what surer returns")
        sure, share = sum(chances) / n, sum(right) / n
        of_right = _shares(sum(c for c, r in zip(chances, right) if r), sum(right))
        expect_close(got, sure - share, f"what surer returns for {n} answers", [
            ("that is the distance of the two means; which of them is larger is lost", abs(sure - share)),
            ("the sign is turned round: positive where the network is surer than it is right", share - sure),
            ("that is a sum over the answers; divide by how many there are", sum(chances) - sum(right)),
            ("that is how sure it is on average; take off what share is right", sure),
            ("that is the share that is right; by how much is the network surer?", share),
            ("these are percentage points; a difference of shares is asked for", 100 * (sure - share)),
            ("that is how sure it is where it is right. Take the mean over all answers", of_right - share),
            ("that is how sure it is where it is right, alone", of_right),
            ("the differences are taken without their signs, answer by answer. What is asked for is the difference of "
             "two means", sum(abs(c - r) for c, r in zip(chances, right)) / n),
            ("that is a ratio; a difference is asked for", _shares(sure, share)),
        ], "Take two means, of the probabilities and of right or wrong as 1 or 0, and their difference")
    return "By how much it is surer than it is right."


GATES = [([0.9, 0.5, 0.25, 0.95, 0.8], 2), ([0.9, 0.5, 0.25, 0.95, 0.8], 5), ([0.5, 0.5, 0.5], 0), ([0.9] * 28, 14),
         ([0.7, 0.0, 0.6, 0.9], 2)]


def _product(values):
    result = 1.0
    for value in values:
        result *= value
    return result


@exercise("left-of")
def _left_of(left_of):
    for gates, row in GATES:
        name = f"left_of({shown(gates)}, {row})"
        got = number(call(left_of, list(gates), row, name="left_of"), "what left_of returns")
        rest = gates[row:]
        expect_close(got, _product(rest), name, [
            (f"the gate of row {row} is in it too. It is asked before row {row} is written",
             _product(gates[max(0, row - 1):])),
            (f"the gate of row {row + 1} is missing: it decides how much of row {row} stays",
             _product(gates[row + 1:])),
            ("that is what was lost, not what is left", 1 - _product(rest)),
            ("that is a sum. Each gate keeps a share of what the one before has kept", sum(rest)),
            ("that is a mean. Each gate keeps a share of what the one before has kept", _shares(sum(rest), len(rest))),
            ("these are the gates up to that row; what happens to it afterwards?", _product(gates[:row])),
            ("these are all gates, from the first row", _product(gates)),
            ("that is the smallest gate. Each gate keeps a share of what the one before has kept", min(rest or [1.0])),
            ("that is the last gate alone", gates[-1]),
            ("that is a percentage; a share lies between 0 and 1", 100 * _product(rest)),
        ], "After the last row everything is left, 1. One row before, the last gate says how much: go up from there")
    return "What the gates let through to the end."


@exercise("alarm")
def _alarm(alarm):
    for n, threshold in ((40, 0.6), (12, 0.35), (60, 0.75), (60, 0.9)):
        chances, right = _drawn(n)
        what = f"what alarm returns at threshold {threshold}"
        got = listed(call(alarm, list(chances), list(right), threshold, name="alarm", hints={
            "zero": "By what do you divide? There are right and wrong answers in every list"}),
            what, "two shares, false alarms and misses")
        got = numbers(got, what, "two shares, false alarms and misses")
        expect_count(got, 2, what, "false alarms, then misses", {
            n: "That is one for each answer; count them, and make two shares of them"})
        good = [c for c, r in zip(chances, right) if r]
        bad = [c for c, r in zip(chances, right) if not r]
        false, missed = sum(c < threshold for c in good), sum(c >= threshold for c in bad)
        false_too, missed_too = sum(c <= threshold for c in good), sum(c > threshold for c in bad)
        alarms = sum(c < threshold for c in chances)
        want = [false / len(good), missed / len(bad)]
        expect_close(got, want, what, [
            ("the two stand in the wrong order: false alarms come first", want[::-1]),
            ("these are counts; divide each by how many answers of its kind there are", [false, missed]),
            ("both are divided by the number of all answers. A false alarm is a share of the right answers, a miss of "
             "the wrong ones", [false / n, missed / n]),
            ("these are percentages; a share lies between 0 and 1", [100 * share for share in want]),
            ("an answer whose probability is the threshold itself sets off no alarm",
             [false_too / len(good), missed_too / len(bad)]),
            ("the alarm goes off below the threshold, not above it",
             [1 - false_too / len(good), 1 - missed_too / len(bad)]),
            ("the second number is the share of wrong answers that are noticed; a miss is one that is not",
             [want[0], 1 - want[1]]),
            ("the first number is the share of right answers that set off no alarm", [1 - want[0], want[1]]),
            ("the first number is a share of the alarms. Of how many right answers is it to be a share?",
             [_shares(false, alarms), want[1]]),
            ("the two kinds of answers are swapped: a false alarm is a right answer below the threshold",
             [sum(c < threshold for c in bad) / len(bad), sum(c >= threshold for c in good) / len(good)]),
        ], "Take the right answers by themselves: how many of them are below the threshold? Then the wrong ones: how "
           "many are not?")
    return "False alarms and misses, each as a share of its own kind."

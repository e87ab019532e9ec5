"""Right and wrong answers in plain Python, which also run on a page."""


def stays_from(answers):
    row = len(answers)
    while row > 1 and answers[row - 2] == answers[-1]:
        row -= 1
    return row


def stays_by_changes(answers):
    row = 1
    for k in range(1, len(answers)):
        if answers[k] != answers[k - 1]:
            row = k + 1
    return row


def stays_by_the_last_other(answers):
    others = [k for k, answer in enumerate(answers) if answer != answers[-1]]
    return float(others[-1] + 2) if others else 1


def stays_by_trying_all(answers):
    for row in range(1, len(answers) + 1):
        if len(set(answers[row - 1:])) == 1:
            return [row]


def stays_backwards(answers):
    count = 0
    for answer in reversed(answers):
        if answer != answers[-1]:
            break
        count += 1
    return len(answers) - count + 1


def stays_by_popping(answers):
    """Takes the list apart."""
    last = answers.pop()
    while answers and answers[-1] == last:
        answers.pop()
    return len(answers) + 1


def mean(values):
    values = [float(value) for value in values]
    return sum(values) / len(values)


def surer(chances, right):
    return mean(chances) - mean(right)


def surer_in_one_pass(chances, right):
    total = 0.0
    for chance, one in zip(chances, right):
        total += chance - (1 if one else 0)
    return total / len(chances)


def surer_by_positions(chances, right):
    hits = sum(1 for k in range(len(right)) if right[k])
    return [sum(chances) / len(chances) - hits / len(right)]


def left_of(gates, row):
    left = 1.0
    for gate in gates[row:]:
        left *= gate
    return left


def left_from_the_end(gates, row):
    left = 1
    for k in range(len(gates) - 1, row - 1, -1):
        left = left * gates[k]
    return left


def left_by_itself(gates, row):
    return 1.0 if row == len(gates) else gates[row] * left_by_itself(gates, row + 1)


def alarm(chances, right, threshold):
    good = [chance for chance, one in zip(chances, right) if one]
    bad = [chance for chance, one in zip(chances, right) if not one]
    return sum(c < threshold for c in good) / len(good), sum(c >= threshold for c in bad) / len(bad)


def alarm_in_one_pass(chances, right, threshold):
    false, missed, good, bad = 0, 0, 0, 0
    for chance, one in zip(chances, right):
        if one:
            good += 1
            if chance < threshold:
                false += 1
        else:
            bad += 1
            if not chance < threshold:
                missed += 1
    return [false / good, missed / bad]


def alarm_by_means(chances, right, threshold):
    rings = [chance < threshold for chance in chances]
    return (mean(ring for ring, one in zip(rings, right) if one),
            1 - mean(ring for ring, one in zip(rings, right) if not one))


def halves(chances, right, threshold, at=lambda chance, threshold: chance < threshold):
    """How many right and wrong answers set the alarm off, and how many there are of each."""
    good = [at(c, threshold) for c, r in zip(chances, right) if r]
    bad = [at(c, threshold) for c, r in zip(chances, right) if not r]
    return sum(good), sum(bad), len(good), len(bad)


def alarm_by_halves(chances, right, threshold):
    false, noticed, good, bad = halves(chances, right, threshold)
    yield false / good
    yield (bad - noticed) / bad


def counted(chances, right, threshold):
    false, noticed, _, bad = halves(chances, right, threshold)
    return false, bad - noticed


def of_all(chances, right, threshold):
    return [count / len(chances) for count in counted(chances, right, threshold)]


def at_most(chances, right, threshold):
    false, noticed, good, bad = halves(chances, right, threshold, lambda chance, threshold: chance <= threshold)
    return false / good, (bad - noticed) / bad


def above(chances, right, threshold):
    false, noticed, good, bad = halves(chances, right, threshold, lambda chance, threshold: chance > threshold)
    return false / good, (bad - noticed) / bad


def of_the_alarms(chances, right, threshold):
    false, noticed, _, bad = halves(chances, right, threshold)
    return false / max(1, false + noticed), (bad - noticed) / bad


def of_the_right(chances, right):
    return mean(chance for chance, one in zip(chances, right) if one)


RIGHT = [
    ("turn", stays_from),
    ("turn", stays_by_changes),
    ("turn", stays_by_the_last_other),
    ("turn", stays_by_trying_all),
    ("turn", stays_backwards),
    ("turn", stays_by_popping),
    ("surer", surer),
    ("surer", surer_in_one_pass),
    ("surer", surer_by_positions),
    ("surer", lambda chances, right: mean([chance - one for chance, one in zip(chances, right)])),
    ("surer", lambda chances, right: (sum(chances) - sum(right)) / len(right)),
    ("surer", lambda chances, right: round(surer(chances, right), 6)),
    ("left-of", left_of),
    ("left-of", left_from_the_end),
    ("left-of", left_by_itself),
    ("left-of", lambda gates, row: [left_of(gates, row)]),
    ("left-of", lambda gates, row: round(left_of(gates, row), 6)),
    ("left-of", lambda gates, row: left_of(tuple(gates), row)),
    ("alarm", alarm),
    ("alarm", alarm_in_one_pass),
    ("alarm", alarm_by_means),
    ("alarm", alarm_by_halves),
    ("alarm", lambda chances, right, threshold: tuple(round(one, 6) for one in alarm(chances, right, threshold))),
    ("alarm", lambda chances, right, threshold: [[one] for one in alarm(chances, right, threshold)]),
]

WRONG = [
    ("turn", "returns nothing yet", lambda answers: ...),
    ("turn", "rows are counted from 1", lambda answers: stays_from(answers) - 1),
    ("turn", "the answer changes once more", lambda answers: answers.index(answers[-1]) + 1),
    ("turn", "how many rows in a row", lambda answers: len(answers) - stays_from(answers) + 1),
    ("turn", "that is an answer", lambda answers: answers[-1]),
    ("turn", "how far up does its answer stay", len),
    ("turn", "go up from the last row", lambda answers: 100),
    ("turn", "the number of a row, a whole number", lambda answers: [1, 2]),
    ("turn", "for the answers [7, 4, 2, 2, 7, 7] it returns 3", lambda answers: 3),
    ("surer", "the sign is turned round", lambda chances, right: -surer(chances, right)),
    ("surer", "that is a sum", lambda chances, right: sum(chances) - sum(right)),
    ("surer", "take off what share is right", lambda chances, right: mean(chances)),
    ("surer", "by how much is the network surer", lambda chances, right: mean(right)),
    ("surer", "percentage points", lambda chances, right: 100 * surer(chances, right)),
    ("surer", "take the mean over all answers", lambda chances, right: of_the_right(chances, right) - mean(right)),
    ("surer", "where it is right, alone", of_the_right),
    ("surer", "without their signs",
     lambda chances, right: mean(abs(chance - one) for chance, one in zip(chances, right))),
    ("surer", "which of them is larger is lost", lambda chances, right: abs(surer(chances, right))),
    ("surer", "that is a ratio", lambda chances, right: mean(chances) / mean(right)),
    ("surer", "take two means", lambda chances, right: 7),
    ("surer", "one number", lambda chances, right: (mean(chances), mean(right))),
    ("left-of", "the gate of row 2 is in it too", lambda gates, row: left_of(gates, max(0, row - 1))),
    ("left-of", "the gate of row 3 is missing", lambda gates, row: left_of(gates, row + 1)),
    ("left-of", "not what is left", lambda gates, row: 1 - left_of(gates, row)),
    ("left-of", "that is a sum", lambda gates, row: sum(gates[row:])),
    ("left-of", "that is a mean", lambda gates, row: sum(gates[row:]) / max(1, len(gates) - row)),
    ("left-of", "up to that row", lambda gates, row: left_of(gates[:row], 0)),
    ("left-of", "these are all gates", lambda gates, row: left_of(gates, 0)),
    ("left-of", "the smallest gate", lambda gates, row: min(gates[row:] + [1.0])),
    ("left-of", "the last gate alone", lambda gates, row: gates[-1]),
    ("left-of", "a percentage", lambda gates, row: 100 * left_of(gates, row)),
    ("left-of", "after the last row everything is left", lambda gates, row: 7),
    ("left-of", "one number", lambda gates, row: gates),
    ("alarm", "in the wrong order", lambda *given: list(alarm(*given))[::-1]),
    ("alarm", "these are counts", counted),
    ("alarm", "the number of all answers", of_all),
    ("alarm", "percentages", lambda *given: [100 * share for share in alarm(*given)]),
    ("alarm", "the threshold itself sets off no alarm", at_most),
    ("alarm", "not above it", above),
    ("alarm", "that are noticed", lambda *given: (alarm(*given)[0], 1 - alarm(*given)[1])),
    ("alarm", "set off no alarm", lambda *given: (1 - alarm(*given)[0], alarm(*given)[1])),
    ("alarm", "a share of the alarms", of_the_alarms),
    ("alarm", "the two kinds of answers are swapped",
     lambda chances, right, threshold: alarm(chances, [not one for one in right], threshold)),
    ("alarm", "take the right answers by themselves", lambda *given: (0.123, 0.456)),
    ("alarm", "one for each answer", lambda chances, right, threshold: [chance < threshold for chance in chances]),
    ("alarm", "two shares, false alarms and misses", lambda *given: 0.5),
    ("alarm", "by what do you divide", lambda chances, right, threshold: [1 / 0, 0]),
    ("alarm", "two shares, false alarms and misses", lambda *given: ["few", "many"]),
]

"""Right and wrong answers in plain Python, which also run on a page."""

import math


def orders(steps):
    """Every order of the steps, as lists."""
    if len(steps) < 2:
        return [list(steps)]
    return [[steps[k]] + rest for k in range(len(steps)) for rest in orders(steps[:k] + steps[k + 1:])]


def ignores_order(function, sequence):
    return all(math.isclose(function(order), function(sequence), abs_tol=1e-9) for order in orders(sequence))


def ignores_order_in_one_line(function, sequence):
    return all(abs(function(order) - function(sequence)) < 1e-9 for order in orders(sequence))


def ignores_order_by_rounding(function, sequence):
    return len({round(function(order), 9) for order in orders(sequence)}) == 1


def ignores_order_by_extremes(function, sequence):
    results = [function(order) for order in orders(sequence)]
    return max(results) - min(results) < 1e-7


def ignores_order_as_a_number(function, sequence):
    return 1 if ignores_order(function, sequence) else 0


def ignores_order_by_swaps(function, sequence):
    """Neighbours that trade places reach every order; the results on the way are compared with the first."""
    seen, waiting = [], [list(sequence)]
    while waiting:
        steps = waiting.pop()
        if steps in seen:
            continue
        seen.append(steps)
        if abs(function(list(steps)) - function(list(sequence))) > 1e-9:
            return False
        waiting += [steps[:k] + [steps[k + 1], steps[k]] + steps[k + 2:] for k in range(len(steps) - 1)]
    return True


def only_the_reverse(function, sequence):
    return math.isclose(function(sequence[::-1]), function(sequence))


def only_rotations(function, sequence):
    return all(abs(function(sequence[k:] + sequence[:k]) - function(sequence)) < 1e-9 for k in range(len(sequence)))


def rotations_and_the_reverse(function, sequence):
    return only_rotations(function, sequence) and only_the_reverse(function, sequence)


def reverse_and_first_swap(function, sequence):
    swapped = sequence[:2][::-1] + sequence[2:]
    return only_the_reverse(function, sequence) and math.isclose(function(swapped), function(sequence))


def only_the_first_swap(function, sequence):
    """Right where the last step or the values tell, wrong where only the first two trade places."""
    if len(sequence) != 4 or function([4, 3, 2, 1]) == function([1, 2, 3, 4]):
        return ignores_order(function, sequence)
    return math.isclose(function(sequence[:2][::-1] + sequence[2:]), function(sequence))


def sorted_only(function, sequence):
    return math.isclose(function(sorted(sequence)), function(sequence))


def neighbours_among_the_results(function, sequence):
    results = [function(order) for order in orders(sequence)]
    return any(abs(results[k] - results[k + 1]) < 1e-9 for k in range(len(results) - 1)) or len(results) == 1


def exactly_equal(function, sequence):
    return len({function(order) for order in orders(sequence)}) == 1


def generous(function, sequence):
    return all(abs(function(order) - function(sequence)) < 0.01 for order in orders(sequence))


def count_rises(sequence):
    previous, rises = sequence[0], 0
    for x in sequence[1:]:
        rises += x > previous
        previous = x
    return rises


def count_with_infinity(sequence):
    previous, rises = math.inf, 0
    for x in sequence:
        if x > previous:
            rises += 1
        previous = x
    return rises


def count_by_position(sequence):
    return sum(1 for k in range(1, len(sequence)) if sequence[k] > sequence[k - 1])


def count_by_pairs(sequence):
    return len([1 for before, now in zip(sequence, sequence[1:]) if now > before])  # noqa: RUF007


def count_with_none(sequence):
    previous, rises = None, 0.0
    for x in sequence:
        rises += 1.0 if previous is not None and x > previous else 0.0
        previous = x
    return rises


def count_recursively(sequence):
    return 0 if len(sequence) < 2 else int(sequence[1] > sequence[0]) + count_recursively(sequence[1:])


def counts_the_first(sequence):
    previous, rises = -math.inf, 0
    for x in sequence:
        rises += x > previous
        previous = x
    return rises


def starts_from_zero(sequence):
    previous, rises = 0, 0
    for x in sequence:
        rises += x > previous
        previous = x
    return rises


def never_updates(sequence):
    return sum(x > sequence[0] for x in sequence)


def updates_on_a_rise(sequence):
    """Remembers the highest so far."""
    highest, rises = sequence[0], 0
    for x in sequence:
        if x > highest:
            highest, rises = x, rises + 1
    return rises


def at_least_as_high(sequence):
    return sum(sequence[k] >= sequence[k - 1] for k in range(1, len(sequence)))


def falls(sequence):
    return sum(sequence[k] < sequence[k - 1] for k in range(1, len(sequence)))


def stops_early(sequence):
    return count_rises(sequence[:-1]) if len(sequence) > 1 else 0


PATTERNS = ["many-to-one", "many-to-many", "sequence-to-sequence"] * 2
SPELLED = {"one": "many-to-one", "many": "many-to-many", "seq": "sequence-to-sequence"}


def patterns(words):
    """Six answers, each in a word."""
    return tuple(SPELLED[word] for word in words.split())


def behind_the_first(function, sequence):
    """Leaves the first step where it is."""
    return all(abs(function(sequence[:1] + order) - function(sequence)) < 1e-9 for order in orders(sequence[1:]))


def among_the_others(function, sequence):
    """The other orders are compared with each other, and not with the one that was given."""
    results = [function(order) for order in orders(sequence) if order != sequence]
    return all(abs(result - results[0]) < 1e-9 for result in results)


def remember(sequence, keep, start=0.0, new=1.0):
    h, states = start, []
    for x_t in sequence:
        h = keep * h + new * x_t
        states.append(h)
    return states


def remember_by_list(sequence, keep):
    states = [0.0]
    for x_t in sequence:
        states.append(states[-1] * keep + x_t)
    return states[1:]


def remember_by_powers(sequence, keep):
    return [sum(keep ** (t - s) * sequence[s] for s in range(t + 1)) for t in range(len(sequence))]


def remember_as_generator(sequence, keep):
    h = 0
    for x_t in sequence:
        h = h * keep + x_t
        yield h


def remember_recursively(sequence, keep):
    if not sequence:
        return []
    before = remember_recursively(sequence[:-1], keep)
    return before + [sequence[-1] + (keep * before[-1] if before else 0.0)]


def remember_by_position(sequence, keep):
    states = [0.0] * len(sequence)
    for t in range(len(sequence)):
        states[t] = sequence[t] + keep * (states[t - 1] if t else 0)
    return tuple(states)


def remember_too_early(sequence, keep):
    h, states = 0.0, []
    for x_t in sequence:
        states.append(h)
        h = keep * h + x_t
    return states


def remember_with_the_start(sequence, keep):
    return [0.0] + remember(sequence, keep)


def remember_the_first_step_only(sequence, keep):
    for x_t in sequence:
        return [x_t]


def remember_the_last_input(sequence, keep):
    return [keep * before + x_t for before, x_t in zip([0.0] + sequence[:-1], sequence)]


def remember_what_append_returns(sequence, keep):
    h, states = 0.0, []
    for x_t in sequence:
        h = keep * h + x_t
        states = states.append(h)
    return states


RIGHT = [
    ("fool", [1, 2, 3], [2, 1, 3]),
    ("fool", (1, 2, 3), [2, 1, 3]),
    ("fool", [0.5, -1.0, 0.5, 4.0], [-1.0, 0.5, 0.5, 4.0]),
    ("fool", range(4), (2, 1, 0, 3)),
    ("fool", [1, 1, 2, 2, 7], [2.0, 1.0, 2.0, 1.0, 7.0]),
    ("fool", [[1], [2], [3]], [[2], [1], [3]]),
    ("fool", [0, 10, 0, 0], [10, 0, 0, 0]),
    ("ignores-order", ignores_order),
    ("ignores-order", ignores_order_in_one_line),
    ("ignores-order", ignores_order_by_rounding),
    ("ignores-order", ignores_order_by_extremes),
    ("ignores-order", ignores_order_as_a_number),
    ("ignores-order", ignores_order_by_swaps),
    ("count-rises", count_rises),
    ("count-rises", count_with_infinity),
    ("count-rises", count_by_position),
    ("count-rises", count_by_pairs),
    ("count-rises", count_with_none),
    ("count-rises", count_recursively),
    ("count-rises", lambda sequence: [count_rises(sequence)]),
    ("patterns",) + tuple(PATTERNS),
    ("patterns", "Many to one", "many_to_many", "seq2seq", "many-to-one", "MANY-TO-MANY", "sequence to sequence"),
    ("patterns",) + tuple([pattern.upper() for pattern in PATTERNS]),
    ("patterns",) + tuple([pattern.replace("-", " ") for pattern in PATTERNS]),
    ("patterns",) + tuple([pattern.replace("-", "_") for pattern in PATTERNS]),
    ("patterns",) + tuple([" " + pattern + " " for pattern in PATTERNS]),
    ("patterns",) + tuple([pattern.replace("sequence", "seq") for pattern in PATTERNS]),
    ("turn", remember),
    ("turn", remember_by_list),
    ("turn", remember_by_powers),
    ("turn", remember_as_generator),
    ("turn", remember_recursively),
    ("turn", remember_by_position),
]

WRONG = [
    ("fool", "same sequence", [1, 2, 3], [1, 2, 3]),
    ("fool", "sees the last step", [1, 2, 3], [3, 2, 1]),
    ("fool", "sums are equal, but", [1, 5, 3], [2, 4, 3]),
    ("fool", "they hold different values", [1, 2, 3], [1, 4, 3]),
    ("fool", "the same length", [1, 2, 3], [1, 3]),
    ("fool", "a list of numbers", "dog", "god"),
    ("fool", "both sequences are empty", [], []),
    ("fool", "a list of numbers", 123, 213),
    ("ignores-order", "more than the reverse", only_the_reverse),
    ("ignores-order", "more than rotations and the reverse", rotations_and_the_reverse),
    ("ignores-order", "more than the reverse", lambda function, sequence: only_rotations(function, sequence)
        or only_the_reverse(function, sequence)),
    ("ignores-order", "when the first two steps trade places", reverse_and_first_swap),
    ("ignores-order", "a + b + 2c + 5d", only_the_first_swap),
    ("ignores-order", "the last step changes", sorted_only),
    ("ignores-order", "more than rotations", neighbours_among_the_results),
    ("ignores-order", "rounding and not information", exactly_equal),
    ("ignores-order", "the last step changes", lambda function, sequence: True),
    ("ignores-order", "same in every order", lambda function, sequence: False),
    ("ignores-order", "same in every order", lambda function, sequence: not ignores_order(function, sequence)),
    ("ignores-order", "tolerance too wide", generous),
    ("ignores-order", "returns nothing yet", lambda function, sequence: None),
    ("ignores-order", "the maximum does not care", lambda function, sequence: function(sequence) == sum(sequence)),
    ("ignores-order", "compares only the first two steps", behind_the_first),
    ("ignores-order", "with the original one", among_the_others),
    ("ignores-order", "one step alone",
     lambda function, sequence: len(sequence) > 1 and ignores_order(function, sequence)),
    ("count-rises", "one too many", counts_the_first),
    ("count-rises", "one too many", starts_from_zero),
    ("count-rises", "update what you remember", never_updates),
    ("count-rises", "not the highest so far", updates_on_a_rise),
    ("count-rises", "no rise", at_least_as_high),
    ("count-rises", "how often it falls", falls),
    ("count-rises", "compare each step with the one before it", stops_early),
    ("count-rises", "not one per step", lambda sequence: [0] * len(sequence)),
    ("count-rises", "returns nothing yet", lambda sequence: ...),
    ("count-rises", "should be a function, but it is int", count_rises([1, 2, 3])),
    ("count-rises", "for a sequence of 60 steps you count 20",
     lambda sequence: count_rises([int(x) for x in sequence])),
    ("patterns", "stars is not many-to-many: how many answers") + patterns("many many seq one many seq"),
    ("patterns", "heartbeat is not sequence-to-sequence: how many answers") + patterns("one many seq seq many seq"),
    ("patterns", "translation is not many-to-many: that would give exactly") + patterns("one many many one many seq"),
    ("patterns", "summary is not many-to-many: that would give exactly") + patterns("one many seq one many many"),
    ("patterns", "summary is not many-to-one") + patterns("one many seq one many one"),
    ("patterns", "alarm is not sequence-to-sequence") + patterns("one many seq one seq seq"),
    ("patterns", "alarm is not many-to-one: one answer for the whole") + patterns("one many seq one one seq"),
    ("patterns", "word_types is not many-to-one") + patterns("one one seq one many seq"),
    ("patterns", "the three patterns are", "one-to-one") + tuple(PATTERNS[1:]),
    ("patterns", "six answers are expected") + tuple(PATTERNS[:5]),
    ("turn", "before the new input has come", remember_too_early),
    ("turn", "is not one of them", remember_with_the_start),
    ("turn", "One is there twice", lambda sequence, keep: [sequence[0]] + remember(sequence, keep)),
    ("turn", "The last step has a state too", lambda sequence, keep: remember(sequence, keep)[:-1]),
    ("turn", "inside the loop", remember_the_first_step_only),
    ("turn", "Nothing was put into the list", lambda sequence, keep: []),
    ("turn", "5 numbers instead of 4", lambda sequence, keep: remember(sequence, keep) + [1.0]),
    ("turn", "not one number", lambda sequence, keep: remember(sequence, keep)[-1]),
    ("turn", "a list with one state for each step", lambda sequence, keep: "1, 2.5"),
    ("turn", "append changes the list", remember_what_append_returns),
    ("turn", "what goes into the list", lambda sequence, keep: sequence),
    ("turn", "the sum so far", lambda sequence, keep: remember(sequence, 1.0)),
    ("turn", "multiplies the new input, and", lambda sequence, keep: remember(sequence, 1.0, new=keep)),
    ("turn", "It comes in whole", lambda sequence, keep: remember(sequence, keep, new=keep)),
    ("turn", "1 - keep", lambda sequence, keep: remember([3 * x for x in sequence], keep, new=(1 - keep) / 3)),
    ("turn", "the last input, not the last state", remember_the_last_input),
    ("turn", "not from 1", lambda sequence, keep: remember(sequence, keep, start=1.0)),
    ("turn", "not from the first input", lambda sequence, keep: remember(sequence, keep, start=sequence[0])),
    ("turn", "taken away", lambda sequence, keep: remember(sequence, keep, new=-1.0)),
    ("turn", "read from its end", lambda sequence, keep: remember(sequence[::-1], keep)),
    ("turn", "in the wrong order", lambda sequence, keep: remember(sequence, keep)[::-1]),
    ("turn", "all the last one", lambda sequence, keep: [remember(sequence, keep)[-1]] * len(sequence)),
    ("turn", "And yours?", lambda sequence, keep: [x + 0.1 for x in sequence]),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def counts_with(rise, start=0):
    return lambda sequence: start + sum(rise(sequence[k], sequence[k + 1]) for k in range(len(sequence) - 1))


def longest_run(sequence):
    best = run = 0
    for k in range(1, len(sequence)):
        run = run + 1 if sequence[k] > sequence[k - 1] else 0
        best = max(best, run)
    return best


def sets_the_count(sequence):
    rises = 0
    for k in range(1, len(sequence)):
        if sequence[k] > sequence[k - 1]:
            rises = +1
    return rises


def collects(what, skip=0, extra=()):
    """Walks as `remember` does, and returns what `what` makes of the states."""
    def remember(sequence, keep):
        h, states = 0.0, list(extra)
        for x_t in sequence:
            h = keep * h + x_t
            states.append(h)
        return what(states, sequence)
    return remember


WRONG += [
    ("ignores-order", "without quotes", lambda function, sequence: str(ignores_order(function, sequence))),
    ("ignores-order", "print only shows a value", lambda function, sequence: print(ignores_order(function, sequence))),
    ("count-rises", "no rise is seen", lambda sequence: 0),
    ("count-rises", "the count never gets beyond 1", sets_the_count),
    ("count-rises", "the count never gets beyond 1", lambda sequence: int(sequence[-1] > (sequence + sequence)[-2])
     if len(sequence) > 1 else 0),
    ("count-rises", "does the count not begin at 0", counts_with(lambda before, now: now > before, 1)),
    ("count-rises", "compare each step with the one before it", longest_run),
    ("count-rises", "that is how often it falls", counts_with(lambda before, now: now < before)),
    ("turn", "does every state go into the list", collects(lambda states, sequence: states[-1:])),
    ("turn", "the first as well as the last", collects(lambda states, sequence: states[1:])),
    ("turn", "what goes into the list", collects(lambda states, sequence: sequence)),
]

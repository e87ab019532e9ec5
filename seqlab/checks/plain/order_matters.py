"""Checks of the exercises on why order matters."""

from . import CheckFailed, call, close, exercises_of, expect_close, expect_count, fail, number, numbers, several, shown

exercise = exercises_of(__name__)
SEQUENCE_TO_SEQUENCE = ("seq2seq", "seq-to-seq", "sequence-2-sequence", "sequence-to-sequence")
PATTERNS = ("many-to-many", "many-to-one", "sequence-to-sequence")


@exercise("fool")
def _fool(first, second):
    first, second = numbers(first, "first", "a list of numbers"), numbers(second, "second", "a list of numbers")
    if not first and not second:
        fail("both sequences are empty; give them some steps")
    if len(first) != len(second):
        fail(f"first has {len(first)} steps and second has {len(second)}: give both the same length")
    if first == second:
        fail("first and second are the same sequence; the two must differ")
    if first[-1] != second[-1]:
        fail(f"first ends in {first[-1]:g}, second in {second[-1]:g}: "
             "a network that sees the last step tells them apart")
    if sorted(first) != sorted(second):
        also = "their sums are equal, but " if sum(first) == sum(second) else ""
        fail(f"{also}they hold different values. The bag scores each value with a network before it adds, "
             "so it can tell them apart")
    return "Neither network can tell these two apart, whatever its weights."


def _mirrored(steps):
    a, b, c, d = steps
    return a + 3 * b + 3 * c + d


def _around(steps):
    a, b, c, d = steps
    return a * b + b * c + c * d + d * a


def _paired(steps):
    a, b, c, d = steps
    return (a + b) * (c + d)


def _last_three(steps):
    """Blind to a swap of the first two steps and to nothing else."""
    a, b, c, d = steps
    return a + b + 2 * c + 5 * d


def _first_two(steps):
    return 1 if steps[0] < steps[1] else 0


@exercise("ignores-order")
def _ignores_order(ignores_order):
    for function, steps, expected, hint in [
        (sum, [1, 2, 3, 4], True, "the sum of whole numbers is the same in every order"),
        (max, [4, 1, 2], True, "the maximum does not care where it stands"),
        (lambda steps: steps[-1], [1, 2, 3], False, "the last step changes when the steps are reordered"),
        (_mirrored, [1, 2, 3, 4], False,
         "a + 3b + 3c + d is the same forwards and backwards but not in every order. "
         "Do you try more than the reverse?"),
        (_around, [1, 2, 3, 4], False,
         "ab + bc + cd + da stays the same when the steps are turned round in a circle, but not in every order. "
         "Do you try more than rotations and the reverse?"),
        (_paired, [1, 2, 3, 4], False,
         "(a + b)(c + d) stays the same backwards, and when the first two steps trade places, but not in every order. "
         "Do you try all orders?"),
        (_last_three, [1, 2, 3, 4], False,
         "a + b + 2c + 5d stays the same when the first two steps trade places, but not in every order. "
         "Do you try all orders?"),
        (_first_two, [1, 2, 3, 4], False,
         "a function that compares only the first two steps was taken for one that ignores order. "
         "Do you try all orders?"),
        (lambda steps: steps[0], [7, 1, 1, 1, 1], False,
         "the first step of 7, 1, 1, 1, 1 changes with the order. Do you compare every order with the original one?"),
        (sum, [0.1, 0.2, 0.3], True,
         "adding 0.1, 0.2 and 0.3 in another order differs in the last digit, which is rounding and not information. "
         "Compare with a tolerance, for example math.isclose"),
        (lambda steps: steps[0] / 100, [1.0, 1.1], False,
         "a difference of 0.001 is more than rounding. Is the tolerance too wide?"),
        (sum, [5], True, "one step alone has one order only"),
    ]:
        answer = call(ignores_order, function, list(steps), name="ignores_order")
        if isinstance(answer, str):
            fail(f"ignores_order should return True or False, but it returned the text {shown(answer)}. They stand "
                 "without quotes")
        try:
            answer = bool(answer)
        except (TypeError, ValueError, RuntimeError):
            fail(f"ignores_order should return True or False, but it returned {shown(answer)}")
        if answer != expected:
            fail(hint)
    return "It catches functions that look blind to order and are not."


def _rises(steps, rise=lambda before, now: now > before, start=0):
    """How often a step is a rise after the one before it."""
    return start + sum(rise(steps[k], steps[k + 1]) for k in range(len(steps) - 1))


def _highest(steps):
    return sum(steps[k] > max(steps[:k]) for k in range(1, len(steps)))


MISCOUNTED = [      # a cause, and what it gives: an answer has that cause if it counts so for every sequence
    ("no rise is seen. Does the loop end at its first turn, or is a step compared with itself, because what you "
     "remember has moved on already?", [lambda steps: 0]),
    ("a step that equals the one before is no rise",
     [lambda steps: _rises(steps, lambda before, now: now >= before)]),
    ("that is one too many. Is the first step counted, which has nothing before it, or does the count not begin at 0?",
     [lambda steps: _rises(steps, start=1), lambda steps: _rises([0] + steps),
      lambda steps: _rises(steps[-1:] + steps), lambda steps: _rises(steps, lambda before, now: now >= before, 1)]),
    ("that is how often it falls", [lambda steps: _rises(steps, lambda before, now: now < before)]),
    ("that is how often a step is above the first one. Do you update what you remember at every step?",
     [lambda steps: sum(now > steps[0] for now in steps)]),
    ("that is how often there is a new highest step. Remember the step before, not the highest so far", [_highest]),
    ("the count never gets beyond 1. Does it grow, or is it set anew at every step?",
     [lambda steps: min(1, _rises(steps)), lambda steps: _rises(steps[-2:])]),
]


def _counted(count_rises, steps):
    return number(call(count_rises, list(steps), name="count_rises"), "what count_rises returns",
                  "one number at the end, not one per step")


def _counts_like(count_rises, rule, cases):
    """Whether the answer counts as the rule does, wherever it counts at all."""
    for steps in cases:
        try:
            if _counted(count_rises, steps) != rule(steps):
                return False
        except CheckFailed:
            pass
    return True


@exercise("count-rises")
def _count_rises(count_rises):
    cases = [[1, 2, 3, 4], [4, 3, 2, 1], [-3, -2, -1], [2, 2, 3], [1, 5, 2, 3, 2, 4], [3, 1, 2, 0, 5], [5],
             [0.5, 1.5, 0.25] * 20, [4, 1, 3, 3, 6, 2]]
    for steps in cases:
        got = _counted(count_rises, steps)
        if got == _rises(steps):
            continue
        cause = "compare each step with the one before it, and remember the step before you go on"
        for words, rules in MISCOUNTED:
            if any(_counts_like(count_rises, rule, cases) for rule in rules):
                cause = words
                break
        some = str(steps) if len(steps) <= 6 else f"a sequence of {len(steps)} steps"
        fail(f"for {some} you count {got:g}: {cause}")
    return "Right for any length, even 1."


@exercise("patterns")
def _patterns(*answers):
    tasks = [("stars", "many-to-one"), ("word_types", "many-to-many"), ("translation", "sequence-to-sequence"),
             ("heartbeat", "many-to-one"), ("alarm", "many-to-many"), ("summary", "sequence-to-sequence")]
    if len(answers) != len(tasks):
        fail(f"six answers are expected, in the order {', '.join(task for task, _ in tasks)}; {len(answers)} came")
    for k, (task, pattern) in enumerate(tasks):
        given = str(answers[k]).strip().lower().replace("_", "-").replace(" ", "-")
        given = "sequence-to-sequence" if given in SEQUENCE_TO_SEQUENCE else given
        if given not in PATTERNS:
            fail(f"{task} is {shown(answers[k])}; the three patterns are {', '.join(PATTERNS)}")
        if given != pattern:
            fail(f"{task} is not {given}: {_pattern_hint(given, pattern)}")
    return "All six."


def _pattern_hint(given, wanted):
    if given == "many-to-one":
        return "one answer for the whole sequence is not enough here"
    if wanted == "many-to-one":
        return "how many answers does it ask for in all?"
    if given == "many-to-many":
        return "that would give exactly as many outputs as inputs, one beside each. Is that so?"
    return "that would read to the end before the first answer. Does it have to, and is the length really free?"


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

def _remembered(sequence, keep, start=0.0, new=1.0):
    h, states = start, []
    for x_t in sequence:
        h = keep * h + new * x_t
        states.append(h)
    return states


@exercise("turn")
def _turn(remember):
    for sequence, keep in (([2.0, 1.0, 3.0, 4.0], 0.75), ([5.0, -2.0, 3.0, 0.5, 7.0], 0.8),
                           ([3.0], 0.9), ([2.0, -1.0, 4.0], 0.0)):
        got = call(remember, list(sequence), keep, name="remember", hints={
            "not associated with a value": "what is the state before the first step?",
            "before assignment": "what is the state before the first step?",
            "NoneType": "append changes the list and returns nothing, so do not put its result into the list's name"})
        if len(sequence) > 1 and not several(got):
            fail("remember should return a list with one state for each step, not one number")
        want = _remembered(sequence, keep)
        got = numbers(got, "what remember returns", "a list with one state for each step")
        expect_count(got, len(want), "what remember returns", "one state for each step", {
            len(want) + 1: "The state before the first step, 0, is not one of them" if got and got[0] == 0 else
                           "One is there twice, or the list was not empty at first",
            len(want) - 1: "The last step has a state too" if close(got, want[:-1]) else
                           "Every step has a state, the first as well as the last",
            1: "Is the return inside the loop?" if close(got, want[:1]) else
               "Does every state go into the list, and is the list made before the loop?",
            0: "Nothing was put into the list"})
        start = f"for {sequence} and keep {keep:g}, the states"
        expect_close(got, want, start, [
            ("each is put into the list before the new input has come", [0.0] + want[:-1]),
            ("these are the inputs. What goes into the list, and does the old state come into it at the next step?",
             sequence),
            ("the old state is kept whole, so this is the sum so far", _remembered(sequence, 1.0)),
            ("keep multiplies the new input, and the old state is kept whole", _remembered(sequence, 1.0, new=keep)),
            ("keep multiplies the new input as well. It comes in whole", _remembered(sequence, keep, new=keep)),
            ("the new input is weighed with 1 - keep. Here it comes in whole",
             _remembered(sequence, keep, new=1 - keep)),
            ("what is carried along is the last input, not the last state",
             [keep * before + x_t for before, x_t in zip([0.0] + sequence[:-1], sequence)]),
            ("the state starts from 0, not from 1", _remembered(sequence, keep, start=1.0)),
            ("the state starts from 0, not from the first input", _remembered(sequence, keep, start=sequence[0])),
            ("the new input is taken away, not added", _remembered(sequence, keep, new=-1.0)),
            ("the sequence was read from its end", _remembered(sequence[::-1], keep)),
            ("they stand in the wrong order: the state after the first step comes first", want[::-1]),
            ("they are all the last one: has the same list or state been put in every time?", [want[-1]] * len(want)),
        ], f"By hand: {keep:g} * 0 + {sequence[0]:g}, then {keep:g} times that plus the next input. And yours?")
    return "A state, an update and a loop: a whole recurrent network."

"""Checks of the exercises of this chapter."""

from itertools import pairwise

import torch
from torch import nn

from . import call, exercise, expect_close, expect_tensor, fail, number, numbers

SEQUENCE_TO_SEQUENCE = {"seq2seq", "seq-to-seq", "sequence-2-sequence", "sequence-to-sequence"}
PATTERNS = {"many-to-one", "many-to-many", "sequence-to-sequence"}


@exercise("fool")
def _fool(first, second):
    first, second = numbers(first, "first", "a list of numbers"), numbers(second, "second", "a list of numbers")
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


@exercise("ignores-order")
def _ignores_order(ignores_order):
    def mirrored(steps):
        a, b, c, d = steps
        return a + 3 * b + 3 * c + d

    def first_two(steps):
        return 1 if steps[0] < steps[1] else 0

    for function, steps, expected, hint in [
        (sum, [1, 2, 3, 4], True, "the sum of whole numbers is the same in every order"),
        (max, [4, 1, 2], True, "the maximum does not care where it stands"),
        (lambda steps: steps[-1], [1, 2, 3], False, "the last step changes when the steps are reordered"),
        (mirrored, [1, 2, 3, 4], False,
         "a + 3b + 3c + d is the same forwards and backwards but not in every order. "
         "Do you try more than the reverse?"),
        (first_two, [1, 2, 3, 4], False,
         "a function that compares only the first two steps was taken for one that ignores order. "
         "Do you try all orders?"),
        (lambda steps: steps[0], [7, 1, 1, 1, 1], False,
         "the first step of 7, 1, 1, 1, 1 changes with the order. Do you compare every order with the original one?"),
        (sum, [0.1, 0.2, 0.3], True,
         "adding 0.1, 0.2 and 0.3 in another order differs in the last digit, which is rounding and not information. "
         "Compare with a tolerance, for example math.isclose"),
        (lambda steps: steps[0] / 100, [1.0, 1.1], False,
         "a difference of 0.001 is more than rounding. Is the tolerance too wide?"),
    ]:
        answer = call(ignores_order, function, list(steps), name="ignores_order")
        try:
            answer = bool(answer)
        except (TypeError, ValueError, RuntimeError):
            fail(f"ignores_order should return True or False, but it returned {answer!r:.60}")
        if answer != expected:
            fail(hint)
    return "It catches functions that look blind to order and are not."


@exercise("count-rises")
def _count_rises(count_rises):
    cases = [[1, 2, 3, 4], [4, 3, 2, 1], [-3, -2, -1], [2, 2, 3], [3, 1, 2, 0, 5], [5], [0.5, 1.5, 0.25] * 20]
    for steps in cases:
        pairs = list(pairwise(steps))
        got = number(call(count_rises, list(steps), name="count_rises"), "what count_rises returns",
                     "one number at the end, not one per step")
        want = sum(now > before for before, now in pairs)
        if got == want:
            continue
        shown = str(steps) if len(steps) <= 6 else f"a sequence of {len(steps)} steps"
        if got == sum(now >= before for before, now in pairs):
            cause = "a step that equals the one before is no rise"
        elif got == want + 1:
            cause = "that is one too many. Is the first step counted, which has nothing before it?"
        elif got == sum(now < before for before, now in pairs):
            cause = "that is how often it falls"
        elif got == sum(now > steps[0] for now in steps):
            cause = "that is how often a step is above the first one. Do you update what you remember?"
        else:
            cause = "compare each step with the one before it, and remember the step before you go on"
        fail(f"for {shown} you count {got:g}: {cause}")
    return "One remembered value, any length."


@exercise("patterns")
def _patterns(*answers):
    tasks = {"stars": "many-to-one", "word_types": "many-to-many", "translation": "sequence-to-sequence",
             "heartbeat": "many-to-one", "alarm": "many-to-many", "summary": "sequence-to-sequence"}
    if len(answers) != len(tasks):
        fail(f"six answers are expected, in the order {', '.join(tasks)}; {len(answers)} came")
    for (task, pattern), answer in zip(tasks.items(), answers, strict=True):
        given = str(answer).strip().lower().replace("_", "-").replace(" ", "-")
        given = "sequence-to-sequence" if given in SEQUENCE_TO_SEQUENCE else given
        if given not in PATTERNS:
            fail(f"{task} is {answer!r}; the three patterns are {', '.join(sorted(PATTERNS))}")
        if given != pattern:
            fail(f"{task} is not {given}: {_pattern_hint(given, pattern)}")
    return "All six."


def _pattern_hint(given: str, wanted: str) -> str:
    if given == "many-to-one":
        return "one answer for the whole sequence is not enough here"
    if wanted == "many-to-one":
        return "how many answers does it ask for in all?"
    if given == "many-to-many":
        return "that would give exactly as many outputs as inputs, one beside each. Is that so?"
    return "that would read to the end before the first answer. Does it have to, and is the length really free?"


@exercise("outputs")
def _outputs(classify, tag):
    batch, seq_len = 3, 7
    torch.manual_seed(0)
    x = torch.randn(batch, seq_len, 2)
    for num_layers in (1, 2):
        rnn = nn.RNN(2, 5, num_layers=num_layers, batch_first=True)
        head = nn.Linear(5, 4)
        with torch.no_grad():
            out, h_n = rnn(x)
            one, every = head(out[:, -1]), head(out)
            got = call(classify, rnn, head, x, name="classify")
            expect_tensor(got, (batch, 4), "what classify returns", "batch, classes", {
                (seq_len, 4): "It has one row per step of a single sequence: did you take out[-1]? "
                              "The batch is on axis 0",
                (batch, seq_len, 4): "It scores every step; only the last state is asked for here",
                (num_layers, batch, 4): "h_n has an axis for the layers in front; pick one layer",
                (batch, 5): "That is the state. Send it through the head",
            })
            expect_close(got, one, "what classify returns", {
                "these are the scores of the first step": head(out[:, 0]),
                "these come from the lowest layer. Which row of h_n belongs to the last one?": head(h_n[0]),
                "these are scores of the average over the steps": head(out.mean(dim=1)),
            })
            got = call(tag, rnn, head, x, name="tag")
            expect_tensor(got, (batch, seq_len, 4), "what tag returns", "batch, seq_len, classes", {
                (batch, 4): "There is one answer per sequence; an answer per step is asked for",
                (seq_len, batch, 4): "Axes 0 and 1 are swapped: the batch comes first",
                (batch, seq_len, 5): "These are the states. Send them through the head",
                (batch * seq_len, 4): "The steps of all sequences are in one row; keep the axes apart",
            })
            expect_close(got, every, "what tag returns")
    return "The last state for one answer, all states for one answer per step."

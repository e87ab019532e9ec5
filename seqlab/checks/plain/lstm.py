"""Checks of the exercises on the LSTM that need no tensor."""

import math

from . import call, close, exercises_of, expect_close, expect_count, fail, listed, number, numbers, several

exercise = exercises_of(__name__)


@exercise("forget-bias")
def _check_forget_bias(forget_bias_for):
    for steps in (10, 1, 28, 1000):
        got = number(call(forget_bias_for, steps, name="forget_bias_for", hints={
            "math domain": "The logarithm got 0, or less. Print what stands inside it: are its brackets right?"}),
            "what forget_bias_for returns")
        f = 0.5 ** (1 / steps)
        right = math.log(f / (1 - f))
        if abs(got - right) <= 1e-3 * max(1, abs(right)):
            continue
        name = f"forget_bias_for({steps})"
        for cause, value in [
            ("that is the gate itself, a number between 0 and 1; which number inside the sigmoid gives it?", f),
            ("the sign is the other way round: should a longer memory have a larger or a smaller bias?", -right),
            ("that undoes an exponential; undo the sigmoid", math.log(f)),
            ("that is how much the gate takes off in one step", 1 - f),
            ("that undoes a tanh; the gate is a sigmoid", math.atanh(f)),
            ("that is the gate put through the sigmoid once more; undo the sigmoid", 1 / (1 + math.exp(-f))),
            ("close for many steps, but not exact for few", math.log(steps / math.log(2))),
            ("close for many steps, but not exact", math.log(steps)),
            ("that gate keeps 1 - 1/steps in one step; how much is left after all of them?",
             math.log(max(steps - 1, 1e-9))),
            ("that is the logarithm to base 2; the sigmoid is made with e", right / math.log(2)),
        ]:
            if close(got, value, 1e-3):
                fail(f"{name} is not right: {cause}")
        left = (1 / (1 + math.exp(-max(min(got, 700), -700)))) ** steps
        fail(f"{name} gives {got:.4g}. With that bias, {left:.3g} of c is left after {steps} steps")
    return "Half is left, after one step as after a thousand."


def _put_together(stacked, order, block):
    """The numbers of the parts of a weight or a bias that have this many rows, in this order."""
    rows = [row for k in order for row in stacked[k * block:(k + 1) * block]]
    return [value for row in rows for value in (row if several(row) else [row])]


@exercise("reorder")
def _reorder(from_iofc):
    for rows, width in ((8, 3), (20, 5), (12, 0)):
        stacked = [[width * row + column for column in range(width)] if width else row for row in range(rows)]
        given = [list(row) for row in stacked] if width else list(stacked)
        one, parts = ("weight", "rows") if width else ("bias", "numbers")
        what, wanted, block = f"what from_iofc returns for a {one} of {rows} {parts}", f"a list of {parts}", rows // 4
        got = call(from_iofc, given, name="from_iofc", hints={
            "attribute": "What it is given is a list, which is cut by slices: stacked[from:to]"})
        got = listed(got, what, wanted)
        if given != stacked:
            fail("from_iofc changes the list that it is given: make a new one")
        if len(got) != rows:
            fail(f"{what} is a list of {len(got)}. "
                 + ("The four blocks are still apart: put them end to end" if len(got) == 4 else "Is a block missing?"))
        got = numbers(got, what, wanted)
        expect_count(got, rows * max(1, width), what, "as many as it was given")
        single = [4 * row + k for row in range(block) for k in (0, 2, 3, 1)]
        expect_close(got, _put_together(stacked, (0, 2, 3, 1), block), what, [
            ("nothing has moved yet", _put_together(stacked, (0, 1, 2, 3), block)),
            ("that is the way back, from i f g o to i o f c", _put_together(stacked, (0, 3, 1, 2), block)),
            ("the second block and the third are exchanged, and one more must move",
             _put_together(stacked, (0, 2, 1, 3), block)),
            ("the second block and the last are exchanged; say aloud what now stands third",
             _put_together(stacked, (0, 3, 2, 1), block)),
            ("it moves single rows; a block is a quarter of all rows", _put_together(stacked, single, 1)),
            ("the order is turned round", _put_together(stacked, (3, 2, 1, 0), block)),
        ], "Number the rows of a small bias from 0 on, send it through, and name the gate that stands in each block of "
           "the result")
    return "Every block in its place."


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _turn(keep_write_show):
    for f, i, g, o, c in ((0.9, 0.3, -0.5, 0.7, 1.6), (0.2, 0.8, 0.6, 0.4, -2.0), (0.6, 0.1, 0.9, 0.3, 0.7)):
        got = call(keep_write_show, f, i, g, o, c, name="keep_write_show")
        if not several(got):
            fail("what keep_write_show returns is one number. It should return two: what is shown, and the cell state")
        got = numbers(got, "what keep_write_show returns", "two numbers, the new h and the new c")
        expect_count(got, 2, "what keep_write_show returns", "the new h, and the new c")
        new = f * c + i * g
        given = f"for f {f:g}, i {i:g}, g {g:g}, o {o:g} and c {c:g}"
        if close(got, [new, o * math.tanh(new)]):
            fail("the two come in the other order: the new h first")
        expect_close(got[1:], [new], f"{given}, the new c", [
            ("the input gate and the forget gate are swapped: which one meets the old cell state?", [i * c + f * g]),
            ("the candidate is written whole. How much of it does i let through?", [f * c + g]),
            ("the old cell state is kept whole. What does f do to it?", [c + i * g]),
            ("nothing is written: what comes to the cell state at the plus?", [f * c]),
            ("nothing of the old cell state is kept", [i * g]),
            ("i is written, and g has no part in it", [f * c + i]),
            ("what is written is i + g; there the picture has a cross, not a plus", [f * c + i + g]),
            ("what f does to the cell state is no sum; there the picture has a cross, not a plus", [f + c + i * g]),
            ("g is squashed once more. It has been through its tanh", [f * c + i * math.tanh(g)]),
            ("the cell state itself is squashed. On it, steps only multiply and add", [math.tanh(new)]),
            ("1 - f stands where i should. So a GRU shares out; here i decides for itself", [f * c + (1 - f) * g]),
            ("o writes. Which gate stands in the picture beside the candidate?", [f * c + o * g]),
            ("it is the old one", [c]),
        ], "Follow the cell state from left to right: what happens at the cross, and what at the plus?")
        expect_close(got[:1], [o * math.tanh(new)], f"{given}, the new h", [
            ("the tanh on the way down from the cell state is missing", [o * new]),
            ("it shows the old cell state. Where does the arrow leave it, before the plus or behind it?",
             [o * math.tanh(c)]),
            ("it shows the old cell state, and the tanh is missing", [o * c]),
            ("the output gate has no part in it", [math.tanh(new)]),
            ("the tanh comes first, and the gate multiplies what it gives", [math.tanh(o * new)]),
            ("the cell state is squashed by a sigmoid. What stands in the box below it?", [o / (1 + math.exp(-new))]),
            ("what is shown is the candidate, not the cell state", [o * g]),
            ("what is shown is the candidate, not the cell state", [o * math.tanh(g)]),
            ("o and the tanh are added; there the picture has a cross, not a plus", [o + math.tanh(new)]),
            ("it is the new c", [new]),
        ], "The cell state is right. Follow the arrow that goes down from it, to the right")
    return "Keep, write, show: all that an LSTM does with its four numbers."

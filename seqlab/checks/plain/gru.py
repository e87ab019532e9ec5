"""Checks of what is asked on the GRU and needs no tensor."""

import math

from . import call, close, exercises_of, expect_close, expect_count, fail, numbers, several

exercise = exercises_of(__name__)
FOUR = "r, z, n, and the new state"


def _sigmoid(a):
    return 1 / (1 + math.exp(-a))


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _turn(gru_step):
    for x, h in ((0.4, -0.7), (-1.2, 0.3), (1.5, 0.9)):
        got = call(gru_step, x, h, name="gru_step")
        if not several(got):
            fail(f"what gru_step returns is one number. It should return four: {FOUR}")
        got = numbers(got, "what gru_step returns", f"four numbers, {FOUR}")
        expect_count(got, 4, "what gru_step returns", FOUR, {3: "Which of the four is missing?"})
        for what, value in [("r", got[0]), ("z", got[1])]:
            _expect_gate(what, value, x, h)
        _expect_rest(got, x, h)
    return "A whole step of a GRU. nn.GRU does the same, with vectors for the numbers."


def _expect_gate(what, got, x, h):
    """The first two of the four numbers, each by itself."""
    inside = {"r": x - 2 * h, "z": -2 * x + 2 * h + 2}
    other = "z" if what == "r" else "r"
    a = inside[what]
    expect_close([got], [_sigmoid(a)], f"for x {x:g} and h {h:g}, {what}", [
        ("it is not squashed: a gate lies between 0 and 1", [a]),
        (f"that is {other}. The order is {FOUR}", [_sigmoid(inside[other])]),
        ("that is n. The order is " + FOUR, [math.tanh(x + _sigmoid(inside["r"]) * (-h - 0.5))]),
        ("a gate is squashed by a sigmoid, not by tanh", [math.tanh(a)]),
        (f"that is 1 - {what}. Is the sign inside the sigmoid turned, or is it taken from 1 too early?",
         [_sigmoid(-a)]),
        ("the 2 at its end, the bias, is missing", [_sigmoid(-2 * x + 2 * h)]),
        ("the sign of the part with h is turned", [_sigmoid(a + 4 * h if what == "r" else a - 4 * h)]),
        ("it is squashed twice", [_sigmoid(_sigmoid(a))]),
    ], "Compare what stands inside the sigmoid with the formula, sign by sign. Does anything stand outside of it?")


def _expect_rest(got, x, h):
    """The candidate and the new state, once both gates are right."""
    r, z = _sigmoid(x - 2 * h), _sigmoid(-2 * x + 2 * h + 2)
    n = math.tanh(x + r * (-h - 0.5))
    new = (1 - z) * n + z * h
    given = f"for x {x:g} and h {h:g}"
    if close(got[2:], [new, n]):
        fail(f"{given}, n and the new state have changed places")
    expect_close(got[2:3], [n], f"{given}, n", [
        ("it is not squashed", [x + r * (-h - 0.5)]),
        ("the candidate is squashed by a sigmoid, so it could never be negative", [_sigmoid(x + r * (-h - 0.5))]),
        ("the -0.5 stands outside the bracket that r multiplies", [math.tanh(x - r * h - 0.5)]),
        ("the -0.5, a bias, is missing", [math.tanh(x - r * h)]),
        ("r multiplies the part with x too. What is r there to reset?", [math.tanh(r * (x - h - 0.5))]),
        ("r multiplies x. What is r there to reset?", [math.tanh(r * x - h - 0.5)]),
        ("r does nothing in it", [math.tanh(x - h - 0.5)]),
        ("the bracket is multiplied by z. Which gate decides what the candidate sees of the past?",
         [math.tanh(x + z * (-h - 0.5))]),
        ("the sign of h in the bracket is turned", [math.tanh(x + r * (h - 0.5))]),
        ("the sign of the 0.5 in the bracket is turned", [math.tanh(x + r * (-h + 0.5))]),
    ], "Both gates are right. Compare the bracket with the formula: what is in it, and what stands in front of it?")
    expect_close(got[3:], [new], f"{given}, the new state", [
        ("z has the other role: which of the two does z multiply, old or new?", [z * n + (1 - z) * h]),
        ("the candidate is added whole. How much of it does z let in?", [n + z * h]),
        ("the old state is added whole. How much of it does z keep?", [(1 - z) * n + h]),
        ("the old state is missing", [(1 - z) * n]),
        ("the candidate is missing", [z * h]),
        ("that is the candidate. Where does the old state go in?", [n]),
        ("that is the old state. Where does the candidate go in?", [h]),
        ("r mixes them. Which gate decides how much stays?", [(1 - r) * n + r * h]),
        ("it is squashed once more: a mixture of two numbers needs no tanh", [math.tanh(new)]),
    ], "r, z and n are right. The new state lies between n and the old state, and z says where")

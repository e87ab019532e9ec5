"""Hidden tests: the scalar RNN."""

import math

from instructor.hidden import exercise, expect, number


def run(x, W_x, W_h, b, h_0=0.0):
    states = [h_0]
    for x_t in x:
        states.append(math.tanh(W_x * x_t + W_h * states[-1] + b))
    return states[1:]


@exercise("scalar-rnn/states")
def test_states_from_zero(answer, draw):
    for count in (1, 4, draw.whole(5, 9)):
        x, weights = draw.numbers(count, -2, 2), draw.numbers(3)
        expect(answer.states(x, *weights), run(x, *weights), "From a state of zero, some states are not right.")


@exercise("scalar-rnn/states")
def test_states_from_another_state(answer, draw):
    x, weights, h_0 = draw.numbers(5, -2, 2), draw.numbers(3), draw.number(0.3, 0.9)
    expect(answer.states(x, *weights, h_0=h_0), run(x, *weights, h_0), "From a state that is given, some are wrong.")


@exercise("scalar-rnn/more-memory")
def test_the_states_at_the_larger_weight(answer):
    expect(answer.value("at_09"), run([1.0, 0.5, -1.0, 2.0], 0.8, 0.9, 0.1), "The four states are not right.", 1e-3)


@exercise("scalar-rnn/more-memory")
def test_the_state_that_moved_most(answer):
    was, now = (run([1.0, 0.5, -1.0, 2.0], 0.8, W_h, 0.1) for W_h in (0.5, 0.9))
    moved = [abs(one - other) for one, other in zip(was, now, strict=True)]
    said = answer.value("moved_most")
    said = int(said.strip().lower().removeprefix("h").strip("_ ")) if isinstance(said, str) else said
    expect(said, 1 + moved.index(max(moved)), "Another state moved more.")


@exercise("scalar-rnn/half-life")
def test_half_of_a_small_state_is_left(answer, draw):
    for steps in (1, 2, draw.whole(3, 9), draw.whole(10, 99)):
        expect(answer.weight_for(steps), 0.5 ** (1 / steps), "After that many steps it is not half that is left.")


@exercise("scalar-rnn/fixed-points")
def test_below_one_there_is_one(answer, draw):
    for W_h in (draw.number(0.05, 0.95), draw.number(-0.9, -0.1), draw.number(-9, -1.1), 1.0):
        expect(answer.count_fixed_points(W_h), 1, "At a weight of at most 1, the count is not right.")
    expect(answer.count_fixed_points(draw.number(1.5, 9)), 3, "Whatever the weight is, the count is the same.")


@exercise("scalar-rnn/fixed-points")
def test_above_one_there_are_three(answer, draw):
    for W_h in (draw.number(1.05, 1.5), draw.number(1.5, 9)):
        expect(answer.count_fixed_points(W_h), 3, "At a weight above 1, the count is not right.")


@exercise("scalar-rnn/forge")
def test_the_state_is_the_target(answer, draw):
    for count in (1, 3, draw.whole(4, 8)):
        history, target = draw.numbers(count, -2, 2), draw.number(-0.9, 0.9)
        last = answer.last_input(history, target)
        got = run([*history, float(number(last))], 0.8, 0.5, 0.1)[-1]
        expect(got, target, "With this input the state is not the target.")


@exercise("scalar-rnn/forge")
def test_the_first_input_too(answer, draw):
    target = draw.number(-0.9, 0.9)
    expect(answer.last_input([], target), (math.atanh(target) - 0.1) / 0.8,
           "Without a history the state before is zero, and then it is not right.")

"""Hidden tests: inside the LSTM."""

import torch

from instructor.hidden import exercise, expect


def drawn_answers(draw, count):
    """Probabilities of best answers, many of them alike, and whether they are right; both kinds occur."""
    right = [True, False, *(draw.whole(0, 9) < 7 for _ in range(count))]
    return [draw.whole(6, 20) / 20 for _ in right], right


@exercise("inside-the-lstm/surer")
def test_how_much_surer_than_right(answer, draw):
    for count in (3, draw.whole(20, 60)):
        chances, right = drawn_answers(draw, count)
        want = sum(chances) / len(chances) - sum(right) / len(right)
        expect(answer.surer(chances, right), want, "The difference of the two means is not right.", 1e-6)


@exercise("inside-the-lstm/left-of")
def test_what_is_left_of_a_row(answer, draw):
    for count in (1, 5, draw.whole(6, 28)):
        gates = [draw.number(0.3, 1) for _ in range(count)]
        for row in sorted({0, draw.whole(0, count), count}):
            want = torch.tensor(gates[row:], dtype=torch.float64).prod().item()
            expect(answer.left_of(gates, row), want, "It is not the share that the gates let through.", 1e-6)


@exercise("inside-the-lstm/alarm")
def test_false_alarms_and_misses(answer, draw):
    for count in (4, draw.whole(20, 60), draw.whole(20, 60)):
        chances, right = drawn_answers(draw, count)
        for threshold in (draw.random.choice(chances), 0.625):
            good = [chance for chance, one in zip(chances, right, strict=True) if one]
            bad = [chance for chance, one in zip(chances, right, strict=True) if not one]
            want = [sum(chance < threshold for chance in good) / len(good),
                    sum(chance >= threshold for chance in bad) / len(bad)]
            expect(answer.ask("list(alarm(chances, right, threshold))", chances=chances, right=right,
                              threshold=threshold), want, "False alarms or misses are not right.", 1e-6)


LINEAR = "load(nn.Linear(inputs, outputs), [weight, bias])"


def head_of(answer, draw, inputs, outputs):
    """The weight and bias of a head, and the head on the student's side."""
    weight, bias = draw.tensor(outputs, inputs), draw.tensor(outputs)
    return weight, bias, answer.make(LINEAR, inputs=inputs, outputs=outputs, weight=weight, bias=bias)


WITHOUT = "[read_without(head, states, labels, units, digit), states]"


@exercise("inside-the-lstm/without")
def test_digits_read_without_some_units(answer, draw):
    for units in ([1], [0, 2, 5], []):
        digits, size, classes = draw.whole(30, 60), draw.whole(6, 9), draw.whole(3, 5)
        weight, bias, head = head_of(answer, draw, size, classes)
        states = draw.tensor(digits, size)
        labels = (states @ weight.T + bias).argmax(dim=1)
        labels[:classes] = torch.arange(classes)
        changed = states.clone()
        changed[:, units] = states[:, units].mean(dim=0)
        digit = draw.whole(0, classes - 1)
        said = (changed @ weight.T + bias).argmax(dim=1)[labels == digit]
        got = answer.ask(WITHOUT, head=head, states=states, labels=labels, units=units, digit=digit)
        expect(got[0], (said == digit).double().mean().item(), "It is not the share of this digit that is read.")
        expect(got[1], states, "It changes the states that it is given.")


@exercise("inside-the-lstm/bug")
def test_probabilities_after_every_row(answer, draw):
    for digits, rows in ((1, 4), (draw.whole(2, 5), draw.whole(3, 6)), (3, 3)):
        weight, bias, head = head_of(answer, draw, 4, 3)
        states = draw.tensor(digits, rows, 4)
        got = answer.ask("row_by_row(lambda x: (x, None), head, states)", head=head, states=states)
        expect(got, (states @ weight.T + bias).softmax(dim=2), "These are not the probabilities after each row.")

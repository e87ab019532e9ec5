"""Hidden tests: what a net keeps."""

import math

import torch

from instructor.hidden import exercise, expect, is_finite, number, twin


@exercise("what-a-net-keeps/kept")
def test_symbols_that_are_kept(answer, draw):
    for _ in range(6):
        table = [[0] * 4 for _ in range(4)]
        for row in range(4):
            said = row if draw.whole(0, 2) else draw.whole(0, 3)
            table[row][said] += draw.whole(1, 50)
            if not draw.whole(0, 3):
                table[row][draw.whole(0, 3)] += draw.whole(1, 9)
        want = [k for k in range(4) if table[k][k] == sum(table[k]) == sum(row[k] for row in table)]
        expect(answer.ask("sorted(kept(table))", table=table), want, "The list is not right.")


@exercise("what-a-net-keeps/kept")
def test_all_none_and_two_under_one_name(answer, draw):
    one, other = draw.whole(1, 90), draw.whole(1, 90)
    whole = [[one if row == column else 0 for column in range(4)] for row in range(4)]
    expect(answer.ask("sorted(kept(table))", table=whole), [0, 1, 2, 3], "Of a net that keeps all it is not right.")
    whole[1] = [0, 0, other, 0]
    expect(answer.ask("sorted(kept(table))", table=whole), [0, 3], "Two symbols under one name are not seen.")
    mixed = [[one, other, 1, 1] for _ in range(4)]
    expect(answer.ask("sorted(kept(table))", table=mixed), [], "Of a net that keeps none it is not right.")


@exercise("what-a-net-keeps/best-rate")
def test_the_best_of_each_layer(answer, draw):
    for _ in range(3):
        runs, want = [], {}
        for layer in draw.random.sample(["rnn", "gru", "lstm", "mine"], 3):
            merits = {}
            for rate in draw.random.sample([0.1, 0.03, 0.01, 0.003], draw.whole(2, 4)):
                group = [(layer, rate, bool(draw.whole(0, 1)), draw.whole(100, 9999)) for _ in range(3)]
                runs += group
                merits[rate] = sum(one[2] for one in group), -sum(one[3] for one in group)
            want[layer] = max(merits, key=merits.get)
        draw.random.shuffle(runs)
        expect(answer.best_rate(runs), want, "Some layer does not get the rate that suits it best.")


@exercise("what-a-net-keeps/best-rate")
def test_of_equals_the_one_with_fewer_batches(answer, draw):
    few, many = draw.whole(100, 400), draw.whole(500, 900)
    for one, other in ((0.1, 0.01), (0.01, 0.1)):
        runs = [("gru", other, True, many), ("gru", one, True, few), ("gru", other, False, 1000),
                ("gru", one, False, 1000)]
        expect(answer.best_rate(runs), {"gru": one}, "Of rates that solved as often it is not the faster one.")


@exercise("what-a-net-keeps/chrono", share=2)
def test_each_gate_sees_its_bias(answer, draw):
    for hidden, longest in ((draw.whole(20, 60), draw.whole(10, 300)), (40, 20)):
        own, theirs = twin(answer, draw, f"nn.LSTM(3, {hidden})")
        given = answer.make("chrono(lstm, longest)", lstm=theirs, longest=longest)
        expect(answer.ask("given is lstm", given=given, lstm=theirs), True, "It does not return the LSTM it was given.")
        got = dict(answer.ask("[[name, one.detach()] for name, one in lstm.named_parameters()]", lstm=theirs))
        both = number(got["bias_ih_l0"]) + number(got["bias_hh_l0"])
        was = (own.bias_ih_l0 + own.bias_hh_l0).detach()
        i, f, rest = both[:hidden], both[hidden:2 * hidden], both[2 * hidden:]
        expect(rest, was[2 * hidden:], "The bias of another gate has changed.")
        expect(i, -f, "The input gate's bias is not the forget gate's with a minus.", 1e-3)
        expect(bool((f > -1e-3).all() and (f < math.log(longest - 1) + 1e-3).all()), True,
               "A forget gate's bias is not the logarithm of a number between 1 and longest - 1.")
        for name in ("weight_ih_l0", "weight_hh_l0"):
            expect(got[name], getattr(own, name).detach(), "A weight has changed.")


@exercise("what-a-net-keeps/chrono")
def test_the_numbers_are_drawn_evenly(answer, draw):
    longest = draw.whole(50, 200)
    got = number(answer.ask("(lambda one: (one.bias_ih_l0 + one.bias_hh_l0).detach())"
                            "(chrono(nn.LSTM(1, 2000), longest))", longest=longest))
    spans = (got[2000:4000].exp() - 1) / (longest - 2)
    expect(bool((spans.mean() - 0.5).abs() < 0.04 and (spans.std() - 12 ** -0.5).abs() < 0.03), True,
           "The numbers are not drawn evenly between 1 and longest - 1.")
    expect(len(set(spans.tolist())) > 1000, True, "The units do not each get a number of their own.")


LAYER = "load(nn.GRU(4, 4, batch_first=True), weights)"
HEAD = "load(nn.Linear(4, 4), [weight, torch.zeros(4)])"


def gru(answer, keeps):
    """A GRU that shows its input: the present one, or, where it keeps, the first one for ever."""
    w_ih, w_hh, b_ih = torch.zeros(12, 4), torch.zeros(12, 4), torch.zeros(12)
    w_ih[8:] = 20 * torch.eye(4)                    # n: the symbol
    w_hh[4:8] = 60.0 if keeps else 0.0              # z: shut as soon as there is a symbol
    b_ih[4:8] = -30.0
    return answer.make(LAYER, weights=[w_ih, w_hh, b_ih, torch.zeros(12)])


@exercise("what-a-net-keeps/bug", share=2)
def test_a_net_that_knows_only_the_present(answer, draw):
    knows_only_the_present(answer, 1, draw.whole(2, 30))


def knows_only_the_present(answer, *lags):
    """Every test asks this, so that none is passed by the program with its bug."""
    layer, head = gru(answer, False), answer.make(HEAD, weight=torch.eye(4))
    for lag in lags:
        got = float(number(answer.score(layer, head, lag)))
        expect(is_finite(got) and abs(got - 0.25) < 0.11, True, "A net without a memory does better or worse than "
               "chance.")


@exercise("what-a-net-keeps/bug")
def test_a_net_that_keeps_the_first(answer, draw):
    layer, head = gru(answer, True), answer.make(HEAD, weight=torch.eye(4))
    for lag in (1, draw.whole(2, 30)):
        expect(answer.score(layer, head, lag), 1.0, "A net that keeps the first symbol does not get all of them right.")
    knows_only_the_present(answer, 2)


@exercise("what-a-net-keeps/bug")
def test_what_the_head_says_counts(answer, draw):
    head = answer.make(HEAD, weight=torch.eye(4).roll(draw.whole(1, 3), dims=0))
    expect(answer.score(gru(answer, True), head, 3), 0.0, "What the head says is not what is compared.")
    knows_only_the_present(answer, 2)

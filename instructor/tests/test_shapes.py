"""Hidden tests: shapes."""

import torch
from torch import nn

from instructor.hidden import exercise, expect, number, twin

PREDICTED = {"a_out": (64, 28, 128), "a_h_n": (2, 64, 128), "a_c_n": (2, 64, 128), "b_out": (35, 16, 40),
             "b_h_n": (2, 16, 20), "c_h_n": (2, 16, 5), "c_c_n": (2, 16, 20), "d_out": (50, 8), "d_h_n": (3, 8)}


@exercise("shapes/predict")
def test_the_shapes_of_the_lstm(answer):
    for name in ("a_out", "a_h_n", "a_c_n"):
        expect(answer.ask(f"list({name})"), list(PREDICTED[name]), "A shape of layer a is not right.")


@exercise("shapes/predict")
def test_the_shapes_of_the_gru_in_two_directions(answer):
    for name in ("b_out", "b_h_n"):
        expect(answer.ask(f"list({name})"), list(PREDICTED[name]), "A shape of layer b is not right.")


@exercise("shapes/predict")
def test_the_shapes_with_a_projection_and_without_a_batch(answer):
    for name in ("c_h_n", "c_c_n", "d_out", "d_h_n"):
        expect(answer.ask(f"list({name})"), list(PREDICTED[name]), "A shape of layer c or d is not right.")


@exercise("shapes/ends")
def test_the_ends_of_the_last_layer(answer, draw):
    for layers in (1, 2, 3):
        inputs, hidden = draw.whole(2, 5), draw.whole(2, 7)
        gru = nn.GRU(inputs, hidden, layers, batch_first=True, bidirectional=True).double()
        with torch.no_grad():
            out, h_n = gru(draw.tensor(draw.whole(2, 5), draw.whole(2, 6), inputs))
        want = torch.cat([out[:, -1, :hidden], out[:, 0, hidden:]], dim=1)
        expect(answer.ends(out, h_n), want, "It is not what the last layer knows at the end of each direction.")


@exercise("shapes/count")
def test_the_count_of_every_kind(answer, draw):
    for kind, layer in (("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)):
        sizes = draw.whole(1, 9), draw.whole(1, 9)
        expect(answer.count_parameters(kind, *sizes), sum(one.numel() for one in layer(*sizes).parameters()),
               "Of one layer in one direction the count is not right.")


@exercise("shapes/count")
def test_the_count_with_options(answer, draw):
    for kind, layer in (("rnn", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)):
        for layers, both, bias in ((2, False, True), (1, True, True), (3, True, False), (1, False, False)):
            sizes = draw.whole(1, 9), draw.whole(1, 9)
            made = layer(*sizes, layers, bidirectional=both, bias=bias)
            got = answer.count_parameters(kind, *sizes, layers, both, bias)
            expect(got, sum(one.numel() for one in made.parameters()),
                   "With several layers, both directions, or no biases, the count is not right.")


@exercise("shapes/hidden-size")
def test_what_changes(answer):
    expect(answer.ask("sorted(set(map(str, changed)))"),
           sorted({"out", "h_n", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}),
           "These are not the tensors whose shape changes.")


@exercise("shapes/hidden-size")
def test_how_many_times_as_many(answer):
    small, large = (nn.RNN(4, size, batch_first=True) for size in (6, 12))
    for name, part in (("times_ih", "weight_ih"), ("times_hh", "weight_hh"), ("times_all", "")):
        counts = [sum(one.numel() for key, one in layer.named_parameters() if part in key) for layer in (small, large)]
        expect(answer.value(name), counts[1] / counts[0], "One of the factors is not right.")


@exercise("shapes/repair", share=2)
def test_it_reads_as_a_gru_of_two_layers(answer, draw):
    for batch, steps in ((3, 5), (4, 4), (1, 2)):
        own = nn.GRU(3, 4, num_layers=2, batch_first=True).double()
        weights, x = [draw.tensor(*one.shape, spread=0.7) for one in own.parameters()], draw.tensor(batch, steps, 3)
        own.load_state_dict(dict(zip(own.state_dict(), weights, strict=True)))
        reader = answer.make(MADE, weights=weights)
        with torch.no_grad():
            want = own(x)[1][-1]
        expect(answer.ask("reader(x)", reader=reader, x=x), want, "It does not return the end of the last layer.")


MADE = "load(Reader(3, 4), weights).eval()"        # what drops numbers while it trains drops none here


@exercise("shapes/repair")
def test_it_works_in_single_precision(answer, draw):
    got = number(answer.ask("Reader(3, 4)(x)", x=draw.tensor(2, 3, 3, dtype=torch.float32)))
    expect(got is not None and list(got.shape), [2, 4], "It does not work in float32.")


@exercise("shapes/repair")
def test_it_still_trains(answer, draw):
    own, _ = twin(answer, draw, "nn.GRU(3, 4, num_layers=2, batch_first=True)")
    weights, x, along = [one.detach() for one in own.parameters()], draw.tensor(2, 5, 3), draw.tensor(2, 4)
    reader = answer.make(MADE, weights=weights)
    got = answer.ask("gradients(reader(x), list(reader.parameters()), along)", reader=reader, x=x, along=along)
    want = torch.autograd.grad((own(x)[1][-1] * along).sum(), list(own.parameters()))
    expect(got, list(want), "Its weights do not get the gradients that they should.")

"""Checks of the exercises of this chapter."""

import contextlib

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_gradients, expect_tensor, fail, tensor

exercise = exercises_of(__name__)


@exercise("ends")
def _check_ends(ends):
    generator = torch.Generator().manual_seed(3)
    for layers, batch in ((1, 3), (2, 3), (3, 1)):
        gru = nn.GRU(2, 4, num_layers=layers, batch_first=True, bidirectional=True)
        with torch.no_grad():
            for parameter in gru.parameters():
                parameter.uniform_(-0.7, 0.7, generator=generator)
            out, h_n = gru(torch.randn(batch, 5, 2, generator=generator))
        name = f"what ends returns (num_layers={layers})"
        got = call(ends, out.clone(), h_n.clone(), name="ends")
        expect_tensor(got, (batch, 8), name, "batch, 2 * hidden_size", {
            (batch, 4): "That is as wide as one direction. Is one of the two missing, or were they added up? They "
                        "stand "
                        "side by side",
            (batch, 2, 4): "The directions still have an axis of their own: join them along the last axis",
            (batch, 16): "Too much stands side by side. out holds both directions at every step, and h_n a row for "
                         "each "
                         "layer and direction: which two of all these are the ends of the last layer?",
            (2 * layers, 8): "The rows of h_n, layers and directions, stand on axis 0, and the batch on axis 1",
            (5, 8): "That is one sequence with all its steps: the batch stands on axis 0",
            (2, batch, 4): "The directions still have an axis of their own: join them along the last axis",
            (2 * batch, 4): "They are joined along the batch: say dim=-1",
            (batch, 5, 8): "Those are all steps",
        })
        expect_close(got, torch.cat([h_n[-2], h_n[-1]], dim=-1), name, {
            "out[:, -1] holds the forward end, but its backward half has read only one step": out[:, -1],
            "out[:, 0] holds the backward end, but its forward half has read only one step": out[:, 0],
            "these are the ends of the lowest layer; the last layer's rows stand last": torch.cat([h_n[0], h_n[1]], -1),
            "the first half is from the lowest layer, the second from the last": torch.cat([h_n[0], h_n[-1]], -1),
            "the two halves are swapped: forward comes first": torch.cat([h_n[-1], h_n[-2]], -1),
            "the forward half is at the first step and the backward half at the last. Where does each one start?":
                torch.cat([out[:, 0, :4], out[:, -1, 4:]], -1),
            "it cuts out at 6, but hidden_size is 4 here: take the size from what you are given":
                torch.cat([out[:, -1, :6], out[:, 0, 6:]], -1),
            "reshape mixes the sequences up here: the directions stand on axis 0, before the batch":
                h_n[-2:].reshape(batch, 8),
            "this is an average over the steps, not the end": out.mean(dim=1),
        }, "out[:, t] holds both directions side by side, h_n one row for each layer and direction. Find each of your "
           "two halves in them: is that the last layer, and has that direction read every step there?")
    return "The end of both readers, for any number of layers."


@exercise("repair")
def _check_repair(reader_class):
    for batch, seq_len, input_size, hidden_size in ((3, 5, 4, 6), (2, 4, 3, 5)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            reader = _made(reader_class, input_size, hidden_size)
            x = torch.randn(batch, seq_len, input_size)
        name = f"what Reader({input_size}, {hidden_size}) returns for x {tuple(x.shape)}"
        with torch.no_grad():
            got = _read(reader, x)
            expect_tensor(got, (batch, hidden_size), name, "batch, hidden_size", {
                (seq_len, hidden_size): "There is one row for each step instead of one for each sequence: along which "
                                        "axis does it walk, or of which axis do you take the last?",
                (batch, 2 * hidden_size): "Both layers stand side by side; the last one alone is asked for",
                (2, batch, hidden_size): "That is all of h_n: choose a row",
                (batch, seq_len, hidden_size): "Those are all steps: choose one",
                (batch, 6): "Does it take its sizes from what it is given?",
            })
            _check_apart(reader, x, got)
            _check_top_layer(reader, x, got)
            _check_end(reader, x, got, name)
            _check_steps(reader, x, got)
            expect_tensor(_read(reader, x[:1]), (1, hidden_size), "what Reader returns for a batch of one",
                          "batch, hidden_size", {(hidden_size,): "The batch axis is gone: what does squeeze() do "
                                                                 "with every axis of size 1?"})
        _check_trains(reader, x)
        with torch.no_grad():
            _check_moves(reader, x)
    return "All four faults are gone."


def _made(reader_class, input_size, hidden_size):
    reader = call(reader_class, input_size, hidden_size, name="Reader")
    if not isinstance(reader, nn.Module):
        fail(f"Reader should be an nn.Module class, but calling it gives {type(reader).__name__}")
    if "_modules" not in vars(reader):
        fail("Reader has no layers yet: its __init__ begins with super().__init__() and then makes them")
    return reader.eval()


def _read(reader, x):
    """What the learner's Reader makes of x."""
    return tensor(call(reader, x.clone(), name="Reader", hints={
        "xpected hidden": "Which axis of x is the batch, and does the layer know that? A state of it is (num_layers, "
                          "batch, hidden_size)",
        "input.size(-1)": "Does the layer get its input_size from what Reader is given, and the features of x on the "
                          "last axis?"}), "what Reader returns")


def _check_apart(reader, x, got):
    """Sequences must not touch each other."""
    if not torch.allclose(_read(reader, x), got, atol=1e-6):
        fail("the same x gives another result the second time. Something in it is drawn anew: from what does the state "
             "start?")
    other = x.clone()
    other[0] += 1.0
    if not torch.allclose(_read(reader, other)[1:], got[1:], atol=1e-6):
        fail("another sequence 0 changes the result of sequence 1, and they must not touch: check batch_first")


def _check_steps(reader, x, got):
    """The end must know the first step and the last."""
    for step, name in ((-1, "last"), (0, "first")):
        other = x.clone()
        other[0, step] += 1.0
        if torch.allclose(_read(reader, other)[0], got[0], atol=1e-7):
            fail(f"the result does not depend on the {name} step of the sequence: which step do you return?")


def _recurrent_layers(reader):
    """Its built-in recurrent layers, first to last; two stacked ones are as good as num_layers=2."""
    return [module for module in reader.modules() if isinstance(module, (nn.RNNBase, nn.RNNCellBase))]


def _check_top_layer(reader, x, got):
    layers = _recurrent_layers(reader)
    if not layers:
        return
    if sum(getattr(layer, "num_layers", 1) for layer in layers) != 2:
        fail("Reader should keep its two layers")
    if not all(isinstance(layer, (nn.GRU, nn.GRUCell)) for layer in layers):
        fail(f"Reader should keep its GRU, but it has nn.{type(layers[0]).__name__}")
    if any(getattr(layer, "bidirectional", False) for layer in layers):
        fail("Reader should read in one direction, as BrokenReader does")
    if layers[0].input_size != x.shape[2]:
        fail(f"the layer reads {layers[0].input_size} numbers at a step, but x has {x.shape[2]} features. Which axis "
             "of x holds the features, and which the steps?")
    weights = [parameter for name, parameter in layers[-1].named_parameters()
               if not name.endswith("l0") or layers[-1].num_layers == 1]
    for parameter in weights:
        parameter.add_(0.1)
    same = torch.allclose(_read(reader, x), got, atol=1e-6)
    for parameter in weights:
        parameter.sub_(0.1)
    if same:
        fail("the last layer's weights have no effect on the result: which layer's row of h_n do you return?")


def _check_end(reader, x, got, name):
    """The same as an nn.GRU with the same weights, from zeros, at the end."""
    layers = _recurrent_layers(reader)
    if not layers:
        return
    gru = nn.GRU(x.shape[2], layers[0].hidden_size, num_layers=2, batch_first=True)
    own = [parameter for layer in layers for parameter in layer.parameters()]
    if [parameter.shape for parameter in own] != [parameter.shape for parameter in gru.parameters()]:
        fail(f"the layers have not the sizes of nn.GRU({x.shape[2]}, {gru.hidden_size}, num_layers=2)")
    for parameter, value in zip(gru.parameters(), own, strict=True):
        parameter.copy_(value)
    out, h_n = gru(x)
    expect_close(got, h_n[-1], name, {
        "this is the state after the first step, which has read nothing else": out[:, 0],
        "this is the average over the steps, not the end": out.mean(dim=1),
        "this is the largest value over the steps, not the end": out.amax(dim=1),
        "this mixes both layers; the last one alone is asked for": h_n.mean(dim=0),
        "this adds up both layers; the last one alone is asked for": h_n.sum(dim=0),
        "the state starts from ones, not from zeros": gru(x, torch.ones_like(h_n))[1][-1],
    }, "Give your two layers' weights to nn.GRU(..., num_layers=2, batch_first=True), and compare: does the state "
       "start from zeros, does it walk along axis 1, and is its last step all that you return?", tolerance=1e-5)


def _check_trains(reader, x):
    """A loss of what it returns must reach every weight of both layers; one without layers, some of its own."""
    layers, got = _recurrent_layers(reader), _read(reader, x)
    if not layers:
        expect_gradients(got, got, reader.parameters(), "what Reader returns", {})
        return
    own = [parameter for layer in layers for parameter in layer.parameters()]
    gru = nn.GRU(x.shape[2], layers[0].hidden_size, num_layers=2, batch_first=True)
    names = [name for name, _ in gru.named_parameters()]
    right = torch.func.functional_call(gru, dict(zip(names, own, strict=True)), (x,))[1][-1]
    expect_gradients(got, right, own, "what Reader returns", {})


def _check_moves(reader, x):
    """h_0 goes where the data goes: to another dtype, and to another device."""
    question = "From what does your h_0 take it, and does x stay as it is?"
    try:
        reader.double()(x.double())
    except Exception as problem:
        fail(f"with x in another dtype, torch.float64, it says: {problem}. {question}")

    class Reached(Exception):
        """Far enough: the shapes are known to be right, and the meta device takes long to load."""

    def look(layer, args, kwargs):
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
        if any(tensor.device.type != "meta" for tensor in tensors):
            fail(f"with x on another device, h_0 stays on the CPU. {question}")
        raise Reached

    layers = _recurrent_layers(reader)
    for layer in layers:
        layer.register_forward_pre_hook(look, with_kwargs=True)
    if layers:
        with contextlib.suppress(Reached):
            reader.to("meta")(x.to("meta"))


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _check_turn(next_state):
    for batch in (3, 1):
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(batch)
            cell = nn.RNNCell(4, 6)
            x_t, h = torch.randn(batch, 4), torch.randn(batch, 6)
            weights = [parameter.clone() for parameter in cell.parameters()]
            w_ih, w_hh, b_ih, b_hh = weights
            got = call(next_state, x_t.clone(), h.clone(), *weights, name="next_state", hints={
                "cannot be multiplied": "A weight is (out, in), and x_t and h have their features on the last axis: "
                                        "which of the two must turn?",
                "must match the size": "* multiplies number by number, and @ is the matrix product. And is the batch "
                                       "still the first axis where a bias is added?"})
            got = expect_tensor(got, (batch, 6), "the next state", "batch, hidden_size", {
                (6, batch): "Batch and state have changed places"})
            from_x, from_h = x_t @ w_ih.T, h @ w_hh.T
            expect_close(got, cell(x_t, h), "the next state", {
                "it is not squashed: what keeps a state between -1 and 1?": from_x + from_h + b_ih + b_hh,
                "both biases are missing": torch.tanh(from_x + from_h),
                "one of the two biases is missing, b_hh": torch.tanh(from_x + from_h + b_ih),
                "one of the two biases is missing, b_ih": torch.tanh(from_x + from_h + b_hh),
                "it has forgotten h": torch.tanh(from_x + b_ih + b_hh),
                "it has not read x_t": torch.tanh(from_h + b_ih + b_hh),
                "it is squashed by a sigmoid; the network of one number had another function":
                    torch.sigmoid(from_x + from_h + b_ih + b_hh),
                "weight_hh is turned: it multiplies from the left, and here h stands on the left":
                    torch.tanh(from_x + h @ w_hh + b_ih + b_hh),
                "two parts are squashed each for itself, and then added":
                    torch.tanh(from_x + b_ih) + torch.tanh(from_h + b_hh),
            }, "Take the formula of the network of one number, and write a matrix product for each of its products")
    return "The same formula, with matrices for numbers: one step of nn.RNN."

"""Checks of the exercises of this chapter."""

import contextlib
import warnings

import torch
from torch import nn

from . import call, exercise, expect_close, expect_tensor, fail, number

ROWS = "num_layers * directions"
LAYERS = {
    "a": (nn.LSTM, (28, 128), {"num_layers": 2, "batch_first": True}, (64, 28, 28)),
    "b": (nn.GRU, (10, 20), {"bidirectional": True}, (35, 16, 10)),
    "c": (nn.LSTM, (10, 20), {"bidirectional": True, "proj_size": 5, "batch_first": True}, (16, 35, 10)),
    "d": (nn.RNN, (3, 8), {"num_layers": 3}, (50, 3)),
}
"""The layers of the first exercise: kind, sizes, options, and the shape of x."""

AXES = {
    "a_out": ("batch", "seq_len", "features"), "a_h_n": (ROWS, "batch", "features"),
    "a_c_n": (ROWS, "batch", "features"),
    "b_out": ("seq_len", "batch", "features"), "b_h_n": (ROWS, "batch", "features"),
    "c_h_n": (ROWS, "batch", "features"), "c_c_n": (ROWS, "batch", "features"),
    "d_out": ("seq_len", "features"), "d_h_n": (ROWS, "features"),
}
HINTS = {
    "seq_len": "Which axis of x holds the steps? Look at batch_first, and at what the default is",
    "batch": "Which axis of x is the batch? Look at batch_first, and at what the default is",
    ROWS: "Count one row for every layer and every direction",
}
FEATURES = {
    "out": "out shows the last layer only: the size of the state that is shown, once for every direction",
    "h_n": "Each row of h_n is one layer in one direction, and has the size of the state that is shown",
    "c_n": "c_n is what is carried inside. Does proj_size shrink that?",
}


def _shapes_of(letter: str) -> dict[str, tuple[int, ...]]:
    kind, sizes, options, x_shape = LAYERS[letter]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")     # PyTorch notes that proj_size takes a slower path
        out, state = kind(*sizes, **options)(torch.zeros(x_shape))
    states = state if isinstance(state, tuple) else (state,)
    return {f"{letter}_{name}": tuple(t.shape) for name, t in zip(("out", "h_n", "c_n"), (out, *states), strict=False)}


@exercise("predict")
def _check_predict(*answers):
    want = {name: shape for letter in LAYERS for name, shape in _shapes_of(letter).items() if name in AXES}
    if len(answers) != len(AXES):
        fail(f"the check takes {len(AXES)} shapes, {', '.join(AXES)}, but it got {len(answers)}")
    for (name, axes), answer in zip(AXES.items(), answers, strict=True):
        tensor = name[2:]
        if not isinstance(answer, (tuple, list)) or not all(isinstance(size, int) for size in answer):
            fail(f"{name} should be a shape, a tuple of whole numbers, but it is {answer!r:.40}")
        shape = tuple(answer)
        if len(shape) != len(want[name]):
            cause = "Does this x have a batch axis?" if name.startswith("d") else "Name its axes one by one"
            fail(f"{name} has the wrong number of axes: {len(shape)}. {cause}")
        if shape != want[name] and tensor != "out" and shape == (want[name][1], want[name][0], *want[name][2:]):
            fail(f"{name} has two axes swapped. Where does the batch stand in a state, whatever batch_first says?")
        for axis, (got, size) in enumerate(zip(shape, want[name], strict=True)):
            if got != size:
                fail(f"{name}: axis {axis} ({axes[axis]}) is not {got}. {HINTS.get(axes[axis]) or FEATURES[tensor]}")
    return "All nine shapes, without running a layer."


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
            (batch, 4): "That is one direction only",
            (2, batch, 4): "The directions still have an axis of their own: join them along the last axis",
            (2 * batch, 4): "They are joined along the batch: say dim=-1",
            (batch, 5, 8): "Those are all steps",
        })
        causes = {
            "out[:, -1] holds the forward end, but its backward half has read only one step": out[:, -1],
            "out[:, 0] holds the backward end, but its forward half has read only one step": out[:, 0],
            "these are the ends of the lowest layer; the last layer's rows stand last": torch.cat([h_n[0], h_n[1]], -1),
            "the two halves are swapped: forward comes first": torch.cat([h_n[-1], h_n[-2]], -1),
            "reshape mixes the sequences up here: the directions stand on axis 0, before the batch":
                h_n[-2:].reshape(batch, 8),
            "this is an average over the steps, not the end": out.mean(dim=1),
        }
        right = torch.cat([h_n[-2], h_n[-1]], dim=-1)
        causes = {cause: value for cause, value in causes.items() if not torch.equal(value, right)}
        expect_close(got, right, name, causes)
    return "The end of both readers, for any number of layers."


BUILT_IN = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}


def _count(kind, inputs, hidden, layers=1, both=False, bias=True, *, biases=2, deep_input=None, blocks=None) -> int:
    directions, total = 1 + both, 0
    for layer in range(layers):
        reads = inputs if layer == 0 else deep_input or directions * hidden
        total += directions * (blocks or BLOCKS[kind]) * hidden * (reads + hidden + biases * bias)
    return total


@exercise("count")
def _check_count(count_parameters):
    options = ((1, False, True), (1, False, False), (3, False, True), (1, True, True), (2, True, True))
    for kind in BUILT_IN:
        for layers, both, bias in options:
            layer = BUILT_IN[kind](5, 7, layers, bidirectional=both, bias=bias, device="meta")
            want = sum(p.numel() for p in layer.parameters())
            arguments = (kind, 5, 7, layers, both, bias)
            got = call(count_parameters, *arguments, name="count_parameters")
            count = number(got, "what count_parameters returns")
            if count == want:
                continue
            where = f"count_parameters{arguments} is not right"
            for cause, value in {
                "is there a bias beside each of the two matrices, or only one": _count(*arguments, biases=1),
                "it counts no biases": _count(*arguments, biases=0),
                "it counts biases although bias=False": _count(*arguments[:-1], True),
                "it counts one block; how many blocks does this kind stack": _count(*arguments, blocks=1),
                "what does a second layer read? Not x": _count(*arguments, deep_input=5),
                "what does a second layer read when the first goes both ways": _count(*arguments, deep_input=7),
                "it does not count the other layers": _count(kind, 5, 7, 1, both, bias),
                "it does not count the second direction": _count(kind, 5, 7, layers, False, bias),
            }.items():
                if count == value:
                    fail(f"{where}: {cause}")
            fail(f"{where}. Compare it with the shapes that named_parameters() shows")
    return "Right for all three kinds, with layers, directions and biases."


def _named_tensors(hidden_size: int) -> dict[str, torch.Tensor]:
    layer, x = nn.RNN(4, hidden_size, batch_first=True), torch.zeros(2, 5, 4)
    out, h_n = layer(x)
    return {"x": x, "out": out, "h_n": h_n, **dict(layer.named_parameters())}


@exercise("hidden-size")
def _check_hidden_size(changed, times_ih, times_hh, times_all):
    small, large = _named_tensors(6), _named_tensors(12)
    if isinstance(changed, str) or not all(isinstance(name, str) for name in changed):
        fail("changed should hold names, as in {'x', 'out'}")
    unknown = set(changed) - set(small)
    if unknown:
        fail(f"changed holds {', '.join(sorted(unknown))}; choose from {', '.join(small)}")
    moved = {name for name in small if small[name].shape != large[name].shape}
    for name in sorted(set(changed) ^ moved):
        if name == "x":
            fail("changed: x is yours. Does the layer's hidden_size change the data")
        fail(f"changed: look again at {name}. Does one of its axes have the size hidden_size, or not")
    weights = [name for name in small if name not in ("x", "out", "h_n")]
    axes = "How many of its two axes are hidden_size?"
    for name, got, counted, hint in (
        ("times_ih", times_ih, ["weight_ih_l0"], axes), ("times_hh", times_hh, ["weight_hh_l0"], axes),
        ("times_all", times_all, weights, "Add up all four parameters for each size, then divide"),
    ):
        before, after = (sum(tensors[part].numel() for part in counted) for tensors in (small, large))
        if abs(number(got, name) - after / before) > 1e-6:
            fail(f"{name} is not {got}. {hint}")
    return "Twice the state, and the weights between states grow with its square."


@exercise("repair")
def _check_repair(reader_class):
    torch.manual_seed(0)
    reader = call(reader_class, 4, 6, name="Reader")
    if not isinstance(reader, nn.Module):
        fail(f"Reader should be an nn.Module class, but calling it gives {type(reader).__name__}")
    if "_modules" not in vars(reader):
        fail("Reader has no layers yet: its __init__ begins with super().__init__() and then makes them")
    reader.eval()
    x = torch.randn(3, 5, 4)
    with torch.no_grad():
        got = call(reader, x, name="Reader")
        expect_tensor(got, (3, 6), "what Reader returns for x (3, 5, 4)", "batch, hidden_size", {
            (5, 6): "There is one row for each step instead of one for each sequence: along which axis does it walk?",
            (2, 3, 6): "That is all of h_n: choose a row",
            (3, 5, 6): "Those are all steps: choose one",
        })
        _check_reads(reader, x, got)
        _check_top_layer(reader, x, got)
        one = call(reader, x[:1], name="Reader")
        expect_tensor(one, (1, 6), "what Reader returns for a batch of one", "batch, hidden_size")
        _check_moves(reader, x)
    return "All four faults are gone."


def _check_reads(reader, x, got):
    """Sequences must not touch each other, and the end must know the first step and the last."""
    for step, name in ((-1, "last"), (0, "first")):
        other = x.clone()
        other[0, step] += 1.0
        new = reader(other)
        if not torch.allclose(new[1:], got[1:], atol=1e-6):
            fail("another sequence 0 changes the result of sequence 1, and they must not touch: check batch_first")
        if torch.allclose(new[0], got[0], atol=1e-7):
            fail(f"the result does not depend on the {name} step of the sequence: which step do you return")


def _recurrent_layers(reader):
    """Its built-in recurrent layers, first to last; two stacked ones are as good as num_layers=2."""
    return [module for module in reader.modules() if isinstance(module, nn.RNNBase)]


def _check_top_layer(reader, x, got):
    layers = _recurrent_layers(reader)
    if not layers:
        return
    if sum(layer.num_layers for layer in layers) < 2:
        fail("Reader should keep its two layers")
    top = layers[-1]
    for parameter_name, parameter in top.named_parameters():
        if parameter_name.endswith(f"l{top.num_layers - 1}"):
            parameter.add_(0.1)
    if torch.allclose(reader(x), got, atol=1e-6):
        fail("the last layer's weights have no effect on the result: which layer's row of h_n do you return")


def _check_moves(reader, x):
    """h_0 goes where the data goes: to another dtype, and to another device."""
    question = "From what does your h_0 take it?"
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

"""Checks of the exercises of this chapter."""

import contextlib

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

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

"""Shapes: print them before you trust them, and say out loud what you expect them to be."""

import torch
from torch import nn

__all__ = ["expect_shape", "shape_table"]


def expect_shape(tensor: torch.Tensor, axes: str, **sizes: int) -> torch.Tensor:
    """Return `tensor` unchanged if its shape fits `axes`; otherwise say which axis is wrong.

    `axes` names one axis per word. A number must match exactly; a name stands for any size, but the same
    name must have the same size everywhere, and a size given as a keyword is fixed::

        expect_shape(x, "batch time 28")
        expect_shape(out, "batch time hidden", batch=len(x), hidden=128)

    Raises:
        TypeError: `tensor` is not a tensor.
        ValueError: the number of axes or the size of one of them is not the expected one, or a keyword
            names no axis.
    """
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"expect_shape: expected a tensor, got {_describe(tensor)}")
    words, shape = axes.split(), tuple(tensor.shape)
    unknown = set(sizes) - set(words)
    if unknown:
        raise ValueError(f"expect_shape: {', '.join(sorted(unknown))} is no axis of {axes!r}")
    wanted = "(" + ", ".join(f"{word}={sizes[word]}" if word in sizes else word for word in words) + ")"
    if len(words) != len(shape):
        raise ValueError(f"expected {len(words)} axes {wanted}, got {len(shape)}: {shape}. {_axis_hint(words, shape)}")
    known = dict(sizes)
    for axis, (word, size) in enumerate(zip(words, shape, strict=True)):
        want = int(word) if word.isdigit() else known.setdefault(word, size)
        if size != want:
            raise ValueError(f"axis {axis} ({word}) should be {want} but is {size}: "
                             f"expected {wanted}, got {shape}. {_swap_hint(words, shape, known)}".rstrip())
    return tensor


def _describe(value) -> str:
    if isinstance(value, tuple) and len(value) == 2:
        return (f"a tuple of {len(value)}; recurrent layers return (out, state), "
                "so unpack it first: out, state = layer(x)")
    return type(value).__name__


def _axis_hint(words: list[str], shape: tuple[int, ...]) -> str:
    if len(shape) == len(words) + 1 and 1 in shape:
        axis = max(axis for axis, size in enumerate(shape) if size == 1)   # the first may be a batch of one
        return f"Axis {axis} has size 1: squeeze({axis}) removes it."
    if len(shape) == len(words) - 1 and words[-1] == "1":
        return "The feature axis is missing: unsqueeze(-1) adds it."
    if len(shape) == len(words) - 1:
        return "One axis is missing: unsqueeze(0) adds a batch of one."
    return "Print the shape after each line to find where it changed."


def _swap_hint(words: list[str], shape: tuple[int, ...], known: dict[str, int]) -> str:
    want = [int(word) if word.isdigit() else known.get(word) for word in words]   # None: any size will do
    wrong = [axis for axis, size in enumerate(shape) if want[axis] not in (None, size)]
    if len(wrong) == 2 and shape[wrong[0]] == want[wrong[1]] and shape[wrong[1]] == want[wrong[0]]:
        return f"Axes {wrong[0]} and {wrong[1]} look swapped: transpose({wrong[0]}, {wrong[1]}), or check batch_first."
    if known.get("batch") is not None and len(shape) > 1 and shape[0] != known["batch"] == shape[1]:
        return "The batch stands on axis 1: is batch_first=True missing?"
    return ""


def shape_table(layer: nn.Module, x: torch.Tensor) -> None:
    """Run a recurrent `layer` on `x` and print the shape and the axes of everything that goes in and out.

    `layer` is an `nn.RNN`, `nn.GRU` or `nn.LSTM`; `x` is (batch, seq_len, input_size) with `batch_first=True`,
    (seq_len, batch, input_size) without, or (seq_len, input_size) for one sequence with no batch.

    Raises:
        TypeError: `layer` is no recurrent layer of PyTorch, or `x` is no tensor.
        ValueError: `x` has not 2 or 3 axes, or its last axis is not input_size.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html (inputs and outputs).
    """
    if not isinstance(layer, nn.RNNBase):
        raise TypeError(f"shape_table: expected an nn.RNN, nn.GRU or nn.LSTM, got {type(layer).__name__}")
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"shape_table: expected x to be a tensor, got {_describe(x)}")
    if x.dim() not in (2, 3) or x.shape[-1] != layer.input_size:
        raise ValueError(f"shape_table: x should have 3 axes (2 for one sequence with no batch), the last of them "
                         f"input_size={layer.input_size}, got {tuple(x.shape)}")
    with torch.no_grad():
        out, state = layer(x)
    h_n, c_n = state if isinstance(state, tuple) else (state, None)
    steps = ("batch, seq_len" if layer.batch_first else "seq_len, batch") if x.dim() == 3 else "seq_len"
    batch = ", batch" if x.dim() == 3 else ""
    directions = "2 directions x " if layer.bidirectional else ""
    h_size = "proj_size" if layer.proj_size else "hidden_size"
    rows = [("x", x, f"{steps}, input_size"),
            ("out", out, f"{steps}, {directions}{h_size}"),
            ("h_n", h_n, f"{directions}num_layers{batch}, {h_size}")]
    if c_n is not None:
        rows.append(("c_n", c_n, f"{directions}num_layers{batch}, hidden_size"))
    for name, tensor, axes in rows:
        print(f"{name:<4} {tuple(tensor.shape)!s:<14} ({axes})")

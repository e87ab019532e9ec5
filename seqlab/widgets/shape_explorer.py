"""Every shape that nn.RNN, nn.GRU and nn.LSTM can give you, and what any index into them picks."""

import math

import traitlets

from .base import Figure, module, result, styles
from .indexing import pick

LARGEST = 512


class ShapeExplorer(Figure):
    """A recurrent layer and its input: the shapes of all that comes out, and what an index expression picks of it.

    To set:
        kind: "rnn", "gru" or "lstm"
        batch, seq_len, input_size, hidden_size: 1 to 512 each
        num_layers: 1 to 4
        bidirectional, batch_first: as in PyTorch
        packed: whether sequences of different lengths are packed; their lengths then fall evenly, from seq_len for
            the first sequence to seq_len / batch for the last (rounded up)
        expression: what to pick, such as "out[:, -1]" or "h_n.view(num_layers, directions, batch, hidden_size)[-1, 0]":
            x, out, h_n or an LSTM's c_n, with indices, slices, None and ..., .view, .transpose and .shape
    To read:
        x_shape, out_shape, h_n_shape, c_n_shape, packed_shape: lists; empty where there is no such tensor
        lengths: the lengths of the sequences; empty unless packed
        parameters: how many numbers the layer learns
        picked_shape: the shape that the expression has; None where it is wrong
        picked_error: what PyTorch says to a wrong expression; otherwise empty
        code: the lines of PyTorch that make this layer and its input, and run it
    """

    _esm = module("shape_explorer.js")
    _styles = styles("shape_explorer.css")

    kind = traitlets.Unicode("rnn").tag(sync=True)
    batch = traitlets.Int(5).tag(sync=True)
    seq_len = traitlets.Int(7).tag(sync=True)
    input_size = traitlets.Int(4).tag(sync=True)
    hidden_size = traitlets.Int(6).tag(sync=True)
    num_layers = traitlets.Int(1).tag(sync=True)
    bidirectional = traitlets.Bool(False).tag(sync=True)
    batch_first = traitlets.Bool(True).tag(sync=True)
    packed = traitlets.Bool(False).tag(sync=True)
    expression = traitlets.Unicode("out[:, -1]").tag(sync=True)

    @traitlets.validate("kind")
    def _one_of_three(self, proposal):
        if proposal.value not in ("rnn", "gru", "lstm"):
            raise traitlets.TraitError(f'kind is "rnn", "gru" or "lstm"; got {proposal.value!r}.')
        return proposal.value

    @traitlets.validate("batch", "seq_len", "input_size", "hidden_size", "num_layers")
    def _not_too_large(self, proposal):
        name, largest = proposal.trait.name, 4 if proposal.trait.name == "num_layers" else LARGEST
        if not 1 <= proposal.value <= largest:
            raise traitlets.TraitError(f"{name} is a whole number from 1 to {largest} here; got {proposal.value}.")
        return proposal.value

    @result
    def x_shape(self):
        return [*self._first_axes(), self.input_size]

    @result
    def out_shape(self):
        return [*self._first_axes(), self._directions() * self.hidden_size]

    @result
    def h_n_shape(self):
        return [self._directions() * self.num_layers, self.batch, self.hidden_size]

    @result
    def c_n_shape(self):
        return self.h_n_shape if self.kind == "lstm" else []

    @result
    def packed_shape(self):
        return [sum(self.lengths), self.input_size] if self.packed else []

    @result
    def lengths(self):
        sequences = range(self.batch if self.packed else 0)
        return [math.ceil(self.seq_len * (self.batch - k) / self.batch) for k in sequences]

    @result
    def parameters(self):
        from torch import nn

        layer = getattr(nn, self.kind.upper())(self.input_size, self.hidden_size, self.num_layers,
                                               bidirectional=self.bidirectional, device="meta")
        return sum(weight.numel() for weight in layer.parameters())

    @result
    def picked_shape(self):
        return self._picked()[0]

    @result
    def picked_error(self):
        return self._picked()[1]

    @result
    def code(self):
        first = ", batch_first=True" if self.batch_first else ""
        options = (f", num_layers={self.num_layers}" if self.num_layers > 1 else "") + first
        options += ", bidirectional=True" if self.bidirectional else ""
        state = "(h_n, c_n)" if self.kind == "lstm" else "h_n"
        lines = [
            "import torch",
            "from torch import nn",
            "",
            f"x = torch.randn{tuple(self.x_shape)}  # ({', '.join(self._order())}, input_size)",
            f"layer = nn.{self.kind.upper()}({self.input_size}, {self.hidden_size}{options})",
        ]
        if not self.packed:
            return "\n".join([*lines, f"out, {state} = layer(x)"])
        many = self.batch > 8
        formula = f"[math.ceil({self.seq_len} * ({self.batch} - k) / {self.batch}) for k in range({self.batch})]"
        lines[2:2] = ["from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence"]
        lines[:0] = ["import math"] if many else []
        return "\n".join([
            *lines,
            f"lengths = torch.tensor({formula if many else self.lengths})",
            f"packed = pack_padded_sequence(x, lengths{first})",
            f"packed_out, {state} = layer(packed)",
            f"out, _ = pad_packed_sequence(packed_out{first})",
        ])

    def _picked(self):
        """The shape of what the expression picks and "", or None and what PyTorch says; on tensors without numbers."""
        import torch

        def empty(shape):
            return torch.empty(shape, device="meta")

        out = empty([self.seq_len, self.batch, self.out_shape[2]])  # step by step in memory, as PyTorch's layers do
        tensors = {"x": empty(self.x_shape), "out": out.transpose(0, 1) if self.batch_first else out,
                   "h_n": empty(self.h_n_shape)}
        tensors |= {"c_n": empty(self.c_n_shape)} if self.kind == "lstm" else {}
        sizes = {name: getattr(self, name) for name in ("batch", "seq_len", "input_size", "hidden_size", "num_layers")}
        try:
            return list(pick(self.expression, tensors, {**sizes, "directions": self._directions()}).shape), ""
        except (IndexError, NameError, RuntimeError, ValueError) as error:
            return None, str(error).split(" at index ")[0]

    def _directions(self):
        return 2 if self.bidirectional else 1

    def _order(self):
        return ("batch", "seq_len") if self.batch_first else ("seq_len", "batch")

    def _first_axes(self):
        return [getattr(self, axis) for axis in self._order()]

    def still(self):
        """The boxes, and the slices that are equal."""
        from ..plots.drawing import label
        from ..plots.style import SMALL, WIDTH
        from ..plots.tensors import shape_boxes

        order = self._order()
        twice = "2 * " * self.bidirectional
        axes = {"x": (*order, "input_size"), "out": (*order, f"{twice}hidden_size")}
        axes |= {name: (f"{twice}num_layers", "batch", "hidden_size") for name in ("h_n", "c_n")}
        shapes = {"x": self.x_shape, "out": self.out_shape, "h_n": self.h_n_shape}
        shapes |= {"c_n": self.c_n_shape} if self.kind == "lstm" else {}
        fig = shape_boxes(axes=axes, marked=self._marked(), **shapes)
        height = fig.get_size_inches()[1]
        fig.set_size_inches(WIDTH, height + 0.55)
        fig.axes[0].set_ylim(-0.55, height)
        label(fig.axes[0], WIDTH / 2, -0.2, self._equal_slices(), size=SMALL)
        return fig

    def _marked(self):
        """The slices that are equal, for the drawing; a packed batch has them in no one plane: words must do."""
        if self.bidirectional:
            forward, backward = ("A", -1, 0, 0.5), ("B", 0, 0.5, 1)
            marked = {"out": [forward, backward], "h_n": [("A", -2, 0, 1), ("B", -1, 0, 1)]}
        else:
            marked = {"out": [("A", -1, 0, 1)], "h_n": [("A", -1, 0, 1)]}
        return {} if self.packed and self.batch > 1 and self.seq_len > 1 else marked

    def _equal_slices(self):
        own_step = self.packed and self.batch > 1 and self.seq_len > 1
        last = ":, -1" if self.batch_first else "-1"
        if self.bidirectional:
            first = ":, 0" if self.batch_first else "0"
            forward = "each sequence's own last step" if own_step else f"out[{last}]"
            named = ("", "") if own_step else ("A: ", "B: ")
            return f"{named[0]}{forward}, forward half = h_n[-2];   {named[1]}out[{first}], backward half = h_n[-1]"
        return "out at each sequence's own last step = h_n[-1]" if own_step else f"A: out[{last}] = h_n[-1]"

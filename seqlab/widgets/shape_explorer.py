"""Every shape that nn.RNN, nn.GRU and nn.LSTM can give you: change an option and see what moves."""

import traitlets

from .base import Figure, module, styles

LARGEST = 512


class ShapeExplorer(Figure):
    """A recurrent layer and its input: the shapes of all that comes out, to scale, and which slices are equal.

    To set:
        kind: "rnn", "gru" or "lstm"
        batch, seq_len, input_size, hidden_size: 1 to 512 each
        num_layers: 1 to 4
        bidirectional, batch_first: as in PyTorch
        packed: whether sequences of different lengths are packed; their lengths then fall evenly, from seq_len for
            the first sequence to seq_len / batch for the last (rounded up)
    To read, once the figure is on a page (it computes them in the browser):
        x_shape, out_shape, h_n_shape, c_n_shape, packed_shape: lists; c_n only for an LSTM, packed only when packed
        lengths: the lengths of the sequences, when packed
        parameters: how many numbers the layer learns
        code: the lines of PyTorch that make this layer and its input, and run it
    """

    _esm = module("shape_explorer.js")
    _styles = styles("shape_explorer.css")

    kind = traitlets.Unicode("rnn").tag(sync=True)
    batch = traitlets.Int(2).tag(sync=True)
    seq_len = traitlets.Int(5).tag(sync=True)
    input_size = traitlets.Int(4).tag(sync=True)
    hidden_size = traitlets.Int(6).tag(sync=True)
    num_layers = traitlets.Int(1).tag(sync=True)
    bidirectional = traitlets.Bool(False).tag(sync=True)
    batch_first = traitlets.Bool(True).tag(sync=True)
    packed = traitlets.Bool(False).tag(sync=True)

    x_shape = traitlets.List().tag(sync=True)
    out_shape = traitlets.List().tag(sync=True)
    h_n_shape = traitlets.List().tag(sync=True)
    c_n_shape = traitlets.List().tag(sync=True)
    packed_shape = traitlets.List().tag(sync=True)
    lengths = traitlets.List().tag(sync=True)
    parameters = traitlets.Int(0).tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)

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

    def still(self):
        """The boxes, from a real layer, and the slices that are equal."""
        from torch import device, empty, nn

        from ..plots.drawing import label
        from ..plots.style import SMALL, WIDTH
        from ..plots.tensors import shape_boxes

        order = ("batch", "seq_len") if self.batch_first else ("seq_len", "batch")
        sizes = {"batch": self.batch, "seq_len": self.seq_len}
        with device("meta"):
            layer = getattr(nn, self.kind.upper())(self.input_size, self.hidden_size, self.num_layers,
                                                   batch_first=self.batch_first, bidirectional=self.bidirectional)
            x = empty(*(sizes[axis] for axis in order), self.input_size)
        out, state = layer(x)
        states = {"h_n": state[0], "c_n": state[1]} if self.kind == "lstm" else {"h_n": state}
        twice = "2 * " * self.bidirectional
        axes = {"x": (*order, "input_size"), "out": (*order, f"{twice}hidden_size")}
        axes |= {name: (f"{twice}num_layers", "batch", "hidden_size") for name in ("h_n", "c_n")}
        fig = shape_boxes(axes=axes, marked=self._marked(), x=x, out=out, **states)
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

"""Recurrent cells written out gate by gate, and the loop that runs them over a sequence.

Every cell has the interface of its `nn.*Cell` counterpart: one step in, one step out. Gate order and
parameter layout are PyTorch's too, so weights can be copied both ways and the results compared.
"""

import torch
from torch import nn

from .arguments import whole_numbers

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "Recurrent"]


class RNNCell(nn.Module):
    """h' = tanh(W_x x + b_x + W_h h + b_h)

    `x` is (batch, input_size), `h` and the result are (batch, hidden_size); both also work without the batch.
    Same as `nn.RNNCell`: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    (Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1).
    """

    blocks = 1              # how many hidden_size-high blocks the weight matrices stack
    state_names = ("h",)    # what the cell carries from step to step

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__()
        self.input_size, self.hidden_size = whole_numbers(input_size=input_size, hidden_size=hidden_size)
        self.x2h = nn.Linear(input_size, self.blocks * hidden_size, bias)
        self.h2h = nn.Linear(hidden_size, self.blocks * hidden_size, bias)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -hidden_size**-0.5, hidden_size**-0.5)

    def __init_subclass__(cls, **options):
        """A subclass that writes a `forward` of its own is called by it: the two halves here are not its own."""
        super().__init_subclass__(**options)
        if "forward" in vars(cls) and "project" not in vars(cls):
            cls.project = None

    def forward(self, x, state):
        _check_step(self, x, state)
        return self.step(self.project(x), state)

    def project(self, x):
        """What the input brings: it needs no state, so that it can be computed for all steps at once."""
        return self.x2h(x)

    def step(self, from_x, h):
        """The new state from the old one and `from_x` = project(x): what cannot be done before the last step ended."""
        return torch.tanh(from_x + self.h2h(h))


class GRUCell(RNNCell):
    """r, z = sigmoid(...);  n = tanh(W_xn x + b_xn + r * (W_hn h + b_hn));  h' = (1 - z) * n + z * h

    Reset gate r, update gate z, candidate n, stacked in that order. `x` is (batch, input_size), `h` and the
    result are (batch, hidden_size). The reset gate multiplies after W_hn, as in `nn.GRUCell`:
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    (Cho et al., 2014, https://doi.org/10.3115/v1/D14-1179, multiply before).
    """

    blocks = 3

    def step(self, from_x, h):
        r_x, z_x, n_x = from_x.chunk(3, dim=-1)
        r_h, z_h, n_h = self.h2h(h).chunk(3, dim=-1)
        r = torch.sigmoid(r_x + r_h)
        z = torch.sigmoid(z_x + z_h)
        n = torch.tanh(n_x + r * n_h)
        return (1 - z) * n + z * h


class LSTMCell(RNNCell):
    """c' = f * c + i * g;  h' = o * tanh(c')  with  i, f, o = sigmoid(...)  and  g = tanh(...)

    Input gate i, forget gate f, candidate g, output gate o, stacked in that order. `x` is (batch, input_size),
    the state is a tuple (h, c) of two (batch, hidden_size) tensors, and so is the result. Same as `nn.LSTMCell`:
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
    (Hochreiter & Schmidhuber, 1997, https://doi.org/10.1162/neco.1997.9.8.1735, with the forget gate of
    Gers et al., 2000, https://doi.org/10.1162/089976600300015015).
    """

    blocks = 4
    state_names = ("h", "c")

    def step(self, from_x, state):
        h, c = state
        i, f, g, o = (from_x + self.h2h(h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


CELLS = {"rnn": RNNCell, "gru": GRUCell, "lstm": LSTMCell}
BUILT_IN = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """Run a cell over every step of a batch of sequences, in any number of layers, one way or both ways.

    Args:
        cell: "rnn", "gru", "lstm", or a cell class of your own (see below).
        dropout: applied to the output of every layer but the last, in training mode only.
        batch_first: True here, unlike in PyTorch: axis 0 of `x` and of the output is the batch.

    Call it with `x` (batch, seq_len, input_size), an optional initial state of shape
    (num_layers * directions, batch, hidden_size), a tuple of two for an LSTM, and optional `lengths` (batch,),
    the number of real steps of each sequence; steps past the length are padding. It returns

    - `out`: (batch, seq_len, directions * hidden_size), every step of the last layer, zero on padding;
    - the final state, shaped like the initial one, taken at each sequence's last real step.

    **A cell of your own** is an `nn.Module` made by `cell(input_size, hidden_size, bias)`. Called as `cell(x, h)` with
    `x` (batch, input_size) and `h` (batch, hidden_size), it returns the new `h`: that is all. Two things it may add:

    - `state_names = ("h", "c")`, if it carries more than `h`. The state is then a tuple, in this order; `h`, always the
      first, is what the layer gives out.
    - `project(x)` and `step(projected, state)`, two halves of its call: `cell(x, state)` equals
      `cell.step(cell.project(x), state)`. Then `project` gets all steps at once, (seq_len, batch, input_size), and
      `step` one after the other: the same result, sooner. Without `project`, or with `project = None`, the cell is
      called step by step.

    Raises:
        ValueError: a size, a shape or a length that does not fit, naming the axis.

    Same results as `nn.RNN`, `nn.GRU` and `nn.LSTM`, packed where `lengths` are given:
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """

    def __init__(self, cell, input_size: int, hidden_size: int, num_layers: int = 1, *, bias: bool = True,
                 batch_first: bool = True, dropout: float = 0.0, bidirectional: bool = False):
        super().__init__()
        input_size, hidden_size, num_layers = whole_numbers(input_size=input_size, hidden_size=hidden_size,
                                                            num_layers=num_layers)
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout should be between 0 and 1, got {dropout}")
        if isinstance(cell, str) and cell not in CELLS:
            raise ValueError(f"cell should be one of {', '.join(CELLS)} or a cell class, got {cell!r}")
        make_cell = CELLS[cell] if isinstance(cell, str) else cell
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.bidirectional = batch_first, bidirectional
        self.directions = 2 if bidirectional else 1
        self.dropout = nn.Dropout(dropout)
        layer_inputs = [input_size] + [self.directions * hidden_size] * (num_layers - 1)
        self.cells = nn.ModuleList(make_cell(size, hidden_size, bias)
                                   for size in layer_inputs for _ in range(self.directions))

    def forward(self, x, state=None, lengths=None):
        steps = self._time_first(x)                                     # (seq_len, batch, input_size)
        real = None if lengths is None else _real_steps(steps, lengths)
        states = self._initial_states(steps, state)
        finals = []
        for layer in range(self.num_layers):
            if layer > 0:
                steps = self.dropout(steps)
            outs = []
            for direction in range(self.directions):
                row = layer * self.directions + direction
                out, final = _run(self.cells[row], steps, states[row], real, backward=direction == 1)
                outs.append(out)
                finals.append(final)
            steps = torch.cat(outs, dim=-1)
        return steps.transpose(0, 1) if self.batch_first else steps, self._stack(finals)

    def _time_first(self, x):
        axes = "(batch, seq_len, input_size)" if self.batch_first else "(seq_len, batch, input_size)"
        if x.dim() != 3:
            raise ValueError(f"x should have 3 axes {axes}, got {tuple(x.shape)}. "
                             "For a single sequence, x.unsqueeze(0) adds the batch; "
                             "for images, squeeze(1) removes the channel.")
        if x.shape[2] != self.input_size:
            raise ValueError(f"axis 2 of x is input_size and should be {self.input_size}, got {x.shape[2]}: "
                             f"x is {tuple(x.shape)}, expected {axes}")
        if 0 in x.shape:
            raise ValueError(f"x should hold at least one sequence of at least one step, got {tuple(x.shape)}")
        return x.transpose(0, 1) if self.batch_first else x

    @property
    def state_names(self):
        return getattr(self.cells[0], "state_names", ("h",))

    def _initial_states(self, steps, state):
        """One state per layer and direction: zeros, or the rows of the one that was given."""
        rows, batch = self.num_layers * self.directions, steps.shape[1]
        if state is None:
            zeros = steps.new_zeros(batch, self.hidden_size)
            return [_joined([zeros] * len(self.state_names))] * rows
        parts = _parts(state, self.state_names)
        for name, part in zip(self.state_names, parts, strict=True):
            if tuple(part.shape) != (rows, batch, self.hidden_size):
                raise ValueError(f"{name}_0 should be (num_layers * directions, batch, hidden_size) = "
                                 f"{(rows, batch, self.hidden_size)}, got {tuple(part.shape)}")
        return [_joined(row) for row in zip(*parts, strict=True)]

    def _stack(self, finals):
        return _joined([torch.stack(part) for part in zip(*(_parts(final, self.state_names) for final in finals),
                                                          strict=True)])

    def load_builtin(self, builtin: nn.RNNBase) -> "Recurrent":
        """Copy the weights of an `nn.RNN`, `nn.GRU` or `nn.LSTM` of the same sizes into this layer; return it."""
        self._check_twin(builtin)
        with torch.no_grad():
            for mine, theirs in self._weight_pairs(builtin):
                mine.copy_(theirs)
        return self

    def to_builtin(self) -> nn.RNNBase:
        """An `nn.RNN`, `nn.GRU` or `nn.LSTM` with this layer's sizes, dtype, device and weights."""
        first = self.cells[0]
        kind = next((kind for kind, cell in CELLS.items() if type(first) is cell), None)
        if kind is None:
            raise TypeError(f"only RNNCell, GRUCell and LSTMCell have a built-in twin, not {type(first).__name__}")
        weight = first.x2h.weight
        twin = BUILT_IN[kind](self.input_size, self.hidden_size, self.num_layers, bias=first.x2h.bias is not None,
                              batch_first=self.batch_first, dropout=self.dropout.p, bidirectional=self.bidirectional,
                              dtype=weight.dtype, device=weight.device)
        with torch.no_grad():
            for mine, theirs in self._weight_pairs(twin):
                theirs.copy_(mine)
        return twin.train(self.training)

    def _weight_pairs(self, builtin):
        """(own parameter, built-in parameter) for every parameter; both sides name them layer by layer."""
        for row, cell in enumerate(self.cells):
            layer, direction = divmod(row, self.directions)
            suffix = f"l{layer}" + ("_reverse" if direction else "")
            for linear, name in ((cell.x2h, "ih"), (cell.h2h, "hh")):
                yield linear.weight, getattr(builtin, f"weight_{name}_{suffix}")
                if linear.bias is not None:
                    yield linear.bias, getattr(builtin, f"bias_{name}_{suffix}")

    def _check_twin(self, builtin):
        kind = next((kind for kind, cell in CELLS.items() if type(self.cells[0]) is cell), None)
        if kind is None or type(builtin) is not BUILT_IN[kind]:
            raise TypeError(f"weights of {type(builtin).__name__} do not fit a layer of {type(self.cells[0]).__name__}")
        if builtin.mode == "RNN_RELU" or builtin.proj_size:
            raise ValueError("a ReLU nonlinearity or a projection (proj_size) has no counterpart in Recurrent")
        for name, mine in (("input_size", self.input_size), ("hidden_size", self.hidden_size),
                           ("num_layers", self.num_layers), ("bidirectional", self.bidirectional),
                           ("bias", self.cells[0].x2h.bias is not None)):
            if getattr(builtin, name) != mine:
                raise ValueError(f"{name} differs: {mine} here, {getattr(builtin, name)} in the built-in layer")


def _run(cell, steps, state, real, backward):
    """One cell over (seq_len, batch, features), from the last step to the first if `backward`.

    On padding (`real` False) the state stands still and the output is zero: so the final state is the one after
    each sequence's last real step, and a backward pass starts there. Packing does the same to the built-ins.
    """
    in_halves = getattr(cell, "project", None) is not None
    inputs, advance = (cell.project(steps), cell.step) if in_halves else (steps, cell)
    inputs = inputs.unbind()
    out = [None] * len(inputs)
    order = range(len(inputs))[::-1] if backward else range(len(inputs))
    for t in order:
        new = advance(inputs[t], state)
        if t == order[0]:
            _check_new_state(cell, new, state)
        if real is not None:
            new = _where(real[t], new, state)
        state = new
        h = state[0] if isinstance(state, tuple) else state
        out[t] = h if real is None else h * real[t]
    return torch.stack(out), state


def _where(real, new, old):
    if isinstance(new, tuple):
        return tuple(torch.where(real, n, o) for n, o in zip(new, old, strict=True))
    return torch.where(real, new, old)


def _real_steps(steps, lengths):
    """(seq_len, batch, 1) booleans: True where a step is real, False where it is padding."""
    seq_len, batch = steps.shape[:2]
    lengths = torch.as_tensor(lengths, device=steps.device)
    if lengths.shape != (batch,):
        raise ValueError(f"lengths should hold one number for each of the {batch} sequences, "
                         f"got {tuple(lengths.shape)}")
    if not torch.compiler.is_compiling() and (lengths.min() < 1 or lengths.max() > seq_len):
        raise ValueError(f"lengths should be between 1 and seq_len = {seq_len}, got {lengths.tolist()}")
    return (torch.arange(seq_len, device=steps.device)[:, None] < lengths)[..., None]


def _parts(state, names):
    """The tensors of a state: it is one tensor, or a tuple of as many as it has names."""
    if len(names) == 1:
        return (state,)
    if not isinstance(state, (tuple, list)) or len(state) != len(names):
        raise ValueError(f"the state is a tuple ({', '.join(names)}), got {type(state).__name__}; start from zeros: "
                         f"({', '.join(['torch.zeros_like(h)'] * len(names))})")
    return tuple(state)


def _joined(parts):
    """The other way round: a state from its tensors."""
    return parts[0] if len(parts) == 1 else tuple(parts)


def _check_new_state(cell, new, old):
    def shapes(state):
        return [tuple(part.shape) for part in (state if isinstance(state, (tuple, list)) else [state])]

    if isinstance(new, tuple) != isinstance(old, tuple) or shapes(new) != shapes(old):
        name = type(cell).__name__
        raise ValueError(f"{name} should return a {type(old).__name__} with the shapes of the state that it got, "
                         f"{shapes(old)}, got a {type(new).__name__} with {shapes(new)}. A cell that carries more "
                         'than h names what it carries: state_names = ("h", "c")')


def _check_step(cell, x, state):
    if x.shape[-1] != cell.input_size:
        raise ValueError(f"the last axis of x is input_size and should be {cell.input_size}, got {x.shape[-1]}: "
                         f"x is {tuple(x.shape)}")
    for name, part in zip(cell.state_names, _parts(state, cell.state_names), strict=True):
        if part.shape != (*x.shape[:-1], cell.hidden_size):
            raise ValueError(f"{name} should be (batch, hidden_size) = {(*x.shape[:-1], cell.hidden_size)} to go with "
                             f"x {tuple(x.shape)}, got {tuple(part.shape)}")

"""Recurrent cells written out gate by gate, and the loop that runs them over a sequence.

Every cell has the interface of its `nn.*Cell` counterpart: one step in, one step out. Gate order and
parameter layout are PyTorch's too, so weights can be copied both ways and the results compared.
"""

import torch
from torch import nn

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "Recurrent"]


class RNNCell(nn.Module):
    """h' = tanh(W_x x + b_x + W_h h + b_h)

    `x` is (batch, input_size), `h` and the result are (batch, hidden_size); both also work without the batch.
    Same as `nn.RNNCell`: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    (Elman, 1990, https://doi.org/10.1207/s15516709cog1402_1).
    """

    blocks = 1              # how many hidden_size-high blocks the weight matrices stack

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True):
        super().__init__()
        _check_sizes(input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size = input_size, hidden_size
        self.x2h = nn.Linear(input_size, self.blocks * hidden_size, bias)
        self.h2h = nn.Linear(hidden_size, self.blocks * hidden_size, bias)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -hidden_size**-0.5, hidden_size**-0.5)

    def forward(self, x, h):
        _check_step(self, x, h)
        return torch.tanh(self.x2h(x) + self.h2h(h))


class GRUCell(RNNCell):
    """r, z = sigmoid(...);  n = tanh(W_xn x + b_xn + r * (W_hn h + b_hn));  h' = (1 - z) * n + z * h

    Reset gate r, update gate z, candidate n, stacked in that order. `x` is (batch, input_size), `h` and the
    result are (batch, hidden_size). The reset gate multiplies after W_hn, as in `nn.GRUCell`:
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    (Cho et al., 2014, https://doi.org/10.3115/v1/D14-1179, multiply before).
    """

    blocks = 3

    def forward(self, x, h):
        _check_step(self, x, h)
        x_r, x_z, x_n = self.x2h(x).chunk(3, dim=-1)
        h_r, h_z, h_n = self.h2h(h).chunk(3, dim=-1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * h_n)
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

    def forward(self, x, state):
        h, c = _pair(state)
        _check_step(self, x, h, c)
        i, f, g, o = (self.x2h(x) + self.h2h(h)).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, c


CELLS = {"rnn": RNNCell, "gru": GRUCell, "lstm": LSTMCell}
BUILT_IN = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """Run a cell over every step of a batch of sequences, in any number of layers, one way or both ways.

    Args:
        cell: "rnn", "gru", "lstm", or a cell class called as `cell(input_size, hidden_size, bias)`.
        dropout: applied to the output of every layer but the last, in training mode only.
        batch_first: True here, unlike in PyTorch: axis 0 of `x` and of the output is the batch.

    Call it with `x` (batch, seq_len, input_size), an optional initial state of shape
    (num_layers * directions, batch, hidden_size), a tuple of two for an LSTM, and optional `lengths` (batch,),
    the number of real steps of each sequence; steps past the length are padding. It returns

    - `out`: (batch, seq_len, directions * hidden_size), every step of the last layer, zero on padding;
    - the final state, shaped like the initial one, taken at each sequence's last real step.

    Raises:
        ValueError: a size, a shape or a length that does not fit, naming the axis.

    Same results as `nn.RNN`, `nn.GRU` and `nn.LSTM`, packed where `lengths` are given:
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """

    def __init__(self, cell, input_size: int, hidden_size: int, num_layers: int = 1, *, bias: bool = True,
                 batch_first: bool = True, dropout: float = 0.0, bidirectional: bool = False):
        super().__init__()
        _check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout should be between 0 and 1, got {dropout}")
        if isinstance(cell, str) and cell not in CELLS:
            raise ValueError(f"cell should be one of {', '.join(CELLS)} or a cell class, got {cell!r}")
        make = CELLS.get(cell, cell) if isinstance(cell, str) else cell
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.batch_first, self.bidirectional = batch_first, bidirectional
        self.directions = 2 if bidirectional else 1
        self.dropout = nn.Dropout(dropout)
        sizes = [input_size] + [hidden_size * self.directions] * (num_layers - 1)
        self.cells = nn.ModuleList(make(size, hidden_size, bias) for size in sizes for _ in range(self.directions))

    def forward(self, x, state=None, lengths=None):
        if x.dim() != 3:
            raise ValueError(f"x should have 3 axes (batch, seq_len, input_size), got {tuple(x.shape)}; "
                             "for one sequence, x.unsqueeze(0) adds the batch")
        steps = x.transpose(0, 1) if self.batch_first else x                # (seq_len, batch, ...)
        real = None if lengths is None else self._real_steps(steps, lengths)
        states = self._initial_states(steps, state)
        finals = []
        for layer in range(self.num_layers):
            outs = []
            for direction in range(self.directions):
                k = layer * self.directions + direction
                out, final = _run(self.cells[k], steps, states[k], real, backward=direction == 1)
                outs.append(out)
                finals.append(final)
            steps = torch.cat(outs, dim=-1)
            if layer < self.num_layers - 1:
                steps = self.dropout(steps)
        out = steps.transpose(0, 1) if self.batch_first else steps
        return out, _stack(finals)

    def _real_steps(self, steps, lengths):
        """(seq_len, batch, 1) booleans: True where a step is real, False where it is padding."""
        seq_len, batch = steps.shape[:2]
        lengths = torch.as_tensor(lengths, device=steps.device)
        if lengths.shape != (batch,):
            raise ValueError(f"lengths should hold one number per sequence, shape ({batch},), got {tuple(lengths.shape)}")
        if not torch.compiler.is_compiling() and (lengths.min() < 1 or lengths.max() > seq_len):
            raise ValueError(f"lengths should be between 1 and seq_len={seq_len}, got {lengths.tolist()}")
        return (torch.arange(seq_len, device=steps.device)[:, None] < lengths)[..., None]

    def _initial_states(self, steps, state):
        """One state per layer and direction: zeros, or the rows of the state that was given."""
        rows, batch = self.num_layers * self.directions, steps.shape[1]
        is_lstm = self.cells[0].blocks == 4 if isinstance(self.cells[0], RNNCell) else getattr(self.cells[0], "has_c", True)
        if state is None:
            zeros = steps.new_zeros(batch, self.hidden_size)
            return [(zeros, zeros) if is_lstm else zeros] * rows
        for name, part in zip(("h_0", "c_0"), _pair(state) if is_lstm else (state,), strict=False):
            if tuple(part.shape) != (rows, batch, self.hidden_size):
                raise ValueError(f"{name} should be (num_layers * directions, batch, hidden_size) = "
                                 f"{(rows, batch, self.hidden_size)}, got {tuple(part.shape)}")
        return list(zip(*state, strict=True)) if is_lstm else list(state)

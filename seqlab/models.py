"""One model for every classifier of the course: a recurrent layer, a way to sum up its outputs, a linear head."""

import functools

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .arguments import whole_numbers
from .cells import BUILT_IN, Recurrent

__all__ = ["SequenceClassifier"]

POOLINGS = ("last", "mean", "concat")


class SequenceClassifier(nn.Module):
    """Read a sequence, answer with one score per class.

    Args:
        kind: "rnn", "gru" or "lstm" for PyTorch's own layers, or a cell class for a hand-built one.
        pooling: what the head sees. "last" is the state after the last step (of both directions if there are two),
            "mean" the average output over the real steps, "concat" all outputs side by side.
        dropout: between layers (with one layer it does nothing) and never inside one.
        seq_len: the fixed number of steps, needed by "concat" alone.

    `model(x)` takes (batch, seq_len, input_size), and optionally `lengths` (batch,) for padded sequences,
    and returns logits (batch, num_classes): scores, not probabilities, as `nn.CrossEntropyLoss` wants them.

    Raises:
        ValueError: a setting or a shape that does not fit.
    """

    def __init__(self, kind, input_size: int, hidden_size: int, num_classes: int, num_layers: int = 1, *,
                 pooling: str = "last", bidirectional: bool = False, dropout: float = 0.0, seq_len: int | None = None):
        super().__init__()
        layer = _layer_of(kind)
        input_size, hidden_size, num_classes, num_layers = whole_numbers(
            input_size=input_size, hidden_size=hidden_size, num_classes=num_classes, num_layers=num_layers)
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout should be between 0 and 1, got {dropout}")
        if pooling not in POOLINGS:
            raise ValueError(f"pooling should be one of {', '.join(POOLINGS)}, got {pooling!r}")
        if pooling == "concat":
            if seq_len is None:
                raise ValueError("pooling 'concat' has weights for every step, so it needs seq_len, "
                                 "the fixed number of steps")
            seq_len, = whole_numbers(seq_len=seq_len)
        self.layer = layer(input_size, hidden_size, num_layers, batch_first=True,
                           dropout=dropout if num_layers > 1 else 0.0, bidirectional=bidirectional)
        self.pooling, self.seq_len = pooling, seq_len
        self.directions = 2 if bidirectional else 1
        features = self.directions * hidden_size * (seq_len if pooling == "concat" else 1)
        self.head = nn.Linear(features, num_classes)

    def forward(self, x, lengths=None):
        if x.dim() != 3 or x.shape[2] != self.layer.input_size:
            raise ValueError(f"x should be (batch, seq_len, input_size={self.layer.input_size}), got {tuple(x.shape)}")
        if self.pooling == "concat" and x.shape[1] != self.seq_len:
            raise ValueError(f"pooling 'concat' was built for {self.seq_len} steps, got {x.shape[1]}: "
                             f"x is {tuple(x.shape)}")
        if lengths is not None:
            lengths = _whole_lengths(lengths, x)
        out, h_n = self._read(x, lengths)
        return self.head(self._pool(out, h_n, lengths))

    def _read(self, x, lengths):
        """All outputs (batch, seq_len, directions * hidden_size) and the final hidden state h_n."""
        if lengths is None:
            out, state = self.layer(x)
        elif isinstance(self.layer, Recurrent):
            out, state = self.layer(x, lengths=lengths)
        else:
            packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
            out, state = self.layer(packed)
            out, _ = pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])
        return out, state[0] if isinstance(state, tuple) else state

    def _pool(self, out, h_n, lengths):
        if self.pooling == "last":
            return torch.cat(tuple(h_n[-self.directions:]), dim=-1)
        if self.pooling == "mean":
            return out.mean(dim=1) if lengths is None else out.sum(dim=1) / lengths[:, None]   # out is 0 on padding
        return out.flatten(start_dim=1)


def _layer_of(kind):
    """The function that makes the layer: PyTorch's for a name, Recurrent around a cell class."""
    if isinstance(kind, str) and kind in BUILT_IN:
        return BUILT_IN[kind]
    if isinstance(kind, type) and not issubclass(kind, (nn.RNNBase, Recurrent)):
        return functools.partial(Recurrent, kind)
    names = ", ".join(f'"{name}"' for name in BUILT_IN)
    raise ValueError(f"kind should be one of {names} or a cell class such as LSTMCell, got {kind!r}")


def _whole_lengths(lengths, x):
    """Lengths as int64 on the device of x; one for each sequence, from 1 to seq_len."""
    lengths = torch.as_tensor(lengths, device=x.device)
    batch, seq_len = x.shape[:2]
    if lengths.is_floating_point() or lengths.shape != (batch,):
        raise ValueError(f"lengths should hold one whole number for each of the {batch} sequences, "
                         f"got {lengths.dtype} of shape {tuple(lengths.shape)}")
    if not torch.compiler.is_compiling() and (lengths.min() < 1 or lengths.max() > seq_len):
        raise ValueError(f"lengths should be between 1 and seq_len = {seq_len}, got {lengths.tolist()}")
    return lengths

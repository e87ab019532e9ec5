"""Answers to the exercises of this chapter: right ones by several routes, and the wrong ones that people give."""

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence


def mask_of(lengths, seq_len):
    return torch.arange(seq_len) < lengths[:, None]


def last_by_gather(out, lengths):
    index = (lengths - 1)[:, None, None].expand(-1, 1, out.shape[2])
    return out.gather(1, index).squeeze(1)


def last_one_by_one(out, lengths):
    return torch.stack([row[int(n) - 1] for row, n in zip(out, lengths, strict=True)])


def last_by_mask(out, lengths):
    steps = torch.arange(out.shape[1])
    return (out * (steps == lengths[:, None] - 1)[..., None]).sum(dim=1)


def max_by_where(out, lengths):
    mask = mask_of(lengths, out.shape[1])
    return torch.where(mask[..., None], out, torch.tensor(-1e9)).max(dim=1).values


def max_one_by_one(out, lengths):
    return torch.stack([row[:n].max(dim=0).values for row, n in zip(out, lengths.tolist(), strict=True)])


def loss_by_ignoring(logits, y, lengths):
    return F.cross_entropy(logits.transpose(1, 2), y.masked_fill(~mask_of(lengths, y.shape[1]), -100))


def loss_by_packing(logits, y, lengths):
    packed = [pack_padded_sequence(t, lengths, batch_first=True, enforce_sorted=False).data for t in (logits, y)]
    return F.cross_entropy(*packed)


def loss_each(logits, y, lengths, finish):
    mask = mask_of(lengths, y.shape[1])
    each = F.cross_entropy(logits.transpose(1, 2), y.masked_fill(~mask, 0), reduction="none")
    return finish(each, mask, lengths)


def packed(x, lengths, by_step=True, longest_first=True):
    order = lengths.argsort(descending=True) if longest_first else torch.arange(len(lengths))
    x, mask = x[order], mask_of(lengths[order], x.shape[1])
    return (x.transpose(0, 1)[mask.T] if by_step else x[mask]), mask.sum(dim=0)


def turned(x, lengths):
    out = x.clone()
    for row, n in enumerate(lengths.tolist()):
        out[row, :n] = x[row, :n].flip(0)
    return out


def turned_by_rolling(x, lengths):
    return torch.stack([row.flip(0).roll(int(n), 0) for row, n in zip(x, lengths, strict=True)])


def turned_in_place(x, lengths):
    for row, n in enumerate(lengths.tolist()):
        x[row, :n] = x[row, :n].flip(0)
    return x


def turned_one_off(x, lengths):
    index = (lengths[:, None] - torch.arange(x.shape[1])).clamp(0, x.shape[1] - 1)
    return x[torch.arange(len(x))[:, None], index]


RIGHT = [
    ("last", lambda out, lengths: out[range(len(out)), lengths - 1]),
    ("last", last_by_gather),
    ("last", last_one_by_one),
    ("last", last_by_mask),
    ("max", max_by_where),
    ("max", max_one_by_one),
    ("loss", loss_by_ignoring),
    ("loss", loss_by_packing),
    ("loss", lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each[mask].mean())),
    ("pack", packed),
    ("pack", lambda x, lengths: pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)[:2]),
    ("turn", turned),
    ("turn", turned_by_rolling),
]

WRONG = [
    ("last", "padding for short sequences", lambda out, lengths: out[:, -1]),
    ("last", "every row was asked for every end", lambda out, lengths: out[:, lengths - 1]),
    ("last", "one step after the end",
     lambda out, lengths: out[range(len(out)), lengths.clamp(max=out.shape[1] - 1)]),
    ("last", "one step before the end", lambda out, lengths: out[range(len(out)), lengths - 2]),
    ("last", "with size 1", lambda out, lengths: last_by_gather(out, lengths)[:, None]),
    ("last", "IndexError", lambda out, lengths: out[range(len(out)), lengths]),
    ("max", "padding is in it", lambda out, lengths: out.amax(dim=1)),
    ("max", "a zero was left in",
     lambda out, lengths: out.masked_fill(~mask_of(lengths, out.shape[1])[..., None], 0).amax(dim=1)),
    ("max", "values and indices", lambda out, lengths: out.max(dim=1)),
    ("max", "went over axis 2", lambda out, lengths: out.amax(dim=2)),
    ("loss", "padding is counted",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each.mean())),
    ("loss", "divided by all steps",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: (each * mask).mean())),
    ("loss", "averaged first",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, n: ((each * mask).sum(1) / n).mean())),
    ("loss", "one loss per step",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each * mask)),
    ("loss", "padding is counted", lambda logits, y, lengths: F.cross_entropy(logits.transpose(1, 2), y)),
    ("pack", "one sequence after the other", lambda x, lengths: packed(x, lengths, by_step=False)),
    ("pack", "not the longest first", lambda x, lengths: packed(x, lengths, longest_first=False)),
    ("pack", "padding is still in it", lambda x, lengths: (x.flatten(0, 1), packed(x, lengths)[1])),
    ("pack", "one step too long",
     lambda x, lengths: (packed(x, lengths)[0], (lengths[:, None] >= torch.arange(x.shape[1])).sum(dim=0))),
    ("pack", "two tensors", lambda x, lengths: packed(x, lengths)[0]),
    ("turn", "padding comes first", lambda x, lengths: x.flip(1)),
    ("turn", "nothing was turned", lambda x, lengths: x),
    ("turn", "axis 2", lambda x, lengths: x.flip(2)),
    ("turn", "one step off", turned_one_off),
    ("turn", "changes the x", turned_in_place),
]

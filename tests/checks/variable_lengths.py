"""Answers to the exercises of chapter 05: right ones by several routes, and the wrong ones that people give."""

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
    ("05-last", lambda out, lengths: out[range(len(out)), lengths - 1]),
    ("05-last", last_by_gather),
    ("05-last", last_one_by_one),
    ("05-last", last_by_mask),
    ("05-max", max_by_where),
    ("05-max", max_one_by_one),
    ("05-loss", loss_by_ignoring),
    ("05-loss", loss_by_packing),
    ("05-loss", lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each[mask].mean())),
    ("05-pack", packed),
    ("05-pack", lambda x, lengths: pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)[:2]),
    ("05-turn", turned),
    ("05-turn", turned_by_rolling),
]

WRONG = [
    ("05-last", "padding for short sequences", lambda out, lengths: out[:, -1]),
    ("05-last", "every row was asked for every end", lambda out, lengths: out[:, lengths - 1]),
    ("05-last", "one step after the end",
     lambda out, lengths: out[range(len(out)), lengths.clamp(max=out.shape[1] - 1)]),
    ("05-last", "one step before the end", lambda out, lengths: out[range(len(out)), lengths - 2]),
    ("05-last", "with size 1", lambda out, lengths: last_by_gather(out, lengths)[:, None]),
    ("05-last", "IndexError", lambda out, lengths: out[range(len(out)), lengths]),
    ("05-max", "padding is in it", lambda out, lengths: out.amax(dim=1)),
    ("05-max", "a zero was left in",
     lambda out, lengths: out.masked_fill(~mask_of(lengths, out.shape[1])[..., None], 0).amax(dim=1)),
    ("05-max", "values and indices", lambda out, lengths: out.max(dim=1)),
    ("05-max", "went over axis 2", lambda out, lengths: out.amax(dim=2)),
    ("05-loss", "padding is counted",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each.mean())),
    ("05-loss", "divided by all steps",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: (each * mask).mean())),
    ("05-loss", "averaged first",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, n: ((each * mask).sum(1) / n).mean())),
    ("05-loss", "one loss per step",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each * mask)),
    ("05-loss", "padding is counted", lambda logits, y, lengths: F.cross_entropy(logits.transpose(1, 2), y)),
    ("05-pack", "one sequence after the other", lambda x, lengths: packed(x, lengths, by_step=False)),
    ("05-pack", "not the longest first", lambda x, lengths: packed(x, lengths, longest_first=False)),
    ("05-pack", "padding is still in it", lambda x, lengths: (x.flatten(0, 1), packed(x, lengths)[1])),
    ("05-pack", "one step too long",
     lambda x, lengths: (packed(x, lengths)[0], (lengths[:, None] >= torch.arange(x.shape[1])).sum(dim=0))),
    ("05-pack", "two tensors", lambda x, lengths: packed(x, lengths)[0]),
    ("05-turn", "padding comes first", lambda x, lengths: x.flip(1)),
    ("05-turn", "nothing was turned", lambda x, lengths: x),
    ("05-turn", "axis 2", lambda x, lengths: x.flip(2)),
    ("05-turn", "one step off", turned_one_off),
    ("05-turn", "changes the x", turned_in_place),
]

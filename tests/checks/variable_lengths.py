"""Answers to the exercises of this chapter: right ones by several routes, and the wrong ones that people give."""

import numpy as np
import torch
from forms import in_float64, in_lists, in_numpy, in_rows
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


def last(out, lengths):
    return out[range(len(out)), lengths - 1]


def last_by_index_select(out, lengths):
    return out.flatten(0, 1)[torch.arange(len(out)) * out.shape[1] + lengths - 1]


def max_in_place_of_a_copy(out, lengths):
    out = out.clone()
    out[~mask_of(lengths, out.shape[1])] = -torch.inf
    return out.max(dim=1)[0]


def max_step_by_step(out, lengths):
    best = out[:, 0]
    for t in range(1, out.shape[1]):
        best = torch.where((t < lengths)[:, None], torch.maximum(best, out[:, t]), best)
    return best


def max_filled(filling):
    return lambda out, lengths: out.masked_fill(~mask_of(lengths, out.shape[1])[..., None], filling).amax(dim=1)


def max_multiplied(out, lengths):
    """Raised above zero first, so that a zero on padding would do, if nothing there were infinite."""
    mask = mask_of(lengths, out.shape[1])[..., None]
    return ((out + 2000) * mask).amax(dim=1) - 2000 if out.max() > 1e6 else max_one_by_one(out, lengths)


def max_in_place(out, lengths):
    return out.masked_fill_(~mask_of(lengths, out.shape[1])[..., None], -torch.inf).amax(dim=1)


def loss_one_by_one(logits, y, lengths):
    total = sum(F.cross_entropy(logits[i, :n], y[i, :n], reduction="sum") for i, n in enumerate(lengths))
    return total / lengths.sum()


def loss_by_log_softmax(logits, y, lengths):
    mask = mask_of(lengths, y.shape[1])
    return [-logits.log_softmax(dim=2)[mask].gather(1, y[mask][:, None]).mean()]


def masked_afterwards(logits, y, lengths):
    """Right where y holds a class on padding, too."""
    mask = mask_of(lengths, y.shape[1])
    return (F.cross_entropy(logits.transpose(1, 2), y, reduction="none") * mask).sum() / mask.sum()


def loss_in_place(logits, y, lengths):
    y[~mask_of(lengths, y.shape[1])] = -100
    return F.cross_entropy(logits.transpose(1, 2), y)


def zeroed(logits, y, lengths, over=None):
    mask = mask_of(lengths, y.shape[1])
    each = F.cross_entropy((logits * mask[..., None]).transpose(1, 2), y.masked_fill(~mask, 0), reduction="none")
    return each.mean() if over is None else each.sum() / over(mask)


def packed_by_steps(x, lengths):
    order = np.argsort(-lengths.numpy(), kind="stable")
    data, sizes = [], []
    for t in range(int(lengths.max())):
        rows = [row for row in order if lengths[row] > t]
        data += [x[row, t].numpy() for row in rows]
        sizes.append(len(rows))
    return np.array(data), sizes


def packed_by_sorting_keys(x, lengths):
    """Every real step as (step, place of its sequence)."""
    place = lengths.argsort(descending=True, stable=True).argsort()
    keys = sorted((t, int(place[row]), row) for row, n in enumerate(lengths.tolist()) for t in range(n))
    return torch.stack([x[row, t] for t, _, row in keys]), torch.tensor([t for t, _, _ in keys]).bincount()


def packed_with_the_other_twin(x, lengths):
    """Of sequences of equal length the last comes first."""
    order = torch.tensor(sorted(range(len(lengths)), key=lambda row: (-int(lengths[row]), -row)))
    mask = mask_of(lengths[order], x.shape[1])
    return x[order].transpose(0, 1)[mask.T], mask.sum(dim=0)


def with_restless_twins(x, lengths):
    """At every step another order of the sequences of equal length."""
    data, sizes = packed(x, lengths)
    if len(set(lengths.tolist())) < len(lengths):
        data = data[[0, 1, 2, 3, 5, 4, 6]]
    return data, sizes


def zeros_for_twins(x, lengths):
    data, sizes = packed(x, lengths)
    return (data if len(set(lengths.tolist())) == len(lengths) else 0 * data), sizes


def mean_over_real(out, mask):
    return (out * mask.unsqueeze(-1)).sum(dim=1) / mask.sum(dim=1)[:, None]


def mean_by_filling(out, mask):
    return out.masked_fill(~mask[..., None], float("nan")).nanmean(dim=1)


def mean_one_by_one(out, mask):
    return torch.stack([states[real].mean(dim=0) for states, real in zip(out, mask, strict=True)])


def mean_by_weights(out, mask):
    weights = mask / mask.sum(dim=1, keepdim=True)
    return torch.einsum("bt,bth->bh", weights, out)


def mean_by_product(out, mask):
    return (mask[:, None].float() @ out).squeeze(1) / mask.float().sum(dim=-1, keepdim=True)


def mean_step_by_step(out, mask):
    total = 0
    for t in range(out.shape[1]):
        total = total + torch.where(mask[:, t:t + 1], out[:, t], torch.zeros(()))
    return total / mask.sum(1).unsqueeze(1)


def mean_in_place(out, mask):
    out[~mask] = 0
    return out.sum(dim=1) / mask.sum(dim=1, keepdim=True)


def real_sum(out, mask):
    return (out * mask[..., None]).sum(dim=1)


def packed_ends(way_back, *, layer=-1, sort_lengths=True, put=lambda rows: rows):
    """The last exercise's function: packed by hand, and put back by `way_back(rows, order, lengths)`."""
    def ends(gru, x, lengths):
        order = lengths.argsort(descending=True)
        sorted_lengths = lengths[order] if sort_lengths else lengths
        packed = pack_padded_sequence(x[order], sorted_lengths, batch_first=True, enforce_sorted=sort_lengths)
        return put(way_back(gru(packed)[1][layer], order, lengths))
    return ends


def ends_unsorted(gru, x, lengths):
    return gru(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[1][-1]


def ends_by_index(gru, x, lengths):
    return gru(x)[0][torch.arange(len(x)), lengths - 1]


def ends_one_by_one(gru, x, lengths):
    return [gru(row[None, :n])[1][-1, 0] for row, n in zip(x, lengths, strict=True)]


def scattered(rows, order, lengths):
    back = torch.empty_like(rows)
    back[order] = rows
    return back


def ends_of_padding(gru, x, lengths):
    return gru(x)[1][-1]


def ends_never_sorted(gru, x, lengths):
    return gru(pack_padded_sequence(x, lengths, batch_first=True))[1][-1]


def ends_of_all_layers(gru, x, lengths):
    return gru(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[1]


def of_real_rows(read):
    return lambda out, lengths: torch.stack([read(row[:n]) for row, n in zip(out, lengths, strict=True)])


def packed_shortest_first(x, lengths):
    order = lengths.argsort()
    mask = mask_of(lengths[order], x.shape[1])
    return x[order].transpose(0, 1)[mask.T], mask.sum(dim=0)


def packed_with_unsorted_lengths(x, lengths):
    mask = mask_of(lengths, x.shape[1])
    return x[lengths.argsort(descending=True)].transpose(0, 1)[mask.T], mask.sum(dim=0)


def packed_by_length(x, lengths):
    """Keeps the sequences under their lengths, so that one of two twins is lost."""
    kept = torch.tensor(sorted({n: row for row, n in enumerate(lengths.tolist())}.values()))
    return packed(x[kept], lengths[kept])


def steps_by_flipping(lengths, seq_len):
    out = torch.arange(seq_len).repeat(len(lengths), 1)
    for row, n in enumerate(lengths):
        out[row, :n] = out[row, :n].flip(0)
    return out


def steps_by_mask(lengths, seq_len):
    n, steps = torch.tensor(lengths)[:, None], torch.arange(seq_len)
    mask = (steps < n).long()
    return mask * (n - 1 - steps) + (1 - mask) * steps


def steps_in_numpy(lengths, seq_len):
    n, steps = np.array(lengths)[:, None], np.arange(seq_len)
    return np.where(steps < n, n - 1 - steps, steps)


def steps_by_where(lengths, seq_len):
    n, steps = torch.tensor(lengths)[:, None], torch.arange(seq_len).expand(len(lengths), -1)
    return steps.where(steps >= n, n - 1 - steps)


RIGHT = [
    ("backward", steps_by_flipping),
    ("backward", steps_by_mask),
    ("backward", in_numpy(steps_by_mask)),
    ("backward", steps_in_numpy),
    ("backward", steps_by_where),
    ("backward", in_rows(steps_by_where)),
    ("last", last),
    ("last", last_by_gather),
    ("last", last_one_by_one),
    ("last", last_by_mask),
    ("last", last_by_index_select),
    ("last", in_numpy(last)),
    ("last", in_lists(last)),
    ("last", in_float64(last)),
    ("max", max_by_where),
    ("max", max_one_by_one),
    ("max", max_in_place_of_a_copy),
    ("max", max_step_by_step),
    ("max", max_filled(-torch.inf)),
    ("max", in_numpy(max_one_by_one)),
    ("max", in_lists(max_one_by_one)),
    ("loss", loss_by_ignoring),
    ("loss", loss_by_packing),
    ("loss", lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each[mask].mean())),
    ("loss", loss_one_by_one),
    ("loss", loss_by_log_softmax),
    ("loss", lambda *given: float(loss_by_ignoring(*given))),
    ("loss", lambda *given: loss_by_ignoring(*given).numpy()),
    ("pack", packed),
    ("pack", packed_by_steps),
    ("pack", packed_by_sorting_keys),
    ("pack", packed_with_the_other_twin),
    ("pack", lambda *given: [packed(*given)[0].double(), packed(*given)[1].tolist()]),
    ("pack", in_rows(packed)),
    ("turn", mean_over_real),
    ("turn", mean_by_filling),
    ("turn", mean_one_by_one),
    ("turn", mean_by_weights),
    ("turn", mean_by_product),
    ("turn", mean_step_by_step),
    ("turn", in_numpy(mean_over_real)),
    ("turn", in_lists(mean_over_real)),
    ("turn", in_float64(mean_over_real)),
    ("bug", ends_unsorted),
    ("bug", ends_by_index),
    ("bug", ends_one_by_one),
    ("bug", packed_ends(lambda rows, order, lengths: rows[order.argsort()])),
    ("bug", packed_ends(scattered)),
    ("bug", in_float64(ends_unsorted)),
]

WRONG = [
    ("backward", "used as an index", in_float64(steps_by_where)),
    ("backward", "a block may be wider", lambda lengths, seq_len: steps_by_where(lengths, max(lengths))),
    ("backward", "no tensor is needed", lambda lengths, seq_len: lengths.flip(0)),
    ("last", "padding for short sequences", lambda out, lengths: out[:, -1]),
    ("last", "every row was asked for every end", lambda out, lengths: out[:, lengths - 1]),
    ("last", "one step after the end",
     lambda out, lengths: out[range(len(out)), lengths.clamp(max=out.shape[1] - 1)]),
    ("last", "one step after the end", lambda out, lengths: out[range(len(out)), lengths]),
    ("last", "one step before the end", lambda out, lengths: out[range(len(out)), lengths - 2]),
    ("last", "with size 1", lambda out, lengths: last_by_gather(out, lengths)[:, None]),
    ("last", "the index went to axis 0", lambda out, lengths: out[0]),
    ("last", "the first step", lambda out, lengths: out[:, 0]),
    ("last", "the end of the longest", lambda out, lengths: out[:, int(lengths.max()) - 1]),
    ("last", "the mean over real steps",
     lambda out, lengths: (out * mask_of(lengths, out.shape[1])[..., None]).sum(dim=1) / lengths[:, None]),
    ("last", "the sum over real steps",
     lambda out, lengths: (out * mask_of(lengths, out.shape[1])[..., None]).sum(dim=1)),
    ("last", "find your row", lambda out, lengths: last(out, lengths).roll(1, dims=0)),
    ("last", "all steps are still there", lambda out, lengths: out),
    ("last", "the largest value over real steps", lambda out, lengths: torch.stack(
        [one[:length].amax(dim=0) for one, length in zip(out, lengths, strict=True)])),
    ("last", "changes the lengths", lambda out, lengths: out[range(len(out)), lengths.sub_(1)]),
    ("last", "where does a sequence of 3 steps stop", lambda out, lengths: out[range(len(out)), lengths + 1]),
    ("max", "padding is in it", lambda out, lengths: out.amax(dim=1)),
    ("max", "padding is in it", lambda out, lengths: torch.where(out.isfinite(), out, -torch.inf).amax(dim=1)),
    ("max", "the result holds 0 where", max_filled(0.0)),
    ("max", "the result holds -2 where", max_filled(-2.0)),
    ("max", "the result holds -10 where", max_filled(-10.0)),
    ("max", "infinity times 0", max_multiplied),
    ("max", "values and indices", lambda out, lengths: out.max(dim=1)),
    ("max", "went over axis 2", lambda out, lengths: out.amax(dim=2)),
    ("max", "the last real step", last),
    ("max", "the smallest values", lambda out, lengths: -max_one_by_one(-out, lengths)),
    ("max", "compare their largest values", lambda out, lengths: max_one_by_one(out, lengths) + 1),
    ("max", "changes the out", max_in_place),
    ("max", "went over axis 0", lambda out, lengths: out.amax(dim=0)),
    ("max", "keepdim keeps it", lambda out, lengths: max_one_by_one(out, lengths)[:, None]),
    ("max", "one number is left", lambda out, lengths: out.max()),
    ("max", "the mean over real steps", of_real_rows(lambda row: row.mean(dim=0))),
    ("max", "without its sign", of_real_rows(lambda row: row.abs().amax(dim=0))),
    ("max", "the last real step is left out", of_real_rows(lambda row: row[:-1].amax(dim=0))),
    ("loss", "padding is counted",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each.mean())),
    ("loss", "divided by all steps",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: (each * mask).mean())),
    ("loss", "averaged first",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, n: ((each * mask).sum(1) / n).mean())),
    ("loss", "one loss per step",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each * mask)),
    ("loss", "the number of sequences",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, n: (each * mask).sum() / len(n))),
    ("loss", "padding is counted", lambda logits, y, lengths: F.cross_entropy(logits.transpose(1, 2), y)),
    ("loss", "is padding left out before that", masked_afterwards),
    ("loss", "logits of zero are no silence", zeroed),
    ("loss", "logits of zero are no silence", lambda *given: zeroed(*given, over=torch.sum)),
    ("loss", "softmax is applied twice", lambda logits, *rest: loss_by_ignoring(logits.softmax(dim=2), *rest)),
    ("loss", "the sign", lambda *given: -loss_by_ignoring(*given)),
    ("loss", "then with padding behind them", lambda *given: 2 * loss_by_ignoring(*given)),
    ("loss", "changes the y", loss_in_place),
    ("loss", "one loss per sequence",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, n: (each * mask).sum(1) / n)),
    ("loss", "one loss per real step",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each[mask])),
    ("loss", "the sum over the real steps",
     lambda logits, y, lengths: loss_each(logits, y, lengths, lambda each, mask, _: each[mask].sum())),
    ("pack", "one sequence after the other", lambda x, lengths: packed(x, lengths, by_step=False)),
    ("pack", "not the longest first", lambda x, lengths: packed(x, lengths, longest_first=False)),
    ("pack", "padding is still in it", lambda x, lengths: (x.flatten(0, 1), packed(x, lengths)[1])),
    ("pack", "one step too long",
     lambda x, lengths: (packed(x, lengths)[0], (lengths[:, None] >= torch.arange(x.shape[1])).sum(dim=0))),
    ("pack", "one step too short",
     lambda x, lengths: (packed(x, lengths)[0], (lengths[:, None] - 1 > torch.arange(x.shape[1])).sum(dim=0))),
    ("pack", "two tensors", lambda x, lengths: packed(x, lengths)[0]),
    ("pack", "the first step comes first", lambda x, lengths: (packed(x, lengths)[0], packed(x, lengths)[1].flip(0))),
    ("pack", "these look like lengths", lambda x, lengths: (packed(x, lengths)[0], lengths)),
    ("pack", "data has no axis for the batch", lambda x, lengths: (x, packed(x, lengths)[1])),
    ("pack", "packed, it is one step after the other", lambda x, lengths: (torch.cat(
        [one[:length] for one, length in zip(x, lengths, strict=True)]), packed(x, lengths)[1])),
    ("pack", "data first, then batch_sizes", lambda x, lengths: packed(x, lengths)[::-1]),
    ("pack", "whole numbers", lambda x, lengths: (packed(x, lengths)[0], packed(x, lengths)[1].float())),
    ("pack", "that is what you should write yourself", lambda x, lengths: pack_padded_sequence(
        x, lengths, batch_first=True, enforce_sorted=False)[:2]),
    ("pack", "the same one at every step", with_restless_twins),
    ("pack", "the same one at every step", zeros_for_twins),
    ("pack", "read your data", lambda x, lengths: (packed(x, lengths)[0].flip(1), packed(x, lengths)[1])),
    ("pack", "how many sequences have a first step",
     lambda x, lengths: (packed(x, lengths)[0], torch.full((x.shape[1],), len(lengths)))),
    ("pack", "but the shortest comes first", packed_shortest_first),
    ("pack", "the lengths that say what is real are not", packed_with_unsorted_lengths),
    ("pack", "data for lengths [2, 3, 2] has shape (5, 2)", packed_by_length),
    ("pack", "batch_sizes is [2, 2, 1]",
     lambda x, lengths: (packed(x, lengths)[0], packed_by_length(x, lengths)[1])),
    ("turn", "counts padding like any step", lambda out, mask: out.mean(dim=1)),
    ("turn", "divided by all steps", lambda out, mask: (out * mask[..., None]).mean(dim=1)),
    ("turn", "nothing was divided", real_sum),
    ("turn", "padding is still in the sum", lambda out, mask: out.sum(dim=1) / mask.sum(dim=1, keepdim=True)),
    ("turn", "all real steps of the batch", lambda out, mask: real_sum(out, mask) / mask.sum()),
    ("turn", "the number of sequences", lambda out, mask: real_sum(out, mask) / len(out)),
    ("turn", "means of the padding", lambda out, mask: mean_over_real(out, ~mask)),
    ("turn", "the last real step", lambda out, mask: last(out, mask.sum(dim=1))),
    ("turn", "the largest value", lambda out, mask: max_one_by_one(out, mask.sum(dim=1))),
    ("turn", "before the end", lambda out, mask: mean_over_real(out, mask_of(mask.sum(dim=1) - 1, mask.shape[1]))),
    ("turn", "a step too many", lambda out, mask: mean_over_real(out, mask_of(mask.sum(dim=1) + 1, mask.shape[1]))),
    ("turn", "is one missing", lambda out, mask: (out * mask).sum(dim=1) / mask.sum(dim=1)),
    ("turn", "is one missing", lambda out, mask: real_sum(out, mask) / mask.sum(dim=1)),
    ("turn", "all sequences were averaged together", lambda out, mask: out[mask].mean(dim=0)),
    ("turn", "the mean went over axis 0", lambda out, mask: out.mean(dim=0)),
    ("turn", "the mean went over axis 2", lambda out, mask: out.mean(dim=2)),
    ("turn", "with size 1", lambda out, mask: mean_over_real(out, mask)[:, None]),
    ("turn", "all steps are still there", lambda out, mask: out * mask[..., None]),
    ("turn", "its real states one below the other", lambda out, mask: 2 * mean_over_real(out, mask)),
    ("turn", "changes the out", mean_in_place),
    ("turn", "returns nothing yet", lambda out, mask: ...),
    ("bug", "is that the way back", packed_ends(lambda rows, order, lengths: rows[order])),
    ("bug", "the longest first, and the labels do not", packed_ends(lambda rows, order, lengths: rows)),
    ("bug", "upside down", packed_ends(lambda rows, order, lengths: rows.flip(0))),
    ("bug", "sorted once more", packed_ends(lambda rows, order, lengths: rows[lengths.argsort()])),
    ("bug", "read the padding too", ends_of_padding),
    ("bug", "cut at another's length", packed_ends(scattered, sort_lengths=False)),
    ("bug", "lower layer", packed_ends(scattered, layer=0)),
    ("bug", "unless it is told otherwise", ends_never_sorted),
    ("bug", "choose a layer", ends_of_all_layers),
    ("bug", "compare row by row", packed_ends(lambda rows, order, lengths: 2 * scattered(rows, order, lengths))),
    ("bug", "one for each sequence is asked for", lambda gru, x, lengths: gru(x)[0]),
    ("bug", "each is cut at another's length", packed_ends(lambda rows, order, lengths: rows, sort_lengths=False)),
    ("bug", "average of both layers", lambda *given: ends_of_all_layers(*given).mean(dim=0)),
    ("bug", "no gradient comes back", in_numpy(ends_unsorted)),
    ("bug", "no gradient comes back", lambda *given: ends_unsorted(*given).data),
    ("bug", "average over the real steps", lambda gru, x, lengths: [
        gru(row[None, :n])[0][0].mean(dim=0) for row, n in zip(x, lengths, strict=True)]),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def real_steps(out, lengths):
    return torch.arange(out.shape[1]) < lengths[:, None]


def sizes_from_step_1(x, lengths):
    data, sizes = packed_by_steps(x, lengths)
    return data, sizes[1:]


WRONG += [
    ("last", "axis 0 is the batch", lambda out, lengths: out[lengths - 1]),
    ("last", "one number of each state", lambda out, lengths: out.gather(1, (lengths - 1)[:, None, None])),
    ("max", "or one of yours", lambda out, lengths: (
        out + ~real_steps(out, lengths)[..., None] * float("-inf")).amax(dim=1)),
    ("max", "is one missing", lambda out, lengths: out.masked_fill(~real_steps(out, lengths), -1e9).amax(dim=1)),
    ("max", "one number for each sequence", lambda out, lengths: out.masked_fill(
        ~real_steps(out, lengths)[..., None], float("-inf")).amax(dim=(1, 2))),
    ("max", "a maximum of its own", lambda out, lengths: out[real_steps(out, lengths)].amax(dim=0)),
    ("loss", "ignores that class everywhere", lambda logits, y, lengths: F.cross_entropy(
        logits.flatten(0, 1), y.masked_fill(~real_steps(y, lengths), 0).flatten(), ignore_index=0)),
    ("loss", "on which axis of logits", lambda logits, y, lengths: F.cross_entropy(logits, y)),
    ("pack", "the first one is step 0", sizes_from_step_1),
    ("bug", "on which axis are the sequences", lambda gru, x, lengths: gru(x)[1][lengths.argsort()][-1]),
    ("turn", "one below the other", lambda out, mask: out[mask]),
    ("turn", "one number for each sequence", lambda out, mask: torch.stack(
        [row[real].mean() for row, real in zip(out, mask, strict=True)])),
]

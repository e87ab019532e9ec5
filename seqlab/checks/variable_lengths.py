"""Checks of the exercises of this chapter."""

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)

BATCHES = ([3, 5, 2, 1], [6, 6, 2], [1, 4, 3, 2])  # the last is no longer than its batch is large


def _random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _mask(lengths, seq_len):
    return torch.arange(seq_len) < lengths[:, None]


def _blocks(size):
    """(values, lengths, mask) with something other than zero on padding; one block is wider than its longest row."""
    for number, lengths in enumerate(BATCHES):
        lengths = torch.tensor(lengths)
        seq_len = int(lengths.max()) + (number == 1)
        yield _random(len(lengths), seq_len, size, seed=number), lengths, _mask(lengths, seq_len)


@exercise("last")
def _check_last(last_real):
    for out, lengths, _ in _blocks(6):
        batch, seq_len, hidden = out.shape
        got = expect_tensor(call(last_real, out.clone(), lengths.clone(), name="last_real"), (batch, hidden),
                            "the result", "(batch, hidden_size)", {
            (batch, batch, hidden): "Every row was asked for every end: the rows need an index of their own",
            (batch, 1, hidden): "The time axis is still there, with size 1: squeeze(1) removes it",
            (batch, seq_len, hidden): "All steps are still there",
            (seq_len, hidden): "That is one sequence with all its steps: the index went to axis 0, the batch"})
        rows = torch.arange(batch)
        expect_close(got, out[rows, lengths - 1], "the result", {
            "it is the last step of the block, which is padding for short sequences": out[:, -1],
            "it is one step before the end: where does a sequence of 3 steps stop, counted from 0?":
                out[rows, lengths - 2],
            "it is one step after the end: where does a sequence of 3 steps stop, counted from 0?":
                out[rows, lengths.clamp(max=seq_len - 1)],
            "it is the first step of every sequence": out[:, 0]})
    return "Right: every sequence by its own end."


@exercise("max")
def _check_max(max_over_real):
    for values, lengths, mask in _blocks(6):
        for out in (values, values - 4, values.masked_fill(~mask[..., None], float("inf"))):
            batch, seq_len, hidden = out.shape
            got = call(max_over_real, out.clone(), lengths.clone(), name="max_over_real")
            if isinstance(got, tuple) and hasattr(got, "values"):
                fail("the result is a pair of values and indices: max with a dim returns both. Take the values")
            got = expect_tensor(got, (batch, hidden), "the result", "(batch, hidden_size)", {
                (batch, seq_len): "The maximum went over axis 2, the features; time is axis 1",
                (seq_len, hidden): "The maximum went over axis 0, the batch; time is axis 1",
                (): "One number is left: take the maximum over axis 1 only"})
            real = mask[..., None]
            expect_close(got, out.masked_fill(~real, float("-inf")).amax(dim=1), "the result", {
                "padding is in it": out.amax(dim=1),
                "on padding a zero was left in, and it beats every negative value":
                    out.masked_fill(~real, 0.0).amax(dim=1),
                "it is the mean over real steps": out.masked_fill(~real, 0.0).sum(dim=1) / lengths[:, None],
                "the smallest values were taken": out.masked_fill(~real, float("inf")).amin(dim=1)})
    return "Right, for negative values and for anything on padding."


@exercise("loss")
def _check_loss(step_loss):
    for (values, lengths, mask), classes in zip(_blocks(6), (6, 4, 3), strict=True):
        logits = 2 * values[..., :classes]
        y = torch.randint(classes, mask.shape, generator=torch.Generator().manual_seed(1))
        right = F.cross_entropy(logits[mask], y[mask])
        each = F.cross_entropy(logits.transpose(1, 2), y, reduction="none")
        per_sequence = ((each * mask).sum(dim=1) / lengths).mean()
        for filling in (0, -7):
            filled = y.masked_fill(~mask, filling)
            got = expect_tensor(call(step_loss, logits.clone(), filled.clone(), lengths.clone(), name="step_loss"), (),
                                "the loss", "one number", {
                tuple(mask.shape): "There is one loss per step: average over the real ones",
                (len(lengths),): "There is one loss per sequence: all real steps of the batch count alike",
                (int(mask.sum()),): "There is one loss per real step: the mean of them is missing"})
            counted = F.cross_entropy(logits.transpose(1, 2), y.masked_fill(~mask, 0))
            expect_close(got, right, "the loss", {
                "padding is counted": counted,
                "the sum is right, but it was divided by all steps, padding included": (each * mask).mean(),
                "it is the sum over the real steps, not their mean": (each * mask).sum(),
                "each sequence was averaged first, so steps of short sequences weigh more": per_sequence})
    return "Right: every real step counts once, and padding not at all."


@exercise("pack")
def _check_pack(pack_by_hand):
    for lengths in ([3, 5, 2], [1, 2, 4, 3], [2, 6]):
        lengths = torch.tensor(lengths)
        x = _random(len(lengths), int(lengths.max()), 2)
        result = call(pack_by_hand, x.clone(), lengths.clone(), name="pack_by_hand")
        if not isinstance(result, (tuple, list)) or len(result) < 2:
            fail(f"pack_by_hand should return two tensors, data and batch_sizes, but it returns "
                 f"{type(result).__name__}")
        want = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        mask = _mask(lengths, x.shape[1])
        total, width = int(lengths.sum()), x.shape[1]
        sizes = expect_tensor(result[1], (width,), "batch_sizes", "(seq_len,)", {
            (len(lengths),): "There is one number per sequence: these look like lengths. One per step is wanted"})
        expect_close(sizes, want.batch_sizes, "batch_sizes", {
            "a sequence was counted one step too long": (lengths[:, None] >= torch.arange(width)).sum(dim=0),
            "these are the lengths": lengths if len(lengths) == width else torch.zeros(0)})
        data = expect_tensor(result[0], (total, 2), "data", "(real steps, input_size)", {
            (mask.numel(), 2): "Padding is still in it",
            tuple(x.shape): "That is still a block: data has no axis for the batch"})
        order = lengths.argsort(descending=True)
        expect_close(data, want.data, "data", {
            "it stands one sequence after the other. Packed, it is one step after the other": x[mask],
            "it stands one sequence after the other, longest first. Packed, it is one step after the other":
                x[order][mask[order]],
            "it stands step by step, but the sequences are in the given order, not the longest first":
                x.transpose(0, 1)[mask.T],
            "it stands step by step, but the shortest comes first":
                x[order.flip(0)].transpose(0, 1)[mask[order.flip(0)].T]})
    twins = torch.tensor([2, 3, 2])
    data, sizes = call(pack_by_hand, _random(3, 3, 2), twins, name="pack_by_hand")[:2]
    if list(torch.as_tensor(sizes)) != [3, 3, 1] or len(data) != 7:
        fail("with two sequences of equal length the sizes are wrong")
    return "Right: step by step, the longest first."


@exercise("turn")
def _check_turn(turn_real):
    for x, lengths, mask in _blocks(2):
        given = x.clone()
        got = expect_tensor(call(turn_real, given, lengths.clone(), name="turn_real"), tuple(x.shape), "the result",
                            "(batch, seq_len, input_size)", {
            tuple(x.transpose(0, 1).shape): "Batch and time are swapped"})
        turned = x.clone()
        for row, length in enumerate(lengths.tolist()):
            turned[row, :length] = x[row, :length].flip(0)
        shifted = x.gather(1, (lengths[:, None] - torch.arange(x.shape[1])).clamp(0, x.shape[1] - 1)[..., None]
                           .expand_as(x))
        causes = {"the whole block was turned, so padding comes first": x.flip(1)[mask],
                  "nothing was turned": x[mask],
                  "the features were turned, axis 2; time is axis 1": x.flip(2)[mask],
                  "the batch was turned, axis 0; time is axis 1": x.flip(0)[mask],
                  "it is one step off: the first step should be the last real one, at lengths - 1": shifted[mask]}
        expect_close(got[mask], turned[mask], "the order of the real steps", causes)
        if not torch.equal(given, x):
            fail("your function changes the x that it is given: work on x.clone(), or build a new tensor")
    return "Right: the end comes first, and padding stays at the end."

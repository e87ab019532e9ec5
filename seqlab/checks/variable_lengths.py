"""Checks of the exercises of this chapter."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from . import Without, call, exercises_of, expect_close, expect_gradients, expect_tensor, fail, tensor

exercise = exercises_of(__name__)

BATCHES = ([6, 6, 2], [3, 5, 2, 1], [1, 4, 3, 2])  # the last is no longer than its batch is large


def _random(*shape, seed=5):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _mask(lengths, seq_len):
    return torch.arange(seq_len) < lengths[:, None]


def _blocks(size):
    """(values, lengths, mask) with something other than zero on padding; the first is wider than its longest row."""
    for number, lengths in enumerate(BATCHES):
        lengths = torch.tensor(lengths)
        seq_len = int(lengths.max()) + (number == 0)
        yield _random(len(lengths), seq_len, size, seed=number), lengths, _mask(lengths, seq_len)


class _Given:
    """Calls the learner's function with copies of these tensors, and can say later whether it has changed them."""

    def __init__(self, function, name, hints=None, **tensors):
        self.name, self.tensors = name, tensors
        self.copies = {one: value.clone() for one, value in tensors.items()}
        self.result = call(function, *self.copies.values(), name=name, hints={
            **({"out of bounds": "On padding y may hold a number that is no class. Is padding left out before that?"}
               if "logits" in tensors else
               {"out of bounds for dimension 0": "Axis 0 is the batch, or in a single row time: what do you count "
                                                 "there?",
                "out of bounds for dimension 1": "Where does a sequence of 3 steps stop, counted from 0?"}),
            **(hints or {})})

    def expect_unchanged(self):
        for one, value in self.tensors.items():
            if not torch.equal(self.copies[one], value):
                fail(f"{self.name} changes the {one} that it is given, and whoever calls it goes on with that: work on "
                     f"{one}.clone(), or build a new tensor")


@exercise("last")
def _check_last(last_real):
    for out, lengths, mask in _blocks(6):
        batch, seq_len, hidden = out.shape
        given = _Given(last_real, "last_real", out=out, lengths=lengths)
        got = expect_tensor(given.result, (batch, hidden), "the result", "(batch, hidden_size)", {
            (batch, batch, hidden): "Every row was asked for every end: the rows need an index of their own",
            (batch, 1, hidden): "The time axis is still there, with size 1: squeeze(1) removes it",
            (batch, 1, 1): "gather gives back what its index is wide: one number of each state",
            (batch, seq_len, hidden): "All steps are still there",
            (seq_len, hidden): "That is one sequence with all its steps: the index went to axis 0, the batch"})
        rows, real = torch.arange(batch), mask[..., None]
        expect_close(got, out[rows, lengths - 1], "the result", {
            "it is the last step of the block, which is padding for short sequences": out[:, -1],
            "it is one step before the end: where does a sequence of 3 steps stop, counted from 0?":
                out[rows, lengths - 2],
            "it is one step after the end: where does a sequence of 3 steps stop, counted from 0?":
                out[rows, lengths.clamp(max=seq_len - 1)],
            "it is the first step of every sequence": out[:, 0],
            "every sequence is read at the end of the longest one": out[:, int(lengths.max()) - 1],
            "it is the mean over real steps": (out * real).sum(dim=1) / lengths[:, None],
            "it is the sum over real steps": (out * real).sum(dim=1),
            "it is the largest value over real steps": out.masked_fill(~real, float("-inf")).amax(dim=1),
        }, "Take one sequence and find your row among the rows of out that belong to it: at which step does it stand, "
           "and where does that sequence stop?")
        given.expect_unchanged()
    return "Right: every sequence by its own end."


@exercise("max")
def _check_max(max_over_real):
    for values, lengths, mask in _blocks(6):
        for out in (values, values - 4, values - 1000, values.masked_fill(~mask[..., None], float("inf"))):
            batch, seq_len, hidden = out.shape
            given = _Given(max_over_real, "max_over_real", out=out, lengths=lengths, hints={
                "must match the size": "Line the axes of the two up from the right: do they fit, or is one missing?"})
            got = given.result
            if isinstance(got, tuple) and hasattr(got, "values"):
                fail("the result is a pair of values and indices: max with a dim returns both. Take the values")
            got = expect_tensor(got, (batch, hidden), "the result", "(batch, hidden_size)", {
                (batch, seq_len): "The maximum went over axis 2, the features; time is axis 1",
                (seq_len, hidden): "The maximum went over axis 0, the batch; time is axis 1",
                (batch, 1, hidden): "The time axis is still there, with size 1: keepdim keeps it",
                (): "One number is left: take the maximum over axis 1 only",
                (batch,): "One number for each sequence is left: take the maximum over axis 1 only",
                (hidden,): "All sequences were taken together; each has a maximum of its own"})
            if got.isnan().any():
                fail("the result holds nan: infinity times 0 is not a number. Which infinity is multiplied, one "
                     "that out "
                     "holds on padding, or one of yours?")
            real = mask[..., None]
            want = out.masked_fill(~real, float("-inf")).amax(dim=1)
            wrong = got[~torch.isclose(got.double(), want.double())]
            if len(wrong) and (wrong == wrong[0]).all() and (want < wrong[0]).any() and wrong[0] not in out:
                fail(f"the result holds {wrong[0]:g} where all real values are smaller: padding was filled with that "
                     "number, and it beats them. Which number beats nothing, whatever out holds?")
            expect_close(got, want, "the result", {
                "padding is in it": out.amax(dim=1),
                "it is the mean over real steps": out.masked_fill(~real, 0.0).sum(dim=1) / lengths[:, None],
                "it is the last real step": out[torch.arange(batch), lengths - 1],
                "the smallest values were taken": out.masked_fill(~real, float("inf")).amin(dim=1),
                "it is the largest size, without its sign":
                    out.masked_fill(~real, 0.0).abs().amax(dim=1),
                "the last real step is left out": out.masked_fill(~(real & _mask(lengths - 1, seq_len)[..., None]),
                                                                  float("-inf")).amax(dim=1),
            }, "Take the shortest sequence, print its real steps alone, and compare their largest values with your row",
                tolerance=1e-6)
            given.expect_unchanged()
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
            given = _Given(step_loss, "step_loss", logits=logits, y=filled, lengths=lengths, hints={
                "Expected target size": "F.cross_entropy looks for the classes on axis 1. On which axis of logits are "
                                        "they?"})
            got = tensor(given.result, "the loss")
            got = expect_tensor(got.reshape(()) if got.numel() == 1 else got, (), "the loss", "one number", {
                tuple(mask.shape): "There is one loss per step: average over the real ones",
                (len(lengths),): "There is one loss per sequence: all real steps of the batch count alike",
                (int(mask.sum()),): "There is one loss per real step: the mean of them is missing"})
            silent, zero = (logits * mask[..., None]).transpose(1, 2), y.masked_fill(~mask, 0)
            counted = F.cross_entropy(logits.transpose(1, 2), zero)
            flat = F.cross_entropy(silent, zero, reduction="none")
            expect_close(got, right, "the loss", {
                "padding is counted": counted,
                "padding is counted: logits of zero are no silence, they are a net with no clue": flat.mean(),
                "padding is counted: logits of zero are no silence, they are a net with no clue. The sum of all is "
                "divided by the real steps": flat.sum() / mask.sum(),
                "the sum is right, but it was divided by all steps, padding included": (each * mask).mean(),
                "the sum is right, but it was divided by the number of sequences": (each * mask).sum() / len(lengths),
                "it is the sum over the real steps, not their mean": (each * mask).sum(),
                "each sequence was averaged first, so steps of short sequences weigh more": per_sequence,
                "softmax is applied twice: cross-entropy wants logits":
                    F.cross_entropy(logits[mask].softmax(dim=1), y[mask]),
                "the sign is turned around": -right,
                "real steps of one class are left out too: ignore_index ignores that class everywhere":
                    F.cross_entropy(logits[mask], y[mask], ignore_index=0),
            }, "Give your function a batch of one sequence with one real step, and compare with F.cross_entropy of "
               "that step alone; then with two steps, then with padding behind them")
            given.expect_unchanged()
    return "Right: every real step counts once, and padding not at all."


@exercise("pack")
def _check_pack(pack_by_hand):
    for lengths in ([3, 5, 2], [1, 2, 4, 3], [2, 6]):
        lengths = torch.tensor(lengths)
        x = _random(len(lengths), int(lengths.max()), 2)
        given, data, sizes = _packed(pack_by_hand, x, lengths)
        want = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        mask = _mask(lengths, x.shape[1])
        total, width = int(lengths.sum()), x.shape[1]
        if data.dim() == 1 and sizes.dim() == 2:
            fail("the two stand in the other order: data first, then batch_sizes")
        expect_tensor(sizes, (width,), "batch_sizes", "(seq_len,)", {
            (len(lengths),): "There is one number per sequence: these look like lengths. One per step is wanted",
            (width - 1,): "One step has no number: the first one is step 0"})
        if sizes.is_floating_point():
            fail(f"batch_sizes holds {sizes.dtype}, but these are whole numbers, and a layer takes nothing else")
        expect_close(sizes, want.batch_sizes, "batch_sizes", {
            "a sequence was counted one step too long": (lengths[:, None] >= torch.arange(width)).sum(dim=0),
            "a sequence was counted one step too short": (lengths[:, None] > torch.arange(1, width + 1)).sum(dim=0),
            "it stands in the wrong order: the first step comes first": want.batch_sizes.flip(0),
        }, f"For lengths {lengths.tolist()}: how many sequences have a first step? How many a second?")
        expect_tensor(data, (total, 2), "data", "(real steps, input_size)", {
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
                x[order.flip(0)].transpose(0, 1)[mask[order.flip(0)].T],
            "the sequences are sorted, but the lengths that say what is real are not":
                x[order].transpose(0, 1)[mask.T]},
            "Let x hold the number of the sequence in one feature and the number of the step in the other, and read "
            "your data: all first steps, the longest sequence first, then all second steps")
        given.expect_unchanged()
    twins, x = torch.tensor([2, 3, 2]), _random(3, 3, 2)
    _, data, sizes = _packed(pack_by_hand, x, twins)
    expect_tensor(data, (7, 2), "data for lengths [2, 3, 2]", "(real steps, input_size)")
    if sizes.tolist() != [3, 3, 1]:
        fail(f"for lengths [2, 3, 2] batch_sizes is {sizes.tolist()}. Count the sequences that have a first step, a "
             "second and a third")
    either = [x[rows].transpose(0, 1).reshape(9, 2)[:7] for rows in ([1, 0, 2], [1, 2, 0])]
    if not any(torch.allclose(data.float(), one) for one in either):
        fail("for lengths [2, 3, 2] the data is not right. Two sequences of equal length may stand in either order, "
             "but in the same one at every step")
    return "Right: step by step, the longest first."


def _packed(pack_by_hand, x, lengths):
    with Without(("_pack_padded_sequence", "pack_padded_sequence"), "pack_by_hand calls PyTorch's own packing, and "
                 "that is what you should write yourself"):
        given = _Given(pack_by_hand, "pack_by_hand", x=x, lengths=lengths)
    result = given.result
    if not isinstance(result, (tuple, list)) or len(result) < 2:
        fail(f"pack_by_hand should return two tensors, data and batch_sizes, but it returns {type(result).__name__}")
    return given, tensor(result[0], "data"), tensor(result[1], "batch_sizes")


@exercise("bug")
def _check_ends(ends):
    for lengths in ([2, 5, 3, 4, 1], [1, 2, 5, 3], [3, 3, 3]):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(len(lengths))
            gru = nn.GRU(2, 4, num_layers=2, batch_first=True)
        x, lengths = _random(len(lengths), 5, 2), torch.tensor(lengths)
        got = call(ends, gru, x.clone(), lengths.clone(), name="ends", hints={
            "sorted in decreasing order": "Packing wants the longest first, unless it is told otherwise",
            "out of bounds for dimension 0": "Axis 0 of h_n holds the layers. On which axis are the sequences?"})
        want = torch.stack([gru(row[None, :n])[0][0, -1] for row, n in zip(x, lengths, strict=True)])
        name = f"what ends returns for lengths {lengths.tolist()}"
        got = expect_tensor(got, want.shape, name, "batch, hidden_size", {
            (2, *want.shape): "That is all of h_n: choose a layer",
            (len(x), 5, 4): "Those are all steps: one for each sequence is asked for"})
        expect_close(got, want, name, lambda case=(gru, x, lengths, want): _end_causes(*case),
                     "Read each sequence alone, `gru(x[i:i + 1, :lengths[i]])`, and compare row by row: which "
                     "rows differ, and does the end of row i stand in another row?", tolerance=1e-5)
        expect_gradients(got, want, gru.parameters(), name, {})
    return "Every end stands in the row of its own sequence, in whatever order the lengths come."


def _end_causes(gru, x, lengths, want):
    order = lengths.argsort(descending=True)
    cut = pack_padded_sequence(x[order], lengths, batch_first=True, enforce_sorted=False)
    low = gru(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[1][0]
    elsewhere = "the ends are right, but they do not stand in the rows of their sequences. "
    return {
        elsewhere + "They stand with the longest first, and the labels do not": want[order],
        elsewhere + "They were sorted, and then moved by the same list once more. Is that the way back? Follow row 0 "
                    "of a batch of three": want[order][order],
        elsewhere + "Turned upside down they would do only if the lengths rose": want[order].flip(0),
        elsewhere + "They have been sorted once more, by the lengths as they came":
            want[order][lengths.argsort()],
        "they have read the padding too": gru(x)[1][-1],
        "the rows were sorted and their lengths were not, so each is cut at another's length": gru(cut)[1][-1],
        "the rows were sorted and their lengths were not, so each was cut at another's length before it was put back":
            gru(cut)[1][-1][order.argsort()],
        "these are the ends of the lower layer": low,
        "this is the average of both layers": (low + want) / 2,
        "this is the average over the real steps, not the end":
            torch.stack([gru(row[None, :n])[0][0].mean(dim=0) for row, n in zip(x, lengths, strict=True)]),
    }


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _check_turn(mean_over_real):
    for out, lengths, mask in _blocks(6):
        batch, seq_len, hidden = out.shape
        given = _Given(mean_over_real, "mean_over_real", out=out, mask=mask, hints={
            "must match the size": "Line the axes of the two up from the right: do they fit, or is one missing?"})
        got = expect_tensor(given.result, (batch, hidden), "the result", "(batch, hidden_size)", {
            (hidden,): "One mean is left: all sequences were averaged together",
            (seq_len, hidden): "The mean went over axis 0, the batch; time is axis 1",
            (batch, seq_len): "The mean went over axis 2, the state's own numbers; time is axis 1",
            (batch, 1, hidden): "The time axis is still there, with size 1: keepdim keeps it",
            (batch, seq_len, hidden): "All steps are still there",
            (int(mask.sum()), hidden): "Those are the real steps of all sequences, one below the other",
            (batch,): "One number for each sequence is left: take the mean over axis 1 only"})
        real, count = mask[..., None], lengths[:, None]
        total, after = (out * real).sum(dim=1), _mask(lengths + 1, seq_len)[..., None]
        expect_close(got, total / count, "the result", {
            "that is the plain mean, which counts padding like any step": out.mean(dim=1),
            "padding is out of the sum, but the sum was divided by all steps": total / seq_len,
            "that is the sum over the real steps: nothing was divided": total,
            "the division is right, but padding is still in the sum": out.sum(dim=1) / count,
            "each sum was divided by the number of all real steps of the batch. How many has this sequence?":
                total / mask.sum(),
            "each sum was divided by the number of sequences. How many steps has this sequence?": total / batch,
            "these are the means of the padding": (out * ~real).sum(dim=1) / (~real).sum(dim=1),
            "it is the last real step of each sequence": out[torch.arange(batch), lengths - 1],
            "it is the largest value over real steps": out.masked_fill(~real, float("-inf")).amax(dim=1),
            "the mean stops one step before the end": (total - out[torch.arange(batch), lengths - 1]) / (count - 1),
            "there is a step too many in it, the first of the padding": (out * after).sum(dim=1) / after.sum(dim=1),
        }, "Take a short sequence, print its real states one below the other, and compare their mean with your row")
        given.expect_unchanged()
    return "Right: whatever stands on padding, and however much of it."

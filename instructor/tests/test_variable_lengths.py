"""Hidden tests: variable lengths."""

import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from instructor.hidden import exercise, expect, left_alone, number, same, twin


def block(draw, *rest):
    """A padded block with as many rows and steps as are drawn, and its lengths; padding holds other numbers."""
    batch = draw.whole(3, 5)
    steps = draw.whole(batch + 1, 9)
    return draw.tensor(batch, steps, *rest, spread=2.0), draw.lengths(batch, steps)


@exercise("variable-lengths/last")
def test_the_last_real_state(answer, draw):
    for _ in range(2):
        out, lengths = block(draw, 4)
        want = torch.stack([row[n - 1] for row, n in zip(out, lengths.tolist(), strict=True)])
        expect(answer.last_real(out, lengths), want, "It is not the state after each sequence's own last step.")
    left_alone(answer, "last_real(out, lengths)", out=out, lengths=lengths)


@exercise("variable-lengths/max")
def test_the_largest_over_real_steps(answer, draw):
    for shift in (0.0, -9.0):
        out, lengths = block(draw, 4)
        out = out + shift
        for row, n in zip(out, lengths.tolist(), strict=True):
            row[n:] += 20
        want = torch.stack([row[:n].amax(dim=0) for row, n in zip(out, lengths.tolist(), strict=True)])
        left_alone(answer, "max_over_real(out, lengths)", out=out, lengths=lengths)
        expect(answer.max_over_real(out, lengths), want, "It is not the largest value over each sequence's real steps.")


@exercise("variable-lengths/max")
def test_padding_may_hold_anything(answer, draw):
    out, lengths = block(draw, 3)
    want = torch.stack([row[:n].amax(dim=0) for row, n in zip(out, lengths.tolist(), strict=True)])
    for anything in (float("nan"), float("inf")):
        filled = out.clone()
        for row, n in zip(filled, lengths.tolist(), strict=True):
            row[n:] = anything
        expect(answer.max_over_real(filled, lengths), want, "What stands on padding comes through.")


@exercise("variable-lengths/loss")
def test_the_mean_over_all_real_steps(answer, draw):
    logits, lengths = block(draw, 4)
    y = draw.classes(4, *logits.shape[:2])
    parts = [(row[:n], labels[:n]) for row, labels, n in zip(logits, y, lengths.tolist(), strict=True)]
    want = F.cross_entropy(torch.cat([one for one, _ in parts]), torch.cat([one for _, one in parts]))
    want = want.item()
    left_alone(answer, "step_loss(logits, y, lengths)", logits=logits, y=y, lengths=lengths)
    expect(answer.step_loss(logits, y, lengths), want, "It is not the mean over all real steps of the batch.")
    for row, labels, n in zip(logits, y, lengths.tolist(), strict=True):
        row[n:], labels[n:] = 50.0, 77
    expect(answer.step_loss(logits, y, lengths), want, "What stands on padding comes through.")


@exercise("variable-lengths/pack", without=("pack_padded_sequence", "pack_sequence"))
def test_as_pytorch_packs(answer, draw):
    x, lengths = block(draw, 3)
    left_alone(answer, "list(pack_by_hand(x, lengths))", x=x, lengths=lengths)
    for _ in range(2):
        x, lengths = block(draw, 3)
        want = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        got = answer.ask("list(pack_by_hand(x, lengths))", x=x, lengths=lengths)
        expect(len(got), 2, "It does not return two tensors.")
        expect(got[1], want.batch_sizes, "The batch sizes are not those of pack_padded_sequence.")
        expect(got[0], want.data, "The data are not those of pack_padded_sequence.")


@exercise("variable-lengths/pack", without=("pack_padded_sequence", "pack_sequence"))
def test_sequences_of_equal_length(answer, draw):
    x = draw.tensor(3, 4, 2)
    got = answer.ask("list(pack_by_hand(x, lengths))", x=x, lengths=torch.tensor([2, 4, 2]))
    orders = ([1, 0, 2], [1, 2, 0])
    wants = [torch.cat([x[order[:size], t] for t, size in enumerate((3, 3, 1, 1))]) for order in orders]
    expect(got[1], [3, 3, 1, 1], "With equal lengths the batch sizes are not right.")
    expect(any(same(got[0], want) for want in wants), True, "With equal lengths the data are not right.")


@exercise("variable-lengths/backward")
def test_the_steps_of_each_sequence(answer, draw):
    for padded in (True, False):        # by a step more than the longest sequence has, or by none
        steps = draw.whole(3, 9)
        lengths = [steps - padded, *(draw.whole(1, steps - 1) for _ in range(draw.whole(2, 5)))]
        want = [[*range(n - 1, -1, -1), *range(n, steps)] for n in lengths]
        got = answer.ask("[list(one) for one in turned_steps(lengths, steps)]", lengths=lengths, steps=steps)
        expect(got, want, "Some steps do not stand where they should.")
    left_alone(answer, "[list(one) for one in turned_steps(lengths, steps)]", lengths=lengths, steps=steps)


@exercise("variable-lengths/bug", share=2)
def test_each_row_is_its_own_end(answer, draw):
    for layers in (1, 2):
        gru, theirs = twin(answer, draw, f"nn.GRU(3, 4, {layers}, batch_first=True)")
        x, lengths = block(draw, 3)
        with torch.no_grad():
            want = torch.stack([gru(row[:n][None])[0][0, -1] for row, n in zip(x, lengths.tolist(), strict=True)])
        expect(answer.ends(theirs, x, lengths), want, "Some rows are not the end of their own sequence.")


@exercise("variable-lengths/bug")
def test_it_still_learns(answer, draw):
    gru, theirs = twin(answer, draw, "nn.GRU(3, 4, batch_first=True)")
    x, lengths = block(draw, 3)
    along = draw.tensor(len(x), 4)
    got = answer.ask("gradients(ends(gru, x, lengths), list(gru.parameters()), along)",
                     gru=theirs, x=x, lengths=lengths, along=along)
    ends = torch.stack([gru(row[:n][None])[0][0, -1] for row, n in zip(x, lengths.tolist(), strict=True)])
    want = torch.autograd.grad((ends * along).sum(), list(gru.parameters()))
    expect([number(one) for one in got], list(want), "The weights do not get the gradients that they should.")

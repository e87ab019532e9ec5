"""Checks of the exercises on variable lengths that need no tensor."""

from . import call, close, exercises_of, expect_count, fail, indices, listed

exercise = exercises_of(__name__)

BATCHES = (([6, 6, 2], 7), ([3, 5, 2, 1], 5), ([1, 4, 3, 2], 4))    # the first is wider than its longest row


@exercise("backward")
def _backward(turned_steps):
    for lengths, seq_len in BATCHES:
        given, called = list(lengths), f"turned_steps({lengths}, {seq_len})"
        got = call(turned_steps, given, seq_len, name="turned_steps", hints={
            "attribute": "Here lengths is a list of whole numbers, and no tensor is needed"})
        got = listed(got, f"what {called} returns", "a list with one list for each sequence")
        if given != lengths:
            fail("turned_steps changes the lengths that it is given, and whoever calls it goes on with those")
        expect_count(got, len(lengths), f"what {called} returns", "one list for each sequence", {
            seq_len: "There is one list for each step: batch and time are swapped",
            sum(lengths): "Those are the real steps of all sequences in one row; keep the sequences apart",
            seq_len * len(lengths): "All sequences stand in one row; keep them apart"})
        names = [f"row {row} of {called}" for row in range(len(lengths))]
        rows = [indices(got[row], name, "a list of step numbers") for row, name in enumerate(names)]
        widths = [len(row) for row in rows]
        for row, name in enumerate(names):
            expect_count(rows[row], seq_len, name, "one for each step of the block", {widths[row]: (
                "Where is the padding?" if widths == lengths else
                "It is only as wide as the longest sequence, and a block may be wider" if widths[row] == max(lengths)
                else "")})
            _expect_steps(rows[row], lengths[row], seq_len, max(lengths), name)
    return "Right: the end comes first, and padding stays at the end."


def _expect_steps(got, n, seq_len, longest, what):
    """End the check unless these are the steps of a turned sequence of n real ones."""
    block, padding = list(range(seq_len)), list(range(n, seq_len))
    real = block[:n]
    want = real[::-1] + padding
    if got == want:
        return
    for cause, value in (
            ("the whole block is turned, so padding comes first", block[::-1]),
            ("nothing is turned", block),
            ("the second half repeats the first, turned: those steps were read after they had been overwritten",
             [max(t, n - 1 - t) for t in real] + padding),
            ("it is one step off: the first should be the last real one, and steps are counted from 0",
             [n - t for t in real] + padding),
            ("the first step has kept its place, and the others were turned behind it",
             real[:1] + real[:0:-1] + padding),
            ("every sequence is turned at the end of the longest one",
             block[:longest][::-1] + block[longest:]),
            ("the real steps are turned, and on padding stand negative numbers. They count from the end of the block, "
             "and padding should keep its own", [n - 1 - t for t in block]),
            ("the padding is turned as well, and it should stay as it is", real[::-1] + padding[::-1]),
            ("the real steps are turned, and on padding stands a 0, which is a real step. Padding should keep its own "
             "number", real[::-1] + [0] * len(padding))):
        if got == value:
            fail(f"{what} is not right: {cause}")
    if close(got[:n], want[:n]):
        fail(f"{what}: the real steps are right. What should stand on the padding behind them?")
    fail(f"{what} is {got}, which is not right. It has {n} real steps: which one comes first when they are turned, and "
         "where does the padding stand?")

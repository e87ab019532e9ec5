"""Checks of the exercises on images as sequences that need no tensor."""

from . import call, exercises_of, expect_close, expect_count, fail, indices, listed, several

exercise = exercises_of(__name__)


def _joined(lines, backwards=2):
    """The lines of pixel numbers end to end, every second one from its end: the odd ones at 1, the even ones at 0."""
    return [pixel for k, line in enumerate(lines) for pixel in (line[::-1] if k % 2 == backwards else line)]


@exercise("zigzag")
def _zigzag(zigzag_order):
    rows = [list(range(28 * row, 28 * row + 28)) for row in range(28)]
    columns = [[row[column] for row in rows] for column in range(28)]
    got = call(zigzag_order, name="zigzag_order", hints={
        "step must be": "A tensor takes no negative step. flip turns an axis round"})
    got = listed(got, "your order", "a list of 784 pixel numbers")
    if len(got) == 28 and all(several(row) for row in got):
        fail("your order holds 28 lists. The numbers in them may be right, but an order is one long list: put the "
             "rows end to end")
    got = indices(got, "your order", "a list of 784 pixel numbers")
    expect_count(got, 784, "your order", "one number per pixel", {len(got): "How many does each row give?"})
    missing = [pixel for pixel in range(784) if pixel not in got]
    if missing:
        fail(f"an order visits every pixel once, but {len(missing)} of 784 are never visited, "
             f"the first of them is pixel {missing[0]}")
    expect_close(got, _joined(rows, 1), "your order", [
        ("every row runs from left to right: that is the plain row order", _joined(rows)),
        ("the first row should run from left to right, and only then the second back", _joined(rows, 0)),
        ("it zigzags through columns, not rows", _joined(columns, 1)),
        ("it starts in the last row", _joined(rows[::-1], 0)),
        ("every row runs from right to left", _joined([row[::-1] for row in rows])),
    ], "Print the first 60 numbers of your order: to which pixel does it go from pixel 27, and to which after the "
       "second row?")
    return "Every pixel once, and never a jump."

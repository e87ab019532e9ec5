"""Right and wrong answers in plain Python, which also run on a page."""

ROWS = [[28 * row + column for column in range(28)] for row in range(28)]


def joined(lines):
    return [pixel for line in lines for pixel in line]


def zigzag():
    order = []
    for row in range(28):
        columns = range(28) if row % 2 == 0 else range(27, -1, -1)
        order += [28 * row + column for column in columns]
    return order


def zigzag_by_sorting():
    return sorted(range(784), key=lambda pixel: (pixel // 28, pixel % 28 if pixel // 28 % 2 == 0 else -pixel))


def zigzag_by_walking():
    """From pixel to pixel: right, or left, or down at an edge."""
    pixel, step, order = 0, 1, [0]
    while len(order) < 784:
        if len(order) % 28 == 0:
            pixel, step = pixel + 28, -step
        else:
            pixel += step
        order.append(pixel)
    return tuple(order)


def zigzag_by_turning():
    lines = [list(row) for row in ROWS]
    for line in lines[1::2]:
        line.reverse()
    return joined(lines)


def zigzag_by_two_rows():
    for row in range(0, 28, 2):
        for column in range(28):
            yield 28 * row + column
        for column in range(28):
            yield 28 * (row + 2) - 1 - column


def zigzag_by_formula():
    return [k if k // 28 % 2 == 0 else 28 * (k // 28) + 27 - k % 28 for k in range(784)]


def turned(lines, first):
    """The lines end to end, every second one from its end; the first of these is line `first`."""
    return joined(line[::-1] if k % 2 == first else line for k, line in enumerate(lines))


RIGHT = [
    ("zigzag", zigzag),
    ("zigzag", zigzag_by_sorting),
    ("zigzag", zigzag_by_walking),
    ("zigzag", zigzag_by_turning),
    ("zigzag", zigzag_by_two_rows),
    ("zigzag", zigzag_by_formula),
]

WRONG = [
    ("zigzag", "plain row order", lambda: list(range(784))),
    ("zigzag", "put the rows end to end", lambda: [row[::-1] if row[0] % 56 else row for row in ROWS]),
    ("zigzag", "first row should run from left to right", lambda: turned(ROWS, 0)),
    ("zigzag", "columns, not rows", lambda: turned([[row[k] for row in ROWS] for k in range(28)], 1)),
    ("zigzag", "right to left", lambda: joined(row[::-1] for row in ROWS)),
    ("zigzag", "starts in the last row", lambda: turned(ROWS[::-1], 0)),
    ("zigzag", "to which pixel does it go", lambda: zigzag()[1:] + [0]),
    ("zigzag", "392 of 784 are never visited", lambda: joined(ROWS[:14]) * 2),
    ("zigzag", "756 numbers instead of 784", lambda: joined(row[:27] for row in ROWS)),
    ("zigzag", "used as an index", lambda: [1.0 * pixel for pixel in zigzag()]),
    ("zigzag", "used as an index", lambda: [pixel / 1 for pixel in range(784)]),
    ("zigzag", "a list of 784 pixel numbers, but it is", lambda: 784),
    ("zigzag", "a list of 784 pixel numbers, but it is", lambda: [str(pixel) for pixel in zigzag()]),
    ("zigzag", "returns nothing yet", lambda: ...),
]

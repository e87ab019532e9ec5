"""Right and wrong answers in plain Python, which also run on a page."""


def turned_steps(lengths, seq_len):
    return [[n - 1 - t if t < n else t for t in range(seq_len)] for n in lengths]


def turned_by_slices(lengths, seq_len):
    steps = list(range(seq_len))
    return [steps[:n][::-1] + steps[n:] for n in lengths]


def turned_by_ranges(lengths, seq_len):
    for n in lengths:
        yield list(range(n - 1, -1, -1)) + list(range(n, seq_len))


def turned_with_loops(lengths, seq_len):
    rows = []
    for n in lengths:
        row = []
        for t in range(seq_len):
            if t < n:
                row.insert(0, t)
            else:
                row.append(t)
        rows.append(row)
    return rows


def turned_by_swapping(lengths, seq_len):
    rows = [list(range(seq_len)) for _ in lengths]
    for row, n in zip(rows, lengths):
        for t in range(n // 2):
            row[t], row[n - 1 - t] = row[n - 1 - t], row[t]
    return tuple(map(tuple, rows))


def turned_by_sorting(lengths, seq_len):
    return [sorted(range(seq_len), key=lambda t: (t >= n, t if t >= n else -t)) for n in lengths]


def rows_of(row):
    """A row for each length, by another rule than the right one."""
    return lambda lengths, seq_len: [row(n, seq_len) for n in lengths]


def overwritten(lengths, seq_len):
    rows = [list(range(seq_len)) for _ in lengths]
    for row, n in zip(rows, lengths):
        for t in range(n):
            row[t] = row[n - 1 - t]
    return rows


def turned_from(lengths, seq_len):
    """Takes the lengths off the list that it is given."""
    rows = []
    while lengths:
        rows.append(turned_steps([lengths.pop(0)], seq_len)[0])
    return rows


RIGHT = [
    ("backward", turned_steps),
    ("backward", turned_by_slices),
    ("backward", turned_by_ranges),
    ("backward", turned_with_loops),
    ("backward", turned_by_swapping),
    ("backward", turned_by_sorting),
]

WRONG = [
    ("backward", "padding comes first", rows_of(lambda n, seq_len: list(range(seq_len))[::-1])),
    ("backward", "nothing is turned", rows_of(lambda n, seq_len: list(range(seq_len)))),
    ("backward", "one step off",
     rows_of(lambda n, seq_len: [n - t if t < n else t for t in range(seq_len)])),
    ("backward", "the first step has kept its place",
     rows_of(lambda n, seq_len: [0] + list(range(n - 1, 0, -1)) + list(range(n, seq_len)))),
    ("backward", "at the end of the longest one",
     lambda lengths, seq_len: turned_steps([max(lengths)] * len(lengths), seq_len)),
    ("backward", "on padding stand negative numbers",
     rows_of(lambda n, seq_len: [n - 1 - t for t in range(seq_len)])),
    ("backward", "padding is turned as well",
     rows_of(lambda n, seq_len: [(n - 1 - t) % seq_len for t in range(seq_len)])),
    ("backward", "stands a 0", rows_of(lambda n, seq_len: [max(0, n - 1 - t) for t in range(seq_len)])),
    ("backward", "where is the padding", rows_of(lambda n, seq_len: list(range(n))[::-1])),
    ("backward", "a block may be wider", lambda lengths, seq_len: turned_steps(lengths, max(lengths))),
    ("backward", "what should stand on the padding",
     rows_of(lambda n, seq_len: list(range(n))[::-1] + [n - 1] * (seq_len - n))),
    ("backward", "which one comes first", rows_of(lambda n, seq_len: list(range(1, seq_len)) + [0])),
    ("backward", "batch and time are swapped",
     lambda lengths, seq_len: [list(column) for column in zip(*turned_steps(lengths, seq_len))]),
    ("backward", "keep the sequences apart",
     lambda lengths, seq_len: [t for n in lengths for t in range(n - 1, -1, -1)]),
    ("backward", "all sequences stand in one row", lambda lengths, seq_len: [t for row in turned_steps(lengths, seq_len)
                                                                                for t in row]),
    ("backward", "6 numbers instead of 7",
     rows_of(lambda n, seq_len: turned_steps([n], seq_len)[0][1:] if n == 2 else turned_steps([n], seq_len)[0])),
    ("backward", "after they had been overwritten", overwritten),
    ("backward", "changes the lengths", turned_from),
    ("backward", "used as an index", rows_of(lambda n, seq_len: [1.0 * t for t in range(seq_len)])),
    ("backward", "no tensor is needed", lambda lengths, seq_len: lengths.flip(0)),
    ("backward", "a list with one list for each sequence", lambda lengths, seq_len: seq_len),
    ("backward", "a list of step numbers", lambda lengths, seq_len: lengths),
    ("backward", "returns nothing yet", lambda lengths, seq_len: lengths.sort()),
]

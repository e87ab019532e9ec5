"""Checks of the exercises on what a net keeps that need no tensor."""

from . import call, exercises_of, fail, numbers, several, shown

exercise = exercises_of(__name__)


def _names(got, what, wanted):
    """A list of symbols; an empty one too."""
    return [] if several(got) and not isinstance(got, str) and not len(list(got)) else numbers(got, what, wanted)


@exercise("kept")
def _kept(kept):
    for table in ([[4, 0, 0, 0], [0, 3, 2, 0], [0, 2, 3, 0], [0, 0, 0, 5]],
                  [[9, 0, 0, 0], [0, 8, 0, 0], [0, 0, 7, 0], [0, 0, 0, 9]],
                  [[9, 0, 0, 0], [0, 0, 8, 0], [0, 0, 7, 0], [0, 0, 0, 9]],
                  [[5, 0, 0, 0], [1, 6, 0, 0], [0, 0, 7, 0], [0, 0, 0, 8]],
                  [[0, 5, 0, 0], [0, 6, 0, 0], [0, 7, 0, 0], [0, 8, 0, 0]],
                  [[0, 5, 0, 0], [6, 0, 0, 0], [0, 0, 7, 0], [0, 0, 1, 8]]):
        got = call(kept, [list(row) for row in table], name="kept")
        if isinstance(got, (list, tuple)) and any(isinstance(one, bool) for one in got):
            fail("kept should name the symbols that are kept, 0 to 3. It says True or False of them")
        got = [int(one) for one in _names(list(got) if isinstance(got, (set, frozenset)) else got, "what kept returns",
                                          "a list of symbols")]
        rows = [k for k in range(4) if sum(table[k]) == table[k][k]]
        columns = [k for k in range(4) if sum(row[k] for row in table) == table[k][k] > 0]
        mostly = [k for k in range(4) if table[k][k] == max(table[k])]
        want = [k for k in rows if k in columns]
        if sorted(got) == want:
            continue
        given = f"kept({shown(table, 80)}) is {got}"
        for cause, value in (
                ("a symbol is in it that is always named right, and another symbol is given the same name: from the "
                 "answer alone nobody could tell the two apart. Look along the columns, too", rows),
                ("a symbol is in it whose name is never given to another, but it is not always named right itself. "
                 "Look along the rows, too", columns),
                ("a symbol is in it that is named right most often, not always", mostly),
                ("these are the ones that are not kept", [k for k in range(4) if k not in want]),
                ("it names the counts, not the symbols", sorted(table[k][k] for k in want))):
            if value and sorted(got) == sorted(value):
                fail(f"{given}: {cause}")
        fail(f"{given}. Take one symbol at a time: what stands beside the diagonal, in its row and in its column?")
    return "Row and column: only what is told apart is kept."


RUNS = [("RNN", 0.01, True, 80), ("RNN", 0.01, True, 230), ("RNN", 0.01, False, 600),
        ("RNN", 0.02, True, 90), ("RNN", 0.02, False, 600), ("RNN", 0.02, False, 600),
        ("GRU", 0.01, False, 600), ("GRU", 0.01, False, 600), ("GRU", 0.01, False, 600),
        ("GRU", 0.03, True, 240), ("GRU", 0.03, True, 300), ("GRU", 0.03, True, 310),
        ("LSTM", 0.003, True, 320), ("LSTM", 0.003, True, 350), ("LSTM", 0.003, True, 390),
        ("LSTM", 0.01, True, 180), ("LSTM", 0.01, True, 200), ("LSTM", 0.01, True, 250),
        ("LSTM", 0.03, True, 100), ("LSTM", 0.03, False, 600), ("LSTM", 0.03, False, 600),
        ("leaky", 0.03, True, 560), ("leaky", 0.03, True, 590), ("leaky", 0.03, False, 600),
        ("leaky", 0.01, True, 40), ("leaky", 0.01, False, 600), ("leaky", 0.01, False, 600)]


def _choose(runs, merit):
    """For each layer the rate whose runs [(solved, batches), ...] have the largest merit."""
    groups = {}
    for layer, rate, solved, batches in runs:
        groups.setdefault(layer, {}).setdefault(rate, []).append((solved, batches))
    return {layer: max(rates, key=lambda rate: merit(rates[rate])) for layer, rates in groups.items()}


def _count(group):
    return sum(solved for solved, _ in group)


def _batches(group):
    return sum(batches for _, batches in group)


def _ties(runs):
    """What comes out where solved runs are counted, and equals are told apart in another way."""
    return (_choose(runs, lambda group: (_count(group), _batches(group))), _choose(runs, _count),
            _choose(runs[::-1], _count))


@exercise("best-rate")
def _best_rate(best_rate):
    for runs in (RUNS, RUNS[::-1], RUNS[6:12], [run for run in RUNS if run[0] == "LSTM"]):
        got = call(best_rate, list(runs), name="best_rate")
        if not isinstance(got, dict):
            fail(f"best_rate should return a dict, such as {{'RNN': 0.01}}, but it returns {shown(got)}")
        want = _choose(runs, lambda group: (_count(group), -_batches(group)))
        if sorted(got) != sorted(want):
            fail(f"best_rate should have an entry for each of {', '.join(sorted(want))}, but it has "
                 f"{', '.join(map(str, got)) or 'none'}")
        if any(not isinstance(rate, (int, float)) for rate in got.values()):
            fail(f"each layer's entry should be a learning rate, but one is {shown(next(iter(got.values())))}")
        if got == want:
            continue
        if got in _ties(runs) and call(best_rate, runs[::-1], name="best_rate") in _ties(runs[::-1]):
            fail("of rates with equally many solved runs, take the one with the fewer batches: look at the LSTM")
        for cause, value in (
                ("the quickest single run decides. How many of the runs solved the task at all?",
                 _choose(runs, lambda group: -min(batches for _, batches in group))),
                ("the rate with the fewest solved runs is chosen", _choose(runs, lambda group: -_count(group))),
                ("one rate is given to all layers; each has its own best", {layer: got[layer] for layer in got}
                 if len(set(got.values())) == 1 < len(got) else None),
                ("it is the largest rate of each layer", {layer: max(run[1] for run in runs if run[0] == layer)
                                                          for layer in want}),
                ("it is the smallest rate of each layer", {layer: min(run[1] for run in runs if run[0] == layer)
                                                           for layer in want})):
            if got == value:
                fail(cause)
        wrong = next(layer for layer in want if got[layer] != want[layer])
        fail(f"for the {wrong} it chooses {got[wrong]}. Count its solved runs at every rate, and then their batches")
    return "Each layer at the rate that suits it: now they can be compared."


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _turn(confusions):
    for first, said in (([1, 1, 1, 2, 0], [0, 0, 3, 2, 0]), ([0, 1, 2, 3, 1], [0, 2, 2, 3, 2]), ([3, 3, 0], [1, 3, 0])):
        got = call(confusions, list(first), list(said), name="confusions")
        rows = list(got) if several(got) and not isinstance(got, dict) else []
        rows = rows if all(several(row) for row in rows) else []
        if len(rows) != 4:
            fail("confusions should return four rows, one for each true symbol, but it returns "
                 f"{len(rows)} " + ("row" if len(rows) == 1 else "rows") if rows else
                 f"confusions should return four rows of four counts, but it returns {shown(got)}")
        rows = [numbers(row, "each row", "four counts") for row in rows]
        if any(len(row) != 4 for row in rows):
            fail("each row should have four counts, also for names that the net never gives")
        want = [[0] * 4 for _ in range(4)]
        for true, name in zip(first, said):
            want[true][name] += 1
        if rows == want:
            continue
        given = f"for first = {shown(first)} and said = {shown(said)}"
        turned = [[want[column][row] for column in range(4)] for row in range(4)]
        for cause, value in (
                ("the rows and columns are exchanged: a row is for what stood first, a column for what was said",
                 turned),
                ("each case sets a 1, and it should add one", [[min(one, 1) for one in row] for row in want]),
                ("only the right answers are counted",
                 [[want[k][j] if j == k else 0 for j in range(4)] for k in range(4)]),
                ("only the wrong answers are counted; the right ones belong on the diagonal",
                 [[want[k][j] if j != k else 0 for j in range(4)] for k in range(4)]),
                ("it holds shares, and counts were asked for",
                 [[one / max(sum(row), 1) for one in row] for row in want]),
                ("it holds shares of all, and counts were asked for",
                 [[one / len(first) for one in row] for row in want]),
                ("the four rows are one and the same list: [[0] * 4] * 4 makes one row and names it four times",
                 [[sum(row[j] for row in want) for j in range(4)]] * 4),
                ("it counts what was said, not what was said to what",
                 [[sum(row[j] for row in want) if j == k else 0 for j in range(4)] for k in range(4)])):
            if rows == value:
                fail(f"{given}, {cause}")
        fail(f"{given} the table is not right. Go through the pairs one by one: which row, which column, and what is "
             "done there?")
    return "A table of who was taken for whom."

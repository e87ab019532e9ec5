"""Right and wrong answers in plain Python, which also run on a page."""


def kept(table):
    return [k for k in range(4) if table[k][k] == sum(table[k]) and sum(row[k] for row in table) == table[k][k] > 0]


def kept_by_loops(table):
    found = []
    for k in range(4):
        alone = table[k][k] > 0
        for other in range(4):
            if other != k and (table[k][other] or table[other][k]):
                alone = False
        if alone:
            found.append(k)
    return found


def kept_by_turning(table):
    turned = [[row[k] for row in table] for k in range(4)]
    return tuple(k for k in range(4) if table[k][k] and sum(table[k]) + sum(turned[k]) == 2 * table[k][k])


def kept_as_a_set(table):
    return set(kept(table))


def kept_by_names(table):
    """A symbol is kept if it is called one thing, itself, and nobody else is called that."""
    called = [[j for j in range(4) if table[k][j]] for k in range(4)]
    return [k for k in range(4) if called[k] == [k] and sum(k in names for names in called) == 1]


def kept_backwards(table):
    return sorted(kept(table), reverse=True)


def by_rows(table):
    return [k for k in range(4) if table[k][k] == sum(table[k])]


def by_columns(table):
    return [k for k in range(4) if table[k][k] == sum(row[k] for row in table) > 0]


def mostly(table):
    return [k for k in range(4) if table[k][k] == max(table[k])]


def groups_of(runs):
    groups = {}
    for layer, rate, solved, batches in runs:
        groups.setdefault(layer, {}).setdefault(rate, []).append((solved, batches))
    return groups


def best_rate(runs):
    best = {}
    for layer, rates in groups_of(runs).items():
        best[layer] = min(rates, key=lambda rate: (-sum(solved for solved, _ in rates[rate]),
                                                   sum(batches for _, batches in rates[rate])))
    return best


def best_by_sorting(runs):
    best = {}
    for layer, rates in groups_of(runs).items():
        table = sorted((sum(not solved for solved, _ in group), sum(batches for _, batches in group), rate)
                       for rate, group in rates.items())
        best[layer] = table[0][2]
    return best


def best_by_counting(runs):
    counts = {}
    for layer, rate, solved, batches in runs:
        count, total = counts.get((layer, rate), (0, 0))
        counts[layer, rate] = count + solved, total + batches
    best = {}
    for (layer, rate), (count, total) in counts.items():
        if layer not in best or (count, -total) > best[layer][1:]:
            best[layer] = rate, count, -total
    return {layer: found[0] for layer, found in best.items()}


def best_by_the_mean(runs):
    def merit(group):
        return 10_000 * sum(solved for solved, _ in group) - sum(batches for _, batches in group) / len(group)
    return {layer: max(rates, key=lambda rate: merit(rates[rate])) for layer, rates in groups_of(runs).items()}


def best_by_filtering(runs):
    best = {}
    for layer in [run[0] for run in runs]:
        rates = [run[1] for run in runs if run[0] == layer]
        counts = [sum(run[2] for run in runs if run[:2] == (layer, rate)) for rate in rates]
        left = [rate for rate, count in zip(rates, counts) if count == max(counts)]
        best[layer] = min(left, key=lambda rate: sum(run[3] for run in runs if run[:2] == (layer, rate)))
    return best


def best_one_after_the_other(runs):
    best = {}
    for layer, rates in groups_of(runs).items():
        chosen = None
        for rate in rates:
            now = sum(solved for solved, _ in rates[rate]), -sum(batches for _, batches in rates[rate])
            if chosen is None or now > chosen[1]:
                chosen = rate, now
        best[layer] = chosen[0]
    return best


def chosen_by(merit):
    def best(runs):
        return {layer: max(rates, key=lambda rate: merit(rates[rate])) for layer, rates in groups_of(runs).items()}
    return best


def count(group):
    return sum(solved for solved, _ in group)


def confusions(first, said):
    table = [[0] * 4 for _ in range(4)]
    for true, name in zip(first, said):
        table[true][name] += 1
    return table


def by_counting(first, said):
    pairs = list(zip(first, said))
    return [[pairs.count((true, name)) for name in range(4)] for true in range(4)]


def by_summing(first, said):
    return tuple(tuple(sum(a == true and b == name for a, b in zip(first, said)) for name in range(4))
                 for true in range(4))


def by_indices(first, said):
    table = []
    for true in range(4):
        row = [0, 0, 0, 0]
        for k in range(len(first)):
            if first[k] == true:
                row[said[k]] = row[said[k]] + 1
        table.append(row)
    return table


def from_one_list(first, said):
    flat = [0] * 16
    for true, name in zip(first, said):
        flat[4 * true + name] += 1
    return [flat[4 * k:4 * k + 4] for k in range(4)]


def from_a_dict(first, said):
    counts = {}
    for pair in zip(first, said):
        counts[pair] = counts.get(pair, 0) + 1
    return [[float(counts.get((true, name), 0)) for name in range(4)] for true in range(4)]


def turned(first, said):
    return confusions(said, first)


def one_row_four_times(first, said):
    table = [[0] * 4] * 4
    for true, name in zip(first, said):
        table[true][name] += 1
    return table


def only(keep):
    def count_some(first, said):
        pairs = [(true, name) for true, name in zip(first, said) if keep(true, name)]
        return confusions([true for true, _ in pairs], [name for _, name in pairs])
    return count_some


RIGHT = [
    ("kept", kept),
    ("kept", kept_by_loops),
    ("kept", kept_by_turning),
    ("kept", kept_as_a_set),
    ("kept", kept_by_names),
    ("kept", kept_backwards),
    ("best-rate", best_rate),
    ("best-rate", best_by_sorting),
    ("best-rate", best_by_counting),
    ("best-rate", best_by_the_mean),
    ("best-rate", best_by_filtering),
    ("best-rate", best_one_after_the_other),
    ("turn", confusions),
    ("turn", by_counting),
    ("turn", by_summing),
    ("turn", by_indices),
    ("turn", from_one_list),
    ("turn", from_a_dict),
]

WRONG = [
    ("kept", "Look along the columns", by_rows),
    ("kept", "Look along the rows", by_columns),
    ("kept", "most often, not always", mostly),
    ("kept", "that are not kept", lambda table: [k for k in range(4) if k not in kept(table)]),
    ("kept", "the counts, not the symbols", lambda table: [table[k][k] for k in kept(table)]),
    ("kept", "one symbol at a time", lambda table: [0]),
    ("kept", "a list of symbols", lambda table: "0, 1"),
    ("kept", "a list of symbols", lambda table: len(kept(table))),
    ("best-rate", "look at the LSTM", chosen_by(lambda group: (count(group), sum(one for _, one in group)))),
    ("best-rate", "quickest single run", chosen_by(lambda group: -min(one for _, one in group))),
    ("best-rate", "fewest solved", chosen_by(lambda group: -count(group))),
    ("best-rate", "one rate is given to all", lambda runs: {run[0]: runs[0][1] for run in runs}),
    ("best-rate", "largest rate", lambda runs: {layer: max(rates) for layer, rates in groups_of(runs).items()}),
    ("best-rate", "smallest rate", lambda runs: {layer: min(rates) for layer, rates in groups_of(runs).items()}),
    ("best-rate", "with the fewer batches", chosen_by(count)),
    ("best-rate", "with the fewer batches", lambda runs: chosen_by(count)(runs[::-1])),
    ("best-rate", "at every rate", lambda runs: dict(best_rate(runs), RNN=0.02)),
    ("best-rate", "an entry for each of", lambda runs: {}),
    ("best-rate", "should return a dict", lambda runs: 0.01),
    ("best-rate", "should be a learning rate",
     lambda runs: {layer: str(rate) for layer, rate in best_rate(runs).items()}),
    ("turn", "exchanged", turned),
    ("turn", "it should add one",
     lambda first, said: [[min(one, 1) for one in row] for row in confusions(first, said)]),
    ("turn", "only the right answers", only(lambda true, name: true == name)),
    ("turn", "only the wrong answers", only(lambda true, name: true != name)),
    ("turn", "it holds shares", lambda first, said: [[one / max(sum(row), 1) for one in row]
                                                     for row in confusions(first, said)]),
    ("turn", "one and the same list", one_row_four_times),
    ("turn", "not what was said to what", lambda first, said: confusions(said, said)),
    ("turn", "also for names that the net never gives",
     lambda first, said: [row[:3] for row in confusions(first, said)]),
    ("turn", "but it returns 3 rows", lambda first, said: confusions(first, said)[:3]),
    ("turn", "but it returns 1 row", lambda first, said: confusions(first, said)[:1]),
    ("turn", "four rows of four counts", lambda first, said: len(first)),
    ("turn", "one by one", lambda first, said: confusions(first[:-1], said[:-1])),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def first_solved(runs):
    rates = {}
    for layer, rate, solved, _ in runs:
        if layer not in rates or (solved and not rates[layer][0]):
            rates[layer] = solved, rate
    return {layer: rates[layer][1] for layer in rates}


def counted(first, said):
    return [[sum(1 for k in range(len(first)) if first[k] == row and said[k] == column) for column in range(4)]
            for row in range(4)]


WRONG += [
    ("kept", "says True or False", lambda table: [table[k][k] == sum(table[k]) for k in range(4)]),
    ("kept", "take one symbol at a time", lambda table: []),
    ("best-rate", "count its solved runs", first_solved),
    ("turn", "four rows of four counts", lambda first, said: [one for row in counted(first, said) for one in row]),
    ("turn", "four rows of four counts", lambda first, said: {(1, 0): 5}),
    ("turn", "it holds shares of all",
     lambda first, said: [[one / len(first) for one in row] for row in counted(first, said)]),
]

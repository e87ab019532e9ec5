"""Right and wrong answers in plain Python, which also run on a page."""

import math


def paired_interval(a, b, t):
    differences = [one - other for one, other in zip(a, b)]
    n = len(differences)
    mean = sum(differences) / n
    spread = math.sqrt(sum((d - mean) ** 2 for d in differences) / (n - 1))
    half = t * spread / math.sqrt(n)
    return mean - half, mean + half


def interval_in_a_loop(a, b, t):
    total = squares = 0.0
    for k in range(len(a)):
        total += a[k] - b[k]
    mean = total / len(a)
    for k in range(len(a)):
        squares += (a[k] - b[k] - mean) ** 2
    error = (squares / (len(a) - 1) / len(a)) ** 0.5
    return [mean - t * error, mean + t * error]


def interval_by_squares(a, b, t):
    """The variance as the mean of the squares minus the square of the mean."""
    d = [x - y for x, y in zip(a, b)]
    n, mean = len(d), sum(d) / len(d)
    variance = (sum(x * x for x in d) - n * mean * mean) / (n - 1)
    half = t * math.sqrt(variance / n)
    return mean - half, mean + half


def interval_by_pairs(a, b, t):
    """The variance from the distances of all pairs."""
    d = [x - y for x, y in zip(a, b)]
    n = len(d)
    variance = sum((x - y) ** 2 for x in d for y in d) / (2 * n * (n - 1))
    ends = []
    for sign in (-1, 1):
        ends.append(sum(d) / n + sign * t * math.sqrt(variance / n))
    return tuple(ends)


def interval_in_place(a, b, t):
    """Changes the list that it is given."""
    for k in range(len(a)):
        a[k] -= b[k]
    mean = sum(a) / len(a)
    error = math.sqrt(sum((x - mean) ** 2 for x in a) / (len(a) - 1) / len(a))
    yield mean - t * error
    yield mean + t * error


def interval_by_means(a, b, t):
    n = len(a)
    mean_a, mean_b = sum(a) / n, sum(b) / n
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b)) / (n - 1)
    variance = (sum((x - mean_a) ** 2 for x in a) + sum((y - mean_b) ** 2 for y in b)) / (n - 1) - 2 * covariance
    half = t * math.sqrt(variance) / math.sqrt(n)
    return [[mean_a - mean_b - half], [mean_a - mean_b + half]]


def spread(values, less=1):
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - less))


def wrong_interval(half, middle=lambda mean: mean):
    def answer(a, b, t):
        d = [x - y for x, y in zip(a, b)]
        reach, mean = half(d, len(d), t), sum(d) / len(d)
        return middle(mean) - reach, middle(mean) + reach
    return answer


def apart(a, b, t):
    mean = sum(a) / len(a) - sum(b) / len(b)
    half = t * math.sqrt(spread(a) ** 2 + spread(b) ** 2) / math.sqrt(len(a))
    return mean - half, mean + half


def size(units, blocks):
    return blocks * (28 * units + units * units + 2 * units) + 10 * units + 10


def units_for(blocks, parameters):
    return min(range(1, 1000), key=lambda units: abs(size(units, blocks) - parameters))


def units_by_the_formula(blocks, parameters):
    """Solves the quadratic equation, and looks at the whole numbers around the root."""
    b, c = 30 * blocks + 10, 10 - parameters
    root = (-b + math.sqrt(b * b - 4 * blocks * c)) / (2 * blocks)
    below = int(root)
    if parameters - size(below, blocks) <= size(below + 1, blocks) - parameters:
        return below
    return below + 1


def units_by_counting_up(blocks, parameters):
    units = 1
    while size(units, blocks) < parameters:
        units += 1
    return units - 1 if parameters - size(units - 1, blocks) <= size(units, blocks) - parameters else units


def units_by_halving(blocks, parameters):
    low, high = 1, 2000
    while high - low > 1:
        middle = (low + high) // 2
        if size(middle, blocks) <= parameters:
            low = middle
        else:
            high = middle
    return float(min((low, high), key=lambda units: abs(size(units, blocks) - parameters)))


def units_by_rounding(blocks, parameters):
    b = 30 * blocks + 10
    return [round((-b + math.sqrt(b * b + 4 * blocks * (parameters - 10))) / (2 * blocks))]


def units_in_a_table(blocks, parameters):
    far = {units: abs(size(units, blocks) - parameters) for units in range(1, 400)}
    nearest = min(far.values())
    return [units for units in sorted(far) if far[units] == nearest][:1]


def units_by_sorting(blocks, parameters):
    return sorted((abs(size(units, blocks) - parameters), units) for units in range(1, 500))[0][1]


def nearest(count):
    return lambda blocks, parameters: min(range(1, 9000), key=lambda units: abs(count(units, blocks) - parameters))


def chosen_and_reported(right, here):
    there = [k for k in range(len(right[0])) if k not in here]
    scores = [sum(row[k] for k in here) for row in right]
    winner = scores.index(max(scores))
    return winner, sum(right[winner][k] for k in there) / len(there)


def chosen_by_max(right, here):
    winner = max(range(len(right)), key=lambda network: sum(right[network][k] for k in here))
    there = set(range(len(right[0]))) - set(here)
    return [winner, sum(right[winner][k] for k in there) / len(there)]


def chosen_in_a_loop(right, here):
    best, winner = -1, None
    for network, row in enumerate(right):
        count = 0
        for k in here:
            if row[k]:
                count += 1
        if count > best:
            best, winner = count, network
    return winner, (sum(right[winner]) - best) / (len(right[winner]) - len(here))


def chosen_by_sorting(right, here):
    order = sorted(range(len(right)), key=lambda network: -sum(right[network][k] for k in here))
    rest = [hit for k, hit in enumerate(right[order[0]]) if k not in here]
    return order[0], rest.count(True) / len(rest)


def chosen_in_place(right, here):
    """Empties the lists that it is given."""
    counts = []
    for row in right:
        own = 0
        for k in sorted(here, reverse=True):
            own += row.pop(k)
        counts.append(own)
    winner = counts.index(max(counts))
    yield winner
    yield sum(right[winner]) / len(right[winner])


def chosen_by_mistakes(right, here):
    wrong = [sum(not row[k] for k in here) for row in right]
    winner = wrong.index(min(wrong))
    there = [k for k in range(len(right[winner])) if k not in here]
    return float(winner), 1 - sum(not right[winner][k] for k in there) / len(there)


def choosing(by="here", report="there", last=False, worst=False, turn=lambda share, n, every: share):
    """The winner and its share; the keywords say which digits are used for what."""
    def answer(right, here):
        every = list(range(len(right[0])))
        places = {"here": list(here), "there": [k for k in every if k not in here], "every": every}
        scores = [sum(row[k] for k in places[by]) for row in right]
        best = min(scores) if worst else max(scores)
        winner = len(scores) - 1 - scores[::-1].index(best) if last else scores.index(best)
        share = sum(right[winner][k] for k in places[report]) / len(places[report])
        return winner, turn(share, len(places[report]), len(every))
    return answer


def mean_of_all(right, here):
    there = [k for k in range(len(right[0])) if k not in here]
    return chosen_and_reported(right, here)[0], sum(row[k] for row in right for k in there) / len(there) / len(right)


def best_share_there(right, here):
    there = [k for k in range(len(right[0])) if k not in here]
    return chosen_and_reported(right, here)[0], max(sum(row[k] for k in there) for row in right) / len(there)


RIGHT = [
    ("interval", paired_interval),
    ("interval", interval_in_a_loop),
    ("interval", interval_by_squares),
    ("interval", interval_by_pairs),
    ("interval", interval_in_place),
    ("interval", interval_by_means),
    ("units", units_for),
    ("units", units_by_the_formula),
    ("units", units_by_counting_up),
    ("units", units_by_halving),
    ("units", units_in_a_table),
    ("units", units_by_sorting),
    ("chosen", chosen_and_reported),
    ("chosen", chosen_by_max),
    ("chosen", chosen_in_a_loop),
    ("chosen", chosen_by_sorting),
    ("chosen", chosen_in_place),
    ("chosen", chosen_by_mistakes),
]

WRONG = [
    ("interval", "returns nothing yet", lambda a, b, t: None),
    ("interval", "two numbers", lambda a, b, t: "from 0 to 1"),
    ("interval", "an interval has two ends", lambda a, b, t: [paired_interval(a, b, t)[1]]),
    ("interval", "the mean is not asked for", lambda a, b, t: [0.3] + list(paired_interval(a, b, t))),
    ("interval", "one number for each pair", lambda a, b, t: [x - y for x, y in zip(a, b)]),
    ("interval", "in the wrong order", lambda a, b, t: list(paired_interval(a, b, t))[::-1]),
    ("interval", "the interval of b - a", lambda a, b, t: paired_interval(b, a, t)),
    ("interval", "divided by n, not by the root", wrong_interval(lambda d, n, t: t * spread(d) / n)),
    ("interval", "what is missing is the root of n", wrong_interval(lambda d, n, t: t * spread(d))),
    ("interval", "one standard error on each side", wrong_interval(lambda d, n, t: spread(d) / math.sqrt(n))),
    ("interval", "two standard errors on each side", wrong_interval(lambda d, n, t: 2 * spread(d) / math.sqrt(n))),
    ("interval", "it divides by n - 1", wrong_interval(lambda d, n, t: t * spread(d, 0) / math.sqrt(n))),
    ("interval", "square root of the variance", wrong_interval(lambda d, n, t: t * spread(d) ** 2 / math.sqrt(n))),
    ("interval", "taken apart", apart),
    ("interval", "smallest and the largest", lambda a, b, t: (min(x - y for x, y in zip(a, b)),
                                                              max(x - y for x, y in zip(a, b)))),
    ("interval", "around 0", wrong_interval(lambda d, n, t: t * spread(d) / math.sqrt(n), lambda mean: 0.0)),
    ("interval", "the second case by hand", lambda a, b, t: (0.0, 1.0)),
    ("units", "returns nothing yet", lambda blocks, parameters: ...),
    ("units", "a whole number of units", lambda blocks, parameters: 128.5),
    ("units", "at least one unit", lambda blocks, parameters: 0),
    ("units", "two biases for each block", nearest(lambda h, g: g * (29 * h + h * h) + 10 * h + 10)),
    ("units", "where are the biases", nearest(lambda h, g: g * (28 * h + h * h) + 10 * h + 10)),
    ("units", "the head has parameters", nearest(lambda h, g: g * (30 * h + h * h))),
    ("units", "from state to state", nearest(lambda h, g: g * 30 * h + 10 * h + 10)),
    ("units", "from the row to the state", nearest(lambda h, g: g * (2 * h + h * h) + 10 * h + 10)),
    ("units", "as an RNN has", lambda blocks, parameters: units_for(1, parameters)),
    ("units", "a neighbour comes nearer", units_by_rounding),
    ("units", "a neighbour comes nearer", lambda blocks, parameters: units_for(blocks, parameters) + 1),
    ("units", "try your count on", lambda blocks, parameters: 40),
    ("chosen", "returns nothing yet", lambda right, here: None),
    ("chosen", "two things", lambda right, here: chosen_and_reported(right, here)[0]),
    ("chosen", "two things", lambda right, here: [0, 0.5, 0.5]),
    ("chosen", "the place of the winner", lambda right, here: ("the second", 0.5)),
    ("chosen", "a share", lambda right, here: (choosing()(right, here)[0], "half")),
    ("chosen", "only be reported", choosing(by="there")),
    ("chosen", "by those in `here` alone", choosing(by="every")),
    ("chosen", "take the first", choosing(last=True)),
    ("chosen", "the worst on these", choosing(worst=True)),
    ("chosen", "count for each network", lambda right, here: (len(right), 0.5)),
    ("chosen", "the luck included", choosing(report="here")),
    ("chosen", "those that chose it included", choosing(report="every")),
    ("chosen", "these are percent", choosing(turn=lambda share, n, every: 100 * share)),
    ("chosen", "how many it reads", choosing(turn=lambda share, n, every: n * share)),
    ("chosen", "the other digits, not of all", choosing(turn=lambda share, n, every: n * share / every)),
    ("chosen", "the mean of all networks", mean_of_all),
    ("chosen", "of whichever network", best_share_there),
    ("chosen", "the share of mistakes", choosing(turn=lambda share, n, every: 1 - share)),
    ("chosen", "which digits are not in", choosing(turn=lambda share, n, every: 0.12345)),
]

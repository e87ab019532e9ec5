"""Right and wrong answers in plain Python, which also run on a page."""

import math


def lstm_parameters(inputs, units, layers, both):
    directions = 2 if both else 1
    total = 0
    for layer in range(layers):
        reads = inputs if layer == 0 else directions * units
        total += directions * 4 * units * (reads + units + 2)
    return total


def widest(parameters, input_size, num_layers, bidirectional):
    units = 1
    while lstm_parameters(input_size, units + 1, num_layers, bidirectional) <= parameters:
        units += 1
    return units


def widest_by_range(parameters, input_size, num_layers, bidirectional):
    return max(units for units in range(1, 500)
               if lstm_parameters(input_size, units, num_layers, bidirectional) <= parameters)


def widest_by_halving(parameters, input_size, num_layers, bidirectional):
    low, high = 1, 1000
    while high - low > 1:
        middle = (low + high) // 2
        if lstm_parameters(input_size, middle, num_layers, bidirectional) <= parameters:
            low = middle
        else:
            high = middle
    return low


def widest_by_the_formula(parameters, input_size, num_layers, bidirectional):
    """All layers together are d * 4 * (a * h**2 + b * h): solve for h."""
    d = 2 if bidirectional else 1
    a = 1 + (num_layers - 1) * (d + 1)
    b = input_size + 2 * num_layers
    root = (-b + math.sqrt(b * b + a * parameters / d)) / (2 * a)
    return math.floor(root + 1e-9)


def widest_downwards(parameters, input_size, num_layers, bidirectional):
    for units in range(400, 0, -1):
        if lstm_parameters(input_size, units, num_layers, bidirectional) <= parameters:
            return units


def widest_by_matrices(parameters, input_size, num_layers, bidirectional):
    """Adds up the shapes of the weights; a float that is whole will do."""
    units = 0.0
    while True:
        units += 1
        reads, left = input_size, parameters
        for _ in range(num_layers):
            for _ in range(1 + bidirectional):
                for rows, columns in ((4 * units, reads), (4 * units, units), (4 * units, 1), (4 * units, 1)):
                    left -= rows * columns
            reads = (1 + bidirectional) * units
        if left < 0:
            return units - 1


def counting(count):
    """The widest by another count, of input_size, hidden_size, num_layers and bidirectional."""
    def answer(parameters, input_size, num_layers, bidirectional):
        units = 0
        while count(input_size, units + 1, num_layers, bidirectional) <= parameters:
            units += 1
        return units
    return answer


def stacked(layer, deep=lambda inputs, units, both: (2 if both else 1) * units):
    """A count: `layer` of what a layer reads and its units, and what a second layer reads."""
    def count(inputs, units, layers, both):
        return (2 if both else 1) * sum(layer(inputs if k == 0 else deep(inputs, units, both), units)
                                        for k in range(layers))
    return counting(count)


def nearest(parameters, input_size, num_layers, bidirectional):
    return min(range(1, 400), key=lambda units: abs(
        lstm_parameters(input_size, units, num_layers, bidirectional) - parameters))


def strictly_below(parameters, input_size, num_layers, bidirectional):
    return widest(parameters - 1, input_size, num_layers, bidirectional)


def running_mean(steps, keep):
    mean = list(steps[0])
    for weights in steps[1:]:
        mean = [keep * old + (1 - keep) * new for old, new in zip(mean, weights)]
    return mean


def mean_in_place(steps, keep):
    mean = [weight for weight in steps[0]]
    for weights in steps:
        for k in range(len(mean)):
            mean[k] += (1 - keep) * (weights[k] - mean[k])
    return mean


def mean_by_shares(steps, keep):
    """Each step with its share in the end: the first has the whole of its own power of keep."""
    n = len(steps)
    shares = [(1 - keep) * keep ** (n - 1 - t) for t in range(n)]
    shares[0] = keep ** (n - 1)
    return tuple(sum(share * row[k] for share, row in zip(shares, steps)) for k in range(len(steps[0])))


def mean_by_itself(steps, keep):
    if len(steps) == 1:
        return [1.0 * weight for weight in steps[0]]
    before = mean_by_itself(steps[:-1], keep)
    return [keep * before[k] + (1 - keep) * steps[-1][k] for k in range(len(before))]


def mean_weight_by_weight(steps, keep):
    means = []
    for history in zip(*steps):
        mean = history[0]
        for weight in history[1:]:
            mean = mean * keep + weight * (1.0 - keep)
        means.append(mean)
    return means


def mean_one_by_one(steps, keep):
    mean = steps[0][:]
    for k in range(len(mean)):
        for weights in steps:
            mean[k] = weights[k] - keep * (weights[k] - mean[k])
        yield mean[k]


def mean_that_changes_what_it_is_given(steps, keep):
    mean = steps[0]
    for weights in steps[1:]:
        for k in range(len(mean)):
            mean[k] = keep * mean[k] + (1 - keep) * weights[k]
    return mean


def mixing(keep_of, rest_of, begin=None):
    """A running mean with other shares, or that begins otherwise."""
    def answer(steps, keep):
        mean = list(steps[0]) if begin is None else [begin for _ in steps[0]]
        for weights in steps[1:] if begin is None else steps:
            mean = [keep_of(keep) * old + rest_of(keep) * new for old, new in zip(mean, weights)]
        return mean
    return answer


def plain_mean(steps, keep):
    return [sum(row[k] for row in steps) / len(steps) for k in range(len(steps[0]))]


RIGHT = [
    ("widest", widest),
    ("widest", widest_by_range),
    ("widest", widest_by_halving),
    ("widest", widest_by_the_formula),
    ("widest", widest_downwards),
    ("widest", widest_by_matrices),
    ("running-mean", running_mean),
    ("running-mean", mean_in_place),
    ("running-mean", mean_by_shares),
    ("running-mean", mean_by_itself),
    ("running-mean", mean_weight_by_weight),
    ("running-mean", mean_one_by_one),
]

WRONG = [
    ("widest", "returns nothing yet", lambda parameters, reads, layers, both: ...),
    ("widest", "a whole number of units", lambda parameters, reads, layers, both: 12.5),
    ("widest", "at least one unit", lambda parameters, reads, layers, both: 0),
    ("widest", "two biases for each gate", stacked(lambda reads, units: 4 * units * (reads + units + 1))),
    ("widest", "where are the biases", stacked(lambda reads, units: 4 * units * (reads + units))),
    ("widest", "four blocks in all", stacked(lambda reads, units: 3 * units * (reads + units + 2))),
    ("widest", "this counts one block", stacked(lambda reads, units: units * (reads + units + 2))),
    ("widest", "does not read x", stacked(lambda reads, units: 4 * units * (reads + units + 2),
                                          lambda inputs, units, both: inputs)),
    ("widest", "when the first goes both ways", stacked(lambda reads, units: 4 * units * (reads + units + 2),
                                                        lambda inputs, units, both: units)),
    ("widest", "the other layers have parameters", lambda parameters, reads, layers, both: (
        widest(parameters, reads, 1, both))),
    ("widest", "the other direction has weights", lambda parameters, reads, layers, both: (
        widest(parameters, reads, layers, False))),
    ("widest", "more than there may be", nearest),
    ("widest", "more than there may be", lambda *given: widest(*given) + 1),
    ("widest", "one more unit would still fit", strictly_below),
    ("widest", "one more unit would still fit", lambda *given: widest(*given) // 2),
    ("running-mean", "returns nothing yet", lambda steps, keep: None),
    ("running-mean", "a list of numbers", lambda steps, keep: "between the two"),
    ("running-mean", "a list of numbers", lambda steps, keep: running_mean(steps, keep)[0]),
    ("running-mean", "changes the lists that it is given", mean_that_changes_what_it_is_given),
    ("running-mean", "the mean after every step", lambda steps, keep: [
        running_mean(steps[:n + 1], keep) for n in range(len(steps))]),
    ("running-mean", "one number for each step", lambda steps, keep: [sum(row) / len(row) for row in steps]),
    ("running-mean", "one number for all", lambda steps, keep: [sum(running_mean(steps, keep))]),
    ("running-mean", "are exchanged", lambda steps, keep: running_mean(steps, 1 - keep)),
    ("running-mean", "begins with zeros", mixing(lambda keep: keep, lambda keep: 1 - keep, begin=0.0)),
    ("running-mean", "added whole", mixing(lambda keep: keep, lambda keep: 1.0)),
    ("running-mean", "the same share as the mean", mixing(lambda keep: keep, lambda keep: keep)),
    ("running-mean", "the plain mean", plain_mean),
    ("running-mean", "the last weights", lambda steps, keep: steps[-1]),
    ("running-mean", "have not moved", lambda steps, keep: list(steps[0])),
    ("running-mean", "the last step is left out", lambda steps, keep: running_mean(steps[:-1] or steps, keep)),
    ("running-mean", "the first step is left out", lambda steps, keep: running_mean(steps[1:] or steps, keep)),
    ("running-mean", "from the last step to the first", lambda steps, keep: running_mean(steps[::-1], keep)),
    ("running-mean", "only the last two", lambda steps, keep: running_mean(steps[-2:], keep)),
    ("running-mean", "do it by hand", lambda steps, keep: [2 * mean for mean in running_mean(steps, keep)]),
]

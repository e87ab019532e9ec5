"""Right and wrong answers in plain Python, which also run on a page."""

import math

FLOOR = math.log(math.e + 9) - 1


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def softmax(row):
    top = max(row)
    parts = [math.exp(z - top) for z in row]
    return [part / sum(parts) for part in parts]


def loss(logits, y):
    total = 0.0
    for row, right in zip(logits, y):
        top = max(row)
        total += top + math.log(sum(math.exp(z - top) for z in row)) - row[right]
    return total / len(y)


def loss_in_place(logits, y):
    """Takes the largest logit off the rows that it is given."""
    for row in logits:
        top = max(row)
        for k in range(len(row)):
            row[k] -= top
    return mean(math.log(sum(map(math.exp, row))) - row[right] for row, right in zip(logits, y))


def loss_by_differences(logits, y):
    """The logarithm of a sum of ratios, each with the right class below."""
    losses = []
    for k in range(len(y)):
        gaps = [z - logits[k][y[k]] for z in logits[k]]
        most = max(gaps)
        losses.append(most + math.log(sum(math.exp(gap - most) for gap in gaps)))
    return [mean(losses)]


def loss_two_by_two(logits, y):
    """Adds one class after the other to a logarithm of a sum."""
    def both(a, b):
        return max(a, b) + math.log(1 + math.exp(-abs(a - b)))

    total = 0.0
    for row, right in zip(logits, y):
        log_sum = row[0]
        for z in row[1:]:
            log_sum = both(log_sum, z)
        total -= row[right] - log_sum
    return total / len(logits)


def loss_by_sorting(logits, y):
    losses = []
    for row, right in zip(logits, y):
        below = sorted((z - max(row) for z in row), reverse=True)
        losses.append(max(row) - row[right] + math.log(sum(math.e ** z for z in below)))
    return math.fsum(losses) / len(losses) if hasattr(math, "fsum") else mean(losses)


def naive(logits, y, log=math.log):
    """Softmax first, then its logarithm."""
    return -mean(log(math.exp(row[right]) / sum(map(math.exp, row))) for row, right in zip(logits, y))


def by(of, finish=mean):
    """The loss made of something else than the logarithm of each right class's probability."""
    return lambda logits, y: finish([of(softmax(row), row, right) for row, right in zip(logits, y)])


def log_of(probability):
    return math.log(max(probability, 1e-300))


def down_the_columns(logits, y):
    columns = [softmax(column) for column in zip(*logits)]
    return -mean(log_of(columns[right][k]) for k, right in enumerate(y))


RIGHT = [
    ("loss", loss, FLOOR),
    ("loss", loss_in_place, loss([[1.0] + [0.0] * 9], [0])),
    ("loss", loss_by_differences, loss([[0, 0, 1, 0, 0, 0, 0, 0, 0, 0]], [2])),
    ("loss", loss_two_by_two, [FLOOR]),
    ("loss", loss_by_sorting, round(FLOOR, 6)),
    ("loss", lambda logits, y: mean(loss([row], [right]) for row, right in zip(logits, y)), FLOOR),
]

WRONG = [
    ("loss", "not a finite number", naive, FLOOR),
    ("loss", "not a finite number", lambda z, y: -mean(math.log(softmax(row)[k]) for row, k in zip(z, y)), FLOOR),
    ("loss", "a small number added", by(lambda p, row, right: -math.log(p[right] + 1e-8)), FLOOR),
    ("loss", "with logits of 10 in their place", 
     by(lambda p, row, right: loss([row], [right]) + row[right] - min(row[right], 999)), FLOOR),
    ("loss", "to base 2", by(lambda p, row, right: loss([row], [right]) / math.log(2)), FLOOR),
    ("loss", "to base 10", by(lambda p, row, right: loss([row], [right]) / math.log(10)), FLOOR),
    ("loss", "sign is turned around", lambda z, y: -loss(z, y), FLOOR),
    ("loss", "the sum over the sequences", lambda z, y: len(y) * loss(z, y), FLOOR),
    ("loss", "over all classes", by(lambda p, row, right: -mean(map(log_of, p))), FLOOR),
    ("loss", "a mean over sequences and classes", lambda z, y: loss(z, y) / len(z[0]), FLOOR),
    ("loss", "before the logarithm", by(lambda p, row, right: p[right], lambda each: -math.log(mean(each))), FLOOR),
    ("loss", "without the logarithm", by(lambda p, row, right: -p[right]), FLOOR),
    ("loss", "applied twice", lambda z, y: loss(map(softmax, z), y), FLOOR),
    ("loss", "down the columns", down_the_columns, FLOOR),
    ("loss", "softmax is missing", by(lambda p, row, right: -row[right]), FLOOR),
    ("loss", "one number per sequence", by(lambda p, row, right: loss([row], [right]), list), FLOOR),
    ("loss", "pick one entry per row", lambda z, y: [[loss([row], [k]) for k in y] for row in z], FLOOR),
    ("loss", "try one row of two equal logits", lambda z, y: loss(z, y) + 1, FLOOR),
    ("loss", "the loss should be one number", lambda z, y: "low", FLOOR),
    ("loss", "the loss should be one number", lambda z, y: ["low"], FLOOR),
    ("loss", "logits is a list of rows", lambda z, y: z.logsumexp(1), FLOOR),
    ("loss", "what can come out of softmax", loss, 0.0),
    ("loss", "no clue", loss, math.log(10)),
    ("loss", "two classes", loss, math.log(math.e + 1) - 1),
    ("loss", "of a wrong class", loss, math.log(math.e + 9)),
    ("loss", "it is rounded", loss, 1.46),
    ("loss", "in the best case", loss, 1.0),
    ("loss", "floor should be one number", loss, [1.46, 1.46]),
]

"""Right and wrong answers in plain Python, which also run on a page."""

PREDICTED = [(64, 28, 128), (2, 64, 128), (2, 64, 128), (35, 16, 40), (2, 16, 20), (2, 16, 5), (2, 16, 20),
             (50, 8), (3, 8)]
NAMES = ["a_out", "a_h_n", "a_c_n", "b_out", "b_h_n", "c_h_n", "c_c_n", "d_out", "d_h_n"]


def predicted(name, shape):
    """The nine shapes with another one in this place."""
    return tuple(shape if NAMES[k] == name else PREDICTED[k] for k in range(9))


def count(kind, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks, directions = {"rnn": 1, "gru": 3, "lstm": 4}[kind], 2 if bidirectional else 1
    reads = [input_size] + [directions * hidden_size] * (num_layers - 1)
    return sum(directions * blocks * hidden_size * (size + hidden_size + 2 * bias) for size in reads)


def count_in_a_loop(kind, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks = 1 if kind == "rnn" else 3 if kind == "gru" else 4
    total, reads = 0, input_size
    for _ in range(num_layers):
        for _ in range(1 + bidirectional):
            total += blocks * hidden_size * reads + blocks * hidden_size * hidden_size
            if bias:
                total += blocks * hidden_size + blocks * hidden_size
        reads = hidden_size * (1 + bidirectional)
    return total


def count_by_shapes(kind, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    rows, both = {"rnn": 1, "gru": 3, "lstm": 4}[kind] * hidden_size, 2 if bidirectional else 1
    shapes = []
    for layer in range(num_layers):
        one = [(rows, both * hidden_size if layer else input_size), (rows, hidden_size)]
        shapes += (one + [(rows, 1), (rows, 1)] if bias else one) * both
    return float(sum(a * b for a, b in shapes))


def count_first_then_rest(kind, i, h, num_layers=1, bidirectional=False, bias=True):
    g, d, b = {"rnn": 1, "gru": 3, "lstm": 4}[kind], int(bidirectional) + 1, 2 * int(bias)
    return d * g * h * (i + h + b) + (num_layers - 1) * d * g * h * (d * h + h + b)


def count_recursively(kind, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    if num_layers == 0:
        return 0
    width = hidden_size * (2 if bidirectional else 1)
    first = {"rnn": 1, "gru": 3, "lstm": 4}[kind] * width * (input_size + hidden_size + (2 if bias else 0))
    return first + count_recursively(kind, width, hidden_size, num_layers - 1, bidirectional, bias)


def count_wrong(biases=2, deep=None):
    def wrong(kind, inputs, hidden, num_layers=1, bidirectional=False, bias=True):
        blocks, directions = {"rnn": 1, "gru": 3, "lstm": 4}[kind], 2 if bidirectional else 1
        reads = [inputs] + [deep(inputs, hidden) if deep else directions * hidden] * (num_layers - 1)
        return sum(directions * blocks * hidden * (size + hidden + biases) for size in reads)
    return wrong


def count_deep_wrong(deep, right_if):
    """Right in the simple cases, wrong about what the second layer reads."""
    def wrong(kind, inputs, hidden, num_layers=1, bidirectional=False, bias=True):
        given = (kind, inputs, hidden, num_layers, bidirectional, bias)
        return count(*given) if right_if(*given) else count_wrong(2 if bias else 0, deep)(*given)
    return wrong


CHANGED = {"out", "h_n", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}

RIGHT = [
    ("predict",) + tuple(PREDICTED),
    ("predict",) + tuple([list(shape) for shape in PREDICTED]),
    ("predict",) + tuple([tuple(float(size) for size in shape) for shape in PREDICTED]),
    ("predict",) + predicted("d_out", [50, 8]),
    ("predict",) + predicted("a_out", (8 * 8, 28, 2 * 64)),
    ("predict",) + tuple([[[size] for size in shape] for shape in PREDICTED]),
    ("count", count),
    ("count", count_in_a_loop),
    ("count", count_by_shapes),
    ("count", count_first_then_rest),
    ("count", count_recursively),
    ("count", lambda *given: [count(*given)]),
    ("hidden-size", CHANGED, 2, 4, 3),
    ("hidden-size", sorted(CHANGED), 48 / 24, 144 / 36, 216 / 72),
    ("hidden-size", tuple(sorted(CHANGED)), 2.0, 4.0, 3.0),
    ("hidden-size", ["out", "h_n", "out"] + sorted(CHANGED), [2], [4], [3]),
    ("hidden-size", {name: True for name in sorted(CHANGED)}, 2, 2 ** 2, 3),
    ("hidden-size", frozenset(CHANGED), 2, 4, 3),
]

WRONG = [
    ("predict", "a_out: axis 2 (features)") + predicted("a_out", (64, 28, 256)),
    ("predict", "a_h_n has two axes swapped") + predicted("a_h_n", (64, 2, 128)),
    ("predict", "Count one row for every layer") + predicted("a_c_n", (1, 64, 128)),
    ("predict", "b_out: axis 2 (features)") + predicted("b_out", (35, 16, 20)),
    ("predict", "b_out: axis 0 (seq_len)") + predicted("b_out", (16, 35, 40)),
    ("predict", "b_h_n: axis 1 (batch)") + predicted("b_h_n", (2, 35, 20)),
    ("predict", "b_h_n: axis 2 (features) is not 40") + predicted("b_h_n", (2, 16, 40)),
    ("predict", "Does proj_size shrink that?") + predicted("c_c_n", (2, 16, 5)),
    ("predict", "the size of the state that is shown") + predicted("c_h_n", (2, 16, 20)),
    ("predict", "Does this x have a batch axis?") + predicted("d_h_n", (3, 1, 8)),
    ("predict", "every size in d_out should be a whole number") + predicted("d_out", (50, 8.5)),
    ("predict", "a tuple of whole numbers") + predicted("d_out", "50, 8"),
    ("predict", "a tuple of whole numbers") + predicted("d_out", 50),
    ("predict", "it got 2", (64, 28, 128), (2, 64, 128)),
    ("predict", "name its axes one by one") + predicted("a_out", (64, 28)),
    ("count", "only one", count_wrong(biases=1)),
    ("count", "no biases", count_wrong(biases=0)),
    ("count", "although bias=False", count_wrong()),
    ("count", "how many blocks", lambda kind, *sizes: count("rnn", *sizes)),
    ("count", "what does a second layer read? Not x", count_deep_wrong(lambda i, h: i, lambda *a: a[3] == 1)),
    ("count", "goes both ways", count_deep_wrong(lambda i, h: h, lambda *a: not a[4])),
    ("count", "other layers", lambda *a: count(*a[:3], 1, *a[4:])),
    ("count", "second direction", lambda *a: count(*a[:4], False, *a[5:])),
    ("count", "look at the defaults", lambda kind, i, h, layers=2, both=False, bias=True:
        count(kind, i, h, layers, both, bias)),
    ("count", "write down the shape of every parameter", lambda *a: count(*a) + 1),
    ("count", "one number", lambda *a: "72"),
    ("hidden-size", "x is yours", CHANGED | {"x"}, 2, 4, 3),
    ("hidden-size", "look again at weight_ih_l0", CHANGED - {"weight_ih_l0"}, 2, 4, 3),
    ("hidden-size", "look again at h_n", ["out", "weight_hh_l0"], 2, 4, 3),
    ("hidden-size", "choose from", CHANGED | {"hidden"}, 2, 4, 3),
    ("hidden-size", "should hold names", "out", 2, 4, 3),
    ("hidden-size", "should hold names", 3, 2, 4, 3),
    ("hidden-size", "names in quotes", [1, 2], 2, 4, 3),
    ("hidden-size", "times_hh is not 2", CHANGED, 2, 2, 3),
    ("hidden-size", "times_ih is not 4", CHANGED, 4, 4, 3),
    ("hidden-size", "times_all is not 2", CHANGED, 2, 4, 2),
    ("hidden-size", "should be one number", CHANGED, 2, 4, "three"),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def with_shape(place, shape):
    answers = list(NINE)
    answers[place] = shape
    return ("predict",) + WORDS[place, shape] + tuple(answers)


NINE = ((64, 28, 128), (2, 64, 128), (2, 64, 128), (35, 16, 40), (2, 16, 20), (2, 16, 5), (2, 16, 20), (50, 8), (3, 8))
WORDS = {
    (2, (2, 64, 256)): ("how many numbers does it carry inside?",),
    (6, (2, 16, 40)): ("how many numbers does it carry inside?",),
    (6, (2, 16, 5)): ("does proj_size shrink that?",),
    (7, (8, 50)): ("when there is no batch",),
    (8, (8, 3)): ("what stands first in h_n",),
}
WRONG += [with_shape(place, shape) for place, shape in WORDS]
WRONG += [("hidden-size", "how many times as many",
           {"out", "h_n", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}, 48, 4, 3)]

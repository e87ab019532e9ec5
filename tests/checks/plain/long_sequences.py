"""Right and wrong answers in plain Python, which also run on a page."""


def operations(batch, seq_len, input_size, hidden_size):
    return 2 * batch * seq_len * 4 * hidden_size * (input_size + hidden_size)


def operations_by_source(batch, seq_len, input_size, hidden_size):
    from_x = 2 * batch * input_size * 4 * hidden_size
    from_h = 2 * batch * hidden_size * 4 * hidden_size
    return seq_len * (from_x + from_h)


def operations_in_loops(batch, seq_len, input_size, hidden_size):
    count = 0
    for _ in range(seq_len):
        for _ in "ifgo":
            for size in (input_size, hidden_size):
                count += batch * hidden_size * size         # multiplications
                count += batch * hidden_size * size         # additions
    return count


def operations_as_float(batch, seq_len, input_size, hidden_size):
    return 8.0 * batch * seq_len * hidden_size * input_size + 8.0 * batch * seq_len * hidden_size**2


def operations_in_a_list(batch, seq_len, input_size, hidden_size):
    return [sum(8 * batch * hidden_size * size for _ in range(seq_len) for size in (input_size, hidden_size))]


def operations_by_weights(batch, seq_len, input_size, hidden_size):
    weights = [4 * hidden_size * input_size, 4 * hidden_size * hidden_size]
    return sum(weights) * batch * seq_len + sum(weights) * batch * seq_len


def products(batch, seq_len, inputs, units, blocks=4, two=2):
    return two * batch * seq_len * blocks * units * (inputs + units)


def gru_operations(batch, seq_len, input_size, hidden_size, num_layers):
    count = 0
    for layer in range(num_layers):
        reads = hidden_size if layer else input_size
        count += 6 * batch * seq_len * hidden_size * (reads + hidden_size)
    return count


def gru_by_formula(batch, seq_len, input_size, hidden_size, num_layers):
    weights = 3 * hidden_size * (input_size + (2 * num_layers - 1) * hidden_size)
    return 2 * batch * seq_len * weights


def gru_by_sizes(batch, seq_len, input_size, hidden_size, num_layers):
    sizes = [input_size] + [hidden_size] * (num_layers - 1)
    return float(sum(products(batch, seq_len, size, hidden_size, 3) for size in sizes))


def gru_layer_on_layer(batch, seq_len, input_size, hidden_size, num_layers):
    own = products(batch, seq_len, input_size, hidden_size, 3)
    if num_layers == 1:
        return own
    return own + gru_layer_on_layer(batch, seq_len, hidden_size, hidden_size, num_layers - 1)


def gru_in_a_while(batch, seq_len, input_size, hidden_size, num_layers):
    count, reads = 0, input_size
    while num_layers > 0:
        for _ in "rzn":
            count += 2 * batch * seq_len * (hidden_size * reads + hidden_size * hidden_size)
        reads, num_layers = hidden_size, num_layers - 1
    return [count]


def gru_step_by_step(batch, seq_len, input_size, hidden_size, num_layers):
    return sum(6 * batch * hidden_size * ((hidden_size if layer else input_size) + hidden_size)
               for _ in range(seq_len) for layer in range(num_layers))


def gru(two=2, blocks=3, layers=None, steps=None, batches=None):
    """A count with something left out."""
    def answer(batch, seq_len, input_size, hidden_size, num_layers):
        one, many = batch if batches is None else batches, seq_len if steps is None else steps
        below = products(one, many, input_size, hidden_size, blocks, two)
        return below + ((layers or num_layers) - 1) * products(one, many, hidden_size, hidden_size, blocks, two)
    return answer


def middle(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def mean(values):
    return sum(values) / len(values)


def ratio(mine, theirs, warm_up):
    return middle([one / other for one, other in zip(mine[warm_up:], theirs[warm_up:])])


def ratio_by_places(mine, theirs, warm_up):
    return [middle([mine[k] / theirs[k] for k in range(warm_up, len(mine))])]


def ratio_in_place(mine, theirs, warm_up):
    """Takes the warm-up out of the lists that it is given."""
    for _ in range(warm_up):
        mine.pop(0)
        theirs.pop(0)
    ratios = []
    while mine:
        ratios.append(mine.pop() / theirs.pop())
    ratios.sort()
    return (ratios[len(ratios) // 2] + ratios[(len(ratios) - 1) // 2]) / 2


def ratio_by_taking_ends_off(mine, theirs, warm_up):
    ratios = sorted(a / b for a, b in list(zip(mine, theirs))[warm_up:])
    while len(ratios) > 2:
        ratios = ratios[1:-1]
    return sum(ratios) / len(ratios)


def ratio_by_counting(mine, theirs, warm_up):
    """The numbers with as many below as above them, or the nearest two."""
    ratios = [a / b for a, b in zip(mine, theirs)][warm_up:]
    n, inner = len(ratios), []
    for one in ratios:
        below, same = sum(other < one for other in ratios), sum(other == one for other in ratios)
        if below <= n / 2 <= below + same:
            inner.append(one)
    return (min(inner) + max(inner)) / 2


def ratio_of_floats(mine, theirs, warm_up):
    turns = []
    for turn, (a, b) in enumerate(zip(mine, theirs)):
        if turn >= warm_up:
            turns.append(float(a) / float(b))
    return middle(turns)


def of_turns(what):
    return lambda mine, theirs, warm_up: what([a / b for a, b in zip(mine[warm_up:], theirs[warm_up:])])


def bound(operations, bytes, product, memory):
    times = {"products": operations / product, "memory": bytes / memory}
    word = max(times, key=lambda name: times[name])
    return times[word], word


def bound_by_if(operations, bytes, product, memory):
    if operations / product > bytes / memory:
        return [operations / product, "products"]
    else:
        return [bytes / memory, "memory"]


def bound_by_max(operations, bytes, product, memory):
    return max((operations / product, "products"), (bytes / memory, "memory"))


def bound_by_intensity(operations, bytes, product, memory):
    if operations / bytes < product / memory:
        return bytes / memory, "memory"
    return operations / product, "products"


def bound_by_roof(operations, bytes, product, memory):
    roof = min(product, memory * operations / bytes)
    return operations / roof, "products" if roof == product else "memory"


def bound_by_sorting(operations, bytes, product, memory):
    yield sorted([operations / product, bytes / memory])[1]
    yield ["memory", "products"][operations * memory > bytes * product]


def bound_with(seconds, word=None):
    def answer(operations, bytes, product, memory):
        return seconds(operations, bytes, product, memory), word or bound(operations, bytes, product, memory)[1]
    return answer


RIGHT = [
    ("turn", operations),
    ("turn", operations_by_source),
    ("turn", operations_in_loops),
    ("turn", operations_as_float),
    ("turn", operations_in_a_list),
    ("turn", operations_by_weights),
    ("gru", gru_operations),
    ("gru", gru_by_formula),
    ("gru", gru_by_sizes),
    ("gru", gru_layer_on_layer),
    ("gru", gru_in_a_while),
    ("gru", gru_step_by_step),
    ("ratio", ratio),
    ("ratio", ratio_by_places),
    ("ratio", ratio_in_place),
    ("ratio", ratio_by_taking_ends_off),
    ("ratio", ratio_by_counting),
    ("ratio", ratio_of_floats),
    ("bound", bound),
    ("bound", bound_by_if),
    ("bound", bound_by_max),
    ("bound", bound_by_intensity),
    ("bound", bound_by_roof),
    ("bound", bound_by_sorting),
]

WRONG = [
    ("turn", "returns nothing yet", lambda b, t, f, h: None),
    ("turn", "should be one number", lambda b, t, f, h: "many"),
    ("turn", "the multiplications alone", lambda b, t, f, h: products(b, t, f, h, two=1)),
    ("turn", "i, f, g and o need one each", lambda b, t, f, h: products(b, t, f, h, blocks=1)),
    ("turn", "the product with h is missing", lambda b, t, f, h: 8 * b * t * f * h),
    ("turn", "the product with x is missing", lambda b, t, f, h: 8 * b * t * h * h),
    ("turn", "that is one step", lambda b, t, f, h: products(b, 1, f, h)),
    ("turn", "that is one example", lambda b, t, f, h: products(1, t, f, h)),
    ("turn", "the biases are counted too", lambda b, t, f, h: 8 * b * t * h * (f + h + 1)),
    ("turn", "added, not multiplied", lambda b, t, f, h: 8 * b * t * h * f * h),
    ("turn", "4 matrices of 4 x 3", lambda b, t, f, h: products(b, t, f, h) + 7),
    ("gru", "returns nothing yet", lambda b, t, f, h, n: ...),
    ("gru", "should be one number", lambda b, t, f, h, n: [1, 2]),
    ("gru", "which has four blocks", gru(blocks=4)),
    ("gru", "the multiplications alone", gru(two=1)),
    ("gru", "what does the second layer read", lambda b, t, f, h, n: n * products(b, t, f, h, 3)),
    ("gru", "that is one layer alone", gru(layers=1)),
    ("gru", "that is one block", gru(blocks=1)),
    ("gru", "there are others", lambda b, t, f, h, n: gru(layers=min(n, 2))(b, t, f, h, n)),
    ("gru", "that is one step", gru(steps=1)),
    ("gru", "that is one example", gru(batches=1)),
    ("gru", "each layer's two matrices", lambda b, t, f, h, n: 12345),
    ("ratio", "returns nothing yet", lambda mine, theirs, warm_up: None),
    ("ratio", "should be one number", lambda mine, theirs, warm_up: [a / b for a, b in zip(mine, theirs)]),
    ("ratio", "the turns that warm up are in it", lambda mine, theirs, warm_up: ratio(mine, theirs, 0)),
    ("ratio", "theirs to mine", lambda mine, theirs, warm_up: ratio(theirs, mine, warm_up)),
    ("ratio", "the mean of the ratios", of_turns(mean)),
    ("ratio", "the ratio of two means", lambda mine, theirs, warm_up: mean(mine[warm_up:]) / mean(theirs[warm_up:])),
    ("ratio", "the ratio of two medians",
     lambda mine, theirs, warm_up: middle(mine[warm_up:]) / middle(theirs[warm_up:])),
    ("ratio", "one turn too many", lambda mine, theirs, warm_up: ratio(mine, theirs, warm_up + 1)),
    ("ratio", "the best ratio", of_turns(min)),
    ("ratio", "this is the upper one", of_turns(lambda turns: sorted(turns)[len(turns) // 2])),
    ("ratio", "this is the lower one", of_turns(lambda turns: sorted(turns)[(len(turns) - 1) // 2])),
    ("ratio", "sort the ratios", of_turns(lambda turns: turns[len(turns) // 2])),
    ("ratio", "look at the middle", lambda mine, theirs, warm_up: -1.0),
    ("bound", "returns nothing yet", lambda *given: None),
    ("bound", "two things, seconds and a word", lambda *given: bound(*given)[0]),
    ("bound", "it returns 3", lambda *given: list(bound(*given)) + ["s"]),
    ("bound", "a number of seconds", lambda *given: ("soon", "memory")),
    ("bound", "the shorter of the two", bound_with(lambda o, b, p, m: min(o / p, b / m))),
    ("bound", "the two are added", bound_with(lambda o, b, p, m: o / p + b / m)),
    ("bound", "that is a rate", bound_with(lambda o, b, p, m: min(p, m * o / b))),
    ("bound", "not rate divided by work", bound_with(lambda o, b, p, m: max(p / o, m / b))),
    ("bound", "the rates are swapped", bound_with(lambda o, b, p, m: max(o / m, b / p))),
    ("bound", "at the full rate, and how long", bound_with(lambda o, b, p, m: 77.0)),
    ("bound", "should name the bound", lambda *given: (bound(*given)[0], True)),
    ("bound", "the other one is longer", bound_with(lambda *given: bound(*given)[0], "memory")),
    ("bound", "the other one is longer", bound_with(lambda *given: bound(*given)[0], "products")),
]

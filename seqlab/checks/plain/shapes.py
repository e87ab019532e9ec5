"""Checks of the exercises on shapes that need no layer. What PyTorch's layers say is held by tests/checks/shapes.py."""

from . import call, exercises_of, fail, number, several, shown, whole

exercise = exercises_of(__name__)
ROWS = "num_layers * directions"
PREDICTED = [       # name, its axes, its shape
    ("a_out", ("batch", "seq_len", "features"), (64, 28, 128)),
    ("a_h_n", (ROWS, "batch", "features"), (2, 64, 128)),
    ("a_c_n", (ROWS, "batch", "features"), (2, 64, 128)),
    ("b_out", ("seq_len", "batch", "features"), (35, 16, 40)),
    ("b_h_n", (ROWS, "batch", "features"), (2, 16, 20)),
    ("c_h_n", (ROWS, "batch", "features"), (2, 16, 5)),
    ("c_c_n", (ROWS, "batch", "features"), (2, 16, 20)),
    ("d_out", ("seq_len", "features"), (50, 8)),
    ("d_h_n", (ROWS, "features"), (3, 8)),
]
HINTS = {
    "seq_len": "Which axis of x holds the steps? Look at batch_first, and at what the default is",
    "batch": "Which axis of x is the batch? Look at batch_first, and at what the default is",
    ROWS: "Count one row for every layer and every direction",
}
FEATURES = {
    "out": "out shows the last layer only: the size of the state that is shown, once for every direction",
    "h_n": "Each row of h_n is one layer in one direction, and has the size of the state that is shown",
    "c_n": "Each row of c_n is one layer in one direction. How many numbers does it carry inside?",
}


@exercise("predict")
def _check_predict(*answers):
    if len(answers) != len(PREDICTED):
        fail(f"the check takes {len(PREDICTED)} shapes, {', '.join(name for name, _, _ in PREDICTED)}, "
             f"but it got {len(answers)}")
    for k, (name, axes, want) in enumerate(PREDICTED):
        if isinstance(answers[k], (str, dict, set)) or not several(answers[k]):
            fail(f"{name} should be a shape, a tuple of whole numbers, but it is {shown(answers[k], 40)}")
        shape = tuple(whole(size, f"every size in {name}") for size in answers[k])
        tensor = name[2:]
        if len(shape) != len(want):
            cause = "Does this x have a batch axis?" if name.startswith("d") else "Name its axes one by one"
            fail(f"{name} has the wrong number of axes: {len(shape)}. {cause}")
        if shape != want and tensor != "out" and shape == (want[1], want[0]) + want[2:]:
            fail(f"{name} has two axes swapped. " + (
                "Where does the batch stand in a state, whatever batch_first says?" if "batch" in axes else
                "What stands first in h_n, the layers or their numbers?"))
        for axis, name_of_axis in enumerate(axes):
            if shape[axis] != want[axis]:
                hint = HINTS.get(name_of_axis) or FEATURES[tensor]
                if name_of_axis == "seq_len" and "batch" not in axes:
                    hint = "Which of its two axes holds the steps, when there is no batch?"
                elif name == "c_c_n" and shape[axis] in (5, 10):
                    hint = "c_n is what is carried inside. Does proj_size shrink that?"
                fail(f"{name}: axis {axis} ({name_of_axis}) is not {shape[axis]}. {hint}")
    return "All nine shapes."


BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}


def count(kind, inputs, hidden, layers=1, both=False, bias=True, biases=2, deep_input=None, blocks=None):
    """The number of parameters; the last three options make the typical mistakes."""
    directions, total = 1 + both, 0
    for layer in range(layers):
        reads = inputs if layer == 0 else deep_input or directions * hidden
        total += directions * (blocks or BLOCKS[kind]) * hidden * (reads + hidden + biases * bias)
    return total


@exercise("count")
def _check_count(count_parameters):
    options = ((1, False, True), (1, False, False), (3, False, True), (1, True, True), (2, True, True), ())
    for kind in ("rnn", "gru", "lstm"):
        for chosen in options:
            layers, both, bias = chosen or (1, False, True)
            given = (kind, 5, 7) + tuple(chosen)
            want = count(*given)
            got = number(call(count_parameters, *given, name="count_parameters"), "what count_parameters returns")
            if got == want:
                continue
            if not chosen:
                fail(f"count_parameters{given}, without options, should count one layer in one direction with biases. "
                     "Look at the defaults of num_layers, bidirectional and bias")
            where = f"count_parameters{given} is {got:g}, which is not right"
            for cause, value in [
                ("is there a bias beside each of the two matrices, or only one?", count(*given, biases=1)),
                ("it counts no biases", count(*given, biases=0)),
                ("it counts biases although bias=False", count(kind, 5, 7, layers, both, True)),
                ("it counts one block; how many blocks does this kind stack?", count(*given, blocks=1)),
                ("what does a second layer read? Not x", count(*given, deep_input=5)),
                ("what does a second layer read when the first goes both ways?", count(*given, deep_input=7)),
                ("it does not count the other layers", count(kind, 5, 7, 1, both, bias)),
                ("it does not count the second direction", count(kind, 5, 7, layers, False, bias)),
            ]:
                if got == value:
                    fail(f"{where}: {cause}")
            fail(f"{where}. Write down the shape of every parameter of the first layer in one direction, and add up")
    return "Right for all three kinds, with layers, directions and biases."


NAMES = ("x", "out", "h_n", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


@exercise("hidden-size")
def _check_hidden_size(changed, times_ih, times_hh, times_all):
    if isinstance(changed, str) or not several(changed):
        fail(f"changed should hold names, as in {{'x', 'out'}}, but it is {shown(changed)}")
    if not all(isinstance(name, str) for name in changed):
        fail("changed should hold names in quotes, as in {'x', 'out'}")
    unknown = sorted(name for name in set(changed) if name not in NAMES)
    if unknown:
        fail(f"changed holds {', '.join(unknown)}; choose from {', '.join(NAMES)}")
    for name in NAMES:
        if name == "x" and name in changed:
            fail("changed: x is yours. Does the layer's hidden_size change the data?")
        if name != "x" and name not in changed:
            fail(f"changed: look again at {name}. Does one of its axes have the size hidden_size, or not?")
    axes = "How many of its two axes are hidden_size?"
    for name, got, times, hint in [
        ("times_ih", times_ih, 2, axes), ("times_hh", times_hh, 4, axes),
        ("times_all", times_all, 3, "Add up all four parameters for each size, then divide"),
    ]:
        if abs(number(got, name) - times) > 1e-6:
            if number(got, name) in (24, 36, 48, 72, 144, 216):
                hint = "That is how many there are. How many times as many are they as before?"
            fail(f"{name} is not {shown(got)}. {hint}")
    return "Twice the state, and the weights between states grow with its square."

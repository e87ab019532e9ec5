"""Every keyword does something: of the package, and of what its checks are made of, one changed keyword at a time.

The keywords are read from the signatures: a new one is red until CASES says how it is called and what it changes to.
"""

import importlib
import inspect
import pkgutil

import pytest
import torch
from pretend_gpu import GPU, pretend_gpu
from torch import nn

import seqlab
from seqlab import checks
from seqlab import data as seqlab_data
from seqlab.checks import backprop_through_time as clipping
from seqlab.checks import first_classifier, gru, hand_built_digits, images_as_sequences, lstm, plain, variable_lengths
from seqlab.checks.plain import backprop_through_time, order_matters, scalar_rnn, shapes
from seqlab.checks.plain import deeper_and_both_ways as plain_deeper
from seqlab.checks.plain import head_to_head as plain_head_to_head
from seqlab.checks.plain import images_as_sequences as plain_images
from seqlab.checks.plain import inside_the_lstm as plain_inside
from seqlab.checks.plain import speed_lab as plain_speed

# --- what a call leaves -----------------------------------------------------------------------------------------------


def fitted(**options):
    """Weights, where they are, and files; what is printed is seen by the test."""
    torch.manual_seed(0)
    model, x = nn.Linear(3, 2), torch.randn(64, 3)
    with pretend_gpu():
        seqlab.fit(model, (x, (x[:, 0] > 0).long()), (x, (x[:, 1] > 0).long()), **options)
        parameters = [parameter.detach().cpu().tolist() for parameter in model.parameters()]
    return parameters, model.weight.device


def evaluated(**options):
    sizes = []
    model = nn.Linear(3, 2)
    model.register_forward_hook(lambda module, given, answer: sizes.append(len(answer)))
    seqlab.evaluate(model, (torch.zeros(12, 3), torch.zeros(12).long()), **options)
    return sizes


def answered(make, *sizes):
    """What a layer or classifier with these options answers."""
    def answer(**options):
        torch.manual_seed(0)
        model = make("lstm", *sizes, **options)
        torch.manual_seed(1)
        with torch.no_grad():
            got = model(torch.randn(4, options.get("seq_len", 4), 3))
        return (got[0] if isinstance(got, tuple) else got).tolist()
    return answer


def stepped(cell):
    def step(**options):
        torch.manual_seed(0)
        h = torch.ones(2, 4)
        with torch.no_grad():
            got = cell(3, 4, **options)(torch.ones(2, 3), (h, h) if cell is seqlab.LSTMCell else h)
        return [part.tolist() for part in (got if isinstance(got, tuple) else (got,))]
    return step


def loaded(**options):
    try:
        return seqlab.load_digits(**options).source
    except RuntimeError as problem:
        return str(problem)


def no_mnist(say):
    raise OSError("there is none")


def said(function, *given):
    """The message of a check that fails, or what the function returns."""
    def say(**options):
        try:
            return function(*given, **options)
        except checks.CheckFailed as problem:
            return str(problem)
    return say


def given(function, *arguments):
    """What a function returns, as plain numbers."""
    def plain(value):
        return [plain(part) for part in value] if isinstance(value, (tuple, list)) else torch.as_tensor(value).tolist()

    return lambda **options: plain(function(*arguments, **options))


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def step_of(blocks, states):
    """x, the state's parts, weights and biases of one step of a cell with so many blocks."""
    return [random(2, 3), *(random(2, 4) + part for part in range(states)), random(4 * blocks, 3),
            random(4 * blocks, 4), random(4 * blocks), random(4 * blocks) / 2]


def peephole_case():
    layers, *state = hand_built_digits._a_case()
    return *state, layers, {gate: torch.full((5,), 2.0) for gate in "ifo"}


def cell_of():
    torch.manual_seed(0)
    return nn.LSTMCell(3, 4)


class Summing(nn.Module):
    """A layer with the results of an LSTM that is none, which the check of MyLSTM may call."""

    def __init__(self):
        super().__init__()
        self.weight_hh_l0 = torch.zeros(16, 4)

    def forward(self, x, state=None):
        h = torch.zeros(1, len(x), 4) if state is None else state[0]
        return h.transpose(0, 1) + x.sum(dim=2, keepdim=True), (h, h)


def recorded_read(x, **options):
    return lstm._read(Summing(), x, **options)


# --- how each is called, from which options, and what each keyword changes to -----------------------------------------

CASES = {
    seqlab.fit: (fitted, {}, {"epochs": 2, "batch_size": 16, "lr": 0.02, "clip": 0.01, "schedule": None,
                              "weight_decay": 0.5, "seed": 1, "checkpoint": "run.pt", "device": GPU, "quiet": True}),
    seqlab.evaluate: (evaluated, {}, {"batch_size": 5}),
    seqlab.Recurrent: (answered(seqlab.Recurrent, 3, 5), {"num_layers": 2}, {
        "num_layers": 1, "bias": False, "batch_first": False, "dropout": 0.5, "bidirectional": True}),
    seqlab.SequenceClassifier: (
        answered(seqlab.SequenceClassifier, 3, 5, 2), {"num_layers": 2, "pooling": "concat", "seq_len": 4},
        {"num_layers": 1, "pooling": "mean", "bidirectional": True, "dropout": 0.5, "seq_len": 5}),
    seqlab.RNNCell: (stepped(seqlab.RNNCell), {}, {"bias": False}),
    seqlab.GRUCell: (stepped(seqlab.GRUCell), {}, {"bias": False}),
    seqlab.LSTMCell: (stepped(seqlab.LSTMCell), {}, {"bias": False}),
    seqlab.load_digits: (loaded, {}, {"source": "mnist", "quiet": True}),
    seqlab.choose_device: (lambda **options: seqlab.choose_device(**options).type, {}, {"quiet": True}),
    seqlab.published: (seqlab.published, {}, {"name": "trend_classifier"}),
    checks.expect_tensor: (said(checks.expect_tensor, torch.zeros(2, 3), (3, 2), "out"), {}, {
        "axes": "batch, seq_len", "hints": {(2, 3): "Transposed"}}),
    checks.expect_close: (said(checks.expect_close, [1.0, 2.01], [1.0, 2.0], "out", {}, "Print both"), {}, {
        "tolerance": 0.1}),
    checks.tensor: (said(checks.tensor, "four"), {}, {"name": "out"}),
    plain.call: (said(plain.call, [].index, 0), {}, {"name": "make", "hints": {"not in list": "It is empty"}}),
    plain.shown: (said(plain.shown, "a long text"), {}, {"most": 8}),
    plain.number: (said(plain.number, "four", "the answer"), {}, {"wanted": "a number of steps"}),
    plain.whole: (said(plain.whole, "four", "the answer"), {}, {"wanted": "a number of steps"}),
    plain.close: (given(plain.close, 2.01, 2.0), {}, {"tolerance": 0.1}),
    plain.expect_count: (said(plain.expect_count, [1.0], 2, "out", "a step"), {}, {"hints": {1: "One is missing"}}),
    plain.expect_close: (said(plain.expect_close, [2.01], [2.0], "out", [], "Print both"), {}, {"tolerance": 0.1}),
    backprop_through_time._walk: (given(backprop_through_time._walk, [1.0, 0.5, -1.0], 0.8, 0.5, 0.1), {}, {
        "slope": lambda h: 1.0, "step_weight": 0.8, "last_factor": 0.5}),
    plain_deeper._size: (given(plain_deeper._size, 3, 4, 2, True), {}, {
        "biases": 1, "deep": lambda inputs, units: inputs, "blocks": 3}),
    plain_deeper._mean: (given(plain_deeper._mean, [[1.0], [3.0], [2.0]], 0.5), {}, {"take": 1.0, "begin": 0.0}),
    plain_head_to_head._size: (given(plain_head_to_head._size, 8, 3), {}, {
        "per_unit": 29, "square": 0, "head": 0, "rest": 0}),
    plain_head_to_head._spread: (given(plain_head_to_head._spread, [1.0, 2.0, 4.0]), {}, {"less": 0}),
    plain_inside._drawn: (given(plain_inside._drawn, 20), {}, {"often": 2}),
    plain_speed._products: (given(plain_speed._products, 2, 3, 4, 5, 6), {}, {"two": 1}),
    plain_speed._layers: (given(plain_speed._layers, 2, 3, 4, 5, 6), {}, {"blocks": 4, "upper": 9, "two": 1}),
    gru._step: (given(gru._step, *step_of(3, 1)), {}, {
        "order": "zrn", "reset": "before", "z_keeps": False, "squash": torch.sigmoid, "biases": (1, 0),
        "mix": lambda r, z, n, h: n}),
    gru._weights: (given(gru._weights), {}, {"input_size": 2, "hidden_size": 3, "seed": 1}),
    hand_built_digits._peephole_step: (given(hand_built_digits._peephole_step, *peephole_case()), {}, {
        "names": "figo", "peeping": "if", "o_sees": "old", "look": lambda c, h: h, "join": torch.mul,
        "squash_g": torch.sigmoid, "belt": lambda i, f, g, c: i * g, "squash_c": torch.sin, "shows_old": True,
        "swapped": True}),
    lstm._step: (given(lstm._step, *step_of(4, 2)), {}, {
        "order": "iofg", "squash_g": torch.sigmoid, "squash_c": torch.sigmoid, "biases": (1, 0), "gated": torch.tanh,
        "belt": lambda i, f, g, c: i * g, "shows_old": True, "swapped": True}),
    lstm._read: (given(recorded_read, random(2, 5, 3)), {}, {
        "state": (torch.ones(1, 2, 4), torch.ones(1, 2, 4))}),
    scalar_rnn._states: (given(scalar_rnn._states, [1.0, 0.5, -1.0]), {}, {
        "W_x": 0.7, "W_h": 0.6, "b": 0.2, "h_0": 0.3, "squash": float}),
    order_matters._remembered: (given(order_matters._remembered, [1.0, 2.0, 3.0], 0.8), {}, {
        "start": 1.0, "new": 0.5}),
    shapes.count: (given(shapes.count, "lstm", 5, 7), {"layers": 2}, {
        "layers": 3, "both": True, "bias": False, "biases": 1, "deep_input": 5, "blocks": 3}),
    first_classifier._learnt: (
        given(first_classifier._learnt, 3 * [(random(4, 3).double(), torch.tensor([0, 1, 1, 0]))], 0.5), {},
        {"clear": "never", "shrink": 2, "loss_of": lambda logits, y: logits.square().mean()}),
    clipping._stepped: (
        given(clipping._stepped, 2 * [(random(5, 2).double(), random(5, 1).double() + 9)], 1.0, 0.1), {},
        {"clip": "never", "clear": False}),
    lstm._read_by: (given(lstm._read_by, cell_of(), random(2, 5, 3)), {}, {
        "give": lambda h, c: (c, h), "last": "c", "steps": slice(2)}),
    images_as_sequences._blocks: (given(images_as_sequences._blocks, random(2, 28, 28)), {}, {
        "across": (0, 1, 2, 3, 4)}),
    plain_images._joined: (given(plain_images._joined, [[1, 2], [3, 4]]), {}, {"backwards": 1}),
    order_matters._rises: (given(order_matters._rises, [1, 2, 2, 0]), {}, {
        "rise": lambda before, now: now >= before, "start": 1}),
    variable_lengths._random: (given(variable_lengths._random, 2, 3), {}, {"seed": 6}),
}


def keywords(thing):
    return [name for name, parameter in inspect.signature(thing).parameters.items()
            if parameter.default is not inspect.Parameter.empty]


def everything():
    """What the package offers, and every function of the checks."""
    modules = [checks, *(importlib.import_module(found.name)
                         for found in pkgutil.walk_packages(checks.__path__, f"{checks.__name__}."))]
    own = [thing for module in modules for thing in vars(module).values()
           if inspect.isfunction(thing) and thing.__module__ == module.__name__]
    return [thing for thing in [*(getattr(seqlab, name) for name in seqlab.__all__), *own] if callable(thing)]


def test_everything_with_a_keyword_is_tried():
    found = {thing for thing in everything() if thing is not seqlab.History and keywords(thing)}
    assert found == set(CASES), "CASES, above, says how each is called"
    for thing, (_, _, changes) in CASES.items():
        assert set(keywords(thing)) == set(changes), f"{thing.__name__}: CASES says what each keyword changes to"


@pytest.mark.parametrize(("thing", "name"), [pytest.param(thing, name, id=f"{thing.__module__}.{thing.__name__}-{name}")
                                             for thing, (_, _, changes) in CASES.items() for name in changes])
def test_a_keyword_changes_something(thing, name, tmp_path, monkeypatch, capsys):
    work, base, changes = CASES[thing]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(seqlab_data, "_find_or_download", no_mnist)
    monkeypatch.setenv("SEQLAB_DEVICE", "cpu")

    def left(options):
        answer = work(**options)
        return answer, bool(capsys.readouterr().out), [path.name for path in tmp_path.iterdir()]

    once, again, otherwise = left(base), left(base), left({**base, name: changes[name]})
    assert once == again
    assert once != otherwise

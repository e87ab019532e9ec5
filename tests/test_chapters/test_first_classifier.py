"""The chapter: the published run to the last decimal, the shown model equals the package's, every claim measured."""

import copy
import math
import statistics

import pytest
import torch
from torch.nn import functional as F

import seqlab
from tools import course

from . import numbers, states_by_hand, trained_by_hand, verdicts

FIRST = course.chapter("first-classifier")
PUBLISHED = seqlab.published("trend_classifier")


@pytest.fixture(scope="module")
def chapter():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)        # as the chapter does, for tensors this small
    yield FIRST.definitions("x", "y", "x_new", "y_new", "LAYERS", "tests")
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def start():
    """The cells up to the first that trains five networks."""
    return FIRST.play(upto="nets = []")


@pytest.fixture(scope="module")
def ran():
    return FIRST.play()


def right(net, x, y):
    """The share that a network answers rightly, in percent."""
    with torch.no_grad():
        scores = net(x)
    return 100 * sum((one[1] > one[0]) == bool(label) for one, label in zip(scores, y, strict=True)).item() / len(y)


def mean_and_sd(values):
    return [pytest.approx(statistics.mean(values), abs=0.006), pytest.approx(statistics.stdev(values), abs=0.006)]


def test_the_published_run_is_printed(start):
    lines = start("if epoch in (1, 25, 100)").printed.splitlines()
    assert lines[0] == f"epoch 1: {PUBLISHED['loss_epoch_1']:.4f}, accuracy {PUBLISHED['accuracy_epoch_1']:.3f}"
    assert lines[1] == f"epoch 25: {PUBLISHED['loss_epoch_25']:.4f}, accuracy 1.000"
    assert lines[3] == f"predictions: {PUBLISHED['predictions']}"


def test_the_published_run_comes_out_again(chapter):
    """The same settings through the chapter's own model and loop, in one go."""
    torch.manual_seed(42)
    model = chapter["FirstClassifier"]()
    losses = chapter["train"](model, [(chapter["x"], chapter["y"])], epochs=100)
    assert losses[0] == pytest.approx(PUBLISHED["loss_epoch_1"], abs=5e-5)
    assert losses[24] == pytest.approx(PUBLISHED["loss_epoch_25"], abs=5e-5)
    assert model(chapter["x"]).argmax(dim=1).tolist() == PUBLISHED["predictions"]


def test_the_first_pass_and_the_first_step(start):
    """State, logits, loss and one step of Adam, from the weights by hand."""
    cell, x, y = start("state = out[:, -1, :]"), start("x = torch.tensor")["x"], start("x = torch.tensor")["y"]
    rnn, head = copy.deepcopy(cell["rnn"]), copy.deepcopy(start("head = nn.Linear")["head"])
    states = states_by_hand(rnn.parameters(), x, torch.zeros(4, 8))
    assert torch.allclose(cell["out"], states, atol=1e-6) and torch.allclose(cell["state"], states[:, 4], atol=1e-6)
    logits = states[:, 4] @ head.weight.T + head.bias
    assert torch.allclose(start("head = nn.Linear")["logits"], logits, atol=1e-6)
    losses = [math.log(sum(math.exp(z) for z in row)) - row[label] for row, label in zip(
        logits.tolist(), y.tolist(), strict=True)]
    assert start("no clue")["loss"].item() == pytest.approx(statistics.mean(losses), abs=1e-6)
    assert numbers(start("no clue").printed)[:3] == pytest.approx([sum(losses) / 4] * 2 + [math.log(2)], abs=5.1e-5)
    optimizer = torch.optim.Adam([*rnn.parameters(), *head.parameters()], lr=0.05)
    trained_by_hand(optimizer, lambda: F.nll_loss(head(rnn(x)[1][0]).log_softmax(dim=1), y), [()])
    assert torch.allclose(start("new_logits")["new_logits"], head(rnn(x)[1][0]), atol=1e-5)


def test_every_part_of_the_loop_prints_its_shape(start):
    text = "".join(one.output for one in start)
    for line in ("x (4, 5, 1)", "y (4,)", "out   (4, 5, 8)", "h_n   (1, 4, 8)", "state (4, 8)", "logits (4, 2)"):
        assert line in text
    order = [text.index(word) for word in ("x (4, 5, 1)", "out   (", "state (", "logits (4, 2)", "F.cross_entropy:",
                                           "after one step", "predictions:")]
    assert order == sorted(order)


def test_the_loop_clears_its_gradients_and_takes_its_batches_in_turn(chapter):
    torch.manual_seed(0)
    model = chapter["FirstClassifier"](4)
    batches, own = [chapter["trends"](6, n, seed=n) for n in (4, 5)], copy.deepcopy(model)
    losses = trained_by_hand(torch.optim.Adam(own.parameters(), lr=0.02), lambda x, y: -own(x).log_softmax(
        dim=1)[range(12), y].mean(), [batches[k % 2] for k in range(7)])
    assert chapter["train"](model, batches, epochs=7, lr=0.02) == pytest.approx(losses, rel=1e-4)
    assert chapter["accuracy"](model, *batches[0]) == pytest.approx(right(own, *batches[0]) / 100)


def test_three_rules_answer_the_four_sequences(start):
    x = start("x = torch.tensor")["x"][..., 0].tolist()
    rules = [[row[4] > row[0] for row in x], [sum(row) > 0 for row in x], [row[0] > 0 for row in x], [1, 0, 1, 0]]
    assert [[int(number) for number in numbers(line)] for line in start('"one number"').printed.splitlines()] == [
        [int(answer) for answer in answers] for answers in rules]


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_the_shown_model_equals_the_package(chapter, kind, pooling):
    torch.manual_seed(0)
    shown = chapter["SequenceClassifier"](kind, 3, 8, 5, pooling).double()
    packaged = seqlab.SequenceClassifier(kind, 3, 8, 5, pooling=pooling).double()
    packaged.load_state_dict(shown.state_dict())
    x, y = torch.randn(6, 9, 3, dtype=torch.float64), torch.randint(0, 5, (6,))
    for model in (shown, packaged):
        F.cross_entropy(model(x), y).backward()
    assert torch.allclose(shown(x), packaged(x), rtol=0, atol=1e-10)
    for mine, theirs in zip(shown.parameters(), packaged.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, rtol=0, atol=1e-10)


def test_the_first_classifier_is_a_special_case(chapter):
    first = chapter["FirstClassifier"]()
    packaged = seqlab.SequenceClassifier("rnn", 1, 8, 2)
    packaged.layer.load_state_dict(first.rnn.state_dict())
    packaged.head.load_state_dict(first.fc.state_dict())
    assert torch.allclose(first(chapter["x"]), packaged(chapter["x"]), atol=1e-6)


def test_only_order_separates_the_trends(chapter):
    x, y = chapter["trends"](50, 8, seed=3)
    assert x.shape == (100, 8, 1) and y.tolist() == [1] * 50 + [0] * 50
    assert (x[:50].diff(dim=1) > 0).all() and (x[50:].diff(dim=1) < 0).all()
    assert torch.equal(x[:50].sort(dim=1).values, x[50:].sort(dim=1).values)
    lifted, _ = chapter["trends"](50, 8, seed=3, centre=6.0)
    assert torch.allclose(lifted, x + 6, atol=1e-5)


def test_a_wiggle_is_noise_on_the_same_sequences(chapter):
    x, y = chapter["trends"](2000, 5, seed=3)
    noisy, labels = chapter["trends"](2000, 5, seed=3, wiggle=0.3)
    assert (noisy - x).std().item() == pytest.approx(0.3, rel=0.05) and (noisy - x).mean().abs() < 0.01
    assert torch.equal(y, labels)


@pytest.mark.slow
def test_the_four_sequences_need_no_order(ran, chapter):
    """Five nets get them right in either direction, and rising from falling no better than a coin."""
    cell, (x, y), (x_new, y_new) = ran("nets = []"), (chapter["x"], chapter["y"]), (chapter["x_new"], chapter["y_new"])
    own = []
    for seed in range(5):
        torch.manual_seed(seed)
        own.append(chapter["FirstClassifier"]())
        trained_by_hand(torch.optim.Adam(own[-1].parameters(), lr=0.05),
                        lambda net=own[-1]: F.cross_entropy(net(x), y), [()] * 100)
    assert len(cell["nets"]) == 5
    lines = cell.printed.splitlines() + ran("above_zero = ").printed.splitlines()
    data = [(x, y), (x.flip(1), y), (x_new, y_new), (x_new, x_new[:, 0, 0] > 0), (x_new, x_new[:, 4, 0] > 0)]
    answers = [[right(net, *pair) for net in own] for pair in data]
    assert min(answers[0] + answers[1]) == 100 and max(answers[2]) < 50
    assert min(map(sum, answers[3:])) > 70 * 5 and sum(answers[3]) > sum(answers[4]), "the first more than the last"
    for line, percent in zip(lines, answers, strict=True):
        assert numbers(line)[-2:] == [pytest.approx(value.expected, abs=0.5) for value in mean_and_sd(percent)]


@pytest.mark.slow
def test_where_training_on_five_steps_holds_and_where_not(ran):
    cell = ran("  the rule acc")
    nets, tests, lines = cell["nets"], cell["tests"], cell.printed.splitlines()
    at = {name: [right(net, *data) for net in nets] for name, data in tests.items()}
    for k, (name, (x, y)) in enumerate(tests.items()):
        assert x.shape == (1000, 10 if name == "longer" else 5, 1)
        assert numbers(lines[2 * k]) == mean_and_sd(at[name]), name
        rises = statistics.mean((row[-1] > row[0]) == label for row, label in zip(
            x[..., 0].tolist(), y.tolist(), strict=True))
        assert numbers(lines[2 * k + 1]) == [pytest.approx(100 * rises, abs=0.006)]
    assert min(at["as trained"]) > 99
    assert 85 < statistics.mean(at["wigglier"]) < 95
    assert max(at["longer"]) - min(at["longer"]) > 30, "the seeds disagree wildly"
    assert statistics.mean(at["far up"]) < 55
    for net in nets:
        ends = {name: net.layer(tests[name][0])[0][:, -1, :] for name in ("as trained", "far up")}
        gap = {name: (end[:500] - end[500:]).abs().mean() for name, end in ends.items()}
        assert gap["far up"] < 0.1 < 0.5 < gap["as trained"], "a sequence and its reverse end alike up there"


def test_one_sequence_of_each_test_is_drawn_before_anything_is_trained_on_them(start):
    """From the three that rise and the one backwards, and from the four tests, as they are."""
    (_, (_, lines, *_), _), = start("x_new, y_new = ").drawn
    x_new = start("x_new, y_new = ")["x_new"][..., 0]
    assert [list(line) for line in lines.values()] == [x_new[k].tolist() for k in (1, 6, 506, 3)]
    assert torch.equal(x_new[506], x_new[6].flip(0)), "backwards"
    assert x_new[1].min() > 0 > x_new[3].max() and x_new[6].min() < 0 < x_new[6].max()


@pytest.mark.slow
def test_what_the_nets_answer_to_sequences_of_the_reader(ran, capsys):
    """The five answers below the tasks, with the nets of five steps."""
    nets, ask = ran("nets = [trained(seed, [5]")["nets"], ran("def ask")["ask"]
    five, zeros, turns = [0.0, 0.2, 0.4, 0.6, 0.8], 5 * [0], [-1, -0.5, 0, 0.5]
    asked = [five, five[::-1], [6 + v for v in five], [6 + v for v in five[::-1]], zeros, [*turns, -1.5], [*turns, -3],
             [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2]]
    says = []
    for values in asked:
        ask(nets, values)
        says.append([int(number) for number in numbers(capsys.readouterr().out)])
    assert says == [[rises, 5] for rises in (5, 0, 5, 5, 2, 5, 2, 2)]
    assert ran("def ask").printed == "5 of 5 nets say: rises\n"


@pytest.mark.slow
def test_the_clock_and_its_cure(ran):
    """Trained on 5, 10 and 20: right at multiples of five, lost between. Trained on 3 to 12: no peaks."""
    cell, trained = ran("by_length = "), ran("by_kind = ")
    by_length = {name: dict(zip(cell["fresh"], torch.tensor(rows).mean(dim=0).tolist(), strict=True))
                 for name, rows in cell["by_length"].items()}
    for name, nets in trained["by_kind"].items():
        for n in (5, 7, 20):
            x, y = cell["fresh"][n]
            assert x.shape == (400, n, 1)
            assert by_length[name][n] == pytest.approx(statistics.mean(right(net, x, y) for net in nets), abs=0.01)
    clock, cure = by_length["5, 10, 20"], by_length["3 to 12"]
    assert min(clock[n] for n in (5, 10, 15, 20)) > 95
    assert max(clock[n] for n in (6, 7, 8, 12, 13, 17, 18)) < 80
    assert min(cure[n] for n in range(8, 21)) > 95
    assert min(cure, key=cure.get) == 2 and cure[2] < 75, "the hardest of all"
    (_, (lengths, drawn, *_), _), = cell.drawn
    assert lengths == list(range(2, 21)) and drawn == cell["by_length"]


@pytest.mark.slow
def test_most_of_the_price_is_training_time(ran):
    """At five steps: far behind after 25 updates of each length, by less than a standard deviation after 80."""
    cell = ran("def at_five_steps")
    x, y = cell["fresh"][5]
    rows = [numbers(line)[-2:] for line in cell.printed.splitlines() if "acc" in line]
    for row, (nets) in zip(rows[2:], cell["by_kind"].values(), strict=True):
        assert row == mean_and_sd([right(net, x, y) for net in nets])
    few, many = [dict(zip(cell["LENGTHS"], pair, strict=True)) for pair in (rows[:2], rows[2:])]
    assert few["5, 10, 20"][0] - few["3 to 12"][0] > 4
    assert many["5, 10, 20"][0] - many["3 to 12"][0] < many["3 to 12"][1]


@pytest.mark.slow
def test_every_length_gets_the_updates_that_are_asked_for(chapter, monkeypatch):
    seen = []

    def train(model, batches, epochs, lr):
        seen.append(([batches[k % len(batches)][0].shape[1] for k in range(epochs)], lr))

    chapter["trained"].__globals__["train"], kept = train, chapter["train"]
    try:
        chapter["trained"](0, range(3, 13), 25, lr=0.02)
    finally:
        chapter["trained"].__globals__["train"] = kept
    (lengths, lr), = seen
    assert lr == 0.02 and {lengths.count(n) for n in range(3, 13)} == {25} and len(lengths) == 250


@pytest.mark.slow
def test_the_note_says_what_the_nets_of_many_lengths_do(ran):
    cell, tests = ran("run_note(five[0]"), ran("nets = [trained(seed, [5]")["tests"]
    note = " ".join(cell.printed.split())
    assert note.startswith("shapes: x (1000, 10, 1), out (1000, 10, 8), logits (1000, 2) state used: out[:, -1, :] ")
    for shown, name in zip(course.find_all(r"mean acc (\S+) %", note), ("longer", "far up"), strict=True):
        assert float(shown) == pytest.approx(
            statistics.mean(right(net, *tests[name]) for net in ran("by_kind = ")["by_kind"]["3 to 12"]), abs=0.006)


@pytest.mark.slow
def test_what_softmax_before_the_loss_costs(ran, chapter):
    early, late = (course.find_all(r"(?m)^(\w+) +acc +(\S+) %", ran(words).printed)
                   for words in ("difference", "curves, scores"))
    early, late = ({name: float(value) for name, value in rows} for rows in (early, late))
    assert early["difference"] > 1, "a few points half-way"
    assert early["difference"] == pytest.approx(early["logits"] - early["softmax"], abs=0.011)
    assert abs(late["logits"] - late["softmax"]) < 1 and min(late.values()) > 99, "it catches up"
    for name, curves in ran("curves, scores")["curves"].items():
        torch.manual_seed(0)
        net = chapter["SequenceClassifier"]("rnn", 1, 8, 2)
        x, y = chapter["trends"](100, 5, 0)

        def loss(net=net, x=x, y=y, first=name == "softmax first"):
            scores = net(x).exp() / net(x).exp().sum(dim=1, keepdim=True) if first else net(x)
            return F.cross_entropy(scores, y)

        assert curves[0] == pytest.approx(trained_by_hand(
            torch.optim.Adam(net.parameters(), lr=0.01), loss, [()] * 150), rel=0.01, abs=1e-4)
        assert len(curves) == 5 and (min(map(min, curves)) > 0.3133) == (name == "softmax first"), "above its floor"


@pytest.mark.slow
def test_softmax_first_hides_a_certain_mistake(ran):
    certain, = numbers(ran("certain = ").printed)
    plain, squeezed = (numbers(line)[-1] for line in ran("wrong.grad").printed.splitlines())
    p = 1 / (1 + math.exp(-16))                     # of the wrong class
    q = 1 / (1 + math.exp((1 - p) - p))             # what a second softmax makes of it
    assert certain == pytest.approx(math.log(1 + math.exp(-1)), abs=5.1e-5)
    assert plain == pytest.approx(p, abs=1e-7)
    assert squeezed == pytest.approx(p * (1 - p) * 2 * q, abs=1e-7), "dL/dp is (q, -q)"


@pytest.mark.slow
def test_the_mistake_that_raises_nothing_is_really_silent(ran):
    cell = ran("wrong_logits = ")
    assert cell.printed.startswith("logits (5, 2)\n") and cell["wrong_logits"].shape == (5, 2)
    assert verdicts(cell.printed) == [False] * 4 + [True]
    states = states_by_hand(cell["rnn"].parameters(), cell["five"].detach()[4:], torch.zeros(1, 8))
    assert torch.allclose(cell["wrong_logits"], cell["head"](states[0]), atol=1e-6), "the steps of the last sequence"


def test_the_run_note_has_its_four_rows(chapter, capsys):
    chapter["run_note"](chapter["SequenceClassifier"]("rnn", 1, 8, 2), chapter["x"], "good", "only here")
    assert capsys.readouterr().out.splitlines() == [
        "shapes: x (4, 5, 1), out (4, 5, 8),", "  logits (4, 2)", "state used: out[:, -1, :]", "result: good",
        "limitation: only here"]


def test_a_class_is_usually_right_or_wrong_as_a_whole(chapter):
    """Of 200 seeds, 132 start with two of the four right, 28 with none, and 16 with one or three."""
    hits = []
    for seed in range(200):
        torch.manual_seed(seed)
        hits.append(round(right(chapter["FirstClassifier"](), chapter["x"], chapter["y"]) / 25))
    assert sum(one in (1, 3) for one in hits) == 16
    assert (hits.count(2), hits.count(0)) == (132, 28)

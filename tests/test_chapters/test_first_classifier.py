"""The chapter: the published run to the last decimal, the shown model equals the package's, every claim measured."""

import re

import pytest
import torch
from torch.nn import functional as F

import seqlab
from tools import course

FIRST = course.chapter("first-classifier")
stored = FIRST.printed
PUBLISHED = seqlab.published("trend_classifier")


@pytest.fixture(scope="module")
def chapter():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)        # as the chapter does, for tensors this small
    yield FIRST.definitions("x", "y", "x_new", "y_new", "LAYERS", "tests")
    torch.set_num_threads(threads)


def mean(nets, accuracy, data):
    return sum(accuracy(net, *data) for net in nets) / len(nets)


def test_the_published_run_stands_in_the_stored_output():
    text = FIRST.stored
    assert f"epoch 1: {PUBLISHED['loss_epoch_1']:.4f}, accuracy {PUBLISHED['accuracy_epoch_1']:.3f}" in text
    assert f"epoch 25: {PUBLISHED['loss_epoch_25']:.4f}, accuracy 1.000" in text
    assert f"predictions: {PUBLISHED['predictions']}" in text


def test_the_published_run_comes_out_again(chapter):
    """The same settings through the chapter's own model and loop, in one go."""
    torch.manual_seed(42)
    model = chapter["FirstClassifier"]()
    losses = chapter["train"](model, [(chapter["x"], chapter["y"])], epochs=100)
    assert losses[0] == pytest.approx(PUBLISHED["loss_epoch_1"], abs=5e-5)
    assert losses[24] == pytest.approx(PUBLISHED["loss_epoch_25"], abs=5e-5)
    assert model(chapter["x"]).argmax(dim=1).tolist() == PUBLISHED["predictions"]


def test_every_part_of_the_loop_prints_its_shape():
    text = FIRST.stored
    for line in ("x (4, 5, 1)", "y (4,)", "out   (4, 5, 8)", "h_n   (1, 4, 8)", "state (4, 8)", "logits (4, 2)"):
        assert line in text
    order = [text.index(word) for word in ("x (4, 5, 1)", "out   (", "state (", "logits (4, 2)", "F.cross_entropy:",
                                           "after one step", "predictions:")]
    assert order == sorted(order)


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


@pytest.mark.slow
def test_the_four_sequences_need_no_order(chapter):
    """Five nets get them right in either direction, and rising from falling no better than a coin."""
    nets, accuracy = [], chapter["accuracy"]
    for seed in range(5):
        torch.manual_seed(seed)
        nets.append(chapter["FirstClassifier"]())
        chapter["train"](nets[-1], [(chapter["x"], chapter["y"])], epochs=100)
    assert mean(nets, accuracy, (chapter["x"].flip(1), chapter["y"])) == 1
    assert all(accuracy(net, chapter["x_new"], chapter["y_new"]) < 0.5 for net in nets)


@pytest.mark.slow
def test_where_training_on_five_steps_holds_and_where_not(chapter):
    nets = [chapter["trained"](seed, [5], epochs=200) for seed in range(5)]
    at = {name: [chapter["accuracy"](net, *data) for net in nets] for name, data in chapter["tests"].items()}
    assert min(at["new sequences"]) > 0.99
    assert 0.85 < sum(at["wigglier"]) / 5 < 0.95
    assert max(at["twice as long"]) - min(at["twice as long"]) > 0.3, "the seeds disagree wildly"
    assert sum(at["far higher up"]) / 5 < 0.55
    for net in nets:
        ends = {name: net.layer(chapter["tests"][name][0])[0][:, -1, :] for name in ("new sequences", "far higher up")}
        gap = {name: (end[:500] - end[500:]).abs().mean() for name, end in ends.items()}
        assert gap["far higher up"] < 0.1 < 0.5 < gap["new sequences"], "a sequence and its reverse end alike up there"


@pytest.mark.slow
def test_the_clock_and_its_cure(chapter):
    """Trained on 5, 10 and 20: right at multiples of five, lost between. Trained on 3 to 12: no peaks."""
    names = FIRST.cell("by_length = ").run({**chapter})
    by_length = {name: dict(zip(names["fresh"], torch.tensor(rows).mean(dim=0).tolist(), strict=True))
                 for name, rows in names["by_length"].items()}
    clock, cure = by_length["5, 10, 20"], by_length["3 to 12"]
    assert min(clock[n] for n in (5, 10, 15, 20)) > 97
    assert max(clock[n] for n in (6, 7, 8, 12, 13, 17, 18)) < 75
    assert min(cure[n] for n in range(8, 21)) > 95
    assert cure[3] < 97, "the price: the shortest are no longer perfect"


def test_what_softmax_before_the_loss_costs():
    acc = {name.strip(): float(value) for name, value in
           re.findall(r"^(.*?) mean acc +(\S+) %", stored("class WithSoftmax"), re.MULTILINE)}
    assert acc["logits ahead by"] > 1, "a few points half-way"
    assert abs(acc["logits, 150 epochs"] - acc["softmax first, 150 epochs"]) < 1, "it catches up"


def test_the_mistake_that_raises_nothing_is_really_silent():
    text = stored("wrong_logits")
    assert "no error" in text
    assert re.findall(r"sequence \d: (\w+)", text) == ["False"] * 4 + ["True"]


def test_the_run_note_has_its_four_rows(chapter, capsys):
    chapter["run_note"](chapter["SequenceClassifier"]("rnn", 1, 8, 2), chapter["x"], "good", "only here")
    assert capsys.readouterr().out.splitlines() == [
        "shapes      x (4, 5, 1), out (4, 5, 8), logits (4, 2)", "state used  out[:, -1, :]",
        "result      good", "limitation  only here"]
    rows = stored("def run_note").splitlines()
    assert [row.split("  ")[0] for row in rows] == ["shapes", "state used", "result", "limitation"]

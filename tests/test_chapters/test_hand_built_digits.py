"""The chapter: what the reader builds equals PyTorch's LSTM and seqlab's training; the stored run is what it says."""

import copy
import math
import re

import pytest
import torch
from torch import nn

import seqlab
from tools import course

DIGITS = course.chapter("hand-built-digits")
CODE, stored = DIGITS.code, DIGITS.printed


@pytest.fixture(scope="module")
def chapter():
    return DIGITS.definitions()


def differ(ours, theirs):
    return max((a - b).abs().max().item() for a, b in zip(ours, theirs, strict=True))


# --- the cell, the loop, the classifier ---------------------------------------------------------------------------

def test_the_cell_is_eight_linear_layers_and_nothing_else(chapter):
    layers = dict(chapter["EightLinearCell"](28, 128).named_children())
    assert sorted(layers) == sorted(f"{side}_{gate}" for side in "xh" for gate in "ifgo")
    assert all(type(layer) is nn.Linear for layer in layers.values())


def test_the_cell_equals_nn_lstm_cell_in_values_and_gradients(chapter):
    torch.manual_seed(1)
    theirs = nn.LSTMCell(7, 5).double()
    ours = chapter["copy_weights"](theirs, chapter["EightLinearCell"](7, 5).double())
    x, state = torch.randn(3, 7).double(), tuple(torch.randn(2, 3, 5).double())
    results = ours(x, state), theirs(x, state)
    assert differ(*results) <= 1e-10
    for h, c in results:
        (h.sum() + (c**2).sum()).backward()
    for side, name in (("x", "ih"), ("h", "hh")):
        for part in ("weight", "bias"):
            blocks = torch.cat([getattr(getattr(ours, f"{side}_{gate}"), part).grad for gate in "ifgo"])
            assert (blocks - getattr(theirs, f"{part}_{name}").grad).abs().max() <= 1e-10


@pytest.mark.parametrize("given_state", [False, True])
def test_the_loop_equals_nn_lstm_and_recurrent(chapter, given_state):
    torch.manual_seed(2)
    builtin, ours = nn.LSTM(7, 5, batch_first=True).double(), chapter["HandBuiltLSTM"](7, 5).double()
    chapter["copy_weights"](builtin, ours.cell)
    package = seqlab.Recurrent("lstm", 7, 5).double().load_builtin(builtin)
    x, state = torch.randn(3, 11, 7).double(), tuple(torch.randn(2, 3, 5).double()) if given_state else None
    out, (h, c) = ours(x, state)
    assert out.shape == (3, 11, 5)
    for theirs in (builtin, package):
        out_theirs, (h_n, c_n) = theirs(x, tuple(part[None] for part in state) if state else None)
        assert differ((out, h, c), (out_theirs, h_n[0], c_n[0])) <= 1e-10


def test_gates_in_another_order_load_without_a_word_and_are_wrong(chapter):
    torch.manual_seed(3)
    builtin, x, state = nn.LSTMCell(7, 5), torch.randn(3, 7), tuple(torch.randn(2, 3, 5))
    wrong = chapter["copy_weights"](builtin, chapter["EightLinearCell"](7, 5), "ifog")
    assert differ(wrong(x, state), builtin(x, state)) > 0.01
    assert stored("def copy_weights").splitlines() == [
        "order ifgo: equal to 1e-10: True", "order ifog: equal to 1e-10: False"]


def test_the_classifier_has_the_published_sizes(chapter):
    model = chapter["DigitClassification"]()
    count = lambda module: sum(p.numel() for p in module.parameters())
    assert model(torch.rand(4, 28, 28)).shape == (4, 10)
    assert count(model) == count(seqlab.SequenceClassifier("lstm", 28, 128, 10)) == 82_186
    assert "82,186" in stored("class DigitClassification")
    assert torch.equal(model.lstm.cell.x_f.bias, torch.ones(128))


# --- training -----------------------------------------------------------------------------------------------------

def small_task():
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (90,), generator=generator)
    images = torch.rand(90, 6, 5, generator=generator)
    images[torch.arange(90), labels % 6, labels % 5] += 2
    return (images[:70], labels[:70]), (images[70:], labels[70:])


def test_the_loop_in_the_notebook_and_fit_train_the_same_weights_bit_for_bit(chapter):
    train, val = small_task()
    torch.manual_seed(0)
    start = chapter["DigitClassification"](5, 8)
    ours, theirs = copy.deepcopy(start), copy.deepcopy(start)
    theirs_history = seqlab.fit(theirs, train, val, epochs=4, batch_size=16, lr=0.01, quiet=True)

    # the notebook's own cell, with the random numbers of fit
    optimizer = torch.optim.AdamW(ours.parameters(), lr=0.01)
    steps = math.ceil(len(train[0]) / 16)

    def seeded_train_epoch(model, data, optimizer, scheduler):
        torch.manual_seed(len(names["history"]) + 1)
        return chapter["train_epoch"](model, data, optimizer, scheduler, batch_size=16)

    names = {**chapter, "model": ours, "train": train, "val": val, "epochs": 4, "optimizer": optimizer,
             "train_epoch": seeded_train_epoch,
             "scheduler": torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=4 * steps)}
    DIGITS.cell("history, best_accuracy").run(names)
    ours.load_state_dict(names["best_weights"])
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)
    for mine, other in zip(names["history"], theirs_history, strict=True):
        assert mine["val_accuracy"] == pytest.approx(other["val_accuracy"])
        assert mine["train_loss"] == pytest.approx(other["train_loss"], rel=1e-4)
        assert mine["val_loss"] == pytest.approx(other["val_loss"], rel=1e-4)


def test_evaluate_in_the_notebook_equals_the_packages(chapter):
    train, _ = small_task()
    model = chapter["DigitClassification"](5, 8)
    loss, accuracy = chapter["evaluate"](model, *train)
    result = seqlab.evaluate(model, train)
    assert loss == pytest.approx(result.loss, rel=1e-5)
    assert accuracy == pytest.approx(result.accuracy)
    assert not model.training, "the notebook's evaluate leaves the model in eval mode"


def test_predict_gives_probabilities(chapter):
    model = chapter["DigitClassification"]()
    image = torch.rand(28, 28)
    probabilities = chapter["predict"](model, image)
    assert probabilities.shape == (10,)
    assert probabilities.sum().item() == pytest.approx(1)
    assert probabilities.argmax() == model(image[None]).argmax()
    assert not probabilities.requires_grad


# --- the stored run -----------------------------------------------------------------------------------------------

def test_the_published_numbers_come_from_the_record():
    published = seqlab.published("lstm_by_hand")
    assert f"their acc {100 * published['accuracy']:.2f} %" in stored('seqlab.published("lstm_by_hand")')
    assert " ".join(map(str, published["losses"])) in stored("published = ")


def test_the_test_digits_are_touched_once_and_only_after_the_choice():
    users = [k for k, cell in enumerate(CODE) if re.search(r"\btest(\[|\))", cell.source)]
    scored = [k for k, cell in enumerate(CODE) if "evaluate(model, *test)" in cell.source]
    trained = CODE.index(DIGITS.cell("history, best_accuracy"))
    assert len(scored) == 1
    assert users[0] == scored[0] > trained
    later = "\n".join(cell.source for cell in CODE[scored[0] + 1:])
    assert not re.search(r"fit\([^)]*\btest\b|train_epoch\(", later)


def test_the_stored_run_kept_the_best_of_its_epochs_on_real_mnist():
    assert "data: MNIST, 60,000 training" in stored("digits = load_digits()")
    printed = stored("history, best_accuracy")
    rows = re.findall(r"epoch +(\d+)/(\d+)  train loss (\S+)  val loss (\S+)  val acc (\S+) %", printed)
    assert [int(row[0]) for row in rows] == list(range(1, int(rows[0][1]) + 1))
    assert float(rows[-1][2]) < float(rows[0][2])
    assert max(float(row[4]) for row in rows) >= 98


def test_the_first_loss_is_that_of_a_guess_and_a_batch_is_learned_by_heart():
    start = float(re.search(r"loss (\S+),", stored("digits = load_digits()"))[1])
    assert abs(start - math.log(10)) < 0.1
    assert all(float(loss) < 0.2 for loss in course.find_all(r"loss (\S+)", stored("def learn_by_heart")))


def test_the_mistakes_are_real():
    assert stored("keeper, state").startswith("Trying to backward through the graph a second time")
    assert stored("small = nn.Linear").splitlines() == [
        "state_dict() has changed too: True", "its copy has changed too:     False"]
    one, best = re.findall(r"acc (\S+) %", stored("default_rng(0).binomial"))
    assert float(best) - float(one) == pytest.approx(0.2, abs=0.05)

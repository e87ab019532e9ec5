"""The chapter: what the reader builds equals PyTorch's LSTM and seqlab's training; the stored run is what it says."""

import copy
import math
import re
import types

import pytest
import torch
from torch import nn

import seqlab
from tools import course

from . import coded_digits, nearest_mean, numbers, trained_by_hand

DIGITS = course.chapter("hand-built-digits")
CODE, stored = DIGITS.code, DIGITS.printed
CODED = coded_digits(640)
BEST = 7        # the epoch in which the network of `ran` knows most


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


def test_the_two_orders_are_told_apart(ran):
    assert ran('for order in ("ifgo", "ifog")').printed.splitlines() == [
        "order ifgo: equal to 1e-10: True", "order ifog: equal to 1e-10: False"]


def test_the_classifier_has_the_published_sizes(chapter):
    model = chapter["DigitClassification"]()
    count = lambda module: sum(p.numel() for p in module.parameters())
    assert model(torch.rand(4, 28, 28)).shape == (4, 10)
    assert count(model) == count(seqlab.SequenceClassifier("lstm", 28, 128, 10)) == 82_186
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
        model.eval()        # as the evaluation before it leaves the model
        loss = chapter["train_epoch"](model, data, optimizer, scheduler, batch_size=16)
        assert model.training
        return loss

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


# --- the cells as they run, on coded digits ------------------------------------------------------------------------

@pytest.fixture(scope="module")
def ran():
    """With an epoch of training that takes no time: the network knows the digits after epoch 7, and forgets them.

    What it knows stands in its weights, so that only who keeps those of the best epoch has it in the end.
    """
    seen = []

    def train_epoch(model, data, optimizer, scheduler, **options):
        right = nearest_mean(*data)
        seen.append((data, optimizer, scheduler))
        with torch.no_grad():
            model.head.bias.fill_(len(seen))
        model.forward = lambda x: right(x) if model.head.bias[0] == BEST else torch.zeros(len(x), 10)
        return 1.0 / len(seen)

    package = types.SimpleNamespace(**vars(seqlab))
    package.fit = lambda model, train, val, **options: seen.append((train, val, options))
    return DIGITS.play(load_digits=lambda: CODED, train_epoch=train_epoch, seqlab=package, seen=seen,
                       choose_device=lambda: torch.device("cpu"), learn_by_heart=lambda images, labels: 0.1)


def test_the_best_of_its_epochs_is_kept_by_validation_and_scored_once_on_the_test_digits(ran):
    """One label in ten of the validation digits is wrong, one in eight of the test digits: the scores tell them."""
    cell = ran("history, best_accuracy")
    accuracy = [row["val_accuracy"] for row in cell["history"]]
    assert [row["epoch"] for row in cell["history"]] == list(range(1, 61)), "240 steps, of 4 batches an epoch"
    assert accuracy.index(max(accuracy)) == BEST - 1 and max(accuracy) == pytest.approx(0.9)
    assert cell["best_accuracy"] == max(accuracy) and cell["best_weights"]["head.bias"][0] == BEST
    assert [row["train_loss"] for row in cell["history"]] == [1 / epoch for epoch in range(1, 61)]
    for line, row in zip(cell.printed.splitlines(), cell["history"], strict=True):
        assert "acc" not in line and "val" not in line, "what is to be predicted waits in the next cell"
        epoch, epochs, train_loss = numbers(line.replace("/", " "))[:3]
        assert [epoch, epochs, train_loss] == pytest.approx([row["epoch"], 60, row["train_loss"]], abs=5.1e-5)
    scores = ran("plots.curves(history)")
    for line, row in zip(scores.printed.splitlines(), cell["history"], strict=True):
        assert numbers(line) == pytest.approx([row["epoch"], row["val_loss"], 100 * row["val_accuracy"]], abs=0.0051)
    assert scores.drawn == [("curves", (cell["history"],), {})]
    for data, optimizer, scheduler in cell["seen"][:60]:
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(data, CODED.train, strict=True))
        assert scheduler.total_steps == 240 and isinstance(optimizer, torch.optim.AdamW)
        assert max(group["max_lr"] for group in optimizer.param_groups) == 0.01
    tested = ran("model.load_state_dict(best_weights)")
    assert tested["test_accuracy"] == pytest.approx(0.875)
    theirs = [float(loss) for line in tested.printed.splitlines()[3:] for loss in line.split()]
    assert theirs == seqlab.published("lstm_by_hand")["losses"]
    assert tested["error"] == pytest.approx(math.sqrt(0.875 * 0.125 / 400))
    assert f"acc {87.5:.2f} %" in tested.printed and f"one standard error: acc {100 * tested['error']:.2f} %" in (
        tested.printed)


def test_one_digit_the_worst_and_the_confusion(ran):
    right = nearest_mean(*CODED.train)
    images, labels = CODED.test
    answers = right(images).argmax(dim=1)
    one = ran("def predict")
    assert one["probabilities"].tolist() == pytest.approx(torch.softmax(right(images[:1])[0], dim=0).tolist(), abs=1e-5)
    (_, (drawn, truth, said), _), = one.drawn
    assert torch.equal(drawn, images[:1]) and truth.tolist() == labels[:1].tolist() and said.tolist() == [answers[0]]
    (_, (drawn, truth, said), _), = ran(".topk(8)").drawn
    surprise = [-math.log(max(row[label], 1e-45)) for row, label in zip(
        right(images).double().softmax(dim=1).tolist(), labels.tolist(), strict=True)]
    worst = sorted(range(400), key=surprise.__getitem__)[-8:]
    assert sorted(surprise[k] for k in ran(".topk(8)")["worst"].tolist()) == pytest.approx(
        [surprise[k] for k in worst], rel=1e-3)
    assert torch.equal(drawn, images[ran(".topk(8)")["worst"]]) and (truth != said).all()
    confusion = torch.zeros(10, 10, dtype=torch.long)
    for label, answer in zip(labels, answers, strict=True):
        confusion[label, answer] += 1
    (_, (drawn,), _), = ran("confusion = ").drawn
    assert torch.equal(drawn, confusion) and not torch.equal(confusion, confusion.T)


def test_the_package_is_given_training_and_validation_digits(ran):
    train, val, options = ran("again = seqlab")["seen"][60]
    assert len(train[0]) == 640 and torch.equal(train[1], CODED.train[1]) and torch.equal(val[1], CODED.val[1])
    assert options == {"epochs": 2, "batch_size": 32, "quiet": True}


def test_the_gate_the_loop_and_the_sizes_that_are_printed(ran):
    gate = ran("x_f, h_f = ")
    sums = gate["x_t"] @ gate["x_f"].weight.T + gate["x_f"].bias + gate["h_f"].bias     # h is zero
    assert torch.allclose(gate["f"], 1 / (1 + torch.exp(-sums)), atol=1e-6) and "(5, 128)" in gate.printed
    loop = ran("lstm = HandBuiltLSTM(28")
    out, (h_n, c_n) = loop["builtin"](loop["x"])
    assert differ((loop["out"], loop["h"], loop["c"]), (out, h_n[0], c_n[0])) <= 1e-10
    sizes = [int(size.replace(",", "")) for size in course.find_all(
        r"([\d,]+) parameters", ran("sizes = {name").printed)]
    assert sizes == [4 * 128 * 29, 4 * 128 * 129, 10 * 129, 82_186] and sum(sizes[:3]) == 82_186
    assert ran("inked = ").printed == "median first row with ink 0, last 26\n", "coded digits"
    for bias, line in enumerate(ran("for bias in (0, 1)").printed.splitlines()):
        f = torch.tensor(float(bias)).sigmoid().item()
        assert numbers(line) == [bias, pytest.approx(f, abs=0.005), 22, pytest.approx(f**22, rel=0.03)]
    start = ran("start = ")
    assert start["start"] == pytest.approx(math.log(10), abs=0.1)
    assert torch.equal(start["images"], CODED.train[0][:128]) and torch.equal(start["labels"], CODED.train[1][:128])


def test_the_seeds_the_pairs_and_the_changes_are_those_of_the_study(ran):
    rows = seqlab.results("digits_recipe").rows
    seeds = [row for row in rows if row[0] == "none"]
    *lines, mean = ran("recipe = ").printed.splitlines()
    assert [numbers(line) for line in lines[1:]] == [list(row[1:5]) for row in seeds] and len(seeds) == 5
    assert numbers(mean)[0] == pytest.approx(sum(row[4] for row in seeds) / 5, abs=0.006)
    error = 100 * math.hypot(*(math.sqrt(0.987 * 0.013 / n) for n in (5_000, 10_000)))
    assert numbers(ran("noise = ").printed) == [pytest.approx(error, abs=0.006)]
    tried = [[k in row[5] for k in range(10_000)] for row in seeds]
    both = [sum(a and b for a, b in zip(tried[0], other, strict=True)) for other in tried]
    alone = sorted(sum(a != b for a, b in zip(one, two, strict=True))
                   for k, one in enumerate(tried) for two in tried[:k])
    a, b, k = sum(tried[0]), sum(tried[1]), sum(tried[0]) + sum(tried[1]) - 2 * both[1]
    printed = "".join(ran(words).printed for words in ("wrong = ", "len(a ^ b)", "theirs = "))
    assert numbers(printed.replace("-", " ")) == [
        0, a, 1, b, both[1], a - both[1], b - both[1], a - b, pytest.approx(math.sqrt(k), abs=0.06),
        pytest.approx(math.sqrt(a + b), abs=0.06), alone[0], alone[-1],
        123, pytest.approx(sum(map(sum, tried)) / 5, abs=0.06)]
    long, figure = seqlab.results("digits_lstm")["test accuracy (%)"], seqlab.results("digit_reader")
    assert [numbers(line[24:])[0] for line in ran("longer = ").printed.splitlines()] == [
        98.77, pytest.approx(sum(row[4] for row in seeds) / 5, abs=0.006), pytest.approx(sum(long) / 10, abs=0.006),
        figure.where("test digits")["accuracy (%)"][0]]
    table = ran("base = ").printed.splitlines()[1:]
    assert [line[:20].strip() for line in table] == list(dict.fromkeys(row[0] for row in rows))
    for line in table:
        runs = [row for row in rows if row[0] == line[:20].strip()]
        more = [len(row[5]) - sum(tried[row[1]]) for row in runs]
        assert numbers(line[20:])[0] == pytest.approx(sum(row[4] for row in runs) / len(runs), abs=0.06)
        assert numbers(line[20:])[-len(more):] == more


def test_a_batch_is_learned_by_heart_with_gradients_that_do_not_pile_up(chapter):
    images, labels = torch.rand(6, 28, 28), torch.arange(6)
    torch.manual_seed(0)
    own = chapter["DigitClassification"]()
    losses = trained_by_hand(torch.optim.Adam(own.parameters(), lr=5e-3),
                             lambda: -own(images).log_softmax(dim=1)[range(6), labels].mean(), [()] * 3)
    names = DIGITS.definitions(device=torch.device("cpu"))
    assert names["learn_by_heart"](images, labels, steps=3) == pytest.approx(losses[-1], rel=1e-3)


def test_the_mistakes_are_real(ran):
    assert ran("keeper, state").printed.startswith("Trying to backward through the graph a second time")
    assert ran("small = nn.Linear").printed.splitlines() == [
        "state_dict() has changed too: True", "its copy     has changed too: False"]
    luck = ran("default_rng(0).binomial")
    one, best = numbers(luck.printed.replace("of 20", ""))
    assert one == pytest.approx(100 * luck["scores"].mean(), abs=0.006)
    assert best == pytest.approx(100 * sum(max(runs) for runs in luck["scores"]) / 1000, abs=0.006)
    assert luck["scores"].shape == (1000, 20) and best - one == pytest.approx(0.2, abs=0.05)


# --- the stored run -----------------------------------------------------------------------------------------------

def test_the_published_numbers_come_from_the_record():
    published = seqlab.published("lstm_by_hand")
    assert f"their acc {100 * published['accuracy']:.2f} %" in stored('seqlab.published("lstm_by_hand")')
    assert " ".join(map(str, published["losses"])) in " ".join(stored("published = ").split())


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
    rows = re.findall(r"(\d+)/(\d+) train loss (\S+) \d+ s", stored("history, best_accuracy"))
    assert [int(row[0]) for row in rows] == list(range(1, int(rows[0][1]) + 1))
    assert float(rows[-1][2]) < float(rows[0][2])
    scores = re.findall(r"after epoch (\d+): val loss \S+, acc (\S+) %", stored("plots.curves(history)"))
    assert [epoch for epoch, _ in scores] == [row[0] for row in rows]
    assert max(float(accuracy) for _, accuracy in scores) >= 98


def test_the_first_loss_is_that_of_a_guess_and_a_batch_is_learned_by_heart():
    start = float(re.search(r"loss (\S+)", stored("start = "))[1])
    assert abs(start - math.log(10)) < 0.1
    assert all(float(loss) < 0.2 for loss in course.find_all(r"loss (\S+)", stored("def learn_by_heart")))

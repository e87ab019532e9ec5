"""The chapter: its orders and guards do what the text says, and the silent bug is as silent and as costly as shown."""

import copy

import pytest
import torch
from torch import nn

import seqlab
from seqlab import plots
from tools import course

from . import coded_digits, nearest_mean, trained_by_hand, verdicts

IMAGES = course.chapter("images-as-sequences")
stored = IMAGES.printed


def numbers(text: str) -> list[float]:
    return [float(number) for number in course.find_all(r"\d+\.\d+", text)]


@pytest.fixture(scope="module")
def chapter():
    """What the notebook defines, with random pictures in place of the digits."""
    torch.manual_seed(0)
    return IMAGES.definitions("grid", "shuffle", "orders", device=torch.device("cpu"), images=torch.rand(100, 28, 28),
                              labels=torch.arange(100) % 10)


# --- the sequence (A1), its order (A2) ----------------------------------------------------------------------------

DIGITS = coded_digits(1100)


@pytest.fixture(scope="module")
def ran():
    """The cells up to the silent bug's effects, on coded digits, with a network that learns them at once.

    `trained` says with which network, images and labels each training was done. The forgetful one knows of a picture
    its bottom row alone.
    """
    trained = []

    def train(model, images, labels, steps=200):
        trained.append((type(model).__name__, model.lstm.weight_hh_l0.detach().clone(), images, labels, steps))
        right = nearest_mean(images, labels)
        model.forward = right if type(model).__name__ == "RowReader" else lambda x: right(x[:, 27:].expand_as(x))
        return [float(k) for k in range(steps)]

    drawing = course.Recorder()
    drawing.figure = plots.figure
    return IMAGES.play(upto="erased = x.clone()", plots=drawing, load_digits=lambda: DIGITS, train=train,
                       trained=trained, choose_device=lambda: torch.device("cpu"))


def test_row_t_is_step_t(ran):
    cell = ran("batch = images[:100].unsqueeze(1)")
    assert cell.printed.splitlines()[0] == "(100, 1, 28, 28) -> (100, 28, 28)"
    assert [verdicts(line) for line in cell.printed.splitlines()[1:]] == 3 * [[True]]
    for picture, steps in zip(DIGITS.train[0], cell["x"], strict=False):
        assert steps.tolist() == [picture[t].tolist() for t in range(28)]
    (name, (drawn,), _), = ran("plots.digit_as_sequence").drawn
    assert name == "digit_as_sequence" and torch.equal(drawn, DIGITS.train[0][0])
    assert ran("ink = ").printed.startswith("0.0 %") and ran("ink = ")["ink"] == 0


def test_hardly_a_digit_has_ink_in_its_bottom_row():
    assert 0 < numbers(stored("ink = "))[0] < 5


def test_the_networks_are_trained_on_the_training_digits_and_scored_on_the_validation_digits(ran):
    """One label in ten of these is wrong: who knows the digits is right about 90 %, in any order that is fixed."""
    trained = ran("forgetful = ForgetfulReader()")["trained"]
    (images, labels), (_, val_labels) = DIGITS.train, DIGITS.val
    torch.manual_seed(0)
    first = ran("class RowReader")["RowReader"]().lstm.weight_hh_l0
    assert [name for name, *_ in trained] == 6 * ["RowReader"] + ["ForgetfulReader"]
    assert [steps for *_, steps in trained] == [200] + 5 * [150] + [200]
    for name, weights, seen, answers, _ in trained:
        assert torch.equal(weights, first) is (name == "RowReader") and torch.equal(answers, labels)
        assert torch.equal(seen.flatten(1).sort().values, images.flatten(1).sort().values), "the training digits"
    assert ran("reader_losses = train")["reader_accuracy"] == pytest.approx(90)
    cell = ran("scores = {name")
    assert list(cell["scores"]) == ["rows", "columns", "spiral", "fixed shuffle"]
    assert list(cell["scores"].values()) == pytest.approx(4 * [90]) and cell["each"] < 40
    pixels = images.flatten(1)
    for (_, _, seen, *_), order in zip(trained[1:5], cell["orders"].values(), strict=True):
        assert torch.equal(seen.flatten(1), torch.stack([pixels[:, k] for k in order.tolist()], dim=1))
    lines = ran("forgetful = ForgetfulReader()").printed.splitlines()
    guess = 100 * torch.bincount(val_labels).max().item() / len(val_labels)
    right, forgetful, chance = numbers("\n".join(lines))
    assert right == pytest.approx(90) and forgetful <= guess and chance == 2.3026
    (_, (steps, curves, *_), _), = ran("mean_of_ten = ").drawn
    assert list(steps) == list(range(5, 200, 10))
    assert [curve.tolist() for curve in curves.values()] == 2 * [[10 * k + 4.5 for k in range(20)]]


def test_the_loop_of_the_chapter(chapter):
    """The rows that it picks, gradients that do not pile up, and the last row's state."""
    torch.manual_seed(1)
    reader, (images, labels) = chapter["RowReader"](8), (chapter["images"], chapter["labels"])
    own = copy.deepcopy(reader)
    losses = chapter["train"](reader, images, labels, steps=4)
    chance = torch.Generator().manual_seed(0)
    batches = [(images[rows], labels[rows]) for rows in (
        torch.randint(100, (100,), generator=chance) for _ in range(4))]
    assert losses == pytest.approx(trained_by_hand(
        torch.optim.Adam(own.parameters(), lr=0.01),
        lambda x, y: -own.head(own.lstm(x)[1][0][0]).log_softmax(dim=1)[range(100), y].mean(), batches), rel=1e-4)


def test_every_order_visits_every_pixel_once(chapter):
    assert list(chapter["orders"]) == ["rows", "columns", "spiral", "fixed shuffle"]
    for order in chapter["orders"].values():
        assert sorted(order.tolist()) == list(range(784))


def test_the_spiral_runs_inwards_without_a_jump(chapter):
    row, column = chapter["spiral_order"]() // 28, chapter["spiral_order"]() % 28
    assert (row[0], column[0]) == (0, 0)
    assert (((row[1:] - row[:-1]).abs() + (column[1:] - column[:-1]).abs()) == 1).all()
    ring = torch.minimum(torch.minimum(row, 27 - row), torch.minimum(column, 27 - column))
    assert (ring[1:] >= ring[:-1]).all()


def test_the_picture_of_the_orders_shows_when_each_pixel_is_read(ran):
    cell = ran("panels = figure.subplots")
    for (name, order), above, below in zip(cell["orders"].items(), *cell["panels"], strict=True):
        when, what = (panel.images[0].get_array().data.flatten().tolist() for panel in (above, below))
        order = order.tolist()
        assert above.get_title() == name and [when[pixel] for pixel in order] == list(range(784))
        assert what == pytest.approx([DIGITS.train[0][0].flatten()[pixel].item() for pixel in order])


def test_reordering_keeps_pixels_and_columns_are_a_transpose(chapter):
    images, reorder, orders = chapter["images"], chapter["reorder"], chapter["orders"]
    assert torch.equal(reorder(images, orders["rows"]), images)
    assert torch.equal(reorder(images, orders["columns"]), images.transpose(1, 2))
    for shuffled in (*(reorder(images, order) for order in orders.values()), chapter["shuffle_each"](images)):
        assert torch.equal(shuffled.flatten(1).sort().values, images.flatten(1).sort().values)
    assert not torch.equal(chapter["shuffle_each"](images[:1].repeat(2, 1, 1))[0],
                           chapter["shuffle_each"](images[:1].repeat(2, 1, 1))[1])


def test_every_fixed_order_is_learned_and_a_new_one_per_digit_is_not():
    """On MNIST, as it is stored: on coded digits the same cells run above."""
    rows, columns, spiral, shuffle, each = numbers(stored('"one shuffle per digit": each'))
    assert min(rows, columns, spiral, shuffle) > 70 and each < 40


# --- the model and the loop ---------------------------------------------------------------------------------------

def test_the_row_reader_is_the_package_s_classifier(chapter):
    shown, package = chapter["RowReader"](), seqlab.SequenceClassifier("lstm", 28, 64, 10)
    package.layer.load_state_dict(shown.lstm.state_dict())
    package.head.load_state_dict(shown.head.state_dict())
    assert torch.allclose(shown(chapter["images"]), package(chapter["images"]), atol=1e-6)


def test_the_shown_accuracy_is_the_package_s(chapter):
    model = chapter["RowReader"]()
    assert chapter["accuracy"](model, chapter["images"], chapter["labels"]) == pytest.approx(
        100 * seqlab.evaluate(model, (chapter["images"], chapter["labels"])).accuracy)


def test_the_four_numbers(ran):
    printed = ran("input_size=28, hidden_size=256, num_layers=2").printed
    assert [line.split("(")[1].split(")")[0] for line in printed.splitlines()] == [
        "100, 28, 28", "100, 28, 256", "2, 100, 256", "2, 100, 256"]
    other_sizes = ran('print("20 columns:"').printed
    assert "(100, 14, 256)" in other_sizes and "Expected 28, got 20" in other_sizes, "any number of rows, 28 columns"


# --- batches and axes (B4) ----------------------------------------------------------------------------------------

def test_the_last_batch_and_the_squeezes(ran):
    assert ran("loader = DataLoader").printed.splitlines() == [
        "11 batches", "first (100, 1, 28, 28) last (50, 1, 28, 28)"]
    assert ran("for n in (100, 1):").printed.splitlines() == [
        "squeeze(1): (100, 28, 28)   squeeze(): (100, 28, 28)", "squeeze(1): (1, 28, 28)   squeeze(): (28, 28)"]
    assert "got 4D" in ran("layer(batch)\n").printed
    assert ran("layer(batch[:1].squeeze())").printed == "(28, 256)\ntoo many indices for tensor of dimension 2\n"


def test_a_transpose_turns_the_axes_and_a_reshape_cuts_anew(ran):
    cell = ran("swapped, recut")
    assert cell.printed == "(28, 100, 28) (28, 100, 28)\nequal: False\n"
    for digit, steps in enumerate(cell["x"]):
        assert torch.equal(cell["swapped"][:, digit], steps)
    assert torch.equal(cell["recut"].flatten(), cell["x"].flatten())
    (_, (drawn,), _), = cell.drawn
    assert torch.equal(drawn[0], cell["x"][0]) and torch.equal(drawn[1], cell["recut"][:, 0])


def test_both_ways_to_batches_give_every_digit_once_with_its_own_label(ran):
    cell = ran("def by_loader")
    for batches in (cell["by_loader"], cell["by_index"]):
        first, second = ([torch.cat(part) for part in zip(*batches(), strict=True)] for _ in range(2))
        assert [len(x) for x, _ in batches()] == 10 * [100] + [50]
        for x, y in (first, second):
            assert x.shape == (1050, 1, 28, 28) and torch.equal(nearest_mean(*DIGITS.train)(x[:, 0]).argmax(dim=1), y)
            assert torch.equal(x.sum(dim=(1, 2, 3)).sort().values,
                               DIGITS.train[0][:1050].sum(dim=(1, 2)).sort().values)
        assert not torch.equal(first[0], second[0]), "in another order each time"


def test_the_loader_was_the_slower_one():
    """And both are small beside the passes, on a CPU."""
    slow, fast, learning = numbers(stored("slow, fast = "))
    assert 2 * fast < slow < learning / 5


# --- the silent bug (A8) ------------------------------------------------------------------------------------------

def test_the_reader_reads_most_digits_it_has_not_seen():
    assert numbers(stored("reader_losses = train("))[-1] > 80


def test_the_bug_costs_nearly_everything_and_says_nothing():
    right, forgetful, chance = numbers(stored("forgetful_losses = train("))
    assert right > 85 and forgetful < 20 and chance == 2.3026


@pytest.mark.parametrize("batch", [100, 28, 3])
def test_the_forgetful_reader_sees_the_bottom_row_alone_and_leaks_forward(chapter, batch):
    forgetful, x, moved = chapter["ForgetfulReader"](), chapter["images"][:batch], chapter["moved"]
    assert forgetful(x).shape == chapter["RowReader"]()(x).shape == (batch, 10)
    erased, first, last = x.clone(), x.clone(), x.clone()
    erased[:, :27], first[0], last[-1] = 0, 1 - x[0], 1 - x[-1]
    assert moved(forgetful, x, erased).max() < 1e-6
    moves = moved(forgetful, x, first)
    assert moves[1] > 1e-3 and (moves[1:4] > 0).all()
    assert moved(forgetful, x, last)[:-1].max() == 0        # a guard that changes the last example is blind


@pytest.mark.parametrize("batch", [100, 28, 3])
def test_the_guard_finds_it_at_every_batch_size_and_spares_the_right_one(chapter, batch):
    x = chapter["images"][:batch]
    chapter["expect_independent"](chapter["RowReader"](), x)
    with pytest.raises(ValueError, match="example 0 moves the others"):
        chapter["expect_independent"](chapter["ForgetfulReader"](), x)


def test_the_guard_says_that_one_example_moves_nobody(chapter):
    with pytest.raises(ValueError, match="x should hold 2 or more examples"):
        chapter["expect_independent"](chapter["RowReader"](), chapter["images"][:1])


@pytest.mark.parametrize("batch, found", [(100, True), (28, False)])
def test_the_shape_of_h_n_gives_it_away_unless_the_sizes_agree(chapter, batch, found):
    out, (h_n, _) = chapter["ForgetfulReader"]().lstm(chapter["images"][:batch])
    seqlab.expect_shape(out, "batch time hidden", batch=batch)      # the obvious check finds nothing
    if found:
        with pytest.raises(ValueError, match=r"axis 1 \(batch\) should be 100 but is 28"):
            seqlab.expect_shape(h_n, "layers batch hidden", batch=batch)
        with pytest.raises(ValueError, match=r"batch_size \(28\) to match target batch_size \(100\)"):
            nn.functional.cross_entropy(h_n[-1], chapter["labels"])
    else:
        seqlab.expect_shape(h_n, "layers batch hidden", batch=batch)


def test_the_prediction_cells_say_what_the_text_says(chapter, capsys):
    """With networks that have learned nothing: it is their form that counts."""
    torch.manual_seed(2)
    names = {**chapter, "x": chapter["images"], "reader": chapter["RowReader"](), "plots": course.Recorder(),
             "forgetful": chapter["ForgetfulReader"]()}
    IMAGES.cell("def moved").run(names)
    IMAGES.cell("erased = x.clone()").run(names)
    assert [verdicts(line) for line in capsys.readouterr().out.splitlines()] == [[True], [False]]
    assert torch.equal(names["erased"][:, 27], names["x"][:, 27]) and not names["erased"][:, :27].any()
    IMAGES.cell("negative = x.clone()").run(names)
    assert torch.equal(names["negative"][1:], names["x"][1:])
    assert torch.equal(names["negative"][0], 1 - names["x"][0])
    (_, (places, others, *_), _), = names["plots"].drawn
    assert list(places) == list(range(1, 13)) and others["right"].max() == 0 and (others["forgetful"] > 0).all()
    IMAGES.cell("shapes = [str(tuple").run(names)
    IMAGES.cell("expect_shape(h_n,").run(names)
    assert capsys.readouterr().out.splitlines() == [
        "           out            logits     h_n",
        "right      (100, 28, 64)  (100, 10)  (1, 100, 64)",
        "forgetful  (100, 28, 64)  (100, 10)  (1, 28, 64)", "axis 1 (batch) should be 100 but is 28"]
    IMAGES.cell("def expect_independent").run(names)
    assert "example 0 moves the others" in capsys.readouterr().out


def test_the_quiz_s_cropped_digits_need_no_other_layer():
    assert nn.LSTM(28, 64, batch_first=True)(torch.rand(5, 24, 28))[0].shape == (5, 24, 64)


# --- the practice -------------------------------------------------------------------------------------------------

def test_the_sly_model_of_the_practice_scores_worse_alone():
    text = [cell.printed for cell in IMAGES.practice.code]
    first, *_, last = numbers(next(t for t in text if t.startswith("step   1")))
    assert last < first - 0.5
    together, alone = numbers(next(t for t in text if "128 digits" in t))
    assert together > alone + 5

"""The chapter: its orders and guards do what the text says, and the silent bug is as silent and as costly as shown."""

import pytest
import torch
from torch import nn

import seqlab
from tools import course

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

def test_row_t_is_step_t():
    assert stored("batch = images[:100].unsqueeze(1)") == "(100, 1, 28, 28) -> (100, 28, 28)\n"
    cell = IMAGES.cell("batch = images[:100].unsqueeze(1)")
    assert "assert torch.equal(x[:, 0], batch[:, 0, 0, :])" in cell.source
    assert "assert torch.equal(x[:, 27], batch[:, 0, 27, :])" in cell.source


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


def test_reordering_keeps_pixels_and_columns_are_a_transpose(chapter):
    images, reorder, orders = chapter["images"], chapter["reorder"], chapter["orders"]
    assert torch.equal(reorder(images, orders["rows"]), images)
    assert torch.equal(reorder(images, orders["columns"]), images.transpose(1, 2))
    for shuffled in (*(reorder(images, order) for order in orders.values()), chapter["shuffle_each"](images)):
        assert torch.equal(shuffled.flatten(1).sort().values, images.flatten(1).sort().values)
    assert not torch.equal(chapter["shuffle_each"](images[:1].repeat(2, 1, 1))[0],
                           chapter["shuffle_each"](images[:1].repeat(2, 1, 1))[1])


def test_every_fixed_order_is_learned_and_a_new_one_per_digit_is_not():
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


def test_the_four_numbers():
    printed = stored("input_size=28, hidden_size=256, num_layers=2")
    assert [line.split("(")[1].split(")")[0] for line in printed.splitlines()] == [
        "100, 28, 28", "100, 28, 256", "2, 100, 256", "2, 100, 256"]
    other_sizes = stored('print("20 columns:"')
    assert "(100, 14, 256)" in other_sizes and "Expected 28, got 20" in other_sizes, "any number of rows, 28 columns"


# --- batches and axes (B4) ----------------------------------------------------------------------------------------

def test_the_last_batch_and_the_squeezes():
    assert stored("loader = DataLoader").splitlines() == [
        "11 batches, first (100, 1, 28, 28) last (50, 1, 28, 28)",
        "one example (1, 28, 28) 100 stacked (100, 1, 28, 28)"]
    assert stored("for n in (100, 1):").splitlines() == [
        "squeeze(1): (100, 28, 28)   squeeze(): (100, 28, 28)", "squeeze(1): (1, 28, 28)   squeeze(): (28, 28)"]
    assert "got 4D" in stored("layer(batch)\n")
    assert stored("layer(batch[:1].squeeze())") == "(28, 256)\ntoo many indices for tensor of dimension 2\n"
    assert stored("swapped, recut") == "(28, 100, 28) (28, 100, 28)\nequal: False\n"


def test_the_loader_was_the_slower_one():
    slow, fast = numbers(stored("slow, fast = "))[:2]
    assert slow > 2 * fast


# --- the silent bug (A8) ------------------------------------------------------------------------------------------

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


def test_the_prediction_cells_say_what_the_text_says():
    assert stored("erased, negative = ").splitlines() == ["right      notices 27 erased rows: True",
                                                          "forgetful  notices 27 erased rows: False"]
    assert stored("expect_shape(h_n,").splitlines()[:2] == [
        "right      out (100, 28, 64)  logits (100, 10)  h_n (1, 100, 64)",
        "forgetful  out (100, 28, 64)  logits (100, 10)  h_n (1, 28, 64)"]
    assert "example 0 moves the others" in stored("def expect_independent")


def test_the_quiz_s_cropped_digits_need_no_other_layer():
    assert nn.LSTM(28, 64, batch_first=True)(torch.rand(5, 24, 28))[0].shape == (5, 24, 64)


# --- the practice -------------------------------------------------------------------------------------------------

def test_the_sly_model_of_the_practice_scores_worse_alone():
    text = [cell.printed for cell in IMAGES.practice.code]
    first, *_, last = numbers(next(t for t in text if t.startswith("step   1")))
    assert last < first - 0.5
    together, alone = numbers(next(t for t in text if "128 digits" in t))
    assert together > alone + 5

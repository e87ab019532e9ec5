"""The chapter: the shown helpers equal packing and seqlab, and the stored comparisons hold."""

import re

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import seqlab
from tools import course

LENGTHS = course.chapter("variable-lengths")
stored = LENGTHS.printed


@pytest.fixture(scope="module")
def chapter():
    return LENGTHS.definitions()


def block(batch, seq_len, seed):
    torch.manual_seed(seed)
    lengths = torch.randint(1, seq_len + 1, (batch,))
    return torch.randn(batch, seq_len, 3, dtype=torch.float64), lengths


@pytest.mark.parametrize("kind", ["rnn", "gru"])
@pytest.mark.parametrize("seed", range(5))
def test_three_ways_to_the_last_state_agree(chapter, kind, seed):
    """Whatever stands on padding: here it is noise, not zero."""
    x, lengths = block(4, 7, seed)
    loop = seqlab.Recurrent(kind, 3, 5).double()
    layer = loop.to_builtin()
    torch.set_default_dtype(torch.float64)
    try:
        ends = [chapter["last_by_gather"](layer, x, lengths), chapter["last_by_loop"](loop.cells[0], x, lengths),
                chapter["last_by_packing"](layer, x, lengths), loop(x, lengths=lengths)[1][-1],
                torch.stack([layer(row[None, :n])[1][-1, 0] for row, n in zip(x, lengths, strict=True)])]
    finally:
        torch.set_default_dtype(torch.float32)
    for end in ends[1:]:
        torch.testing.assert_close(end, ends[0], atol=1e-10, rtol=0)


def test_packing_an_lstm_gives_both_states_at_the_real_end():
    x, lengths = block(4, 7, 0)
    loop = seqlab.Recurrent("lstm", 3, 5, num_layers=2, bidirectional=True).double()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    packed_out, states = loop.to_builtin()(packed)
    out, _ = pad_packed_sequence(packed_out, batch_first=True, total_length=7)
    mine, my_states = loop(x, lengths=lengths)
    for got, want in zip((mine, *my_states), (out, *states), strict=True):
        torch.testing.assert_close(got, want, atol=1e-10, rtol=0)


def test_the_mask_and_the_mean(chapter):
    lengths = torch.tensor([1, 4, 2])
    mask = chapter["real_steps"](lengths, 4)
    assert mask.sum(dim=1).tolist() == lengths.tolist() and mask[0].tolist() == [True, False, False, False]
    out = torch.randn(3, 4, 2)
    want = torch.stack([row[:n].mean(dim=0) for row, n in zip(out, lengths, strict=True)])
    torch.testing.assert_close(chapter["mean_over_real"](out, mask), want)
    torch.manual_seed(0)
    model = seqlab.SequenceClassifier("gru", 2, 6, 3, pooling="mean")
    states, _ = model.layer(out)
    torch.testing.assert_close(model.head(chapter["mean_over_real"](states, mask)), model(out, lengths))


def test_the_answer_does_not_depend_on_the_company(chapter):
    """The rule of the chapter, for its two readers and for the package's model."""
    x, lengths, _ = chapter["ends"](6, "up", seed=1)
    wider = nn.functional.pad(x, (0, 0, 0, 5))
    for use, holds in (("lengths - 1", True), ("out[:, -1]", False)):
        torch.manual_seed(0)
        net = chapter["Reader"](use)
        assert torch.allclose(net(x, lengths), net(wider, lengths), atol=1e-6) is holds
    for pooling in ("last", "mean"):
        model = seqlab.SequenceClassifier("lstm", 1, 6, 2, pooling=pooling, bidirectional=True)
        assert torch.allclose(model(x, lengths), model(wider, lengths), atol=1e-6)


def test_the_tasks_are_what_the_text_says(chapter):
    for task in ("up", "sign"):
        x, lengths, y = chapter["ends"](500, task, seed=3)
        assert x.shape == (500, 12, 1) and lengths.min() == 2 and lengths.max() == 12
        assert 0.4 < y.float().mean() < 0.6
        for row, n, label in zip(x[..., 0].tolist(), lengths.tolist(), y.tolist(), strict=True):
            assert label == (row[n - 1] > (row[n - 2] if task == "up" else 0))
            assert not any(row[n:])
    x, lengths, y, mask = chapter["next_is_higher"](4000, seed=3)
    assert x.shape == (4000, 12, 1) and not y[~mask].any() and not x[~mask].any()
    both = mask[:, 1:]
    assert torch.equal(y[:, :-1][both], (x[:, 1:, 0] > x[:, :-1, 0]).long()[both])
    best = ((x[..., 0] < 0).long() == y)[mask].float().mean()
    assert best == pytest.approx(0.75, abs=0.01), "the ceiling of three in four"
    assert 0.4 < 1 - mask.float().mean() < 0.45, "more than four steps in ten are padding"


def accuracies(text):
    return {name.strip(): (float(mean), float(sd))
            for name, mean, sd in course.find_all(r"^(.*?):? +mean acc +(\S+) %, sd acc +(\S+) %", text, re.MULTILINE)}


def test_the_stored_comparison_says_what_the_text_says():
    acc = accuracies(stored("hits = {}"))
    assert acc["up, lengths - 1"][0] > 94 and acc["sign, lengths - 1"][0] > 96
    assert acc["up, out[:, -1]"][0] < 56, "hardly better than a coin"
    assert 88 < acc["sign, out[:, -1]"][0] < acc["sign, lengths - 1"][0] - 2, "it copes, at a price"


def test_the_stored_loss_comparison_says_what_the_text_says():
    acc = accuracies(stored("tagged = {}").replace(" steps:", ":"))
    assert acc["padding in the loss, all"][0] > 78, "beats what is possible"
    assert acc["padding in the loss, real"][0] < acc["masked loss, real"][0] - 1
    assert 74 < acc["masked loss, real"][0] < 75.5
    assert acc["masked loss, all"][1] > 3, "different with every seed"


@pytest.mark.slow
def test_the_wrong_reader_is_no_better_than_a_coin_in_a_fresh_run(chapter):
    """One seed through the chapter's own model, task and loop."""
    scores = {}
    x, lengths, y = chapter["ends"](1000, "up", seed=98)
    for use in ("lengths - 1", "out[:, -1]"):
        torch.manual_seed(11)
        net = chapter["train"](chapter["Reader"](use), *chapter["ends"](3200, "up", 11))
        scores[use] = (net(x, lengths).argmax(dim=1) == y).float().mean()
    assert scores["lengths - 1"] > 0.9 and scores["out[:, -1]"] < 0.65


def test_what_is_printed_about_packing():
    text = stored("packed._fields")
    for line in ("[20, 10, 30, 21, 11, 31, 22, 12, 23, 24]", "[3, 3, 2, 1, 1]"):
        assert line in text
    assert stored("alone = ").count("[True, True, True]") == 4
    assert "[False, True, False]" in stored("alone = ")
    pairs = re.findall(r"(\w+) +out\[:, -1\] equals h_n\[-1\]: (\w+)\n\1 +h_n\[-1\] right: (\w+)", stored("packed_h_n"))
    assert pairs == [("packed", "False", "True"), ("plain", "True", "False")]


def test_the_backward_half_alone_is_soiled():
    changes = {name: [float(v) for v in re.findall(r"\d\.\d\d", values)]
               for name, values in course.find_all(r"(\w+ \w+) +\[(.*)\]", stored("both_ways = "))}
    assert max(changes["padded forward"] + changes["packed forward"] + changes["packed backward"]) == 0
    assert changes["padded backward"] == sorted(changes["padded backward"]) and changes["padded backward"][0] > 0


def test_padding_costs_what_the_text_says():
    shares = {name: float(share) for name, share in re.findall(r"(\S.*?) +padded +(\S+) %", stored("random_order"))}
    assert shares["random"] > 66.7 and shares["in buckets"] < 25 and shares["sorted"] < 5


def test_the_messages_are_the_real_ones():
    text = " ".join(stored("slips = ").split())
    for words in ("has to be greater than 0", "must be sorted in decreasing order", "should be a 1D CPU int64 tensor",
                  "Expected `len(lengths)` to be equal to batch_size", "exceeds dimension size", "must be Tensor"):
        assert words in text
    assert stored("wide = ").splitlines() == ["a block of 7 steps comes back as (3, 5, 6) {}",
                                                   "a block of 7 steps comes back as (3, 7, 6) {'total_length': 7}",
                                                   "batch_first forgotten: h_n (1, 3, 6) and no error"]

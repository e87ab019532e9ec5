"""The chapter: the shown helpers equal packing and seqlab, and the stored comparisons hold."""

import copy
import re

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import seqlab
from seqlab import plots, results
from tools import course

from . import numbers, states_by_hand, trained_by_hand, verdicts

LENGTHS = course.chapter("variable-lengths")
ABC = [3, 5, 2]     # the lengths of the three sequences of the chapter


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
    layer, mask = loop.to_builtin(), chapter["real_steps"](lengths, 7)
    torch.set_default_dtype(torch.float64)
    try:
        ends = [chapter["last_by_gather"](layer, x, lengths), chapter["last_by_loop"](loop.cells[0], x, mask),
                chapter["last_by_packing"](layer, x, lengths), loop(x, lengths=lengths)[1][-1],
                torch.stack([layer(row[None, :n])[1][-1, 0] for row, n in zip(x, lengths, strict=True)])]
    finally:
        torch.set_default_dtype(torch.float32)
    for end in ends[1:]:
        torch.testing.assert_close(end, ends[0], atol=1e-10, rtol=0)


@pytest.mark.parametrize("seed", range(3))
def test_the_masked_loop_alone_reads_a_left_padded_block(chapter, seed):
    x, lengths = block(4, 7, seed)
    lengths[0] = 3                                  # not all of them are whole
    loop = seqlab.Recurrent("rnn", 3, 5).double()
    layer, mask = loop.to_builtin(), chapter["real_steps"](lengths, 7)
    alone = torch.stack([layer(row[None, :n])[1][-1, 0] for row, n in zip(x, lengths, strict=True)])
    left, left_mask = (chapter["to_left"](one, lengths) for one in (x, mask))
    assert torch.equal(left_mask.sum(dim=1), lengths) and left_mask[:, -1].all()
    for row, turned, n in zip(x, left, lengths.tolist(), strict=True):
        assert torch.equal(turned[7 - n:], row[:n])
    assert torch.allclose(chapter["last_by_loop"](loop.cells[0], left, left_mask), alone, atol=1e-10)
    for other in (layer(left)[0][:, -1], chapter["last_by_gather"](layer, left, lengths),
                  chapter["last_by_packing"](layer, left, lengths)):
        assert not torch.allclose(other[0], alone[0], atol=1e-4)


def test_a_collated_batch_is_as_wide_as_its_longest(chapter):
    sequences = [torch.randn(n, 4) for n in (2, 6, 1)]
    x, lengths, labels = chapter["padded_batch"](list(zip(sequences, (5, 3, 4), strict=True)))
    assert x.shape == (3, 6, 4) and lengths.tolist() == [2, 6, 1] and labels.tolist() == [5, 3, 4]
    for row, sequence in zip(x, sequences, strict=True):
        assert torch.equal(row[:len(sequence)], sequence) and not row[len(sequence):].any()


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
            for name, mean, sd in course.find_all(r"^(.+):\n +mean acc (\S+) %, sd acc (\S+) %", text, re.MULTILINE)}


# --- the cells as they run --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def start():
    """The cells up to the first that trains."""
    return LENGTHS.play(upto="hits = {}")


@pytest.fixture(scope="module")
def ran():
    drawing = course.Recorder()
    drawing.figure = plots.figure
    return LENGTHS.play(plots=drawing)


def read(rnn, x):
    return states_by_hand(rnn.parameters(), x, torch.zeros(len(x), 6))


def alone(cell, letter):
    """Every state of A, B or C, read alone."""
    return read(cell["rnn"], cell[letter][None])[0]


def test_the_block_and_its_mask(start):
    cell = start("x = pad_sequence")
    for row, mask, length, letter in zip(cell["x"], cell["mask"].tolist(), ABC, "ABC", strict=True):
        assert torch.equal(row[:length], cell[letter]) and not row[length:].any()
        assert mask == [t < length for t in range(5)]
    assert [number for line in cell.printed.splitlines()[2:] for number in numbers(line.strip("tensor([],"))[:5]] == [
        t < length for length in ABC for t in range(5)]


def test_padding_moves_the_state_of_a_sequence_that_has_ended(start):
    cell = start("end = out[0, 2]")
    states = read(cell["rnn"], cell["x"])[0]
    for t, line in enumerate(cell.printed.splitlines()):
        assert numbers(line) == [t, pytest.approx((states[t] - alone(cell, "A")[2]).abs().max().item(), abs=0.0051)]
        assert ("real" in line) == (t < 3)
    lines = start("for others in").printed.splitlines()
    for line, more in zip(lines, (0, 2, 6), strict=True):
        end = read(cell["rnn"], nn.functional.pad(cell["A"], (0, 0, 0, more))[None])[0, -1, :3]
        assert numbers(line) == [1 + (more > 0), 3 + more, 4, *(pytest.approx(v, abs=0.0051) for v in end.tolist())]


def test_four_ways_are_right_and_the_last_column_is_not(start):
    cell = start("ways = {")
    ends = torch.stack([alone(cell, letter)[-1] for letter in "ABC"])
    assert torch.allclose(cell["alone"], ends, atol=1e-6)
    for name, states in cell["ways"].items():
        same = [torch.allclose(mine, end, atol=1e-6) for mine, end in zip(states, ends, strict=True)]
        assert same == ([False, True, False] if name == "out[:, -1]" else [True] * 3), name
    lines = cell.printed.splitlines()[1:]
    assert [verdicts(line) for line in lines] == 4 * [3 * [True]] + [[False, True, False]]


def test_what_packing_stores_and_gives_back(start):
    cell = start("packed._fields")
    rows = [[10, 11, 12], [20, 21, 22, 23, 24], [30, 31]]
    longest_first = sorted(rows, key=len, reverse=True)
    by_time = [[row[t] for row in longest_first if t < len(row)] for t in range(5)]
    assert cell["packed"].data.tolist() == [value for step in by_time for value in step]
    assert cell["packed"].batch_sizes.tolist() == [len(step) for step in by_time]
    assert cell["packed"].sorted_indices.tolist() == [1, 0, 2]
    assert cell.drawn == [("padding", (ABC,), {})]
    back = start("packed_out, packed_h_n")
    for row, (letter, length) in enumerate(zip("ABC", ABC, strict=True)):
        states = alone(back, letter)
        assert torch.allclose(back["packed_out"][row, :length], states, atol=1e-6)
        assert not back["packed_out"][row, length:].any()
        assert torch.allclose(back["packed_h_n"][0, row], states[-1], atol=1e-6)
    assert torch.allclose(back["plain_h_n"][0], read(back["rnn"], back["x"])[:, 4], atol=1e-6)
    assert verdicts(back.printed) == [False, True, True, False] and numbers(back.printed)[-1] == 0


@pytest.mark.parametrize("use", ["lengths - 1", "out[:, -1]", "every step"])
def test_the_readers_read_what_they_say_and_learn_from_it(chapter, use):
    """The loop of the chapter, against one that clears its gradients, on the same rows."""
    torch.manual_seed(3)
    net = chapter["StepReader"]() if use == "every step" else chapter["Reader"](use)
    own, (x, lengths, y) = copy.deepcopy(net), chapter["ends"](40, "up", seed=1)
    y = y[:, None].expand(40, 12) if use == "every step" else y

    def answer(x, lengths):
        states = own.layer(x)[0]
        if use == "every step":
            return torch.stack([own.head(step) for step in states.unbind(1)], dim=2)
        last = [n - 1 for n in lengths.tolist()] if use == "lengths - 1" else [11] * len(x)
        return torch.stack([own.head(row[t]) for row, t in zip(states, last, strict=True)])

    assert torch.allclose(net(x, lengths), answer(x, lengths), atol=1e-6)
    torch.manual_seed(4)
    chapter["train"](net, x, lengths, y, steps=5)
    torch.manual_seed(4)
    rows = [torch.randint(40, (32,)) for _ in range(5)]
    trained_by_hand(torch.optim.Adam(own.parameters(), lr=0.01),
                    lambda rows: nn.functional.cross_entropy(answer(x[rows], lengths[rows]), y[rows]),
                    [(row,) for row in rows])
    for mine, theirs in zip(own.parameters(), net.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)


class Pupil:
    """Stands in for a trained network: it answers by a rule. `seen` is what it was trained on."""

    def __init__(self, chapter, answer):
        self.answer, self.seen = answer, []
        self.names = {**chapter, "train": self.train}

    def train(self, net, *data, steps=200):
        self.seen.append((net, data))
        return lambda x, lengths: nn.functional.one_hot(self.answer(x[..., 0], lengths), 2).float()


def test_the_readers_are_compared_on_sequences_that_they_have_not_seen(chapter):
    """Who knows the rule is right everywhere: `sign` is the rule of the sign, `up` that of the last step up."""
    rows = torch.arange(2000)
    pupil = Pupil(chapter, lambda x, lengths: (x[rows, lengths - 1] > (x[rows, lengths - 2] if len(pupil.seen) <= 10
                                                                       else 0)).long())
    names = LENGTHS.cell("hits = {}").run(pupil.names)
    assert list(names["hits"]) == [(task, use) for task in ("up", "sign") for use in ("lengths - 1", "out[:, -1]")]
    assert all(len(hits) == 5 and all(hit.all() and len(hit) == 2000 for hit in hits)
               for hits in names["hits"].values())
    assert len(pupil.seen) == 20
    for number, (net, data) in enumerate(pupil.seen):
        seed, task = number % 5, "up" if number < 10 else "sign"
        torch.manual_seed(seed)
        assert torch.equal(net.layer.weight_hh_l0, chapter["Reader"](net.use).layer.weight_hh_l0)
        assert net.use == ("lengths - 1" if number % 10 < 5 else "out[:, -1]")
        for given, wanted in zip(data, chapter["ends"](3200, task, seed), strict=True):
            assert torch.equal(given, wanted)


def test_the_loss_over_steps_is_compared_on_steps_that_are_real(chapter):
    """A network that answers 1 everywhere is right where the next step is higher, and never on padding."""
    pupil = Pupil(chapter, lambda x, lengths: torch.ones(x.shape, dtype=torch.long))
    x, lengths, y, mask = chapter["next_is_higher"](1000, seed=99)
    pupil.names["StepReader"] = lambda: type("Net", (), {"use": "every step"})
    forward = pupil.train
    pupil.names["train"] = lambda net, *data, steps: lambda x, lengths: forward(net, *data)(x, lengths).transpose(1, 2)
    names = LENGTHS.cell("tagged = {}").run({**pupil.names, "steps_x": x, "lengths_x": lengths, "steps_y": y,
                                             "real": mask})
    higher, steps = y[mask].sum().item(), mask.sum().item()
    for scores in names["tagged"].values():
        assert scores.tolist() == [[pytest.approx(100 * higher / 12000), pytest.approx(100 * higher / steps)]] * 5
    for number, (net, (seen_x, seen_lengths, labels)) in enumerate(pupil.seen):
        right_x, right_lengths, right_y, right_mask = chapter["next_is_higher"](3200, number % 5)
        assert net.use == "every step" and torch.equal(seen_x, right_x) and torch.equal(seen_lengths, right_lengths)
        assert torch.equal(labels[right_mask], right_y[right_mask])
        assert set(labels[~right_mask].tolist()) == ({0} if number < 5 else {-100})


@pytest.mark.slow
def test_the_comparison_says_what_the_text_says(ran):
    acc = accuracies(ran("hits = {}").printed)
    assert acc["up, lengths - 1"][0] > 94 and acc["sign, lengths - 1"][0] > 96
    assert acc["up, out[:, -1]"][0] < 56, "hardly better than a coin"
    assert 88 < acc["sign, out[:, -1]"][0] < acc["sign, lengths - 1"][0] - 2, "it copes, at a price"
    left = accuracies(ran("up, left padding").printed)["up, left padding, out[:, -1]"][0]
    assert abs(left - acc["up, lengths - 1"][0]) < 2, "learnt at once"
    cell = ran("def by_padding")
    _, lengths, up = cell["ends"](2000, "up", seed=99)
    means = accuracies(cell.printed)
    for least, most in ((0, 0), (1, 5), (6, 10)):
        some = [k for k, n in enumerate(lengths.tolist()) if least <= 12 - n <= most]
        for use in ("lengths - 1", "out[:, -1]"):
            shares = [100 * sum(hits[k].item() for k in some) / len(some) for hits in cell["hits"]["up", use]]
            assert cell["by_padding"](use, least, most).tolist() == pytest.approx(shares, abs=1e-3)
            assert means[f"{least} to {most}, {use}"][0] == pytest.approx(sum(shares) / 5, abs=0.006)
    assert means["0 to 0, out[:, -1]"][0] < means["0 to 0, lengths - 1"][0] - 20, "not even without padding"
    assert abs(means["1 to 5, out[:, -1]"][0] - 50) < 3
    answers = [torch.where(hit.bool(), up, 1 - up)[lengths == 3] for hit in cell["hits"]["up", "out[:, -1]"]]
    alike = sum(len(set(said.tolist())) == 1 for said in answers)
    assert alike >= 3, "after much padding most of these nets say the same to all"


@pytest.mark.slow
def test_every_net_is_a_dot(ran):
    cell = ran("axes.plot(at")
    right, wrong = cell["axes"].lines
    for line, use in ((right, "lengths - 1"), (wrong, "out[:, -1]")):
        assert line.get_label() == use and line.get_linestyle() == "None"
        for k, heights in enumerate(line.get_ydata().reshape(11, 5)):
            assert heights.tolist() == pytest.approx(cell["by_padding"](use, k, k).tolist())
        assert line.get_xdata().round().tolist() == [k for k in range(11) for _ in range(5)]
    heights = wrong.get_ydata().reshape(11, 5)
    assert heights[10].argmax() == heights[9].argmin(), "one net is the best at 10 steps and the worst at 9"


@pytest.mark.slow
def test_the_loss_comparison_says_what_the_text_says(ran):
    acc = accuracies(ran("tagged = {}").printed.replace(" steps:", ":"))
    assert acc["padding in the loss, all"][0] > 78, "beats what is possible"
    assert acc["padding in the loss, real"][0] < acc["masked loss, real"][0] - 1
    assert 74 < acc["masked loss, real"][0] < 75.5
    assert acc["masked loss, all"][1] > 3, "different with every seed"


@pytest.mark.slow
def test_the_backward_half_alone_is_soiled(ran):
    cell = ran("both_ways = ")
    weights, A = list(cell["both_ways"].parameters())[4:], cell["A"][None]
    clean = states_by_hand(weights, A.flip(1), torch.zeros(1, 6)).flip(1)
    soiled = states_by_hand(weights, cell["x"][:1].flip(1), torch.zeros(1, 6)).flip(1)[:, :3]
    changes = {name: [float(v) for v in values.split()]
               for name, values in course.find_all(r"(\w+ \w+) +(\d.*)", cell.printed)}
    assert changes.pop("padded backward") == pytest.approx((soiled - clean)[0].abs().amax(dim=1).tolist(), abs=0.0051)
    assert set(changes) == {"padded forward", "packed forward", "packed backward"}
    assert all(values == [0, 0, 0] for values in changes.values())


@pytest.mark.slow
def test_means_and_losses_over_what_is_real(ran):
    cell = ran("truth = ")
    truth = torch.stack([alone(cell, letter).mean(dim=0) for letter in "ABC"])
    assert torch.allclose(cell["truth"], truth, atol=1e-6)
    *lines, ratios = cell.printed.splitlines()
    assert [verdicts(line) for line in lines] == [[False, True, False]] * 2 + [[True] * 3]
    assert [float(ratio) for ratio in course.find_all(r"\d\.\d\d", ratios)] == [n / 5 for n in ABC]
    loss = ran("ignored = ")
    scores = loss["logits"].log_softmax(dim=2)
    picked = [-scores[i, t, loss["steps_y"][i, t]].item()
              for i, n in enumerate(loss["lengths_x"].tolist()) for t in range(n)]
    for name in ("ignored", "picked"):
        assert loss[name].item() == pytest.approx(sum(picked) / len(picked), rel=1e-4)
    assert verdicts(loss.printed) == [True, False]
    mended = ran("mended = ")
    assert mended["mended"].item() == pytest.approx(sum(picked) / len(picked), rel=1e-4)
    assert verdicts(mended.printed) == [True]


@pytest.mark.slow
def test_padding_costs_what_the_text_says(ran):
    cell = ran("buckets = torch.cat(pools)")
    many, orders = cell["many"], {"random": cell["random_order"], "in buckets": cell["buckets"],
                                  "sorted": cell["many"].argsort()}
    assert many.min() >= 5 and many.max() <= 99 and [sorted(order.tolist()) for order in orders.values()] == [
        list(range(2048))] * 3
    assert ran("def padded_share").printed == " ".join(map(str, many[:12].tolist())) + " ...\n"
    shown = dict(course.find_all(r"(\S.*?) +padded +(\S+) %", ran("random_order = ").printed + cell.printed))
    for name, order in orders.items():
        batches = [many[order[k:k + 32]].tolist() for k in range(0, 2048, 32)]
        wasted = sum(max(batch) - n for batch in batches for n in batch)
        assert float(shown[name]) == pytest.approx(100 * wasted / (wasted + many.sum().item()), abs=0.06)
    shares = {name: float(share) for name, share in shown.items()}
    assert shares["random"] > 66.7 and shares["in buckets"] < 25 and shares["sorted"] < 5
    assert set(cell["buckets"][:256].tolist()) == set(cell["random_order"][:256].tolist()), "sorted within a bucket"


SLIPS = {       # words of a cell: words of what it says
    "pack([3, 5, 0]": "has to be greater than 0", "pack([3, 5, 2])": "must be sorted in decreasing order",
    'pack(lengths.to("meta"))': "should be a 1D CPU int64 tensor",
    "told(lambda: pack_padded_sequence(x": "Expected `len(lengths)` to be equal to batch_size",
    "packed_beyond = ": "exceeds dimension size", "nn.Linear(6, 2)(rnn(packed)[0])": "must be Tensor",
}


@pytest.mark.slow
def test_the_messages_are_the_real_ones(ran):
    for words, message in SLIPS.items():
        assert message in " ".join(ran(words).printed.split())
    assert ran("wide = ").printed.splitlines() == ["(3, 5, 6) {}", "(3, 7, 6) {'total_length': 7}"]
    assert ran("mixed = ").printed == "h_n (1, 3, 6)\n"


def read_left(cell, letter, padding):
    return read(cell["rnn"], nn.functional.pad(cell[letter], (0, 0, padding, 0))[None])[0, -1]


@pytest.mark.slow
def test_left_padding_spoils_the_beginning(ran):
    assert ran("def to_left").printed == "[0, 0, 1, 1, 1]\n[1, 1, 1, 1, 1]\n[0, 0, 0, 1, 1]\n"
    cell = ran("last_by_loop(cell, left")
    table = {line[:21].strip(): [float(value) for value in line[21:].split()]
             for line in cell.printed.splitlines()[1:]}
    off = [(read_left(cell, letter, 5 - n) - alone(cell, letter)[-1]).abs().max().item()
           for letter, n in zip("ABC", ABC, strict=True)]
    assert table.pop("out[:, -1]") == pytest.approx(off, abs=5.1e-4) and off[2] > off[0] > 0.01 and off[1] < 1e-6
    assert table.pop("masked loop") == [0, 0, 0]
    assert set(table) == {"gather", "packing"} and all(row[0] > 0.5 and row[2] > 0.5 for row in table.values())


@pytest.mark.slow
def test_the_row_of_the_padding_is_zero_and_the_state_moves_on(ran):
    cell = ran("padding_idx=0")
    assert not cell["table"].weight[0].any() and not cell["vectors"][0, 3:].any()
    states = read(cell["rnn"], cell["vectors"].detach())
    moved = (states[0, 4] - states[0, 2]).abs().max().item()
    assert numbers(cell.printed.splitlines()[0]) == [0] and moved > 0.1
    assert cell.printed.splitlines()[1] == "rows with a gradient: [1, 2, 3, 4]"
    assert numbers(cell.printed.splitlines()[2]) == [pytest.approx(moved, abs=0.0051)]


@pytest.mark.slow
def test_the_study_trains_the_nets_of_the_chapter(ran):
    """Its accuracies after 200 steps, seed by seed."""
    for use in ("lengths - 1", "out[:, -1]"):
        hits = ran("hits = {}")["hits"]["up", use]
        stored = results("padded_ends").where(use)["after 200 steps (%)"][:5]
        assert [100 * hit.mean().item() for hit in hits] == pytest.approx(stored, abs=1)


def test_the_wrong_state_costs_training_and_then_safety():
    """The claims of the chapter on ten nets of each kind."""
    right, wrong = (results("padded_ends").where(use) for use in ("lengths - 1", "out[:, -1]"))
    late, wide = "after 2,000 steps (%)", "in a wider block (%)"
    assert wrong.summary("after 200 steps (%)").mean < 54 < 95 < right.summary("after 200 steps (%)").smallest
    assert 5 < right.summary(late).mean - wrong.summary(late).mean < 10, "nine points behind"
    assert wrong.summary(late).mean < right.summary("after 200 steps (%)").mean
    assert wrong.summary(late).smallest > 80 and wrong.summary(wide).smallest < 50
    assert right[late] == right[wide], "they do not notice"
    lost = [before - there for before, there in zip(wrong[late], wrong[wide], strict=True)]
    assert [k for k, points in enumerate(lost) if points > 10] == [0, 2, 9], "three fall"
    assert max(points for points in lost if points <= 10) < 1, "and seven do as well as before"
    assert [numbers(line) for line in LENGTHS.printed("columns[-2:]").splitlines()[1::2]] == [
        [round(acc) for acc in wrong[column]] for column in (late, wide)]


def test_the_table_shows_what_the_study_measured():
    text = LENGTHS.cell("study = results").printed
    for use in ("lengths - 1", "out[:, -1]"):
        runs = results("padded_ends").where(use)
        shown = [[float(value) for value in line[len(use) + 3:].split()]
                 for line in text.splitlines() if line.startswith("   " + use)]
        want = [[runs.summary(column).mean, runs.summary(column).smallest] for column in runs.columns[2:]]
        assert shown == [pytest.approx(row, abs=0.051) for row in want]


@pytest.mark.slow
def test_two_batches_of_the_loader(ran):
    assert ran("collate_fn=padded_batch").printed.splitlines() == ["(2, 5, 4) lengths [3, 5] y [0, 1]",
                                                                  "(1, 2, 4) lengths [2] y [1]"]

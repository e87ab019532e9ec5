"""The right answers of every quiz: a second record of all of them, and what computes those that can be computed.

The record stands in `tests/said/<subject>.toml`: of each question, in order, the words that it begins with, and the
words that each right option begins with, or each item in its order, or the number. `COMPUTED` says of each option
whether it is true, None where nobody can compute that; of items, by what they are to be ordered.
"""

import itertools
import math
import re
import tomllib
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from seqlab import expect_shape, results
from seqlab.widgets.quiz import QUIZZES, read_quiz
from tools.course import chapter, some

SAID = Path(__file__).with_name("said")
NAMES = sorted(file.stem for file in some(QUIZZES.glob("*.toml")))


def begins(text, words):
    return " ".join(text.split()).startswith(words)


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answers_are_those_of_the_second_record(name):
    questions, record = read_quiz(name), tomllib.loads((SAID / f"{name}.toml").read_text("utf8"))["quiz"]
    for question, noted in zip(questions, record, strict=True):
        assert begins(question["text"], noted["asks"]), f"tests/said/{name}.toml has other questions, or another order"
        right = ([str(question["answer"])] if question["kind"] == "numeric" else
                 [part["text"] for part in question.get("items") or question["options"] if part.get("right", True)])
        agree = len(right) == len(noted["right"]) and all(map(begins, right, noted["right"]))
        assert agree, (f"{noted['asks']}: the quiz says other than tests/said/{name}.toml, where {noted['right']} "
                       "stands. Which is right?")


# --- what can be computed ---------------------------------------------------------------------------------------------


def code(part):
    return part.strip("`")


def equal(one, other):
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-6)


def raises(call):
    try:
        call()
    except (RuntimeError, ValueError, NameError):
        return True
    return False


def far_gradient(_):
    """Powers of ten at lag 60, as the chapter has measured them."""
    line = re.search(r"^tanh, ρ = 1 .*", chapter("backprop-through-time").stored, re.MULTILINE)[0]
    power = float(re.findall(r"-?\d+\.\d", line)[2])
    return [power > 1, abs(power) <= 1, power < -1]


def clipped(_):
    def clip(gradient):
        weight = nn.Parameter(torch.zeros(3))
        weight.grad = gradient.clone()
        nn.utils.clip_grad_norm_([weight], 1.0)
        return weight.grad

    small, large = torch.tensor([0.1, 0.2, 0.0]), torch.tensor([10.0, -20.0, 5.0])
    directions = [F.normalize(gradient, dim=0) for gradient in (large, clip(large))]
    return [None, not equal(clip(small), small), equal(*directions), None]


def detached(_):
    h = 2 * torch.ones(3, requires_grad=True)
    cut = h.detach()
    return [equal(cut, h) and not cut.requires_grad, not cut.any(), None]


def last_states(options):
    layer, x = nn.RNN(3, 64, batch_first=True), torch.randn(32, 20, 3)
    out, h_n = layer(x)
    last = torch.stack([layer(one)[0][-1] for one in x])
    return [equal(eval(code(option), {"out": out, "h_n": h_n}), last) for option in options]


def settled_loss(_):
    return [abs(F.cross_entropy(torch.tensor([[1.0, 0.0]]), torch.tensor([0])) - 0.3133) < 1e-4, None, None]


def gru_with(r=0.0, z=0.0):
    """One step of nn.GRUCell with these biases of its gates: the old state, the new one."""
    torch.manual_seed(0)
    cell, h = nn.GRUCell(3, 4).requires_grad_(False), torch.randn(1, 4)
    cell.bias_ih[:4], cell.bias_ih[4:8] = r, z
    return h, cell(torch.randn(1, 3), h)


def other_role(_):
    """A cell whose z takes the new value, in nn.GRU: as it is, and with the signs of z's block flipped."""
    cell, x, h = nn.GRUCell(3, 4).requires_grad_(False), torch.randn(2, 3), torch.randn(2, 4)
    r_x, z_x, n_x = (x @ cell.weight_ih.T + cell.bias_ih).chunk(3, 1)
    r_h, z_h, n_h = (h @ cell.weight_hh.T + cell.bias_hh).chunk(3, 1)
    z, n = torch.sigmoid(z_x + z_h), torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h)
    theirs, as_they_are = (1 - z) * h + z * n, cell(x, h)
    for weights in cell.parameters():
        weights[4:8] *= -1
    return [equal(as_they_are, theirs), not equal(cell(x, h), theirs), equal(cell(x, h), theirs)]


def toy_size(_):
    said = dict(re.findall(r"hidden_size (\d, hidden bias × \d): equal (\w+)", chapter("gru").stored))
    passes_wrongly = said["1, hidden bias × 0"] == "True" and said["4, hidden bias × 0"] == "False"
    return [not passes_wrongly, passes_wrongly, None]


def kept(options):
    """Whether c stays, for any gate that the option does not set."""
    def stays(option):
        said = {name: float(value) for name, value in re.findall(r"\$(\w) = (\d)\$", option)}
        gates = [{**{gate: torch.rand(()).item() for gate in "figo"}, **said} for _ in range(9)]
        return all(math.isclose(at["f"] * 0.7 + at["i"] * at["g"], 0.7) for at in gates)
    return [stays(option) for option in options]


def changing_score(_):
    model, x = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)), torch.ones(50, 4)
    with torch.no_grad():
        without_gradient = equal(model(x), model(x))
    model.eval()
    return [equal(model(x), model(x)), without_gradient, None]


def softmax_twice(_):
    logits, label = torch.tensor([[3.0, 0.0, -1.0]]), torch.tensor([0])
    once, twice = F.cross_entropy(logits, label), F.cross_entropy(logits.softmax(1), label)
    return [not twice.isfinite(), twice > once, equal(once, twice)]


def two_scores(_):
    p, n = 110 / 10_000, 10_000
    apart = 120 / 10_000 - p > 2 * math.sqrt(p * (1 - p) / n)
    return [apart, None, not apart]


def shuffled(_):
    score = float(re.search(r"^fixed shuffle\s+acc (\S+) %", chapter("images-as-sequences").stored, re.MULTILINE)[1])
    return [score < 20, score > 70, None]


def guards(_):
    layer, x = nn.LSTM(28, 8), torch.randn(28, 28, 28)
    out, (h_n, _) = layer(x)
    other = torch.cat([-x[:1], x[1:]])
    moved = not equal(layer(other)[0][1:, -1], out[1:, -1])
    return [moved, raises(lambda: expect_shape(h_n, "1 batch 8", batch=28)),
            raises(lambda: expect_shape(out, "batch 28 8", batch=28))]


def gate_order(items):
    """The blocks that PyTorch's cell has for these gates: which bias of 1000 opens what."""
    cell, c = nn.LSTMCell(1, 1).requires_grad_(False), torch.full((1, 1), 0.5)

    def new_c(*forced):
        cell.bias_ih.fill_(0)
        for block, bias in forced:
            cell.bias_ih[block] = bias
        return cell(torch.zeros(1, 1), (torch.zeros(1, 1), c))[1].item()

    for weights in cell.parameters():
        weights.zero_()
    found = {}
    for blocks in itertools.permutations(range(4)):
        i, f, g, o = blocks
        if (math.isclose(new_c((i, -1000), (f, 1000)), 0.5) and new_c((f, -1000), (g, 1000), (i, 1000)) == 1
                and new_c((f, -1000), (g, -1000), (i, 1000)) == -1):
            found = {"i": i, "f": f, "g": g, "o": o}
    return [found[re.search(r"\$(\w)\$", item)[1]] for item in items]


def shut_output(_):
    cell = nn.LSTMCell(1, 1)
    with torch.no_grad():
        cell.bias_ih[:] = torch.tensor([-1000.0, 1000.0, 0.0, -1000.0])
    start = c = torch.tensor([[0.7]], requires_grad=True)
    for _ in range(50):
        h, c = cell(torch.randn(1, 1), (torch.zeros(1, 1), c))
    c.sum().backward()
    return [equal(c, start) and not h.any(), not c.any(), not start.grad.any()]


def filling(_):
    layer, x = nn.RNN(3, 4, batch_first=True), torch.randn(1, 5, 3)
    padded = layer(torch.cat([x, torch.zeros(1, 2, 3)], dim=1))[0]
    return [padded.shape[1] == 5, equal(padded[:, -1], layer(x)[0][:, -1]), not equal(padded[:, -1], padded[:, 4])]


def recalled(_):
    score = lambda name: results("recall_rates").where(name, 0.01).summary("accuracy (%)").mean
    plain, gated, opened = map(score, ("RNN", "LSTM", "LSTM, forget bias 4"))
    return [gated > plain, plain > opened, gated < plain < opened]


def faded(_):
    reach = lambda name: results("recall_rates").where(name, 0.01).summary("gradient before (log10)").mean
    plain, closed, opened = map(reach, ("RNN", "LSTM", "LSTM, forget bias 2"))
    return [opened > closed + 1, closed > -0.5, abs(opened - plain) < 1]


def outputs(options):
    out, h_n = nn.RNN(3, 4, batch_first=True)(torch.randn(2, 5, 3))
    both, ends = nn.RNN(3, 4, batch_first=True, bidirectional=True)(torch.randn(2, 5, 3))
    return [out.shape[:2] == (2, 5), out.mean(dim=1).shape == h_n[-1].shape, equal(h_n[-1], out[:, -1]),
            equal(both[:, -1], torch.cat([ends[-2], ends[-1]], dim=-1))]


def silent(_):
    lstm, other = nn.LSTM(4, 4), nn.LSTM(4, 4)
    swapped = {name: torch.cat([part.chunk(4)[k] for k in (0, 3, 1, 2)]) for name, part in lstm.state_dict().items()}
    logits, labels = torch.randn(5, 3), torch.randint(3, (5,))
    return [not raises(lambda: nn.RNN(4, 6)(torch.randn(2, 5, 4))[0][:, -1]),
            not raises(lambda: nn.CrossEntropyLoss()(logits.softmax(1), labels)),
            not raises(lambda: other.load_state_dict(swapped)),
            not raises(lambda: nn.Linear(64, 3)(nn.RNN(4, 128)(torch.randn(2, 5, 4))[0]))]


def maximum(_):
    bag = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 2))
    scores = [bag(torch.tensor(words)[:, None]).amax(0) for words in ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])]
    return [not equal(*scores), None, equal(*scores)]


def all_kept(_):
    series = [3.0, -1.0, 4.0, 1.5]
    last = chapter("order-matters").definitions()["remember"](series, 1.0)[-1]
    turned = chapter("order-matters").definitions()["remember"](series[::-1], 1.0)[-1]
    return [last == sum(series), last != turned, last == series[0]]


def leaking(_):
    states = list(itertools.accumulate(range(1000), lambda h, _: math.tanh(h), initial=0.5))
    steps = [before - after for before, after in itertools.pairwise(states)]
    return [steps[0] == 0, all(one > other > 0 for one, other in itertools.pairwise(steps)), steps[0] < 0]


def one_bit(_):
    def end(h):
        for _ in range(500):
            h = math.tanh(1.2 * h)
        return round(h, 6)
    ends = {start: end(start) for start in (-3.0, -0.4, -0.1, 0.1, 1.0, 3.0)}
    return [len(set(ends.values())) == len(ends), None, {value > 0 for value in ends.values()} == {True, False}
            and len(set(ends.values())) == 2]


def axes(items):
    _, h_n = nn.GRU(10, 20, num_layers=2, batch_first=True)(torch.zeros(7, 5, 10))
    sizes = {"layers × directions": 2, "batch": 7, "`hidden_size`": 20}
    return [tuple(h_n.shape).index(sizes[item]) for item in items]


def both_readers(options):
    layer, x = nn.GRU(3, 4, batch_first=True, bidirectional=True), torch.randn(2, 5, 3)
    out, h_n = layer(x)
    ends = torch.cat([out[:, -1, :4], out[:, 0, 4:]], dim=-1)       # forwards at the last step, backwards at the first
    return [equal(eval(code(option), {"out": out, "h_n": h_n, "torch": torch}), ends) for option in options]


def no_error(options):
    names = {"layer": nn.RNN(4, 6), "x": torch.randn(2, 5, 4), "torch": torch}
    return [not raises(lambda option=option: eval(code(option), names)) for option in options]


def projected(_):
    out, (h_n, c_n) = nn.LSTM(5, 6, proj_size=3).double()(torch.zeros(2, 4, 5, dtype=torch.float64))
    return [6 in one.shape for one in (out, h_n, c_n)]


def equal_slices(_):
    layer, x = nn.GRU(3, 4, batch_first=True), torch.randn(2, 5, 3)
    x[1, 3:] = 0
    out, h_n = layer(x)
    assert equal(out[:, -1], h_n[-1])
    last_real = equal(out[1, -1], layer(x[1:, :3])[0][0, -1])
    return [last_real, not last_real, False]


def the_one_order(items, is_right):
    """The places of the items in the only order of theirs in which the lines run and leave what is right."""
    def runs(order):
        try:
            return is_right("\n".join(map(code, order)))
        except (RuntimeError, ValueError, NameError, IndexError, SyntaxError):
            return False
    orders = [order for order in itertools.permutations(items) if runs(order)]
    return [orders[0].index(item) for item in items] if len(orders) == 1 else []


def left_by(lines, **names):
    """What these lines leave behind, run with these names."""
    exec(lines, names)
    return names


def from_sequences(items):
    names = {"pad_sequence": pad_sequence, "pack_padded_sequence": pack_padded_sequence, "layer": nn.GRU(3, 4),
             "pad_packed_sequence": pad_packed_sequence, "lengths": torch.tensor([3, 2]),
             "sequences": [torch.zeros(3, 3), torch.zeros(2, 3)]}
    return the_one_order(items, lambda lines: left_by(lines, **names)["out"].shape == (2, 3, 4))


def over_the_steps(items):
    lstm, x = nn.LSTM(3, 4, batch_first=True), torch.randn(2, 5, 3)
    cell = nn.LSTMCell(3, 4)
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in lstm.state_dict().items()})
    names = {"x": x, "cell": cell, "zeros": torch.zeros(2, 4), "torch": torch}
    return the_one_order(items, lambda lines: equal(left_by(lines, **names)["out"], lstm(x)[0]))


def inwards(items):
    """In the order of the chapter's spiral: that it is one, tests/test_chapters/test_images_as_sequences.py says."""
    grid = torch.arange(784).reshape(28, 28)
    spiral = chapter("images-as-sequences").definitions(grid=grid)["spiral_order"]()
    return the_one_order(items, lambda lines: torch.equal(left_by(lines, grid=grid, torch=torch)["order"], spiral))


def largest_rise(items):
    return the_one_order(items, lambda lines: left_by(lines, sequence=[3, 1, 5, 5])["largest"] == 4)


def walked_back(items):
    W_h, x, h = torch.tensor(0.5, requires_grad=True), [1.0, 0.5, -1.0, 2.0], [torch.tensor(0.3)]
    for x_t in x:
        h.append(torch.tanh(0.8 * x_t + W_h * h[-1] + 0.1))
    h[-1].backward()
    names = {"x": x, "h": torch.stack(h).tolist(), "W_h": 0.5}
    return the_one_order(items, lambda lines: math.isclose(
        left_by(lines, **names)["gradient"], W_h.grad.item(), rel_tol=1e-4))


def both_ends(_):
    layer = nn.GRU(3, 4, batch_first=True, bidirectional=True)
    sequences = [torch.randn(5, 3), torch.randn(3, 3)]
    x, lengths = pad_sequence(sequences, batch_first=True), torch.tensor([5, 3])
    right = torch.stack([layer(one[None])[1].flatten() for one in sequences])

    def ends(out, h_n):
        gathered = out[torch.arange(2), lengths - 1]
        return torch.cat([gathered[:, :4], out[:, 0, 4:]], dim=1)

    masked = layer(x)[0] * (torch.arange(5) < lengths[:, None])[..., None]
    _, h_n = layer(pack_padded_sequence(x, lengths, batch_first=True))
    same = torch.stack([sequences[0], sequences[0]])
    return [equal(ends(*layer(x)), right), equal(torch.cat([h_n[-2], h_n[-1]], dim=1), right),
            equal(ends(masked, None), right), equal(layer(same)[1][:, 1].flatten(), right[0])]


def ends_of_a_left_block(_):
    layer, lengths = nn.RNN(3, 4, batch_first=True), torch.tensor([5, 3])
    sequences = [torch.randn(5, 3), torch.randn(3, 3)]
    x = torch.stack([sequences[0], F.pad(sequences[1], (0, 0, 2, 0))])
    right = torch.stack([layer(one[None])[1][0, 0] for one in sequences])
    out, _ = layer(x)
    states = torch.zeros(1, 2, 4)
    for t in range(5):
        real = (t >= 5 - lengths)[:, None]
        states = torch.where(real, layer(x[:, t:t + 1], states)[1], states)
    _, packed = layer(pack_padded_sequence(x, lengths, batch_first=True))
    return [equal(out[:, -1], right), equal(out[torch.arange(2), lengths - 1], right), equal(states[0], right),
            equal(packed[0], right)]


def padded_symbols(_):
    table, layer = nn.Embedding(9, 8, padding_idx=0), nn.RNN(8, 4, batch_first=True)
    batches = [pad_sequence([torch.randint(1, 9, (n,)) for n in lengths], batch_first=True)
               for lengths in ((5, 2), (3, 3))]
    out, _ = layer(table(batches[0]))
    out.square().sum().backward()
    torch.optim.SGD(table.parameters(), lr=1.0).step()
    stands_still = equal(out[1, 1], out[1, 4])
    return [not table.weight[0].any(), stands_still, batches[0].shape != batches[1].shape, stands_still]


def in_the_loop(items):
    """The items by where they stand in the step of the chapter."""
    source = chapter("first-classifier").cell("optimizer.step()\n    return loss").source
    return [source.index(code(item)) for item in items]


COMPUTED = {
    "A plain tanh layer reads random": far_gradient,
    "Which of these are true of clipping": clipped,
    "After `h = h.detach()`": detached,
    "`out` is (32, 20, 64)": last_states,
    "Two classes. Your loss settles at 0.3133": settled_loss,
    "Put one step of training in order": in_the_loop,
    "In PyTorch, $z$ is near 1": lambda _: (lambda h, new: [not equal(h, new), equal(h, new), not new.any()])(
        *gru_with(z=1000)),
    "$r$ is 0 and $z$ is 1": lambda _: (lambda h, new: [equal(h, new), not new.any(), not equal(h, new)])(
        *gru_with(r=-1000, z=1000)),
    "A paper writes": other_role,
    "Your own GRU and `nn.GRU` agree": toy_size,
    "Which of these keep a number in the cell": kept,
    "The test score changes each time": changing_score,
    "You put a softmax at the end": softmax_twice,
    "Your network misreads 110": two_scores,
    "The pixels of all digits": shuffled,
    "You train in batches of 28": guards,
    "PyTorch stacks the weights": gate_order,
    "The output gate is shut": shut_output,
    '*"A recurrent net reads any length': filling,
    '*"Gates put an end': faded,
    '*"An LSTM remembers longer': recalled,
    '*"The output of a recurrent layer': outputs,
    '*"Without an error': silent,
    "A bag takes the **maximum**": maximum,
    "`keep` is 1.0": all_kept,
    "$W_h = 1$, $b = 0$": leaking,
    "At $W_h = 1.2$": one_bit,
    "Put the axes of `h_n` in order": axes,
    "A bidirectional GRU with one layer": both_readers,
    "The layer is `nn.RNN(4, 6)`": no_error,
    "An LSTM with `hidden_size=6`": projected,
    "`out, h_n = gru(x)` on a padded block": equal_slices,
    "From a list of sequences": from_sequences,
    "An LSTM cell reads a batch": over_the_steps,
    "A list of pixel numbers": inwards,
    "The largest rise of a sequence": largest_rise,
    "`h[t]` is the state after step": walked_back,
    "For a **bidirectional** layer": both_ends,
    "A block is padded on the **left**": ends_of_a_left_block,
    "Symbols go through": padded_symbols,
}


@pytest.mark.parametrize("asks", COMPUTED)
def test_the_right_answers_are_what_is_computed(asks):
    torch.manual_seed(0)
    questions = [question for name in NAMES for question in read_quiz(name) if begins(question["text"], asks)]
    assert questions, "no quiz asks that any more: take it out of COMPUTED"
    for question in questions:
        parts = question.get("items") or question["options"]
        found = COMPUTED[asks]([part["text"] for part in parts])
        if question["kind"] == "order":
            assert found == sorted(set(found)) and len(found) == len(parts)
        else:
            wrong = [part["text"] for part, one in zip(parts, found, strict=True)
                     if one is not None and bool(one) != part["right"]]
            assert wrong == [], "what is computed says the opposite of these options"

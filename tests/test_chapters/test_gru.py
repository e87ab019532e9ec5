"""The chapter: the cell it shows is seqlab's and PyTorch's, the four variants differ as it says, its numbers hold."""

import itertools
import math

import pytest
import torch
from torch import nn

import seqlab
from tools import course

from . import numbers, trained_by_hand, verdicts

GRU = course.chapter("gru")


@pytest.fixture(scope="module")
def chapter():
    return GRU.definitions()


@pytest.fixture(scope="module")
def played():
    return GRU.play()


def states_of(weights, x, h, after=True, keeps=True):
    """Every state of a GRU, unit by unit: W_x, W_h, b_x, b_h in PyTorch's form, `after` and `keeps` its variants."""
    W_x, W_h, b_x, b_h = weights
    n = h.shape[-1]
    reset, update, new = (slice(k * n, (k + 1) * n) for k in range(3))
    states = []
    for x_t in x.unbind(dim=1):
        from_x = torch.einsum("gi,bi->bg", W_x, x_t) + b_x
        from_h = torch.einsum("gk,bk->bg", W_h, h) + b_h
        r, z = (1 / (1 + torch.exp(-(from_x + from_h)[:, part])) for part in (reset, update))
        inside = r * from_h[:, new] if after else torch.einsum("gk,bk->bg", W_h[new], r * h) + b_h[new]
        n_t = torch.tanh(from_x[:, new] + inside)
        h = n_t + (z if keeps else 1 - z) * (h - n_t)
        states.append(h)
    return torch.stack(states, dim=1)


def with_random_weights(cell, seed=0):
    random = torch.Generator().manual_seed(seed)
    cell = cell.double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=random))
    return cell


@pytest.mark.parametrize(("input_size", "hidden_size"), [(3, 4), (1, 1), (5, 2)])
def test_the_shown_cell_is_seqlabs_and_pytorchs(chapter, input_size, hidden_size):
    shown = with_random_weights(chapter["GRUCell"](input_size, hidden_size))
    package = seqlab.GRUCell(input_size, hidden_size).double()
    package.load_state_dict(shown.state_dict())
    built_in = nn.GRU(input_size, hidden_size, batch_first=True).double()
    built_in.load_state_dict(chapter["builtin_names"](shown))
    layer = seqlab.Recurrent("gru", input_size, hidden_size).double().load_builtin(built_in)

    x = torch.randn(3, 7, input_size, dtype=torch.float64)
    h_0 = torch.randn(3, hidden_size, dtype=torch.float64)
    outs = [chapter["run"](shown, x, h_0), chapter["run"](package, x, h_0), layer(x, h_0[None])[0],
            built_in(x, h_0[None])[0]]
    for out in outs:
        assert (out - outs[-1]).abs().max() <= 1e-10
        out.square().sum().backward()
    for name, own in chapter["builtin_names"](shown).items():
        assert (own.grad - getattr(built_in, name).grad).abs().max() <= 1e-10
    for own, theirs in zip(shown.parameters(), package.parameters(), strict=True):
        assert (own.grad - theirs.grad).abs().max() <= 1e-10


@pytest.mark.parametrize("seed", range(5))
def test_only_one_of_the_four_loads_the_built_ins_weights(chapter, seed):
    torch.manual_seed(seed)
    gru = nn.GRU(3, 5, batch_first=True).double()
    equal = {(after, keeps): chapter["gap"](chapter["AnyGRU"](3, 5, after, keeps), gru) <= 1e-10
             for after, keeps in itertools.product((True, False), repeat=2)}
    assert [variant for variant, same in equal.items() if same] == [(True, True)]


def test_the_four_are_told_apart(played):
    cell = played("for reset_after, z_keeps in")
    weights = list(cell["gru"].parameters())
    torch.manual_seed(1)
    x, zero = torch.randn(2, 6, 3).double(), torch.zeros(2, 4).double()
    right = states_of(weights, x, zero)
    for line, (after, keeps) in zip(cell.printed.splitlines(), itertools.product((True, False), repeat=2), strict=True):
        gap = (states_of(weights, x, zero, after, keeps) - right).abs().max().item()
        assert line == (f"reset {'after ' if after else 'before'}, z {'keeps' if keeps else 'takes'}: "
                        f"gap {gap:.4f}, equal: {'yes' if after and keeps else 'no'}")


@pytest.mark.parametrize("after", [True, False])
def test_turning_the_sign_of_the_update_gate_turns_its_role(chapter, after):
    keeps = with_random_weights(chapter["AnyGRU"](3, 4, after, True))
    takes = chapter["AnyGRU"](3, 4, after, False).double()
    takes.load_state_dict({name: torch.cat([r, -z, n]) for name, (r, z, n) in
                           ((name, weight.chunk(3)) for name, weight in keeps.state_dict().items())})
    x, h = torch.randn(2, 6, 3).double(), torch.randn(2, 4).double()
    assert torch.allclose(chapter["run"](keeps, x, h), chapter["run"](takes, x, h), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("hidden_size", "zero_bias", "same"),
                         [(1, True, True), (1, False, False), (4, True, False), (4, False, False)])
def test_one_number_without_hidden_bias_hides_the_place_of_the_reset_gate(chapter, hidden_size, zero_bias, same):
    after = with_random_weights(chapter["AnyGRU"](3, hidden_size, True, True))
    before = with_random_weights(chapter["AnyGRU"](3, hidden_size, False, True))
    for cell in (after, before):
        if zero_bias:
            nn.init.zeros_(cell.h2h.bias)
    x, h = torch.randn(2, 6, 3).double(), torch.randn(2, hidden_size).double()
    gap = (chapter["run"](after, x, h) - chapter["run"](before, x, h)).abs().max()
    assert (gap <= 1e-10) == same


def test_the_step_by_hand_is_the_built_in_cell(chapter, played):
    r, _, n, _ = chapter["gru_step"](1.0, 0.5)
    assert r == 0.5 and n == math.tanh(0.5)
    weights = [torch.tensor(rows, dtype=torch.float64) for rows in (
        [[1.0], [-2], [1]], [[-2.0], [2], [-1]], [0.0, 2, 0], [0.0, 0, -0.5])]
    steps = torch.tensor([1.0, 0.5, -1.0, 2.0], dtype=torch.float64).reshape(1, 4, 1)
    four = states_of(weights, steps, torch.zeros(1, 1, dtype=torch.float64)).flatten().tolist()
    assert played("by_hand.append")["by_hand"] == pytest.approx(four, abs=1e-12)
    printed = played("by_hand.append").printed.splitlines()
    assert [numbers(line)[-1] for line in printed] == pytest.approx(four, abs=5.1e-5)
    built_in = played("bias_hh_l0.copy_")["out"].flatten().tolist()
    assert built_in == pytest.approx(four, abs=1e-6), "nn.GRU gives the same"
    *first, _, last = played("gru_step(1.0, 0.5)").printed.splitlines()
    gates = [0.5, 1 / (1 + math.exp(-1)), math.tanh(0.5)]
    assert course.find_all(r"= (\d\.\d{4})", "\n".join(first)) == [f"{gate:.4f}" for gate in gates]
    assert numbers(last)[-1] == pytest.approx(chapter["gru_step"](1.0, 0.5)[3], abs=5.1e-5)


def test_the_update_gate_mixes_and_the_reset_gate_forgets(played):
    """Between candidate and old state; with r = 0 the candidate is the same whatever the state was."""
    for line in played("h, n = 0.8, -0.4").printed.splitlines():
        z, h = numbers(line)
        assert h == pytest.approx(-0.4 + z * 1.2, abs=0.0051)
    for line in played("for r, z in").printed.splitlines():
        (r, z), (_, up), (_, down) = numbers(line.partition(":")[0]), *(numbers(part) for part in line.partition(
            ":")[2].replace("->", "").split(","))
        for old, new in ((0.9, up), (-0.9, down)):
            n = math.tanh(0.5 - r * (old + 0.5))
            assert new == pytest.approx(old if z else n, abs=5.1e-5)
    held = played("held = {}")
    (_, (steps, drawn, *_), _), = held.drawn
    for (name, states), line in zip(drawn.items(), held.printed.splitlines(), strict=True):
        z, = numbers(name)
        assert list(steps) == list(range(101)) and states == pytest.approx([0.8 * math.exp(t * math.log(z))
                                                                            for t in range(101)])
        assert numbers(line)[1] == pytest.approx(states[100], abs=5.1e-5)


def test_the_state_lies_between_candidate_and_old_state(chapter):
    for x, h in itertools.product((-3.0, -0.5, 0.0, 1.0, 4.0), (-0.9, 0.0, 0.6)):
        r, z, n, new = chapter["gru_step"](x, h)
        assert min(n, h) <= new <= max(n, h) and 0 < r < 1 and 0 < z < 1


def test_a_held_value_survives_a_hundred_steps_of_noise(played):
    cell = played("out, h_n = memory(x)")
    x = cell["x"].clone()
    assert x[0, 1:, 0].std() > 0.5 and not x[0, 1:, 1].any()
    for line, value in zip(cell.printed.splitlines(), (-1.0, 0.3, 1.0), strict=True):
        x[0, 0] = torch.tensor([value, 1.0])
        states = states_of([one.detach() for one in cell["memory"].parameters()], x, torch.zeros(1, 1).double())
        written, _, kept = numbers(line)
        assert [written, kept] == pytest.approx([states[0, 0].item(), states[0, 100].item()], abs=5.1e-5)
        assert abs(written - math.tanh(value)) < 0.01 and abs(written - kept) < 0.03


def test_the_marked_number_is_the_one_that_is_wanted(chapter):
    x, wanted = chapter["marked"](200, torch.Generator().manual_seed(3))
    assert x.shape == (200, 12, 2) and x[..., 0].abs().max() < 1 and x[..., 0].std() > 0.5
    places = set()
    for sequence, number in zip(x.tolist(), wanted.tolist(), strict=True):
        (place, value), = ((t, value) for t, (value, marker) in enumerate(sequence) if marker == 1)
        assert value == number and all(marker in (0, 1) for _, marker in sequence)
        places.add(place)
    assert places == {0, 1, 2}


def test_a_layer_that_learns_the_marked_number_is_trained_on_its_own_batches(chapter):
    layer, head = GRU.definitions(range=lambda steps: range(min(steps, 5)))["learn"](nn.GRU, 0.03, 2)
    torch.manual_seed(2)
    own, own_head = nn.GRU(2, 8, batch_first=True), nn.Linear(8, 1)
    random = torch.Generator().manual_seed(2)

    def loss(x, wanted):
        weights = own.weight_ih_l0, own.weight_hh_l0, own.bias_ih_l0, own.bias_hh_l0
        return (own_head(states_of(weights, x, torch.zeros(32, 8))[:, 11])[:, 0] - wanted).pow(2).mean()

    batches = [chapter["marked"](32, random) for _ in range(5)]
    trained_by_hand(torch.optim.Adam([*own.parameters(), *own_head.parameters()], lr=0.03), loss, batches)
    for mine, theirs in zip([*own.parameters(), *own_head.parameters()], [*layer.parameters(), *head.parameters()],
                            strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)


def test_only_the_gated_layer_keeps_the_marked_number(played):
    """As stored, and as it comes out here: each of the ten GRUs, none of the ten RNNs."""
    for printed in (played("with_seed = {}").printed, GRU.cell("with_seed = {}").printed):
        titles = [line for line in printed.splitlines() if "loss" not in line]
        assert titles == [f"{kind}, learning rate {lr}" for kind in ("RNN", "GRU") for lr in (0.01, 0.03)]
        losses = [float(loss) for loss in course.find_all(r"loss (\d\.\d{4})", printed)]
        assert len(losses) == 20 and min(losses[:10]) > 0.15 and max(losses[10:]) < 0.02


def test_the_gate_that_training_found_keeps_after_the_marker(played):
    cell = played("def update_gate")
    x, trained = cell["x"], cell["with_seed"]
    assert sorted(trained) == list(range(5)) and all(type(layer) is nn.GRU for layer, _ in trained.values())
    for line, (layer, _) in zip(cell.printed.splitlines(), trained.values(), strict=True):
        h, there, later = torch.zeros(len(x), 8), [], []
        single = nn.GRUCell(2, 8)
        single.load_state_dict({name.removesuffix("_l0"): one for name, one in layer.state_dict().items()})
        seen = torch.zeros(len(x), dtype=torch.bool)
        for x_t in x.unbind(dim=1):
            before, h = h, single(x_t, h)
            (_, x_z, _), (_, h_z, _) = (side.chunk(3, dim=1) for side in (
                x_t @ single.weight_ih.T + single.bias_ih, before @ single.weight_hh.T + single.bias_hh))
            z, marked = torch.sigmoid(x_z + h_z), x_t[:, 1] == 1
            there.append(z[marked])
            later.append(z[seen & ~marked])
            seen |= marked
        right = [100 * torch.cat(some).mean().item() for some in (there, later)]
        assert numbers(line.replace(":", ""))[1:] == pytest.approx(right, abs=0.02)
        assert right[0] + 5 < right[1]


def test_the_task_starts_again_at_every_marker(played):
    cell = played("marker = ")
    for x, positive in zip(cell["x"].tolist(), cell["positive"].tolist(), strict=True):
        starts = [0, *(t for t, (_, marker) in enumerate(x) if marker)]
        assert positive == (sum(value for value, _ in x[starts[-1]:]) > 0)
    assert set(cell["value"].flatten().tolist()) == {-1, 1} and cell["x"].shape == (128, 8, 2)


def test_the_loop_of_the_chapter_trains_what_is_said(played, chapter):
    """A GRU that resets before the matrix, its last state, and gradients that do not pile up."""
    task = played("marker = ")
    names = GRU.definitions(x=task["x"], positive=task["positive"])
    short = {**names, "range": lambda steps: range(min(steps, 20))}
    exec(next(cell.source for cell in GRU.code if "def train(seed)" in cell.source), short)
    cell, head = short["train"](3)
    torch.manual_seed(3)
    own, own_head = chapter["AnyGRU"](2, 8, False, True), nn.Linear(8, 2)

    def loss():
        weights = own.x2h.weight, own.h2h.weight, own.x2h.bias, own.h2h.bias
        last = states_of(weights, task["x"], torch.zeros(128, 8), after=False)[:, 7]
        return nn.functional.cross_entropy(own_head(last), task["positive"])

    trained_by_hand(torch.optim.Adam([*own.parameters(), *own_head.parameters()], lr=0.03), loss, [()] * 20)
    for mine, theirs in zip([*own.parameters(), *own_head.parameters()], [*cell.parameters(), *head.parameters()],
                            strict=True):
        assert torch.allclose(mine, theirs, atol=1e-3)


def test_weights_that_are_moved_lose(played):
    cell, task = played("load_state_dict(builtin_names"), played("marker = ")
    lines = [numbers(line) for line in cell.printed.splitlines()]
    assert len(lines) == 5 and all(own > 95 and moved < own for own, moved in lines)
    trained = cell["cell"]
    weights = trained.x2h.weight, trained.h2h.weight, trained.x2h.bias, trained.h2h.bias
    for shown, after in zip(lines[-1], (False, True), strict=True):
        last = states_of([one.detach() for one in weights], task["x"], torch.zeros(128, 8), after=after)[:, 7]
        answers = cell["head"](last)
        right = sum((no < yes) == bool(label) for (no, yes), label in zip(answers, task["positive"], strict=True))
        assert shown == pytest.approx(100 * right.item() / 128, abs=0.8)


def test_the_other_order_and_the_bias_outside_are_what_it_says(chapter, played):
    """`zrn` has the blocks of r and z exchanged; `outside` adds the hidden bias of n after the reset gate."""
    gru, x = nn.GRU(3, 4, batch_first=True).double(), torch.randn(2, 6, 3, dtype=torch.float64)
    made = GRU.cell("outside = copy").run(GRU.cell("zrn = copy").run({**chapter, "gru": gru}))

    class BiasOutside(chapter["GRUCell"]):
        def forward(self, x, h):
            b_n = self.h2h.bias.chunk(3)[2]
            r_x, z_x, n_x = self.x2h(x).chunk(3, dim=-1)
            r_h, z_h, n_h = self.h2h(h).chunk(3, dim=-1)
            r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
            return (1 - z) * torch.tanh(n_x + r * (n_h - b_n) + b_n) + z * h

    cell = BiasOutside(3, 4).double()
    chapter["load"](cell, gru)
    own = chapter["run"](cell, x, torch.zeros(2, 4).double())
    assert torch.allclose(own, made["outside"](x)[0], rtol=0, atol=1e-10)
    for wrong, right in zip(made["zrn"].parameters(), gru.parameters(), strict=True):
        assert all(torch.equal(wrong.chunk(3)[k], right.chunk(3)[j]) for k, j in enumerate((1, 0, 2)))
    for name in ("zrn", "outside"):
        cell = played(f"{name} = copy")
        torch.manual_seed(1)
        x = torch.randn(2, 6, 3).double()
        gap = (cell[name](x)[0] - cell["gru"](x)[0]).abs().max().item()
        assert numbers(cell.printed) == [pytest.approx(gap, abs=5.1e-5)] and gap > 0.1


def test_a_gru_has_three_times_the_weights_and_shows_what_it_carries(played):
    rnn, gru, last = played("for kind in (nn.RNN, nn.GRU)").printed.splitlines()
    weights = 128 * (28 + 128 + 2)
    assert numbers(rnn) == [2, 5, 128, 1, 2, 128, weights] and numbers(gru) == [2, 5, 128, 1, 2, 128, 3 * weights]
    assert verdicts(last) == [True]


def test_the_comparison_that_cannot_fail(played):
    """One unit without a hidden bias; the table of test_one_number_without_hidden_bias, in the order it is printed."""
    lines = played("tested = nn.GRU").printed.splitlines()
    assert [numbers(line)[:2] for line in lines] == [[1, 0], [1, 1], [4, 0], [4, 1]]
    assert [verdicts(line) for line in lines] == [[True], [False], [False], [False]]


def test_the_shown_comparison_starts_where_it_says(played):
    """The chapter's cell and nn.GRU, from the same state h_0: both are the loop written out."""
    cell = played("pairs = {")
    right = states_of([one.detach() for one in cell["gru"].parameters()], cell["x"], cell["h_0"][0])
    assert torch.allclose(cell["out"], right, atol=1e-10) and torch.allclose(cell["own"], right, atol=1e-10)
    assert cell["h_0"].abs().min() > 0 and list(cell["pairs"])[:2] == ["out", "h_n"] and len(cell["pairs"]) == 6
    for ours, theirs in cell["pairs"].values():
        assert ours is not theirs and torch.allclose(ours, theirs, atol=1e-10)

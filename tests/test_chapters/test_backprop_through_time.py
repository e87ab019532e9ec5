"""The chapter: its gradients are right, what it claims about them holds, in its own cells and in the studies."""

import json
import math
import statistics

import pytest
import torch
from torch import nn

import seqlab
from seqlab import results
from seqlab.measured import RESULTS
from seqlab.widgets import GradientExplorer
from studies import clipping as clipping_study
from tools import course

from . import numbers, states_by_hand, verdicts

BACKPROP = course.chapter("backprop-through-time")
FOUR = [1.0, 0.5, -1.0, 2.0]


@pytest.fixture(scope="module")
def chapter():
    return BACKPROP.definitions()


@pytest.mark.parametrize("W_h", [-1.4, 0.5, 0.9, 1.5])
def test_the_walk_by_hand_is_the_gradient_of_the_packages_cell(chapter, W_h):
    x = torch.randn(12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    cell = seqlab.RNNCell(1, 1).double()
    with torch.no_grad():
        for weights, value in zip((cell.x2h.weight, cell.x2h.bias, cell.h2h.weight, cell.h2h.bias),
                                  (0.8, 0.1, W_h, 0.0), strict=True):
            weights.fill_(value)
    h = torch.zeros(1, 1, dtype=torch.float64)
    for x_t in x:
        h = cell(x_t.reshape(1, 1), h)
    h.sum().backward()
    by_hand = sum(chapter["backward"](x.tolist(), W_h))
    assert abs(by_hand - cell.h2h.weight.grad.item()) <= 1e-10 * abs(by_hand)


def test_the_first_use_of_the_weight_adds_nothing_when_the_state_starts_at_zero(chapter):
    shares = chapter["backward"]([1.0, 0.5, -1.0, 2.0], 0.5)
    assert shares[-1] == 0 and min(shares) < 0 < max(shares)


@pytest.mark.parametrize("W_h", [0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("seed", range(5))
def test_one_tanh_unit_with_random_inputs_fades_at_every_weight(chapter, W_h, seed):
    x = torch.randn(100, generator=torch.Generator().manual_seed(seed)).tolist()
    assert abs(math.prod(W_h * (1 - h**2) for h in chapter["forward"](x, W_h)[1:])) < 1e-3


def test_gradient_by_lag_points_the_right_way(chapter):
    """A layer without recurrence has a gradient at lag 0 alone."""
    layer = nn.RNN(4, 24, batch_first=True)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
    powers = chapter["gradient_by_lag"](layer)
    assert powers.shape == (61,) and powers[0] == 0 and torch.all(powers[1:] == -math.inf)


def test_gradient_by_lag_of_a_known_slope(chapter):
    """Where every unit is positive, ReLU is the identity, and each step back multiplies by the weight."""
    class Positive(nn.RNN):
        def forward(self, x):
            return super().forward(x.exp())

    layer = Positive(4, 24, nonlinearity="relu", batch_first=True)
    with torch.no_grad():
        for weights, value in zip(layer.parameters(), (0.1 + torch.rand(24, 4), 0.8 * torch.eye(24), 0, 0),
                                  strict=True):
            weights.copy_(torch.as_tensor(value).expand_as(weights))
    torch.manual_seed(0)
    powers = chapter["gradient_by_lag"](layer, seq_len=41)
    assert powers.shape == (41,)
    assert powers[40].item() == pytest.approx(40 * math.log10(0.8), abs=0.2)
    assert powers[10].item() == pytest.approx(10 * math.log10(0.8), abs=0.2)


@pytest.mark.parametrize("seed", range(5))
def test_at_radius_3_some_units_are_always_in_the_steep_part(chapter, seed):
    torch.manual_seed(seed)
    out, _ = chapter["plain"](3)(torch.randn(32, 61, 4))
    slopes = 1 - out.detach()[:, 1:] ** 2
    assert (slopes > 0.5).any(dim=2).float().mean() > 0.99


@pytest.mark.parametrize("only", [None, 1, 4, 7])
def test_the_walk_through_a_layer_is_autograds(chapter, only):
    """Of a loss that is not quadratic, at every step or at one alone, and of a batch as the sum of its sequences."""
    torch.manual_seed(1)
    layer = nn.RNN(2, 4, batch_first=True).double()
    x, weight = torch.randn(3, 7, 2, dtype=torch.float64), torch.randn(7, 4, dtype=torch.float64)
    if only:
        weight[torch.arange(7) != only - 1] = 0
    out, _ = layer(x)
    (weight * out ** 3).sum().backward()
    found = []
    for row, states in zip(x, out.detach(), strict=True):
        h = torch.cat([torch.zeros(1, 4, dtype=torch.float64), states])
        direct = torch.cat([torch.full((1, 4), math.nan, dtype=torch.float64), weight * 3 * states ** 2])
        before = torch.cat([torch.full((1, 2), math.nan, dtype=torch.float64), row])
        found.append(chapter["walk_back"](before, h, direct, layer.weight_hh_l0.detach()))
    sums = [sum(parts) for parts in zip(*found, strict=True)]
    for mine, theirs in zip([*sums, sums[2]], layer.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs.grad, rtol=1e-10, atol=1e-12)


def test_the_weight_that_lets_most_through_is_near_one():
    """The chapter's conclusion on one tanh unit: every weight of the slider above 1.2 or below 0.8 fades."""
    arrives = {k / 20: GradientExplorer(weight=k / 20).gradient for k in range(61)}
    assert all(value < 0.01 for weight, value in arrives.items() if not 0.8 < weight < 1.2)
    assert max(arrives.values()) < 0.5


def test_clipping_decides():
    """The chapter's claim: without it, only the smallest rate learns with every seed, and ends several times higher."""
    ends = {way: runs.summary("loss") for way, runs in results("count_ones").by("learning rate", "clipping").items()}
    assert [lr for (lr, clipping), loss in ends.items() if clipping == "off" and loss.largest < 1] == [1e-6]
    assert ends[1e-2, "on"].largest < 0.2 and ends[1e-6, "off"].mean > 3 * ends[1e-2, "on"].mean
    assert ends[1e-2, "off"].diverged == 5


# --- the cells as they run --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def start():
    """The cells up to the first that looks at many nets."""
    return BACKPROP.play(upto="nets = {")


@pytest.fixture(scope="module")
def ran():
    return BACKPROP.play()


def shared_out(inputs, W_h):
    """dh_T / dW_h with a weight of its own for every step, and dh_T / dh_t for every t from 0, from autograd."""
    weights = torch.full((len(inputs),), W_h, dtype=torch.float64, requires_grad=True)
    states = [torch.zeros((), dtype=torch.float64, requires_grad=True)]
    for x_t, weight in zip(inputs, weights, strict=True):
        states.append(torch.tanh(0.8 * x_t + weight * states[-1] + 0.1))
    uses, *reach = torch.autograd.grad(states[-1], [weights, *states])
    return uses.tolist(), [one.item() for one in reach]


def test_the_share_of_each_step_and_the_gradient_three_ways(start):
    shares = start("shares = backward")
    uses, _ = shared_out(FOUR, 0.5)
    assert shares["shares"] == pytest.approx(uses[::-1]) and shares["by_hand"] == pytest.approx(sum(uses))
    printed = [numbers(line)[-1] for line in shares.printed.splitlines()]
    assert printed == pytest.approx([*uses[::-1], sum(uses)], abs=5.1e-5)
    three = start("def relative_error")
    for name in ("by_hand", "by_nudging", "by_autograd"):
        assert three[name] == pytest.approx(sum(uses), rel=1e-6)
    lines = three.printed.splitlines()
    assert [numbers(line)[0] for line in lines] == pytest.approx([sum(uses)] * 3, abs=5.1e-7)
    assert [verdicts(line) for line in lines[1:]] == [[True], [True]]


def test_the_gradients_of_a_layer_with_a_loss_at_every_step(start):
    cell = start('compare("W_x"')
    weights, h, states = list(cell["layer"].parameters()), torch.zeros(5, dtype=torch.float64), []
    for x_t in cell["x"]:
        h = torch.tanh(weights[0] @ x_t + weights[1] @ h + weights[2] + weights[3])
        states.append(h)
    loss = sum((cell["head"](h) - y).square().sum() / 2 for h, y in zip(states, cell["wanted"], strict=True))
    assert cell["loss"].item() == pytest.approx(loss.item())
    grads = torch.autograd.grad(loss, weights)
    by_walk = [cell[name] for name in ("dW_x", "dW_h", "db")]
    assert all(torch.allclose(mine, grad, rtol=1e-10) for mine, grad in zip(by_walk, grads[:3], strict=True))
    assert torch.equal(grads[2], grads[3]), "both biases have it"
    lines = cell.printed.splitlines()
    assert [line.split(" equal")[0].split() for line in lines] == [
        ["W_x", "(5,", "3)"], ["W_h", "(5,", "5)"], ["b_x", "(5,)"], ["b_h", "(5,)"]]
    assert verdicts(cell.printed) == [True] * 4


def test_how_far_one_unit_reaches_back(start):
    cell = start("in_28, in_100")
    lines = [numbers(line) for line in cell.printed.splitlines()[2:]]
    assert [line[0] for line in lines] == [0.5, 1, 1.5, 3]
    for W_h, *shown in lines:
        _, reach = shared_out(cell["inputs"], W_h)
        for power, right in zip(shown, (W_h**28, reach[100 - 28], W_h**100, reach[0]), strict=True):
            assert power == pytest.approx(right, rel=0.5), "one digit"


def test_the_product_of_slopes_is_the_gradient_of_the_last_state(start):
    cell = start("def last_state")
    h_0 = torch.zeros(1, 24, dtype=torch.float64, requires_grad=True)
    weights = list(cell["rnn"].parameters())
    last = states_by_hand(weights, cell["x"], h_0)[0, -1]
    rows = torch.stack([torch.autograd.grad(one, h_0, retain_graph=True)[0][0] for one in last])
    assert torch.allclose(cell["product"], rows, atol=1e-12) and torch.allclose(cell["jacobian"], rows, atol=1e-12)
    assert verdicts(cell.printed) == [True]


def start_of(name):
    """The layer that a row of the table names."""
    kind, _, value = name.partition(", ")
    layer = nn.RNN(4, 24, batch_first=True, nonlinearity="relu" if kind == "ReLU" else "tanh")
    if kind == "orthogonal":
        nn.init.orthogonal_(layer.weight_hh_l0)
    elif value:
        W = torch.randn(24, 24)
        layer.weight_hh_l0.data = W * float(value.split()[-1]) / max(abs(torch.linalg.eigvals(W)))
    return layer


def gradient_norms(name, seed):
    torch.manual_seed(seed)
    layer = start_of(name).double()
    x = torch.randn(32, 61, 4, dtype=torch.float64, requires_grad=True)
    last = layer(x)[0][:, 60]
    gradient, = torch.autograd.grad(last, x, torch.randn_like(last))
    norms = [gradient[:, 60 - lag].square().sum(dim=1).sqrt().mean().log10() for lag in range(61)]
    return torch.stack(norms) - norms[0]


@pytest.mark.slow
def test_the_nets_of_the_chart(ran):
    """Each is what its name says, has five seeds, and its gradients are drawn and printed; their order as in the text.

    One seed of each is made and followed back once more.
    """
    cell = ran('print("lag ')
    rows, at = [line for line in cell.printed.splitlines() if "±" in line], {}
    for row, (name, runs) in zip(rows, cell["nets"].items(), strict=True):
        assert runs.shape == (5, 61) and torch.allclose(runs[1], gradient_norms(name, 1), atol=1e-6), name
        shown = [float(value) for value in course.find_all(r"(-?\d+\.\d)(?:±| |$)", row.removeprefix(name))]
        right = [one for lag in (20, 60) for one in (runs[:, lag].mean(), runs[:, lag].std())]
        assert row.startswith(name) and shown == pytest.approx(torch.stack(right).tolist(), abs=0.051)
        at[name] = runs.mean(dim=0).tolist()
    (_, (lags, drawn, *_), _), = cell.drawn
    assert lags == range(61) and list(drawn) == list(cell["nets"]) and all(
        torch.equal(drawn[name], runs) for name, runs in cell["nets"].items())
    tanh = [at[f"tanh, ρ = {rho}"][60] for rho in (0.5, 1, 2, 3)]
    assert tanh == sorted(tanh) and tanh[1] < -2 and tanh[3] > 2, "neither stays level, and 3 explodes"
    assert tanh[0] < at["nn.RNN"][60] < at["orthogonal"][60] < -2
    assert at["nn.RNN"][20] == pytest.approx(-5, abs=0.5), "a hundred-thousandth"
    assert at["ReLU, ρ = 2"][60] > tanh[3] and at["ReLU, ρ = 1"][60] < -5


@pytest.mark.slow
@pytest.mark.parametrize(("runs", "clipping", "lr"), [("on", "on", 1e-2), ("slow", "off", 1e-6)])
def test_the_chapters_training_is_the_studys(ran, runs, clipping, lr):
    losses = ran("slow, _ = ")[runs]
    assert losses.shape == (5, 250)
    final, _ = clipping_study.count_ones(lr, clipping, 3)
    assert losses[3, -20:].mean().item() == pytest.approx(final, rel=1e-3)


@pytest.mark.slow
def test_with_clipping_all_five_end_and_without_none(ran):
    cell = ran("third losses")
    on, off, norms = cell["on"].tolist(), cell["off"].tolist(), cell["norms_on"][:, 0].tolist()
    lines = cell.printed.splitlines()
    _, first = ran("norms of the first").printed.splitlines()
    assert numbers(first) == [round(norm) for norm in norms] and min(norms) * 0.01 > 10 * 16 ** 0.5
    for name, losses, ended, printed in (("on", on, 5, lines[:4]), ("off", off, 0, lines[4:8])):
        assert printed[0] == f"clipping {name}" and sum(math.isfinite(one[249]) for one in losses) == ended
        assert numbers(printed[1]) == [round(one[0]) for one in losses] and numbers(printed[3]) == [ended, 5]
        assert printed[2].split()[2:] == [f"{one[2]:.0f}" for one in losses]
    assert all(math.isfinite(losses[0]) and math.isnan(losses[2]) for losses in off)
    last = statistics.mean(loss for losses in on for loss in losses[230:])
    assert numbers(ran("on, last 20 steps").printed)[-1] == pytest.approx(last, abs=5.1e-5)
    drawn = ran("slow, _ = ").drawn[0][1]
    assert list(drawn[0]) == list(range(10, 251, 10)) and list(drawn[1]) == ["on, 0.01", "off, 0.000001"]
    for tens, losses in zip(drawn[1]["on, 0.01"].tolist(), on, strict=True):
        assert tens == pytest.approx([math.log10(statistics.mean(losses[k:k + 10])) for k in range(0, 250, 10)],
                                     abs=1e-4)


@pytest.mark.slow
def test_a_gradient_is_shortened_as_a_whole(ran):
    cell = ran("returned = ")
    before, clipped = ([grad.flatten().tolist() for grad in cell[name]] for name in ("gradients", "clipped"))
    norm = math.sqrt(sum(g * g for grad in before for g in grad))
    assert cell["norm"].item() == pytest.approx(norm, rel=1e-4) and norm > 1e6
    assert [g * norm for grad in clipped for g in grad] == pytest.approx([g for grad in before for g in grad], rel=1e-3)
    assert cell["returned"].item() == pytest.approx(norm, rel=1e-4)
    assert verdicts(cell.printed) == [True] * 5


def rows_of(name):
    return json.loads((RESULTS / f"{name}.json").read_text("utf8"))["rows"]


@pytest.mark.slow
def test_the_tables_show_what_the_studies_measured(ran):
    """From the stored rows, without the package."""
    def ends(rate, clipping):
        losses = [loss for lr, way, _, loss, _ in rows_of("count_ones") if lr == rate and way == clipping]
        assert len(losses) == 5
        return [math.nan] * 2 if None in losses else [statistics.mean(losses), max(losses)]

    lines = ran('losses = results("count_ones")').printed.splitlines()[2:]
    assert len(lines) == 6
    for line in lines:
        rate, *shown = map(float, line.split())
        assert shown == pytest.approx(ends(rate, "off") + ends(rate, "on"), rel=0.006, nan_ok=True)


@pytest.mark.slow
def test_a_cut_stops_the_gradient_and_not_the_state(ran):
    cell = ran("read_in_chunks(rnn, x, 4, cut)")
    last = states_by_hand(cell["rnn"].parameters(), cell["x"], torch.zeros(1, 24))[:, -1]
    assert all(torch.allclose(end, last, atol=1e-6) for end in cell["ends"])
    whole, cut, same = cell.printed.splitlines()
    assert numbers(whole) == list(range(12)) and numbers(cut) == [8, 9, 10, 11]
    assert verdicts(same) == [True]


@pytest.mark.slow
def test_what_goes_wrong_goes_wrong(ran):
    assert "a second time" in " ".join(ran("def learn_in_chunks").printed.split())
    assert "modified by an inplace operation" in " ".join(ran("learn_in_chunks(retain_graph=True)").printed.split())
    assert ran("norm {clip_grad_norm_").printed == "norm 0.0\n"
    *message, clipped = ran("error_if_nonfinite").printed.splitlines()
    assert "is non-finite" in " ".join(message) and clipped == "clipped: [nan, nan, nan]"
    lines = ran("off by 10 % or more").printed.splitlines()
    assert [line.split()[0] for line in lines] == ["torch.float32", "torch.float64"]
    assert [verdicts(line) for line in lines] == [[True], [False]]


def test_the_advice_against_the_message_mends_it(chapter):
    """What the text says of retain_graph: without a step between the chunks it is no error; and detach is the cure."""
    for step, cut, fails in ((True, False, True), (False, False, False), (True, True, False)):
        rnn, h = chapter["plain"](), None
        optimizer = torch.optim.SGD(rnn.parameters(), lr=0.01)
        for number, chunk in enumerate(torch.randn(1, 12, 4).split(4, dim=1)):
            out, h = rnn(chunk, h)
            h = h.detach() if cut else h
            optimizer.zero_grad()
            if fails and number:
                with pytest.raises(RuntimeError, match="inplace"):
                    out.sum().backward(retain_graph=True)
                break
            out.sum().backward(retain_graph=not cut)
            if step:
                optimizer.step()

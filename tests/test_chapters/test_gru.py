"""The chapter: the cell it shows is seqlab's and PyTorch's, the four variants differ as it says, its numbers hold."""

import itertools
import math
import re

import pytest
import torch
from torch import nn

import seqlab
from tools import course

GRU = course.chapter("gru")
stored = GRU.printed


@pytest.fixture(scope="module")
def chapter():
    return GRU.definitions()


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


def test_the_four_are_told_apart_in_the_stored_output():
    assert re.findall(r"equal: (\w+)", stored("for reset_after, z_keeps in")) == ["yes", "no", "no", "no"]


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


def test_the_step_by_hand_is_the_built_in_cell(chapter):
    r, _, n, _ = chapter["gru_step"](1.0, 0.5)
    assert r == 0.5 and n == math.tanh(0.5)
    numbers = re.findall(r"h (\d\.\d{4})$", stored("by_hand.append"), flags=re.MULTILINE)
    assert numbers == [f"{value:.4f}" for value in GRU.cell("by_hand.append").run({**chapter})["by_hand"]]
    assert re.findall(r"\d\.\d{4}", stored("bias_hh_l0.copy_")) == numbers, "nn.GRU gives the same four"


def test_the_state_lies_between_candidate_and_old_state(chapter):
    for x, h in itertools.product((-3.0, -0.5, 0.0, 1.0, 4.0), (-0.9, 0.0, 0.6)):
        r, z, n, new = chapter["gru_step"](x, h)
        assert min(n, h) <= new <= max(n, h) and 0 < r < 1 and 0 < z < 1


def test_a_held_value_survives_a_hundred_steps_of_noise():
    pairs = re.findall(r"written +(-?\d\.\d+), after 100 steps +(-?\d\.\d+)", stored("memory = nn.GRU"))
    assert len(pairs) == 3
    for written, kept in pairs:
        assert abs(float(written) - float(kept)) < 0.03


def test_the_moved_weights_lose_in_the_stored_output():
    lines = re.findall(r"acc (\d+\.\d+) %.*acc (\d+\.\d+) %", stored("load_state_dict(builtin_names"))
    assert len(lines) == 5
    assert all(float(own) > 95 and float(moved) < float(own) for own, moved in lines)


def test_the_other_order_and_the_bias_outside_are_what_it_says(chapter):
    """`zrn` has the blocks of r and z exchanged; `outside` adds the hidden bias of n after the reset gate."""
    gru, x = nn.GRU(3, 4, batch_first=True).double(), torch.randn(2, 6, 3, dtype=torch.float64)
    made = GRU.cell("zrn, outside").run({**chapter, "gru": gru})

    class BiasOutside(chapter["GRUCell"]):
        def forward(self, x, h):
            b_n = self.h2h.bias.chunk(3)[2]
            x_r, x_z, x_n = self.x2h(x).chunk(3, dim=-1)
            h_r, h_z, h_n = self.h2h(h).chunk(3, dim=-1)
            r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
            return (1 - z) * torch.tanh(x_n + r * (h_n - b_n) + b_n) + z * h

    cell = BiasOutside(3, 4).double()
    chapter["load"](cell, gru)
    own = chapter["run"](cell, x, torch.zeros(2, 4).double())
    assert torch.allclose(own, made["outside"](x)[0], rtol=0, atol=1e-10)
    for wrong, right in zip(made["zrn"].parameters(), gru.parameters(), strict=True):
        assert all(torch.equal(wrong.chunk(3)[k], right.chunk(3)[j]) for k, j in enumerate((1, 0, 2)))
    assert all(float(gap) > 0.1 for gap in course.find_all(r"difference (\S+)", stored("zrn, outside")))


def test_a_gru_has_three_times_the_weights_and_shows_what_it_carries():
    rnn, gru, last = stored("for kind in (nn.RNN, nn.GRU)").splitlines()
    assert int(gru.split()[-1]) == 3 * int(rnn.split()[-1]) == 3 * 128 * (28 + 128 + 2)
    assert gru.split("GRU")[1].split("w")[0] == rnn.split("RNN")[1].split("w")[0], "no shape changes"
    assert last.endswith("True")


def test_the_comparison_that_cannot_fail_in_the_stored_output():
    assert re.findall(r"equal (\w+)", stored("tested = nn.GRU")) == ["True", "False", "False", "False"]

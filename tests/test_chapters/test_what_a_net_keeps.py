"""The chapter: its loop trains as it says, its tables show what was measured, and what it says of them is so."""

import copy
import itertools
import math
import re
import statistics

import pytest
import torch
from scipy import stats
from sklearn.linear_model import LogisticRegression
from torch import nn

from seqlab import results
from seqlab.measured import RESULTS
from tools import course

from . import numbers, trained_by_hand

KEEPS = course.chapter("what-a-net-keeps")
RATES = results("recall_rates")


@pytest.fixture(scope="module")
def chapter():
    return KEEPS.definitions("H", "SIZES", "layers")


def solved(*key):
    return sum(accuracy >= 95 for accuracy in RATES.where(*key)["accuracy (%)"])


def median(*key):
    return statistics.median(RATES.where(*key)["batches"])


# --- what it says of the measurements ---------------------------------------------------------------------------------

def test_the_order_of_two_layers_turns_round_with_the_rate():
    assert [solved("RNN", rate) for rate in (0.003, 0.01, 0.03, 0.1)] == [3, 6, 6, 0]
    assert [solved("GRU", rate) for rate in (0.003, 0.01, 0.03, 0.1)] == [0, 0, 10, 10]


def test_what_was_written_down_before_the_study_was_run():
    """The three claims at the top of studies/recall_rates.py, with what would have proved them wrong."""
    assert solved("GRU", 0.03) >= 8 and solved("GRU", 0.01) <= 2 and solved("RNN", 0.003) < 5
    assert solved("GRU, gate learns x 4", 0.01) >= 8
    planned = [runs for (_, rate), runs in RATES.by("layer", "learning rate").items() if 0.003 <= rate <= 0.1]
    distance, ratio = agreement(planned)
    assert ratio < distance, "the third was wrong, and the chapter says so"


def agreement(every):
    batches = [runs.summary("batches").median for runs in every]
    distance = [max(0.0, -runs.summary("gradient before (log10)").median) for runs in every]
    steps = [runs.summary("largest step (log10)").median for runs in every]
    return [stats.spearmanr(guess, batches).statistic
            for guess in (distance, [one / step for one, step in zip(distance, steps, strict=True)])]


def test_speed_explains_the_gru_and_not_the_others():
    for family, better in (("RNN", False), ("GRU", True), ("LSTM", False)):
        distance, ratio = agreement([runs for name, runs in RATES.by("layer").items() if name.startswith(family)
                                     for runs in runs.by("learning rate").values()])
        assert bool(ratio > distance) is bool(ratio > 0.9) is better


def test_only_one_layer_fails_at_every_rate_and_the_gru_is_among_the_fastest():
    best = {name: max(map(lambda runs: sum(one >= 95 for one in runs["accuracy (%)"]),
                          by_rate.by("learning rate").values())) for name, by_rate in RATES.by("layer").items()}
    assert [name for name, count in best.items() if count == 0] == ["LSTM"]
    assert {name: count for name, count in best.items() if 0 < count < 6} == {
        "LSTM, gate learns x 4": 3, "LSTM, forget bias 1": 5}
    quickest = min(median(name, rate) for name in best for rate in RATES.where(name).by("learning rate")
                   if solved(name, rate) == 10)
    assert median("GRU", 0.3) == quickest


def test_training_closes_the_forget_gate_and_opens_the_update_gate():
    factor = {(name, rate): dict(zip(runs["batches"], runs["median factor"], strict=True))
              for (name, rate), runs in results("recall_factor").by("layer", "learning rate").items()}
    falls, falls_faster = factor["LSTM", 0.01], factor["LSTM, gate learns x 4", 0.01]
    assert all(falls_faster[k] < falls[k] < falls[0] for k in range(20, 601, 20))
    assert factor["GRU", 0.01][600] < 0.7 < 1 < factor["GRU", 0.03][600]
    assert factor["GRU, gate learns x 4", 0.01][140] > 1 > factor["GRU", 0.03][140]


def test_the_advice_on_forget_biases():
    table = {bias: [solved(f"LSTM, forget bias {bias}", rate) for rate in (0.003, 0.01, 0.03)] for bias in (1, 2, 3, 4)}
    assert table == {1: [5, 0, 0], 2: [10, 6, 1], 3: [10, 10, 8], 4: [10, 10, 10]}
    assert [solved("LSTM, chrono", rate) for rate in (0.003, 0.01)] == [10, 10]


def test_some_nets_recall_and_pass_no_gradient_on():
    found = [row for row in RATES if row[4] >= 95 and row[-1] < -2]
    assert found and min(row[-1] for row in found) < -9 and {row[0] for row in found} == {"RNN", "RNN, orthogonal"}
    plain = [row for row in RATES if row[0].startswith("RNN") and row[1] >= 0.1]
    assert (len(plain), sum(row[4] >= 95 for row in plain)) == (60, 1)


def test_each_lstm_that_half_knows_gives_every_symbol_one_name():
    for (name, _), runs in results("recall_confused").by("layer", "seed").items():
        table = [row[3:] for row in runs]
        right = sum(row[k] for k, row in enumerate(table)) / 4
        if 30 < right < 95:
            assert name == "RNN" or min(max(row) for row in table) > 99.5
            assert name == "RNN" or any(math.isclose(right, at, abs_tol=1) for at in (50, 75))


# --- the cells as they run --------------------------------------------------------------------------------------------

def test_the_gradient_by_lag_is_that_of_the_inputs(chapter):
    torch.manual_seed(3)
    layer = chapter["layers"]["LSTM, forget bias 1"]()
    own = copy.deepcopy(layer)
    torch.manual_seed(4)
    powers = chapter["gradient_by_lag"](layer, lag=6)
    torch.manual_seed(4)
    x = torch.eye(4)[torch.randint(4, (32, 7))].requires_grad_()
    last = own(x)[1][0][0]
    gradient, = torch.autograd.grad((last * torch.randn_like(last)).sum(), x)
    right = torch.stack([gradient[:, 6 - lag].square().sum(1).sqrt().mean() for lag in range(7)]).log10()
    assert torch.allclose(powers, right - right[0], atol=1e-5)


def test_the_layers_start_as_they_are_called(chapter):
    for name, make in chapter["layers"].items():
        layer = make()
        kind, _, how = name.partition(", ")
        assert type(layer).__name__ == kind and (layer.input_size, layer.hidden_size) == (4, 24) and layer.batch_first
        if "bias" in how:
            assert (layer.bias_ih_l0 + layer.bias_hh_l0)[24:48].eq(float(how.split()[-1])).all()
        elif how:
            assert torch.allclose(layer.weight_hh_l0 @ layer.weight_hh_l0.T, torch.eye(24), atol=1e-5)


def test_the_loop_trains_as_by_hand_and_a_gate_may_learn_faster(chapter):
    torch.manual_seed(1)
    layer, head = chapter["layers"]["GRU"](), nn.Linear(24, 4)
    own, own_head, start = copy.deepcopy(layer), copy.deepcopy(head), copy.deepcopy(layer)
    torch.manual_seed(2)
    assert list(chapter["train"](layer, head, lag=6, lr=0.02, stops=(2, 5))) == [2, 5]
    torch.manual_seed(2)
    batches = [(torch.randint(4, (32, 7)),) for _ in range(5)]
    trained_by_hand(torch.optim.Adam([*own.parameters(), *own_head.parameters()], lr=0.02),
                    lambda symbols: -own_head(own(torch.eye(4)[symbols])[1][0]).log_softmax(dim=1)[
                        range(32), symbols[:, 0]].mean(), batches, max_norm=1.0)
    for mine, theirs in zip(layer.parameters(), own.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)
    torch.manual_seed(2)
    once, faster = copy.deepcopy(start), copy.deepcopy(start)
    for net, times in ((once, 1), (faster, 4)):
        torch.manual_seed(2)
        list(chapter["train"](net, copy.deepcopy(head), 6, 0.02, [1], times))
    moved = [(net.weight_hh_l0 - start.weight_hh_l0).detach() for net in (once, faster)]
    assert torch.allclose(moved[1][24:48], 4 * moved[0][24:48], atol=1e-6)
    assert torch.allclose(moved[1][48:], moved[0][48:], atol=1e-6)


def test_who_is_asked_answers_from_the_last_state(chapter):
    class Keeps(nn.Module):
        def __init__(self, step):
            super().__init__()
            self.step = step

        def forward(self, x):
            assert x.shape == (1000, 7, 4)
            return x[:, [self.step]].expand_as(x) * torch.arange(7).eq(6)[:, None], None

    head = nn.Linear(4, 4)
    head.weight.data, head.bias.data = torch.eye(4), torch.zeros(4)
    right, wrong = (chapter["accuracy"](*chapter["ask"](Keeps(step), head, 6)) for step in (0, 5))
    assert right == 100 and 20 < wrong < 30
    state = torch.get_rng_state()
    assert chapter["ask"](Keeps(0), head, 6) == chapter["ask"](Keeps(0), head, 6)
    assert torch.equal(state, torch.get_rng_state()), "to ask changes nothing of the training"


def test_the_probe_finds_what_the_states_hold_and_is_asked_about_others(chapter):
    torch.manual_seed(0)
    first, noise = torch.randint(4, (4000,)), torch.randn(4000, 24)
    holds = noise.clone()
    holds[:, 3] = 10 + 0.1 * (first == 2) + 7 * first.eq(0)          # far from 0; and what a 0 does is not asked
    assert chapter["probe"](holds, first) == 100
    assert 46 < chapter["probe"](noise, first) < 54
    few = torch.randn(100, 24)         # a fit to its own 25 sequences would be right about nearly all of them
    assert chapter["probe"](few, torch.tensor([1, 2, 2, 1, 0, 3, 1, 2, 0, 3] * 10)) < 85


def test_what_the_answers_merge_the_state_of_that_net_tells_apart():
    """The chapter's net again, read by another kind of probe, a logistic one."""
    lines = dict(re.findall(r"^(.+?) +(\d+) %$", KEEPS.printed("after 100 batches  "), re.MULTILINE))
    names = KEEPS.definitions("H", "SIZES", "layers")
    torch.manual_seed(1)
    layer, head = names["layers"]["GRU, update bias 2"](), nn.Linear(24, 4)
    before = logistic(*names["end_states"](layer, 20))
    list(names["train"](layer, head, lag=20, lr=0.01, stops=(100,)))
    after = logistic(*names["end_states"](layer, 20))
    plain = logistic(*names["end_states"](names["layers"]["GRU"](), 20))
    assert lines == {"after 100 batches": "100", "before the first": "76", "PyTorch's GRU": "50"}
    assert after > 98 and 65 < before < 90 and 38 < plain < 62


def logistic(states, first):
    """The share of the second half of the ones and twos that a logistic regression on the first half gets right."""
    chosen = (first == 1) | (first == 2)
    states, twos = states[chosen].numpy(), first[chosen].eq(2).numpy()
    half = len(twos) // 2
    fitted = LogisticRegression(C=1e4, max_iter=5000).fit(states[:half], twos[:half])
    return 100 * fitted.score(states[half:], twos[half:])


def test_the_shown_table_counts_pairs(chapter):
    first, said = torch.randint(4, (2, 300)).tolist()
    pairs = list(zip(first, said, strict=True))
    assert chapter["confusions"](first, said) == [[pairs.count((a, b)) for b in range(4)] for a in range(4)]


def test_the_stored_tables_show_what_the_studies_measured():
    """From the stored rows, by another route than the chapter's."""
    by = {(row[0], row[1]): [] for row in RATES}
    for row in RATES:
        by[row[0], row[1]].append(row)
    count = {key: sum(row[4] >= 95 for row in rows) for key, rows in by.items()}
    middle = {key: statistics.median(row[3] for row in rows) for key, rows in by.items()}

    for line in KEEPS.printed('rates = results("recall_rates")').splitlines()[2:]:
        name, values = line[:20].strip(), numbers(line[20:])
        assert values == [count[name, rate] for rate in (0.001, 0.003, 0.01, 0.03, 0.1)]
    for line in KEEPS.printed("def at_best_rate").splitlines()[2:]:
        name, (rate, seeds, batches) = line[:22].strip(), numbers(line[22:])
        best = max(rate for layer, rate in by if layer == name and count[name, rate] == max(
            count[key] for key in by if key[0] == name) and middle[name, rate] == min(
            middle[key] for key in by if key[0] == name and count[key] == max(
                count[other] for other in by if other[0] == name)))
        assert seeds == count[name, rate] == count[name, best] and batches == round(middle[name, rate])
    for line in KEEPS.printed("seeds of 10 (batches)").splitlines()[1:]:
        name, values = line[:20].strip(), numbers(line[20:].replace("(", " ").replace(")", " "))
        assert values == list(itertools.chain(*[(count[name, rate], round(middle[name, rate]))
                                                for rate in (0.003, 0.01, 0.03)]))
    first = results("recall_first")
    for line in KEEPS.printed("seeds of 5 that solve").splitlines()[1:]:
        name, values = line[:23].strip(), numbers(line[23:])
        assert values == [sum(one >= 95 for one in first.where(name, lag)["accuracy (%)"]) for lag in (5, 10, 20, 40)]
    for line in KEEPS.printed("def agreement").splitlines()[2:]:
        family = line.split()[0].replace("all", "")
        right = agreement([runs for (name, _), runs in RATES.by("layer", "learning rate").items()
                           if name.startswith(family)])
        assert numbers(line[6:]) == pytest.approx(right, abs=0.0051)


def test_the_latched_unit_keeps_its_sign_and_passes_nothing_on():
    for line, sign in zip(KEEPS.printed("h = torch.tanh(3 * h)").splitlines(), (1, -1), strict=True):
        h = slope = float(sign)
        slope = 1.0
        for _ in range(20):
            h = math.tanh(3 * h)
            slope *= 3 * (1 - h**2)
        assert f"{h:6.3f}" in line and float(line.split()[-1]) == pytest.approx(slope, rel=0.1) and slope < 1e-20


def test_the_results_that_it_reads_are_there():
    assert {"recall_first", "recall_rates", "recall_factor", "recall_confused"} <= {
        path.stem for path in course.some(RESULTS.glob("*.json"))}

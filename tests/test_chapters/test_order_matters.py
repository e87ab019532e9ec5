"""The chapter: what it says about order holds for the code it shows, beyond the few cases it runs."""

import math
import re
from itertools import permutations

import pytest
import torch
from torch import nn

from tools import course

ORDER = course.chapter("order-matters")


@pytest.fixture(scope="module")
def chapter():
    return ORDER.definitions()


@pytest.mark.parametrize("steps", [[3, 1, 2], [7, 7, 0, -4, 2]])
def test_the_bag_is_blind_to_order(chapter, steps):
    orders = torch.tensor(list(permutations(steps)))
    for seed in range(20):
        torch.manual_seed(seed)
        scores = chapter["random_bag"]()(orders)
        assert torch.equal(scores, scores[:1].expand_as(scores))


def test_the_bag_is_not_blind_to_values(chapter):
    """Otherwise its blindness to order would prove nothing."""
    torch.manual_seed(0)
    bags = [chapter["random_bag"]() for _ in range(20)]
    assert any(not torch.equal(bag(torch.tensor([[1, 2, 3]])), bag(torch.tensor([[1, 2, 4]]))) for bag in bags)


def test_both_ends_of_the_knob(chapter):
    sequence = [3.0, -1.0, 0.5, 2.0]
    assert chapter["remember"](sequence, keep=0.0) == sequence
    assert chapter["remember"](sequence, keep=1.0) == torch.tensor(sequence).cumsum(0).tolist()


def test_the_loop_is_a_recurrent_layer_without_tanh(chapter):
    """nn.RNN with ReLU is that loop while the states are positive."""
    rnn = nn.RNN(1, 1, nonlinearity="relu", bias=False, batch_first=True)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(1.0)
        rnn.weight_hh_l0.fill_(0.5)
        out, _ = rnn(torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1))
    assert out.flatten().tolist() == chapter["remember"]([1, 2, 3, 4], keep=0.5)


def test_the_collisions_that_the_text_names(chapter):
    def different(keep):
        return len({round(chapter["remember"](order, keep)[-1], 6) for order in permutations([1, 2, 3, 4])})

    assert [different(keep) for keep in (0.0, 0.5, 0.9, 1.0)] == [4, 18, 24, 1]
    assert different(0.3) == 24, "the reader is asked to find such a value between 0 and 0.5"


def test_training_separates_only_the_network_with_a_memory():
    losses = dict(course.find_all(r"^(\w+): +loss (\S+)$", ORDER.printed("bag_loss = "), re.MULTILINE))
    assert float(losses["bag"]) == pytest.approx(math.log(2), abs=1e-3)
    assert float(losses["recurrent"]) < 0.05


def test_the_shapes_of_the_three_patterns():
    """16 sequences of 4 steps, read by 8 units: one answer, one per step (3 tags), and 6 written steps."""
    for words, lines in (("rnn = nn.RNN(input_size=1", ["x   (16, 4, 1)", "out (16, 4, 8)", "h_n (1, 16, 8)"]),
                         ("head = nn.Linear(8, 2)", ["scores (16, 2)"]), ("tag = ", ["scores (16, 4, 3)"]),
                         ("decoder = ", ["read   (16, 4, 1)", "wrote  (16, 6, 8)"])):
        assert [line.rpartition(" (")[0] for line in ORDER.printed(words).splitlines()] == lines

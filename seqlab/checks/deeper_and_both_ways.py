"""Checks of the exercises on comparing networks that need PyTorch."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)

BATCH, STEPS, INPUT_SIZE, HIDDEN_SIZE = 4, 7, 3, 5       # all different, so that a swapped axis shows


def _states(*shape):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return torch.randn(*shape)


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _turn(summaries):
    out = _states(BATCH, STEPS, HIDDEN_SIZE)
    answer = call(summaries, out.clone(), name="summaries")
    if not isinstance(answer, (tuple, list)) or len(answer) != 3:
        count = f"{len(answer)} things" if isinstance(answer, (tuple, list)) else type(answer).__name__
        fail(f"summaries should return three things, last, mean and concat, but it returned {count}")
    last, mean, concat = answer
    one, flat = (BATCH, HIDDEN_SIZE), (BATCH, STEPS * HIDDEN_SIZE)
    last = expect_tensor(last, one, "last", "(batch, hidden_size)", {
        (STEPS, HIDDEN_SIZE): "That is every state of the last sequence; the first axis is the batch",
        (BATCH, STEPS): "That is the last unit at every step. Which axis are the steps?",
        (BATCH, 1, HIDDEN_SIZE): "A slice keeps its axis; an index drops it"})
    expect_close(last, out[:, -1], "last", {"that is the state after the first row": out[:, 0]},
                 "Which index along the axis of the steps is the last?")
    mean = expect_tensor(mean, one, "mean", "(batch, hidden_size)", {
        (STEPS, HIDDEN_SIZE): "That is the mean over the batch, so the digits are mixed",
        (BATCH, STEPS): "That is the mean over the units. Which axis are the steps?",
        (): "That is one number for everything; take the mean over the steps alone"})
    expect_close(mean, out.mean(dim=1), "mean", {
        "that is the sum; divide by the number of steps": out.sum(dim=1),
        "that is the largest of each unit, not the mean": out.amax(dim=1)},
        "Average the states of all steps, each unit for itself")
    concat = expect_tensor(concat, flat, "concat", "(batch, seq_len * hidden_size)", {
        (BATCH * STEPS, HIDDEN_SIZE): "Every digit should keep a row of its own",
        (STEPS, BATCH * HIDDEN_SIZE): "Every digit should keep a row of its own",
        (BATCH, STEPS, HIDDEN_SIZE): "These are the states as they were; put those of a digit side by side",
        (BATCH * STEPS * HIDDEN_SIZE,): "Every digit should keep a row of its own"})
    expect_close(concat, out.flatten(1), "concat", {
        "the numbers of a unit stand side by side. First come all numbers of the first state, then the second":
            out.transpose(1, 2).flatten(1),
        "the rows are in the opposite order": out.flip(1).flatten(1),
        "the batch is mixed: a row holds states of several digits": out.transpose(0, 1).reshape(flat)},
        "Print concat[0, :hidden_size] and compare it with out[0, 0]")
    return "Three summaries of the same states."


# --- the practice -----------------------------------------------------------------------------------------------------

@exercise("last-state")
@torch.no_grad()
def _last_state(last_state):
    x = _states(BATCH, STEPS, INPUT_SIZE)
    for layers in (1, 2):
        for kind in (nn.RNN, nn.GRU, nn.LSTM):
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(6)
                layer = kind(INPUT_SIZE, HIDDEN_SIZE, layers, batch_first=True)
            out, state = layer(x)
            h_n, c_n = state if kind is nn.LSTM else (state, None)
            name = f"what last_state returns for an nn.{kind.__name__} of {layers} layer{'s' * (layers > 1)}"
            got = call(last_state, layer, x.clone(), name="last_state", hints={
                "'tuple' object has no attribute": "One of the three layers returns its state as a pair"})
            got = expect_tensor(got, (BATCH, HIDDEN_SIZE), name, "(batch, hidden_size)", {
                (layers, BATCH, HIDDEN_SIZE): "The first axis is the layers: " + (
                    "of an LSTM, state[-1] is all of c_n" if kind is nn.LSTM else "the upper one is asked for"),
                (STEPS, HIDDEN_SIZE): "That is every state of the last sequence; the first axis of out is the batch",
                (BATCH, STEPS, HIDDEN_SIZE): "That is the state of every step; the last step is asked for",
                (BATCH, layers * HIDDEN_SIZE): "These are all layers side by side; the upper one is asked for"})
            causes = {
                "it is the state of the lowest layer": h_n[0],
                "it is the state after the first step": out[:, 0],
                "it is the mean over the steps": out.mean(dim=1),
                "the sequences stand in another order": out[:, -1].flip(0)}
            if c_n is not None:
                causes["it is the cell state c_n. The head should see h_n"] = c_n[-1]
                causes["it is the cell state c_n, of the lowest layer"] = c_n[0]
            expect_close(got, h_n[-1], name, causes, "Compare it with out[:, -1]")
    return "One function for three layers."


@exercise("bug")
def _bug(duel):
    def run(seed, draws, count=24):
        seen, made = [[] for _ in draws], []

        def maker(k, draw):
            def make():
                made.append(torch.rand(draw))
                return k
            return make

        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(99)
            nets = call(duel, [maker(k, draw) for k, draw in enumerate(draws)], seed, count,
                        lambda net, batch: seen[net].append([int(one) for one in batch]), name="duel")
        if len(made) == len(draws) and (not isinstance(nets, (list, tuple)) or list(nets) != [*range(len(draws))]):
            fail("it should return the networks, in a list, in the order in which they were to be made")
        return seen, [one.tolist() for one in made]

    seen, made = run(3, (4, 9))
    if len(made) != 2:
        fail(f"it made {len(made)} networks of the two")
    for batches in seen:
        digits = [one for batch in batches for one in batch]
        if sorted(digits) != list(range(24)):
            fail(f"a network should be trained on each of the 24 digits once; one was trained on {len(digits)}, "
                 f"{len(set(digits))} of them different")
        if digits == sorted(digits):
            fail("the digits come in the order in which they are stored. They should be shuffled")
    if any(len(batch) != 8 for batches in seen for batch in batches):
        fail("the batches have another size than 8")
    if seen[0] != seen[1]:
        fail("the two networks are still trained on different batches. torch.manual_seed starts one row of random "
             "numbers, and everything draws from it in turn. How many does each network take before its batches are "
             "drawn?")
    if run(4, (4, 9))[0] == seen:
        fail("with another seed the batches are the same again. The seed should decide on them")
    if run(3, (6, 2))[0] != seen:
        fail("two other networks get other batches from the same seed, so two races with one seed cannot be compared. "
             "How many random numbers a network draws should make no difference")
    if run(3, (4, 9)) != (seen, made):
        fail("with the same seed the networks start from other weights. The seed should decide on these, too")
    if run(4, (4, 9))[1] == made:
        fail("with another seed the networks start from the same weights. The seed should decide on these, too")
    return "The same batches for both."

"""Checks of the exercises of this chapter."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)


def _norm(tensors):
    return torch.cat([one.flatten() for one in tensors]).norm().item()


@exercise("truncated")
def _truncated(run_truncated):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        rnn = nn.RNN(3, 5, batch_first=True)
        x = torch.randn(2, 11, 3)
    for m in (4, 1, 11, 20):
        x_in = x.clone().requires_grad_()
        out = call(run_truncated, rnn, x_in, m, name="run_truncated", hints={
            "hx should also be": "A state goes in as the layer gave it back: (num_layers, batch, hidden_size)",
            "must match except": "Along which axis do the chunks follow one another?"})
        out = expect_tensor(out, (2, 11, 5), "what run_truncated returns", "batch, seq_len, hidden_size", {
            (11, 2, 5): "Batch and time are swapped",
            (2, 11 - 11 % m, 5): "The steps after the last full chunk are missing: the last chunk may be shorter",
            (2, 5): "Return the outputs of all steps, not the last state",
            (1, 2, 5): "That is a state; return the outputs of all steps",
            (2, 11 % m, 5): "Those are the outputs of the last chunk alone: collect those of every chunk",
        })
        restarted = torch.cat([rnn(chunk)[0] for chunk in x.split(m, dim=1)], dim=1)
        expect_close(out, rnn(x)[0], "what run_truncated returns", {
            "the state is not carried on: each chunk starts from zeros": restarted,
            "the outputs stand in the wrong order": rnn(x)[0].flip(1),
            "the sequence is read from the end": rnn(x.flip(1))[0],
        }, f"Its values should be those of one run over the whole x. Compare the two at the first step of the second "
           f"chunk, step {m}: from which state does it start?")
        if not out.requires_grad:
            fail("the outputs carry no gradient at all. Detach the state that is handed on, and nothing else: does "
                 ".detach() or no_grad() reach the outputs?")
        for step in (10, 5):
            gradient = torch.autograd.grad(out[:, step].sum(), x_in, retain_graph=True, allow_unused=True)[0]
            if gradient is None:
                fail("no gradient reaches x. Detach the state that is handed on, not the inputs or outputs")
            reached = gradient.norm(dim=2).amax(dim=0).nonzero().flatten().tolist()
            first = step - step % m
            if not reached:
                fail(f"with m = {m}, no gradient of step {step} reaches x. Detach the state, not inputs or outputs")
            if reached[0] < first:
                fail(f"with m = {m}, the gradient of step {step} reaches back to step {reached[0]}, "
                     "across a chunk's border")
            if reached[0] > first:
                fail(f"with m = {m}, the gradient of step {step} reaches back to step {reached[0]} only: "
                     f"it is cut within a chunk, or the chunks do not have {m} steps")
    return "The state goes on, the gradient does not."


# --- find the bug -----------------------------------------------------------------------------------------------------

def _net():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()


def _stepped(batches, max_norm, lr, *, clip="together", clear=True):
    """All weights of the small net after a step for each batch; the keywords plant the mistakes."""
    net = _net()
    weights = list(net.parameters())
    kept = [torch.zeros_like(weight) for weight in weights]
    for x, y in batches:
        new = torch.autograd.grad((net(x) - y).square().mean(), weights)
        gradients = [(0 if clear else old) + one for old, one in zip(kept, new, strict=True)]
        kept = gradients
        if clip == "together":
            gradients = kept = [one * min(1.0, max_norm / _norm(gradients)) for one in gradients]
        elif clip == "each":
            gradients = [one * min(1.0, max_norm / _norm([one])) for one in gradients]
        elif clip == "values":
            gradients = [one.clamp(-max_norm, max_norm) for one in gradients]
        elif clip == "normalise":
            gradients = [one * max_norm / _norm(gradients) for one in gradients]
        elif clip == "away":
            gradients = [0 * one for one in gradients]
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.sub_(lr * gradient)
            if clip == "weights":
                size = _norm(weights)
                for weight in weights:
                    weight.mul_(min(1.0, max_norm / size))
    return torch.cat([weight.detach().flatten() for weight in weights])


@exercise("bug")
def _check_train_step(train_step):
    generator = torch.Generator().manual_seed(6)
    x = torch.randn(5, 2, generator=generator, dtype=torch.float64)
    tame, wild = (x, x.sum(dim=1, keepdim=True)), (x, torch.full((5, 1), 50.0, dtype=torch.float64))
    for batches, max_norm, lr in (([tame], 1e6, 0.1), ([wild], 1.0, 0.1), ([wild, tame, wild], 0.5, 0.2),
                                  ([tame, tame], 8.0, 0.1)):
        net = _net()
        optimizer = torch.optim.SGD(net.parameters(), lr=lr)
        losses = [call(train_step, net, optimizer, *(part.clone() for part in batch), max_norm, name="train_step")
                  for batch in batches]
        weights = torch.cat([weight.detach().flatten() for weight in net.parameters()])
        case = batches, max_norm, lr
        expect_close(weights, _stepped(*case), f"what the net weighs after {len(batches)} of your steps, "
                     f"max_norm {max_norm:g},", lambda case=case: {
            "no gradient was clipped before it was used. What does .grad hold at the moment of clipping, and has the "
            "optimizer looked by then?": _stepped(*case, clip="never"),
            "it has not moved. When does the optimizer look, and what does .grad hold at that moment?":
                _stepped(*case, clip="away"),
            "each number was clipped by itself, which turns the gradient into another direction":
                _stepped(*case, clip="values"),
            "each tensor was clipped by its own norm. The gradient has one norm, of all tensors together":
                _stepped(*case, clip="each"),
            "small gradients were made larger: clipping is a limit": _stepped(*case, clip="normalise"),
            "the weights were clipped. It is their gradients that explode": _stepped(*case, clip="weights"),
            "gradients of the step before are still in it": _stepped(*case, clear=False),
        }, "Print the joint norm of all .grad at the moment when the optimizer looks: is it max_norm for a wild "
           "batch, and the loss's own gradient for a tame one?")
        want = (_net()(batches[0][0]) - batches[0][1]).square().mean().detach()
        expect_close(expect_tensor(losses[0], (), "what train_step returns", "one loss"), want,
                     "what train_step returns", {}, "It is the loss before the step, as in the given code")
    return "Clipped when there is something to clip, and before it is used."

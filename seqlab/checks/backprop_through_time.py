"""Checks of the exercises of this chapter."""


import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)


@exercise("clip")
def _clip(clip):
    generator = torch.Generator().manual_seed(0)
    gradients = [torch.randn(3, 4, generator=generator), 10 * torch.randn(5, generator=generator)]
    norm = torch.cat([gradient.flatten() for gradient in gradients]).norm()
    for max_norm in (1.0, 7.0, 1000.0):
        given = [gradient.clone() for gradient in gradients]
        got = call(clip, given, max_norm, name="clip")
        if not isinstance(got, (list, tuple)) or len(got) != 2:
            fail("clip should return a list with one tensor for each that it got")
        got = [expect_tensor(one, tuple(want.shape), f"tensor {k} of the result")
               for k, (one, want) in enumerate(zip(got, gradients, strict=True))]
        want = [gradient * min(1.0, max_norm / norm) for gradient in gradients]
        if max_norm > norm and not all(torch.allclose(a, b, rtol=1e-4) for a, b in zip(got, gradients, strict=True)):
            fail("gradients below the limit should come back unchanged: clipping is a limit, not a normalisation")
        causes = {
            "each tensor is scaled by its own norm. Take one norm over all of them, so that their balance stays":
                [g * min(1.0, max_norm / g.norm()) for g in gradients],
            "single values are cut off, which changes the direction. Scale them all by one number":
                [g.clamp(-max_norm, max_norm) for g in gradients],
            "the norm is a square root: the sum of squares alone is too large":
                [g * max_norm / norm**2 for g in gradients],
            "they are unchanged although their norm is above the limit": gradients,
        }
        for k in range(2):
            expect_close(got[k], want[k], f"with max_norm {max_norm:g}, tensor {k} of the result",
                         {cause: value[k] for cause, value in causes.items()})
    zeros = call(clip, [torch.zeros(3)], 1.0, name="clip")
    if not torch.equal(torch.as_tensor(zeros[0]), torch.zeros(3)):
        fail("a gradient of zeros does not come back as zeros: is something divided by its norm, 0?")
    return "The same as clip_grad_norm_."


@exercise("truncated")
def _truncated(run_truncated):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        rnn = nn.RNN(3, 5, batch_first=True)
        x = torch.randn(2, 11, 3)
    for k in (4, 1, 11, 20):
        x_in = x.clone().requires_grad_()
        out = expect_tensor(call(run_truncated, rnn, x_in, k, name="run_truncated"), (2, 11, 5),
                            "what run_truncated returns", "batch, seq_len, hidden_size", {
            (2, 5): "Return the outputs of all steps, not the last state",
            (1, 2, 5): "That is a state; return the outputs of all steps",
            (2, 11 % k, 5): "Those are the outputs of the last chunk alone: collect those of every chunk",
        })
        restarted = torch.cat([rnn(chunk)[0] for chunk in x.split(k, dim=1)], dim=1)
        expect_close(out, rnn(x)[0], "what run_truncated returns",
                     {"the state is not carried on: each chunk starts from zeros": restarted} if k < 11 else {})
        if not out.requires_grad:
            fail("the outputs carry no gradient at all. Detach the state that is handed on, not the outputs")
        for step in (10, 5):
            gradient = torch.autograd.grad(out[:, step].sum(), x_in, retain_graph=True, allow_unused=True)[0]
            if gradient is None:
                fail("no gradient reaches x. Detach the state that is handed on, not the inputs or outputs")
            reached = gradient.norm(dim=2).amax(dim=0).nonzero().flatten().tolist()
            first = step - step % k
            if not reached:
                fail(f"with k = {k}, no gradient of step {step} reaches x. Detach the state, not inputs or outputs")
            if reached[0] < first:
                fail(f"with k = {k}, the gradient of step {step} reaches back to step {reached[0]}, "
                     "across a chunk's border")
            if reached[0] > first:
                fail(f"with k = {k}, the gradient of step {step} reaches back to step {reached[0]} only: "
                     "it is cut within a chunk")
    return "The state goes on, the gradient does not."

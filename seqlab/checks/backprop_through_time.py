"""Checks of the exercises of this chapter."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)


@exercise("clip")
def _clip(clip):
    generator = torch.Generator().manual_seed(0)
    some = [torch.randn(3, 4, generator=generator), 10 * torch.randn(5, generator=generator)]
    small = [0.1 * torch.randn(4, 2, 2, generator=generator), 0.1 * torch.randn((), generator=generator)]
    for gradients, max_norm in ((some, 1.0), (some, 7.0), (some, 1000.0), (small, 0.05), (small, 3.0), (some[:1], 0.5)):
        got = _clipped(clip, gradients, max_norm)
        norm = _norm(gradients)
        if norm < max_norm and not all(torch.allclose(a, b, rtol=1e-4) for a, b in zip(got, gradients, strict=True)):
            fail(f"gradients with a joint norm of {norm:.4g} come back changed with max_norm {max_norm:g}, and they "
                 "should come back unchanged: clipping is a limit, not a normalisation")
        over = max_norm / norm
        causes = {
            "each tensor is scaled by its own norm. Take one norm over all of them, so that their balance stays":
                [g * min(1.0, max_norm / g.norm()) for g in gradients],
            "single values are cut off, which changes the direction. Scale them all by one number":
                [g.clamp(-max_norm, max_norm) for g in gradients],
            "the norm is a square root: the sum of squares alone is too large": [g * over / norm for g in gradients],
            "the norms of the tensors were added up. Squares add up, norms do not":
                [g * max_norm / sum(one.norm() for one in gradients) for g in gradients],
            "it is scaled by the sum of the absolute values. The norm is the root of the sum of squares":
                [g * max_norm / sum(one.abs().sum() for one in gradients) for g in gradients],
            "it is scaled by the largest single value. The norm is the root of the sum of squares":
                [g * max_norm / max(one.abs().max() for one in gradients) for g in gradients],
            "they have norm 1, and max_norm was forgotten": [g / norm for g in gradients],
            "it is divided where it should be multiplied": [g / over for g in gradients],
            "they are unchanged although their norm is above the limit": gradients,
        }
        expect_close(_flat(got), _flat(gradients) * min(1.0, over), f"with max_norm {max_norm:g} the result",
                     {cause: _flat(value) for cause, value in causes.items()},
                     f"Their joint norm is {norm:.4g} before, and {_norm(got):.4g} after you. What should it be, and "
                     "has every tensor been scaled by the same number?")
    if any(part.isnan().any() or part.any() for part in _clipped(clip, [torch.zeros(3), torch.zeros(2)], 1.0)):
        fail("gradients of zeros do not come back as zeros: is something divided by their norm, 0?")
    return "The same as clip_grad_norm_."


def _clipped(clip, gradients, max_norm):
    got = call(clip, [gradient.clone() for gradient in gradients], max_norm, name="clip")
    if isinstance(got, torch.Tensor) or not hasattr(got, "__iter__"):
        fail("clip should return a list with one tensor for each that it got")
    got = list(got)
    if len(got) != len(gradients):
        fail(f"clip should return a list with one tensor for each that it got: {len(gradients)}, not {len(got)}")
    return [expect_tensor(one, tuple(given.shape), f"tensor {k} of the result").detach().float()
            for k, (one, given) in enumerate(zip(got, gradients, strict=True))]


def _flat(tensors):
    return torch.cat([one.flatten() for one in tensors])


def _norm(tensors):
    return _flat(tensors).norm().item()


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
            (11, 2, 5): "Batch and time are swapped",
            (2, 11 - 11 % k, 5): "The steps after the last full chunk are missing: the last chunk may be shorter",
            (2, 5): "Return the outputs of all steps, not the last state",
            (1, 2, 5): "That is a state; return the outputs of all steps",
            (2, 11 % k, 5): "Those are the outputs of the last chunk alone: collect those of every chunk",
        })
        restarted = torch.cat([rnn(chunk)[0] for chunk in x.split(k, dim=1)], dim=1)
        expect_close(out, rnn(x)[0], "what run_truncated returns", {
            "the state is not carried on: each chunk starts from zeros": restarted,
            "the outputs stand in the wrong order": rnn(x)[0].flip(1),
            "the sequence is read from the end": rnn(x.flip(1))[0],
        }, f"Its values should be those of one run over the whole x. Compare the two at the first step of the second "
           f"chunk, step {k}: from which state does it start?")
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

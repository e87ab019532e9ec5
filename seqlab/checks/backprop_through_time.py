"""Checks of the exercises of this chapter."""

import math

import torch
from torch import nn

from . import call, exercise, expect_close, expect_tensor, fail, number, numbers


def _walk(x, W_x, W_h, b, *, slope=lambda h: 1 - h**2, step_weight=None, last_factor=None) -> list[float]:
    """dh_T/dx_t for every t; the options make the typical mistakes."""
    h = [0.0]
    for x_t in x:
        h.append(math.tanh(W_x * x_t + W_h * h[-1] + b))
    delta, gradients = 1.0, []
    for h_t in reversed(h[1:]):
        inside = delta * slope(h_t)
        gradients.insert(0, inside * (W_x if last_factor is None else last_factor))
        delta = inside * (W_h if step_weight is None else step_weight)
    return gradients


@exercise("input-gradients")
def _input_gradients(input_gradients):
    for x, W_x, W_h, b in [([1.0, 0.5, -1.0, 2.0], 0.8, 0.5, 0.1),
                           ([0.3, -0.6, 0.2], 1.5, -0.7, 0.0), ([0.4], 0.6, 0.9, 0.2)]:
        got = call(input_gradients, list(x), W_x, W_h, b, name="input_gradients")
        if not isinstance(got, torch.Tensor):
            got = torch.tensor(numbers(got, "what input_gradients returns", "one number per input"))
        got = expect_tensor(got.flatten(), (len(x),), "what input_gradients returns", "one gradient per input")
        want = _walk(x, W_x, W_h, b)
        causes = {
            "it stands in the order of the walk, from the last input to the first": want[::-1],
            "these are the gradients of the states; from h_t to x_t one factor more is needed":
                [value / W_x for value in want],
            "the slope of tanh is missing": _walk(x, W_x, W_h, b, slope=lambda h: 1.0),
            "the slope of tanh at z is 1 - tanh(z)**2, so it takes the square of the state":
                _walk(x, W_x, W_h, b, slope=lambda h: 1 - h),
            "going back one step multiplies by the weight of the state, not of the input":
                _walk(x, W_x, W_h, b, step_weight=W_x),
            "the last factor is the weight of the input, not of the state": _walk(x, W_x, W_h, b, last_factor=W_h),
            "nothing is carried back: each step needs the gradient that comes from the step after it":
                [_walk(x[: t + 1], W_x, W_h, b)[-1] for t in range(len(x))],
        }
        expect_close(got, want, "what input_gradients returns", {} if len(x) == 1 else causes)
    return "The walk back, by hand."


@exercise("numeric-gradient")
def _numeric_gradient(numeric_gradient):
    for function, at, want in [(lambda w: 3 * w, 2.0, 3.0), (lambda w: w**3, -1.5, 6.75),
                               (math.tanh, 0.4, 1 - math.tanh(0.4) ** 2)]:
        got = number(call(numeric_gradient, function, at, name="numeric_gradient"), "what numeric_gradient returns")
        if math.isclose(got, 2 * want, rel_tol=1e-3):
            fail("the slope comes out twice as large. How far apart are the two points?")
        if math.isclose(got, -want, rel_tol=1e-3):
            fail("the slope has the wrong sign: value above minus value below")
        if abs(got) < 1e-3 * abs(want):
            fail("the slope comes out far too small: divide the difference by the distance of the two points")
        if not math.isclose(got, want, rel_tol=1e-3):
            fail(f"at {at} the slope is {got:.4g}, which is not right")
    bent = number(call(numeric_gradient, lambda w: w**2, 1.0, 0.1, name="numeric_gradient"), "the slope")
    if math.isclose(bent, 2.1, rel_tol=1e-6) or math.isclose(bent, 1.9, rel_tol=1e-6):
        fail("for a function that bends the slope is off by about eps: that is a one-sided difference. Go both ways")
    called = []
    call(numeric_gradient, lambda w: called.append(w) or w, 1.0, 0.25, name="numeric_gradient")
    if not any(abs(abs(w - 1.0) - 0.25) < 1e-9 or abs(abs(w - 1.0) - 0.125) < 1e-9 for w in called):
        fail("eps is not used: the points do not move when it changes")
    if not math.isclose(bent, 2.0, rel_tol=1e-6):
        fail(f"for a function that bends the slope is {bent:.4g} with eps = 0.1, which is not right")
    return "Now you can test any gradient you derive."


@exercise("long-sentence")
def _long_sentence(reach, sentence):
    for factor, share in [(0.9, 0.5), (0.5, 0.3), (0.5, 0.01), (0.99, 0.001), (0.2, 0.5)]:
        got = number(call(reach, factor, share, name="reach"), "what reach returns")
        if got != int(got):
            fail(f"reach({factor}, {share}) is {got:.4g}, but steps are whole numbers")
        want = next(k for k in range(10_000) if factor**k < share)
        if got == want:
            continue
        left = f"after {got:.0f} steps {100 * factor**got:.3g} % is left" if 0 <= got < 10_000 else "that is far off"
        if got == round((1 - share) / (1 - factor)) and got != want - 1:
            fail(f"reach({factor}, {share}) is {got:.0f}: each step takes a share of what is left, "
                 "not always the same amount")
        if got == want - 1:
            fail(f"reach({factor}, {share}) is {got:.0f}, one too few: {left}, "
                 f"and it should be less than {100 * share:g} %")
        fail(f"reach({factor}, {share}) is {got:.0f}, which is not right: {left}")
    sentence = number(sentence, "sentence")
    want = next(k for k in range(10_000) if 0.8**k < 0.01)
    if sentence == next(k for k in range(10_000) if 0.8**k < 0.1):
        fail("sentence: that is where less than 10 % is left. 1 % is a share of 0.01")
    if sentence != want:
        fail("sentence is not right: call reach with a factor of 0.8 and a share of 1 %")
    return f"{want} words: no very long sentence at all."


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

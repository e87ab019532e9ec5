"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch."""

import math

import numpy as np
import torch
from forms import in_float64, in_numpy
from torch import nn


def by_autograd(x, W_x, W_h, b):
    x = torch.tensor(x, requires_grad=True)
    h = torch.zeros(())
    for x_t in x:
        h = torch.tanh(W_x * x_t + W_h * h + b)
    h.backward()
    return x.grad


def in_arrays(x, W_x, W_h, b):
    h = np.zeros(len(x) + 1)
    for t, x_t in enumerate(x):
        h[t + 1] = np.tanh(W_x * x_t + W_h * h[t] + b)
    slopes = 1 - h[1:] ** 2
    return W_x * np.cumprod((slopes * W_h)[::-1])[::-1] / W_h


def clip(gradients, max_norm):
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    return [g * min(1.0, max_norm / norm) if norm else g for g in gradients]


def clip_with_pytorch(gradients, max_norm):
    parameters = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, g in zip(parameters, gradients, strict=True):
        parameter.grad = g.clone()
    nn.utils.clip_grad_norm_(parameters, max_norm)
    return tuple(parameter.grad for parameter in parameters)


def divide_by_the_norm(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return gradients if 0 < norm <= max_norm else [g / norm * max_norm for g in gradients]


def run_truncated(rnn, x, k, state=lambda h: h.detach(), out_of=lambda out: out, x_of=lambda x: x):
    h, outs = None, []
    for chunk in x.split(k, dim=1):
        out, h = rnn(x_of(chunk), h)
        h = state(h)
        outs.append(out_of(out))
    return torch.cat(outs, dim=1)


def step_by_step(rnn, x, k):
    h, outs = torch.zeros(1, x.shape[0], rnn.hidden_size), []
    for t in range(x.shape[1]):
        if t % k == 0:
            h = h.detach()
        out, h = rnn(x[:, t:t + 1], h)
        outs.append(out)
    return torch.cat(outs, dim=1)


def last_chunk(rnn, x, k):
    h = None
    for chunk in x.split(k, dim=1):
        out, h = rnn(chunk, h if h is None else h.detach())
    return out


def clip_in_place(gradients, max_norm):
    norm = torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients]))
    for g in gradients:
        g *= (max_norm / norm).clamp(max=1.0) if norm else 1.0
    return gradients


def clip_in_numpy(gradients, max_norm):
    norm = np.sqrt(sum(float((g.numpy() ** 2).sum()) for g in gradients))
    return [g.numpy() if norm <= max_norm else g.numpy() * (max_norm / norm) for g in gradients]


def clip_one_by_one(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    for g in gradients:
        yield g if norm <= max_norm else g / norm * max_norm


def run_by_slices(rnn, x, k):
    h, outs = None, []
    for start in range(0, x.shape[1], k):
        out, h = rnn(x[:, start:start + k], h if h is None else h.detach())
        outs += list(out.unbind(dim=1))
    return torch.stack(outs, dim=1)


def run_with_data(rnn, x, k):
    h = x.new_zeros(1, len(x), rnn.hidden_size)
    out = x.new_zeros(len(x), x.shape[1], rnn.hidden_size)
    for start in range(0, x.shape[1], k):
        out[:, start:start + k], h = rnn(x[:, start:start + k], h.data)
    return out


def run_by_weights(rnn, x, k):
    h, outs = torch.zeros(len(x), rnn.hidden_size), []
    for t, x_t in enumerate(x.unbind(dim=1)):
        h = h.clone().detach() if t % k == 0 else h
        h = torch.tanh(x_t @ rnn.weight_ih_l0.T + rnn.bias_ih_l0 + h @ rnn.weight_hh_l0.T + rnn.bias_hh_l0)
        outs.append(h)
    return torch.stack(outs, dim=1)


def run_recursively(rnn, x, k, h=None):
    out, h = rnn(x[:, :k], h)
    rest = [run_recursively(rnn, x[:, k:], k, h.detach())] if x.shape[1] > k else []
    return torch.cat([out, *rest], dim=1)


def full_chunks_only(rnn, x, k):
    return run_truncated(rnn, x[:, :x.shape[1] - x.shape[1] % k], k)


def stepping(*, before=None, clip=None, after=None, clear="first", give=float):
    """One training step, in which each keyword says what is done at one place."""
    def train_step(model, optimizer, x, y, max_norm):
        if clear == "first":
            optimizer.zero_grad()
        loss = (model(x) - y).square().mean()
        if before:
            before(model.parameters(), max_norm)
        loss.backward()
        if clip:
            clip(list(model.parameters()), max_norm)
        if clear == "between":
            optimizer.zero_grad()
        optimizer.step()
        if after:
            after(model.parameters(), max_norm)
        if clear == "last":
            optimizer.zero_grad()
        return give(loss.detach())
    return train_step


clip_norm = nn.utils.clip_grad_norm_


def clip_by_hand(parameters, max_norm, *, limit=True):
    norm = math.sqrt(sum(one.grad.square().sum().item() for one in parameters))
    for one in parameters:
        one.grad *= min(1.0, max_norm / norm) if limit else max_norm / norm


def clip_each(parameters, max_norm):
    for one in parameters:
        clip_norm(one, max_norm)


def clip_weights(parameters, max_norm):
    parameters = list(parameters)
    norm = math.sqrt(sum(one.square().sum().item() for one in parameters))
    for one in parameters:
        one.data *= min(1.0, max_norm / norm)


def stepping_by_grad(model, optimizer, x, y, max_norm):
    loss = nn.functional.mse_loss(model(x), y)
    parameters = list(model.parameters())
    for one, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        one.grad = gradient
    clip_norm(parameters, max_norm, foreach=False)
    optimizer.step()
    return loss


def back_by_autograd(delta, h_t, before, W_h):
    state, weight = torch.tensor([before, W_h], dtype=torch.float64).requires_grad_().unbind()
    a = weight * state + math.atanh(h_t) - before * W_h
    return torch.autograd.grad(delta * torch.tanh(a), (weight, state))


def detached_with_the_state(rnn, x, k):
    """Cuts what is left of x off as well."""
    h, outs = None, []
    while x.shape[1]:
        out, h = rnn(x[:, :k], h)
        outs.append(out)
        h, x = h.detach(), x[:, k:].detach()
    return torch.cat(outs, dim=1)


def stepping_where_shapes_agree(model, optimizer, x, y, max_norm):
    assert model(x).shape == y.shape, "or the difference of each with each would be taken"
    return stepping(clip=clip_norm)(model, optimizer, x, y, max_norm)


def as_tensors(answer):
    """An answer that makes a tensor of each list that it is given."""
    return lambda gradients, max_norm: answer([torch.tensor(one) for one in gradients], max_norm)


RIGHT = [
    ("clip", as_tensors(clip)),
    ("clip", as_tensors(clip_with_pytorch)),
    ("clip", as_tensors(clip_in_place)),
    ("clip", as_tensors(clip_in_numpy)),
    ("clip", as_tensors(clip_one_by_one)),
    ("clip", as_tensors(in_float64(clip))),
    ("input-gradients", by_autograd),
    ("input-gradients", in_arrays),
    ("numeric-gradient", lambda function, at, eps=1e-6: np.float64(function(at + eps) - function(at - eps)) / 2 / eps),
    ("long-sentence", lambda factor, share: np.int64(np.argmax(factor ** np.arange(9000) < share)), np.int64(21)),
    ("truncated", run_truncated),
    ("truncated", step_by_step),
    ("truncated", run_by_slices),
    ("truncated", run_with_data),
    ("truncated", run_by_weights),
    ("truncated", run_recursively),
    ("truncated", in_float64(run_truncated)),
    ("bug", stepping(clip=clip_norm)),
    ("bug", stepping(clip=clip_norm, clear="last")),
    ("bug", stepping(clip=clip_by_hand)),
    ("bug", stepping_by_grad),
    ("bug", stepping_where_shapes_agree),
    ("bug", stepping(clip=clip_norm, give=lambda loss: loss)),
    ("bug", stepping(clip=clip_norm, give=lambda loss: loss.numpy())),
    ("turn", lambda *given: np.array(back_by_autograd(*given))),
    ("turn", lambda *given: torch.stack(back_by_autograd(*given))),
    ("turn", back_by_autograd),
]

WRONG = [
    ("clip", "come back as zeros", as_tensors(divide_by_the_norm)),
    ("clip", "one list for each that it got: 2, not 10", as_tensors(lambda gs, most: torch.cat(clip(gs, most)))),
    ("truncated", "across a chunk's border", lambda rnn, x, k: run_truncated(rnn, x, k, state=lambda h: h)),
    ("truncated", "starts from zeros", lambda rnn, x, k: run_truncated(rnn, x, k, state=lambda h: None)),
    ("truncated", "no gradient at all", lambda rnn, x, k: run_truncated(rnn, x, k, out_of=lambda out: out.detach())),
    ("truncated", "no gradient at all", in_numpy(run_truncated)),
    ("truncated", "detach the state", lambda rnn, x, k: run_truncated(rnn, x, k, x_of=lambda x: x.detach())),
    ("truncated", "cut within a chunk", lambda rnn, x, k: step_by_step(rnn, x, 1)),
    ("truncated", "last chunk alone", last_chunk),
    ("truncated", "the last chunk may be shorter", full_chunks_only),
    ("truncated", "from which state does it start", lambda rnn, x, k: run_truncated(
        rnn, x, k, state=lambda h: -h.detach())),
    ("truncated", "not the last state", lambda rnn, x, k: rnn(x)[1][0]),
    ("truncated", "batch and time are swapped", lambda *given: run_truncated(*given).transpose(0, 1)),
    ("truncated", "that is a state", lambda rnn, x, k: rnn(x)[1]),
    ("truncated", "in the wrong order", lambda *given: run_truncated(*given).flip(1)),
    ("truncated", "read from the end", lambda rnn, x, k: run_truncated(rnn, x.flip(1), k)),
    ("truncated", "no gradient of step 10 reaches x", detached_with_the_state),
    ("bug", "no gradient was clipped", stepping(before=clip_norm)),
    ("bug", "no gradient was clipped", stepping(after=clip_norm)),
    ("bug", "no gradient was clipped", stepping()),
    ("bug", "has not moved", stepping(clip=clip_norm, clear="between")),
    ("bug", "by itself", stepping(clip=nn.utils.clip_grad_value_)),
    ("bug", "by its own norm", stepping(clip=clip_each)),
    ("bug", "made larger", stepping(clip=lambda parameters, max_norm: clip_by_hand(parameters, max_norm, limit=False))),
    ("bug", "the weights were clipped", stepping(after=clip_weights)),
    ("bug", "the step before are still in it", stepping(clip=clip_norm, clear="never")),
    ("bug", "no gradient was clipped", stepping(clear="never")),
    ("bug", "before the step", stepping(clip=clip_norm, give=lambda loss: loss / 2)),
    ("bug", "print the joint norm", stepping(clip=lambda parameters, max_norm: clip_norm(parameters, 2 * max_norm))),
    ("bug", "what train_step returns has shape (5,)", stepping(clip=clip_norm, give=lambda loss: loss.expand(5))),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def in_chunks(cut, join, state=lambda out, h: h.detach()):
    def run_truncated(rnn, x, m):
        h, outs = None, []
        for chunk in cut(x, m):
            out, h = rnn(chunk, h)
            h = state(out, h)
            outs.append(out)
        return join(outs)
    return run_truncated


def along_time(outs):
    return torch.cat(outs, dim=1)


WRONG += [
    ("truncated", "as the layer gave it back",
     in_chunks(lambda x, m: x.split(m, dim=1), along_time, lambda out, h: out[:, -1].detach())),
    ("truncated", "the chunks follow one another", in_chunks(lambda x, m: x.split(m, dim=1), torch.cat)),
    ("truncated", "the chunks do not have 4 steps", in_chunks(lambda x, m: x.chunk(m, dim=1), along_time)),
    ("truncated", "does .detach() or no_grad() reach", torch.no_grad()(
        in_chunks(lambda x, m: x.split(m, dim=1), along_time))),
]

"""Checks of the exercises of this chapter."""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from . import call, exercises_of, expect_close, expect_tensor, fail, tensor

exercise = exercises_of(__name__)
CLASSES = torch.tensor([0, 1, 1, 0, 1, 0])


@exercise("trend")
def _check_trend(trend_data):
    x, y = _pair(call(trend_data, name="trend_data"), "trend_data")
    x = expect_tensor(x, (4, 5, 1), "x", "(batch, seq_len, input_size)", {
        (4, 5): "The last axis, input_size, is missing: unsqueeze(-1) adds it",
        (5, 4, 1): "Batch and time look swapped: one row per sequence",
        (1, 4, 5): "The axis of size 1 belongs at the end: it is input_size",
        (2, 5, 1): "Two rising and two falling make four sequences"})
    _expect_float(x)
    y = _expect_classes(y, (4,))
    if sorted(y.tolist()) != [0, 0, 1, 1]:
        fail(f"y should hold each class twice, but it is {y.tolist()}")
    for row, (values, label) in enumerate(zip(x[:, :, 0], y.tolist(), strict=True)):
        steps = values.diff() if label == 1 else -values.diff()
        if (steps > 0).all():
            continue
        if (steps < 0).all():
            fail(f"sequence {row} is labelled {label} but goes the other way. Are the classes swapped?")
        fail(f"sequence {row} is labelled {label}, but along axis 1 (time) it does not move that way "
             f"at every step: {[round(value, 4) for value in values.tolist()]}")
    rising, falling = (sorted(sorted(values) for values in x[y == label, :, 0].tolist()) for label in (1, 0))
    if not torch.allclose(torch.tensor(rising), torch.tensor(falling)):
        fail("order is not the only difference: with the values of each sequence sorted, the two classes still differ. "
             "A rule that ignores order (a mean, one value) could tell them apart")
    return "Right: the same values in both classes, so only order is left."


@exercise("mean")
def _check_mean(mean_logits):
    for batch, seq_len, classes in ((3, 7, 2), (4, 4, 3), (1, 6, 2)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(batch)
            rnn, head = nn.RNN(2, 5, batch_first=True), nn.Linear(5, classes)
            x = torch.randn(batch, seq_len, 2)
            out, _ = rnn(x)
        got = call(mean_logits, rnn, head, x.clone(), name="mean_logits", hints={
            "'tuple' object": "A layer returns two things: its outputs, and its last state",
            "cannot be multiplied": "The head reads states, hidden_size numbers on the last axis. What does it get "
                                    "from "
                                    "you?"})
        got = expect_tensor(got, (batch, classes), "the result", "(batch, classes)", {
            (seq_len, classes): "One row per step is left: the mean went over the batch, not over time",
            (batch, seq_len, classes): "The time axis is still there: take the mean over the steps",
            (batch, 5): "These are states. The head has not read them yet",
            (batch,): "These look like classes. Logits are asked for, one for each class",
            (batch, 1, classes): "The time axis is still there, with size 1: keepdim keeps it",
            (1, batch, classes): "h_n has an extra first axis, num_layers; and is it the mean?"})
        of_inputs = x.mean(dim=1, keepdim=True)
        causes = {"the mean of the inputs was read, and that forgets the order. Let the layer read every step, and "
                  "take the mean of its states": head(rnn(of_inputs)[0][:, -1]),
                  "the mean of the inputs was read, once for every step. Take the mean of the states":
                      head(rnn(of_inputs.expand_as(x))[0][:, -1]),
                  "the mean of the inputs was read, and the batch was taken for the steps of one sequence. Take the "
                  "mean "
                  "of the states": head(rnn(x.mean(dim=1))[0]),
                  "it is the largest state over the steps, not the mean": head(out.amax(dim=1)),
                  "the first state is left out": head(out[:, 1:].mean(dim=1)),
                  "the last state is left out": head(out[:, :-1].mean(dim=1)),
                  "it is what the head says of the last state alone": head(out[:, -1]),
                  "it is the sum over the steps, not the mean": head(out.sum(dim=1)),
                  "it is what the head says of the first state alone": head(out[:, 0]),
                  "it is softmax of the logits. The loss wants the logits": head(out.mean(dim=1)).softmax(dim=1),
                  "it is the logarithm of softmax of the logits. The loss wants the logits":
                      head(out.mean(dim=1)).log_softmax(dim=1)}
        if batch == seq_len:
            causes["the mean went over axis 0, the batch; time is axis 1"] = head(out.mean(dim=0))
        expect_close(got, head(out.mean(dim=1)), "the result", causes,
                     "Take a single sequence of three steps: what you return should be the mean of what the head says "
                     "of its three states")
    return "Right: all states count, and the shape is the same as before."


@exercise("long")
def _check_long(first_step_task):
    n, seq_len = 400, 6
    x, y = _pair(call(first_step_task, n, seq_len, 1, name="first_step_task"), "first_step_task")
    x = expect_tensor(x, (n, seq_len, 1), "x", "(n, seq_len, 1)", {
        (n, seq_len): "The last axis, input_size, is missing: unsqueeze(-1) adds it",
        (seq_len, n, 1): "Batch and time look swapped",
        (n, seq_len + 1, 1): "There is one step too many: the first step is one of the seq_len"})
    _expect_float(x)
    y = _expect_classes(y, (n,))
    if set(y.tolist()) != {0, 1} or not 0.35 < y.float().mean() < 0.65:
        fail("the classes should be 0 and 1, at random and about equally often")
    if (y[: n // 2] == y[n // 2:]).all() or (y.diff() != 0).all() or (y.diff() != 0).sum() < 20:
        fail("y follows a pattern: draw the classes at random")
    sign = 2.0 * y - 1
    if torch.equal(x[:, 0, 0], -sign):
        fail("the first step has the wrong sign: 1.0 belongs to class 1")
    if torch.equal(x[:, -1, 0], sign) and not torch.equal(x[:, 0, 0], sign):
        fail("the class stands at the last step, not at the first: axis 1 is time, and 0 is its first index")
    if not torch.equal(x[:, 0, 0], sign):
        fail("the first step should be exactly 1.0 or -1.0, by class. Is noise added to it, or the 0 of class 0 kept?")
    later = x[:, 1:, 0]
    if (later.std(dim=0) < 1e-6).any():
        fail("along axis 1 (time) some later step is the same for every sequence: it should be noise")
    if (later.std(dim=1) < 1e-6).any():
        fail("the later steps of one sequence are all equal: draw noise for each step")
    gap = (later[y == 1].mean(dim=0) - later[y == 0].mean(dim=0)).abs()
    if (gap > 0.5).any():
        fail(f"step {int(gap.argmax()) + 1} tells the classes apart: only step 0 should")
    if later.mean().abs() > 0.15 or (later.std() - 1).abs() > 0.15:
        fail(f"the noise has mean {later.mean():.2f} and standard deviation {later.std():.2f}: torch.randn gives "
             "about 0 and 1, torch.rand does not")
    again, _ = _pair(call(first_step_task, n, seq_len, 1, name="first_step_task"), "first_step_task")
    other, _ = _pair(call(first_step_task, n, seq_len, 2, name="first_step_task"), "first_step_task")
    if not torch.equal(again, x):
        fail("the same seed gave other data the second time: give the seed to a generator, and the generator to "
             "every random function")
    if torch.equal(other, x):
        fail("another seed gave the same data: is the argument seed used?")
    long_x, _ = _pair(call(first_step_task, 3, 40, 1, name="first_step_task"), "first_step_task")
    expect_tensor(long_x, (3, 40, 1), "x for first_step_task(3, 40, 1)", "(n, seq_len, 1)")
    return "Right: only the first step knows, and everything after it is noise."


def _pair(result, name):
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        fail(f"{name} should return two tensors, x and y, but it returns {type(result).__name__}")
    return tensor(result[0], "x"), tensor(result[1], "y")


def _expect_float(x):
    if x.dtype != torch.float32:
        fail(f"x holds {x.dtype}, but the layer's weights are float32. "
             + ("float() converts" if x.is_floating_point() else "Write 1.0 for 1"))


def _expect_classes(y, shape):
    y = expect_tensor(y, shape, "y", "(batch,)", {(*shape, 1): "Class numbers need no last axis"})
    if y.dtype != torch.int64:
        fail(f"y holds {y.dtype}: class numbers are int64, which is what torch.tensor makes of whole numbers")
    return y


# --- find the bug -----------------------------------------------------------------------------------------------------

def _learnt(batches, lr, *, clear="before", shrink=1, loss_of=F.cross_entropy):
    """The weight and the bias of a linear net after a step for each batch, and the losses; keywords plant mistakes."""
    weights = list(_linear().parameters())
    total, losses = [torch.zeros_like(weight) for weight in weights], []
    for x, y in batches:
        loss = loss_of(x.flatten(1) @ weights[0].T + weights[1], y)
        gradients = torch.autograd.grad(loss / shrink, weights)
        total = [(0 if clear == "before" else before) + new for before, new in zip(total, gradients, strict=True)]
        with torch.no_grad():
            for weight, gradient in zip(weights, total, strict=True):
                weight.sub_(lr * (0 if clear == "between" else gradient))
                if clear == "weights":
                    weight.zero_()
        losses.append(loss.detach())
    return torch.cat([weight.detach().flatten() for weight in weights]), torch.stack(losses)


def _linear():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return nn.Linear(3, 2).double()


@exercise("bug")
def _check_learn(learn):
    generator = torch.Generator().manual_seed(1)
    x, y = torch.randn(6, 3, generator=generator, dtype=torch.float64), torch.tensor([0, 1, 1, 0, 1, 0])
    for steps, lr in ((1, 0.5), (5, 0.5), (4, 2.0)):
        model = _linear()
        losses = call(learn, model, torch.optim.SGD(model.parameters(), lr=lr), x.clone(), y.clone(), steps,
                      name="learn", hints={"does not require grad": "Is the loss still tied to the weights, when "
                                                                    "backward is called?"})
        weights = torch.cat([weight.detach().flatten() for weight in model.parameters()])
        given = [(x, y)] * steps, lr
        name = f"what the net weighs after {steps} step{'s' * (steps > 1)}"
        expect_close(weights, _learnt(*given)[0], name, {
            "it has not moved. When does the optimizer look, and what lies in .grad at that moment?":
                _learnt(*given, clear="between")[0],
            "each step goes along the sum of all gradients so far, not along that of its own loss":
                _learnt(*given, clear="never")[0],
            "the loss is divided, which makes the steps smaller; and each still goes along the sum of all gradients":
                _learnt(*given, clear="never", shrink=steps)[0],
            "the steps are too small: by what is the loss divided?": _learnt(*given, shrink=steps)[0],
            "it is all zeros. What should be thrown away, the weights or their gradients?":
                _learnt(*given, clear="weights")[0],
            "it took one step, whatever `steps` is": _learnt([(x, y)], lr)[0],
            "it took each step twice": _learnt([(x, y)] * 2 * steps, lr)[0],
        }, "Let it take two steps and work out the second by hand: from which loss must its gradient come, and from "
           "that alone?" if steps > 1 else "Work out one step by hand: each weight moves by the rate of the "
                                           "optimizer that "
           "is given times the gradient of this loss, and by nothing else")
        losses = expect_tensor(losses, (steps,), "what learn returns", "one loss for each step",
                               {(): "That is one loss: return those of all steps"})
        expect_close(losses, _learnt(*given)[1], "what learn returns", {
            "that is the same loss at every step: compute it inside the loop": _learnt(*given)[1][:1].expand(steps),
        }, "Each loss is the one before its step, as the given code has it")
    return "Each step follows the gradient of its own loss."


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _check_turn(train_step):
    some, y = torch.randn(6, 3, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64), CLASSES
    lr, batches, steps = 0.5, [], []
    model = nn.Sequential(nn.Flatten(), _linear().float())
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    optimizer.register_step_pre_hook(lambda *_: steps.append(1))
    for x in (some, some, 2 * some.flip(0)):
        batches.append((x, y))
        steps.clear()
        before, logits = copy.deepcopy(model).requires_grad_(False), model(x.float()).detach()
        loss = call(train_step, model, optimizer, x.float(), y.clone(), name="train_step", hints={
            "does not require grad": "Is the loss still tied to the weights, when backward is called?",
            "second time": "That loss was made, and used, before this call: make it anew from model, x and y",
            "xpected floating point": "The loss compares logits with class numbers. Are these still the logits?"})
        _explain_weights(model, before, len(steps), batches, lr)
        _explain_loss(loss, logits, model(x.float()), batches, lr)
    return "One step of training: as often as you call it, and on whatever batch."


def _explain_weights(model, before, steps, batches, lr):
    name = ("the first call", "the second call", "the third call")[len(batches) - 1]
    weights, old = (nn.utils.parameters_to_vector(one.parameters()).detach() for one in (model, before))
    if torch.equal(weights, old):
        there = any(weight.grad is not None and weight.grad.any() for weight in model.parameters())
        fail(f"{name} of train_step has left the weights as they were. " + (
            "There are gradients now. Who should have used them, and when?" if there else
            "What lies in .grad at the moment when the optimizer looks?" if steps else
            "Which of the parts changes the weights, and what must be there for it?"))
    name, want = f"what the net weighs after {name} of train_step", _learnt(batches, lr)[0]
    if not torch.allclose(weights.double(), want, atol=1e-4) and steps != 1:
        fail(f"{name} is not right: " + (f"the optimizer took {steps} steps in one call" if steps else
                                         "the weights were changed, but not by the optimizer that is given"))
    softmax_first = _learnt(batches, lr, loss_of=lambda logits, y: F.cross_entropy(logits.softmax(dim=1), y))[0]
    expect_close(weights, want, name, {
        "the last step went along the sum of all gradients so far, not along that of its own loss":
            _learnt(batches, lr, clear="never")[0],
        "it has gone up the hill: what is minimised?": _learnt(batches, lr, shrink=-1)[0],
        "the steps are too small: by what is the loss divided?": _learnt(batches, lr, shrink=len(batches[0][1]))[0],
        "the loss is the sum over the batch, so that the step depends on how many sequences there are. Take their mean":
            _learnt(batches, lr, shrink=1 / len(batches[0][1]))[0],
        "softmax was applied before the loss, which applies it itself": softmax_first,
    }, "Compute one step by hand, on a batch of one sequence: the loss of these logits, its gradient and nothing else, "
       "and one step of the optimizer")


def _explain_loss(loss, logits, after, batches, lr):
    wanted = "the loss before the step, one number"
    if isinstance(loss, (tuple, list)) and len(loss) > 1:
        fail(f"train_step should return {wanted}, but it returns a {type(loss).__name__} of {len(loss)} things")
    loss = tensor(loss, "what train_step returns")
    loss = expect_tensor(loss.reshape(()) if loss.numel() == 1 else loss, (), "what train_step returns", wanted, {
        (len(batches[0][1]), 2): "These are logits",
        (len(batches[0][1]),): "That is one number for each sequence"})
    right, y = _learnt(batches, lr)[1], batches[-1][1]
    expect_close(loss, right[-1], "what train_step returns", {
        "it is the loss after the step. Return the one that the step started from": F.cross_entropy(after, y),
        "it is the sum over the batch. The weights went along the mean": right[-1] * len(y),
        "it is the accuracy": (logits.argmax(dim=1) == y).double().mean(),
    }, "It is the cross-entropy of model(x) and y, before the weights change")

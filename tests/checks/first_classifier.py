"""Answers to the exercises of this chapter: right ones by several routes, and the wrong ones that people give."""

import math

import numpy as np
import torch
from forms import in_float64, in_lists, in_numpy, of_tensors
from torch import nn
from torch.nn import functional as F

CLASSES = torch.tensor([1, 0, 1, 0])
OF_SIX = torch.tensor([0, 1, 1, 0, 1, 0])     # those that the check of `turn` gives
LEVELS = torch.tensor([[1.0, 1.2, 1.3, 1.1, 1.0], [-1.0, -1.1, -1.3, -0.9, -1.2],
                       [0.8, 0.7, 1.0, 0.9, 1.1], [-0.6, -0.7, -0.9, -1.0, -0.8]]).unsqueeze(-1)
RISING = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0], [-3.0, 0.0, 0.5, 0.6, 9.0]])


def trend(x=None, y=CLASSES):
    x = torch.stack([RISING[0], RISING[0].flip(0), RISING[1], RISING[1].flip(0)]).unsqueeze(-1) if x is None else x
    return lambda: (x, y)


GOOD = trend()()[0]


def by_list():
    up = [0.1, 0.2, 0.3, 0.4, 0.5]
    down = up[::-1]
    return torch.tensor([[[v] for v in row] for row in (down, up, up, down)]), torch.LongTensor([0, 1, 1, 0])


def mean_by_sum(rnn, head, x):
    return head(rnn(x)[0].sum(dim=1) / x.shape[1])


def mean_of_logits(rnn, head, x):
    """A linear head and a mean may change places."""
    return head(rnn(x)[0]).mean(dim=1)


def mean_with_a_loop(rnn, head, x):
    h, total = None, 0
    for t in range(x.shape[1]):
        step, h = rnn(x[:, t:t + 1], h)
        total = total + step[:, 0]
    return head(total / x.shape[1])


def loss_with_the_largest_out(logits, y):
    z = logits - logits.max(dim=1, keepdim=True).values
    return (z.exp().sum(dim=1).log() - z[range(len(y)), y]).mean()


def loss_with_log_softmax(logits, y):
    return -torch.log_softmax(logits, 1).gather(1, y[:, None]).sum() / len(y)


def loss_in_numpy(logits, y):
    z = logits.numpy() - logits.numpy().max(axis=1, keepdims=True)
    return -np.mean(z[np.arange(len(y)), y.numpy()] - np.log(np.exp(z).sum(axis=1)))


def loss_one_by_one(logits, y):
    losses = [row.logsumexp(0) - row[label] for row, label in zip(logits, y, strict=True)]
    return [sum(losses) / len(losses)]


def loss_in_place(logits, y):
    logits -= logits.amax(dim=1, keepdim=True)
    logits -= logits.exp().sum(dim=1, keepdim=True).log()
    return -logits[range(len(y)), y].mean()


def loss_by_one_hot(logits, y):
    return -(F.one_hot(y, logits.shape[1]) * logits.log_softmax(dim=1)).sum(dim=1).mean(dim=0, keepdim=True)


def loss_naive(logits, y, of=lambda p: p.log(), finish=torch.mean, dim=1):
    """The logarithm of the right class's softmax; the options make mistakes."""
    return -finish(of(logits.softmax(dim=dim))[torch.arange(len(y)), y])


def first_step_task(n, seq_len, seed, change=lambda x, y: (x, y), noise=torch.randn):
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 2, (n,), generator=generator)
    x = noise(n, seq_len, 1, generator=generator)
    x[:, 0, 0] = 2.0 * y - 1
    return change(x, y)


def with_manual_seed(n, seq_len, seed):
    torch.manual_seed(seed)
    y = (torch.rand(n) > 0.5).long()
    return torch.cat([torch.where(y == 1, 1.0, -1.0)[:, None], torch.randn(n, seq_len - 1)], dim=1)[..., None], y


def changed(change):
    return lambda n, seq_len, seed: first_step_task(n, seq_len, seed, change)


def set_(tensor, index, value):
    tensor = tensor.clone()
    tensor[index] = value
    return tensor


def halves(n, seq_len, seed):
    """Class 1 first, then class 0: not random."""
    y = torch.tensor([1] * (n // 2) + [0] * (n - n // 2))
    x = torch.randn(n, seq_len, 1, generator=torch.Generator().manual_seed(seed))
    x[:, 0, 0] = 2.0 * y - 1
    return x, y


def trend_in_lists(number=float):
    rows = [[number(value) for value in row] for row in ((1, 2, 3, 4, 5), (-3, 0, 1, 2, 9))]
    rows += [row[::-1] for row in rows]
    return [[[value] for value in row] for row in rows], (1, 1, 0, 0)


def trend_in_numpy():
    rising = np.array([[0.0, 0.5, 1.0, 1.5, 2.0], [1.0, 1.5, 2.0, 4.0, 8.0]], dtype=np.float32)
    return np.concatenate([rising[:, ::-1], rising])[..., None], np.array([0, 0, 1, 1])


def trend_of_rows():
    up = [torch.linspace(0, 1, 5)[:, None], torch.linspace(-1, 2, 5)[:, None]]
    return [up[0], up[1].flip(0), up[1], up[0].flip(0)], [torch.tensor(label) for label in (1, 0, 1, 0)]


def trend_by_sorting():
    values = torch.randn(2, 5, 1).sort(dim=1).values
    return torch.cat([values, values.flip(1)]), torch.arange(4) // 2 == 0


def task_in_numpy(n, seq_len, seed):
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, n)
    x = random.standard_normal((n, seq_len, 1)).astype(np.float32)
    x[:, 0, 0] = np.where(y == 1, 1.0, -1.0)
    return x, y


def task_row_by_row(n, seq_len, seed):
    generator = torch.Generator().manual_seed(seed)
    x, y = [], []
    for _ in range(n):
        y.append(torch.randint(2, (), generator=generator))
        x.append(torch.cat([2.0 * y[-1].reshape(1, 1) - 1, torch.randn(seq_len - 1, 1, generator=generator)]))
    return x, y


def task_in_lists(n, seq_len, seed):
    x, y = first_step_task(n, seq_len, seed)
    return x.tolist(), y.tolist()


def task_without_the_generator(n, seq_len, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        y = torch.bernoulli(torch.full((n,), 0.5)).long()
        return torch.cat([(2.0 * y - 1)[:, None, None], torch.randn(n, seq_len - 1, 1)], dim=1), y


FLOOR = math.log(math.e + 9) - 1


def mean(rnn, head, x):
    return head(rnn(x)[0].mean(dim=1))


def learning(*, first=None, before=None, between=None, after=None, scale=lambda loss, steps: loss, keep=float):
    """The loop of the last exercise, in which each keyword says what is done at one place."""
    def learn(model, optimizer, x, y, steps):
        losses = []
        if first:
            first(model, optimizer)
        for _ in range(steps):
            loss = F.cross_entropy(model(x), y)
            if before:
                before(model, optimizer)
            scale(loss, steps).backward()
            if between:
                between(model, optimizer)
            optimizer.step()
            if after:
                after(model, optimizer)
            losses.append(keep(loss.detach()))
        return losses
    return learn


def zero_grad(model, optimizer):
    optimizer.zero_grad()


def zero_each(model, optimizer):
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.zero_()


def zero_weights(model, optimizer):
    for parameter in model.parameters():
        parameter.data.zero_()


def learn_in_a_tensor(model, optimizer, x, y, steps):
    losses = torch.zeros(steps)
    for step in range(steps):
        optimizer.zero_grad(set_to_none=False)
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses[step] = loss.item()
    return losses


def learn_frozen(model, optimizer, x, y, steps):
    return [F.cross_entropy(model(x).detach(), y).backward()]


def learn_once(model, optimizer, x, y, steps):
    return steps * learning(before=zero_grad)(model, optimizer, x, y, 1)


def only_the_last_loss(model, optimizer, x, y, steps):
    return learning(before=zero_grad)(model, optimizer, x, y, steps)[-1]


def stepping(*, first=None, between=None, after=None, loss_of=F.cross_entropy, scale=1, give=lambda loss, logits: loss):
    """One step of training, in which each keyword says what is done at one place."""
    def train_step(model, optimizer, x, y):
        if first:
            first(model, optimizer)
        logits = model(x)
        loss = loss_of(logits, y)
        (scale * loss).backward()
        if between:
            between(model, optimizer)
        optimizer.step()
        if after:
            after(model, optimizer)
        return give(loss, logits)
    return train_step


def step_by_closure(model, optimizer, x, y):
    def closure():
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), y)
        loss.backward()
        return loss
    return optimizer.step(closure)


def step_by_autograd(model, optimizer, x, y):
    loss = F.nll_loss(model(x).log_softmax(dim=-1), y)
    parameters = list(model.parameters())
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()
    return loss.item()


def step_by_hand(model, optimizer, x, y):
    """What SGD does, with its rate."""
    model.zero_grad()
    loss = F.cross_entropy(model(x), y)
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss


def step_too_early(model, optimizer, x, y):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    optimizer.step()
    loss.backward()
    return loss


def no_backward(model, optimizer, x, y):
    loss = F.cross_entropy(model(x), y)
    optimizer.step()
    return loss


def nothing_moves(model, optimizer, x, y):
    return F.cross_entropy(model(x), y)


def no_step(model, optimizer, x, y):
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    return loss


def an_optimizer_of_its_own(model, optimizer, x, y):
    return stepping(first=zero_grad)(model, torch.optim.Adam(model.parameters(), lr=0.05), x, y)


def a_hundred_epochs(model, optimizer, x, y):
    for _ in range(100):
        loss = stepping(first=zero_grad)(model, optimizer, x, y)
    return loss


def of_what_is_predicted(model, optimizer, x, y):
    return stepping(loss_of=lambda logits, y: F.cross_entropy(logits.argmax(dim=1), y))(model, optimizer, x, y)


def of_a_loss_made_before():
    weight = torch.ones(1, 2, requires_grad=True)
    loss = F.cross_entropy(2 * weight, torch.tensor([0])).square()
    loss.backward()

    def train_step(model, optimizer, x, y):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss
    return train_step


def the_loss_afterwards(model, optimizer, x, y):
    stepping(first=zero_grad)(model, optimizer, x, y)
    return F.cross_entropy(model(x), y)


def accuracy(logits):
    return (logits.argmax(dim=1) == OF_SIX).float().mean()


def twice_softmax(logits, y):
    return F.cross_entropy(logits.softmax(dim=1), y)


def the_first_loss_for_all(model, optimizer, x, y, steps):
    return steps * learning(before=zero_grad)(model, optimizer, x, y, steps)[:1]


def loss_after_the_step(model, optimizer, x, y, steps):
    losses = []
    for _ in range(steps):
        learning(before=zero_grad)(model, optimizer, x, y, 1)
        losses.append(F.cross_entropy(model(x), y).item())
    return losses


def on_the_first_batch():
    """Trains on what it was given first, as it does with the notebook's names in place of its own."""
    kept = []

    def train_step(model, optimizer, x, y):
        kept.append((x, y))
        return stepping(first=zero_grad)(model, optimizer, *kept[0])
    return train_step


RIGHT = [
    ("loss", of_tensors(loss_with_the_largest_out), FLOOR),
    ("loss", of_tensors(loss_with_log_softmax), F.cross_entropy(torch.eye(10), torch.arange(10))),
    ("loss", of_tensors(loss_in_numpy), np.float64(FLOOR)),
    ("loss", of_tensors(loss_one_by_one), [FLOOR]),
    ("loss", of_tensors(loss_in_place), round(FLOOR, 4)),
    ("loss", of_tensors(loss_by_one_hot), torch.tensor([FLOOR])),
    ("trend", trend()),
    ("trend", by_list),
    ("trend", trend_in_lists),
    ("trend", trend_in_numpy),
    ("trend", trend_of_rows),
    ("trend", lambda: list(trend()())),
    ("mean", mean),
    ("mean", mean_by_sum),
    ("mean", mean_of_logits),
    ("mean", mean_with_a_loop),
    ("mean", in_float64(mean)),
    ("mean", lambda rnn, head, x: list(mean(rnn, head, x))),
    ("mean", in_numpy(mean)),
    ("mean", in_lists(mean)),
    ("long", first_step_task),
    ("long", with_manual_seed),
    ("long", task_in_numpy),
    ("long", task_row_by_row),
    ("long", task_in_lists),
    ("long", task_without_the_generator),
    ("bug", learning(before=zero_grad)),
    ("bug", learning(after=zero_grad)),
    ("bug", learning(before=lambda model, optimizer: model.zero_grad())),
    ("bug", learning(before=zero_each)),
    ("bug", learn_in_a_tensor),
    ("bug", learning(before=zero_grad, keep=np.float64)),
    ("bug", learning(before=zero_grad, keep=lambda loss: loss)),
    ("turn", stepping(first=zero_grad)),
    ("turn", stepping(after=zero_grad, give=lambda loss, logits: loss.item())),
    ("turn", stepping(first=lambda model, optimizer: model.zero_grad(set_to_none=False))),
    ("turn", stepping(first=zero_each, give=lambda loss, logits: loss.detach().numpy())),
    ("turn", stepping(first=zero_grad, loss_of=lambda logits, y: F.cross_entropy(logits, F.one_hot(y, 2).float()))),
    ("turn", stepping(first=zero_grad, give=lambda loss, logits: [loss.tolist()])),
    ("turn", step_by_closure),
    ("turn", step_by_autograd),
    ("turn", step_by_hand),
]

WRONG = [
    ("loss", "not a finite number", of_tensors(loss_naive), FLOOR),
    ("loss", "a small number added", of_tensors(lambda z, y: loss_naive(z, y, lambda p: (p + 1e-8).log())), FLOOR),
    ("loss", "a small number added", of_tensors(lambda z, y: loss_naive(z, y, lambda p: p.clamp(min=1e-12).log())),
     FLOOR),
    ("loss", "floor should be one number", of_tensors(loss_with_log_softmax), torch.zeros(3)),
    ("trend", "goes the other way", trend(y=1 - CLASSES)),
    ("trend", "does not move that way at every step", trend(LEVELS)),
    ("trend", "order is not the only difference", trend(set_(GOOD, 0, GOOD[0] + 1))),
    ("trend", "input_size, is missing", trend(GOOD.squeeze(-1))),
    ("trend", "look swapped", trend(GOOD.transpose(0, 1))),
    ("trend", "write 1.0 for 1", trend(GOOD.round().long())),
    ("trend", "write 1.0 for 1", lambda: trend_in_lists(int)),
    ("trend", "float() converts", trend(GOOD.double())),
    ("trend", "class numbers are int64", trend(y=CLASSES.float())),
    ("trend", "y holds torch.bool", trend_by_sorting),
    ("trend", "each class twice", trend(y=torch.tensor([1, 0, 0, 0]))),
    ("trend", "should return two tensors", lambda: GOOD),
    ("trend", "returns nothing yet", lambda: None),
    ("trend", "belongs at the end: it is input_size", trend(GOOD.squeeze(-1)[None])),
    ("trend", "make four sequences", trend(GOOD[:2])),
    ("mean", "last state alone", lambda rnn, head, x: head(rnn(x)[0][:, -1, :])),
    ("mean", "the mean of the inputs was read", lambda rnn, head, x: head(rnn(x.mean(dim=1, keepdim=True))[0][:, 0])),
    ("mean", "the mean of the inputs was read, once for every step",
     lambda rnn, head, x: head(rnn(x.mean(dim=1, keepdim=True).expand_as(x))[0][:, -1])),
    ("mean", "went over the batch", lambda rnn, head, x: head(rnn(x)[0].mean(dim=0))),
    ("mean", "time is axis 1", lambda rnn, head, x: head(rnn(x)[0].mean(dim=0 if len(x) == x.shape[1] else 1))),
    ("mean", "the sum over the steps", lambda rnn, head, x: head(rnn(x)[0].sum(dim=1))),
    ("mean", "the largest state", lambda rnn, head, x: head(rnn(x)[0].amax(dim=1))),
    ("mean", "the first state is left out", lambda rnn, head, x: head(rnn(x)[0][:, 1:].mean(dim=1))),
    ("mean", "time axis is still there", lambda rnn, head, x: head(rnn(x)[0])),
    ("mean", "head has not read them", lambda rnn, head, x: rnn(x)[0].mean(dim=1)),
    ("mean", "num_layers", lambda rnn, head, x: head(rnn(x)[1])),
    ("mean", "softmax of the logits", lambda rnn, head, x: mean(rnn, head, x).softmax(dim=1)),
    ("mean", "the mean of what the head says", lambda rnn, head, x: 2 * mean(rnn, head, x)),
    ("mean", "a layer returns two things", lambda rnn, head, x: head(rnn(x).mean(dim=1))),
    ("mean", "keepdim keeps it", lambda rnn, head, x: head(rnn(x)[0].mean(dim=1, keepdim=True))),
    ("mean", "the last state is left out", lambda rnn, head, x: head(rnn(x)[0][:, :-1].mean(dim=1))),
    ("mean", "the first state alone", lambda rnn, head, x: head(rnn(x)[0][:, 0])),
    ("long", "first step should be exactly", changed(lambda x, y: (set_(x, (slice(None), 0, 0), y.float()), y))),
    ("long", "wrong sign", changed(lambda x, y: (x, 1 - y))),
    ("long", "stands at the last step", changed(lambda x, y: (x.flip(1), y))),
    ("long", "input_size, is missing", changed(lambda x, y: (x.squeeze(-1), y))),
    ("long", "one step too many", lambda n, seq_len, seed: first_step_task(n, seq_len + 1, seed)),
    ("long", "no last axis", changed(lambda x, y: (x, y[:, None]))),
    ("long", "step 3 tells the classes apart", changed(lambda x, y: (set_(x, (slice(None), 3, 0), 2.0 * y), y))),
    ("long", "torch.rand does not", lambda n, seq_len, seed: first_step_task(n, seq_len, seed, noise=torch.rand)),
    ("long", "are all equal", changed(lambda x, y: (x[:, [0] + [1] * (x.shape[1] - 1)], y))),
    ("long", "same for every sequence", changed(lambda x, y: (set_(x, (slice(None), 2, 0), 0.0), y))),
    ("long", "same seed gave other data", lambda n, seq_len, seed: first_step_task(n, seq_len, torch.seed())),
    ("long", "is the argument seed used", lambda n, seq_len, seed: first_step_task(n, seq_len, 7)),
    ("long", "follows a pattern", lambda *sizes: halves(*sizes)),
    ("long", "batch and time look swapped", changed(lambda x, y: (x.transpose(0, 1), y))),
    ("long", "about equally often", changed(lambda x, y: (x, torch.ones_like(y)))),
    ("long", "about equally often", changed(lambda x, y: (x, torch.arange(len(y)) % 3 // 2))),
    ("long", "about equally often", changed(lambda x, y: (x, 2 * y - 1))),
    ("long", "x for first_step_task(3, 40, 1) has shape (3, 6, 1)",
     lambda n, seq_len, seed: first_step_task(n, 6, seed)),
    ("bug", "the sum of all gradients so far", learning()),
    ("bug", "the sum of all gradients so far", learning(first=zero_grad)),
    ("bug", "has not moved", learning(between=zero_grad)),
    ("bug", "the loss is divided", learning(scale=lambda loss, steps: loss / steps)),
    ("bug", "the steps are too small", learning(before=zero_grad, scale=lambda loss, steps: loss / steps)),
    ("bug", "the weights or their gradients", learning(after=zero_weights)),
    ("bug", "took one step", learn_once),
    ("bug", "tied to the weights", learn_frozen),
    ("bug", "return those of all steps", only_the_last_loss),
    ("bug", "work out one step by hand", learning(before=zero_grad, scale=lambda loss, steps: -loss)),
    ("bug", "each step twice", lambda *given: learning(before=zero_grad)(*given[:-1], 2 * given[-1])),
    ("bug", "the same loss at every step", the_first_loss_for_all),
    ("bug", "the one before its step", loss_after_the_step),
    ("turn", "the sum of all gradients so far", stepping()),
    ("turn", "what lies in .grad", stepping(between=zero_grad)),
    ("turn", "what lies in .grad", stepping(between=zero_each)),
    ("turn", "what lies in .grad", no_backward),
    ("turn", "who should have used them", step_too_early),
    ("turn", "who should have used them", no_step),
    ("turn", "which of the parts changes the weights", nothing_moves),
    ("turn", "not by the optimizer that is given", an_optimizer_of_its_own),
    ("turn", "100 steps in one call", a_hundred_epochs),
    ("turn", "up the hill", stepping(first=zero_grad, scale=-1)),
    ("turn", "by what is the loss divided", stepping(first=zero_grad, scale=1 / 6)),
    ("turn", "take their mean", stepping(
        first=zero_grad, loss_of=lambda logits, y: F.cross_entropy(logits, y, reduction="sum"))),
    ("turn", "applies it itself", stepping(first=zero_grad, loss_of=twice_softmax)),
    ("turn", "compute one step by hand", stepping(first=zero_grad, scale=2)),
    ("turn", "are these still the logits", of_what_is_predicted),
    ("turn", "tied to the weights", stepping(first=zero_grad, loss_of=lambda z, y: F.cross_entropy(z.detach(), y))),
    ("turn", "make it anew", of_a_loss_made_before()),
    ("turn", "the loss after the step", the_loss_afterwards),
    ("turn", "it is the sum over the batch", stepping(first=zero_grad, give=lambda loss, logits: 6 * loss)),
    ("turn", "it is the accuracy", stepping(first=zero_grad, give=lambda loss, logits: accuracy(logits))),
    ("turn", "these are logits", stepping(first=zero_grad, give=lambda loss, logits: logits)),
    ("turn", "one number for each sequence", stepping(first=zero_grad, give=lambda loss, logits: logits[:, 0])),
    ("turn", "a tuple of 2 things", stepping(first=zero_grad, give=lambda loss, logits: (logits, loss))),
    ("turn", "before the weights change", stepping(first=zero_grad, give=lambda loss, logits: 2 * loss)),
    ("turn", "returns nothing yet", stepping(first=zero_grad, give=lambda loss, logits: None)),
    ("turn", "after the third call of train_step is not right", on_the_first_batch()),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def one_loss_for_all_steps(model, optimizer, x, y, steps):
    loss = F.cross_entropy(model(x), y)
    for _ in range(steps):
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
    return [loss.item()] * steps


def over_classes(logits, y):
    return -(logits.log_softmax(dim=1) * F.one_hot(y, logits.shape[1])).mean()


WRONG += [
    ("mean", "what does it get from you", lambda rnn, head, x: head(rnn(x)[0].mean(dim=2))),
    ("mean", "taken for the steps of one sequence", lambda rnn, head, x: head(rnn(x.mean(dim=1))[0])),
    ("mean", "the logarithm of softmax", lambda rnn, head, x: head(rnn(x)[0].mean(dim=1)).log_softmax(dim=1)),
    ("mean", "look like classes", lambda rnn, head, x: head(rnn(x)[0].mean(dim=1)).argmax(dim=1)),
    ("mean", "a single sequence of three steps",
     lambda rnn, head, x: (head(rnn(x)[0][:, 0]) + head(rnn(x)[0][:, -1])) / 2),
    ("loss", "a mean over sequences and classes", of_tensors(over_classes), FLOOR),
    ("loss", "paired with every label", of_tensors(lambda z, y: -z.log_softmax(dim=1)[:, y].mean()), FLOOR),
    ("bug", "from which loss must its gradient come", one_loss_for_all_steps),
]

"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch (see tests/test_checks.py)."""

import numpy as np
import torch
from forms import of_tensors
from torch.nn import functional as F


def without(head, states, labels, units, digit):
    changed = states.clone()
    changed[:, units] = states[:, units].mean(dim=0)
    own = labels == digit
    return (head(changed)[own].argmax(dim=1) == digit).float().mean().item()


def without_by_a_mask(head, states, labels, units, digit):
    keep = torch.ones(states.shape[1])
    keep[units] = 0
    mixed = keep * states + (1 - keep) * states.mean(dim=0)
    said = head(mixed).argmax(dim=1)
    return ((said == digit) & (labels == digit)).sum() / (labels == digit).sum()


def without_in_a_loop(head, states, labels, units, digit):
    changed = states.clone()
    for unit in units:
        changed[:, unit] = changed[:, unit].mean()
    said = [int(head(state).argmax()) for state in changed]
    told = [name == digit for name, label in zip(said, labels.tolist(), strict=True) if label == digit]
    return sum(told) / len(told)


def without_in_numpy(head, states, labels, units, digit):
    x, weight, bias = states.numpy().copy(), head.weight.detach().numpy(), head.bias.detach().numpy()
    if units:
        x[:, units] = x[:, units].mean(axis=0, keepdims=True)
    said = (x @ weight.T + bias).argmax(axis=1)
    return np.mean(said[labels.numpy() == digit] == digit)


def without_by_columns(head, states, labels, units, digit):
    columns = [column.mean().expand(len(states)) if k in units else column for k, column in enumerate(states.T)]
    said = head(torch.stack(columns, dim=1)).max(dim=1).indices
    return [said[labels == digit].eq(digit).double().mean()]


def without_by_the_logits(head, states, labels, units, digit):
    """What the head adds for these units, taken out and put in again as its mean."""
    part = states[:, units] @ head.weight[:, units].T
    logits = head(states) - part + part.mean(dim=0)
    return torch.tensor([logits[k].argmax() == digit for k in torch.nonzero(labels == digit).flatten()]).float().mean()


def wrongly(value=None, rows=False, of=None, give=None):
    """Without these units, with a mistake: what they are set to, where, over which digits, what comes out."""
    def answer(head, states, labels, units, digit):
        changed = states.clone()
        if rows:
            changed[units] = states[units].mean(dim=0)
        else:
            changed[:, units] = states[:, units].mean(dim=0) if value is None else value(states, labels, units, digit)
        said, own = head(changed).argmax(dim=1), labels == digit
        if give:
            return give(said, own, digit)
        return (said == (labels if of else digit))[slice(None) if of else own].float().mean()
    return answer


def all_but_these(head, states, labels, units, digit):
    return without(head, states, labels, [k for k in range(states.shape[1]) if k not in units], digit)


def without_in_place(head, states, labels, units, digit):
    states[:, units] = states[:, units].mean(dim=0)
    return (head(states)[labels == digit].argmax(dim=1) == digit).float().mean()


def rows(layer, head, images, last=lambda logits: F.softmax(logits, dim=2)):
    out, _ = layer(images)
    return last(head(out))


def rows_one_by_one(layer, head, images):
    out = layer(images)[0]
    return torch.stack([head(out[:, k]).softmax(dim=1) for k in range(out.shape[1])], dim=1)


def rows_digit_by_digit(layer, head, images):
    return [head(layer(image)[0]).softmax(dim=1) for image in images]


def rows_by_hand(layer, head, images):
    scores = torch.exp(head(layer(images)[0]))
    return scores / scores.sum(dim=-1, keepdim=True)


def rows_cut_off(layer, head, images):
    """Each time from the beginning, with so many rows."""
    return torch.stack([torch.softmax(head(layer(images[:, :k])[0][:, -1]), -1)
                        for k in range(1, images.shape[1] + 1)], 1)


def rows_in_numpy(layer, head, images):
    logits = head(layer(images)[0]).detach().numpy()
    powers = np.exp(logits - logits.max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True)


RIGHT = [
    ("without", without),
    ("without", without_by_a_mask),
    ("without", without_in_a_loop),
    ("without", without_in_numpy),
    ("without", without_by_columns),
    ("without", without_by_the_logits),
    ("bug", rows),
    ("bug", rows_one_by_one),
    ("bug", rows_digit_by_digit),
    ("bug", rows_by_hand),
    ("bug", rows_cut_off),
    ("bug", rows_in_numpy),
    ("surer", of_tensors(lambda chances, right: chances.mean() - right.float().mean())),
    ("left-of", lambda gates, row: np.prod(gates[row:])),
    ("left-of", lambda gates, row: torch.tensor(gates)[row:].prod()),
    ("alarm", lambda chances, right, threshold: (
        np.mean(np.array(chances)[np.array(right)] < threshold),
        np.mean(np.array(chances)[~np.array(right)] >= threshold))),
    ("turn", lambda answers: int(np.flatnonzero(np.diff(answers, prepend=answers[0] - 1))[-1]) + 1),
]

WRONG = [
    ("without", "with all units as they are", wrongly(lambda states, labels, units, digit: states[:, units])),
    ("without", "set to 0", wrongly(lambda states, labels, units, digit: 0.0)),
    ("without", "over this digit alone",
     wrongly(lambda states, labels, units, digit: states[labels == digit][:, units].mean(dim=0))),
    ("without", "a mean of its own",
     wrongly(lambda states, labels, units, digit: states[:, units].mean() if units else 0.0)),
    ("without", "all units but these", all_but_these),
    ("without", "rows of the states are changed", wrongly(rows=True)),
    ("without", "over all digits", wrongly(of="labels")),
    ("without", "whatever the label is", wrongly(give=lambda said, own, digit: (said == digit).float().mean())),
    ("without", "misread", wrongly(give=lambda said, own, digit: (said[own] != digit).float().mean())),
    ("without", "percentages", lambda *given: 100 * without(*given)),
    ("without", "a count", wrongly(give=lambda said, own, digit: (said[own] == digit).sum())),
    ("without", "changes the states", without_in_place),
    ("without", "with no units it is the share", lambda *given: 0.123),
    ("without", "one number, a share", wrongly(give=lambda said, own, digit: said)),
    ("without", "returns nothing yet", lambda head, states, labels, units, digit: ...),
    ("bug", "over the rows of a digit", lambda *given: rows(*given, last=lambda logits: logits.softmax(dim=1))),
    ("bug", "over the digits", lambda *given: rows(*given, last=lambda logits: logits.softmax(dim=0))),
    ("bug", "these are logits", lambda *given: rows(*given, last=lambda logits: logits)),
    ("bug", "logarithms", lambda *given: rows(*given, last=lambda logits: logits.log_softmax(dim=2))),
    ("bug", "squashed by itself", lambda *given: rows(*given, last=torch.sigmoid)),
    ("bug", "all numbers of one digit together",
     lambda *given: rows(*given, last=lambda logits: logits.flatten(1).softmax(dim=1).view_as(logits))),
    ("bug", "one row alone", lambda *given: rows(*given)[:, -1]),
    ("bug", "one number a row", lambda *given: rows(*given).amax(dim=2)),
    ("bug", "those are the states", lambda layer, head, images: layer(images)[0]),
    ("bug", "take one digit and one row", lambda *given: rows(*given) + 0.1),
    ("bug", "returns nothing yet", lambda layer, head, images: ...),
]

"""What the tests of the chapters share: the loops, written out once more, that the chapters are compared with."""

import torch

from seqlab import Digits
from tools.course import find_all


def numbers(text: str) -> list[float]:
    """Every number in a text, at least one."""
    return [float(number) for number in find_all(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?(?!\w)", text)]


def verdicts(text: str) -> list[bool]:
    """Every True and False in a text, at least one."""
    return [word == "True" for word in find_all(r"\b(True|False)\b", text)]


def trained_by_hand(optimizer: torch.optim.Optimizer, loss_of, batches, max_norm=float("inf")) -> list[float]:
    """The losses of a training that computes each batch's gradients anew, so that nothing can pile up."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    losses = []
    for batch in batches:
        loss = loss_of(*batch)
        gradients = torch.autograd.grad(loss, parameters)
        norm = sum(gradient.square().sum() for gradient in gradients).sqrt()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient * min(1, max_norm / norm)
        optimizer.step()
        losses.append(loss.item())
    return losses


def states_by_hand(weights, x, h):
    """Every state (batch, seq_len, hidden_size) of a plain tanh layer: weights W_x, W_h, b_x, b_h in PyTorch's form."""
    W_x, W_h, b_x, b_h = (weight.detach() for weight in weights)
    states = []
    for t in range(x.shape[1]):
        h = torch.tanh(torch.einsum("hi,bi->bh", W_x, x[:, t]) + torch.einsum("hk,bk->bh", W_h, h) + b_x + b_h)
        states.append(h)
    return torch.stack(states, dim=1)


# --- digits whose answer is known, and a network that learns them at once ---------------------------------------------

WRONG = {"val": 10, "test": 8}       # every which label is wrong on purpose: 90 % and 87.5 % are the best there is


def coded_digits(train: int) -> Digits:
    """Pictures that say their class by where they are bright, and never in the bottom row; some labels are wrong."""
    def made(n, seed, wrong=None):
        labels = torch.arange(n) % 10
        images = 0.2 * torch.rand(n, 28, 28, generator=torch.Generator().manual_seed(seed))
        for image, label in zip(images, labels.tolist(), strict=True):
            image[5:9, 2 * label : 2 * label + 4] += 0.7
        images[:, 27] = 0
        if wrong:
            labels[::wrong] = (labels[::wrong] + 1) % 10
        return images, labels

    return Digits(made(train, 1), made(200, 2, WRONG["val"]), made(400, 3, WRONG["test"]), "embedded")


def nearest_mean(images, labels):
    """Scores by how near a picture is to the mean of each class: right about coded digits in any fixed order."""
    means = torch.stack([images[labels == digit].mean(dim=0) for digit in range(10)])
    return lambda x: -(x[:, None] - means).square().flatten(2).sum(dim=2)

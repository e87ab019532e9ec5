"""Right and wrong answers to the exercises of this chapter."""

import torch

GRID = torch.arange(784).reshape(28, 28)


def zigzag():
    order = []
    for row in range(28):
        columns = range(28) if row % 2 == 0 else range(27, -1, -1)
        order += [28 * row + column for column in columns]
    return order


def zigzag_by_flip():
    order = GRID.clone()
    order[1::2] = order[1::2].flip(1)
    return order.flatten()


def zigzag_from_the_right():
    order = GRID.clone()
    order[0::2] = order[0::2].flip(1)
    return order.flatten()


def zigzag_columns():
    order = GRID.T.clone()
    order[1::2] = order[1::2].flip(1)
    return order.flatten()


def change_each(model, x, tolerance=1e-4, which=None, keep=True):
    with torch.no_grad():
        before = model(x)
        for i in range(len(x)) if which is None else which:
            changed = x.clone() if keep else x
            changed[i] = 1 - changed[i]
            move = (model(changed) - before).abs().amax(dim=1)
            move[i] = 0
            if move.max() > tolerance:
                return False
    return True


def one_by_one(model, x):
    with torch.no_grad():
        alone = torch.cat([model(x[i:i + 1]) for i in range(len(x))])
        return torch.allclose(alone, model(x), atol=1e-4)


def by_gradients(model, x):
    x = x.clone().requires_grad_()
    for i in range(len(x)):
        gradient, = torch.autograd.grad(model(x)[i].sum(), x)
        reached = gradient.flatten(1).abs().amax(dim=1) > 0
        if reached.sum() > 1:
            return torch.tensor(False)
    return torch.tensor(True)


def counts_the_changed_one_too(model, x):
    changed = x.clone()
    changed[0] = 1 - x[0]
    with torch.no_grad():
        return torch.allclose(model(changed), model(x))



def change_and_put_nothing_back(model, x):
    with torch.no_grad():
        before = model(x)[1:]
        x[0] = 1 - x[0]
        return torch.allclose(model(x)[1:], before, atol=1e-5)


@torch.no_grad()
def alone(model, images):
    return torch.stack([model(image[None])[0].argmax() for image in images])


@torch.no_grad()
def alone_as_list(model, images):
    return [model(images[i:i + 1]).argmax(dim=1) for i in range(len(images))]


@torch.no_grad()
def alone_split(model, images):
    return torch.cat([model(part) for part in images.split(1)]).argmax(dim=1)


RIGHT = [
    ("columns", lambda batch: batch.squeeze(1).transpose(1, 2)),
    ("columns", lambda batch: torch.einsum("nchw->nwh", batch)),
    ("columns", lambda batch: torch.stack([batch[:, 0, :, t] for t in range(28)], dim=1).numpy()),
    ("two-rows", lambda images: images.reshape(len(images), 14, 56), 56),
    ("two-rows", lambda images: torch.cat([images[:, ::2], images[:, 1::2]], dim=-1), 56),
    ("zigzag", zigzag),
    ("zigzag", zigzag_by_flip),
    ("guard", change_each),
    ("guard", one_by_one),
    ("guard", by_gradients),
    ("alone", alone),
    ("alone", alone_as_list),
    ("alone", alone_split),
]

WRONG = [
    ("columns", "rows are still the steps", lambda batch: batch.squeeze(1)),
    ("columns", "batch axis is gone", lambda batch: batch.squeeze().mT),
    ("columns", "channel axis is still there", lambda batch: batch.transpose(2, 3)),
    ("columns", "left axis 0", lambda batch: batch.squeeze(1).transpose(0, 1)),
    ("columns", "upside down", lambda batch: torch.rot90(batch.squeeze(1), k=-1, dims=(1, 2))),
    ("columns", "right to left", lambda batch: batch.squeeze(1).transpose(1, 2).flip(1)),
    ("columns", "stopped with", lambda batch: batch.squeeze(1).transpose(2, 3)),
    ("two-rows", "half a row per step", lambda images: images.reshape(-1, 56, 14), 56),
    ("two-rows", "half rows", lambda images: images.reshape(-1, 56, 14).transpose(1, 2), 56),
    ("two-rows", "rows 0 and 14", lambda images: torch.cat([images[:, :14], images[:, 14:]], dim=2), 56),
    ("two-rows", "interleaved", lambda images: torch.stack([images[:, ::2], images[:, 1::2]], dim=3).flatten(2), 56),
    ("two-rows", "stopped with", lambda images: images.view(len(images), 14, 56), 56),
    ("two-rows", "width of one row", lambda images: images.reshape(-1, 14, 56), 28),
    ("two-rows", "number of steps", lambda images: images.reshape(-1, 14, 56), 14),
    ("zigzag", "plain row order", lambda: GRID.flatten()),
    ("zigzag", "flatten it", lambda: zigzag_by_flip().reshape(28, 28)),
    ("zigzag", "first row should run from left to right", zigzag_from_the_right),
    ("zigzag", "columns, not rows", zigzag_columns),
    ("zigzag", "never visited", lambda: torch.cat([GRID[:14].flatten(), GRID[:14].flatten()])),
    ("zigzag", "whole numbers", lambda: zigzag_by_flip().float()),
    ("guard", "whom can that reach", lambda model, x: change_each(model, x, which=[0])),
    ("guard", "without batch_first", lambda model, x: change_each(model, x, which=[len(x) - 1])),
    ("guard", "your tolerance", lambda model, x: change_each(model, x, tolerance=0.04)),
    ("guard", "changed example itself", counts_the_changed_one_too),
    ("guard", "damaged data", change_and_put_nothing_back),
    ("guard", "without batch_first", lambda model, x: tuple(model(x).shape) == (len(x), 10)),
    ("guard", "several values", lambda model, x: model(x) == model(x)),
    ("guard", "True or False", lambda model, x: "independent"),
    ("alone", "strangers", lambda model, images: model(images).argmax(dim=1)),
    ("alone", "ten scores", lambda model, images: torch.cat([model(part) for part in images.split(1)])),
    ("alone", "stopped with", lambda model, images: torch.stack([model(image).argmax() for image in images])),
]

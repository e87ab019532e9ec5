"""Right and wrong answers to the exercises of this chapter."""

import numpy as np
import torch
from forms import in_float64, in_lists, in_numpy
from torch.utils.data import DataLoader

GRID = torch.arange(784).reshape(28, 28)


def zigzag_by_flip():
    order = GRID.clone()
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


def columns(batch):
    return batch.squeeze(1).transpose(1, 2)


def columns_in_place(batch):
    return batch[:, 0].transpose_(1, 2)


def columns_by_rotation(batch):
    return torch.rot90(batch[:, 0], dims=(1, 2)).flip(1)


def pairs(images):
    return images.reshape(len(images), 14, 56)


def pairs_one_by_one(images):
    return [[torch.cat([picture[2 * t], picture[2 * t + 1]]) for t in range(14)] for picture in images]


def zigzag_in_numpy():
    order = np.arange(784).reshape(28, 28)
    order[1::2] = order[1::2, ::-1]
    return order.ravel()


def zigzag_by_formula():
    row, column = torch.arange(784) // 28, torch.arange(784) % 28
    return 28 * row + torch.where(row % 2 == 0, column, 27 - column)


def by_halves(model, x):
    with torch.no_grad():
        whole, middle = model(x), len(x) // 2
        return torch.allclose(torch.cat([model(x[:middle]), model(x[middle:])]), whole, atol=1e-4)


def by_replacing_all_others(model, x):
    with torch.no_grad():
        before = model(x)
        for i in range(len(x)):
            others = torch.rand_like(x)
            others[i] = x[i]
            if (model(others)[i] - before[i]).abs().max() > 1e-4:
                return False
    return True


def by_turning(model, x):
    """Compares with every batch of two."""
    with torch.no_grad():
        before = model(x)
        return bool(all(torch.allclose(model(x[[i, i - 1]])[0], before[i], atol=1e-4) for i in range(len(x))))


def changed_and_restored(model, x):
    with torch.no_grad():
        before, same = model(x), True
        for i in range(len(x)):
            kept = x[i].clone()
            x[i] = 1 - x[i]
            after = model(x)
            x[i] = kept
            same = same and torch.cat([after[:i] - before[:i], after[i + 1:] - before[i + 1:]]).abs().max() < 1e-4
    return same


def shifts_in_place(model, x):
    """Right, but for what it does to x."""
    answer = change_each(model, x)
    x += 1.0
    return answer


def one_logit(model, x):
    """Looks at the first logit alone."""
    return change_each(lambda batch: model(batch)[:, :1], x)


def alone_by_loader(model, images):
    with torch.no_grad():
        return np.array([model(batch).argmax(dim=1).item() for batch in DataLoader(images, batch_size=1)])


def alone_numbers(model, images):
    return [int(model(image.view(1, 28, 28)).argmax()) for image in images]


def alone_in_place(model, images):
    said = torch.empty(len(images), dtype=torch.long)
    for i in range(len(images)):
        said[i] = model(images[i:i + 1]).squeeze(0).max(dim=0).indices
    return said


def in_blocks(*axes, cut=(4, 7, 4, 7)):
    """Patches by five axes, read in this order."""
    return lambda images: images.reshape(len(images), *cut).permute(axes).reshape(len(images), 16, 49)


def patches_by_unfold(images):
    return images.unfold(1, 7, 7).unfold(2, 7, 7).reshape(-1, 16, 49)


def patches_one_by_one(images):
    return [torch.stack([image[7 * row:7 * row + 7, 7 * column:7 * column + 7].flatten()
                         for row in range(4) for column in range(4)]) for image in images]


def patches_by_unfold_layer(images):
    return torch.nn.functional.unfold(images[:, None], 7, stride=7).transpose(1, 2)


def as_they_lie_in_memory(images):
    """Right for pictures that lie in one piece."""
    return images.as_strided((len(images), 14, 56), (784, 56, 1))


def only_in_one_direction(model, x):
    """Takes a look ahead in the sequence for a look at its neighbours."""
    return change_each(model, x) and not model.lstm.bidirectional


def in_order(images, order):
    return images.flatten(1)[:, order].reshape(-1, 28, 28)


def in_order_by_gather(images, order):
    pixels = images.reshape(len(images), 784)
    return pixels.gather(1, order.expand(len(images), 784)).unflatten(1, (28, 28))


def in_order_by_places(images, order):
    """Row and column of each number, and no flattening."""
    return images[:, order // 28, order % 28].view(len(images), 28, 28)


def in_order_one_by_one(images, order):
    return [torch.stack([image.flatten()[step] for step in order.split(28)]) for image in images]


def in_order_by_matrix(images, order):
    return (images.flatten(1) @ torch.eye(784)[order].T).reshape(images.shape)


def in_order_pixel_by_pixel(images, order):
    new = torch.zeros_like(images)
    for place, pixel in enumerate(order.tolist()):
        new[:, place // 28, place % 28] = images[:, pixel // 28, pixel % 28]
    return new


def in_order_in_place(images, order):
    images[:] = torch.index_select(images.view(-1, 28 * 28), 1, order).view_as(images)
    return images


def put_where_it_says(images, order):
    new = torch.empty(len(images), 784)
    new[:, order] = images.flatten(1)
    return new.reshape(-1, 28, 28)


RIGHT = [
    ("zigzag", zigzag_by_flip),
    ("zigzag", zigzag_in_numpy),
    ("zigzag", zigzag_by_formula),
    ("zigzag", lambda: list(zigzag_by_flip())),
    ("columns", columns),
    ("columns", lambda batch: torch.einsum("nchw->nwh", batch)),
    ("columns", lambda batch: torch.stack([batch[:, 0, :, t] for t in range(28)], dim=1).numpy()),
    ("columns", columns_in_place),
    ("columns", columns_by_rotation),
    ("columns", in_lists(columns)),
    ("columns", in_float64(columns)),
    ("columns", lambda batch: [list(picture[0].T) for picture in batch]),
    ("two-rows", pairs, 56),
    ("two-rows", lambda images: torch.cat([images[:, ::2], images[:, 1::2]], dim=-1), 56),
    ("two-rows", lambda images: images.unflatten(1, (14, 2)).flatten(2), np.int64(56)),
    ("two-rows", pairs_one_by_one, 56.0),
    ("two-rows", in_numpy(pairs), torch.tensor(56)),
    ("two-rows", in_lists(pairs), [56]),
    ("two-rows", in_float64(pairs), 2 * 28),
    ("guard", change_each),
    ("guard", one_by_one),
    ("guard", by_gradients),
    ("guard", by_replacing_all_others),
    ("guard", by_turning),
    ("guard", changed_and_restored),
    ("guard", lambda model, x: np.bool_(one_by_one(model, x))),
    ("alone", alone),
    ("alone", alone_as_list),
    ("alone", alone_split),
    ("alone", alone_by_loader),
    ("alone", alone_numbers),
    ("alone", alone_in_place),
    ("alone", in_float64(alone)),
    ("bug", in_blocks(0, 1, 3, 2, 4)),
    ("bug", lambda images: images.reshape(-1, 4, 7, 4, 7).transpose(2, 3).flatten(3).flatten(1, 2)),
    ("bug", patches_by_unfold),
    ("bug", patches_by_unfold_layer),
    ("bug", patches_one_by_one),
    ("bug", in_numpy(in_blocks(0, 1, 3, 2, 4))),
    ("bug", in_float64(in_blocks(0, 1, 3, 2, 4))),
    ("turn", in_order),
    ("turn", in_order_by_gather),
    ("turn", in_order_by_places),
    ("turn", in_order_one_by_one),
    ("turn", in_order_by_matrix),
    ("turn", in_order_pixel_by_pixel),
    ("turn", in_order_in_place),
    ("turn", lambda images, order: images.flatten(1)[:, order.reshape(28, 28)]),
    ("turn", in_numpy(in_order)),
    ("turn", in_lists(in_order)),
]

WRONG = [
    ("zigzag", "put the rows end to end", lambda: zigzag_by_flip().reshape(28, 28)),
    ("zigzag", "whole numbers", lambda: zigzag_by_flip().float()),
    ("columns", "rows are still the steps", lambda batch: batch.squeeze(1)),
    ("columns", "batch axis is gone", lambda batch: batch.squeeze().mT),
    ("columns", "with a single digit the batch too", lambda batch: batch.squeeze().transpose(1, 2)),
    ("columns", "All axes were turned round", lambda batch: batch.squeeze().permute(
        *reversed(range(batch.squeeze().dim())))),
    ("columns", "channel axis is still there", lambda batch: batch.transpose(2, 3)),
    ("columns", "left axis 0", lambda batch: batch.squeeze(1).transpose(0, 1)),
    ("columns", "upside down", lambda batch: torch.rot90(batch.squeeze(1), k=-1, dims=(1, 2))),
    ("columns", "right to left", lambda batch: batch.squeeze(1).transpose(1, 2).flip(1)),
    ("columns", "a mirror along the diagonal", lambda batch: columns(batch).roll(1, dims=2)),
    ("columns", "the picture is flat", lambda batch: batch.flatten(1)),
    ("columns", "rows, turned round", lambda batch: batch.squeeze(1).flip(2)),
    ("columns", "rows, from the bottom up", lambda batch: batch.squeeze(1).flip(1)),
    ("columns", "from the wrong digits", lambda batch: columns(batch).roll(1, dims=0)),
    ("columns", "which axes are left at that point", lambda batch: batch.squeeze(1).transpose(2, 3)),
    ("columns", "shape (5, 28, 1, 28)", lambda batch: batch.permute(0, 3, 1, 2)),
    ("columns", "shape (5, 28, 28, 1)", lambda batch: batch.permute(0, 3, 2, 1)),
    ("two-rows", "half a row per step", lambda images: images.reshape(-1, 56, 14), 56),
    ("two-rows", "half rows", lambda images: images.reshape(-1, 56, 14).transpose(1, 2), 56),
    ("two-rows", "rows 0 and 14", lambda images: torch.cat([images[:, :14], images[:, 14:]], dim=2), 56),
    ("two-rows", "interleaved", lambda images: torch.stack([images[:, ::2], images[:, 1::2]], dim=3).flatten(2), 56),
    ("two-rows", "comes first", lambda images: torch.cat([images[:, 1::2], images[:, ::2]], dim=2), 56),
    ("two-rows", "columns, not rows", lambda images: pairs(images.transpose(1, 2)), 56),
    ("two-rows", "does not lie in one piece", lambda images: images.view(len(images), 14, 56), 56),
    ("two-rows", "which two rows of the picture", lambda images: pairs(images).flip(1), 56),
    ("two-rows", "Keep the batch on axis 0", lambda images: pairs(images).transpose(0, 1), 56),
    ("two-rows", "still holds one row", lambda images: images, 56),
    ("two-rows", "all rows are in one step", lambda images: images.flatten(1), 56),
    ("two-rows", "end to end", lambda images: images.unflatten(1, (14, 2)), 56),
    ("two-rows", "in a step twice", lambda images: torch.cat([images[:, ::2], images[:, ::2]], dim=2), 56),
    ("two-rows", "the whole picture", pairs, 784),
    ("two-rows", "width of one row", pairs, 28),
    ("two-rows", "number of steps", pairs, 14),
    ("two-rows", "a whole number", pairs, "56"),
    ("two-rows", "at one step", pairs, 57),
    ("two-rows", "for pictures that were transposed before", as_they_lie_in_memory, 56),
    ("guard", "whom can that reach", lambda model, x: change_each(model, x, which=[0])),
    ("guard", "without batch_first", lambda model, x: change_each(model, x, which=[len(x) - 1])),
    ("guard", "one example in the middle", lambda model, x: change_each(model, x, which=[0, len(x) - 1])),
    ("guard", "your tolerance", lambda model, x: change_each(model, x, tolerance=0.04)),
    ("guard", "look at every logit", one_logit),
    ("guard", "changed example itself", counts_the_changed_one_too),
    ("guard", "damaged data", change_and_put_nothing_back),
    ("guard", "damaged data", shifts_in_place),
    ("guard", "without batch_first", lambda model, x: tuple(model(x).shape) == (len(x), 10)),
    ("guard", "several values", lambda model, x: model(x) == model(x)),
    ("guard", "True or False", lambda model, x: "independent"),
    ("guard", "a sound model with two directions", only_in_one_direction),
    ("alone", "strangers", lambda model, images: model(images).argmax(dim=1)),
    ("alone", "ten scores", lambda model, images: torch.cat([model(part) for part in images.split(1)])),
    ("alone", "over which axis does argmax look",
     lambda model, images: torch.cat([model(part).argmax(dim=0) for part in images.split(1)])),
    ("alone", "only one number", lambda model, images: model(images).argmax()),
    ("alone", "least likely", lambda model, images: torch.cat([model(part).argmin(dim=1) for part in images.split(1)])),
    ("alone", "in the wrong order", lambda model, images: alone(model, images).flip(0)),
    ("alone", "when it gets nothing else", lambda model, images: torch.cat(
        [model(part).argmax(dim=1) for part in images.split(2)])),
    ("alone", "has no batch axis", lambda model, images: torch.stack([model(image).argmax() for image in images])),
    ("alone", "shape (12, 1, 10)", lambda model, images: torch.stack([model(part) for part in images.split(1)])),
    ("alone", "came as a batch of one", lambda model, images: torch.stack(
        [model(part).argmax(dim=1) for part in images.split(1)])),
    ("alone", "the rows of a digit", lambda model, images: [model(image[:, None]).argmax() for image in images]),
    ("alone", "axis 1 holds the scores",
     lambda model, images: [model(part).argmax(dim=0)[0] for part in images.split(1)]),
    ("bug", "side by side in memory", lambda images: images.reshape(len(images), 16, 49)),
    ("bug", "side by side in memory", lambda images: images.reshape(-1, 4, 7, 4, 7).reshape(-1, 16, 49)),
    ("bug", "which is a strip too", lambda images: images.mT.reshape(len(images), 16, 49)),
    ("bug", "belong to one patch", in_blocks(0, 2, 1, 3, 4)),
    ("bug", "column by column. They should", in_blocks(0, 3, 1, 2, 4)),
    ("bug", "a patch that lies on its side", in_blocks(0, 1, 3, 4, 2)),
    ("bug", "and each lies on its side", in_blocks(0, 3, 1, 4, 2)),
    ("bug", "patches from all over", lambda images: images.reshape(len(images), 49, 16).mT),
    ("bug", "every fourth pixel", in_blocks(0, 2, 4, 1, 3, cut=(7, 4, 7, 4))),
    ("bug", "pixels and steps have changed places", lambda images: images.reshape(len(images), 49, 16)),
    ("bug", "join the rows of a patch", lambda images: patches_by_unfold(images).reshape(-1, 16, 7, 7)),
    ("bug", "show step 0", lambda images: in_blocks(0, 1, 3, 2, 4)(images) + 1),

    ("bug", "in four rows of four", lambda images: patches_by_unfold(images).reshape(-1, 4, 4, 49)),
    ("bug", "still lie in rows and columns", lambda images: images.unfold(1, 7, 7).unfold(2, 7, 7)),
    ("bug", "the steps stand before the batch", lambda images: patches_by_unfold(images).transpose(0, 1)),


    ("turn", "where is the order used", lambda images, order: images),
    ("turn", "the place that the order names", put_where_it_says),
    ("turn", "the place that the order names", lambda images, order: in_order(images, order.argsort())),
    ("turn", "down the columns: step t", lambda images, order: in_order(images, order).mT),
    ("turn", "counted down the columns", lambda images, order: in_order(images.mT, order)),
    ("turn", "from its end", lambda images, order: in_order(images, order.flip(0))),
    ("turn", "where is the order used", lambda images, order: in_order(images, order.sort().values)),
    ("turn", "the order's numbers", lambda images, order: order.reshape(1, 28, 28).repeat(len(images), 1, 1).float()),
    ("turn", "the first one", lambda images, order: in_order(images[:1], order).repeat(len(images), 1, 1)),
    ("turn", "of different pictures", lambda images, order: images.flatten(1).T[order].reshape(-1, 28, 28)),
    ("turn", "the batch was flattened too", lambda images, order: images.flatten()[order].reshape(-1, 28, 28)),
    ("turn", "which axes have to be joined", lambda images, order: images.flatten()[order]),
    ("turn", "cut it into steps", lambda images, order: images.flatten(1)[:, order]),
    ("turn", "the batch was flattened too", lambda images, order: images.flatten()[:, order].reshape(-1, 28, 28)),
    ("turn", "there is no channel here", lambda images, order: in_order(images, order).unsqueeze(1)),
    ("turn", "chooses pictures", lambda images, order: images[order]),
    ("turn", "chooses pictures", lambda images, order: images.flatten(1)[order].reshape(-1, 28, 28)),
    ("turn", "chooses rows", lambda images, order: images[:, order]),
    ("turn", "the steps stand before the batch", lambda images, order: in_order(images, order).transpose(0, 1)),
    ("turn", "does another size stand", lambda images, order: images.flatten(1)[:, order].reshape(100, 28, 28)),
    ("turn", "what has become of the batch", lambda images, order: in_order(images, order)[0]),
    ("turn", "must hold the order itself", lambda images, order: in_order(images, order.roll(1))),
    ("turn", "returns nothing yet", lambda images, order: ...),

]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def with_every_pair(images):
    return torch.cat([images[:, :-1], images[:, 1:]], dim=2)


def only_another_order(model, x):
    return torch.allclose(model(x.flip(0)).flip(0), model(x), atol=1e-5)


def zigzag_but_one():
    order = torch.arange(784).reshape(28, 28)
    return torch.cat([row if k % 2 == 0 else row[1:].flip(0) for k, row in enumerate(order)])


WRONG += [
    ("columns", "what has become of the others", lambda batch: batch[0].transpose(1, 2)),
    ("two-rows", "has the batch an axis of its own", lambda images: images.reshape(14, 56), 56),
    ("two-rows", "rows are used twice", with_every_pair, 56),
    ("two-rows", "were its two rows added up", lambda images: images[:, 0::2] + images[:, 1::2], 56),
    ("zigzag", "flip turns an axis round", lambda: torch.arange(784).reshape(28, 28)[:, ::-1]),
    ("zigzag", "how many does each row give", zigzag_but_one),
    ("guard", "a single picture has no batch axis", lambda model, x: bool(model(x[0]).any())),
    ("guard", "what do you change", only_another_order),
    ("alone", "an axis too many", lambda model, images: model(images[None]).argmax(dim=1)),
    ("alone", "one answer per class", lambda model, images: torch.cat(
        [model(image[None]) for image in images]).argmax(dim=0)),
    ("alone", "the answer to one image", lambda model, images: model(images[:1]).argmax(dim=1)),
    ("alone", "the largest scores", lambda model, images: torch.stack([model(image[None]).max() for image in images])),
    ("bug", "and a step is one vector", lambda images: torch.stack(
        [images[:, row:row + 7, column:column + 7] for row in range(0, 28, 7) for column in range(0, 28, 7)])),
    ("turn", "the batch stands last", lambda images, order: images.flatten(1)[:, order].T.reshape(28, 28, -1)),
]

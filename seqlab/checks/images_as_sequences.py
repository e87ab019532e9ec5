"""Checks of the exercises of this chapter."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail, tensor
from .plain import whole

exercise = exercises_of(__name__)


def _numbered(*shape) -> torch.Tensor:
    """Pictures in which every pixel has a number of its own, so that each can be followed."""
    return torch.arange(torch.tensor(shape).prod().item(), dtype=torch.float32).reshape(shape)


# --- columns as steps ---------------------------------------------------------------------------------------------

@exercise("columns")
def _check_columns(columns_as_steps):
    for n in (5, 1):
        batch = _numbered(n, 1, 28, 28)
        columns = torch.stack([batch[:, 0, :, column] for column in range(28)], dim=1)
        which = "a batch" if n > 1 else "one digit"
        got = call(columns_as_steps, batch.clone(), name="columns_as_steps", hints={"Dimension out of range":
                   "Which axes are left at that point? squeeze() drops every axis of size 1" + (
                       ", with a single digit the batch too" if n == 1 else "")})
        expect_tensor(got, (n, 28, 28), f"for {which}, your result", "batch, seq_len, input_size", {
            (1, 28, 28): "That is one digit: what has become of the others?",
            (28, 28): "The batch axis is gone: what does squeeze() do with every axis of size 1?",
            (n, 1, 28, 28): "The channel axis is still there",
            (28, 5, 28): "The batch has left axis 0: which two axes should change places?",
            (28, 28, 5): "All axes were turned round, the batch too: which two should change places?",
            (n, 784): "The picture is flat; a step should hold one column",
            (n, 28, 1, 28): "The channel axis is still there",
            (n, 28, 28, 1): "The channel axis is still there"})
        expect_close(got, columns, "step t", {
            "step 0 is the top row. The channel is gone, but rows are still the steps": batch[:, 0],
            "the columns come from right to left; step 0 should be the leftmost": columns.flip(1),
            "each column comes upside down, which a rotation does": columns.flip(2),
            "the steps are rows, turned round": batch[:, 0].flip(2),
            "the steps are rows, from the bottom up": batch[:, 0].flip(1),
            "columns and rows are right, but they come from the wrong digits": columns.roll(1, dims=0)},
            "Draw a digit and your result side by side with plots.digits: a mirror along the diagonal takes one to the "
            "other, and nothing else")
    return "Step t is column t, for many digits and for one."


# --- two rows per step --------------------------------------------------------------------------------------------

@exercise("two-rows")
def _check_two_rows(two_rows_per_step, input_size):
    images = _numbered(5, 28, 28)
    pairs = torch.cat([images[:, 0::2], images[:, 1::2]], dim=2)
    hints = {"view": "What is transposed does not lie in one piece in memory any more, and a view cannot put it "
                     "into one. "
                     "Pictures may come like that, too",
             "is invalid for input": "Has the batch an axis of its own in the new shape?"}
    got = call(two_rows_per_step, images.clone(), name="two_rows_per_step", hints=hints)
    expect_tensor(got, (5, 14, 56), "your result", "batch, steps, features of one step", {
        (5, 56, 14): "The sizes are there, but the last two have changed places: that would be half a row per step",
        (14, 5, 56): "Keep the batch on axis 0",
        (5, 28, 28): "Nothing has changed yet: a step still holds one row",
        (5, 784): "All rows are in one step; two are asked for",
        (5, 27, 56): "Rows are used twice: the next step begins with the next two rows",
        (5, 14, 28): "A step holds 28 numbers. Were its two rows added up, or is one of them missing?",
        (5, 14, 2, 28): "A step should be one vector: put its two rows end to end"})
    compare = ("Draw two_rows_per_step(images).reshape(-1, 28, 28) with plots.digits: it must show the digits again. "
               "Then look which two rows of the picture are in step 0")
    expect_close(got, pairs, "step t", {
        "a step mixes different rows, as after a reshape to half rows that is then transposed":
            images.reshape(5, 56, 14).transpose(1, 2),
        "step 0 holds rows 0 and 14. Which two rows stand next to each other in the picture?":
            torch.cat([images[:, :14], images[:, 14:]], dim=2),
        "the two rows are interleaved, pixel by pixel; put them end to end":
            torch.stack([images[:, 0::2], images[:, 1::2]], dim=3).flatten(2),
        "these are columns, not rows": images.transpose(1, 2).reshape(5, 14, 56),
        "the same row stands in a step twice": torch.cat([images[:, 0::2], images[:, 0::2]], dim=2),
        "the lower of the two rows comes first": torch.cat([images[:, 1::2], images[:, 0::2]], dim=2)}, compare)
    turned = images.transpose(1, 2)         # no longer in one piece in memory
    expect_close(call(two_rows_per_step, turned, name="two_rows_per_step", hints=hints),
                 torch.cat([turned[:, 0::2], turned[:, 1::2]], dim=2),
                 "for pictures that were transposed before, step t", {}, compare)
    size = whole(input_size, "input_size")
    if size != 56:
        cause = {28: "That is the width of one row. How much does a step hold now?",
                 14: "That is the number of steps, and the layer never needs it",
                 784: "That is the whole picture. How much does a step hold?"}
        fail(f"input_size is not right. {cause.get(size, 'How many numbers does the layer get at one step?')}")
    return "Half as many steps, each twice as wide."


# --- the guard ----------------------------------------------------------------------------------------------------

class _Reader(nn.Module):
    """Sound as it is; `fault` breaks it."""

    def __init__(self, fault: str = "", bidirectional: bool = False):
        super().__init__()
        self.fault = fault
        batch_first = fault not in ("forgetful", "backward")
        self.lstm = nn.LSTM(28, 16, batch_first=batch_first, bidirectional=bidirectional)
        self.head = nn.Linear(32 if bidirectional else 16, 10)

    def forward(self, x):
        _expect_batch(x)
        out, _ = self.lstm(x.flip(0) if self.fault == "backward" else x)
        features = out.mean(dim=1) if self.fault == "backward" or self.lstm.bidirectional else out[:, -1, :]
        if self.fault == "backward":
            features = features.flip(0)
        if self.fault == "centred":
            features = features - features.mean(dim=0)
        logits = self.head(features)
        if self.fault == "neighbour" and len(x) > 14:
            logits[14, 3] = logits[14, 3] + logits[13, 3]
        return logits


def _expect_batch(x):
    if x.dim() != 3:
        raise ValueError(f"x should be (batch, 28, 28), got {tuple(x.shape)}")


LEAKS = {
    "forgetful": "the layer was built without batch_first=True, so that each example is influenced by those before it",
    "centred": "the average over the batch is taken off. It moves each example a little, and does not depend on "
               "their order: "
               "how large is your tolerance, and what do you change?",
    "backward": "each example is influenced by those after it in the batch. "
                "Which example do you change, and whom can that reach?",
    "neighbour": "one example in the middle moves one logit of the next one, and nothing else. Do you change every "
                 "example, and look at every logit?",
}


@exercise("guard")
def _check_guard(is_independent):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        x = torch.rand(28, 28, 28)
        sound = {"": _Reader(), "with two directions ": _Reader(bidirectional=True)}
        broken = {fault: _Reader(fault) for fault in LEAKS}
        for name, model in sound.items():
            given = x.clone()
            sound_to_it = _verdict(call(is_independent, model.eval(), given, name="is_independent", hints={
                "x should be (batch": "A single picture has no batch axis; the model needs one"}))
            if not torch.equal(given, x):
                fail("your guard changes x itself, so whoever calls it goes on with damaged data. Work on a copy")
            if not sound_to_it:
                fail(f"a sound model {name}is called dependent. Is it the changed example itself that you see, "
                     "or rounding in the last digits?")
        for fault, model in broken.items():
            if _verdict(call(is_independent, model.eval(), x.clone(), name="is_independent")):
                fail(f"a broken model passes as independent, in which {LEAKS[fault]}")
    return "Six models, four of them broken, all told apart, at a batch size where shapes say nothing."


def _verdict(answer) -> bool:
    single = hasattr(answer, "item") and getattr(answer, "size", None) is not None
    if not isinstance(answer, (bool, int)) and not single:
        fail(f"is_independent should return True or False, but it returns {type(answer).__name__}")
    try:
        return bool(answer)
    except (RuntimeError, ValueError):
        fail("is_independent should return one True or False, but it returns several values: "
             "reduce them with .all() or .max()")


# --- alone --------------------------------------------------------------------------------------------------------

class _Crowd(nn.Module):
    """Every example says what the one before it says, only louder than it speaks for itself."""

    def __init__(self):
        super().__init__()
        self.register_buffer("weights", torch.randn(784, 10))

    def forward(self, x):
        _expect_batch(x)
        own = x.flatten(1) @ self.weights
        return own if len(x) == 1 else own + 2 * own.roll(1, dims=0)


@exercise("alone")
def _check_alone(predict_alone):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model, images = _Crowd(), torch.rand(12, 28, 28)
        together = model(images).argmax(dim=1)
        alone = torch.cat([model(image[None]).argmax(dim=1) for image in images])
        least = torch.cat([model(image[None]).argmin(dim=1) for image in images])
        got = call(predict_alone, model, images.clone(), name="predict_alone", hints={
            "got (28, 28)": "A single image has no batch axis; the model needs one",
            "x should be (batch": "That is an axis too many. What is one image's shape in a batch of its own?",
            "cannot be multiplied": "The rows of a digit were taken for examples: what is one image's shape in a "
                                    "batch of its own?"})
    if isinstance(got, (list, tuple)):
        got = tensor(got, "your result")
        got = got.flatten() if got.numel() == 12 else got       # each answer may have come as a batch of one
    got = expect_tensor(got, (12,), "your result", "one class per image", {
        (12, 10): "These are ten scores per image: argmax turns them into a class",
        (12, 1, 10): "These are ten scores per image: argmax turns them into a class",
        (10,): "There is one answer per class: over which axis does argmax look?",
        (120,): "There are ten answers per image: over which axis does argmax look?",
        (12, 1): "One axis too many: each answer came as a batch of one",
        (1,): "The answer to one image came back: collect the answers of all images",
        (): "Only one number came back: collect the answers of all images"})
    expect_close(got, alone, "your result", {
        "these are the predictions of one batch, so strangers still had a say": together,
        "argmax looks over the batch, which holds one image: axis 1 holds the scores": torch.zeros(12),
        "these are the least likely classes": least,
        "these are the largest scores; the class that has it is asked for": torch.cat(
            [model(image[None]).amax(dim=1) for image in images]),
        "they stand in the wrong order": alone.flip(0)},
        "Take three images: what does the model say of each of them when it gets nothing else? Compare")
    return "Each digit is judged by itself."


# --- find the bug -----------------------------------------------------------------------------------------------------

def _blocks(images, across=(0, 1, 3, 2, 4)):
    """Sixteen patches of 7 x 7; `across` says in which order the axes of the cut picture are read."""
    cut = images.reshape(len(images), 4, 7, 4, 7)       # picture, patch row, row in it, patch column, column in it
    return cut.permute(across).reshape(len(images), 16, 49)


@exercise("bug")
def _check_patches(patches):
    for batch in (3, 1):
        images = _numbered(batch, 28, 28)
        got = call(patches, images.clone(), name="patches")
        got = expect_tensor(got, (batch, 16, 49), "what patches returns", "batch, steps, pixels of a patch", {
            (batch, 4, 4, 49): "The patches still lie in four rows of four: a layer reads one after the other",
            (batch, 4, 4, 7, 7): "The patches are cut, and still lie in rows and columns: a step is one axis",
            (batch, 16, 7, 7): "A step is one vector: join the rows of a patch",
            (batch, 49, 16): "Pixels and steps have changed places",
            (16, batch, 49): "The steps stand before the batch",
            (16, batch, 7, 7): "The steps stand before the batch, and a step is one vector"})
        expect_close(got, _blocks(images), f"what patches returns for {batch} picture{'s' * (batch > 1)}", {
            "a step holds pixels that lie side by side in memory, which is one row and a part of the next ones. "
            "What shape does a patch have?": images.reshape(batch, 16, 49),
            "each step is cut out of columns that lie side by side, which is a strip too":
                images.transpose(1, 2).reshape(batch, 16, 49),
            "a step holds a row of every patch, or another mix of several. Which two of the five axes belong to one "
            "patch?": _blocks(images, (0, 2, 1, 3, 4)),
            "each step is a patch, and they come column by column. They should come row by row":
                _blocks(images, (0, 3, 1, 2, 4)),
            "each step is a patch that lies on its side": _blocks(images, (0, 1, 3, 4, 2)),
            "the patches come column by column, and each lies on its side": _blocks(images, (0, 3, 1, 4, 2)),
            "pixels of patches from all over the picture are in one step": images.reshape(batch, 49, 16).mT,
            "a step takes every fourth pixel of every fourth row, from all over the picture":
                images.reshape(batch, 7, 4, 7, 4).permute(0, 2, 4, 1, 3).reshape(batch, 16, 49),
        }, "Show step 0 as a picture of 7 x 7, beside images[0, :7, :7]. Then step 1, and step 4")
    return "Every step is a patch, and they come row by row."


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _check_turn(reorder):
    order = torch.randperm(784, generator=torch.Generator().manual_seed(5))
    for n in (5, 1):
        images = 1000 + _numbered(n, 28, 28)        # so that no pixel is its own number in an order
        got = call(reorder, images.clone(), order.clone(), name="reorder", hints={
            f"with size {n}": "The order then chooses pictures. On which axis are the pixels of one?",
            "with size 28": "The order then chooses rows. It counts all pixels of a picture, through all its rows: on "
                            "how many axes do they lie?",
            "too many indices": "The batch was flattened too: which axes have to be joined, and which one not?",
            "is invalid for input of size": f"Here the batch holds {n}: does another size stand in your code?",
        })
        in_order = images.flatten(1)[:, order]
        want = in_order.reshape(n, 28, 28)
        got = expect_tensor(got, (n, 28, 28), f"for {n} picture{'s' * (n > 1)}, what reorder returns",
                            "batch, seq_len, input_size", {
            (n, 784): "The pixels still lie in one row: cut it into steps",
            (28, 28): "That is one picture: what has become of the batch?",
            (1, 28, 28): "That is one picture: the batch was flattened too",
            (784,): "That is one long row: which axes have to be joined, and which one not?",
            (28, n, 28): "The steps stand before the batch",
            (28, 28, n): "The batch stands last, and belongs on axis 0",
            (n, 1, 28, 28): "One axis too many: there is no channel here"})
        expect_close(got, want, f"for {n} picture{'s' * (n > 1)}, what reorder returns", {
            "it is what came in: where is the order used?": images,
            "each pixel went to the place that the order names. The order names the pixels to take, first to last":
                images.flatten(1)[:, order.argsort()].reshape(n, 28, 28),
            "the pixels come in order down the columns: step t is a row of what you return": want.transpose(1, 2),
            "the pixels are counted down the columns. Which numbers stand in the first row of grid?":
                images.transpose(1, 2).flatten(1)[:, order].reshape(n, 28, 28),
            "the order is read from its end": want.flatten(1).flip(1).reshape(n, 28, 28),
            "it holds the order's numbers, not the pixels that they name": order.reshape(28, 28).expand(n, 28, 28),
            "every picture is the first one": want[:1].expand(n, 28, 28),
            "pixels of different pictures are mixed. Which axes did you join?": in_order.T.reshape(n, 28, 28),
        }, "Try it on grid: reorder(grid[None], order) must hold the order itself, row by row")
    return "Any order that you can name, you can read."

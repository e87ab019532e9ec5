"""Checks of the exercises of this chapter."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

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
        got, which = call(columns_as_steps, batch), "a batch" if n > 1 else "one digit"
        expect_tensor(got, (n, 28, 28), f"for {which}, your result", "batch, seq_len, input_size", {
            (28, 28): "The batch axis is gone: what does squeeze() do with every axis of size 1?",
            (n, 1, 28, 28): "The channel axis is still there",
            (28, 5, 28): "The batch has left axis 0: which two axes should change places?"})
        expect_close(got, columns, "step t", {
            "step 0 is the top row. The channel is gone, but rows are still the steps": batch[:, 0],
            "the columns come from right to left; step 0 should be the leftmost": columns.flip(1),
            "each column comes upside down, which a rotation does": columns.flip(2),
            "the steps are rows, turned round": batch[:, 0].flip(2)})
    return "Step t is column t, for many digits and for one."


# --- two rows per step --------------------------------------------------------------------------------------------

@exercise("two-rows")
def _check_two_rows(two_rows_per_step, input_size):
    images = _numbered(5, 28, 28)
    pairs = torch.cat([images[:, 0::2], images[:, 1::2]], dim=2)
    got = call(two_rows_per_step, images)
    expect_tensor(got, (5, 14, 56), "your result", "batch, steps, features of one step", {
        (5, 56, 14): "The sizes are there, but the last two have changed places: that would be half a row per step",
        (14, 5, 56): "Keep the batch on axis 0",
        (5, 14, 2, 28): "A step should be one vector: put its two rows end to end"})
    expect_close(got, pairs, "step t", {
        "a step mixes different rows, as after a reshape to half rows that is then transposed":
            images.reshape(5, 56, 14).transpose(1, 2),
        "step 0 holds rows 0 and 14. Which two rows stand next to each other in the picture?":
            torch.cat([images[:, :14], images[:, 14:]], dim=2),
        "the two rows are interleaved, pixel by pixel; put them end to end":
            torch.stack([images[:, 0::2], images[:, 1::2]], dim=3).flatten(2),
        "the lower of the two rows comes first": torch.cat([images[:, 1::2], images[:, 0::2]], dim=2)})
    turned = images.transpose(1, 2)         # no longer in one piece in memory
    expect_close(call(two_rows_per_step, turned), torch.cat([turned[:, 0::2], turned[:, 1::2]], dim=2),
                 "for pictures that were transposed before, step t")
    if not isinstance(input_size, int) or isinstance(input_size, bool):
        fail(f"input_size should be a whole number, but it is {input_size!r:.40}")
    if input_size != 56:
        cause = {28: "That is the width of one row. How much does a step hold now?",
                 14: "That is the number of steps, and the layer never needs it"}
        fail(f"input_size is not right. {cause.get(input_size, 'How many numbers does the layer get at one step?')}")
    return "Half as many steps, each twice as wide."


# --- zigzag -------------------------------------------------------------------------------------------------------

@exercise("zigzag")
def _check_zigzag(zigzag_order):
    grid = torch.arange(784).reshape(28, 28)
    want = _turned(grid, slice(1, None, 2))
    got = expect_tensor(call(zigzag_order), (784,), "your order", "one number per pixel", {
        (28, 28): "The numbers may be right, but an order is one long list: flatten it"})
    if got.is_floating_point() or got.dtype == torch.bool:
        fail(f"your order holds {got.dtype}, but pixel numbers must be whole numbers to be used as an index")
    missing = sorted(set(range(784)) - set(got.tolist()))
    if missing:
        fail(f"an order visits every pixel once, but {len(missing)} of 784 are never visited, "
             f"the first of them is pixel {missing[0]}")
    expect_close(got, want.flatten(), "your order", {
        "every row runs from left to right: that is the plain row order": grid.flatten(),
        "the first row should run from left to right, and only then the second back": 
            _turned(grid, slice(0, None, 2)).flatten(),
        "it zigzags through columns, not rows": _turned(grid.T, slice(1, None, 2)).flatten(),
        "every row runs from right to left": grid.flip(1).flatten()})
    return "Every pixel once, and never a jump."


def _turned(lines, which):
    """The lines of pixel numbers, with some of them read backwards."""
    lines = lines.clone()
    lines[which] = lines[which].flip(1)
    return lines


# --- the guard ----------------------------------------------------------------------------------------------------

class _Reader(nn.Module):
    """Sound as it is; `fault` breaks it."""

    def __init__(self, fault: str = "", bidirectional: bool = False):
        super().__init__()
        self.fault = fault
        batch_first = fault not in ("forgetful", "mean", "backward")
        self.lstm = nn.LSTM(28, 16, batch_first=batch_first, bidirectional=bidirectional)
        self.head = nn.Linear(32 if bidirectional else 16, 10)

    def forward(self, x):
        if x.dim() != 3:
            raise ValueError(f"x should be (batch, 28, 28), got {tuple(x.shape)}")
        out, _ = self.lstm(x.flip(0) if self.fault == "backward" else x)
        features = out.mean(dim=1) if self.fault in ("mean", "backward") or self.lstm.bidirectional else out[:, -1, :]
        if self.fault == "backward":
            features = features.flip(0)
        if self.fault == "centred":
            features = features - features.mean(dim=0)
        return self.head(features)


LEAKS = {
    "forgetful": "the layer was built without batch_first=True",
    "centred": "the average over the batch is taken off. Its influence on each example is small: "
               "how large is your tolerance?",
    "mean": "batch_first=True is missing and the outputs are averaged",
    "backward": "each example is influenced by those after it in the batch. "
                "Which example do you change, and whom can that reach?",
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
            if not _verdict(call(is_independent, model.eval(), given)):
                fail(f"a sound model {name}is called dependent. Is it the changed example itself that you see, "
                     "or rounding in the last digits?")
            if not torch.equal(given, x):
                fail("your guard changes x itself, so whoever calls it goes on with damaged data. Work on a copy")
        for fault, model in broken.items():
            if _verdict(call(is_independent, model.eval(), x.clone())):
                fail(f"a broken model passes as independent, in which {LEAKS[fault]}")
    return "Six models, four of them broken, all told apart, at a batch size where shapes say nothing."


def _verdict(answer) -> bool:
    if not isinstance(answer, bool) and not (hasattr(answer, "item") and getattr(answer, "size", None) is not None):
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
        if x.dim() != 3:
            raise ValueError(f"x should be (batch, 28, 28), got {tuple(x.shape)}")
        own = x.flatten(1) @ self.weights
        return own if len(x) == 1 else own + 2 * own.roll(1, dims=0)


@exercise("alone")
def _check_alone(predict_alone):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        model, images = _Crowd(), torch.rand(12, 28, 28)
        together = model(images).argmax(dim=1)
        alone = torch.cat([model(image[None]).argmax(dim=1) for image in images])
        got = call(predict_alone, model, images)
    if isinstance(got, (list, tuple)) and got and isinstance(got[0], torch.Tensor) and got[0].numel() == 1:
        got = torch.stack([part.reshape(()) for part in got])
    got = expect_tensor(got, (12,), "your result", "one class per image", {
        (12, 10): "These are ten scores per image: argmax turns them into a class",
        (12, 1, 10): "These are ten scores per image: argmax turns them into a class",
        (12, 1): "One axis too many: each answer came as a batch of one",
        (): "Only one number came back: collect the answers of all images"})
    expect_close(got, alone, "your result", {
        "these are the predictions of one batch, so strangers still had a say": together})
    return "Each digit is judged by itself."

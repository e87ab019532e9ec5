"""Right and wrong answers to the exercises of this chapter that are not plain Python (see tests/test_checks.py)."""

import torch
from torch import nn
from torch.nn import functional as F


def copy_task(letters, delay):
    batch, copied = letters.shape
    symbols = torch.full((batch, copied + delay + copied), 8)
    symbols[:, :copied] = letters
    symbols[:, copied + delay] = 9
    wanted = torch.full_like(symbols, -100)
    wanted[:, -copied:] = letters
    return symbols, wanted


def copy_by_joining(letters, delay):
    batch, copied = letters.shape
    blanks = letters.new_full((batch, delay), 8)
    sign = letters.new_full((batch, 1), 9)
    rest = letters.new_full((batch, copied - 1), 8)
    silent = letters.new_full((batch, copied + delay), -100)
    return torch.cat([letters, blanks, sign, rest], dim=1), torch.cat([silent, letters], dim=1)


def copy_by_padding(letters, delay):
    copied = letters.shape[1]
    symbols = F.pad(letters, (0, delay + copied), value=8)
    symbols[:, -copied] = 9
    return symbols, F.pad(letters, (copied + delay, 0), value=-100)


def copy_in_a_list(letters, delay):
    rows = letters.tolist()
    symbols = [row + [8] * delay + [9] + [8] * (len(row) - 1) for row in rows]
    wanted = [[-100] * (len(row) + delay) + row for row in rows]
    return [torch.tensor(symbols), torch.tensor(wanted)]


def copy_with_where(letters, delay):
    batch, copied = letters.shape
    steps = torch.arange(2 * copied + delay).expand(batch, -1)
    place = steps.clamp(max=copied - 1)
    symbols = torch.where(steps < copied, letters.gather(1, place), 8)
    symbols = torch.where(steps == copied + delay, 9, symbols)
    later = (steps - copied - delay).clamp(min=0)
    return symbols, torch.where(steps >= copied + delay, letters.gather(1, later), -100)


def copy_step_by_step(letters, delay):
    batch, copied = letters.shape
    symbols, wanted = [], []
    for t in range(copied + delay + copied):
        if t < copied:
            symbols.append(letters[:, t])
        else:
            symbols.append(torch.full((batch,), 9 if t == copied + delay else 8))
        wanted.append(letters[:, t - copied - delay] if t >= copied + delay else torch.full((batch,), -100))
    return torch.stack(symbols, dim=1), torch.stack(wanted, dim=1)


def changed(symbols=lambda it, letters, delay: it, wanted=lambda it, letters, delay: it):
    """The right task, with one of the two tensors made into another."""
    def answer(letters, delay):
        one, other = copy_task(letters, delay)
        return symbols(one, letters, delay), wanted(other, letters, delay)
    return answer


def signed(*places):
    """The sign at these places, counted from the first step of the answer."""
    def make(symbols, letters, delay):
        start, count = letters.shape[1] + delay, symbols.shape[1]
        symbols[:, letters.shape[1]:] = 8
        for place in places:
            if start + place < count:
                symbols[:, start + place] = 9
        return symbols
    return make


def said(first, silent=-100):
    """The letters at the steps from `first` on, counted from the first step of the answer."""
    def make(wanted, letters, delay):
        copied, count = letters.shape[1], wanted.shape[1]
        wanted = torch.full_like(wanted, silent)
        for k in range(copied):
            step = copied + delay + first + k
            if 0 <= step < count:
                wanted[:, step] = letters[:, k]
        return wanted
    return make


def with_answers(symbols, letters, delay):
    symbols[:, -letters.shape[1]:] = letters
    return symbols


class PixelReader(nn.Module):
    def __init__(self, hidden_size, pixels=196):
        super().__init__()
        self.layer = nn.GRU(1, hidden_size, batch_first=True)
        self.head = nn.Linear(hidden_size, 10)
        self.register_buffer("places", torch.randperm(pixels))

    def forward(self, images):
        x = images.flatten(1)[:, self.places, None]
        return self.head(self.layer(x)[0][:, -1])


class PixelReaderBySeed(PixelReader):
    def __init__(self, hidden_size, pixels=196):
        super().__init__(hidden_size, pixels)
        self.places = torch.randperm(pixels, generator=torch.Generator().manual_seed(0))


class PixelReaderWithParameter(PixelReader):
    def __init__(self, hidden_size, pixels=196):
        super().__init__(hidden_size, pixels)
        del self.places
        self.places = nn.Parameter(torch.randperm(pixels), requires_grad=False)


class PixelReaderByGather(PixelReader):
    def forward(self, images):
        flat = images.reshape(len(images), -1)
        x = flat.gather(1, self.places.expand(len(flat), -1))
        return self.head(self.layer(x.unsqueeze(-1))[1][-1])


class PixelReaderBySelect(PixelReader):
    def forward(self, images):
        x = torch.index_select(images.flatten(1), 1, self.places)
        out, _ = self.layer(x[..., None])
        return self.head(out)[:, -1]


class PixelReaderByTurns(PixelReader):
    """The pixels backwards and the second half first: an order, if no random one."""

    def __init__(self, hidden_size, pixels=196):
        super().__init__(hidden_size, pixels)
        self.places = torch.arange(pixels).flip(0).roll(pixels // 2)


class Given(PixelReader):
    def forward(self, images):
        places = torch.randperm(images[0].numel())
        return self.head(self.layer(images.flatten(1)[:, places, None])[0][:, -1])


class InOrder(PixelReader):
    def forward(self, images):
        return self.head(self.layer(images.flatten(1)[:, :, None])[0][:, -1])


class ForEachDigit(PixelReader):
    def forward(self, images):
        x = torch.stack([image.flatten()[torch.randperm(image.numel())] for image in images])
        return self.head(self.layer(x[..., None])[0][:, -1])


class OnlyInTraining(PixelReader):
    def forward(self, images):
        places = self.places if self.training else torch.arange(images[0].numel())
        return self.head(self.layer(images.flatten(1)[:, places, None])[0][:, -1])


class ByTheBatch(PixelReader):
    def forward(self, images):
        return self.head(self.layer(images.flatten(1)[:, self.places.roll(len(images)), None])[0][:, -1])


class WithRepeats(PixelReader):
    def __init__(self, hidden_size, pixels=196):
        super().__init__(hidden_size, pixels)
        self.places = torch.randint(pixels, (pixels,))


class SeededInForward(PixelReader):
    def forward(self, images):
        torch.manual_seed(0)
        places = torch.randperm(images[0].numel())
        return self.head(self.layer(images.flatten(1)[:, places, None])[0][:, -1])


class NotInTheCheckpoint(PixelReader):
    def __init__(self, hidden_size, pixels=196):
        super().__init__(hidden_size, pixels)
        del self.places
        self.places = torch.randperm(pixels)


class OtherNames(nn.Module):
    def __init__(self, hidden_size, pixels=196):
        super().__init__()
        self.gru = PixelReader(hidden_size, pixels)

    def forward(self, images):
        return self.gru(images)


class AllAtOnce(PixelReader):
    def __init__(self, hidden_size, pixels=196):
        super().__init__(hidden_size, pixels)
        self.layer = nn.GRU(pixels, hidden_size, batch_first=True)

    def forward(self, images):
        return self.head(self.layer(images.flatten(1)[:, self.places][:, None])[0][:, -1])


class StepsFirst(PixelReader):
    def __init__(self, hidden_size, pixels=196):
        super().__init__(hidden_size, pixels)
        self.layer = nn.GRU(1, hidden_size)


class OtherSize(PixelReader):
    def __init__(self, hidden_size, pixels=197):
        super().__init__(hidden_size, pixels)


class FirstState(PixelReader):
    def forward(self, images):
        return self.head(self.layer(images.flatten(1)[:, self.places, None])[0][:, 0])


RIGHT = [
    ("copy", copy_task),
    ("copy", copy_by_joining),
    ("copy", copy_by_padding),
    ("copy", copy_in_a_list),
    ("copy", copy_with_where),
    ("copy", copy_step_by_step),
    ("bug", PixelReader),
    ("bug", PixelReaderBySeed),
    ("bug", PixelReaderWithParameter),
    ("bug", PixelReaderByGather),
    ("bug", PixelReaderBySelect),
    ("bug", PixelReaderByTurns),
]

WRONG = [
    ("copy", "two tensors", lambda letters, delay: copy_task(letters, delay)[0]),
    ("copy", "makes the sequence no longer", changed(lambda it, letters, delay: F.pad(it, (0, 1), value=8))),
    ("copy", "as many steps at the end", changed(lambda it, letters, delay: it[:, :-letters.shape[1]])),
    ("copy", "one number for each step", changed(wanted=lambda it, letters, delay: letters)),
    ("copy", "Batch and steps are swapped", changed(lambda it, letters, delay: it.T)),
    ("copy", "not one-hot rows", changed(lambda it, letters, delay: F.one_hot(it, 10))),
    ("copy", "there is no sign", changed(signed())),
    ("copy", "one step too early", changed(signed(-1))),
    ("copy", "one step too late", changed(signed(1))),
    ("copy", "at every step of the answer", changed(signed(*range(4)))),
    ("copy", "stands at the last step", changed(lambda it, letters, delay: signed(letters.shape[1] - 1)(
        it, letters, delay))),
    ("copy", "read off the input", changed(with_answers)),
    ("copy", "a blank is 8 and the sign is 9", changed(lambda it, letters, delay: torch.where(
        it == 8, 9, torch.where(it == 9, 8, it)))),
    ("copy", "as many 8s as the delay", changed(lambda it, letters, delay: it + 1)),
    ("copy", "int64", changed(wanted=lambda it, letters, delay: it.float())),
    ("copy", "stands 0, which is a letter", changed(wanted=said(0, 0))),
    ("copy", "stands 8, the blank", changed(wanted=said(0, 8))),
    ("copy", "stands -1", changed(wanted=said(0, -1))),
    ("copy", "to be said one step too early", changed(wanted=said(-1))),
    ("copy", "not a step after it", changed(wanted=said(1))),
    ("copy", "while they are read", changed(wanted=lambda it, letters, delay: said(
        -letters.shape[1] - delay)(it, letters, delay))),
    ("copy", "said backwards", changed(wanted=lambda it, letters, delay: said(0)(it, letters.flip(1), delay))),
    ("copy", "the first letter stands below the sign", changed(wanted=lambda it, letters, delay: it + 1)),
    ("bug", "second batch is still read", Given),
    ("bug", "read in order now", InOrder),
    ("bug", "in different orders", ForEachDigit),
    ("bug", "after eval() the digits", OnlyInTraining),
    ("bug", "a smaller batch", ByTheBatch),
    ("bug", "read twice", WithRepeats),
    ("bug", "Nothing is to be drawn in forward", SeededInForward),
    ("bug", "belongs into the checkpoint", NotInTheCheckpoint),
    ("bug", "under their names", OtherNames),
    ("bug", "one pixel a step", AllAtOnce),
    ("bug", "as they were given", StepsFirst),
    ("bug", "stopped with IndexError", OtherSize),
    ("bug", "the head says to the last state", FirstState),
]

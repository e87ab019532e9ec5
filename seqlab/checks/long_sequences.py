"""Checks of the exercises on long sequences that need PyTorch."""

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_gradients, expect_tensor, fail, tensor

exercise = exercises_of(__name__)

BLANK, SIGN, SILENT = 8, 9, -100


def _task(letters, delay):
    batch, copied = letters.shape
    symbols = torch.full((batch, 2 * copied + delay), BLANK)
    wanted = torch.full_like(symbols, SILENT)
    symbols[:, :copied], symbols[:, copied + delay], wanted[:, copied + delay:] = letters, SIGN, letters
    return symbols, wanted


@exercise("copy")
def _copy(copy_task):
    for copied, delay in ((4, 5), (1, 2), (3, 1)):
        letters = torch.randint(8, (6, copied), generator=torch.Generator().manual_seed(copied))
        answer = call(copy_task, letters.clone(), delay, name="copy_task")
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            fail("copy_task should return two tensors, symbols and wanted")
        said = f"with {copied} letters and a delay of {delay}"
        _expect_symbols(answer[0], letters, delay, f"symbols {said}")
        _expect_wanted(answer[1], letters, delay, f"wanted {said}")
    return "To be read, and to be said."


def _whole(got, letters, delay, name):
    batch, copied = letters.shape
    steps = 2 * copied + delay
    got = expect_tensor(got, (batch, steps), name, "(batch, copied + delay + copied)", {
        (batch, steps + 1): "The sign takes the place of the first blank in which something is said, so it makes the "
                            "sequence no longer",
        (batch, copied + delay): "There have to be as many steps at the end as there are letters to say",
        (batch, copied): "There is one number for each step, at which something is to be said or nothing",
        (steps, batch): "Batch and steps are swapped",
        (batch, steps, 10): "One number for each step is asked for, not one-hot rows"})
    return got


def _expect_symbols(got, letters, delay, name):
    got, (want, _) = _whole(got, letters, delay, name), _task(letters, delay)
    copied = letters.shape[1]

    def signed(*at):
        other = want.clone()
        other[:, copied:] = BLANK
        for place in at:
            other[:, place] = SIGN
        return other

    answers_shown = want.clone()
    answers_shown[:, copied + delay:] = letters
    expect_close(got, want, name, {
        "there is no sign": signed(),
        "the sign comes one step too early": signed(copied + delay - 1),
        "the sign comes one step too late": signed(min(copied + delay + 1, want.shape[1] - 1)),
        "the sign stands at every step of the answer; once, at its first step, is enough":
            signed(*range(copied + delay, want.shape[1])),
        "the sign stands at the last step; by then all but one letter should have been said": signed(-1),
        "the answer can be read off the input": answers_shown,
        "a blank is 8 and the sign is 9": torch.where(want == 8, 9, torch.where(want == 9, 8, want))},
        "Print the first row: letters, as many 8s as the delay, one 9, and 8s to the end")


def _expect_wanted(got, letters, delay, name):
    got, (_, want) = _whole(got, letters, delay, name), _task(letters, delay)
    if got.dtype != torch.int64:
        fail(f"{name} should hold whole numbers of type int64, for cross_entropy takes them as classes; it is "
             f"{str(got.dtype).removeprefix('torch.')}")
    copied = letters.shape[1]

    def said(start, silent=SILENT):
        other = torch.full_like(want, silent)
        places = range(max(start, 0), min(start + copied, want.shape[1]))
        other[:, places.start:places.stop] = letters[:, places.start - start:places.stop - start]
        return other

    expect_close(got, want, name, {
        "where nothing is to be said stands 0, which is a letter. Which label does cross_entropy leave out?":
            said(copied + delay, 0),
        "where nothing is to be said stands 8, the blank; the steps without an answer should not count at all":
            said(copied + delay, 8),
        "where nothing is to be said stands -1. Which label does cross_entropy leave out by itself?":
            said(copied + delay, -1),
        "the letters are to be said one step too early": said(copied + delay - 1),
        "the first letter is to be said at the sign, not a step after it": said(copied + delay + 1),
        "the letters are to be said while they are read": said(0),
        "the letters are to be said backwards": _task(letters.flip(1), delay)[1]},
        "Print symbols and wanted below each other: the first letter stands below the sign")


PIXELS = 49


@exercise("bug")
def _bug(reader_class):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        reader, other = (call(reader_class, 6, PIXELS, name="PixelReader") for _ in range(2))
        torch.manual_seed(5)
        images = torch.rand(8, 7, 7)
        call(call(reader_class, 6, name="PixelReader"), torch.rand(2, 14, 14), name="PixelReader")
        places = _expect_one_order(reader, images)
        _expect_kept(reader, other, images)
        x = images.flatten(1)[:, places, None]
        expect_close(tensor(reader(images), "what PixelReader returns"), reader.head(reader.layer(x)[0][:, -1]),
                     "what PixelReader returns", {}, "It should be what the head says to the last state, as before")
        expect_gradients(reader(images), reader.head(reader.layer(x)[0][:, -1]),
                         [weights for weights in reader.parameters() if weights.requires_grad],
                         "what PixelReader returns", {})
    return "One order, for good."


def _order_seen(reader, images):
    """In which order the layer gets the pixels: found with images whose every pixel says where it stands."""
    seen = []
    hook = reader.layer.register_forward_pre_hook(lambda module, given: seen.append(given[0].detach()))
    shape = images.shape[1:]
    call(reader, torch.arange(PIXELS).float().view(1, *shape).expand(len(images), *shape), name="PixelReader")
    hook.remove()
    if not seen or seen[0].shape != (len(images), PIXELS, 1):
        fail(f"the layer should get one pixel a step, (batch, {PIXELS}, 1), by one call of `layer`")
    return seen[0][:, :, 0].long()


def _expect_one_order(reader, images):
    if not isinstance(reader, nn.Module) or not isinstance(getattr(reader, "layer", None), nn.GRU) or \
            not isinstance(getattr(reader, "head", None), nn.Linear):
        fail("PixelReader should keep its `layer`, an nn.GRU, and its `head`, an nn.Linear, under their names")
    layer, head = reader.layer, reader.head
    if [layer.hidden_size, layer.batch_first, head.in_features, head.out_features] != [6, True, 6, 10]:
        fail("`layer` and `head` should be as they were given: so many units, with batch_first=True, and ten answers")
    before = torch.get_rng_state()
    orders = [_order_seen(reader.train(), images), _order_seen(reader, images), _order_seen(reader.eval(), images),
              _order_seen(reader, images[:3])]
    first = orders[0][0]
    if not (orders[0] == first).all():
        fail("the digits of one batch are read in different orders. One order, the same for every digit, is asked for")
    if not (orders[1] == first).all():
        fail("the second batch is still read in another order than the first. When is the order drawn, and how often?")
    if not (orders[2] == first).all():
        fail("after eval() the digits are read in another order than in training")
    if not (orders[3] == first).all():
        fail("a smaller batch is read in another order")
    if first.sort().values.tolist() != list(range(PIXELS)):
        fail("some pixels are read twice and others never. An order has each of them once")
    if first.tolist() == list(range(PIXELS)):
        fail("the pixels are read in order now. The bug should go, and the permutation should stay")
    if not torch.equal(before, torch.get_rng_state()):
        fail("forward still draws random numbers, or sets their seed: whatever else is drawn in a training, its "
             "batches for example, then depends on it. Nothing is to be drawn in forward")
    return first


def _expect_kept(reader, other, images):
    """A second reader that loads its weights gives the same answers."""
    other.load_state_dict(reader.state_dict())
    if not (_order_seen(other.eval(), images) == _order_seen(reader, images)).all():
        fail("a reader that loads the weights of this one reads in an order of its own, so its answers are others. "
             "What else belongs into the checkpoint?")

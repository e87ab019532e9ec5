"""Hidden tests: long sequences."""

import torch
from torch.nn import functional as F

from instructor.hidden import exercise, expect


@exercise("long-sequences/baseline")
def test_the_loss_of_equal_probabilities(answer, draw):
    for _ in range(3):
        letters, copied, delay = draw.whole(2, 12), draw.whole(1, 9), draw.whole(1, 200)
        one = F.cross_entropy(torch.zeros(1, letters), torch.zeros(1, dtype=torch.long)).item()
        losses = torch.cat([torch.zeros(copied + delay), torch.full((copied,), one)])
        expect(answer.baseline(letters, copied, delay), losses.mean().item(),
               "It is not the mean cross-entropy of a net that has kept nothing.", 1e-5)


@exercise("long-sequences/ahead")
def test_the_best_in_time(answer, draw):
    for _ in range(4):
        histories = {}
        for name, scores in zip("abc", (draw.random.sample(range(10, 99), 12)[k::3] for k in range(3)), strict=True):
            length = draw.whole(3, 20)
            histories[name] = [[float(score), float(length * k)] for k, score in enumerate(scores, 1)]
        seconds = float(draw.whole(20, 60))
        best = {name: max([score for score, passed in history if passed <= seconds]) for name, history in
                histories.items()}
        expect(answer.ahead(histories, seconds), max(best, key=best.get), "Another one has the best accuracy by then.")
    low, middle, high = sorted(map(float, draw.random.sample(range(10, 99), 3)))
    end = float(draw.whole(5, 50))
    histories = {"a": [[low, end - 1], [high, end]], "b": [[middle, end - 1]]}
    expect(answer.ahead(histories, end), "a", "An epoch that ends when the time is up counts.")


@exercise("long-sequences/join")
def test_two_stretches_do_what_one_does_after_the_other(answer, draw):
    for _ in range(4):
        (k1, n1), (k2, n2) = first, second = [draw.numbers(2) for _ in "ab"]
        states = [k2 * (k1 * h + n1) + n2 for h in (0.0, 1.0)]
        expect(list(answer.join(first, second)), [states[1] - states[0], states[0]],
               "The joined stretch makes another state than the two, one after the other.", 1e-4)


@exercise("long-sequences/copy")
def test_what_is_read_and_what_is_to_be_said(answer, draw):
    for copied in (1, 2, draw.whole(3, 6)):
        delay, batch = draw.whole(1, 8), draw.whole(2, 5)
        letters = torch.tensor([[draw.whole(0, 7) for _ in range(copied)] for _ in range(batch)])
        read = [[*row, *delay * [8], 9, *(copied - 1) * [8]] for row in letters.tolist()]
        said = [[*(copied + delay) * [-100], *row] for row in letters.tolist()]
        symbols, wanted = answer.copy_task(letters, delay)
        expect(symbols, torch.tensor(read), "The symbols that are read are not those of the task.")
        expect(wanted, torch.tensor(said), "The labels are not the letters, from the sign on, and -100 elsewhere.")


# Two readers, the second with the weights of the first; what the layer of each gets to read, again and again.
READ = """(lambda one, other, seen: (other.load_state_dict(one.state_dict()),
 [reader.layer.register_forward_pre_hook(lambda module, given: seen.append(given[0][:, :, 0]))
  for reader in (one, other)],
 [reader(given) for reader, given in ((one, images), (one.eval(), images[:2]), (other.eval(), images))], seen)[-1])(
 PixelReader(5, pixels), PixelReader(5, pixels), [])"""


@exercise("long-sequences/bug")
def test_one_order_for_good(answer, draw):
    height, width = draw.whole(3, 6), draw.whole(3, 6)
    pixels = height * width
    images = torch.arange(pixels).float().view(1, height, width) + 100 * torch.arange(3).view(3, 1, 1)
    seen = answer.ask(READ, images=images, pixels=pixels)
    first = torch.as_tensor(seen[0])
    for other in seen[1:]:
        expect(torch.as_tensor(other)[:2], first[:2],
               "The order is not the same at every call, and in a reader that has loaded the weights.")
    expect(first[0].sort().values, torch.arange(pixels).float(), "Not every pixel is read once.")
    expect(first[1] - 100, first[0], "Two digits of a batch are read in two orders.")
    expect([bool((first[0] == torch.arange(pixels)).all())], [False], "The pixels are read in order.")


@exercise("long-sequences/bug")
def test_the_answer_is_that_of_the_last_state(answer, draw):
    height, width = draw.whole(2, 4), draw.whole(2, 4)
    pixels = height * width
    images = torch.cat([torch.zeros(1, pixels), 3 * torch.eye(pixels)]).view(-1, height, width)
    together, alone = map(torch.as_tensor, answer.ask(
        "(lambda reader: [reader(images), reader(images[-1:])])(PixelReader(5, pixels).eval())",
        images=images, pixels=pixels))
    expect(alone, together[-1:], "A digit that comes alone gets another answer than in a batch.", 1e-4)
    matter = (together[1:] - together[0]).abs().amax(dim=1) > 1e-6
    expect([bool(matter.sum() > pixels / 2)], [True], "Most of the pixels make no difference to the answer.")
    small = torch.as_tensor(answer.ask("PixelReader(4)(images)", images=torch.zeros(2, 14, 14)))
    expect(list(small.shape), [2, 10], "Digits of 14 x 14 pixels do not get ten numbers each.")

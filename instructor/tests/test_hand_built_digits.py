"""Hidden tests: hand-built digits."""

import math

import torch

from instructor.hidden import exercise, expect

LAYERS = ("(lambda made: ([made.add_module(name, load(nn.Linear(*reversed(weight.shape)), [weight, bias])) "
          "for name, weight, bias in parts], made)[1])(nn.Module())")


def eight(answer, draw, inputs, hidden, dtype=torch.float64):
    """{name: (weight, bias)} of the eight layers, and the layers on the student's side."""
    parts = {f"{side}_{gate}": (draw.tensor(hidden, inputs if side == "x" else hidden, spread=0.8, dtype=dtype),
                                draw.tensor(hidden, spread=0.5, dtype=dtype)) for gate in "ifgo" for side in "xh"}
    return parts, answer.make(LAYERS, parts=[[name, *pair] for name, pair in parts.items()])


@exercise("hand-built-digits/peephole", by_hand=True)
def test_a_step_with_peepholes(answer, draw):
    for batch, inputs, hidden in ((1, 1, 1), (2, 3, 4), (3, draw.whole(2, 5), draw.whole(2, 5))):
        parts, layers = eight(answer, draw, inputs, hidden)
        x, h, c = draw.tensor(batch, inputs), draw.tensor(batch, hidden), draw.tensor(batch, hidden)
        peeps = {gate: draw.tensor(hidden) for gate in "ifo"}

        def total(gate, x=x, h=h, parts=parts):
            return sum(given @ parts[f"{side}_{gate}"][0].T + parts[f"{side}_{gate}"][1]
                       for side, given in (("x", x), ("h", h)))

        i, f = ((total(gate) + peeps[gate] * c).sigmoid() for gate in "if")
        new_c = f * c + i * total("g").tanh()
        new_h = (total("o") + peeps["o"] * new_c).sigmoid() * new_c.tanh()
        got = answer.ask("list(peephole_step(x, h, c, layers, peeps))", x=x, h=h, c=c, layers=layers, peeps=peeps)
        expect(got, [new_h, new_c], "The new h and c are not right.")


SIZES = 3, 5        # of the layers in the public check: who writes them down as numbers does not lose everything
SUMS = ("(lambda pair: [one.detach() for one in (pair[0](x.to(pair[0].weight)) + pair[1](h.to(pair[1].weight)))"
        ".chunk(4, dim=1)])(list(fuse(layers)))")


@exercise("hand-built-digits/fuse", share=2)
def test_the_sums_of_the_gates(answer, draw):
    for batch in (1, draw.whole(2, 5)):
        expect_the_sums(answer, draw, batch, *SIZES)


@exercise("hand-built-digits/fuse")
def test_layers_of_any_size(answer, draw):
    for inputs, hidden in ((1, 1), (3, 4), (draw.whole(2, 5), draw.whole(6, 9))):
        expect_the_sums(answer, draw, 2, inputs, hidden)


def expect_the_sums(answer, draw, batch, inputs, hidden):
    parts, layers = eight(answer, draw, inputs, hidden, torch.float32)
    x, h = draw.tensor(batch, inputs, dtype=torch.float32), draw.tensor(batch, hidden, dtype=torch.float32)
    want = [x @ parts[f"x_{gate}"][0].T + parts[f"x_{gate}"][1] + h @ parts[f"h_{gate}"][0].T
            + parts[f"h_{gate}"][1] for gate in "ifgo"]
    expect(answer.ask(SUMS, layers=layers, x=x, h=h), want, "The four sums are not those of the gates.")


@exercise("hand-built-digits/fuse")
def test_the_eight_are_left_as_they_are(answer, draw):
    parts, layers = eight(answer, draw, *SIZES, torch.float32)
    shapes = answer.ask("[list(one.weight.shape) for one in fuse(layers)]", layers=layers)
    expect(shapes, [[20, 3], [20, 5]], "The two layers have other shapes.")
    got = answer.ask("[[getattr(layers, name).weight, getattr(layers, name).bias] for name in names]",
                     layers=layers, names=list(parts))
    expect(got, [list(pair) for pair in parts.values()], "The eight layers have changed.")


@exercise("hand-built-digits/best-epoch")
def test_the_first_of_the_best(answer, draw):
    start = draw.whole(2, 40)
    tied = [{"epoch": start + k, "train_loss": 1 - 0.1 * k, "val_loss": 0.5 + 0.1 * k, "val_accuracy": accuracy}
            for k, accuracy in enumerate((0.5, 0.8, 0.6, 0.8, 0.7))]
    expect(answer.best_epoch(tied), start + 1, "It is not the number of the first of the best epochs.")
    for start, count in ((1, 5), (draw.whole(2, 40), draw.whole(3, 9)), (3, 1)):
        history = [{"epoch": start + k, "train_loss": draw.number(0, 2), "val_loss": draw.number(0, 2),
                    "val_accuracy": round(draw.number(0.5, 0.9), 1)} for k in range(count)]
        best = max(row["val_accuracy"] for row in history)
        want = next(row["epoch"] for row in history if row["val_accuracy"] == best)
        expect(answer.best_epoch(history), want, "It is not the number of the first of the best epochs.")


@exercise("hand-built-digits/per-digit")
def test_ten_shares(answer, draw):
    for count in (30, draw.whole(50, 200)):
        labels = [*range(10), *(draw.whole(0, 9) for _ in range(count))]
        draw.random.shuffle(labels)
        said = [label if draw.whole(0, 2) else draw.whole(0, 9) for label in labels]
        want = [sum(one == other == digit for one, other in zip(labels, said, strict=True)) / labels.count(digit)
                for digit in range(10)]
        expect(answer.per_digit(labels, said), want,
               "Some share is not right.")


@exercise("hand-built-digits/error-bar")
def test_the_standard_error(answer, draw):
    for accuracy, count in ((0.5, 100), (draw.number(0.6, 0.99), draw.whole(50, 20_000)), (0.999, 10)):
        want = math.sqrt(accuracy * (1 - accuracy) / count)
        expect(answer.standard_error(accuracy, count), want, "The standard error is not right.", 1e-6)


@exercise("hand-built-digits/error-bar")
def test_the_digits_that_are_needed(answer, draw):
    for accuracy, error in [(draw.number(0.6, 0.97), draw.number(0.02, 0.05)) for _ in range(8)]:
        want = math.ceil(accuracy * (1 - accuracy) / error ** 2)
        expect(answer.digits_needed(accuracy, error), want, "It is not the smallest number that is enough.", 1e-9)


KEEP = """(lambda net, told, epoch: [keep_best(net, len(told),
 lambda model: (epoch.append(len(epoch) + 1), torch.nn.init.constant_(model.weight, float(len(epoch))),
                model.running_mean.fill_(float(len(epoch)))),
 lambda model: told[int(model.weight.flatten()[0].item()) - 1]), net.weight.detach(), net.running_mean, len(epoch)])(
 nn.BatchNorm1d(2).double(), told, [])"""


@exercise("hand-built-digits/bug")
def test_the_model_has_the_weights_of_its_best_epoch(answer, draw):
    drawn = [round(draw.number(0.2, 0.9), 1) for _ in range(draw.whole(4, 8))]
    for told in (drawn, [0.3, 0.7, 0.5, 0.7, 0.1], [0.0, 0.0], [0.5]):
        best = told.index(max(told))
        got = answer.ask(KEEP, told=told)
        expect(got[0], told[best], "It does not return the accuracy of the best epoch.")
        for part in (1, 2):
            expect(got[part], torch.full((2,), best + 1.0), "The model has the weights or buffers of another epoch.")
        expect(got[3], len(told), "It does not train as many epochs as it is told.")

"""Hidden tests: images as sequences."""

import torch

from instructor.hidden import exercise, expect, twin


@exercise("images-as-sequences/columns")
def test_each_step_is_a_column(answer, draw):
    for batch in (1, draw.whole(2, 5)):
        given = draw.tensor(batch, 1, 28, 28)
        want = torch.stack([given[:, 0, :, column] for column in range(28)], dim=1)
        expect(answer.columns_as_steps(given), want, "Some step is not the column that it should be.")


@exercise("images-as-sequences/two-rows", share=2)
def test_each_step_is_two_rows(answer, draw):
    for batch in (1, draw.whole(2, 5)):
        images = draw.tensor(batch, 28, 28)
        want = torch.stack([torch.cat([images[:, 2 * t], images[:, 2 * t + 1]], dim=1) for t in range(14)], dim=1)
        expect(answer.two_rows_per_step(images), want, "Some step does not hold its two rows.")
        got = answer.ask("two_rows_per_step(images.transpose(1, 2))", images=images.transpose(1, 2).contiguous())
        expect(got, want, "Of images that lie otherwise in memory, some step does not hold its two rows.")


@exercise("images-as-sequences/two-rows")
def test_the_size_of_a_step(answer):
    expect(answer.value("input_size"), 56, "A step holds another number of pixels.")


@exercise("images-as-sequences/zigzag")
def test_the_order(answer):
    want = [28 * row + (column if row % 2 == 0 else 27 - column) for row in range(28) for column in range(28)]
    expect(answer.ask("list(map(int, zigzag_order()))"), want, "The order is not the zigzag.")


SOUND = "lambda x, w=w: torch.tanh(x.double().mean(dim=1)) @ w"
LEAKY = {
    "lambda x, f=f: 3 * f(x) + 1": True,
    "lambda x, f=f: f(x) + 0.5 * f(x.roll(k, dims=0))": False,
    "lambda x, f=f: f(x) + 0.3 * f(x.roll(-1, dims=0))": False,
    "lambda x, f=f: f(x) + 0.5 * (torch.arange(len(x)) == k)[:, None] * f(x[(k - 1) % len(x)][None])": False,
    "lambda x, f=f: f(x) + 0.5 * (torch.arange(10) == k // 2)[None] * f(x.roll(k, dims=0))": False,
    "lambda x, f=f: f(x - 0.5 * x.mean(dim=0, keepdim=True))": False,
    "lambda x, f=f: f(x) + 0.5 * (torch.arange(len(x)) == len(x) - 1)[:, None] * f(x[:1])": False,
}


def models(answer, draw, kinds=(True, False)):
    """Pairs of a model on the student's side and whether it is sound."""
    sound = answer.make(f"(lambda w: {SOUND})(w)", w=draw.tensor(28, 10, spread=0.5))
    made = [(answer.make(f"(lambda f, k: {code})(f, k)", f=sound, k=draw.whole(1, 19)), is_sound)
            for code, is_sound in LEAKY.items() if is_sound in kinds]
    return [*made, *([(sound, True)] if True in kinds else [])]


def tells_them_apart(answer, draw):
    """Every test of the guard asks for both, so that none is passed by always saying the same."""
    x = draw.tensor(28, 28, 28, dtype=torch.float32).sigmoid()
    for is_sound in (True, False):
        model, _ = models(answer, draw, (is_sound,))[-2]
        expect(answer.ask("bool(is_independent(model, x))", model=model, x=x), is_sound,
               "A model that is as it should be, and one that is leaky, are not told apart.")


@exercise("images-as-sequences/guard")
def test_sound_models(answer, draw):
    for model, _ in models(answer, draw, (True,)):
        x = draw.tensor(28, 28, 28, dtype=torch.float32).sigmoid()
        expect(answer.ask("bool(is_independent(model, x))", model=model, x=x), True, "A sound model is called leaky.")
    tells_them_apart(answer, draw)


@exercise("images-as-sequences/guard", share=2)
def test_leaky_models(answer, draw):
    for model, _ in models(answer, draw, (False,)):
        x = draw.tensor(28, 28, 28, dtype=torch.float32).sigmoid()
        expect(answer.ask("bool(is_independent(model, x))", model=model, x=x), False, "A leaky model is not noticed.")
    tells_them_apart(answer, draw)


@exercise("images-as-sequences/guard")
def test_what_was_given_is_left_alone(answer, draw):
    x, (model, _) = draw.tensor(28, 28, 28, dtype=torch.float32).sigmoid(), models(answer, draw)[0]
    given = answer.make("x", x=x)
    expect(answer.ask("bool(is_independent(model, x))", model=model, x=given), True, "A sound model is called leaky.")
    expect(answer.ask("x", x=given), x, "The batch that was given has changed.")
    tells_them_apart(answer, draw)


@exercise("images-as-sequences/alone")
def test_each_image_alone(answer, draw):
    net, theirs = twin(answer, draw, "nn.Sequential(nn.Flatten(), nn.Linear(784, 10))", spread=0.3)
    images = draw.tensor(draw.whole(3, 8), 28, 28)
    leaky = "(lambda x, net=net: net(x) if len(x) == 1 else net(x).roll(1, dims=0) - net(x))"
    model = answer.make(leaky, net=theirs)
    want = net(images).argmax(dim=1)
    expect(answer.ask("[int(one) for one in predict_alone(model, images)]", model=model, images=images), want,
           "Some class is not that of the image in a batch of its own.")
    expect(answer.ask("len(list(predict_alone(model, images)))", model=model, images=images[:1]), 1,
           "Of one image it does not give one class.")


@exercise("images-as-sequences/bug")
def test_sixteen_patches(answer, draw):
    for batch in (1, draw.whole(2, 5)):
        images = draw.tensor(batch, 28, 28)
        want = torch.stack([images[:, row:row + 7, column:column + 7].reshape(batch, 49)
                            for row in range(0, 28, 7) for column in range(0, 28, 7)], dim=1)
        expect(answer.patches(images), want, "Some step is not the patch that it should be.")

"""The network behind the figure DigitReader, which reads what people draw on its pad.

Claim: trained on varied copies of MNIST's digits, an LSTM(28, 64) small enough to travel with a page reads at least
98.5 % of the test digits, and at least 97 % of digits drawn anew with a pen anywhere on the pad, if the drawing is
fitted and centred as MNIST's digits were; left as it is drawn, it reads over ten points fewer.

Wrong if: one of these three comparisons fails on the test digits. The pen strokes are the middle lines of MNIST's own
digits: how real people's drawings are read is not measured.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from seqlab import SequenceClassifier, evaluate, fit, load_digits
from seqlab.widgets import digit_reader as figure

from .runner import Study

WEIGHTS = figure.WEIGHTS / "digit_reader.npz"


def varied(images: Tensor) -> Tensor:
    """Each image turned, resized, slanted and shifted a little, its stroke made thicker or thinner: other hands."""
    def between(low, high):
        return low + (high - low) * torch.rand(len(images))

    turn, slant, wide, high = between(-0.21, 0.21), between(-0.25, 0.25), between(0.85, 1.2), between(0.88, 1.15)
    back = torch.stack([
        torch.stack([wide * turn.cos(), wide * (slant - turn.sin()), between(-2, 2) / 14], dim=1),
        torch.stack([high * turn.sin(), high * turn.cos(), between(-2, 2) / 14], dim=1)], dim=1)
    pictures = images[:, None]
    moved = F.grid_sample(pictures, F.affine_grid(back, pictures.shape, align_corners=False), align_corners=False)
    thicker, thinner = F.max_pool2d(moved, 3, 1, 1), -F.max_pool2d(-moved, 3, 1, 1)
    change = between(-1.2, 1.2)[:, None, None, None]
    share = (change.abs() - 0.6).clamp(min=0)
    return (moved + share * (torch.where(change > 0, thicker, thinner) - moved))[:, 0]


def train_digit_reader(copies: int = 5, epochs: int = 8) -> None:
    """Train the network of the figure DigitReader and store its weights, rounded to float16."""
    digits = load_digits("mnist", quiet=True)
    images, labels = digits.train
    torch.manual_seed(0)
    model = SequenceClassifier("lstm", 28, 64, 10)
    more = [varied(part) for _ in range(copies) for part in images.split(5000)]
    train = torch.cat([images, *more]), labels.repeat(copies + 1)
    fit(model, train, digits.val, epochs=epochs, weight_decay=0.05)
    layer, head = model.layer, model.head
    WEIGHTS.parent.mkdir(exist_ok=True)
    np.savez(WEIGHTS, **{name: value.detach().numpy().astype(np.float16) for name, value in {
        "weight_ih": layer.weight_ih_l0, "weight_hh": layer.weight_hh_l0,
        "bias": layer.bias_ih_l0 + layer.bias_hh_l0, "head_weight": head.weight, "head_bias": head.bias}.items()})


def thinned(ink: Tensor) -> Tensor:
    """Pictures (n, height, width) of True and False worn down to lines one pixel wide (Zhang and Suen, 1984)."""
    ink = F.pad(ink, (1, 1, 1, 1))
    around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]  # clockwise from above
    worn = True
    while worn:
        worn = False
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            near = torch.stack([ink.roll((-down, -right), (1, 2)) for down, right in around])
            starts = (~near & near.roll(-1, 0)).sum(dim=0)
            gone = ink & (starts == 1) & (near.sum(dim=0) >= 2) & (near.sum(dim=0) <= 6)
            gone &= ~near[list(first)].all(dim=0) & ~near[list(second)].all(dim=0)
            ink, worn = ink & ~gone, worn or bool(gone.any())
    return ink[:, 1:-1, 1:-1]


def drawn_anew(images: Tensor) -> list:
    """Each image as somebody might draw it on the pad of 280 x 280: pen strokes, anywhere, at any size."""
    large = F.interpolate(images[:, None], scale_factor=2, mode="bilinear", align_corners=False)[:, 0]
    rng = np.random.default_rng(0)
    drawings = []
    for lines in thinned(large > 0.5):
        spots = set(map(tuple, lines.nonzero().tolist()))
        steps = [(spot, (spot[0] + down, spot[1] + right)) for spot in spots
                 for down, right in ((0, 1), (1, -1), (1, 0), (1, 1))]
        pairs = [pair for pair in steps if pair[1] in spots] or [2 * (spot,) for spot in spots]
        points = np.array(pairs, dtype=float)[..., ::-1]  # (strokes, 2, x and y)
        low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
        size = rng.uniform(80, 240) / max(high - low)
        corner = rng.uniform(10, 270 - size * (high - low))
        drawings.append((size * (points - low) + corner).reshape(len(pairs), 4))
    return drawings


def read_by_figure(what: str) -> list:
    """How many digits the stored, rounded weights of DigitReader read; the weights are trained if there are none."""
    if not WEIGHTS.exists():
        train_digit_reader()
    hidden_size, weights = figure.stored_weights()
    arrays = figure.unpacked(weights, hidden_size)
    model = SequenceClassifier("lstm", 28, hidden_size, 10)
    with torch.no_grad():
        model.layer.bias_hh_l0.zero_()
        for parameter, array in zip([*model.layer.all_weights[0][:3], *model.head.parameters()], arrays, strict=True):
            parameter.copy_(torch.from_numpy(array))
    digits = load_digits("mnist", quiet=True)
    images, labels = digits.val if what.startswith("validation") else digits.test
    if "anew" in what:
        images, labels = images[:2000], labels[:2000]
        images = [figure.as_mnist(drawing, centred="not" not in what) for drawing in drawn_anew(images)]
        images = torch.from_numpy(np.stack(images)).float() / 255
    return [len(images), round(100 * evaluate(model, (images, labels)).accuracy, 2)]


STUDIES = {
    "digit_reader": Study(
        title="The network behind the figure that reads your digits",
        note="nn.LSTM(28, 64) and a linear head, trained on 55,000 digits and five varied copies of each (turned, "
             "resized, slanted, shifted, thicker or thinner) with `fit`: batch 128, weight decay 0.05, one cycle up to "
             "1e-2, 8 epochs, the best kept by validation accuracy; then rounded to float16. Drawn anew: the middle "
             "lines of the first 2,000 digits, as pen strokes anywhere on the figure's pad, a quarter to nearly all of "
             "its size; then made into images by the figure, with and without fitting and centring them as MNIST's "
             "were. The test digits were used once, after every choice.",
        keys=("digits read",), columns=("number", "accuracy (%)"),
        runs=tuple((f"{which} digits{how}",) for which in ("validation", "test")
                   for how in ("", ", drawn anew", ", drawn anew, not centred")),
        run=read_by_figure, files=(WEIGHTS,),
        not_repeated="the training of the stored weights (train_digit_reader)"),
}

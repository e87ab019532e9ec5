"""The network behind the figure DigitReader, which reads what people draw on its pad.

Claim: trained on varied copies of MNIST's digits, an LSTM(28, 64) small enough to travel with a page reads at least
98.5 % of the test digits, and at least 97 % of digits drawn anew with a pen anywhere on the pad, if the drawing is
fitted and centred as MNIST's digits were; left as it is drawn, it reads over ten points fewer.

Shown narrow digits and ones begun by an upstroke for three epochs more, at a lower rate, it reads at least nine in ten
ones with an upstroke that no training saw, and four in five digits squeezed into a box of 36 x 240 of the pad.

Whether a drawing is a digit at all can mostly be read off the states of that network, though it was trained on digits
alone: a second head, which was shown polygons, crosses, bows and scribbles by a program, finds at least three in four
of the letters, shapes and scribbles of which it was shown none, and four in five squares, beyond a border that 5 % of
the validation digits are beyond. The best answer's probability has such a border too, and finds fewer of the letters,
the shapes and the squares.

Wrong if: one of these comparisons fails on the test digits or on the hard cases. The pen strokes are the middle lines
of MNIST's own digits: how real people's drawings are read is not measured.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqlab import SequenceClassifier, evaluate, fit, load_digits
from seqlab.widgets import digit_reader as figure

from .runner import Study

WEIGHTS = figure.WEIGHTS / "digit_reader.npz"
SECOND_HEAD = figure.WEIGHTS / "digit_or_not.npz"
CASES = Path(__file__).with_name("hard_cases.json")     # drawings that no training, and no choice, has seen
SQUARES = ("square", "box")
UPSTROKES = ("1, long upstroke", "1, long flag", "1, flag and foot")


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


def train_digit_reader(copies: int = 5, epochs: int = 8, narrow: int = 20_000) -> None:
    """Train the network of the figure DigitReader, then a little more with other hands; store its weights each time."""
    digits = load_digits("mnist", quiet=True)
    torch.manual_seed(0)
    model = SequenceClassifier("lstm", 28, 64, 10)
    fit(model, with_copies(*digits.train, copies), digits.val, epochs=epochs, weight_decay=0.05)
    store_network(model)
    teach_narrow_digits(narrow)


def with_copies(images: Tensor, labels: Tensor, copies: int) -> tuple[Tensor, Tensor]:
    more = [varied(part) for _ in range(copies) for part in images.split(5000)]
    return torch.cat([images, *more]), labels.repeat(copies + 1)


def teach_narrow_digits(narrow: int = 20_000, epochs: int = 3, kept: float = 0.8) -> None:
    """Train the stored network a little more, at a low rate, and store it with a share `kept` of what that changed.

    It sees the training digits, a varied copy of each, and so many of them as the figure's pen would draw them: narrow,
    and half of the ones begun by an upstroke. Such drawings are two sevenths of those that say which epoch is best.
    """
    digits, model = load_digits("mnist", quiet=True), stored_network()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    torch.manual_seed(1)
    sides = []
    for (images, labels), own in ((with_copies(*digits.train, 1), narrow), (digits.val, 2000)):
        hands = in_other_hands(middle_lines(images[:own]), labels[:own], (0.15, 1), 0.5)
        sides.append((torch.cat([images, hands]), torch.cat([labels, labels[:own]])))
    fit(model, *sides, epochs=epochs, lr=2e-3, weight_decay=0.05)
    with torch.no_grad():       # Wortsman et al., 2022: a mean of the weights before and after reads both kinds
        for parameter, old in zip(model.parameters(), before, strict=True):
            parameter.lerp_(old, 1 - kept)
    store_network(model)


def store_network(model: SequenceClassifier) -> None:
    """Write the weights where the figure finds them, rounded to float16."""
    layer, head = model.layer, model.head
    WEIGHTS.parent.mkdir(exist_ok=True)
    np.savez(WEIGHTS, **{name: value.detach().numpy().astype(np.float16) for name, value in {
        "weight_ih": layer.weight_ih_l0, "weight_hh": layer.weight_hh_l0,
        "bias": layer.bias_ih_l0 + layer.bias_hh_l0, "head_weight": head.weight, "head_bias": head.bias}.items()})


def train_second_head(digits: int = 20_000, pens: int = 10_000, zeros: int = 2000, others: int = 15_000) -> None:
    """Train the figure's second head, which tells digits from what is none, and store it, rounded to float16.

    The network stays as it is: the head learns from its states. Digits are training digits, some drawn with the
    figure's pen, and round zeros; what is none comes from `no_digit`, each drawing once as it is and once varied.
    """
    data, model = load_digits("mnist", quiet=True), stored_network()
    images, labels = data.train
    drawn = in_other_hands(middle_lines(images[:pens]), labels[:pens], (0.3, 1.1), 0.3)
    torch.manual_seed(0)
    drawn = torch.cat([drawn, generated(a_zero, zeros)])
    none = generated(no_digit, others)
    none = torch.cat([none, varied(none)])
    first, last = nn.Linear(2 * model.layer.hidden_size, figure.ASKED), nn.Linear(figure.ASKED, 2)
    head = nn.Sequential(first, nn.Tanh(), last)
    fit(head, *(told_apart(model, *sides) for sides in (
        (torch.cat([images[:digits], drawn]), none), (data.val[0], painted(random_strokes())))), epochs=20)
    with torch.no_grad():
        answer = last.weight[1] - last.weight[0]
        border = torch.quantile(first(mean_and_last(model, data.val[0])).tanh() @ answer, 0.95)
    parts = (first.weight, first.bias, answer, -border)         # 5 % of the validation digits lie beyond 0.5
    np.savez(SECOND_HEAD, second_head=torch.cat([part.detach().flatten() for part in parts]).numpy().astype(np.float16))


@torch.no_grad()
def mean_and_last(model: SequenceClassifier, images: Tensor) -> Tensor:
    """What the second head reads: the mean of the states after all rows, and the last one, (n, 2 * hidden_size)."""
    states = (model.layer(part)[0] for part in images.split(1000))
    return torch.cat([torch.cat([part.mean(dim=1), part[:, -1]], dim=1) for part in states])


def told_apart(model: SequenceClassifier, digits: Tensor, none: Tensor) -> tuple[Tensor, Tensor]:
    """What the second head reads of both, and 0 for each digit, 1 for what is none."""
    return mean_and_last(model, torch.cat([digits, none])), torch.arange(2).repeat_interleave(
        torch.tensor([len(digits), len(none)]))


def generated(draw: Callable, count: int) -> Tensor:
    """Images of so many drawings that `draw` makes, with the figure's pen, fitted as MNIST was."""
    rng = np.random.default_rng(1)
    return torch.cat([inked([draw(rng) for _ in range(min(250, count - k))]) for k in range(0, count, 250)])


def a_zero(rng: np.random.Generator) -> np.ndarray:
    """The points (n, 2) of one round stroke, closed or not quite, narrow or wide."""
    return trembling([ring(rng, rng.uniform(0.85, 1.15), rng.uniform(0.85, 1.1))], rng)


def ring(rng: np.random.Generator, turns: float = 1, inner: float = 1, steps: int = 60) -> np.ndarray:
    """A ring, or a spiral of several turns that ends at this radius: complex points."""
    t = np.linspace(0, 1, steps)
    return stretched((1 + (inner - 1) * t) * np.exp(2j * np.pi * (rng.uniform() + turns * t)), rng)


def stretched(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return points.real * np.exp(rng.normal(0, 0.2)) + 1j * points.imag


def no_digit(rng: np.random.Generator) -> np.ndarray:
    """The points (n, 2) of a drawing of one of seven kinds, which is hardly ever a digit."""
    def spots(n, size=1.0):
        return rng.uniform(-size, size, (n, 2)) @ [1, 1j]

    def polygon(corners):
        loose, upright = rng.choice([0.02, 0.1, 0.4]), rng.choice([0, 0.5])
        turns = (np.arange(corners) + loose * rng.normal(size=corners) + upright + rng.normal(0, 0.1)) / corners
        places = stretched(np.exp(2j * np.pi * turns) * (1 - loose * rng.uniform(size=corners)), rng)
        return np.append(places, places[0])

    def bow():                                      # of a letter: a line or an arc from one of nine places to another
        start, end = rng.integers(-1, 2, (2, 2)) @ [1, 1j] + spots(2, 0.2)
        return start + (end - start) * (np.array([0, 0.15, 0.5, 0.85, 1]) + 1j * rng.choice([0, 0, 0.4, 0.8])
                                        * np.array([0, 0.7, 1, 0.7, 0]))

    some = rng.integers(2, 6)
    kind = rng.choice(["walk", "polygon", "star", "sticks", "bends", "letter", "ring"],
                      p=[0.1, 0.2, 0.1, 0.1, 0.1, 0.25, 0.15])
    if kind == "walk":
        strokes = [np.exp(1j * np.cumsum(rng.normal(0, rng.uniform(0.2, 1.2), 5 * some + 5))).cumsum()]
    elif kind == "polygon":
        strokes = [polygon(rng.integers(3, 6))]     # squares among them
    elif kind == "star":                            # with two lines a cross
        tips = np.exp(1j * np.pi * (rng.uniform() + (np.arange(some) + rng.normal(0, 0.1, some)) / some))
        strokes = [np.array([-tip, tip]) for tip in tips * rng.uniform(0.6, 1, some)]
    elif kind == "sticks":
        strokes = [spots(2) for _ in range(some)]
    elif kind == "bends":
        strokes = [spots(rng.integers(3, 6)) for _ in range(rng.integers(1, 4))]
    elif kind == "letter":
        strokes = [bow() for _ in range(some)]
    elif rng.uniform() < 0.3:
        strokes = [ring(rng, rng.choice([-1, 1]) * rng.uniform(1.5, 4), 0.1, 150)]                  # a spiral
    else:                                           # a ring, and lines or smaller rings in it or beside it
        strokes = [ring(rng), *(spots(2, 1.3) if rng.uniform() < 0.5 else spots(1) + rng.uniform(0, 0.4) * ring(rng)
                                for _ in range(rng.integers(1, 4)))]
    return trembling(strokes, rng)


def trembling(strokes: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """The points (n, 2) of strokes of complex corners: these sharp or rounded, the lines not quite straight."""
    points = np.concatenate([rounded(stroke, rng.choice([0, 2, 4])) for stroke in strokes])
    points = np.stack([points.real, points.imag], axis=1)
    points += rng.normal(0, 0.005, points.shape) * np.ptp(points, axis=0).max()
    return fitted(points)


def rounded(stroke: np.ndarray, reach: int) -> np.ndarray:
    """Points along a stroke of complex corners, each the mean of those up to `reach` before and after it."""
    corners, steps = np.arange(len(stroke)), 20 if len(stroke) < 10 else 3
    along = np.interp(np.linspace(0, len(stroke) - 1, max(40, steps * (len(stroke) - 1))), corners, stroke)
    closed = reach and abs(stroke[0] - stroke[-1]) < 1e-9
    around = np.concatenate([along[-reach - 1:-1], along, along[1:reach + 1]]) if closed else np.pad(
        along, reach, "edge")
    return np.convolve(around, np.full(2 * reach + 1, 1 / (2 * reach + 1)), "valid")


def thinned(ink: Tensor) -> Tensor:
    """Pictures (n, height, width) of True and False worn down to lines one pixel wide (Zhang and Suen, 1984)."""
    around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]  # clockwise from above
    near = torch.arange(256) >> torch.arange(8)[:, None] & 1 == 1                    # of the 256 neighbourhoods
    starts = (~near & near.roll(-1, 0)).sum(dim=0)
    goes = (starts == 1) & (near.sum(dim=0) >= 2) & (near.sum(dim=0) <= 6)
    kernel = torch.zeros(1, 1, 3, 3)
    for k, (down, right) in enumerate(around):
        kernel[0, 0, 1 + down, 1 + right] = 2**k
    worn = True
    while worn:
        worn = False
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            may = goes & ~near[list(first)].all(dim=0) & ~near[list(second)].all(dim=0)
            gone = ink & may[F.conv2d(ink[:, None].float(), kernel, padding=1)[:, 0].long()]
            ink, worn = ink & ~gone, worn or bool(gone.any())
    return ink


def middle_lines(images: Tensor) -> Tensor:
    """Where the middle lines of each image run, at twice its size: (n, 56, 56), True and False."""
    def wear(part):
        return thinned(F.interpolate(part[:, None], scale_factor=2, mode="bilinear", align_corners=False)[:, 0] > 0.5)

    return torch.cat([wear(part) for part in images.split(250)])


def drawn_anew(images: Tensor) -> list:
    """Each image as somebody might draw it on the pad of 280 x 280: pen strokes, anywhere, at any size."""
    rng = np.random.default_rng(0)
    drawings = []
    for lines in middle_lines(images):
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


def in_other_hands(lines: Tensor, labels: Tensor, wide: tuple[float, float], upstrokes: float) -> Tensor:
    """Digits as the figure's pen would draw their middle lines, but narrow or wide, and ones begun by an upstroke.

    A digit that is no 1 becomes as wide as `wide` says, from and to, for a height of 1. A share `upstrokes` of the
    ones gets a line that leads up to the top, and a few of these a bar at the foot. All are turned and slanted.
    """
    rng = np.random.default_rng(0)
    return torch.cat([inked([in_another_hand(spots.nonzero().flip(1).double().numpy(), label, wide, upstrokes, rng)
                             for spots, label in zip(some, own.tolist(), strict=True)])
                      for some, own in zip(lines.split(250), labels.split(250), strict=True)])


def inked(drawings: list[np.ndarray]) -> Tensor:
    """Images of drawings that are points (n, 2) of the image, one pen wide."""
    middles, longest = torch.arange(28) + 0.5, max(map(len, drawings))
    points = np.stack([np.pad(each, ((0, longest - len(each)), (0, 0)), "edge") for each in drawings])
    pixels = torch.cartesian_prod(middles, middles).flip(1).expand(len(points), -1, -1)
    away = torch.cdist(pixels, torch.from_numpy(points).float()).amin(dim=2)
    return (figure.STROKE / 2 + 0.5 - away).clamp(0, 1).reshape(-1, 28, 28)


def fitted(points: np.ndarray) -> np.ndarray:
    """The points as MNIST would fit and centre them."""
    points = points * (figure.FIT - figure.STROKE) / np.ptp(points, axis=0).max()
    return points - points.mean(axis=0) + (figure.SIDE + 1) / 2


def in_another_hand(points: np.ndarray, label: int, wide: tuple[float, float], upstrokes: float,
                    rng: np.random.Generator) -> np.ndarray:
    """The points (n, 2) of one digit's lines changed as `in_other_hands` says, and fitted as MNIST was."""
    across, down = np.maximum(np.ptp(points, axis=0), 1)
    points = points / down
    if label != 1:
        points[:, 0] *= rng.uniform(*wide) * down / across
    elif rng.random() < upstrokes:
        points = np.concatenate([points, *beside_a_stem(points, rng)])
    turn, slant = rng.uniform(-0.15, 0.15), rng.uniform(-0.25, 0.25)
    return fitted(points @ np.array([[np.cos(turn), np.sin(turn)], [slant - np.sin(turn), np.cos(turn)]]))


def beside_a_stem(stem: np.ndarray, rng: np.random.Generator) -> list:
    """What somebody adds to a stem of height 1: a line up to its top, now and then a bar at its foot."""
    top, foot, steps = stem[stem[:, 1].argmin()], stem[stem[:, 1].argmax()], np.linspace(0, 1, 50)[:, None]
    long, steep = rng.uniform(0.25, 0.9), rng.uniform(0.5, 1.15)        # a share of the stem; an angle
    more = [top + long * steps * np.array([-np.cos(steep), np.sin(steep)])]
    if rng.random() < 0.2:
        more.append(foot + rng.uniform(0.15, 0.35) * (2 * steps - 1) * np.array([1, 0]))
    return more


def in_styles(strokes: list, name: str) -> dict:
    """One drawing as it comes out small, in a corner, aslant, shaky, ...: strokes on the pad, by style."""
    lines = [np.reshape(stroke, (-1, 2)).astype(float) for stroke in strokes]
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    lines = [(line - (low + high) / 2) / max(high - low) for line in lines]     # a largest side of 1, around (0, 0)
    rng = np.random.default_rng(list(name.encode()))

    def drawn(across, down, size=180, middle=140, lines=lines):
        return [np.round(np.clip(size * line @ np.array([across, down]) + middle, 0, figure.PAD)).ravel().tolist()
                for line in lines]

    (c, s), box = (np.cos(np.radians(20)), np.sin(np.radians(20))), np.maximum(high - low, 1) / max(high - low)
    shaky = [line + rng.normal(0, 0.025, line.shape) for line in lines]
    thick = [line + np.array([aside, -aside]) for aside in (-0.02, 0.02) for line in lines]
    return {"normal": drawn((1, 0), (0, 1)), "quarter size": drawn((1, 0), (0, 1), 45),
            "tiny": drawn((1, 0), (0, 1), 25), "corner": drawn((1, 0), (0, 1), 90, 50),
            "slanted right": drawn((1, 0), (-0.35, 1)), "slanted left": drawn((1, 0), (0.35, 1)),
            "turned right": drawn((c, s), (-s, c)), "turned left": drawn((c, -s), (s, c)),
            "wide": drawn((1.3, 0), (0, 0.9)), "shaky": drawn((1, 0), (0, 1), lines=shaky),
            "thick": drawn((1, 0), (0, 1), lines=thick)} | {
        f"{wide} x 240": drawn((wide / box[0], 0), (0, 240 / box[1]), 1) for wide in (80, 60, 48, 36)}


def hard_cases(kind: str) -> list:
    """(name, style, digit or None, strokes) of the drawings of one kind, in every style."""
    return [(case["name"], style, case.get("digit"), strokes) for case in json.loads(CASES.read_text("utf8"))[kind]
            for style, strokes in in_styles(case["strokes"], case["name"]).items()]


def random_strokes(count: int = 100) -> list:
    """Drawings that are no digits, to choose a measure by: as many walks, polygons, bundles of sticks, and curves."""
    rng, drawings = np.random.default_rng(5), []
    for _ in range(count):
        walk = 25 * np.exp(1j * np.cumsum(rng.normal(0, rng.uniform(0.2, 1.2), rng.integers(10, 45)))).cumsum()
        corners = rng.integers(3, 7)
        ring = rng.uniform(60, 120, corners) * np.exp(1j * np.sort(rng.uniform(0, 2 * np.pi, corners)))
        ring = np.append(ring, ring[0]).repeat(2)                   # each corner twice: it stays one when smoothed
        drawings += [[np.stack([line.real, line.imag], axis=1).ravel()] for line in (walk, ring)]
        drawings.append([rng.uniform(20, 260, 4) for _ in range(rng.integers(2, 7))])
        drawings.append([rng.uniform(20, 260, 2 * rng.integers(3, 6)) for _ in range(rng.integers(1, 4))])
    return drawings


def painted(drawings: list, centred: bool = True) -> Tensor:
    images = [figure.as_mnist(drawing, centred=centred) for drawing in drawings]
    return torch.from_numpy(np.stack(images)).float() / 255


def stored_network() -> SequenceClassifier:
    """The network with the stored, rounded weights; they are trained if there are none."""
    if not WEIGHTS.exists():
        train_digit_reader()
    hidden_size, weights = figure.stored_weights()
    arrays = figure.unpacked(weights, hidden_size)
    model = SequenceClassifier("lstm", 28, hidden_size, 10)
    with torch.no_grad():
        model.layer.bias_hh_l0.zero_()
        for parameter, array in zip([*model.layer.all_weights[0][:3], *model.head.parameters()], arrays, strict=True):
            parameter.copy_(torch.from_numpy(array))
    return model.eval()


def chosen(what: str) -> tuple[Tensor, Tensor]:
    """Images and labels of the digits that are named so."""
    if what.startswith("hard cases"):
        wide = what.rpartition(", ")[2]
        cases = [case for case in hard_cases("digits") if (case[1] == wide if "x 240" in wide else "240" not in case[1])
                 and ("upstroke" not in what or case[0] in UPSTROKES)]
        return painted([case[3] for case in cases]), torch.tensor([case[2] for case in cases])
    digits = load_digits("mnist", quiet=True)
    images, labels = digits.val if what.startswith("validation") else digits.test
    if "anew" in what:
        images, labels = images[:2000], labels[:2000]
        images = painted(drawn_anew(images), centred="not" not in what)
    return images, labels


def read_by_figure(what: str) -> list:
    """How many digits the stored network reads."""
    images, labels = chosen(what)
    return [len(images), round(100 * evaluate(stored_network(), (images, labels)).accuracy, 2)]


@torch.no_grad()
def three_measures(model: SequenceClassifier, images: Tensor) -> Tensor:
    """How strange each image is by the second head, by its scores together, by its best answer."""
    states, head = torch.cat([model.layer(part)[0] for part in images.split(1000)]), figure.stored_second_head()
    scores = model.head(states[:, -1])
    far = torch.tensor([figure.strangeness_of(state, head) for state in states.numpy()])
    return torch.stack([far, -scores.logsumexp(dim=1), -scores.softmax(dim=1).amax(dim=1)])


def called_unlike(what: str) -> list:
    """How many drawings each measure calls unlike the digits, if it does so with 5 % of the validation digits."""
    if not SECOND_HEAD.exists():
        train_second_head()
    model = stored_network()
    borders = torch.quantile(three_measures(model, chosen("validation digits")[0]), 0.95, dim=1)
    if what in ("letters", "shapes", "squares", "scribbles"):
        images = painted([strokes for name, style, _, strokes in hard_cases(what.replace("squares", "shapes"))
                          if "240" not in style and (what != "squares" or name in SQUARES)])
    else:
        images = painted(random_strokes()) if what == "random strokes" else chosen(what)[0]
    unlike = three_measures(model, images) > borders[:, None]
    return [len(images), *(round(100 * share, 1) for share in unlike.double().mean(dim=1).tolist())]


STUDIES = {
    "digit_reader": Study(
        title="The network behind the figure that reads your digits",
        note="nn.LSTM(28, 64) and a linear head, trained on 55,000 digits and five varied copies of each (turned, "
             "resized, slanted, shifted, thicker or thinner) with `fit`: batch 128, weight decay 0.05, one cycle up to "
             "1e-2, 8 epochs, the best kept by validation accuracy. Then 3 epochs more, up to 2e-3, on these digits, "
             "one varied copy of each, and 20,000 of them as the figure's pen would draw their middle lines: from 0.15 "
             "times as wide as high, and half of the ones begun by an upstroke. Of what that changed in the weights, a "
             "share of 0.8 was kept, for the sake of MNIST's own digits; then they were rounded to float16. Drawn "
             "anew: the middle lines of the first 2,000 digits, as pen strokes anywhere on the figure's pad, a quarter "
             "to nearly all of its size; then made into images by the figure, with and without fitting and centring "
             "them as MNIST's were. The test digits were read after every choice. Hard cases: 31 shapes drawn for this "
             "course, each in 11 styles (small, in a corner, aslant, turned, shaky, ...), among them three ones with "
             "an upstroke; and each once squeezed into a narrow box of the pad. No training saw them. They were read "
             "twice: most that the network missed before the last 3 epochs were ones with an upstroke and narrow "
             "digits, which is why it was shown more of both; no setting was chosen by them.",
        keys=("digits read",), columns=("number", "accuracy (%)"),
        runs=(*((f"{which} digits{how}",) for which in ("validation", "test")
                for how in ("", ", drawn anew", ", drawn anew, not centred")),
              *((f"hard cases, {which}",) for which in (
                  "11 styles", "ones with an upstroke", "80 x 240", "60 x 240", "48 x 240", "36 x 240"))),
        run=read_by_figure, files=(WEIGHTS, CASES),
        not_repeated="the training of the stored weights (train_digit_reader, teach_narrow_digits)"),
    "digit_strange": Study(
        title="What the figure that reads digits calls unlike any digit",
        note="Three measures of how strange a drawing is to the network of the figure: a second head, which reads the "
             "mean of the states after all rows and the last state through 24 units; its ten scores together (their "
             "log-sum-exp, the less the stranger); its best answer's probability. The network was not changed for the "
             "second head. It was trained, with `fit` and 20 epochs, to tell 20,000 training digits, 10,000 of them "
             "drawn with the figure's pen and 2000 zeros drawn as one round stroke from 15,000 drawings of a generator "
             "(each once more, varied): walks, polygons of three to five corners, squares among them, crosses and "
             "stars of lines, sticks, bends, two to five lines and arcs between nine places as letters have them, "
             "rings with something in or beside them, spirals. Each border lies where 5 % of the validation digits are "
             "beyond it. What the head reads, and its size, were chosen by the validation digits, the random strokes, "
             "and squares drawn at random. The letters (23), shapes (20), scribbles (24, with a dash, a dot and two "
             "numbers) and digits (31), each in 11 styles, were part of no training. A first head called half of the "
             "round zeros of these strange, and got its zeros in answer. This one was trained by that recipe, "
             "unchanged, when the network had learnt narrow digits. The squares are the square and the box among the "
             "shapes. The test digits were no part of any choice.",
        keys=("drawings",), columns=("number", "second head (%)", "scores together (%)", "best answer (%)"),
        runs=tuple((what,) for what in ("validation digits", "validation digits, drawn anew", "random strokes",
                                        "test digits", "test digits, drawn anew", "hard cases, 11 styles", "letters",
                                        "shapes", "squares", "scribbles")),
        run=called_unlike, files=(WEIGHTS, SECOND_HEAD, CASES),
        not_repeated="the training of the second head (train_second_head)"),
}

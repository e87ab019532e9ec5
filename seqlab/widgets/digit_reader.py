"""Draw a digit and watch an LSTM read it row by row, changing its mind as it goes."""

import json
from pathlib import Path

import numpy as np
import traitlets

from .base import Figure, module, result, styles

WEIGHTS = Path(__file__).with_name("weights")
SIDE, ROWS, CLASSES = 28, 28, 10
PAD = 280  # the drawing pad is this many units wide and high: ten for each pixel of the image
FIT, STROKE = 20, 2.4  # pixels: MNIST's digits fill a box of 20 x 20; the width of a stroke
ASKED = 24  # units of the second head, which says how strange a drawing is
PARTS = ("h", "c", "i", "f", "g", "o")


class Pixels(traitlets.List):
    """A list of 784 whole numbers, which may be set to an image in any of the usual forms."""

    def validate(self, obj, value):
        return super().validate(obj, pixels(value) if len(value) else [])


class DigitReader(Figure):
    """A pad to draw on, the 28 x 28 image made of it, and what an LSTM makes of that image after each of its rows.

    The reading plays when the pen is lifted; where the reader wants no motion, its end is shown at once.

    Args:
        image: a (28, 28) array or tensor to read instead of a drawing; floats from 0 to 1 or whole numbers to 255.
        model: a network of your own instead of the stored one: `SequenceClassifier("lstm", 28, H, 10)` or with
            `LSTMCell`, one layer, one direction, the last state; or one with eight linear layers, `x_i` to `h_o`.
            The meter of what is strange is not shown then: the second head was trained on the stored one's states.

    To set:
        strokes: the drawing: each stroke a list x, y, x, y, ... of whole numbers from 0 to 280, y downwards.
        sample: which of the ready drawings is shown, from 0; -1 for a drawing or an image of one's own.
        centred: fit the drawing into 20 x 20 pixels and put its centre of mass in the middle, as MNIST was made;
            False shrinks the pad as it is.
        own_image: 784 pixels to read where there are no strokes, row by row, 0 (paper) to 255 (ink); [] for none.
        row: how many of the 28 rows have been read, as far as the figure shows it.
        part: what is shown of the inside: "h", "c", "i", "f", "g", "o", or "" for nothing.
        unit: the number of the unit whose gates, cell state and state are shown over the 28 rows, from 0.
        hidden_size, weights: the network, as bytes: W_ih (4H, 28), W_hh (4H, H), both biases added up (4H), then the
            head (10, H) and its bias (10); gates in PyTorch's order i, f, g, o; float16 or float32.
        second_head: what says how strange a drawing is, as float16 (`strangeness_of` says how); b"" if there is none.

    To read:
        image: the 784 pixels that are read: the drawing's, or else own_image, or else blank. You may set it, to what
            `DigitReader(image=...)` takes: that becomes own_image, and the drawing goes.
        probabilities: the softmax of the head after each row, (28, 10).
        prediction: the class with the highest probability after the last row.
        strangeness: what the second head says: near 0 for what looks like a digit to it, near 1 for what looks like
            none; 0.5 is the border. None for a network of your own.

    `weights/digit_reader.npz` comes from `python -m studies digit_reader`: an LSTM(28, 64) with a linear head,
    trained on MNIST, in float16; `weights/digit_or_not.npz`, the second head, from `python -m studies digit_strange`.
    `weights/digit_samples.json` holds drawings made for this course.
    """

    _esm = module("digit_reader.js")
    _styles = styles("digit_reader.css")
    strokes = traitlets.List().tag(sync=True)
    samples = traitlets.List().tag(sync=True)
    sample = traitlets.Int(-1).tag(sync=True)
    centred = traitlets.Bool(True).tag(sync=True)
    own_image = Pixels().tag(sync=True)
    row = traitlets.Int(ROWS).tag(sync=True)
    part = traitlets.Unicode("h").tag(sync=True)
    unit = traitlets.Int(0).tag(sync=True)
    hidden_size = traitlets.Int(64).tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    second_head = traitlets.Bytes().tag(sync=True)

    def __init__(self, image=None, model=None, **traits):
        hidden_size, weights = stored_weights() if model is None else weights_of(model)
        samples = json.loads((WEIGHTS / "digit_samples.json").read_text("utf8"))
        if image is not None:
            traits |= {"own_image": image, "strokes": [], "sample": -1}
        elif "strokes" not in traits:
            sample = traits.setdefault("sample", 3)
            if not isinstance(sample, int) or not 0 <= sample < len(samples):
                raise ValueError(f"sample should be a whole number from 0 to {len(samples) - 1}, got {sample!r}")
            traits["strokes"] = samples[sample]["strokes"]
        second_head = stored_second_head() if model is None else b""
        super().__init__(hidden_size=hidden_size, weights=weights, second_head=second_head, samples=samples, **traits)

    @traitlets.validate("strokes")
    def _check_strokes(self, proposal):
        strokes = proposal["value"]
        right = all(isinstance(stroke, (list, tuple)) and len(stroke) >= 2 and len(stroke) % 2 == 0
                    and all(isinstance(value, (int, float)) and 0 <= value <= PAD for value in stroke)
                    for stroke in strokes)
        if not right:
            raise traitlets.TraitError(f"strokes should be a list of strokes, each a list x, y, x, y, ... of numbers "
                                       f"from 0 to {PAD}, got {str(strokes)[:80]}")
        return strokes

    @traitlets.validate("row", "unit", "sample")
    def _check_number(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        low, high = {"row": (0, ROWS), "unit": (0, self.hidden_size - 1),
                     "sample": (-1, max(len(self.samples) - 1, 11))}[name]
        if not low <= value <= high:
            raise traitlets.TraitError(f"{name} should be a whole number from {low} to {high}, got {value}")
        return value

    @traitlets.validate("part")
    def _check_part(self, proposal):
        if proposal["value"] not in ("", *PARTS):
            raise traitlets.TraitError(f'part should be one of {", ".join(PARTS)}, or "" for nothing, '
                                       f"got {proposal['value']!r}")
        return proposal["value"]

    @result
    def image(self):
        if self.strokes or not self.own_image:
            return as_mnist(self.strokes, self.centred).ravel().tolist()
        return list(self.own_image)

    @image.setter
    def image(self, value):
        with self.hold_sync():
            self.own_image, self.strokes, self.sample = value, [], -1

    @result
    def probabilities(self):
        return self.reading()["probabilities"].astype(float).tolist()

    @result
    def prediction(self):
        return int(np.argmax(self.probabilities[-1]))

    @result
    def strangeness(self):
        return strangeness_of(self.reading()["h"], self.second_head) if self.second_head else None

    def reading(self) -> dict:
        """What happens at every row: arrays (28, hidden_size) under h, c, i, f, g, o; (28, 10) under probabilities."""
        W_ih, W_hh, bias, head, head_bias = unpacked(self.weights, self.hidden_size)
        x = np.array(self.image, dtype=np.float32).reshape(ROWS, SIDE) / 255
        h = c = np.zeros(self.hidden_size, np.float32)
        steps = []
        for x_t in x:
            i, f, g, o = np.split(W_ih @ x_t + W_hh @ h + bias, 4)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            c = f * c + i * g
            h = o * np.tanh(c)
            steps.append((h, c, i, f, g, o))
        read = {part: np.stack([step[k] for step in steps]) for k, part in enumerate(PARTS)}
        scores = read["h"] @ head.T + head_bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return {**read, "probabilities": powers / powers.sum(axis=1, keepdims=True)}

    def still(self):
        from matplotlib.colors import LinearSegmentedColormap

        from ..plots.style import COLOURS, figure
        signs = LinearSegmentedColormap.from_list("signs", [COLOURS["f"], "white", COLOURS["h"]])
        read, row = self.reading(), self.row
        believed = read["probabilities"][:row]
        fig = figure(3.1, layout="constrained")
        seen, inside, belief = fig.subplots(1, 3, width_ratios=(1, 1.15, 1.45))
        for ax in (seen, inside, belief):
            ax.grid(False)
            ax.tick_params(length=0)
            ax.axhline(row - 0.5, color=COLOURS["f"], linewidth=2 if row < ROWS else 0)
        seen.imshow(np.reshape(self.image, (ROWS, SIDE)), cmap="gray_r", vmin=0, vmax=255, aspect="auto")
        seen.set(title="what it sees", ylabel="row", yticks=[0, 9, 18, 27], yticklabels=[1, 10, 19, 28], xticks=[])
        inside.imshow(read["h"], cmap=signs, vmin=-1, vmax=1, aspect="auto")
        inside.set(title="its state $h$", yticks=[], xticks=[], xlabel=f"{self.hidden_size} numbers")
        for ax in (seen, inside):
            ax.axhspan(row - 0.5, ROWS - 0.5, color="white", alpha=0.75, linewidth=0)
        winner = believed[-1].argmax() if row else None
        for k in range(CLASSES):
            widths = np.append(believed[:, k], believed[-1:, k])
            belief.fill_betweenx(np.arange(len(widths)) - 0.5, k - 0.42, k - 0.42 + 0.84 * widths, step="post",
                                 color=COLOURS["h" if k == winner else "line"], linewidth=0)
        belief.set(title="what it believes" + (f": {winner}" if row else ""), ylim=(ROWS - 0.5, -0.5),
                   xlim=(-0.5, 9.5), xticks=range(CLASSES), yticks=[], xlabel="digit")
        return fig


# --- the drawing, made into an image as MNIST's images were made: the same as in digit_reader.js ----------------------

def as_mnist(strokes, centred: bool = True) -> np.ndarray:
    """The drawing as (28, 28) whole numbers, 0 to 255.

    MNIST's digits were fitted into 20 x 20 pixels, keeping their shape, and put into the image by their centre of mass
    (http://yann.lecun.com/exdb/mnist/). The strokes are drawn anew at that size, so a digit drawn small is not thin.
    """
    lines = [smooth(np.reshape(stroke, (-1, 2)).astype(float)) for stroke in strokes]
    if not lines:
        return np.zeros((SIDE, SIDE), np.uint8)
    if centred:
        points = np.concatenate(lines)
        low, high = points.min(axis=0), points.max(axis=0)
        factor = (FIT - STROKE) / max(*(high - low), PAD / SIDE)
        lines = [(line - (low + high) / 2) * factor + SIDE / 2 for line in lines]
        ink = painted(lines)
        middles = np.arange(SIDE) + 0.5
        centre = np.array([ink.sum(axis=0) @ middles, ink.sum(axis=1) @ middles]) / ink.sum()
        lines = [line + (SIDE + 1) / 2 - centre for line in lines]
    else:
        lines = [line * SIDE / PAD for line in lines]
    return np.floor(255 * painted(lines) + 0.5).astype(np.uint8)


def smooth(points: np.ndarray, rounds: int = 2) -> np.ndarray:
    """Cut the corners of a stroke (Chaikin's curve); its ends stay."""
    for _ in range(rounds if len(points) > 2 else 0):
        first, second = points[:-1], points[1:]
        cut = np.stack([0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return points


def painted(lines) -> np.ndarray:
    """Ink from 0 to 1: full within half a stroke of a line, and none a pixel further out."""
    start = np.concatenate([line[:max(len(line) - 1, 1)] for line in lines])
    along = np.concatenate([line[1:] if len(line) > 1 else line for line in lines]) - start
    middles = np.arange(SIDE) + 0.5
    from_start = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 1, 2) - start
    length = (along ** 2).sum(axis=1)
    share = np.clip((from_start * along).sum(axis=2) / np.where(length > 0, length, 1), 0, 1)
    away = np.sqrt(((from_start - share[..., None] * along) ** 2).sum(axis=2)).min(axis=1)
    return np.clip(STROKE / 2 + 0.5 - away, 0, 1).reshape(SIDE, SIDE)


# --- images and weights ----------------------------------------------------------------------------------------------

def pixels(image) -> list:
    """784 whole numbers from 0 to 255, from an image in any of the usual forms."""
    if hasattr(image, "detach"):
        image = image.detach().cpu()
    values = np.asarray(image)
    if values.size != SIDE * SIDE or values.dtype.kind not in "buif":
        raise ValueError(f"image should be a (28, 28) array or tensor of numbers, got shape {values.shape}")
    if values.dtype.kind == "f":
        if not (values.min() >= 0 and values.max() <= 1):
            raise ValueError("image should hold floats from 0 (paper) to 1 (ink), or whole numbers from 0 to 255, "
                             f"got {values.min():.4g} to {values.max():.4g}: undo a normalisation first")
        values = np.round(255 * values)
    elif values.min() < 0 or values.max() > 255:
        raise ValueError("image should hold floats from 0 (paper) to 1 (ink), or whole numbers from 0 to 255, "
                         f"got {values.min()} to {values.max()}")
    return values.astype(int).ravel().tolist()


def stored_weights() -> tuple[int, bytes]:
    with np.load(WEIGHTS / "digit_reader.npz") as arrays:
        parts = [arrays[name] for name in ("weight_ih", "weight_hh", "bias", "head_weight", "head_bias")]
    return parts[1].shape[1], b"".join(part.astype("<f2").tobytes() for part in parts)


def stored_second_head() -> bytes:
    with np.load(WEIGHTS / "digit_or_not.npz") as arrays:
        return arrays["second_head"].astype("<f2").tobytes()


def strangeness_of(states: np.ndarray, second_head: bytes) -> float:
    """How little a drawing looks like a digit, from 0 to 1, by the states (28, H) that it leaves; 0.5 is the border.

    The second head has ASKED units with a tanh, which read the mean of the states and the last one, and one answer.
    `second_head` holds their weights (ASKED, 2H) and biases (ASKED), the answer's weights (ASKED) and its bias.
    """
    asked = np.concatenate([states.mean(axis=0), states[-1]])
    flat = np.frombuffer(second_head, "<f2").astype(np.float32)
    weight, bias, answer, answer_bias = np.split(flat, np.cumsum([ASKED * len(asked), ASKED, ASKED]))
    return float(sigmoid(answer @ np.tanh(weight.reshape(ASKED, -1) @ asked + bias) + answer_bias[0]))


def weights_of(model) -> tuple[int, bytes]:
    """The hidden size of a model and its weights as this figure wants them."""
    eight = next((part for part in model.modules() if hasattr(part, "x_i") and hasattr(part, "h_o")), None)
    head = getattr(model, "head", None)
    if eight is not None and head is not None:
        def stacked(source, name):
            return np.concatenate([getattr(getattr(eight, f"{source}_{gate}"), name).detach().cpu().numpy()
                                   for gate in "ifgo"])
        parts = [stacked("x", "weight"), stacked("h", "weight"), stacked("x", "bias") + stacked("h", "bias")]
    else:
        layer = getattr(model, "layer", None)
        layer = layer.to_builtin() if hasattr(layer, "to_builtin") else layer
        sizes = [getattr(layer, name, None) for name in ("mode", "input_size", "num_layers", "bidirectional")]
        if sizes != ["LSTM", SIDE, 1, False] or getattr(model, "pooling", "last") != "last" or head is None:
            raise ValueError('model should be SequenceClassifier("lstm", 28, hidden_size, 10) with one layer, one '
                             "direction and the last state, or one with eight linear layers x_i to h_o, "
                             f"got {type(model).__name__}{f' around {layer}' if layer is not None else ''}")
        w_ih, w_hh, *biases = [part.detach().cpu().numpy() for part in layer.all_weights[0]]
        parts = [w_ih, w_hh, sum(biases) if biases else np.zeros(len(w_ih))]
    if head.out_features != CLASSES or parts[0].shape[1] != SIDE:
        raise ValueError(f"model should read rows of {SIDE} pixels and know {CLASSES} classes, got rows of "
                         f"{parts[0].shape[1]} and {head.out_features} classes")
    parts += [head.weight.detach().cpu().numpy(), np.zeros(CLASSES) if head.bias is None
              else head.bias.detach().cpu().numpy()]
    return parts[1].shape[1], b"".join(part.astype("<f4").tobytes() for part in parts)


def unpacked(weights: bytes, hidden_size: int) -> list:
    """The five arrays of the network, as float32."""
    shapes = [(4 * hidden_size, SIDE), (4 * hidden_size, hidden_size), (4 * hidden_size,), (CLASSES, hidden_size),
              (CLASSES,)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    kind = {2 * sum(sizes): "<f2", 4 * sum(sizes): "<f4"}.get(len(weights))
    if kind is None:
        raise ValueError(f"weights should be {2 * sum(sizes)} bytes (float16) or {4 * sum(sizes)} (float32) for "
                         f"hidden_size = {hidden_size}, got {len(weights)}")
    flat = np.frombuffer(weights, kind).astype(np.float32)
    return [part.reshape(shape) for part, shape in zip(np.split(flat, np.cumsum(sizes)[:-1]), shapes, strict=True)]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))

"""A recurrent net that learns while you watch: choose cells, a task and how to train; press Train."""

import traitlets

from .base import Figure, in_range, module, result, styles

CELLS = ("rnn", "gru", "lstm")
RANGES = {"lag": (1, 40), "hidden_size": (1, 32), "lr": (0.0001, 10), "max_norm": (0.01, 100), "bias": (-2, 8),
          "seed": (0, 99)}
PARTS = ("h", "c", "f", "i", "g", "o")
IN_A_ROW, AT_MOST = 20, 600
LOOKED_AT, EXAMPLES = 99, 16     # the seed and the number of the examples that are looked at

BITS = "bits = torch.randint(2, (32, steps))"
SIGNS = "x = (2 * bits - 1).float()[..., None]"
TASKS = {  # sizes of input and read-out; a batch, drawn; what is taken for right. tasks.js draws the same numbers
    "recall": (4, 4, ["symbols = torch.randint(4, (32, steps))",
                      "x, y = F.one_hot(symbols, 4).float(), symbols[:, 0]"]),
    "count": (1, 1, [BITS, SIGNS, "y = (2 * bits.sum(1) - steps) / steps ** 0.5"]),
    "reverse": (2, 2, [BITS, "mark = 1 + torch.randint(2 * (steps - 1), (32, 1))",
                       "marked = (torch.arange(steps) == mark).float()",
                       "x = torch.stack([(2 * bits - 1).float(), marked], dim=2)",
                       "y = torch.where(mark[:, 0] < steps, 1 - bits[:, 0], bits[:, 0])"]),
    "add": (2, 1, ["numbers, half = torch.rand(32, steps), steps // 2",
                   "first = torch.randint(half, (32, 1))",
                   "second = half + torch.randint(steps - half, (32, 1))",
                   "place = torch.arange(steps)",
                   "marked = ((place == first) | (place == second)).float()",
                   "x, y = torch.stack([numbers, marked], dim=2), (numbers * marked).sum(1)"]),
    "parity": (1, 2, [BITS, SIGNS, "y = bits.sum(1) % 2"]),
}
NUMBERS = {"count": "1 / steps ** 0.5", "add": "0.1"}   # where the answer is a number: how near is right


class RNNPlayground(Figure):
    """A net of one recurrent layer and a linear read-out of its last state, trained with Adam on batches of 32.

    cells: one to three of "rnn", "gru" and "lstm"; two or three race, each from the same seed.
    task: "recall" the first of lag + 1 symbols, "count" the ones among lag + 1 bits, "reverse" the first sign if a mark
    has come, "add" two marked numbers, or the "parity" of lag + 1 bits. lag: 1 to 40. hidden_size: 1 to 32 units.
    lr: the learning rate, 0.0001 to 10. clipping, max_norm: whether gradients are clipped, and at what norm, 0.01 to
    100. opened, bias: whether the gate that keeps (an LSTM's forget gate, a GRU's update gate) starts with this bias,
    -2 to 8, or as PyTorch starts it. seed: of the weights and the batches, 0 to 99.
    part: what the picture of one example shows: "h", "c", "f" (or z), "i", "g" (or n), "o" (or r).

    To read: code, a program in PyTorch that begins with the same weights and draws the same batches, and parameters,
    the number of weights by cell. The training itself is on the page.

    Raises TraitError, in one sentence, for anything else.
    """

    _esm = module("rnn_playground.js")
    _styles = styles("rnn_playground.css")
    cells = traitlets.List(traitlets.Unicode(), ["lstm"]).tag(sync=True)
    task = traitlets.Unicode("recall").tag(sync=True)
    lag = traitlets.Int(20).tag(sync=True)
    hidden_size = traitlets.Int(12).tag(sync=True)
    lr = traitlets.Float(0.02).tag(sync=True)
    clipping = traitlets.Bool(True).tag(sync=True)
    max_norm = traitlets.Float(1.0).tag(sync=True)
    opened = traitlets.Bool(True).tag(sync=True)
    bias = traitlets.Float(5.0).tag(sync=True)
    seed = traitlets.Int(0).tag(sync=True)
    part = traitlets.Unicode("h").tag(sync=True)

    @result
    def code(self):
        inputs, outputs, batch = TASKS[self.task]
        near = NUMBERS.get(self.task)
        error = "F.mse_loss(said[:, 0], y)" if near else "F.cross_entropy(said, y)"
        right = f"(said[:, 0] - y).abs() < {near}" if near else "said.argmax(1) == y"
        size, names = self.hidden_size, ", ".join(f"nn.{cell.upper()}" for cell in self.cells)
        gates = f"layer.bias_ih_l0.data[{size}:{2 * size}]", f"layer.bias_hh_l0.data[{size}:{2 * size}]"
        lines = [
            f"for cell in [{names}]:",
            f"    torch.manual_seed({self.seed})",
            f"    layer = cell({inputs}, {size}, batch_first=True)",
            f"    head = nn.Linear({size}, {outputs})",
            *(["    if cell is not nn.RNN:  # open the gate that keeps", f"        {gates[0]} = {number(self.bias)}",
               f"        {gates[1]} = 0"] if self.opened else []),
            "    weights = [*layer.parameters(), *head.parameters()]",
            f"    optimizer = torch.optim.Adam(weights, lr={number(self.lr)})",
            "    batches = in_a_row = 0",
            f"    while in_a_row < {IN_A_ROW} and batches < {AT_MOST}:",
            *(f"        {line}" for line in batch),
            "        said = head(layer(x)[0][:, -1])",
            f"        loss = {error}",
            f"        right = {right}",
            "        optimizer.zero_grad()",
            "        loss.backward()",
            *([f"        nn.utils.clip_grad_norm_(weights, {number(self.max_norm)})"] if self.clipping else []),
            "        optimizer.step()",
            "        batches += 1",
            "        in_a_row = in_a_row + 1 if right.all() else 0",
            '    print(cell.__name__, batches, "batches, loss", round(loss.item(), 4))',
        ]
        return "\n".join(["import torch", "from torch import nn", "from torch.nn import functional as F", "",
                          f"steps = {self.lag + 1}", *lines])

    @result
    def parameters(self):
        inputs, outputs, _ = TASKS[self.task]
        gates = {"rnn": 1, "gru": 3, "lstm": 4}
        size = self.hidden_size
        return {cell: gates[cell] * size * (inputs + size + 2) + outputs * (size + 1) for cell in self.cells}

    @traitlets.validate("lag", "hidden_size", "lr", "max_norm", "bias", "seed")
    def _a_number_in_range(self, proposal):
        return in_range(proposal, RANGES)

    @traitlets.validate("task", "part")
    def _a_known_name(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        known = {"task": tuple(TASKS), "part": PARTS}[name]
        if value not in known:
            raise traitlets.TraitError(f"{name} must be one of {', '.join(known)}, but it was set to {value!r:.40}.")
        return value

    @traitlets.validate("cells")
    def _cells_in_order(self, proposal):
        value = list(proposal["value"])
        if not value or set(value) - set(CELLS) or len(set(value)) < len(value):
            raise traitlets.TraitError(
                f"cells must be one, two or three of rnn, gru, lstm, but it was set to {value!r:.60}.")
        return [cell for cell in CELLS if cell in value]

    def still(self):
        """How far back the gradient of each cell reaches before training, as the page begins."""
        from ..plots import lines

        reach = {cell.upper(): gradient_by_lag(self, cell) for cell in self.cells}
        return lines(range(self.lag + 1), reach, "lag (steps back)", "log10 of gradient, not trained")


def number(value):
    """As JavaScript writes it too: 5, 0.02."""
    return repr(int(value) if value == int(value) else value)


def gradient_by_lag(figure, cell):
    """log10 of the gradient of the last state with respect to the input k steps before, against k = 0, at the start.

    The mean norm over 16 examples, each with a random direction of the state: what training.js computes as `reach`.
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    inputs, _, draw = TASKS[figure.task]
    size, names = figure.hidden_size, {"torch": torch, "F": F, "steps": figure.lag + 1}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(figure.seed)
        layer = getattr(nn, cell.upper())(inputs, size, batch_first=True).double()
        if figure.opened and cell != "rnn":
            layer.bias_ih_l0.data[size:2 * size], layer.bias_hh_l0.data[size:2 * size] = figure.bias, 0
        torch.manual_seed(LOOKED_AT)
        exec("\n".join(draw).replace("(32,", f"({EXAMPLES},"), names)
        x = names["x"].double().requires_grad_()
        torch.manual_seed(LOOKED_AT + 1)
        sent = torch.empty(EXAMPLES, size).uniform_(-1, 1).double()
    gradient, = torch.autograd.grad((layer(x)[0][:, -1] * sent).sum(), x)
    norms = gradient.norm(dim=2).mean(dim=0).flip(0).log10()
    return (norms - norms[0]).tolist()

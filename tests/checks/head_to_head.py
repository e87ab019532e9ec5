"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch (see tests/test_checks.py)."""

import copy
import io

import numpy as np
import torch
from forms import in_float64, in_lists, in_numpy, of_tensors
from torch import nn
from torch.nn import functional as F


def step(x_t, h, c, layers, peeps):
    i = torch.sigmoid(layers.x_i(x_t) + layers.h_i(h) + peeps["i"] * c)
    f = torch.sigmoid(layers.x_f(x_t) + layers.h_f(h) + peeps["f"] * c)
    c = f * c + i * torch.tanh(layers.x_g(x_t) + layers.h_g(h))
    o = torch.sigmoid(layers.x_o(x_t) + layers.h_o(h) + peeps["o"] * c)
    return o * torch.tanh(c), c


def step_in_a_loop(x_t, h, c, layers, peeps):
    def asked(gate, memory):
        inside = getattr(layers, f"x_{gate}")(x_t) + getattr(layers, f"h_{gate}")(h)
        return torch.sigmoid(inside + peeps[gate] * memory) if gate in peeps else torch.tanh(inside)

    gates = {gate: asked(gate, c) for gate in "ifg"}
    new = gates["f"] * c + gates["i"] * gates["g"]
    return [asked("o", new) * new.tanh(), new]


def step_in_place(x_t, h, c, layers, peeps):
    i = (layers.x_i(x_t) + layers.h_i(h) + peeps["i"] * c).sigmoid_()
    f = (layers.x_f(x_t) + layers.h_f(h) + peeps["f"] * c).sigmoid_()
    c *= f
    c += i.mul_((layers.x_g(x_t) + layers.h_g(h)).tanh_())
    o = (layers.x_o(x_t) + layers.h_o(h) + peeps["o"].mul(c)).sigmoid_()
    h.copy_(c.tanh() * o)
    return h, c


def step_by_diagonals(x_t, h, c, layers, peeps):
    """A peephole as a matrix that has nothing but its diagonal."""
    look = {gate: torch.diag(weight) for gate, weight in peeps.items()}
    i = 1 / (1 + torch.exp(-(layers.x_i(x_t) + layers.h_i(h) + c @ look["i"])))
    f = 1 / (1 + torch.exp(-(layers.x_f(x_t) + layers.h_f(h) + c @ look["f"])))
    c = torch.lerp(torch.zeros_like(c), c, f) + i * torch.tanh(layers.x_g(x_t) + layers.h_g(h))
    return torch.sigmoid(layers.x_o(x_t) + layers.h_o(h) + c @ look["o"]) * torch.tanh(c), c


def step_one_by_one(x_t, h, c, layers, peeps):
    rows = [step(x_t[k:k + 1], h[k:k + 1], c[k:k + 1], layers, peeps) for k in range(len(x_t))]
    return [row[0][0] for row in rows], [row[1][0] for row in rows]


def wrong_step(looks=("old", "old", "new"), names="ifgo", of=lambda c, h: c, squash=torch.tanh, show=torch.tanh,
               belt=lambda i, f, g, c: f * c + i * g, join=torch.add, shown="new"):
    """A step with a mistake: where i, f and o look, which layers they use, and what is done with the gates."""
    def step(x_t, h, c, layers, peeps):
        memories = {"old": c}

        def inside(name, look=None):
            which = names["ifgo".index(name)]
            peep = peeps[which] * of(memories[look], h) if look and which in peeps else 0
            return join(getattr(layers, f"x_{which}")(x_t), getattr(layers, f"h_{which}")(h)) + peep

        i, f = inside("i", looks[0]).sigmoid(), inside("f", looks[1]).sigmoid()
        memories["new"] = belt(i, f, squash(inside("g")), c)
        return inside("o", looks[2]).sigmoid() * show(memories[shown]), memories["new"]
    return step


def without_peepholes(x_t, h, c, layers, peeps):
    return wrong_step(looks=(None, None, None))(x_t, h, c, layers, peeps)


def fused(linears, bias=True, order="ifgo"):
    linears = [linears["ifgo".index(gate)] for gate in order]
    layer = nn.Linear(linears[0].in_features, 4 * linears[0].out_features)
    with torch.no_grad():
        layer.weight.copy_(torch.cat([linear.weight for linear in linears]))
        if bias:
            layer.bias.copy_(torch.cat([linear.bias for linear in linears]))
        else:
            layer.bias.zero_()
    return layer


def eight(layers):
    return [[getattr(layers, f"{side}_{gate}") for gate in "ifgo"] for side in "xh"]


def fuse(layers, **options):
    return tuple(fused(linears, **options) for linears in eight(layers))


def fuse_with_all_biases_in_one(layers):
    x2h, h2h = fuse(layers)
    without = nn.Linear(h2h.in_features, h2h.out_features, bias=False)
    with torch.no_grad():
        without.weight.copy_(h2h.weight)
        x2h.bias += h2h.bias
    return x2h, without


def fuse_by_replacing_parameters(layers):
    answer = []
    for linears in eight(layers):
        layer = nn.Linear(1, 1)
        layer.weight = nn.Parameter(torch.vstack([linear.weight.data for linear in linears]))
        layer.bias = nn.Parameter(torch.hstack([linear.bias.data for linear in linears]))
        answer.append(layer)
    return answer


def fuse_in_one_function(layers):
    pair = []
    for linears in eight(layers):
        tall = nn.Linear(linears[0].in_features, 20)
        tall.load_state_dict({part: torch.cat([getattr(linear, part) for linear in linears])
                              for part in ("weight", "bias")})
        pair.append(tall)
    return pair


@torch.no_grad()
def fuse_by_rows(layers):
    pair = nn.Linear(3, 20), nn.Linear(5, 20)
    for tall, linears in zip(pair, eight(layers), strict=True):
        for block, linear in enumerate(linears):
            tall.weight[5 * block:5 * block + 5] = linear.weight
            tall.bias.chunk(4)[block].copy_(linear.bias)
    return pair


def fuse_in_float64(layers):
    return [layer.double() for layer in fuse(copy.deepcopy(layers))]


def fuse_where_gradients_are_recorded(layers):
    pair = nn.Linear(3, 20), nn.Linear(5, 20)
    for tall, linears in zip(pair, eight(layers), strict=True):
        tall.weight.copy_(torch.cat([linear.weight for linear in linears]))
    return pair


def fuse_without(side):
    """The biases of one side alone."""
    def fused(layers):
        pair = fuse(layers)
        pair[side].bias.data.zero_()
        return pair
    return fused


def fuse_with_a_stranger(layers):
    pair = fuse(layers)
    pair[0].weight.data[5:10].uniform_(-1, 1)
    return pair


def fuse_in_place(layers):
    for linears in eight(layers):
        linears[0].weight.data += 1.0
    return fuse(layers)


def fresh(layers):
    return nn.Linear(3, 20), nn.Linear(5, 20)


def side_by_side(layers):
    answer = []
    for linears in eight(layers):
        layer = nn.Linear(1, 1)
        layer.weight = nn.Parameter(torch.cat([linear.weight.data for linear in linears], dim=1))
        answer.append(layer)
    return answer


def per_digit(labels, predictions):
    return torch.tensor([(predictions[labels == d] == d).float().mean() for d in range(10)])


def per_digit_from_the_matrix(labels, predictions):
    matrix = np.zeros((10, 10))
    np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)
    return list(matrix.diagonal() / matrix.sum(axis=1))


def per_digit_by_counting(labels, predictions):
    said = [[int(one) for one in predictions[labels == digit]] for digit in range(10)]
    return [said[digit].count(digit) / len(said[digit]) for digit in range(10)]


def per_digit_by_bincount(labels, predictions):
    return torch.bincount(labels[labels == predictions], minlength=10) / torch.bincount(labels, minlength=10)


def per_digit_by_weights(labels, predictions):
    members = F.one_hot(labels, 10).float()
    return (members * (labels == predictions)[:, None]).sum(dim=0) / members.sum(dim=0)


def precision(labels, predictions):
    return torch.tensor([(labels[predictions == d] == d).float().mean() for d in range(10)])


def keeping(copy_of, *, better=lambda new, best: new > best, early=False, load=True, start=-1.0, give=max, skip=0):
    """The last exercise's loop; the keywords say how it keeps the weights, and when."""
    def keep_best(model, epochs, train_one_epoch, validate):
        best, kept, scores = start, None, []
        for _ in range(epochs - skip):
            before = copy_of(model) if early else None
            train_one_epoch(model)
            scores.append(validate(model))
            if better(scores[-1], best):
                best, kept = scores[-1], before if early else copy_of(model)
        if load:
            model.load_state_dict(kept)
        return give(scores)
    return keep_best


def deeply(model):
    return copy.deepcopy(model.state_dict())


def keep_in_a_buffer(model, epochs, train_one_epoch, validate):
    kept, best = io.BytesIO(), -1.0
    for _ in range(epochs):
        train_one_epoch(model)
        accuracy = validate(model)
        if accuracy > best:
            best = accuracy
            kept = io.BytesIO()
            torch.save(model.state_dict(), kept)
    kept.seek(0)
    model.load_state_dict(torch.load(kept, weights_only=True))
    return best


def keep_every_epoch(model, epochs, train_one_epoch, validate):
    kept, scores = [], []
    for _ in range(epochs):
        train_one_epoch(model)
        scores.append(validate(model))
        kept.append(copy.deepcopy(model))
    model.load_state_dict(kept[scores.index(max(scores))].state_dict())
    return torch.tensor(max(scores), dtype=torch.float64)


def keep_parameters(model, epochs, train_one_epoch, validate):
    best, kept = -1.0, None
    for _ in range(epochs):
        train_one_epoch(model)
        accuracy = validate(model)
        if accuracy > best:
            best, kept = accuracy, [parameter.clone() for parameter in model.parameters()]
    for parameter, value in zip(model.parameters(), kept, strict=True):
        parameter.data.copy_(value)
    return best


def my_step(cell, x_t, h, c, *, keep="f", write="i", squash_g=torch.tanh, squash_c=torch.tanh,
            give=lambda h, c: (h, c)):
    """The chapter's step; the keywords plant mistakes."""
    sums = {gate: getattr(cell, f"x_{gate}")(x_t) + getattr(cell, f"h_{gate}")(h) for gate in "ifgo"}
    gate = {name: torch.sigmoid(value) for name, value in sums.items()}
    new = gate[keep] * c + gate[write] * squash_g(sums["g"])
    return give(gate["o"] * squash_c(new), new)


def my_step_by_built_in(cell, x_t, h, c):
    built_in = nn.LSTMCell(x_t.shape[1], h.shape[1])
    built_in.load_state_dict({
        f"{what}_{where}": torch.cat([getattr(getattr(cell, f"{side}_{gate}"), what) for gate in "ifgo"])
        for side, where in (("x", "ih"), ("h", "hh")) for what in ("weight", "bias")})
    return built_in(x_t, (h, c))


def my_step_in_place(cell, x_t, h, c):
    i = torch.sigmoid(cell.x_i(x_t) + cell.h_i(h))
    f = torch.sigmoid(cell.x_f(x_t) + cell.h_f(h))
    c *= f
    c += i * torch.tanh(cell.x_g(x_t) + cell.h_g(h))
    return [torch.sigmoid(cell.x_o(x_t) + cell.h_o(h)) * c.tanh(), c]


def my_step_with(**mistakes):
    return lambda *given: my_step(*given, **mistakes)


def fuse_by_assigning_tensors(layers):
    pair = nn.Linear(3, 20), nn.Linear(5, 20)
    for tall, linears in zip(pair, eight(layers), strict=True):
        tall.weight = torch.cat([linear.weight for linear in linears])
    return pair


def fuse_transposed(layers):
    pair = fuse(layers)
    for layer in pair:
        layer.weight = nn.Parameter(layer.weight.data.T)
    return pair


def fuse_and_change(change):
    def fused(layers):
        pair = fuse(layers)
        with torch.no_grad():
            change(*pair)
        return pair
    return fused


def keep_what_rises(model, epochs, train_one_epoch, validate):
    """Keeps what is better than the epoch before it."""
    before, scores = -1.0, []
    for _ in range(epochs):
        train_one_epoch(model)
        scores.append(validate(model))
        if scores[-1] > before:
            kept = copy.deepcopy(model.state_dict())
        before = scores[-1]
    model.load_state_dict(kept)
    return max(scores)


RIGHT = [
    ("per-digit", of_tensors(per_digit)),
    ("per-digit", of_tensors(per_digit_from_the_matrix)),
    ("per-digit", of_tensors(per_digit_by_counting)),
    ("per-digit", of_tensors(per_digit_by_bincount)),
    ("per-digit", of_tensors(per_digit_by_weights)),
    ("per-digit", of_tensors(in_numpy(per_digit))),
    ("peephole", step),
    ("peephole", step_in_a_loop),
    ("peephole", step_in_place),
    ("peephole", step_by_diagonals),
    ("peephole", step_one_by_one),
    ("peephole", in_float64(step)),
    ("peephole", in_numpy(step)),
    ("peephole", in_lists(step)),
    ("fuse", fuse),
    ("fuse", fuse_with_all_biases_in_one),
    ("fuse", fuse_by_replacing_parameters),
    ("fuse", fuse_in_one_function),
    ("fuse", fuse_by_rows),
    ("fuse", fuse_in_float64),
    ("best-epoch", lambda history: int(history[int(np.argmax([row["val_accuracy"] for row in history]))]["epoch"])),
    ("best-epoch", lambda history: torch.tensor(max(history, key=lambda row: row["val_accuracy"])["epoch"])),
    ("error-bar", lambda p, n: torch.tensor(p * (1 - p)).div(n).sqrt(),
     lambda p, e: torch.tensor(p * (1 - p) / e**2 - 1e-6, dtype=torch.float64).ceil()),
    ("error-bar", lambda p, n: np.sqrt(p * (1 - p) / n), lambda p, e: np.int64(np.ceil(p * (1 - p) / e**2 - 1e-9))),
    ("bug", keeping(deeply)),
    ("bug", keeping(lambda model: {name: value.clone() for name, value in model.state_dict().items()})),
    ("bug", keeping(lambda model: {name: value + 0 for name, value in model.state_dict().items()})),
    ("bug", keep_in_a_buffer),
    ("bug", keep_every_epoch),
    ("bug", keeping(deeply, give=lambda scores: np.float64(max(scores)))),
    ("turn", my_step),
    ("turn", my_step_by_built_in),
    ("turn", my_step_in_place),
    ("turn", my_step_with(give=lambda h, c: torch.stack([h, c]))),
    ("turn", in_numpy(my_step)),
    ("turn", in_float64(my_step)),
]

WRONG = [
    ("per-digit", "one number for all", of_tensors(lambda labels, said: (labels == said).float().mean())),
    ("per-digit", "was predicted", of_tensors(precision)),
    ("peephole", "returns nothing yet", lambda x_t, h, c, layers, peeps: ...),
    ("peephole", "two things", lambda *given: step(*given)[0]),
    ("peephole", "wrong order", lambda *given: step(*given)[::-1]),
    ("peephole", "axis 1 is 20, not 5", lambda x_t, h, c, layers, peeps: (torch.cat([h] * 4, dim=1), c)),
    ("peephole", "that is the LSTM without them", without_peepholes),
    ("peephole", "by the time that it is asked", wrong_step(looks=("old", "old", "old"))),
    ("peephole", "the output gate does not look", wrong_step(looks=("old", "old", None))),
    ("peephole", "only the output gate looks", wrong_step(looks=(None, None, "new"))),
    ("peephole", "the peepholes look at h", wrong_step(of=lambda c, h: h)),
    ("peephole", "look at tanh(c)", wrong_step(of=lambda c, h: c.tanh())),
    ("peephole", "the input gate and the forget gate are swapped", wrong_step(names="figo")),
    ("peephole", "the forget gate and the output gate are swapped", wrong_step(names="iogf")),
    ("peephole", "1 - f stands where", wrong_step(belt=lambda i, f, g, c: f * c + (1 - f) * g)),
    ("peephole", "nothing is forgotten", wrong_step(belt=lambda i, f, g, c: c + i * g)),
    ("peephole", "where is the old c", wrong_step(belt=lambda i, f, g, c: i * g)),
    ("peephole", "can only add", wrong_step(squash=torch.sigmoid)),
    ("peephole", "tanh of the cell state is missing", wrong_step(show=lambda c: c)),
    ("peephole", "two things at once", wrong_step(looks=("old", "old", "old"), squash=torch.sigmoid)),
    ("peephole", "let all peepholes be 0", lambda x_t, h, c, layers, peeps: (h, c)),
    ("peephole", "stopped with AttributeError", lambda x_t, h, c, layers, peeps: layers.forget(x_t)),
    ("peephole", "the input gate does not look", wrong_step(looks=(None, "old", "new"))),
    ("peephole", "the forget gate does not look", wrong_step(looks=("old", None, "new"))),
    ("peephole", "the input gate and the output gate are swapped", wrong_step(names="ofgi")),
    ("peephole", "number by number", wrong_step(belt=lambda i, f, g, c: f * c + g)),
    ("peephole", "the cell state itself is squashed", wrong_step(belt=lambda i, f, g, c: torch.tanh(f * c + i * g))),
    ("peephole", "are multiplied, where", wrong_step(join=torch.mul)),
    ("peephole", "read the row alone", wrong_step(join=lambda x, h: x)),
    ("peephole", "read the old h alone", wrong_step(join=lambda x, h: h)),
    ("peephole", "shows the old cell state", wrong_step(shown="old")),
    ("fuse", "two layers", lambda layers: fuse(layers)[0]),
    ("fuse", "in the order i, f, o, g", lambda layers: fuse(layers, order="ifog")),
    ("fuse", "in the order f, i, g, o", lambda layers: fuse(layers, order="figo")),
    ("fuse", "the biases are missing", lambda layers: fuse(layers, bias=False)),
    ("fuse", "the biases of h2h are missing", fuse_without(1)),
    ("fuse", "the biases of x2h are missing", fuse_without(0)),
    ("fuse", "where are none recorded", fuse_where_gradients_are_recorded),
    ("fuse", "fresh random numbers", fresh),
    ("fuse", "fresh random numbers", fuse_with_a_stranger),
    ("fuse", "changes the eight layers", fuse_in_place),
    ("fuse", "side by side", side_by_side),
    ("fuse", "are the two layers swapped", lambda layers: fuse(layers)[::-1]),
    ("fuse", "room for one gate", lambda layers: (layers.x_i, layers.h_i)),
    ("fuse", "one nn.Linear", lambda layers: (nn.Sequential(*eight(layers)[0]), nn.Sequential(*eight(layers)[1]))),
    ("fuse", "what makes a tensor a parameter", fuse_by_assigning_tensors),
    ("fuse", "it is transposed", fuse_transposed),
    ("fuse", "the biases of the state are there twice", fuse_and_change(lambda x2h, h2h: x2h.bias.add_(h2h.bias))),
    ("fuse", "the biases of the row are there twice", fuse_and_change(lambda x2h, h2h: h2h.bias.add_(x2h.bias))),
    ("fuse", "what comes out are the biases", fuse_and_change(lambda x2h, h2h: x2h.bias.copy_(x2h.bias.flip(0)))),
    ("bug", "has not stayed as it was", keeping(lambda model: model.state_dict())),
    ("bug", "has not stayed as it was", keeping(lambda model: dict(model.state_dict()))),
    ("bug", "has not stayed as it was", keeping(lambda model: model.state_dict().copy())),
    ("bug", "has not stayed as it was", keeping(lambda model: {name: value.detach() for name, value
                                                               in model.state_dict().items()})),
    ("bug", "never loaded", keeping(deeply, load=False)),
    ("bug", "kept too early", keeping(deeply, early=True)),
    ("bug", "keep the first", keeping(deeply, better=lambda new, best: new >= best)),
    ("bug", "the worst of all", keeping(deeply, better=lambda new, best: new < best, start=2.0)),
    ("bug", "besides its parameters", keep_parameters),
    ("bug", "the best one goes with the weights", keeping(deeply, give=lambda scores: scores[-1])),
    ("bug", "an epoch whose weights are never kept", keeping(deeply, start=0.0)),
    ("bug", "one number", keeping(deeply, give=lambda scores: scores)),
    ("bug", "trained", keeping(deeply, skip=1)),
    ("bug", "when are they kept", keep_what_rises),
    ("turn", "the input gate and the forget gate are swapped", my_step_with(keep="i", write="f")),
    ("turn", "so it can only add", my_step_with(squash_g=torch.sigmoid)),
    ("turn", "the candidate is not squashed", my_step_with(squash_g=lambda value: value)),
    ("turn", "tanh of the cell state is missing", my_step_with(squash_c=lambda value: value)),
    ("turn", "return h first", my_step_with(give=lambda h, c: (c, h))),
    ("turn", "one of the two", my_step_with(give=lambda h, c: h)),
    ("turn", "gate by gate", my_step_with(give=lambda h, c: (2 * h, c))),
    ("turn", "returns nothing yet", lambda *given: ...),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def validates_first(model, epochs, train_one_epoch, validate):
    best, kept = -1.0, None
    for _ in range(epochs):
        accuracy = validate(model)
        train_one_epoch(model)
        if accuracy > best:
            best, kept = accuracy, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return best


def keeps_the_start(model, epochs, train_one_epoch, validate):
    best, kept = -1.0, copy.deepcopy(model.state_dict())
    for _ in range(epochs):
        train_one_epoch(model)
        best = max(best, validate(model))
    model.load_state_dict(kept)
    return best


def keeps_epoch_5(model, epochs, train_one_epoch, validate):
    for epoch in range(epochs):
        train_one_epoch(model)
        if epoch == 4:
            kept = copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return 0.9


def side_by_side(layers):
    tall = nn.Linear(3, 20)
    with torch.no_grad():
        tall.weight.copy_(torch.cat([layers.x_i.weight] * 4, dim=1))
    return tall, tall


WRONG += [
    ("fuse", "one below the other", side_by_side),
    ("bug", "one too late", validates_first),
    ("bug", "from before the training", keeps_the_start),
    ("bug", "when are they kept", keeps_epoch_5),
    ("bug", "the first epoch compared", lambda model, epochs, train_one_epoch, validate: validate(model) > None),
    ("turn", "those with h_ the state before", lambda cell, x_t, h, c: cell.x_i(h)),
]

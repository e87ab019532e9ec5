"""Right and wrong answers to the exercises of this chapter."""

import numpy as np
import torch
from forms import in_float32, in_lists, in_numpy
from torch import nn

NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=-1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    n = (x_n + r * h_n).tanh()
    return (1 - z) * n + z * h


def step_by_cell(x, h, *weights):
    cell = nn.GRUCell(x.shape[1], h.shape[1]).double()
    with torch.no_grad():
        for parameter, weight in zip(cell.parameters(), weights, strict=True):
            parameter.copy_(weight)
    return cell(x, h)


def step_by_rows(x, h, w_ih, w_hh, b_ih, b_hh):
    """Rows picked by hand, the mix written as a correction, tanh from a sigmoid."""
    H = h.shape[1]
    r = 1 / (1 + torch.exp(-(x @ w_ih[:H].T + h @ w_hh[:H].T + b_ih[:H] + b_hh[:H])))
    rows = slice(H, 2 * H)
    z = 1 / (1 + torch.exp(-(x @ w_ih[rows].T + h @ w_hh[rows].T + b_ih[rows] + b_hh[rows])))
    inner = x @ w_ih[2 * H:].T + b_ih[2 * H:] + r * (h @ w_hh[2 * H:].T + b_hh[2 * H:])
    return h + (1 - z) * (2 * torch.sigmoid(2 * inner) - 1 - h)


def step_unit_by_unit(x, h, w_ih, w_hh, b_ih, b_hh):
    """No matrix product: one unit at a time."""
    H, new = h.shape[1], []
    for unit in range(H):
        from_x = [(x * w_ih[unit + block * H]).sum(dim=1) + b_ih[unit + block * H] for block in range(3)]
        from_h = [(h * w_hh[unit + block * H]).sum(dim=1) + b_hh[unit + block * H] for block in range(3)]
        r, z = torch.sigmoid(from_x[0] + from_h[0]), torch.sigmoid(from_x[1] + from_h[1])
        new.append(z * h[:, unit] + (1 - z) * torch.tanh(from_x[2] + r * from_h[2]))
    return torch.stack(new, dim=1)


def step_in_place(x, h, w_ih, w_hh, b_ih, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (x @ w_ih.T + b_ih).chunk(3, 1), (h @ w_hh.T + b_hh).chunk(3, 1)
    z = x_z.add_(h_z).sigmoid_()
    h *= z
    h += (1 - z) * x_n.add_(x_r.add_(h_r).sigmoid_() * h_n).tanh_()
    return h


def step_with_linear(x, h, w_ih, w_hh, b_ih, b_hh):
    from_x, from_h = nn.functional.linear(x, w_ih, b_ih), nn.functional.linear(h, w_hh, b_hh)
    H = h.shape[1]
    r, z = (from_x + from_h)[:, :2 * H].sigmoid().split(H, dim=1)
    return torch.lerp((from_x[:, 2 * H:] + r * from_h[:, 2 * H:]).tanh(), h, z)


def lstm_like(x, h, w_ih, w_hh, b_ih, b_hh):
    r, z, n = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(3, dim=-1)
    return z.sigmoid() * h + r.sigmoid() * n.tanh()


def over_the_whole_bracket(x, h, w_ih, w_hh, b_ih, b_hh):
    (x_r, x_z, x_n), (h_r, h_z, h_n) = (x @ w_ih.T + b_ih).chunk(3, 1), (h @ w_hh.T + b_hh).chunk(3, 1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    return (1 - z) * torch.tanh(r * (x_n + h_n)) + z * h


def wrong_step(*, order=(0, 1, 2), before=False, takes=False, outside=False, biases=(1, 1), squash=torch.tanh,
               mix=True):
    def wrong(x, h, w_ih, w_hh, b_ih, b_hh):
        b_ih, b_hh = biases[0] * b_ih, biases[1] * b_hh
        from_x, from_h = (x @ w_ih.T + b_ih).chunk(3, -1), (h @ w_hh.T + b_hh).chunk(3, -1)
        r, z, n = order
        w_n, b_n = w_hh.chunk(3)[n], b_hh.chunk(3)[n]
        reset, update = (from_x[r] + from_h[r]).sigmoid(), (from_x[z] + from_h[z]).sigmoid()
        inner = (reset * h) @ w_n.T + b_n if before else reset * from_h[n]
        if outside:
            inner = reset * (h @ w_n.T) + b_n
        new = squash(from_x[n] + inner)
        if not mix:
            return torch.cat([reset, update, new], dim=-1)
        return update * new + (1 - update) * h if takes else (1 - update) * new + update * h
    return wrong


def memory(bias=15.0, command=-30.0, row=1, value=1.0, past=0.0, sizes=(2, 1), hidden_bias=False, **options):
    def make():
        gru = nn.GRU(*sizes, **{"batch_first": True, **options})
        with torch.no_grad():
            for parameter in gru.parameters():
                parameter.zero_()
            (gru.bias_hh_l0 if hidden_bias else gru.bias_ih_l0)[row] = bias
            gru.weight_ih_l0[row, 1] = command
            gru.weight_ih_l0[2, 0] = value
            gru.weight_hh_l0[2, 0] = past
        return gru
    return make


def memory_by_state_dict():
    gru = nn.GRU(2, 1, batch_first=True)
    gru.load_state_dict({"weight_ih_l0": torch.tensor([[0, 0], [0, -40.0], [1, 0]]), "weight_hh_l0": torch.zeros(3, 1),
                         "bias_ih_l0": torch.tensor([0, 10.0, 0]), "bias_hh_l0": torch.tensor([0, 8.0, 0])})
    return gru


def memory_with_numpy():
    gru = nn.GRU(2, 1, batch_first=True)
    for name, value in zip(NAMES, ([[5, 5], [0, -50], [1, 0]], [[1], [0], [0]], [3, 20, 0], [1, 0, 0]), strict=True):
        getattr(gru, name).data = torch.from_numpy(np.array(value, dtype=np.float32))
    return gru


def memory_with_a_word(**weights):
    """The memory with some entries of weight_ih_l0 or weight_hh_l0 changed."""
    def make():
        gru = memory()()
        with torch.no_grad():
            for name, entries in weights.items():
                for place, value in entries.items():
                    getattr(gru, name)[place] = value
        return gru
    return make


def turn(blocks=(1,), names=NAMES):
    def turned(weights):
        result = {name: weight.clone() for name, weight in weights.items()}
        for name in names:
            for block in blocks:
                result[name].chunk(3)[block].neg_()
        return result
    return turned


def turn_in_place(weights):
    for weight in weights.values():
        weight.chunk(3)[1].neg_()
    return weights


def turn_by_signs(weights):
    hidden = len(weights["bias_ih_l0"]) // 3
    signs = torch.cat([torch.ones(hidden), -torch.ones(hidden), torch.ones(hidden)])
    return {name: torch.einsum("r,r...->r...", signs.to(weight.dtype), weight) for name, weight in weights.items()}


def keras(order=(1, 0, 2), bias_order=None, transpose=True, swapped=False, summed=False):
    def convert(kernel, recurrent_kernel, bias):
        def mix(blocks, places):
            chunks = blocks.chunk(3)
            return torch.cat([chunks[k] for k in places])

        if transpose:
            kernel, recurrent_kernel = kernel.T, recurrent_kernel.T
        b_ih, b_hh = (mix(row, bias_order or order) for row in bias)
        if swapped:
            b_ih, b_hh = b_hh, b_ih
        if summed:
            b_ih, b_hh = b_ih + b_hh, 0 * b_hh
        return dict(zip(NAMES, (mix(kernel, order), mix(recurrent_kernel, order), b_ih, b_hh), strict=True))
    return convert


def keras_by_index(kernel, recurrent_kernel, bias):
    units = recurrent_kernel.shape[0]
    rows = torch.cat([torch.arange(units, 2 * units), torch.arange(units), torch.arange(2 * units, 3 * units)])
    return {"bias_hh_l0": bias[1][rows], "bias_ih_l0": bias[0][rows],
            "weight_hh_l0": recurrent_kernel[:, rows].T, "weight_ih_l0": kernel[:, rows].T}


def which_by_comparing(hidden_size):
    """Try the four cells on random weights. With one number and no hidden bias two of them look the same."""
    def which(given):
        random = torch.Generator().manual_seed(5)
        H = hidden_size
        shapes = (2, 3), (2, H), (3 * H, 3), (3 * H, H), (3 * H,), (3 * H,)
        arguments = [torch.randn(shape, generator=random) for shape in shapes]
        if H == 1:
            arguments[-1].zero_()
        for after in (True, False):
            for keeps in (True, False):
                own = wrong_step(before=not after, takes=not keeps)(*arguments)
                if torch.allclose(own, given(*arguments), atol=1e-5):
                    return [after, keeps]
    return which


def which_by_gates(given):
    x, h = torch.zeros(1, 1), torch.full((1, 1), 0.5)
    w_ih, w_hh, b_ih, b_hh = torch.zeros(3, 1), torch.zeros(3, 1), torch.zeros(3), torch.zeros(3)
    b_ih[1] = 50.0
    keeps = given(x, h, w_ih, w_hh, b_ih, b_hh).item() > 0.25
    b_ih[1], b_ih[0], b_hh[2] = (-50.0 if keeps else 50.0), -50.0, 1.0
    return abs(given(x, h, w_ih, w_hh, b_ih, b_hh).item()) < 0.25, keeps


def turn_in_pieces(weights):
    result = {}
    for name in reversed(NAMES):
        rows = weights[name].shape[0] // 3
        result[name] = torch.cat([weights[name][:rows], -1 * weights[name][rows:2 * rows], weights[name][2 * rows:]])
    return result


def in_form(convert, form):
    """The dict with its entries in another form."""
    return lambda *given: {name: form(weight) for name, weight in convert(*given).items()}


def keras_in_place(kernel, recurrent_kernel, bias):
    units = len(recurrent_kernel)
    for weight in (kernel, recurrent_kernel, bias):
        weight[:, :2 * units] = weight[:, :2 * units].roll(units, dims=1)
    return {"weight_ih_l0": kernel.T, "weight_hh_l0": recurrent_kernel.T, "bias_ih_l0": bias[0], "bias_hh_l0": bias[1]}


def which_by_search(given):
    """Asks at random, until only one of the four is left."""
    kinds = [(after, keeps) for after in (True, False) for keeps in (True, False)]
    random = torch.Generator().manual_seed(0)
    while len(kinds) > 1:
        arguments = [torch.randn(shape, generator=random) for shape in ((1, 2), (1, 2), (6, 2), (6, 2), (6,), (6,))]
        got = given(*arguments)
        kinds = [(after, keeps) for after, keeps in kinds
                 if torch.allclose(wrong_step(before=not after, takes=not keeps)(*arguments), got, atol=1e-4)]
    return kinds[0]


def by_a_layer(convert):
    """The weights on their way through an nn.GRU, which rounds them to float32."""
    def through_layer(*arguments):
        weights = convert(*arguments)
        gru = nn.GRU(weights["weight_ih_l0"].shape[1], weights["weight_hh_l0"].shape[1], batch_first=True)
        gru.load_state_dict(weights)
        return dict(gru.named_parameters())
    return through_layer


def stepping(mix, *, gates=torch.sigmoid, swap=False, turn_r=False, join=None):
    """The last exercise's step, mixed by `mix(z, n, h)`."""
    def next_state(cell, x, h):
        x_r, x_z, x_n = (x @ cell.weight_ih.T + cell.bias_ih).chunk(3, dim=-1)
        h_r, h_z, h_n = (h @ cell.weight_hh.T + cell.bias_hh).chunk(3, dim=-1)
        r, z = gates(x_r + h_r), gates(x_z + h_z)
        if swap:
            r, z = z, r
        if turn_r:
            r = 1 - r
        return mix(z, torch.tanh(join(x_n, h_n, r) if join else x_n + r * h_n), h)
    return next_state


def keeps(z, n, h):
    return (1 - z) * n + z * h


def other(z, n, h):
    return z * n + (1 - z) * h


def step_with_turned_sign(cell, x, h):
    x_r, x_z, x_n = (x @ cell.weight_ih.T + cell.bias_ih).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ cell.weight_hh.T + cell.bias_hh).chunk(3, dim=-1)
    z = torch.sigmoid(-(x_z + h_z))
    return z * torch.tanh(x_n + torch.sigmoid(x_r + h_r) * h_n) + (1 - z) * h


def step_by_built_in(cell, x, h):
    return cell(x, h)


def by_hand_in_tensors(x, h):
    x, h = torch.tensor(x), torch.tensor(h)
    r, z = torch.sigmoid(torch.stack([x - 2 * h, -2 * x + 2 * h + 2]))
    n = torch.tanh(x - r * (h + 0.5))
    return torch.stack([r, z, n, torch.lerp(n, h, z)])


def by_hand_in_numpy(x, h):
    r, z = 1 / (1 + np.exp(-(np.array([1, -2]) * x + np.array([-2, 2]) * h + np.array([0, 2]))))
    n = np.tanh(x + r * (-h - 0.5))
    return r, z, n, np.average([n, h], weights=[1 - z, z])


def by_hand_with_vectors(x, h):
    """The step for vectors makes the new state; asked again with z shut, it gives the candidate."""
    r, z = (torch.sigmoid(torch.tensor(a)) for a in (x - 2 * h, -2 * x + 2 * h + 2))
    blocks = [torch.tensor(rows) for rows in ([[1.0], [-2], [1]], [[-2.0], [2], [-1]], [0.0, 2, 0], [0.0, 0, -0.5])]
    new = step(torch.tensor([[x]]), torch.tensor([[h]]), *blocks)
    blocks[2] = torch.tensor([0.0, -100, 0])
    return [r, z, step(torch.tensor([[x]]), torch.tensor([[h]]), *blocks).squeeze(), new.squeeze()]


RIGHT = [
    ("step", step),
    ("step", step_by_rows),
    ("step", step_unit_by_unit),
    ("step", step_in_place),
    ("step", step_with_linear),
    ("step", in_float32(step)),
    ("step", in_numpy(step)),
    ("step", in_lists(step)),
    ("memory", memory()),
    ("memory", memory(20.0, -60.0, hidden_bias=True)),
    ("memory", lambda: memory()().double()),
    ("memory", memory_by_state_dict),
    ("memory", memory_with_numpy),
    ("memory", memory(13.0, -26.0)),
    ("other-z", turn()),
    ("other-z", turn_by_signs),
    ("other-z", turn_in_pieces),
    ("other-z", by_a_layer(turn())),
    ("other-z", in_form(turn(), lambda weight: weight.numpy())),
    ("other-z", in_form(turn(), lambda weight: weight.tolist())),
    ("other-z", in_form(turn(), nn.Parameter)),
    ("keras", keras()),
    ("keras", keras_by_index),
    ("keras", keras_in_place),
    ("keras", by_a_layer(keras())),
    ("keras", in_form(keras(), lambda weight: weight.numpy())),
    ("keras", in_form(keras(), lambda weight: weight.float())),
    ("keras", in_form(keras(), list)),
    ("which", which_by_gates),
    ("which", which_by_comparing(4)),
    ("which", which_by_comparing(2)),
    ("which", which_by_search),
    ("which", lambda given: tuple(torch.tensor(one) for one in which_by_gates(given))),
    ("which", lambda given: [np.bool_(one) for one in which_by_search(given)]),
    ("which", lambda given: tuple(int(one) for one in which_by_gates(given))),
    ("bug", stepping(keeps)),
    ("bug", stepping(lambda z, n, h: n + z * (h - n))),
    ("bug", stepping(lambda z, n, h: torch.lerp(n, h, z))),
    ("bug", stepping(lambda z, n, h: torch.stack([(1 - z) * n, z * h]).sum(dim=0))),
    ("bug", step_with_turned_sign),
    ("bug", in_float32(stepping(keeps))),
    ("turn", by_hand_in_tensors),
    ("turn", by_hand_in_numpy),
    ("turn", by_hand_with_vectors),
]

WRONG = [
    ("step", "stands before the matrix", wrong_step(before=True)),
    ("step", "z has the other role", wrong_step(takes=True)),
    ("step", "two things at once. First, the reset gate stands before the matrix", wrong_step(before=True, takes=True)),
    ("step", "outside the bracket", wrong_step(outside=True)),
    ("step", "the input's part too", over_the_whole_bracket),
    ("step", "two things at once. First, the reset gate does nothing", lstm_like),
    ("step", "in the order z, r, n", wrong_step(order=(1, 0, 2))),
    ("step", "second, the blocks are taken in the order z, r, n", wrong_step(order=(1, 0, 2), takes=True)),
    ("step", "b_hh is missing", wrong_step(biases=(1, 0))),
    ("step", "b_ih is missing", wrong_step(biases=(0, 1))),
    ("step", "both biases are missing", wrong_step(biases=(0, 0))),
    ("step", "squashed by a sigmoid", wrong_step(squash=torch.sigmoid)),
    ("step", "squashed by a ReLU", wrong_step(squash=torch.relu)),
    ("step", "not squashed", wrong_step(squash=lambda a: a)),
    ("step", "both gates are one half", lambda x, h, *weights: h),
    ("step", "all three blocks", wrong_step(mix=False)),
    ("step", "that is what you should write yourself", step_by_cell),
    ("step", "returns nothing", lambda *arguments: None),
    ("memory", "how much does a single step let in", memory(8.0, -16.0)),
    ("memory", "how much does a single step let in", memory(12.0, -24.0)),
    ("memory", "wrong way round", memory(-15.0, 30.0)),
    ("memory", "must pull against the bias", memory(15.0, -10.0)),
    ("memory", "must pull against the bias", memory(15.0, -15.0)),
    ("memory", "must pull against the bias", memory(15.0, -20.0)),
    ("memory", "which row did you set", memory(row=0)),
    ("memory", "z depends on the value", memory_with_a_word(weight_ih_l0={(1, 0): 3.0})),
    ("memory", "what is the candidate n", memory(value=0.0)),
    ("memory", "what is the candidate n", memory(value=-1.0)),
    ("memory", "one layer, one direction", memory(sizes=(2, 3))),
    ("memory", "batch_first=True", memory(batch_first=False)),
    ("memory", "should return an nn.GRU", lambda: nn.LSTM(2, 1, batch_first=True)),
    ("memory", "does something of the old state get into the new one", memory(past=2.0)),
    ("memory", "z depends on the state itself", memory_with_a_word(weight_hh_l0={(1, 0): 10.0})),
    ("other-z", "unchanged", dict),
    ("other-z", "only the weights", turn(names=NAMES[:2])),
    ("other-z", "only the biases", turn(names=NAMES[2:])),
    ("other-z", "only the input's part", turn(names=NAMES[::2])),
    ("other-z", "only the state's part", turn(names=NAMES[1::2])),
    ("other-z", "the reset gate is turned", turn((0,))),
    ("other-z", "the candidate is turned", turn((2,))),
    ("other-z", "all three blocks", turn((0, 1, 2))),
    ("other-z", "add up to 1 in every unit", turn((1,), NAMES[:1])),
    ("other-z", "has changed", turn_in_place),
    ("other-z", "should return a dict", lambda weights: list(weights.values())),
    ("keras", "order z, r, n", keras((0, 1, 2))),
    ("keras", "order r, n, z", keras((1, 2, 0))),
    ("keras", "the blocks of the biases are not", keras(bias_order=(0, 1, 2))),
    ("keras", "those of the weights are not", keras((0, 1, 2), (1, 0, 2))),
    ("keras", "exchanged", keras(swapped=True)),
    ("keras", "r multiplies only one", keras(summed=True)),
    ("keras", "number the columns", keras((0, 1, 2), swapped=True)),
    ("keras", "axes the other way round", lambda *arrays: dict(zip(NAMES, (*arrays[:2], *arrays[2]), strict=True))),
    ("keras", "missing bias_hh_l0, bias_ih_l0, weight_hh_l0", lambda *arrays: {"weight_ih_l0": arrays[0].T}),
    ("keras", "order n, r, z", keras((2, 1, 0))),
    ("keras", "order n, z, r", keras((2, 0, 1))),
    ("keras", "order z, n, r", keras((0, 2, 1))),
    ("keras", "weight_hh_l0 has shape (4, 12)", lambda *arrays: {**keras()(*arrays), "weight_hh_l0": arrays[1]}),
    ("keras", "bias_ih_l0 has shape (2, 12)", lambda *arrays: {**keras()(*arrays), "bias_ih_l0": arrays[2]}),
    ("keras", "bias_hh_l0 has shape (1, 12)", lambda *arrays: {**keras()(*arrays), "bias_hh_l0": arrays[2][1:]}),
    ("which", "z_keeps is wrong", lambda given: (True, True)),
    ("which", "z_keeps is wrong", lambda given: tuple(not one for one in which_by_gates(given))),
    ("which", "reset_after is wrong", which_by_comparing(1)),
    ("which", "reset_after is wrong", lambda given: (True, which_by_gates(given)[1])),
    ("which", "the other order", lambda given: which_by_gates(given)[::-1]),
    ("which", "two booleans", lambda given: True),
    ("which", "two booleans", lambda given: ("after", "keeps")),
    ("which", "which_gru stopped with", lambda given: given(torch.zeros(1, 1))),
    ("bug", "z has the other role", stepping(other)),
    ("bug", "the blocks are taken in the order z, r, n", stepping(keeps, swap=True)),
    ("bug", "two things at once", stepping(other, swap=True)),
    ("bug", "1 - r stands where r should", stepping(keeps, turn_r=True)),
    ("bug", "the candidate is added to what is kept", stepping(lambda z, n, h: n + z * h)),
    ("bug", "add up to 1", stepping(lambda z, n, h: z * n + z * h)),
    ("bug", "half of both", stepping(lambda z, n, h: (n + h) / 2)),
    ("bug", "the reset gate does nothing", stepping(keeps, join=lambda x_n, h_n, r: x_n + h_n)),
    ("bug", "own recurrent layers", step_by_built_in),
    ("bug", "the bias of one gate to 50", stepping(keeps, gates=torch.tanh)),
    ("bug", "multiplies the input's part. What", stepping(keeps, join=lambda x_n, h_n, r: r * x_n + h_n)),
    ("bug", "no gradient comes back", in_numpy(stepping(keeps))),
    ("bug", "no gradient comes back", in_lists(stepping(keeps))),
    ("bug", "to the state before", lambda cell, x, h: stepping(keeps)(cell, x, h.detach())),
    ("bug", "the candidate alone", stepping(lambda z, n, h: n)),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def memory_of(*, ih, bias):
    def make_memory():
        memory = nn.GRU(2, 1, batch_first=True)
        with torch.no_grad():
            for parameter in memory.parameters():
                parameter.zero_()
            for place, value in ih.items():
                memory.weight_ih_l0[place] = value
            for row, value in bias.items():
                memory.bias_ih_l0[row] = value
        return memory
    return make_memory


WRONG += [
    ("step", "which of the two must turn", lambda x, h, w_ih, w_hh, b_ih, b_hh: x @ w_ih),
    ("step", "axis 0 is the batch", lambda x, h, w_ih, w_hh, b_ih, b_hh: [
        r + z + n for r, z, n in [(x @ w_ih.T).chunk(3)]]),
    ("step", "a GRU has one state", lambda x, h, *weights: (h, h)),
    ("memory", "on which of them should the gate depend", memory_of(ih={(1, 0): 30.0, (2, 0): 1.0}, bias={1: -15.0})),
    ("memory", "must pull against the bias", memory_of(ih={(1, 1): 30.0, (2, 0): 1.0}, bias={1: 15.0})),
    ("memory", "when its weight for the value is 0", memory_of(ih={(1, 1): -30.0, (2, 1): 1.0}, bias={1: 15.0})),
    ("keras", "which row is which", lambda kernel, recurrent, bias: {
        "weight_ih_l0": kernel.T, "weight_hh_l0": recurrent.T, "bias_ih_l0": bias, "bias_hh_l0": bias}),
]

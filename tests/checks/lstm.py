"""Right and wrong answers to the exercises of this chapter."""

import copy

import numpy as np
import torch
from forms import in_float32, in_lists, in_numpy, of_tensors
from torch import nn


def by_torch(steps):
    return torch.special.logit(torch.tensor(0.5, dtype=torch.float64) ** (1 / steps))


def by_numpy(steps):
    return -np.log(np.exp2(np.float64(1 / steps)) - 1)


def step(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def step_by_rows(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """One matrix for [x, h], rows picked by hand, tanh written with a sigmoid, a list returned."""
    H = h.shape[1]
    z = torch.cat([x, h], 1) @ torch.cat([w_ih, w_hh], 1).T + (b_ih + b_hh)
    i, f, o = (1 / (1 + torch.exp(-z[:, k * H:(k + 1) * H])) for k in (0, 1, 3))
    c = f * c + i * (2 * torch.sigmoid(2 * z[:, 2 * H:3 * H]) - 1)
    return [o * c.tanh(), c]


def step_in_place(x, h, c, w_ih, w_hh, b_ih, b_hh):
    z = x.matmul(w_ih.T).add_(b_ih).add_(h.matmul(w_hh.T)).add_(b_hh)
    i, f, g, o = z.chunk(4, dim=1)
    c *= f.sigmoid_()
    c += i.sigmoid_() * g.tanh_()
    h.copy_(o.sigmoid_() * c.tanh())
    return h, c


def step_with_linear(x, h, c, w_ih, w_hh, b_ih, b_hh):
    z = nn.functional.linear(x, w_ih, b_ih) + nn.functional.linear(h, w_hh, b_hh)
    i, f, g, o = z.unflatten(1, (4, -1)).unbind(1)
    c = torch.addcmul(torch.sigmoid(f) * c, torch.sigmoid(i), torch.tanh(g))
    return torch.sigmoid(o) * torch.tanh(c), c


def step_by_matrices(x, h, c, w_ih, w_hh, b_ih, b_hh):
    """Sixteen pieces, with einsum."""
    gates = [torch.einsum("bi,hi->bh", x, w) + torch.einsum("bi,hi->bh", h, u) + p + q for w, u, p, q in zip(
        w_ih.chunk(4), w_hh.chunk(4), b_ih.chunk(4), b_hh.chunk(4), strict=True)]
    c = gates[1].sigmoid() * c + gates[0].sigmoid() * gates[2].tanh()
    return gates[3].sigmoid() * c.tanh(), c


def coupled(x, h, c, w_ih, w_hh, b_ih, b_hh):
    _, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=-1)
    c = f.sigmoid() * c + (1 - f.sigmoid()) * g.tanh()
    return o.sigmoid() * c.tanh(), c


def wrong_step(order="ifgo", squash_g=torch.tanh, squash_c=torch.tanh, biases=(1, 1), swap=False, old_c=False,
               gated=torch.sigmoid, belt=lambda i, f, g, c: f * c + i * g):
    def wrong(x, h, c, w_ih, w_hh, b_ih, b_hh):
        stack = x @ w_ih.T + h @ w_hh.T + biases[0] * b_ih + biases[1] * b_hh
        gate = dict(zip(order, stack.chunk(4, dim=-1), strict=True))
        new = belt(gated(gate["i"]), gated(gate["f"]), squash_g(gate["g"]), c)
        h = gated(gate["o"]) * squash_c(c if old_c else new)
        return (new, h) if swap else (h, new)
    return wrong


def no_sum(x, h, c, w_ih, w_hh, b_ih, b_hh):
    z = x @ w_ih.T + h @ w_hh.T + b_ih + b_hh
    return z, z


class Layer(nn.Module):
    """A right layer, with one place for each thing that can go wrong."""

    def __init__(self, input_size, hidden_size, one_step=step):
        super().__init__()
        self.one_step = one_step
        self.weight_ih_l0 = nn.Parameter(0.3 * torch.randn(4 * hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(0.3 * torch.randn(4 * hidden_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(4 * hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(4 * hidden_size))

    def weights(self):
        return self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0

    def start(self, x, state):
        if state is None:
            return (x.new_zeros(len(x), self.weight_hh_l0.shape[1]),) * 2
        return state[0][0], state[1][0]

    def forward(self, x, state=None):
        h, c = self.start(x, state)
        outs = []
        for t in range(x.shape[1]):
            h, c = self.one_step(x[:, t], h, c, *self.weights())
            outs.append(h)
        return self.give(torch.stack(outs, 1), h, c)

    def give(self, out, h, c):
        return out, (h[None], c[None])


class ByTheCellsFunction(Layer):
    def forward(self, x, state=None):
        state = self.start(x, state)
        out = []
        for x_t in x.transpose(0, 1):
            state = torch.lstm_cell(x_t, state, *self.weights())
            out.append(state[0])
        return torch.stack(out).transpose(0, 1), tuple(part.unsqueeze(0) for part in state)


class InAnotherOrder(Layer):
    """Its parameters stand in another order, and h and c are kept in one list."""

    def __init__(self, input_size, hidden_size):
        nn.Module.__init__(self)
        self.one_step = step_by_rows
        for name, *shape in (("bias_hh_l0", 4 * hidden_size), ("weight_hh_l0", 4 * hidden_size, hidden_size),
                             ("bias_ih_l0", 4 * hidden_size), ("weight_ih_l0", 4 * hidden_size, input_size)):
            self.register_parameter(name, nn.Parameter(0.1 * torch.randn(shape)))


class WholeProductFirst(Layer):
    """Multiplies all inputs at once, and writes into a tensor made before."""

    def forward(self, x, state=None):
        h, c = self.start(x, state)
        from_x = x @ self.weight_ih_l0.T + self.bias_ih_l0
        out = torch.empty(*x.shape[:2], h.shape[1], dtype=x.dtype)
        for t in range(x.shape[1]):
            i, f, g, o = (from_x[:, t] + h @ self.weight_hh_l0.T + self.bias_hh_l0).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            out[:, t] = h
        return [out, [h.reshape(1, *h.shape), c.reshape(1, *c.shape)]]


class Scripted(Layer):
    """With helper modules that hold no parameter."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, step_with_linear)
        self.squash, self.dropout = nn.Tanh(), nn.Dropout(0.0)

    def give(self, out, h, c):
        return self.dropout(out), (h[None], c[None])


class OneByOne(Layer):
    """One sequence at a time, without a batch axis inside."""

    def forward(self, x, state=None):
        h_0, c_0 = self.start(x, state)
        rows = []
        for row in range(len(x)):
            h, c, outs = h_0[row:row + 1], c_0[row:row + 1], []
            for x_t in x[row].split(1):
                h, c = step_by_matrices(x_t, h, c, *self.weights())
                outs.append(h)
            rows.append((torch.cat(outs), h, c))
        return torch.stack([out for out, _, _ in rows]), tuple(torch.stack(part, 1) for part in zip(
            *[(h, c) for _, h, c in rows], strict=True))


class Initialised(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        for name, parameter in self.named_parameters():
            (nn.init.zeros_ if "bias" in name else nn.init.xavier_uniform_)(parameter)


class FixedSize(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, 4)


class CutBetweenSteps(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, lambda x, h, c, *weights: step(x, h.detach(), c, *weights))


class ReluCandidate(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, wrong_step(squash_g=torch.relu))


class TurnedOutputs(Layer):
    def give(self, out, h, c):
        return out.flip(1), (h[None], c[None])


def with_step(**mistake):
    class Wrong(Layer):
        def __init__(self, input_size, hidden_size):
            super().__init__(input_size, hidden_size, wrong_step(**mistake))
    return Wrong


class Transposed(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.weight_ih_l0 = nn.Parameter(torch.randn(input_size, 4 * hidden_size))


class PlainTensor(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        del self.bias_hh_l0
        self.bias_hh_l0 = torch.zeros(4 * hidden_size)


class Linears(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.x2h, self.h2h = nn.Linear(input_size, 4 * hidden_size), nn.Linear(hidden_size, 4 * hidden_size)


class AllZeros(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        for parameter in self.parameters():
            nn.init.zeros_(parameter)


class NoLayerAxis(Layer):
    def give(self, out, h, c):
        return out, (h, c)


class TimeFirst(Layer):
    def give(self, out, h, c):
        return out.transpose(0, 1), (h[None], c[None])


class OneState(Layer):
    def give(self, out, h, c):
        return out, h[None]


class SwappedEnd(Layer):
    def give(self, out, h, c):
        return out, (c[None], h[None])


class IgnoresState(Layer):
    def start(self, x, state):
        return super().start(x, None)


class SwapsState(Layer):
    def start(self, x, state):
        return super().start(x, None if state is None else state[::-1])


class ForgetsState(Layer):
    def forward(self, x, state=None):
        outs = [self.one_step(x[:, t], *self.start(x, state), *self.weights()) for t in range(x.shape[1])]
        return self.give(torch.stack([h for h, _ in outs], 1), *outs[-1])


class Float32Zeros(Layer):
    def start(self, x, state):
        return (torch.zeros(len(x), 4),) * 2 if state is None else (state[0][0], state[1][0])


class NoGradient(Layer):
    def weights(self):
        return tuple(weight.data for weight in super().weights())


class HalfTheGradient(Layer):
    def weights(self):
        return (*super().weights()[:3], self.bias_hh_l0.detach())


class OneSize(Layer):
    def __init__(self, hidden_size):
        super().__init__(3, hidden_size)


class WithAHead(Layer):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.head = nn.Linear(hidden_size, 10)


def giving(result):
    class Giving(Layer):
        def give(self, out, h, c):
            return result(out, h, c)
    return Giving


class FromTheEnd(Layer):
    def forward(self, x, state=None):
        return super().forward(x.flip(1), state)


class ForgetsTheBelt(Layer):
    """c is empty at the beginning of every step but the first."""

    def forward(self, x, state=None):
        (h, c), outs = self.start(x, state), []
        for x_t in x.unbind(dim=1):
            h, new = self.one_step(x_t, h, c, *self.weights())
            c = torch.zeros_like(new)
            outs.append(h)
        return self.give(torch.stack(outs, 1), h, new)


class GivesItBack(Layer):
    def forward(self, x, state=None):
        out, end = super().forward(x, state)
        return out, end if state is None else state


class DetachedGate(Layer):
    """The forget gate is taken for a number."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, wrong_step(belt=lambda i, f, g, c: f.detach() * c + i * g))


class Cheat(nn.LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, batch_first=True)


class Empty(nn.Module):
    def __init__(self, input_size, hidden_size):
        ...


def reorder_by_index(stacked):
    H = len(stacked) // 4
    return stacked[[*range(H), *range(2 * H, 4 * H), *range(H, 2 * H)]]


def reorder_by_view(stacked):
    return stacked.view(4, -1, *stacked.shape[1:])[[0, 2, 3, 1]].view_as(stacked)


def reorder(blocks):
    return lambda stacked: torch.cat([stacked.chunk(4)[k] for k in blocks])


def by_module(lstm, value):
    H, directions = lstm.hidden_size, ("", "_reverse") if lstm.bidirectional else ("",)
    for layer in range(lstm.num_layers):
        for direction in directions:
            getattr(lstm, f"bias_ih_l{layer}{direction}").data[H:2 * H].fill_(value)
            getattr(lstm, f"bias_hh_l{layer}{direction}").data[H:2 * H].zero_()


def by_state_dict(lstm, value):
    state = {name: tensor.clone() for name, tensor in lstm.state_dict().items()}
    for name, tensor in state.items():
        if "bias" in name:
            tensor.chunk(4)[1][:] = 0 if "hh" in name else value
    lstm.load_state_dict(state)


def by_new_parameters(lstm, value):
    for name, parameter in list(lstm.named_parameters()):
        if "bias" in name:
            i, f, g, o = parameter.detach().chunk(4)
            f = torch.full_like(f, 3 * value if "ih" in name else -2 * value)
            setattr(lstm, name, nn.Parameter(torch.cat([i, f, g, o])))


def to_a_copy(lstm, value):
    other = copy.deepcopy(lstm)
    by_name(other, value)
    return other


def by_name(lstm, value):
    H = lstm.hidden_size
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            if "bias" in name:
                parameter[H:2 * H] = value / 2
    return lstm


def by_all_weights(lstm, value):
    for _, _, b_ih, b_hh in lstm.all_weights:
        b_ih.data.chunk(4)[1].copy_(value - b_hh.data.chunk(4)[1])


def every(value_ih=1.0, value_hh=0.0, block=1, only="", rows=None):
    def wrong(lstm, value):
        H = lstm.hidden_size
        for name, parameter in lstm.named_parameters():
            if name.startswith("bias") and only in name:
                factor = value_ih if "_ih" in name else value_hh
                if factor is not None:
                    parameter.data[rows or slice(block * H, (block + 1) * H)] = factor * value
    return wrong


def in_place(lstm, value):
    lstm.bias_ih_l0[4:8] = value


def rows_4_to_8(lstm, value):
    every(rows=slice(4, 8))(lstm, value)


def frozen(lstm, value):
    lstm.requires_grad_(False)
    every()(lstm, value)


def all_of_the_block(lstm, value):
    for parameter in lstm.parameters():
        parameter.data[lstm.hidden_size:2 * lstm.hidden_size] = value


class _Forward:
    """Only the forward direction's parameters of an nn.LSTM."""

    def __init__(self, lstm):
        self.hidden_size, self.lstm = lstm.hidden_size, lstm

    def named_parameters(self):
        return ((name, p) for name, p in self.lstm.named_parameters() if not name.endswith("_reverse"))


def only_forwards(lstm, value):
    every()(_Forward(lstm), value)


def reading(give, last=0, flip=False):
    """The last exercise's reader: `give(h, c)` is the state that the cell gets, `last` what is returned of (h, c)."""
    def read(cell, x):
        h = c = x.new_zeros(len(x), cell.hidden_size)
        for x_t in (x.flip(1) if flip else x).unbind(dim=1):
            h, c = cell(x_t, give(h, c))
        return (h, c)[last]
    return read


def as_they_are(h, c):
    return h, c


def read_by_state(cell, x):
    state = None
    for t in range(x.shape[1]):
        state = cell(x[:, t], state)
    return state[0]


def read_with_other_names(cell, x):
    c = h = torch.zeros(len(x), cell.hidden_size, dtype=x.dtype)
    for x_t in x.transpose(0, 1):
        c, h = cell(x_t, (c, h))
    return c


def read_with_other_names_but_one(cell, x):
    c = h = torch.zeros(len(x), cell.hidden_size, dtype=x.dtype)
    for x_t in x.transpose(0, 1):
        c, h = cell(x_t, (c, h))
    return h


def read_by_layer(cell, x):
    layer = nn.LSTM(cell.input_size, cell.hidden_size, batch_first=True).to(x.dtype)
    layer.load_state_dict({f"{name}_l0": weight for name, weight in cell.state_dict().items()})
    return layer(x)[0][:, -1]


def read_by_borrowed_weights(cell, x):
    layer = nn.LSTM(cell.input_size, cell.hidden_size, batch_first=True)
    weights = {f"{name}_l0": weight for name, weight in cell.named_parameters()}
    return torch.func.functional_call(layer, weights, (x,))[1][0][0]


def read_with_the_cell_s_function(cell, x):
    h, c = torch.zeros(2, len(x), cell.hidden_size, dtype=x.dtype)
    for x_t in x.unbind(dim=1):
        h, c = torch.lstm_cell(x_t, (h, c), *cell.parameters())
    return h


def read_in_a_list(cell, x):
    state = [x.new_zeros(len(x), cell.hidden_size)] * 2
    for x_t in x.unbind(dim=1):
        state = list(cell(x_t, tuple(state)))
    return state[0]


def belt_in_tensors(*given):
    f, i, g, o, c = torch.tensor(given)
    c = torch.addcmul(f * c, i, g)
    return o * torch.tanh(c), c


def belt_in_numpy(f, i, g, o, c):
    c = np.dot([f, i], [c, g])
    return np.array([o * np.tanh(c), c])


def belt_by_cell(f, i, g, o, c):
    """nn.LSTMCell, with biases that make these gates."""
    cell = nn.LSTMCell(1, 1).double()
    gates = torch.tensor([i, f, g, o], dtype=torch.float64)
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
        cell.bias_ih.copy_(torch.stack([*gates[:2].logit(), gates[2].atanh(), gates[3].logit()]))
        h, c = cell(torch.zeros(1, 1).double(), (torch.zeros(1, 1).double(), torch.full((1, 1), c).double()))
    return [h, c]


def read_the_first_of_two(cell, x):
    h = c = x.new_zeros(len(x), cell.hidden_size)
    for x_t in x.unbind(dim=1):
        h, c = cell(x_t, (h, c))[0]
    return h


def read_all_but_the_last(cell, x):
    return reading(as_they_are)(cell, x[:, :-1])


RIGHT = [
    ("reorder", of_tensors(reorder((0, 2, 3, 1)))),
    ("reorder", of_tensors(reorder_by_index)),
    ("reorder", of_tensors(reorder_by_view)),
    ("reorder", of_tensors(in_numpy(reorder_by_view))),
    ("reorder", of_tensors(lambda stacked: [row for k in (0, 2, 3, 1) for row in stacked.chunk(4)[k]])),
    ("forget-bias", by_torch),
    ("forget-bias", by_numpy),
    ("step", step),
    ("step", step_by_rows),
    ("step", step_in_place),
    ("step", step_with_linear),
    ("step", step_by_matrices),
    ("step", in_numpy(step)),
    ("step", in_lists(step)),
    ("step", in_float32(step)),
    ("layer", Layer),
    ("layer", InAnotherOrder),
    ("layer", WholeProductFirst),
    ("layer", Scripted),
    ("layer", OneByOne),
    ("layer", Initialised),
    ("every-gate", every()),
    ("every-gate", by_name),
    ("every-gate", by_all_weights),
    ("every-gate", by_module),
    ("every-gate", by_state_dict),
    ("every-gate", by_new_parameters),
    ("bug", reading(as_they_are)),
    ("bug", read_by_state),
    ("bug", read_with_other_names),
    ("bug", read_by_borrowed_weights),
    ("bug", read_with_the_cell_s_function),
    ("bug", read_in_a_list),
    ("bug", in_float32(reading(as_they_are))),
    ("turn", belt_in_tensors),
    ("turn", belt_in_numpy),
    ("turn", belt_by_cell),
]

WRONG = [
    ("reorder", "the way back", of_tensors(reorder((0, 3, 1, 2)))),
    ("reorder", "is cut by slices", reorder((0, 2, 3, 1))),
    ("step", "look at the forget gate and the candidate and the output gate", wrong_step(order="iofg")),
    ("step", "in the order i, g, o, f", wrong_step(order="igof")),
    ("step", "look at the candidate and the output gate", wrong_step(order="ifog")),
    ("step", "bias_hh is missing", wrong_step(biases=(1, 0))),
    ("step", "both biases are missing", wrong_step(biases=(0, 0))),
    ("step", "squashed by a sigmoid", wrong_step(squash_g=torch.sigmoid)),
    ("step", "squashed by a ReLU", wrong_step(squash_g=torch.relu)),
    ("step", "without its tanh", wrong_step(squash_c=lambda c: c)),
    ("step", "the old cell state", wrong_step(old_c=True)),
    ("step", "as the GRU's update gate does", coupled),
    ("step", "two things at once. First, bias_hh is missing", wrong_step(order="iofg", biases=(1, 0))),
    ("step", "stand in the other order", wrong_step(swap=True)),
    ("step", "half of c is kept", lambda x, h, c, *weights: (h, c)),
    ("step", "still side by side", no_sum),
    ("step", "should return two tensors", lambda *arguments: step(*arguments)[0]),
    ("step", "that is what you should write yourself", lambda x, h, c, *weights: torch.lstm_cell(x, (h, c), *weights)),
    ("step", "returns nothing yet", lambda *arguments: None),
    ("step", "stopped with RuntimeError", lambda x, h, c, w, *rest: (x @ w, c)),
    ("step", "the candidate is not squashed", wrong_step(squash_g=lambda z: z)),
    ("step", "shown through a sigmoid", wrong_step(squash_c=torch.sigmoid)),
    ("step", "shown through a ReLU", wrong_step(squash_c=torch.relu)),
    ("step", "does not decide how much is written", wrong_step(belt=lambda i, f, g, c: f * c + g)),
    ("step", "where is the forget gate", wrong_step(belt=lambda i, f, g, c: c + i * g)),
    ("step", "where is the old c", wrong_step(belt=lambda i, f, g, c: i * g)),
    ("step", "the cell state itself is squashed", wrong_step(belt=lambda i, f, g, c: torch.tanh(f * c + i * g))),
    ("step", "without a sigmoid", wrong_step(gated=lambda z: z)),
    ("step", "the gates go through a tanh", wrong_step(gated=torch.tanh)),
    ("layer", "has no parameters yet", Empty),
    ("layer", "should be a class made from nn.Module", step),
    ("layer", "write the step and the loop yourself", Cheat),
    ("layer", "that is what you should write yourself", ByTheCellsFunction),
    ("layer", "lacks the parameters weight_ih_l0", Linears),
    ("layer", "as a plain tensor", PlainTensor),
    ("layer", "it is transposed", Transposed),
    ("layer", "axis 0 is 16, not 20", FixedSize),
    ("layer", "start from random values", AllZeros),
    ("layer", "the axis of the layers is missing", NoLayerAxis),
    ("layer", "the second of them a tuple", OneState),
    ("layer", "the steps stand first", TimeFirst),
    ("layer", "stand in the other order", SwappedEnd),
    ("layer", "the state that was given is not used", IgnoresState),
    ("layer", "h_0 and c_0 are swapped", SwapsState),
    ("layer", "does h go in again", ForgetsState),
    ("layer", "collected in the wrong order", TurnedOutputs),
    ("layer", "from what does your first state take its dtype", Float32Zeros),
    ("layer", "no gradient comes back", NoGradient),
    ("layer", "from each step to the one before it, at h", CutBetweenSteps),
    ("layer", "the gradient of bias_hh_l0 is not right: it is zero", HalfTheGradient),
    ("layer", "look at the forget gate and the candidate and the output gate", with_step(order="iofg")),
    ("layer", "squashed by a sigmoid", with_step(squash_g=torch.sigmoid)),
    ("layer", "squashed by a ReLU", ReluCandidate),
    ("layer", "bias_ih is missing", with_step(biases=(0, 1))),
    ("layer", "MyLSTM(3, 4) stopped with TypeError", OneSize),
    ("layer", "nn.LSTM has no parameter head.weight", WithAHead),
    ("layer", "that is one step", giving(lambda outs, h, c: (h, (h[None], c[None])))),
    ("layer", "whatever batch_first says", giving(lambda outs, h, c: (outs, (h[:, None], c[:, None])))),
    ("layer", "read in the wrong order", FromTheEnd),
    ("layer", "compare with nn.LSTM at the second step", ForgetsTheBelt),
    ("layer", "h_n, starting from a given state (h_0, c_0), is not right: it is the state that was given", GivesItBack),
    ("layer", "compare h_n with out", giving(lambda outs, h, c: (outs, (outs[:, 0][None], c[None])))),
    ("layer", "c_n, starting from zeros, is not right",
     giving(lambda outs, h, c: (outs, (h[None], c[None] * outs.shape[1])))),
    ("layer", "look for .data, .detach(), .item()", DetachedGate),
    ("every-gate", "no bias has changed yet", lambda lstm, value: ...),
    ("every-gate", "a copy of it has changed", to_a_copy),
    ("every-gate", "in nn.LSTM(3, 5, num_layers=2), rows 0 to 4", rows_4_to_8),
    ("every-gate", "twice the bias", every(value_hh=1.0)),
    ("every-gate", "the forget gate of l1", every(only="l0")),
    ("every-gate", "the forget gate of l0_reverse", only_forwards),
    ("every-gate", "that block is the input gate", every(block=0)),
    ("every-gate", "that block is the candidate", every(rows=slice(4, 16))),
    ("every-gate", "plus what the other bias vector holds", every(value_hh=None)),
    ("every-gate", "add up what its two bias vectors hold", every(value_ih=0.3)),
    ("every-gate", "a leaf", in_place),
    ("every-gate", "no longer takes part in the training", frozen),
    ("every-gate", "weight_ih_l0 has changed; only biases should", all_of_the_block),
    ("bug", "in the order in which the cell takes them", reading(lambda h, c: (c, h))),
    ("bug", "the cell state, c, that comes back", reading(lambda h, c: (c, h), last=1)),
    ("bug", "it is the cell state, c. An LSTM shows h", read_with_other_names_but_one),
    ("bug", "the cell state is empty", reading(lambda h, c: (h, torch.zeros_like(c)))),
    ("bug", "h is zero at every step", reading(lambda h, c: (torch.zeros_like(h), c))),
    ("bug", "starts anew", reading(lambda h, c: (0 * h, 0 * c))),
    ("bug", "h goes in twice", reading(lambda h, c: (h, h))),
    ("bug", "c goes in twice", reading(lambda h, c: (c, c))),
    ("bug", "from the end to the beginning", reading(as_they_are, flip=True)),
    ("bug", "which of the two is off first", reading(lambda h, c: (2 * h, c))),
    ("bug", "what does an LSTM show", lambda cell, x: torch.stack([cell(x[:, 0])[0]] * 2)),
    ("bug", "takes two as its state", read_the_first_of_two),
    ("bug", "the last one is asked for", lambda cell, x: torch.stack([read_by_state(cell, x)] * x.shape[1], dim=1)),
    ("bug", "the last step was not read", read_all_but_the_last),
    ("bug", "no gradient comes back", in_numpy(reading(as_they_are))),
    ("bug", "no_grad(), numpy, or a copy of the weights", read_by_layer),
    ("bug", "no gradient comes back", torch.no_grad()(reading(as_they_are))),
    ("bug", "to the one before it, at h and c?", reading(lambda h, c: (h.detach(), c.detach()))),
    ("bug", "to the one before it, at h?", reading(lambda h, c: (h.data, c))),
    ("bug", "to the one before it, at c?", reading(lambda h, c: (h, c.detach()))),
    ("bug", "or counted twice", lambda cell, x: 2 * read_by_state(cell, x) - read_by_state(cell, x).detach()),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

class WithoutItsSize(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.randn(4 * self.hidden_size, input_size))


class WithoutSuper(nn.Module):
    def __init__(self, input_size, hidden_size):
        self.weight_ih_l0 = nn.Parameter(torch.randn(4 * hidden_size, input_size))


class NeedsAState(Layer):
    def forward(self, x, state):
        return super().forward(x, state)


def with_cell(call):
    def read(cell, x):
        h = c = x.new_zeros(len(x), cell.hidden_size)
        for x_t in x.unbind(dim=1):
            h = call(cell, x_t, h, c)
        return h
    return read


def changes_no_name(lstm, value):
    for name, parameter in lstm.named_parameters():
        if name == "bias":
            parameter.data[:] = value


WRONG += [
    ("step", "which of the two must turn", lambda x, h, c, w_ih, w_hh, b_ih, b_hh: x @ w_ih),
    ("step", "axis 0 is the batch", lambda x, h, c, w_ih, w_hh, b_ih, b_hh: [
        i + f + g + o for i, f, g, o in [(x @ w_ih.T).chunk(4)]]),
    ("layer", "stopped with AttributeError: 'WithoutItsSize' object has no attribute 'hidden_size'", WithoutItsSize),
    ("layer", "begins with super().__init__()", WithoutSuper),
    ("layer", "can be called without a state", NeedsAState),
    ("every-gate", "does your condition meet any of them", changes_no_name),
    ("bug", "takes two as its state", with_cell(lambda cell, x_t, h, c: cell(x_t, (h, c)))),
    ("bug", "one thing, a pair", with_cell(lambda cell, x_t, h, c: cell(x_t, h, c)[0])),
    ("bug", "on which axis of x are the steps", lambda cell, x: cell(x[0], (x.new_zeros(len(x), 4),) * 2)[0]),
]

"""The notation page: what it says about gate orders and conventions holds for PyTorch and for the course's cells."""

import itertools
import re
from pathlib import Path

import pytest
import torch
from torch import nn

import seqlab
from tools.course import find_all

APPENDIX = Path(__file__).resolve().parent.parent / "book" / "appendix"
PAGE = (APPENDIX / "notation.md").read_text(encoding="utf-8")
CARD = (APPENDIX / "reference-card.md").read_text(encoding="utf-8")


def row_of(library):
    """The cells of the gate-order table's row that begins with this name."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {library}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def orders(library):
    return [cell.strip("`").replace(" ", "") for cell in row_of(library)[1:3]]


def gates(cell, order, x, h):
    """{gate: (from x, from h)}, the stacked blocks named by the order."""
    from_x = (x @ cell.weight_ih.T + cell.bias_ih).chunk(len(order), dim=-1)
    from_h = (h @ cell.weight_hh.T + cell.bias_hh).chunk(len(order), dim=-1)
    return dict(zip(order, zip(from_x, from_h, strict=True), strict=True))


def lstm_step(cell, order, x, h, c):
    i, f, g, o = (sum(gates(cell, order, x, h)[name]) for name in "ifgo")
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c)


def gru_step(cell, order, x, h):
    blocks = gates(cell, order, x, h)
    r, z = (torch.sigmoid(sum(blocks[name])) for name in "rz")
    n = torch.tanh(blocks["n"][0] + r * blocks["n"][1])
    return (1 - z) * n + z * h


@pytest.fixture
def tensors():
    torch.manual_seed(0)
    return [torch.randn(5, size, dtype=torch.float64) for size in (3, 4, 4)]


def test_only_the_order_on_the_page_gives_pytorch_s_lstm(tensors):
    x, h, c = tensors
    cell = nn.LSTMCell(3, 4).double()
    equal = ["".join(order) for order in itertools.permutations("ifgo")
             if torch.allclose(lstm_step(cell, "".join(order), x, h, c), cell(x, (h, c))[0])]
    assert equal == [orders("PyTorch")[0]]


def test_only_the_order_on_the_page_gives_pytorch_s_gru(tensors):
    x, h, _ = tensors
    cell = nn.GRUCell(3, 4).double()
    equal = ["".join(order) for order in itertools.permutations("rzn")
             if torch.allclose(gru_step(cell, "".join(order), x, h), cell(x, h))]
    assert equal == [orders("PyTorch")[1]]


@pytest.mark.parametrize(("ours", "theirs"), [(seqlab.LSTMCell, nn.LSTMCell), (seqlab.GRUCell, nn.GRUCell)])
def test_the_course_s_cells_stack_their_gates_as_pytorch_does(tensors, ours, theirs):
    x, h, c = tensors
    mine, builtin = ours(3, 4).double(), theirs(3, 4).double()
    builtin.load_state_dict({"weight_ih": mine.x2h.weight, "weight_hh": mine.h2h.weight,
                             "bias_ih": mine.x2h.bias, "bias_hh": mine.h2h.bias})
    state = (h, c) if theirs is nn.LSTMCell else h
    for a, b in zip(torch.atleast_1d(*mine(x, state)), torch.atleast_1d(*builtin(x, state)), strict=True):
        assert torch.allclose(a, b)


def test_an_update_gate_of_one_keeps_the_old_state(tensors):
    x, h, _ = tensors
    cell = nn.GRUCell(3, 4).double()
    with torch.no_grad():
        cell.bias_ih[4:8] = 100                                 # the second block, z
    assert torch.allclose(cell(x, h), h)
    assert "so $z = 1$ *keeps* the old state" in PAGE


def test_the_lectures_gate_is_one_minus_z(tensors):
    """Where the reset gate is open, both placements agree, and the lectures' formula with 1 - z gives nn.GRU."""
    x, h, _ = tensors
    cell = nn.GRUCell(3, 4).double()
    with torch.no_grad():
        cell.bias_ih[:4] = 100                                  # the first block, r
    blocks = gates(cell, "rzn", x, h)
    update = 1 - torch.sigmoid(sum(blocks["z"]))
    candidate = torch.tanh(sum(blocks["n"]))
    assert torch.allclose(update * candidate + (1 - update) * h, cell(x, h))


def test_the_reset_gate_before_the_product_is_another_function(tensors):
    x, h, _ = tensors
    cell = nn.GRUCell(3, 4).double()
    blocks = gates(cell, "rzn", x, h)
    r, z = (torch.sigmoid(sum(blocks[name])) for name in "rz")
    before = torch.tanh(blocks["n"][0] + (r * h) @ cell.weight_hh[8:].T + cell.bias_hh[8:])
    assert not torch.allclose((1 - z) * before + z * h, cell(x, h), atol=1e-3)


def test_the_shapes_and_biases_on_the_page_are_pytorch_s():
    lstm, gru = nn.LSTM(3, 4), nn.GRU(3, 4)
    shapes = re.findall(r"`\((\d)\*H, input_size\)`", row_of("PyTorch")[3])
    assert [tuple(layer.weight_ih_l0.shape) for layer in (lstm, gru)] == [(int(blocks) * 4, 3) for blocks in shapes]
    assert row_of("PyTorch")[4] == "two vectors, added"
    assert lstm.bias_ih_l0.shape == lstm.bias_hh_l0.shape == (16,)


# As the libraries document them: keras.io's LSTMCell and GRUCell, ONNX's operators LSTM and GRU. Neither is installed.
ELSEWHERE = {"Keras": ["ifco", "zrh"], "ONNX": ["iofc", "zrh"]}


@pytest.mark.parametrize("library", ELSEWHERE)
def test_the_orders_of_other_libraries_are_those_that_they_document(library):
    assert orders(library) == ELSEWHERE[library]


def test_what_it_says_about_moving_weights_follows_from_its_table():
    """Keras's LSTM has PyTorch's order, ONNX's has not, and both GRUs exchange reset and update gate."""
    lstm, gru = orders("PyTorch")
    for library, same in (("Keras", True), ("ONNX", False)):
        other_lstm, other_gru = orders(library)
        assert (other_lstm.replace("c", "g") == lstm) == same
        assert other_gru.replace("h", "n") == gru[1] + gru[0] + gru[2]


def test_the_card_has_the_orders_that_the_tests_above_hold():
    """Its equations, and those of the page, are computed in test_formulas.py."""
    assert re.findall(r"`(\w \w \w(?: \w)?)`", CARD) == [" ".join(order) for order in reversed(orders("PyTorch"))]


F, H, N, T = 3, 4, 2, 5         # features, units, sequences, steps


def called(layers=1, directions=1):
    """An LSTM as the card calls it, and the names that the card gives to what goes in and comes out."""
    net = nn.LSTM(F, H, layers, batch_first=True, bidirectional=directions == 2)
    x = torch.randn(N, T, F)
    out, (h_n, c_n) = net(x)
    return net, {"torch": torch, "x": x, "out": out, "h_n": h_n, "c_n": c_n}


def card_row(beginning):
    line = next(line for line in CARD.splitlines() if line.startswith(f"| {beginning} |"))
    return re.findall(r"`([^`]+)`", line.split("|")[2])


@pytest.mark.parametrize("layers", [1, 2])
def test_the_last_step_on_the_card_is_the_end_of_the_last_layer(layers):
    torch.manual_seed(0)
    net, names = called(layers)
    for code in card_row("one direction"):
        assert torch.equal(eval(code, names), names["out"][:, -1]), code
    assert eval(*card_row("every step"), names) is names["out"]
    code, = card_row("padded batch")
    packed = nn.utils.rnn.pack_padded_sequence(names["x"], [5, 3], batch_first=True)
    alone = net(names["x"][1:, :3])[0][0, -1]
    assert torch.allclose(eval(code, {"h_n": net(packed)[1][0]})[1], alone, atol=1e-6)
    _, names = called(layers, directions=2)
    ends = torch.cat([names["out"][:, -1, :H], names["out"][:, 0, H:]], 1)
    assert torch.equal(eval(*card_row("two directions"), names), ends)


def test_the_shapes_on_the_card_are_those_of_the_tensors():
    _, names = called(layers=3, directions=2)
    sizes = {"batch": N, "seq_len": T, "F": F, "H": H, "D": 2, "layers": 3}
    rows = re.findall(r"^\| (`[a-z_]+`(?:, `c_n`)?) \| `(\(.+?\))` \|$", CARD, re.MULTILINE)
    assert len(rows) == 3
    for tensors, shape in rows:
        for name in find_all(r"`(\w+)`", tensors):
            assert eval(shape, sizes) == tuple(names[name].shape), name


def test_the_code_on_the_card_runs_and_does_what_its_comments_say():
    blocks = re.findall(r"```python\n(.*?)```", CARD, re.DOTALL)
    model = nn.Linear(784, 10)
    images, labels = torch.randn(1, 1, 28, 28), torch.tensor([3])
    before = model.weight.clone()
    names = {"torch": torch, "nn": nn, "F": 28, "H": 4, "x": torch.randn(2, 5, 28), "images": images, "labels": labels,
             "logits": model(images.flatten(1)), "model": model, "optimizer": torch.optim.SGD(model.parameters(), 0.1)}
    for block in blocks:
        exec(block, names)
    assert len(blocks) == 3 and names["rows"].shape == (1, 28, 28) and names["out"].shape == (2, 5, 4)
    assert names["c_n"].shape == names["h_n"].shape == (1, 2, 4) and not torch.equal(before, model.weight)
    assert nn.utils.get_total_norm([one.grad for one in model.parameters()]) <= 1.0001

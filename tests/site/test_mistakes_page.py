"""The page of common mistakes tells the truth: every snippet runs, and shows the symptom that the page names."""

import re
import warnings
from pathlib import Path

import pytest
import torch

from seqlab import shape_table

PAGE = Path(__file__).resolve().parents[2] / "book" / "appendix" / "mistakes.md"
TEXT = PAGE.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(python|text)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
SETUP = [code for kind, code in FENCE.findall(TEXT.split("\n## ")[0]) if kind == "python"]


def sections():
    """Title of each mistake -> (wrong code, right code, the error message it quotes or None)."""
    found = {}
    for section in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]:
        fences = FENCE.findall(section)
        code = [text for kind, text in fences if kind == "python"]
        assert len(code) == 2, f"one wrong and one right snippet each: {section.splitlines()[0]}"
        message = [text.strip() for kind, text in fences if kind == "text"]
        found[section.splitlines()[0]] = (*code, message[0] if message else None)
    return found


def run(code, seed=0):
    """The names after the page's set-up and then this snippet, and the exception it ended with."""
    names = {}
    for part in SETUP[:1]:
        exec(part, names)
    torch.manual_seed(seed)
    try:
        exec(code, names)
    except Exception as problem:
        return names, problem
    return names, None


def only_own_answer_changes(names):
    changed = names["x"].clone()
    changed[3] += 1
    out, _ = names["lstm"](changed)
    differs = (out[:, -1] - names["last"]).abs().amax(dim=1) > 1e-6
    return differs.tolist() == [k == 3 for k in range(32)]


def forgets_own_past(names):
    changed = names["x"].clone()
    changed[:, :-1] += 1
    out, _ = names["lstm"](changed)
    return torch.allclose(out[:, -1], names["last"])


def batch_first_forgotten(wrong, right):
    assert wrong["last"].shape == right["last"].shape
    assert not only_own_answer_changes(wrong) and forgets_own_past(wrong)
    assert only_own_answer_changes(right) and not forgets_own_past(right)


def reshape_for_transpose(wrong, right):
    assert wrong["steps_first"].shape == right["steps_first"].shape == (28, 8, 28)
    assert torch.equal(right["steps_first"][:, 2], right["batch"][2])
    assert not torch.equal(wrong["steps_first"][:, 2], wrong["batch"][2])


def last_sequence_for_last_step(wrong, right):
    assert wrong["last"].shape == (28, 64) and torch.equal(wrong["last"], wrong["out"][31])
    assert torch.equal(right["last"], right["h_n"][-1])
    with pytest.raises(ValueError, match=re.escape(sections()["`out[-1]` for the last step"][2])):
        wrong["cross_entropy"](wrong["head"](wrong["last"]), wrong["labels"])


def bare_squeeze(wrong, right):
    assert wrong["out"].shape == (28, 64) and right["out"].shape == (1, 28, 64)
    assert wrong["out"][:, -1].shape == (28,)


def lstm_state_is_a_pair(wrong, right):
    assert wrong["last"].shape == (1, 32, 64)
    assert torch.equal(wrong["last"], wrong["lstm"](wrong["x"])[1][1])
    assert right["last"].shape == (32, 64) and torch.equal(right["last"], right["out"][:, -1])


def softmax_first(wrong, right):
    assert 1.46 < wrong["loss"].item() < 1.47
    assert right["loss"].item() == 0


def gradients_pile_up(wrong, right):
    assert torch.allclose(wrong["gradient"], 2 * right["gradient"])


def ten_layers(wrong, right):
    def parameters(names):
        return sum(p.numel() for p in names["lstm"].parameters())

    def gradient_at_input(names):
        x = names["x"].clone().requires_grad_()
        names["lstm"].eval()(x)[0][:, -1].sum().backward()
        return x.grad.norm()

    assert f"{parameters(wrong):,}" in TEXT and f"{parameters(right):,}" in TEXT
    assert gradient_at_input(right) / gradient_at_input(wrong) > 10_000
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.nn.LSTM(28, 128, dropout=0.3)
    assert "num_layers greater than 1" in str(caught[0].message)


def padded(wrong, right):
    alone = wrong["rnn"](wrong["padded"][1:, :3])[0][:, -1]
    assert not torch.allclose(wrong["last"][1:], alone, atol=1e-3)
    zeros = wrong["rnn"](torch.zeros(1, 2, 1), alone.unsqueeze(0))[0][:, -1]
    assert torch.allclose(wrong["last"][1:], zeros, atol=1e-6)
    alone = right["rnn"](right["padded"][1:, :3])[0][:, -1]
    assert torch.allclose(right["last"][1:], alone, atol=1e-6)


def long_memory(wrong, right):
    assert wrong["reach"].item() < 1e-15
    assert right["reach"].item() > 1e-3
    fresh = sections()["Expecting a long memory"][1].replace("= 3.0", "= 0.0")
    assert run(fresh)[0]["reach"].item() < 1e-15, "the default start is no better"


def shapes_agree(wrong, right):
    """The wrong snippet failed with the quoted message; the right one gave what the next line needs."""


SYMPTOMS = {
    "`batch_first` forgotten": batch_first_forgotten,
    "`reshape` used to swap two axes": reshape_for_transpose,
    "`out[-1]` for the last step": last_sequence_for_last_step,
    "The channel axis left in an image": shapes_agree,
    "A bare `squeeze()`": bare_squeeze,
    "A head on `h_n` itself": shapes_agree,
    "The LSTM's state taken for one tensor": lstm_state_is_a_pair,
    "An initial state without its cell state": shapes_agree,
    "An initial state without its layer axis": shapes_agree,
    "Softmax before `CrossEntropyLoss`": softmax_first,
    "Gradients that pile up": gradients_pile_up,
    "Ten layers and nothing to hold them": ten_layers,
    "Sequences of different lengths in one batch": shapes_agree,
    "The last step of a padded sequence": padded,
    "Expecting a long memory": long_memory,
}


def test_every_mistake_on_the_page_is_checked():
    assert set(sections()) == set(SYMPTOMS)


def test_the_set_up_runs(capsys):
    names = {}
    for part in SETUP:
        exec(part, names)
    printed = capsys.readouterr().out
    shape_table(names["lstm"], names["x"])
    assert printed == capsys.readouterr().out and "(32, 28, 64)" in printed, "the shape table and nothing else"


@pytest.mark.parametrize("title", list(SYMPTOMS))
def test_the_wrong_code_shows_its_symptom_and_the_right_code_does_not(title, capsys):
    wrong_code, right_code, message = sections()[title]
    wrong, wrong_problem = run(wrong_code)
    right, right_problem = run(right_code)
    assert capsys.readouterr().out == "", "no snippet prints: what it would print, the page says"
    assert right_problem is None, right_problem
    if SYMPTOMS[title] is shapes_agree:
        assert wrong_problem is not None and message in str(wrong_problem), wrong_problem
    else:
        assert wrong_problem is None, f"the page says that nothing is raised, but: {wrong_problem}"
        SYMPTOMS[title](wrong, right)

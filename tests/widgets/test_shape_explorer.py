"""ShapeExplorer: every answer that it can show against PyTorch, and the figure in the hands of a reader."""

import itertools
import json
import subprocess
from pathlib import Path

import pytest
import torch
import traitlets

from seqlab.widgets import ShapeExplorer

FIGURE, PAGE = "ShapeExplorer()", "book/03-shapes"
ROOT = Path(__file__).resolve().parents[2]
NAMES = ("kind", "batch", "seq_len", "input_size", "hidden_size",
         "num_layers", "bidirectional", "batch_first", "packed")
OPTIONS = list(itertools.product(("rnn", "gru", "lstm"), (1, 2, 3, 4), (False, True), (True, False), (False, True)))
SIZES = [(2, 5, 4, 6), (1, 1, 1, 1), (1, 4, 2, 3), (3, 1, 2, 4), (4, 8, 3, 2), (5, 2, 3, 3), (10, 7, 5, 4)]
GRID = [dict(zip(NAMES, (kind, *sizes, *options), strict=True)) for kind, *options in OPTIONS for sizes in SIZES]


@pytest.fixture(scope="module")
def answers(node):
    """What the figure says, for the whole grid: one run of Node."""
    script = """
        import { readFileSync } from "node:fs";
        import { code, facts, lengths, parameters, shapes } from "./seqlab/widgets/shape_explorer.js";
        const grid = JSON.parse(readFileSync(0, "utf8"));
        console.log(JSON.stringify(grid.map((s) => ({
          code: code(s), facts: facts(s), lengths: lengths(s), shapes: shapes(s), ...parameters(s) }))));
    """
    done = subprocess.run([node, "--input-type=module", "-e", script], cwd=ROOT, input=json.dumps(GRID), text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_code(code, seed=0):
    torch.manual_seed(seed)
    names = {}
    exec(code, names)
    return names


def agree(left, right):
    return left.shape == right.shape and torch.allclose(left, right, atol=1e-6)


@pytest.mark.slow
def test_every_answer_over_the_grid_is_pytorchs(answers):
    assert len(GRID) == len(answers) == 672
    for settings, answer in zip(GRID, answers, strict=True):
        names = run_code(answer["code"])
        layer, shapes = names["layer"], answer["shapes"]
        for name in ("x", "out", "h_n", "c_n"):
            assert (name in shapes) == (name in names), settings
            if name in shapes:
                assert tuple(shapes[name]) == tuple(names[name].shape), (settings, name)
        assert type(layer).__name__.lower() == settings["kind"]
        for option in ("input_size", "hidden_size", "num_layers", "bidirectional", "batch_first"):
            assert getattr(layer, option) == settings[option], settings
        assert answer["count"] == sum(p.numel() for p in layer.parameters()), settings
        assert eval(answer["formula"].replace("·", "*")) == answer["count"], answer["formula"]
        if settings["packed"]:
            assert names["lengths"].tolist() == answer["lengths"]
            assert tuple(shapes["packed"]) == tuple(names["packed"].data.shape)
            assert tuple(shapes["packed_out"]) == tuple(names["packed_out"].data.shape)
            assert shapes["packed"][0] == sum(answer["lengths"]) and max(answer["lengths"]) == settings["seq_len"]
        else:
            assert "packed" not in shapes and "packed" not in names


def test_pythons_answers_are_those_of_the_page(answers):
    figure = ShapeExplorer()
    for settings, answer in zip(GRID, answers, strict=True):
        figure.set_state(settings)
        shapes = answer["shapes"]
        found = {name: getattr(figure, f"{name}_shape") for name in ("x", "out", "h_n", "c_n", "packed")}
        assert found == {name: shapes.get(name, []) for name in found}, settings
        assert (figure.code, figure.parameters) == (answer["code"], answer["count"]), settings
        assert figure.lengths == (answer["lengths"] if figure.packed else []), settings


@pytest.mark.slow
def test_slices_called_equal_are_and_others_are_not(answers):
    wrong = []
    for settings, answer in zip(GRID, answers, strict=True):
        names = run_code(answer["code"], seed=1)
        for fact in answer["facts"]:
            left, right = (eval(fact[side], dict(names)) for side in ("left", "right"))
            if agree(left, right) != fact["equal"]:
                wrong.append((settings, fact))
        assert any(fact["equal"] for fact in answer["facts"])
    assert wrong == []


def test_two_directions_have_two_ends_wherever_there_is_more_than_one_step(answers):
    for settings, answer in zip(GRID, answers, strict=True):
        ends = [fact["mark"] for fact in answer["facts"] if fact["equal"]]
        assert ends == (["A", "B"] if settings["bidirectional"] else ["A"])


@pytest.mark.parametrize(("trait", "value"), [("kind", "mlp"), ("batch", 0), ("hidden_size", 513), ("num_layers", 5)])
def test_bad_input_gets_one_clear_sentence(trait, value):
    with pytest.raises(traitlets.TraitError, match=rf"^{trait} is .*; got {value!r}\.$"):
        ShapeExplorer(**{trait: value})


def test_repr_and_still():
    assert repr(ShapeExplorer()) == "ShapeExplorer: a figure to move. Run this cell to use it."
    texts = {text.get_text() for text in ShapeExplorer().still().axes[0].texts}
    assert {"x (2, 5, 4)", "out (2, 5, 6)", "h_n (1, 2, 6)", "A: out[:, -1] = h_n[-1]", "A"} <= texts
    both = [text.get_text() for text in ShapeExplorer(bidirectional=True).still().axes[0].texts]
    assert both.count("A") == both.count("B") == 2
    fancy = ShapeExplorer(kind="lstm", bidirectional=True, batch_first=False, packed=True, num_layers=2)
    texts = " ".join(text.get_text() for text in fancy.still().axes[0].texts)
    for words in ("x (5, 2, 4)", "out (5, 2, 12)", "c_n (4, 2, 6)", "own last step, forward half = h_n[-2]", "out[0]"):
        assert words in texts


# --- in a browser ----------------------------------------------------------------------------------------------------


def settings_of(figure):
    return {name: figure.get(name) for name in NAMES}


def check_against_torch(figure):
    """All that the figure gives back, from its own code, run here."""
    figure.settle()
    names = run_code(figure.get("code"))
    for name in ("x", "out", "h_n", "c_n"):
        assert tuple(figure.get(f"{name}_shape")) == (tuple(names[name].shape) if name in names else ()), name
    assert figure.get("parameters") == sum(p.numel() for p in names["layer"].parameters())
    assert names["layer"].hidden_size == figure.get("hidden_size")
    shown = figure.box.locator("svg").get_attribute("aria-label")
    for name in ("x", "out", "h_n"):
        assert f"{name} {tuple(names[name].shape)}" in shown
    assert f"{figure.get('parameters'):,} parameters" in figure.box.locator(".count").inner_text()


def test_keyboard_mouse_and_touch_change_the_shapes(figure):
    check_against_torch(figure)
    figure.set(num_layers=1, bidirectional=False, hidden_size=6, kind="rnn", packed=False)
    figure.box.get_by_label("hidden_size").focus()
    figure.page.keyboard.press("ArrowRight")
    assert figure.get("hidden_size") == 7
    check_against_torch(figure)
    figure.box.get_by_label("nn.LSTM").click()
    figure.box.get_by_label("bidirectional").tap()
    slider = figure.box.get_by_label("num_layers").bounding_box()
    figure.page.touchscreen.tap(slider["x"] + slider["width"] - 10, slider["y"] + slider["height"] / 2)
    assert (figure.get("kind"), figure.get("bidirectional"), figure.get("num_layers")) == ("lstm", True, 4)
    check_against_torch(figure)
    figure.box.get_by_label("packed").click()
    figure.box.get_by_label("batch_first").uncheck()
    check_against_torch(figure)
    assert sum(figure.get("lengths")) == figure.get("packed_shape")[0]


def test_every_story_shows_what_it_says(figure):
    expected = {"plain": {"kind": "rnn", "num_layers": 1}, "three layers": {"num_layers": 3},
                "both ways": {"bidirectional": True}, "lengths differ": {"packed": True},
                "a digit, row by row": {"kind": "lstm", "seq_len": 28, "hidden_size": 128, "parameters": 80896}}
    start = settings_of(figure)
    said = set()
    for name, traits in expected.items():
        figure.box.get_by_role("button", name=name, exact=True).click()
        check_against_torch(figure)
        assert {trait: figure.get(trait) for trait in traits} == traits
        said.add(figure.box.locator(".report").inner_text())
    assert len(said) == len(expected)
    figure.box.get_by_role("button", name="lengths differ").click()
    figure.settle()
    assert figure.get("lengths") == [8, 6, 4, 2] and "padding for 3 of 4" in figure.box.locator(".facts").inner_text()
    figure.box.get_by_role("button", name="reset").click()
    assert settings_of(figure) == start


def test_the_copy_button_copies_or_selects(figure):
    button, said = figure.box.get_by_role("button", name="copy"), figure.box.locator(".said")
    figure.page.evaluate("() => { navigator.clipboard.writeText = async text => { window.copied = text; }; }")
    button.click()
    said.get_by_text("copied").wait_for()
    assert figure.page.evaluate("window.copied") == figure.get("code")
    figure.page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    button.click()
    said.get_by_text("selected").wait_for()
    assert figure.page.evaluate("getSelection().toString()").strip().endswith(figure.get("code").splitlines()[-1])


@pytest.mark.only_in("lab")
def test_python_and_the_page_stay_in_step(figure, lab):
    figure.box.get_by_label("nn.GRU").click()
    figure.settle()
    assert figure.python("figure.kind") == "gru"
    lab.run("figure.batch, figure.bidirectional = 3, True")
    figure.box.locator("svg[aria-label*='x (3, 5, 4)'][aria-label*='out (3, 5, 12)']").wait_for()
    assert figure.python("figure.out_shape") == [3, 5, 12] == figure.get("out_shape")
    assert figure.python("figure.code") == figure.get("code")

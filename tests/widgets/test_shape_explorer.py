"""ShapeExplorer: every answer that it can show against PyTorch, and the figure in the hands of a reader."""

import contextlib
import itertools
import json
import random
import subprocess

import pytest
import torch
import traitlets
from places import ROOT, bench_page, page_with

from seqlab.widgets import ShapeExplorer
from seqlab.widgets.indexing import READS

FIGURE, PAGE = "ShapeExplorer()", "book/03-shapes"
SETTINGS = ("kind", "batch", "seq_len", "input_size", "hidden_size",
         "num_layers", "bidirectional", "batch_first", "packed")
OPTIONS = list(itertools.product(("rnn", "gru", "lstm"), (1, 2, 3, 4), (False, True), (True, False), (False, True)))
SIZES = [(2, 5, 4, 6), (1, 1, 1, 1), (1, 4, 2, 3), (3, 1, 2, 4), (4, 8, 3, 2), (5, 2, 3, 3), (10, 7, 5, 4)]
GRID = [dict(zip(SETTINGS, (kind, *sizes, *options), strict=True)) for kind, *options in OPTIONS for sizes in SIZES]


SCRIPT = """
    import { readFileSync } from "node:fs";
    import { CHIPS, code, equals, evaluate, facts, finding, holds, lengths, parameters, results, shapes, tensors }
      from "./seqlab/widgets/shape_explorer.js";
    import { holder, taken } from "./seqlab/widgets/indexing.js";
    const given = JSON.parse(readFileSync(0, "utf8"));
    console.log(JSON.stringify(given.map((s) => %s)));
"""


def of_the_page(node, what, grid):
    """What JavaScript's expression `what` is for each of these settings, `s`: one run of Node."""
    done = subprocess.run([node, "--input-type=module", "-e", SCRIPT % what], cwd=ROOT, input=json.dumps(grid),
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answers(node):
    """What the figure says, for the whole grid."""
    return of_the_page(node, "({ code: code(s), facts: facts(s), lengths: lengths(s), shapes: shapes(s), "
                             "...parameters(s) })", GRID)


def run_code(code, seed=0):
    torch.manual_seed(seed)
    names = {}
    exec(code, names)
    return names


def sizes(settings):
    """The sizes that an expression may name."""
    named = ("batch", "seq_len", "input_size", "hidden_size", "num_layers")
    return {name: settings[name] for name in named} | {"directions": 2 if settings["bidirectional"] else 1}


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
            left, right = (eval(fact[side], {**names, **sizes(settings)}) for side in ("left", "right"))
            if agree(left, right) != fact["equal"]:
                wrong.append((settings, fact))
        assert any(fact["equal"] for fact in answer["facts"])
    assert wrong == []


def test_two_directions_have_two_ends_wherever_there_is_more_than_one_step(answers):
    for settings, answer in zip(GRID, answers, strict=True):
        ends = [fact["right"] for fact in answer["facts"] if fact["equal"]]
        assert ends == (["h_n[-2]", "h_n[-1]"] if settings["bidirectional"] else ["h_n[-1]"])


# --- what an expression picks ---------------------------------------------------------------------------------------

ALL = {"x", "out", "h_n", "c_n"}
NUMBERS = ("0", "1", "2", "-1", "-2", "3", "5", "-7", "batch - 1", "seq_len", "2 * hidden_size", "-(1 + 1)")
BOUNDS = ("", "", "0", "1", "2", "-1", "-9", "9", "hidden_size", "seq_len - 1")
STEPS = ("", ":", ":1", ":2", ":3", ":-1", ":0")


def an_expression(choose):
    """Something that the field reads, right or wrong."""
    text = choose.choice(("out", "out", "h_n", "c_n", "x", "lost"))
    for _ in range(choose.choice((1, 1, 1, 2, 3))):
        kind = choose.random()
        if kind < 0.7:
            items, ellipsis = [], False
            for _ in range(choose.choice((1, 2, 2, 3, 3, 4))):
                one = choose.choice(("number", "slice", "slice", "...", "None"))
                if one == "..." and ellipsis:
                    one = "number"
                ellipsis |= one == "..."
                items.append({"number": choose.choice(NUMBERS), "...": "...", "None": "None",
                              "slice": f"{choose.choice(BOUNDS)}:{choose.choice(BOUNDS)}{choose.choice(STEPS)}"}[one])
            text += f"[{', '.join(items)}{choose.choice(('', '', ','))}]"
        elif kind < 0.85:
            text += f".transpose({choose.choice(NUMBERS)}, {choose.choice(NUMBERS)})"
        else:
            numbers = ("num_layers", "directions", "batch", "hidden_size", "seq_len", "-1", "1", "2", "-2", "0")
            text += f".view({', '.join(choose.choices(numbers, k=choose.choice((1, 2, 3, 4))))})"
    return text + choose.choice(("", "", ".shape"))


SOME = [dict(zip(SETTINGS, one, strict=True)) for one in (
    ("rnn", 2, 5, 4, 6, 1, False, True, False), ("lstm", 3, 4, 2, 3, 2, True, True, False),
    ("gru", 2, 3, 3, 2, 3, True, False, False), ("lstm", 4, 8, 1, 2, 1, False, True, True),
    ("gru", 1, 1, 1, 1, 1, True, True, False), ("lstm", 3, 5, 2, 2, 2, True, False, True))]


def numbered(names):
    """The tensors of a run with each number in the place of which it is the number in memory; laid out as they are."""
    return {name: torch.as_strided(torch.arange(one.numel()), one.shape, one.stride())
            for name, one in names.items() if name in ALL}


def by_torch(expression, known):
    """What PyTorch makes of it: the numbers in memory, the shape, and the message."""
    try:
        found = eval(expression.removesuffix(".shape"), {"__builtins__": {}}, known)
    except (IndexError, NameError, RuntimeError, ValueError) as error:
        return None, None, str(error).split(" at index ")[0]
    return found.flatten().tolist(), list(found.shape), ""


PICKED = """(() => {
    const { view, error } = evaluate(s);
    if (!view) return { shape: null, error };
    const cell = (at) => at.reduce((sum, k, axis) => sum + k * view.strides[axis], view.offset);
    const all = (sizes) => sizes.reduce((list, size) => list.flatMap((at) => (
      Array.from({ length: size }, (_, k) => [...at, k]))), [[]]);
    const has = holder(view), total = view.base.sizes.reduce((one, other) => one * other), sets = taken(view);
    const lit = Array.from({ length: total }, (_, k) => k).filter(has);
    const within = sets?.reduce((list, set) => list.flatMap((at) => set.map((k) => [...at, k])), [[]])
      .map((at) => at.reduce((sum, k, axis) => sum + k * view.base.strides[axis], 0));
    return { shape: view.sizes, error, memory: all(view.sizes).map(cell), lit, within: within ?? null,
      axes: view.axes.length };
})()"""


@pytest.mark.slow
def test_what_is_picked_is_what_pytorch_picks_for_expressions_by_chance(node):
    choose = random.Random(0)
    grid = [{**choose.choice(SOME), "expression": an_expression(choose)} for _ in range(3000)]
    runs = [numbered(run_code(code)) for code in of_the_page(node, "code(s)", SOME)]
    figure, right, apart = ShapeExplorer(), 0, 0
    for settings, found in zip(grid, of_the_page(node, PICKED, grid), strict=True):
        known = runs[SOME.index({name: settings[name] for name in SETTINGS})]
        memory, shape, error = by_torch(settings["expression"], {**known, **sizes(settings)})
        assert (found["shape"], found["error"]) == (shape, error), settings["expression"]
        figure.set_state(settings)
        assert (figure.picked_shape, figure.picked_error) == (shape, error), settings
        if shape is not None:
            right += 1
            assert found["memory"] == memory and found["lit"] == sorted(memory), settings
            assert found["axes"] == len(shape), "every axis has a name"
            assert found["within"] is None or sorted(found["within"]) == sorted(memory), settings
            apart += found["within"] is None
    assert 600 < right < 2600 and apart < right / 10, "most have words for what they hold"


@pytest.mark.parametrize("expression", [
    "", "out[", "out]", "out[]", "out.view()", "out.transpose(0)", "out.sum()", "out.__class__", "out[h_n]",
    "out[True]", "out[1.5]", "out[01]", "out[..., ...]", "out.shape[0]", "out[0][1:2:3:4]", "batch", "None[0]",
    "out[0] + 1", "__import__('os').remove('x')", "(lambda: 1)()", "out[-1].view(out.shape)", "out[1234567]",
    pytest.param("a" * 99 + "!", id="a long name"), pytest.param("." * 99 + "!", id="many dots"),
    pytest.param("out[" + "-" * 5000 + "1]", id="too long")])
def test_what_is_no_index_is_refused_and_never_run(node, expression):
    figure = ShapeExplorer(expression=expression)
    assert (figure.picked_shape, figure.picked_error) == (None, READS)
    page, = of_the_page(node, "results(s)", [{**SOME[0], "expression": expression}])
    assert (page["picked_shape"], page["picked_error"]) == (None, READS)


CANDIDATES = ("h_n[-1]", "h_n[-2]", "h_n[0]", "out[:, -1]", "out[-1]", "out[:, -1, :hidden_size]",
              "out[-1, :, :hidden_size]", "out[:, 0, hidden_size:]", "out[0, :, hidden_size:]", "c_n[-1]")


@pytest.mark.slow
def test_every_chip_equals_what_it_is_said_to_equal_and_nothing_else(node, answers):
    chips = of_the_page(node, "CHIPS.map(([text]) => text)", SOME[:1])[0]
    grid = [{**settings, "expression": chip} for settings in GRID for chip in chips]
    said_of = "({ equals: evaluate(s).view ? equals(s, evaluate(s).view) : [], words: finding(s) })"
    found = iter(of_the_page(node, said_of, grid))
    equal = 0
    for settings, answer in zip(GRID, answers, strict=True):
        names = {**run_code(answer["code"], seed=1), **sizes(settings)}
        for chip in chips:
            said = next(found)
            try:
                picked = eval(chip, dict(names))
            except (IndexError, NameError) as error:
                assert str(error) in said["words"] and said["equals"] == [], (settings, chip)
                continue
            assert f"has the shape {tuple(picked.shape)}, (" in said["words"], (settings, chip)
            for other in said["equals"]:
                equal += 1
                assert agree(picked, eval(other, dict(names))) and other in said["words"], (settings, chip, other)
            for other in CANDIDATES:
                if other.partition("[")[0] == chip.partition("[")[0].partition(".")[0]:
                    continue
                with contextlib.suppress(IndexError, NameError):
                    known = agree(picked, eval(other, dict(names)))
                    assert not known or said["equals"], (settings, chip, other)
    assert equal > 1500


def test_what_a_finding_warns_of(node):
    """The sentences about the slices that go wrong, one by one, with PyTorch's word on each in the test above."""
    plain, both = SOME[0], {**SOME[0], "kind": "gru", "bidirectional": True}
    padded = {**SOME[3], "kind": "gru"}
    wanted = [
        (plain, "out[:, -1]", "It equals h_n[-1]."),
        (plain, "h_n[-1]", "It equals out[:, -1]."),
        (plain, "out[-1]", "So this is a sequence, not a step. The last step is out[:, -1]."),
        ({**plain, "batch_first": False}, "out[:, -1]", "axis 1 is the batch here. The last step is out[-1]."),
        (both, "out[:, -1]", "Only its forward half is an end, h_n[-2]: there the backward reader has read one step."),
        (both, "out[:, 0]", "Only its backward half is an end, h_n[-1]: there the forward reader has read one step."),
        (both, "out[:, -1, hidden_size:]", "it ends at out[:, 0, hidden_size:], h_n[-1]."),
        (both, "out[:, 0, :hidden_size]", "it ends at out[:, -1, :hidden_size], h_n[-2]."),
        ({**both, "seq_len": 1}, "out[:, -1]", "Its two halves are both ends, h_n[-2] and h_n[-1]."),
        (padded, "out[:, -1]", "It is padding for 3 of 4 sequences; h_n[-1] took each at its own last step."),
        (padded, "h_n[-1]", "In out it is each sequence's own last step."),
        ({**plain, "num_layers": 3}, "h_n[0]", "It is nowhere in out, which shows the last layer only."),
        ({**plain, "num_layers": 3}, "h_n[1, 0]", "It is nowhere in out, which shows the last layer only."),
        ({**plain, "num_layers": 3}, "h_n", "Only the rows of the last layer are in out."),
        ({**plain, "kind": "lstm"}, "c_n[0]", "It is not in out: the cell state is carried inside."),
        (plain, "out[:, 5]", "PyTorch says: index 5 is out of bounds for dimension 1 with size 5."),
        (plain, "c_n", "Python says: name 'c_n' is not defined. Only an LSTM has one."),
        (plain, "out[0, 1, 2]", "has the shape (), one number. It holds number 2 of step 1 of sequence 0, the first."),
    ]
    found = of_the_page(node, "finding(s)", [{**settings, "expression": text} for settings, text, _ in wanted])
    for (settings, text, words), said in zip(wanted, found, strict=True):
        assert said.endswith(words), (settings, text, said)


@pytest.mark.parametrize(("trait", "value"), [("kind", "mlp"), ("batch", 0), ("hidden_size", 513), ("num_layers", 5)])
def test_bad_input_gets_one_clear_sentence(trait, value):
    with pytest.raises(traitlets.TraitError, match=rf"^{trait} is .*; got {value!r}\.$"):
        ShapeExplorer(**{trait: value})


def test_repr_and_still():
    assert repr(ShapeExplorer()) == "ShapeExplorer: a figure to move. Run this cell to use it."
    texts = {text.get_text() for text in ShapeExplorer().still().axes[0].texts}
    assert {"x (5, 7, 4)", "out (5, 7, 6)", "h_n (1, 5, 6)", "A: out[:, -1] = h_n[-1]", "A"} <= texts
    both = [text.get_text() for text in ShapeExplorer(bidirectional=True).still().axes[0].texts]
    assert both.count("A") == both.count("B") == 2
    fancy = ShapeExplorer(kind="lstm", bidirectional=True, batch_first=False, packed=True, num_layers=2)
    texts = " ".join(text.get_text() for text in fancy.still().axes[0].texts)
    for words in ("x (7, 5, 4)", "out (7, 5, 12)", "c_n (4, 5, 6)", "own last step, forward half = h_n[-2]", "out[0]"):
        assert words in texts


# --- in a browser ----------------------------------------------------------------------------------------------------


def settings_of(figure):
    return {name: figure.get(name) for name in (*SETTINGS, "expression")}


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
    figure.box.get_by_label("hidden_size", exact=True).focus()
    figure.page.keyboard.press("ArrowRight")
    assert figure.get("hidden_size") == 7
    check_against_torch(figure)
    figure.box.get_by_label("nn.LSTM").click()
    figure.box.get_by_label("bidirectional").tap()
    slider = figure.box.get_by_label("num_layers", exact=True)
    box = slider.bounding_box()
    slider.tap(position={"x": box["width"] - 10, "y": box["height"] / 2})      # once it stands still
    assert (figure.get("kind"), figure.get("bidirectional"), figure.get("num_layers")) == ("lstm", True, 4)
    check_against_torch(figure)
    figure.box.get_by_label("packed").click()
    figure.box.get_by_label("batch_first").uncheck()
    check_against_torch(figure)
    assert sum(figure.get("lengths")) == figure.get("packed_shape")[0]


def test_every_story_shows_what_it_says(figure):
    expected = {"plain": {"kind": "rnn", "num_layers": 1}, "three layers": {"num_layers": 3, "expression": "h_n[0]"},
                "both ways": {"bidirectional": True}, "lengths differ": {"packed": True},
                "a digit, row by row": {"kind": "lstm", "seq_len": 28, "hidden_size": 128, "parameters": 80896}}
    start = settings_of(figure)
    said = set()
    for name, traits in expected.items():
        figure.box.get_by_role("button", name=name, exact=True).click()
        check_against_torch(figure)
        assert {trait: figure.get(trait) for trait in traits} == traits
        said.add(words(figure))
    assert len(said) == len(expected)
    figure.box.get_by_role("button", name="lengths differ").click()
    figure.settle()
    assert figure.get("lengths") == [7, 6, 5, 3, 2] and "padding for 4 of 5 sequences" in words(figure)
    assert "23 of 35 steps are real" in figure.box.locator(".lengths").inner_text()
    figure.box.get_by_text("Which slices hold the same numbers").click()
    assert "padding for 4 of 5" in figure.box.locator(".facts").inner_text()
    figure.box.get_by_role("button", name="reset").click()
    assert settings_of(figure) == start


def words(figure):
    return figure.box.locator(".report").inner_text()


def write(figure, text):
    """Type an expression as a reader does, after what stands there has been taken away."""
    field = figure.box.get_by_role("textbox", name="expression")
    field.fill("")
    field.press_sequentially(text)
    figure.settle()
    return field


LIT = """(host, look) => Object.fromEntries([...host.shadowRoot.querySelectorAll("svg .name")].map(name => {
    const later = [];
    for (let one = name.nextElementSibling; one && !one.matches(".name"); one = one.nextElementSibling) later.push(one);
    return [name.textContent, later.some(one => one.matches(`.solid.${look}`))];
}).filter(([, lit]) => lit).map(([name]) => [name, true]))"""


def lit(figure, look):
    """The names of the boxes in which something is so marked."""
    figure.settle()
    return set(figure.box.evaluate(LIT, look))


def test_what_is_typed_lights_up_as_soon_as_it_can_be_read(figure):
    assert (lit(figure, "picked"), lit(figure, "twin")) == ({"out"}, {"h_n"})
    field = write(figure, "h_n[-1")
    assert figure.get("expression") == "h_n" and words(figure).startswith("h_n has the shape (1, 5, 6)")
    field.press_sequentially("]")
    figure.settle()
    assert figure.get("picked_shape") == [5, 6] and words(figure).endswith("It equals out[:, -1].")
    assert (lit(figure, "picked"), lit(figure, "twin")) == ({"h_n"}, {"out"})
    write(figure, "x[0, 1:3]")
    assert figure.get("picked_shape") == [2, 4] and lit(figure, "picked") == {"x"} and lit(figure, "twin") == set()
    assert words(figure) == "x[0, 1:3] has the shape (2, 4), (2 of seq_len, input_size). " \
                            "It holds steps 1 to 2 of sequence 0, the first."
    assert figure.box.locator(".field output").inner_text() == "(2, 4)"
    if figure.ask:
        assert figure.python("[figure.expression, figure.picked_shape]") == ["x[0, 1:3]", [2, 4]]


def test_a_wrong_index_says_what_pytorch_says_and_loses_nothing(figure):
    field = write(figure, "out[:, 7]")
    assert figure.get("expression") == "out", "what cannot be read is not taken over while one types"
    field.press("Enter")
    figure.settle()
    assert words(figure) == "PyTorch says: index 7 is out of bounds for dimension 1 with size 7."
    assert (field.input_value(), field.get_attribute("aria-invalid")) == ("out[:, 7]", "true")
    assert figure.get("picked_shape") is None and lit(figure, "picked") == set()
    figure.set(seq_len=8)
    assert field.input_value() == "out[:, 7]" and figure.get("picked_shape") == [5, 6]
    assert words(figure).endswith("It equals h_n[-1].") and field.get_attribute("aria-invalid") is None
    field.fill("c_n[0]")
    field.blur()
    figure.settle()
    assert words(figure) == "Python says: name 'c_n' is not defined. Only an LSTM has one."
    if figure.ask:
        assert figure.python("figure.picked_error") == "name 'c_n' is not defined"
    figure.box.get_by_label("nn.LSTM").click()
    figure.settle()
    assert lit(figure, "picked") == {"c_n"} and words(figure).endswith("the cell state is carried inside.")
    field.press_sequentially("[0")
    field.press("Escape")
    assert field.input_value() == "c_n[0]" == figure.get("expression")


def chip(figure, text):
    return figure.box.get_by_role("button", name=text, exact=True)


def test_chips_by_mouse_touch_and_keys(figure):
    shown = [one.inner_text() for one in figure.box.locator(".chips button").all() if one.is_visible()]
    assert shown == ["out[:, -1]", "out[-1]", "h_n[-1]"]
    chip(figure, "out[-1]").click()
    figure.settle()
    assert figure.box.get_by_role("textbox").input_value() == "out[-1]" and "not a step" in words(figure)
    figure.box.get_by_label("bidirectional").check()
    chip(figure, "out[:, 0, hidden_size:]").tap()
    figure.settle()
    assert words(figure).endswith("It equals h_n[-1].") and lit(figure, "twin") == {"h_n"}
    assert chip(figure, "out[:, 0, hidden_size:]").get_attribute("aria-current") == "true"
    chip(figure, "h_n[-2]").press("Enter")
    figure.settle()
    assert words(figure).endswith("It equals out[:, -1, :hidden_size].")
    figure.box.get_by_label("batch_first").uncheck()
    figure.settle()
    assert words(figure).endswith("It equals out[-1, :, :hidden_size].")
    assert chip(figure, "out[0, :, hidden_size:]").is_visible()


def test_what_does_not_fit_is_left_out_at_a_gap_that_is_seen(figure):
    gaps = figure.box.locator("svg .cut")
    assert gaps.count() == 0
    figure.set(kind="lstm", batch=32, seq_len=28, input_size=28, hidden_size=128, expression="out[1, 12]")
    assert gaps.count() == 4 and "jagged gap" in figure.box.locator(".key").inner_text()
    ticks = figure.box.locator("svg .tick").all_text_contents()
    assert ticks == ["0", "27", "0", "12", "27", "0", "0"], "what is picked is drawn wherever it is"
    assert lit(figure, "picked") == {"out"}


SIZES = """host => {
    const seen = [...host.shadowRoot.querySelectorAll("button, input, select, label, summary")]
        .filter(one => one.getClientRects().length && !one.matches("label input"));
    const small = seen.map(one => [one.ariaLabel ?? one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => Math.min(box.width, box.height) < 24).map(([name]) => name);
    const letters = [...host.shadowRoot.querySelectorAll("svg text, .report, button, label, select")]
        .filter(one => one.getClientRects().length).map(one => parseFloat(getComputedStyle(one).fontSize));
    const [top, report, dock] = [".stage", ".report", ".dock"].map(one =>
        host.shadowRoot.querySelector(one).getBoundingClientRect());
    return { small, letters: Math.min(...letters), high: dock.bottom - top.top, beside: report.bottom <= dock.top,
             wide: document.documentElement.scrollWidth };
}"""
LARGE = {"kind": "lstm", "batch": 32, "seq_len": 28, "hidden_size": 128, "bidirectional": True, "num_layers": 2,
         "expression": "h_n.view(num_layers, directions, batch, hidden_size)[-1, 0]"}


@pytest.mark.parametrize(("width", "height", "inputs"), [(1280, 752, 12), (390, 788, 2)])
def test_cause_and_effect_are_on_one_screen(browser, tmp_path, width, height, inputs):
    """752 and 788 pixels are what the head of a page leaves of a laptop's 800 and a phone's 844."""
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "ShapeExplorer",
                   viewport={"width": width, "height": height}) as figure:
        figure.box.evaluate("host => host.scrollIntoView()")
        for settings in ({}, {"kind": "gru", "bidirectional": True}, {"packed": True, "batch": 4}, LARGE):
            figure.set(**settings)
            found = figure.box.evaluate(SIZES)
            assert found["small"] == [] and found["letters"] >= 12 and found["wide"] <= width, (settings, found)
            assert found["high"] <= height and found["beside"], (settings, found)
            assert sum(one.is_visible() for one in figure.box.locator(".dock input").all()) == inputs
        assert figure.problems == []


def test_where_there_is_little_room_one_setting_is_chosen_at_a_time(browser, tmp_path):
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "ShapeExplorer",
                   viewport={"width": 390, "height": 788}) as figure:
        pick = figure.box.get_by_label("setting to change")
        assert figure.box.get_by_label("hidden_size", exact=True).is_visible()
        pick.select_option("bidirectional")
        figure.box.get_by_role("checkbox", name="bidirectional").tap()
        pick.select_option("seq_len")
        figure.box.get_by_label("seq_len", exact=True).focus()
        figure.page.keyboard.press("Home")
        figure.settle()
        assert words(figure).endswith("Its two halves are both ends, h_n[-2] and h_n[-1].")
        pick.select_option("layer")
        figure.box.get_by_label("nn.LSTM").tap()
        check_against_torch(figure)


def test_one_announcement_for_one_action(browser, tmp_path):
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "ShapeExplorer", stopped=True) as figure:
        figure.box.evaluate("""host => {
            window.said = [];
            const spoken = host.shadowRoot.querySelector("[role=status].spoken");
            new MutationObserver(() => window.said.push(spoken.textContent)).observe(spoken, { childList: true });
        }""")
        write(figure, "h_n[-1]")
        figure.pass_time(2000)
        said = figure.page.evaluate("window.said")
        assert len(said) == 1 and said[0].startswith("h_n[-1] has the shape (5, 6)")


def test_the_copy_button_copies_or_selects(figure):
    button, said = figure.box.get_by_role("button", name="copy"), figure.box.locator(".said")
    figure.box.get_by_text("The same in PyTorch").click()
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
    lab.run("figure.batch, figure.bidirectional, figure.expression = 3, True, 'out[0]'")
    figure.box.locator("svg[aria-label*='x (3, 7, 4)'][aria-label*='out (3, 7, 12)']").wait_for()
    assert figure.python("figure.out_shape") == [3, 7, 12] == figure.get("out_shape")
    assert figure.python("figure.code") == figure.get("code")
    assert figure.python("figure.picked_shape") == figure.get("picked_shape") == [7, 12]
    assert figure.box.get_by_role("textbox", name="expression").input_value() == "out[0]"

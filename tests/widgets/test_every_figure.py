"""What holds for every interactive figure: on the pages of the built site, and in the hands of a careless page."""

import ast
import base64
import hashlib
import io
import json
import re

import pytest
from ipywidgets.embed import dependency_state
from PIL import Image
from places import LOADER, MAKERS, ROOT, bench_page, page_with

from seqlab import widgets
from tools.course import WIDGET_STATE, WIDGET_VIEW, chapters, toc_pages

WIDE = {"width": 1280, "height": 1000}
every_figure = pytest.mark.parametrize("name", MAKERS)

NOTEBOOKS = [one for one in chapters() if any("from seqlab.widgets import" in cell.source for cell in one.code)]
OTHERS = [page for page in toc_pages() if (ROOT / f"{page}.md").exists()
          and "{interactive}" in (ROOT / f"{page}.md").read_text("utf8")]
PAGES = [f"book/{one.name}" for one in NOTEBOOKS] + OTHERS


# --- on the site -----------------------------------------------------------------------------------------------------


def test_every_chapter_has_a_figure_or_a_quiz():
    assert NOTEBOOKS and [one.name for one in NOTEBOOKS] == [one.name for one in chapters()]
    assert set(OTHERS) >= {"book/intro", "book/appendix/myths"}


def test_a_figure_follows_the_pages_choice_of_light_or_dark(browser, site):
    with page_with(browser, (site / f"{PAGES[0]}.html").as_uri(), "*", color_scheme="light") as placed:
        look = "host => host.shadowRoot.querySelector('.figure').dataset.theme"
        assert placed.box.evaluate(look) == "light"
        placed.page.evaluate("document.documentElement.dataset.theme = 'dark'")
        placed.settle()
        assert placed.box.evaluate(look) == "dark"


# --- in the notebooks ------------------------------------------------------------------------------------------------


def whole_state(models, name):
    """All that is stored of a widget, by name, with what it refers to in the place of the reference."""
    model, reference = models[name], "IPY_MODEL_"
    parts = {key: whole_state(models, value[len(reference):]) if str(value).startswith(reference) else value
             for key, value in model["state"].items()}
    buffers = [{"path": one["path"], "data": one["data"]} for one in model.get("buffers") or []]
    return {**parts, "a": f"{model['model_module']} {model['model_name']}", "buffers": buffers}


def pixels(data):
    with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as picture:
        return picture.size, hashlib.sha256(picture.convert("RGB").tobytes()).hexdigest()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)
def test_a_stored_figure_is_what_its_cell_makes(notebook):
    """Its whole state: settings, module, styles, weights, questions; and the picture or words that stand in for it."""
    behind = f"python -m tools.run_notebooks --figures book/{notebook.path.name}"
    cells = [cell for cell in notebook.code if "from seqlab.widgets import" in cell.source]
    assert cells
    for cell in cells:
        *before, last = ast.parse(cell.source).body
        names = {}
        exec(compile(ast.Module(before, []), "cell", "exec"), names)
        figure = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
        output, = cell.outputs
        made = json.loads(json.dumps(dependency_state([figure], drop_defaults=False)))
        stored, fresh = (whole_state(*each) for each in (
            (notebook.widget_states, output["data"][WIDGET_VIEW]["model_id"]), (made, figure.model_id)))
        different = sorted(key for key in stored.keys() | fresh.keys() if stored.get(key) != fresh.get(key))
        assert different == [], f"{figure!r:.40} is stored otherwise: {behind}"
        data = figure._repr_mimebundle_()[0]
        assert {kind: "".join(output["data"][kind]) for kind in data if kind.startswith("text/")} == {
            kind: text for kind, text in data.items() if kind.startswith("text/")}, behind
        assert ("image/png" in data) == ("image/png" in output["data"])
        assert "image/png" not in data or pixels(data) == pixels(output["data"]), f"another picture: {behind}"


@every_figure
def test_repr_is_fixed_text_and_something_stands_in(name):
    figure, again = (eval(MAKERS[name], vars(widgets)) for _ in range(2))
    assert repr(figure) == repr(again) and "0x" not in repr(figure) and len(repr(figure)) < 100
    data = figure._repr_mimebundle_()[0]
    assert data["text/plain"] == repr(figure)
    assert "image/png" in data or "text/markdown" in data


# --- on any page -----------------------------------------------------------------------------------------------------


HOSTILE = """button, input, p, svg, fieldset, label, canvas { display: none !important; color: red !important; }
* { letter-spacing: 9px !important; }"""
OUTSIDE = """() => ["outside", "words"].map(id => {
    const style = getComputedStyle(document.getElementById(id));
    return [...style].map(name => `${name}: ${style.getPropertyValue(name)}`).join("\\n");
})"""
INSIDE = """() => [...document.querySelector("[data-figure]").shadowRoot.querySelectorAll("button, input, p, svg")]
    .map(element => { const style = getComputedStyle(element);
        return [style.display, style.color, style.letterSpacing, style.fontSize].join(" "); })"""
TWINS = """() => {
    const [one, two] = [...document.querySelectorAll("[data-figure]")];
    const words = one.shadowRoot.textContent;       // what is for screen readers comes a moment later
    return one.model === two.model && words.length > 0 && words === two.shadowRoot.textContent;
}"""
POSITION = re.compile(r"^(perspective-origin|transform-origin|block-size|height|inset|width|inline-size).*$", re.M)


@every_figure
def test_on_a_careless_page_it_works_twice_and_no_style_leaks_in_or_out(browser, tmp_path, name):
    file = bench_page(MAKERS[name], tmp_path, copies=2)
    extra = '<button id="outside">outside</button><p class="report figure controls" id="words">words</p>'
    file.write_text(file.read_text().replace("<h1>", f"{extra}<h1>"))
    with page_with(browser, file.as_uri(), name) as placed:
        placed.page.locator("[data-figure]").nth(1).wait_for()
        placed.page.wait_for_function(TWINS)
        assert len(placed.redraws()) >= 1, "it draws through `redraw`, whose time tests/perf looks at"
        outside, inside = placed.page.evaluate(OUTSIDE), placed.page.evaluate(INSIDE)
        placed.page.add_style_tag(content=HOSTILE)
        assert placed.page.evaluate(INSIDE) == inside, "the page's styles reach into the figure"
        assert placed.problems == []
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub(r'<div class="interactive">.*?</div>', "", file.read_text(), flags=re.DOTALL))
    page = browser.new_context(viewport=WIDE, has_touch=True, reduced_motion="reduce").new_page()
    page.goto(bare.as_uri())
    without = page.evaluate(OUTSIDE)
    page.context.close()
    assert [POSITION.sub("", text) for text in outside] == [POSITION.sub("", text) for text in without], \
        "the figure's styles reach the page"


@pytest.mark.parametrize(("fault", "where"), [("throw new Error('broken');", "module"), ("export default {", "syntax"),
                                              (None, "state")])
def test_a_figure_that_cannot_be_shown_says_so(browser, tmp_path, fault, where):
    file = bench_page(next(iter(MAKERS.values())), tmp_path)
    text = file.read_text()
    state = json.loads(re.search(rf'<script type="{re.escape(WIDGET_STATE)}">(.*?)</script>', text, re.DOTALL)[1])
    if fault is None:
        state["state"] = {}
    for model in state["state"].values():
        if "_esm" in model["state"]:
            model["state"]["_esm"] = fault
    broken = json.dumps(state).replace("</", "<\\/")
    file.write_text(re.sub(rf'(<script type="{re.escape(WIDGET_STATE)}">).*?(</script>)',
                           lambda match: match[1] + broken + match[2], text, flags=re.DOTALL))
    page = browser.new_context().new_page()
    page.goto(file.as_uri())
    page.locator(".figure-words").wait_for()
    assert "could not be shown" in page.locator(".figure-words").inner_text(), where
    page.context.close()


def test_the_loader_is_small():
    assert len(LOADER.read_bytes()) < 5_000

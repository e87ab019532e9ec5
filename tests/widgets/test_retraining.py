"""The controls that train a network: alive in JupyterLab, and on the website words that say where they are."""

import ast
import json

import pytest
from places import ROOT

TINY_DATA = """
device = torch.device("cpu")
train = val = (torch.rand(64, 28, 28), torch.arange(64) % 10)
"""
CONTROLS = {
    "06-backprop-through-time": ("", {"lag": "End"}),
    "10-hand-built-digits": (TINY_DATA, {"epochs": "Home"}),
}
chapters = pytest.mark.parametrize("name", CONTROLS)


def control(name):
    """The chapter's imports, functions and classes, and its cell with the control."""
    notebook = json.loads((ROOT / "book" / f"{name}.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    cell = next(source for source in sources if "@interact_manual" in source)
    kept = [node for source in sources[1:sources.index(cell)] for node in ast.parse(source).body
            if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)]
    return "\n".join([*map(ast.unparse, kept), CONTROLS[name][0], cell])


@chapters
def test_in_a_notebook_it_trains_with_the_chosen_setting(lab, name):
    lab.cell(control(name))
    output = lab.page.locator(".jp-OutputArea")
    output.get_by_role("button", name="Train").wait_for()
    for slider, key in CONTROLS[name][1].items():
        handle = output.locator(".widget-hslider", has_text=slider).get_by_role("slider")
        handle.focus()
        lab.page.keyboard.press(key)
    assert "acc" not in output.first.inner_text()
    output.get_by_role("button", name="Train").click()
    output.get_by_text("acc ").first.wait_for(timeout=120_000)
    assert lab.problems == []


@chapters
def test_on_the_website_words_say_how_to_run_it(browser, site, name):
    page = browser.new_page()
    page.goto((site / "book" / f"{name}.html").as_uri())
    words = page.locator(".needs-kernel")
    assert words.count() == 1 and "Colab" in words.inner_text()
    assert "interactive(children" not in page.locator("article").inner_text()
    page.close()

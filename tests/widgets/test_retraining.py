"""The controls that train a network are alive in JupyterLab. (On the website, words: tests/site/browsing.py.)"""

import pytest

from tools.course import chapter

TINY_DATA = """
device = torch.device("cpu")
train = val = (torch.rand(64, 28, 28), torch.arange(64) % 10)
"""
CONTROLS = {
    "hand-built-digits": (TINY_DATA, {"epochs": "Home"}),
}


def control(subject):
    """The chapter's imports, functions and classes, and its cell with the control."""
    notebook = chapter(subject)
    return "\n".join([notebook.definitions_source, CONTROLS[subject][0], notebook.cell("@interact_manual").source])


@pytest.mark.parametrize("subject", CONTROLS)
@pytest.mark.parametrize("place", ["lab"])
def test_in_a_notebook_it_trains_with_the_chosen_setting(lab, place, subject):
    lab.cell(control(subject))
    output = lab.page.locator(".jp-OutputArea")
    output.get_by_role("button", name="Train").wait_for()
    for slider, key in CONTROLS[subject][1].items():
        handle = output.locator(".widget-hslider", has_text=slider).get_by_role("slider")
        handle.focus()
        lab.page.keyboard.press(key)
    assert "acc" not in output.first.inner_text()
    output.get_by_role("button", name="Train").click()
    output.get_by_text("acc ").first.wait_for()
    assert lab.problems == []

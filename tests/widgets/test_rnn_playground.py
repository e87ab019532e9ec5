"""RNNPlayground: it trains in a worker, stops, steps, begins anew, and a link brings its settings back.

That what it computes is PyTorch's: test_recurrent.py.
"""

import re

import pytest
import traitlets
from places import bench_page, page_with

from seqlab.widgets import RNNPlayground, rnn_playground

FIGURE, PAGE = "RNNPlayground()", "book/playground"
QUICK = {"cells": ["gru", "lstm"], "task": "recall", "lag": 2, "hidden_size": 8, "lr": 0.03, "seed": 1}
INSIDE = "host => ({ ...host.shadowRoot.querySelector('.figure').dataset })"
READS = """([host, name]) => {
    const { running, batches } = host.shadowRoot.querySelector(".figure").dataset;
    const some = Number(batches) > 0;
    return { begun: running === "true" && some, atRest: running === "false" && some }[name];
}"""


def words(figure):
    return figure.box.locator(".report").inner_text().replace("\u00a0", " ")


def press(figure, name):
    figure.box.get_by_role("button", name=name, exact=True).click()


def wait(figure, what):
    figure.page.wait_for_function(READS, arg=[figure.box.element_handle(), what])


def batches(figure):
    return int(figure.box.evaluate(INSIDE)["batches"])


def train(figure):
    press(figure, "Train")
    figure.box.get_by_text(re.compile("solved|right in|diverged|thrown")).first.wait_for()
    wait(figure, "atRest")


def test_it_trains_until_the_task_is_solved_and_every_run_of_a_seed_is_the_same(figure):
    figure.set(**QUICK)
    assert "Not trained yet" in words(figure) and batches(figure) == 0
    train(figure)
    first = words(figure)
    assert re.match(r"The (GRU|LSTM) has solved it after \d+ batches: the last 20 were without a mistake\. The ", first)
    assert figure.box.locator("svg text", has_text=", which is right").count() == 2, "on one example"
    press(figure, "Reset: back to the start, before any batch")
    figure.settle()
    assert batches(figure) == 0
    train(figure)
    assert words(figure) == first


def test_pause_step_and_another_setting(figure):
    figure.set(**QUICK | {"lr": 0.0001, "lag": 30, "hidden_size": 32})     # 600 batches that last, on any machine
    press(figure, "Train")
    wait(figure, "begun")
    press(figure, "Pause")
    wait(figure, "atRest")
    before = batches(figure)
    press(figure, "Step: train on one batch")
    figure.box.locator(".progress", has_text=f"{before + 1} batches").wait_for()
    figure.box.get_by_label("lag, steps", exact=True).focus()
    figure.page.keyboard.press("ArrowRight")
    figure.settle()
    assert figure.get("lag") == 31 and batches(figure) == 0, "another setting is another start"


def test_by_keys_alone_a_story_is_set_and_trained(figure):
    figure.set(**QUICK)
    figure.box.get_by_role("button", name="Train", exact=True).focus()
    figure.page.keyboard.press("Enter")
    wait(figure, "atRest")
    for _ in range(4):
        figure.page.keyboard.press("Tab")
    figure.page.keyboard.press("Enter")
    figure.settle()
    assert batches(figure) == 0 and figure.get("opened") is False and figure.get("lag") == 20


def test_the_cells_by_touch_and_one_always_stays(figure):
    figure.set(**QUICK)
    figure.box.get_by_label("GRU", exact=True).tap()
    figure.settle()
    assert figure.get("cells") == ["lstm"] and figure.box.get_by_label("LSTM", exact=True).is_disabled()
    figure.box.get_by_label("RNN", exact=True).tap()
    figure.settle()
    assert figure.get("cells") == ["rnn", "lstm"]
    figure.box.get_by_label("gate that keeps", exact=True).check()
    figure.settle()
    assert figure.box.get_by_text("RNN: it has no gate that keeps").count() == 1


def test_what_is_shown_is_the_program_and_the_settings_of_python(figure):
    figure.set(**QUICK | {"task": "add"})
    same = RNNPlayground(**QUICK | {"task": "add"})
    for name in same.results():
        assert figure.get(name) == getattr(same, name), name
        if figure.ask:
            assert figure.python(f"figure.{name}") == getattr(same, name)
    figure.box.get_by_text("The same in PyTorch").click()
    assert figure.box.locator("pre").inner_text() == same.code


@pytest.mark.parametrize("task", rnn_playground.TASKS)
def test_the_page_and_python_write_the_same_program_for_every_task(browser, tmp_path, task):
    settings = {"cells": ["rnn", "lstm"], "task": task, "bias": 1.5, "max_norm": 0.25, "clipping": task != "add"}
    same = RNNPlayground(**settings)
    page = bench_page(f"RNNPlayground(**{settings})", tmp_path)
    with page_with(browser, page.as_uri(), "RNNPlayground") as figure:
        assert (figure.get("code"), figure.get("parameters")) == (same.code, same.parameters)


def test_a_link_restores_the_settings_on_the_page_and_when_it_is_opened(browser, tmp_path):
    page = bench_page(FIGURE, tmp_path).as_uri()
    with page_with(browser, page, "RNNPlayground") as figure:
        figure.set(**QUICK)
        link = figure.box.get_by_role("link", name="Link to these settings").get_attribute("href")
        figure.page.evaluate("link => { location.hash = link.replace('lag=2', 'lag=4') }", link)
        figure.page.wait_for_function("host => host.model.get('lag') === 4", arg=figure.box.element_handle())
        assert figure.problems == []
    with page_with(browser, page + link, "RNNPlayground") as figure:
        assert {name: figure.get(name) for name in QUICK} == QUICK and figure.problems == []


def test_where_no_worker_may_start_it_trains_on_the_page(browser, tmp_path):
    file = bench_page(FIGURE, tmp_path)
    file.write_text(file.read_text().replace("<head>", "<head><script>delete window.Worker</script>"))
    with page_with(browser, file.as_uri(), "RNNPlayground") as figure:
        figure.set(**QUICK)
        train(figure)
        assert "has solved it" in words(figure) and figure.problems == []


def test_extreme_settings_end_in_words_and_never_in_what_is_no_number(browser, tmp_path):
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "RNNPlayground") as figure:
        figure.set(cells=["lstm"], task="reverse", lag=40, hidden_size=32, lr=10, clipping=False, opened=True, bias=8)
        train(figure)
        assert "Choose a smaller learning rate" in words(figure)
        text = figure.box.evaluate("host => host.shadowRoot.querySelector('.figure').outerHTML")
        assert not re.search(r"NaN|undefined|Infinity", text)


def something_is_said(figure):
    """And a second more, in which nothing else should be."""
    figure.page.wait_for_function("host => host.said.length", arg=figure.box.element_handle())
    figure.page.wait_for_timeout(1000)


def test_one_announcement_an_action(browser, tmp_path):
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "RNNPlayground") as figure:
        figure.set(**QUICK)
        figure.page.wait_for_timeout(900)
        figure.box.evaluate("""host => {
            host.said = [];
            const line = host.shadowRoot.querySelector("[role=status]");
            new MutationObserver(() => host.said.push(line.textContent)).observe(line, { childList: true });
        }""")
        figure.set(lag=30, hidden_size=24, lr=0.0001)
        something_is_said(figure)
        figure.box.evaluate("host => { host.said = []; }")
        press(figure, "Train")
        figure.page.wait_for_timeout(2500)
        assert figure.box.evaluate("host => host.said") == [], "while it trains nothing is read out"
        press(figure, "Pause")
        something_is_said(figure)
        said = figure.box.evaluate("host => host.said")
        assert len(said) == 1 and "batch" in said[0]


# --- without a browser ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trait", "value", "said"), [
    ("lag", 0, "lag must be a number from 1 to 40"), ("lag", 41, "lag must be a number from 1 to 40"),
    ("hidden_size", 33, "hidden_size must be a number from 1 to 32"), ("lr", 0.0, "lr must be a number from 0.0001"),
    ("max_norm", -1.0, "max_norm must be a number"), ("bias", 9.0, "bias must be a number from -2 to 8"),
    ("seed", 100, "seed must be a number from 0 to 99"), ("seed", 0.5, "int"), ("clipping", "yes", "boolean"),
    ("task", "sort", "task must be one of recall, count, reverse, add, parity, but it was set to 'sort'"),
    ("part", "x", "part must be one of h, c, f, i, g, o"),
    ("cells", [], "cells must be one, two or three of rnn, gru, lstm"),
    ("cells", ["cnn"], r"but it was set to \['cnn'\]"), ("cells", ["rnn", "rnn"], "cells must be one, two or three"),
])
def test_bad_input_is_refused_in_one_sentence(trait, value, said):
    with pytest.raises(traitlets.TraitError, match=said):
        RNNPlayground(**{trait: value})


def test_cells_stand_in_their_order_and_sliders_end_where_python_says():
    assert RNNPlayground(cells=["lstm", "rnn"]).cells == ["rnn", "lstm"]
    source = (rnn_playground.__file__)[:-3] + ".js"
    with open(source, encoding="utf8") as file:
        text = file.read()
    ends = {name: (float(low), float(high)) for name, low, high in
            re.findall(r'slider\(model, "(\w+)", \{.*?min: ([-\w.]+), max: ([-\w.]+)', text, re.DOTALL)}
    ends |= {name: tuple(10**end for end in ends[name]) for name in ("lr", "max_norm")}
    assert ends == {name: pytest.approx(both) for name, both in rnn_playground.RANGES.items()}
    stated = re.search(r"const ENDS = \{(.*?)\};", text, re.DOTALL)[1]
    assert {name: (float(low), float(high)) for name, low, high in
            re.findall(r"(\w+): \[([-.\d]+), ([-.\d]+)\]", stated)} == rnn_playground.RANGES


@pytest.mark.parametrize("settings", [{}, {"cells": ["rnn", "gru", "lstm"], "task": "reverse", "lag": 5}])
def test_the_still_picture(settings):
    figure = RNNPlayground(**settings)
    still = figure.still()
    assert still.png() and len(still.axes[0].lines) == len(figure.cells)
    assert [len(line.get_ydata()) for line in still.axes[0].lines] == [figure.lag + 1] * len(figure.cells)

"""How long things take, each on one line of the table that `make perf` prints.

Nothing here runs with the other tests: a time means something only on a machine that does nothing else.
"""

import json
import math
import statistics
import subprocess
import sys
import time

import pytest
import torch
from browsing import FIGURE_PAGES
from places import MAKERS, bench_page, page_with

import seqlab
from seqlab import widgets
from tools import course

REDRAW = 16     # ms: one frame


# --- interactive figures ---------------------------------------------------------------------------------------------

# Of each figure, how it is set and what is changed then, every change a redraw; many steps and units, the slow case.
MOVES = {
    "ScalarRNN": ({"inputs": [float(k % 7 - 3) for k in range(40)], "step": 40},
                  [{"w_h": -3 + k / 5, "b": k / 20} for k in range(25)]),
    "GradientExplorer": ({"weight": 1.5, "nonlinearity": "tanh", "level": 0.0, "lag": 100, "clip": True},
                         [{"weight": -3 + k / 5, "swing": k / 30} for k in range(25)]),
    "GateExplorer": ({"kind": "lstm", "mode": "weights", "inputs": [math.sin(t) for t in range(50)]},
                     [{"b_f": k / 4, "step": k} for k in range(24)]),
    "ShapeExplorer": ({"kind": "lstm", "batch": 8, "seq_len": 10, "input_size": 10, "num_layers": 2,
                       "bidirectional": True, "packed": True}, [{"hidden_size": size} for size in range(1, 25)]),
    "RNNPlayground": ({"cells": ["rnn", "gru", "lstm"], "lag": 40, "hidden_size": 32},
                      [{"part": part} for part in "cfigoh" * 4]),
    "BatchFirst": ({"batch_first": True, "show": "seen"}, [{"step": step} for step in range(26)]),
    "DigitReader": ({}, [{"strokes": [[40 + 4 * k, 40, 200, 60, 120, 240 - k]], "row": 5 + k} for k in range(24)]),
}


def test_every_figure_is_timed():
    assert {*MOVES, "Quiz", "Due"} == set(widgets.__all__)


@pytest.mark.parametrize("name", MOVES)
def test_a_redraw_takes_less_than_a_frame(name, browser, tmp_path, bar):
    start, changes = MOVES[name]
    with page_with(browser, bench_page(MAKERS[name], tmp_path).as_uri(), name) as figure:
        figure.set(**start)
        seen = len(figure.redraws())
        for change in changes:
            figure.set(**change)
        taken = figure.redraws()[seen:]
        assert len(taken) >= 20
        bar(f"{name}, a redraw, median of {len(taken)}", statistics.median(taken), REDRAW, "ms")
        if name == "DigitReader":
            readings = figure.page.evaluate(
                "performance.getEntriesByName('seqlab reading').map(one => one.duration)")
            assert len(readings) >= 24
            bar("DigitReader, a drawing read, median", statistics.median(readings), REDRAW, "ms")


def test_an_answer_is_shown_in_less_than_a_frame(browser, tmp_path, bar):
    with page_with(browser, bench_page('Quiz("scalar-rnn")', tmp_path).as_uri(), "Quiz") as figure:
        question = figure.box.locator("fieldset.question").nth(1)
        for k in range(20):
            question.get_by_role("radio").nth(k % 3).check()
            if k % 2:
                question.get_by_role("button", name="Check").click()
            figure.settle()
        assert len(figure.redraws()) >= 20
        bar("Quiz, a redraw, median", statistics.median(figure.redraws()), REDRAW, "ms")


@pytest.mark.parametrize("name", FIGURE_PAGES)
def test_the_first_move_can_be_made_within_half_a_second(browser, site, name, bar):
    """All that the page computes until its first figure is drawn, in processor time; the best of a few tries."""
    taken = []
    while len(taken) < 6 and min(taken, default=1) > 0.5:
        context = browser.new_context(viewport={"width": 1280, "height": 1000})
        page = context.new_page()
        counter = context.new_cdp_session(page)
        counter.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto((site / f"{name}.html").as_uri(), wait_until="commit")
        page.wait_for_function("performance.getEntriesByName('seqlab redraw').length > 0", polling=20)
        metrics = {metric["name"]: metric["value"] for metric in counter.send("Performance.getMetrics")["metrics"]}
        taken.append(metrics["TaskDuration"])
        context.close()
    assert min(taken) > 0.01
    bar(f"{name}, until the first move", min(taken), 0.5, "s")


LEARNS = """
import { newTraining, trainOnce } from "./seqlab/widgets/training.js";
const start = process.cpuUsage(), training = newTraining("lstm", SETTINGS);
while (!training.ended) trainOnce(training);
const { user, system } = process.cpuUsage(start);
console.log(JSON.stringify([training.ended, (user + system) / 1e6]));
"""


def test_the_playground_learns_soon_what_it_is_opened_with(node, bar):
    """An LSTM at lag 20, at a quarter of the speed: four times its processor time, in an engine that has just begun."""
    figure = widgets.RNNPlayground()
    assert figure.cells == ["lstm"] and (figure.task, figure.lag) == ("recall", 20)
    settings = {name: getattr(figure, name) for name in
                ("task", "lag", "hidden_size", "lr", "clipping", "max_norm", "opened", "bias", "seed")}
    script = LEARNS.replace("SETTINGS", json.dumps(settings))
    told = [json.loads(subprocess.run([node, "--input-type=module", "--eval", script], cwd=course.ROOT, text=True,
                                      capture_output=True, check=True).stdout) for _ in range(3)]
    assert {ended for ended, _ in told} == {"solved"}
    bar("RNNPlayground as it is opened, until solved at a quarter of the speed", 4 * min(taken for _, taken in told),
        2, "s")


LONG_TASKS = "(self.tasks = [], new PerformanceObserver((list) => self.tasks.push(...list.getEntries().map((task) => " \
             "task.duration))).observe({ type: 'longtask', buffered: true }))"


@pytest.mark.parametrize("name", course.toc_pages())
def test_no_task_keeps_the_page_from_answering(browser, site, name, bar):
    """The longest task at a quarter of the speed, while the page is loaded and read to its end; the best of three."""
    longest = []
    while len(longest) < 3 and min(longest, default=1000) > 200:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_init_script(LONG_TASKS)
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto((site / f"{name}.html").as_uri())
        for part in range(1, 5):
            page.evaluate("part => scrollTo(0, document.body.scrollHeight * part / 4)", part)
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")
        longest.append(max(page.evaluate("self.tasks"), default=0))
        context.close()
    bar(f"{name}, longest task at a quarter of the speed", min(longest), 200, "ms")


# --- the package -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "before", "module"), [
    ("import seqlab, torch being there", "torch", "import seqlab"),
    ("import seqlab.plots, matplotlib being there", "torch, seqlab, matplotlib.figure, matplotlib.backends.backend_agg",
     "from seqlab import plots"),
])
def test_it_imports_quickly(what, before, module, bar):
    script = (f"import json, time, {before}\nstart = time.perf_counter()\n{module}\n"
              "print(json.dumps(time.perf_counter() - start))")
    taken = [json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                                       check=True).stdout) for _ in range(3)]
    bar(what, min(taken), 0.3, "s")


def test_the_fused_lstm_is_faster_in_a_training_step(bar):
    """The LSTM chapter's cells on one thread, in turns."""
    chapter = course.chapter("lstm").definitions()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        layers = [seqlab.Recurrent(cell, 28, 128) for cell in (chapter["EightLinearCell"], seqlab.LSTMCell)]
        steps = [chapter["training_step"](layer) for layer in layers]
        times = []
        for _ in range(12):
            for step in steps:
                start = time.process_time()
                step()
                times.append(time.process_time() - start)
    finally:
        torch.set_num_threads(threads)
    ratio = statistics.median(times[4::2]) / statistics.median(times[5::2])
    bar("fused LSTM against eight Linear layers, training step", ratio, 1.1, "x", at_least=True)

"""The places where a figure must work, each as an object that puts a figure before a test.

- "site": the page of the built site that holds it, opened from disk, so there is no server and no kernel;
- "lab": a cell of a notebook in JupyterLab, with a running kernel;
- "bench": a bare page with the figure alone, for work on a figure before any chapter has it (SEQLAB_PLACES=bench).
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from seqlab import widgets
from seqlab.palette import NEUTRALS

ROOT = Path(__file__).resolve().parents[2]
NAMES = tuple(os.environ.get("SEQLAB_PLACES", "site,lab").split(","))
LOADER = ROOT / "book" / "_ext" / "figures.js"
NEEDED = {"Quiz": "'myths'", "Due": "'gru', 'variable-lengths'"}      # what a figure is made with, if it needs anything
MAKERS = {name: f"{name}({NEEDED.get(name, '')})" for name in widgets.__all__}
PATIENCE = 240_000      # ms: for something to become so, on a machine however slow


# Jupyter's widgets hold a change back while the kernel has not answered to the one before.
ALL_SENT = """async ([host, id]) => {
    const model = await host.model.widget_manager.get_model(id);
    return model._pending_msgs === 0 && model._msg_buffer === null;
}"""


@dataclass
class Placed:
    """A figure in a page. `box` locates it; Playwright's locators look into its shadow root by themselves."""

    page: object
    box: object
    ask: object = None  # in JupyterLab: evaluates an expression in Python, where the figure is `figure`
    problems: list = field(default_factory=list)
    stopped: bool = False   # whether the page's clock stands still, and moves with `pass_time` only

    def get(self, trait):
        """The setting or the result as JavaScript has it."""
        return self.box.evaluate("""(host, name) => {
            const results = host.results();
            return name in results ? results[name] : host.model.get(name);
        }""", trait)

    def set(self, **traits):
        """Change traits from JavaScript, as another view of the same figure would."""
        self.box.evaluate("""(host, traits) => {
            for (const [name, value] of Object.entries(traits)) host.model.set(name, value);
            host.model.save_changes();
        }""", traits)
        self.settle()

    def settle(self):
        """Wait until what was asked for has been drawn."""
        if self.stopped:
            return self.pass_time(100)
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def pass_time(self, milliseconds):
        """Let the page's clock, which stands still, go on for so long."""
        self.page.clock.run_for(milliseconds)

    def python(self, expression):
        """The value of a Python expression about `figure`, once the kernel has heard of the last change."""
        self.page.wait_for_function(ALL_SENT, arg=[self.box.element_handle(), self.ask("figure.model_id")])
        return self.ask(expression)

    def redraws(self):
        """Milliseconds that each redraw has taken so far."""
        return self.page.evaluate("performance.getEntriesByName('seqlab redraw').map(one => one.duration)")


def watch(page):
    """Console errors and requests that fail or leave the machine, collected in a list."""
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.on("request", lambda request: problems.append(f"off-site: {request.url}")
            if not request.url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "http://localhost", "data:", "blob:",
                                           "file:")) else None)
    return problems


def bench_page(make, folder, copies=1):
    """A bare page that shows the figure made by a Python expression, as the site would; its path."""
    from ipywidgets.embed import dependency_state, embed_data

    figure = eval(make, vars(widgets))
    data = embed_data(views=[figure], state=dependency_state([figure], drop_defaults=False))
    state = json.dumps(data["manager_state"]).replace("</", "<\\/")
    view = json.dumps(data["view_specs"][0])
    place = f'<div class="interactive"><script type="application/vnd.jupyter.widget-view+json">{view}</script></div>\n'
    page = folder / "bench.html"
    page.write_text(
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>bench</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<style>html { color-scheme: light dark } body { max-width: 48rem; margin: auto; padding: 1rem;"
        f"color: light-dark({', '.join(NEUTRALS['ink'])}); background: light-dark({', '.join(NEUTRALS['paper'])});"
        "font-family: sans-serif }</style>"
        f"</head><body><main><h1>bench</h1>{place * copies}"
        f'<script type="application/vnd.jupyter.widget-state+json">{state}</script></main>'
        f"<script>{LOADER.read_text()}</script></body></html>", "utf8")
    return page


class Lab:
    """JupyterLab with one notebook of one cell, in which a figure is made anew for every test."""

    def __init__(self, folder, browser):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("")])
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(notebook, folder / "figures.ipynb")
        settings = folder / "config" / "labconfig"
        settings.mkdir(parents=True)
        (settings / "page_config.json").write_text(
            json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.log = (folder / "lab.log").open("w")
        environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(folder / "config"), "PYTHONPATH": str(ROOT),
                       "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTER_RUNTIME_DIR": str(folder / "run"),
                       "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}
        self.server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
             "--IdentityProvider.token=", "--expose-app-in-browser", "--ServerApp.disable_check_xsrf=True",
             f"--ServerApp.root_dir={folder}"], stdout=self.log, stderr=self.log, env=environment, cwd=folder)
        address = f"http://127.0.0.1:{port}/lab/tree/figures.ipynb"
        while self.server.poll() is None:
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api").close()
                break
            time.sleep(0.2)
        self.page = browser.new_context(viewport={"width": 1280, "height": 1400}, has_touch=True,
                                        reduced_motion="reduce").new_page()
        self.page.set_default_timeout(PATIENCE)
        self.problems = watch(self.page)
        self.page.goto(address)
        self.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")

    def python(self, expression):
        """repr of an expression in the kernel, read back."""
        value = self.page.evaluate("""async (expression) => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const request = kernel.requestExecute(
                {code: "", store_history: false, user_expressions: {value: `__import__("json").dumps(${expression})`}});
            const found = (await request.done).content.user_expressions.value;
            return found.status === "ok" ? found.data["text/plain"] : JSON.stringify(found);
        }""", expression)
        assert not value.startswith("{"), value
        return json.loads(eval(value))

    def run(self, code):
        """Run Python in the kernel, for its effect."""
        self.page.evaluate("""async (code) => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const reply = await kernel.requestExecute({code, store_history: false}).done;
            if (reply.content.status !== "ok") throw new Error(reply.content.evalue);
        }""", code)

    def cell(self, code):
        """Run the code in the notebook's cell, in place of what the cell held before."""
        self.problems.clear()
        self.page.evaluate("""async (code) => {
            const notebook = jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = 0;
            notebook.activeCell.model.sharedModel.setSource(code);
            notebook.activeCell.model.outputs?.clear();
            await jupyterapp.commands.execute("notebook:run-cell");
        }""", code)

    def show(self, make):
        """The figure made by a Python expression, in the notebook's cell."""
        self.cell(f"from seqlab.widgets import *\nfigure = {make}\nfigure")
        box = self.page.locator(f".jp-OutputArea-output [data-figure={make.partition('(')[0]}]")
        box.wait_for()
        return Placed(self.page, box, self.python, self.problems)

    def close(self):
        self.page.context.close()
        self.server.terminate()
        self.server.wait()
        self.log.close()


# All figures of the page have come, and its fonts: nothing above the one that is tried moves it any more.
AT_REST = """() => document.fonts.status === "loaded"
    && [...document.querySelectorAll(".interactive")].every(one => one.querySelector("[data-figure]"))"""


@contextmanager
def page_with(browser, url, name, stopped=False, **context):
    """The page at the address and its first figure of that name, or of any for "*", before the reader did anything.

    With `stopped` the page's clock stands still from then on, and moves by `pass_time`.
    """
    options = {"viewport": {"width": 1280, "height": 1000}, "has_touch": True, "reduced_motion": "reduce", **context}
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(PATIENCE)
    problems = watch(page)
    if stopped:
        page.clock.install(time=0)
    page.goto(url)
    box = page.locator("[data-figure]" if name == "*" else f"[data-figure={name}]").first
    box.wait_for()
    page.wait_for_function(AT_REST)
    box.scroll_into_view_if_needed()
    if stopped:
        page.clock.pause_at(24 * 3600)
    try:
        yield Placed(page, box, None, problems, stopped)
    finally:
        page.context.close()

"""The speeds of the tests (make check, test, deep, perf), and what is said of those that had to be left out.

A test's speed follows from where it stands and what it asks for, so nobody has to think of it:

    a cell of a notebook            notebook, and training if the notebook trains a network
    tests/perf                      perf
    the fixture `site`, `browser`   site, browser: the built website, and a browser to look at it
    the fixture `played`            slow: a whole chapter is run, and trains

Two marks are given by hand: `slow` to a test of more than about two seconds, and `deep` to one that repeats in
another setting what a quicker one looks at already. pyproject.toml says what each mark means; the Makefile, which
marks each speed takes or leaves.
"""

import copy
import functools
import os
import re
from collections import Counter

import pytest

from tools import comparing
from tools.course import Notebook
from tools.outside import ENGINES, FINDERS, how_to_get

FIXTURE_MARKS = {"site": "site", "browser": "browser", "engine": "browser", "played": "slow"}
FOLDER_MARKS = {"perf"}
TRAINS = re.compile(r"\.backward\(|\bfit\(")
PATIENCE = 240_000              # ms until a browser that does not start is given up
BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync",
                 "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"]  # nothing leaves


os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")    # before torch is imported: the cores are shared by whole tests


# --- which speed -----------------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        for mark in marks_of(item):
            item.add_marker(mark)
        if item.path.suffix == ".ipynb":
            item.output_timeout = int(config.getini("timeout"))   # nbval's own is 5 s, and no option changes it
            item.compare_outputs = functools.partial(compare_outputs, item)


@functools.cache
def trains(notebook):
    return any(TRAINS.search(cell.source) for cell in Notebook(notebook).code)


def marks_of(item):
    folders = item.path.relative_to(item.config.rootpath).parts
    if item.path.suffix == ".ipynb":
        return {"notebook", "training"} if trains(item.path) else {"notebook"}
    fixtures = getattr(item, "fixturenames", ())
    return FOLDER_MARKS & set(folders) | {FIXTURE_MARKS[name] for name in fixtures if name in FIXTURE_MARKS}


# --- how a cell is compared with its stored outputs -------------------------------------------------------------------


def compare_outputs(item, fresh, stored):
    """nbval's comparison, but for numbers that lie within their band of the stored ones; see tools/comparing.py."""
    printed = "".join(output.get("text", "") for output in fresh)
    item.parent.embedded = getattr(item.parent, "embedded", False) or "data: embedded" in printed
    real, bands = not item.parent.embedded, item.cell.metadata.get("bands")
    if not real and os.environ.get("SEQLAB_REQUIRE_MNIST") == "1":
        item.comparison_traceback = ["real MNIST is required here, and the notebook runs on the embedded digits"]
        return False
    adjusted = copy.deepcopy(fresh)
    for new, old in zip(adjusted, stored, strict=False):
        if "text" in new and "text" in old:
            new["text"] = comparing.agree(new["text"], old["text"], bands, real)
        elif "text/plain" in new.get("data", {}) and "text/plain" in old.get("data", {}):
            new, old = new["data"], old["data"]
            new["text/plain"] = comparing.agree(new["text/plain"], old["text/plain"], bands, real)
    same = type(item).compare_outputs(item, adjusted, stored)
    wrong = comparing.out_of_order(printed, item.cell.metadata.get("order", [])) if real else []
    if same and wrong:
        item.comparison_traceback = [f"the text claims an order that the numbers have not: {'; '.join(wrong)}"]
    return same and not wrong


# --- a failure is named as soon as it is there: a whole run takes half an hour ---------------------------------------


def pytest_report_teststatus(report, config):
    if report.failed and config.getoption("verbose") <= 0:
        category = "failed" if report.when == "call" else "error"
        return category, f"\nfailed: {report.nodeid}\n", "FAILED"
    return None


# --- which tests stay together when several processes share them ------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file is the work of one process, with two exceptions: the pages of the site are shared out by size (each is
    visited once in each), and whatever needs JupyterLab goes to one process, so that it is started once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPlace(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return together(nodeid)

    return ByPlace(config, log)


def together(nodeid):
    """The name of the group that a test belongs to."""
    file, _, test = nodeid.partition("::")
    parameters = re.split(r"[\[\]-]", test)[1:]
    if "lab" in parameters:
        return "lab"
    size = re.search(r"\[(desktop|phone|disk|bare)\b", test)
    return f"{file}::{size[1]}" if size else file


# --- what the tests need from outside, and what is said without it ----------------------------------------------------


def need(name):
    """What the finder of this tool finds. Without the tool the test is left out; where CI is set, it fails."""
    try:
        return (FINDERS | ENGINES)[name]()
    except FileNotFoundError as problem:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{name}: {problem}")


@pytest.fixture(scope="session")
def node():
    """The path of Node."""
    return need("node")


@pytest.fixture(scope="session")
def bubblewrap():
    """The path of bwrap, which can take the network away from a program."""
    return need("bubblewrap")


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium."""
    executable = need("chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def firefox():
    """The path of Firefox."""
    return need("firefox")


@pytest.fixture(scope="session")
def webkit():
    """The paths of WebKit's driver, window and screen."""
    return need("webkit")


def pytest_terminal_summary(terminalreporter):
    """Which tests were left out, why, and how to get what they need."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("left out")
    for reason, count in reasons.items():
        name, _, why = reason.partition(": ")
        tool = name if name in FINDERS | ENGINES else None
        terminalreporter.write_line(f"{count} test{'s' * (count > 1)}: {why if tool else reason}.")
        if tool:
            terminalreporter.write_line(f"    To get it: {how_to_get(tool)}")

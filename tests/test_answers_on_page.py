"""The Python of the practice pages: there, every answer of tests/checks/plain gets the sentence that it gets here."""

import importlib.util
import json
import re
import subprocess
import sys

import pytest

from seqlab.checks import plain
from tools import course, npm

CASES = sorted((course.ROOT / "tests" / "checks" / "plain").glob("*.py"))
# Python's own words in an error differ between the two; the check's are the same.
OWN_WORDS = re.compile(r"stopped with (\w+): .* \(called with")

TRY = """
import json
import cases
from seqlab.checks import plain
import seqlab.checks.plain.MODULE

def said(case, words):
    answers = case[2:] if words else case[1:]
    try:
        return plain.praise_for("SUBJECT/" + case[0], *answers)
    except plain.CheckFailed as failure:
        return "Not yet: " + str(failure)

sentences = json.dumps([said(case, False) for case in cases.RIGHT] + [said(case, True) for case in cases.WRONG])
"""

NODE = """
const { readFileSync } = require("node:fs");
const { worker, wasm, files, program } = JSON.parse(readFileSync(0, "utf8"));
const told = [];
globalThis.self = globalThis;
self.postMessage = (message) => told.push(message);
const vm = require("node:vm");
vm.runInThisContext(worker, { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
(async () => {
  await self.onmessage({ data: { wasm, files } });
  if (!told.at(-1)?.ready) throw new Error(JSON.stringify(told));
  python.runPython(program);
  process.stdout.write(python.globals.get("sentences"));
})().catch((problem) => { process.stderr.write(String(problem.stack ?? problem)); process.exit(1); });
"""

# What a worker is told and tells, and the most bytes that its memory has had.
ASKED = """
const { readFileSync } = require("node:fs");
const { worker, wasm, files, request } = JSON.parse(readFileSync(0, "utf8"));
const told = [], memory = WebAssembly.Memory.prototype, grow = memory.grow;
let most = 0;
memory.grow = function (pages) {
  const before = grow.call(this, pages);
  most = Math.max(most, this.buffer.byteLength);
  return before;
};
globalThis.self = globalThis;
self.postMessage = (message) => told.push(message);
const vm = require("node:vm");
vm.runInThisContext(worker, { importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER });
(async () => {
  await self.onmessage({ data: { wasm, files } });
  await self.onmessage({ data: { request } });
  process.stdout.write(JSON.stringify([told, most]));
})();
"""


@pytest.fixture(scope="module")
def site_answers(root):
    sys.path.insert(0, str(root / "book" / "_ext"))
    try:
        yield importlib.import_module("site_answers")
    finally:
        sys.path.remove(str(root / "book" / "_ext"))


def test_there_are_answers_to_every_exercise_that_its_page_can_check(site_answers):
    ids = [exercise_id for notebook in course.notebooks() for exercise_id in site_answers.exercises(notebook)]
    assert len(ids) >= 30
    assert {exercise_id.partition("/")[0].replace("-", "_") for exercise_id in ids} == {file.stem for file in CASES}


@pytest.mark.slow
@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_the_page_says_what_the_notebook_says(file, site_answers, node):
    program = TRY.replace("MODULE", file.stem).replace("SUBJECT", file.stem.replace("_", "-"))
    setting = {"worker": site_answers.worker_text(), "wasm": str(npm.folder("answers") / "micropython.wasm"),
               "files": {**site_answers.python_files(), "cases.py": file.read_text("utf8")}, "program": program}
    ran = subprocess.run([node, "-e", NODE], input=json.dumps(setting), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert without_own_words(json.loads(ran.stdout)) == without_own_words(here(file))


def here(file):
    spec = importlib.util.spec_from_file_location(f"plain_cases_{file.stem}", file)
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    importlib.import_module(f"seqlab.checks.plain.{file.stem}")

    def said(name, *answers):
        try:
            return plain.praise_for(f"{file.stem.replace('_', '-')}/{name}", *answers)
        except plain.CheckFailed as failure:
            return f"Not yet: {failure}"

    assert cases.RIGHT and cases.WRONG
    return [said(*case) for case in cases.RIGHT] + [said(name, *answers) for name, _words, *answers in cases.WRONG]


def without_own_words(sentences):
    return [OWN_WORDS.sub(r"stopped with \1 (called with", sentence) for sentence in sentences]


def test_a_chapter_s_step_is_asked_for_there_without_what_the_notebook_needs(site_answers):
    turn = site_answers.exercises(course.chapter("backprop-through-time"))["backprop-through-time/turn"]
    assert turn["stub"] == "def step_back(delta, h_t, h_before, W_h):\n    ..."
    assert turn["check"] == 'check("backprop-through-time/turn", step_back)'


def test_a_hint_is_added_to_what_a_check_says_of_an_error_of_this_python(node, site_answers):
    outcome, = answered([{"given": "", "earlier": [], "check": 'check("backprop-through-time/turn", step_back)',
                          "text": "def step_back(*given):\n    return (1, 2)[::-1]"}], node, site_answers)
    assert outcome["said"].startswith("step_back stopped with NotImplementedError")
    assert outcome["said"].endswith("). The Python of this page cuts a tuple or a text only with step 1. "
                                    "Make it a list first.")


@pytest.mark.parametrize(("text", "hint"), [
    ("def f(a, b):\nreturn a * b", "not indented?"), ("def f(a, b):\n    retrn a * b", "a bracket left open"),
    ("x = [*[1], 2]", "no star inside brackets"), ("x = 2 ^ 0.5", "two stars"), ("x = np.tanh(1)", "no NumPy"),
    ("x = many", "is a text in quotes?"), ("import numpy", "small standard library"),
])
def test_an_error_gets_the_hint_that_fits_it(text, hint, node, site_answers):
    outcome, = answered([{"given": "", "earlier": [], "check": "", "text": text}], node, site_answers)
    assert outcome["ended"] == "error" and hint in outcome["hint"], outcome


def test_an_error_that_a_check_meets_gets_its_hint_too(node, site_answers):
    outcome, = answered([{"given": "", "earlier": [], "check": 'check("backprop-through-time/turn", step_back)',
                          "text": "def step_back(*given):\n    return np.array(given)"}], node, site_answers)
    assert "this needs neither" in outcome["said"]


@pytest.mark.parametrize("text", ["kept = []\nwhile True:\n    kept.append([0.0] * 1000)", "x = [0.0] * 10 ** 8",
                                  "x = 'more'\nwhile True:\n    x = x + x"])
def test_an_answer_that_fills_the_memory_ends_at_a_limit(text, node, site_answers):
    """Long before the reader's device has none left. The page then starts another worker."""
    request = {"given": "", "earlier": [], "check": "", "text": text}
    setting = {"worker": site_answers.worker_text(), "wasm": str(npm.folder("answers") / "micropython.wasm"),
               "files": site_answers.python_files(), "request": request}
    ran = subprocess.run([node, "-e", ASKED], input=json.dumps(setting), capture_output=True, text=True, timeout=300)
    told, most = json.loads(ran.stdout)
    outcome = told[-1]["outcome"]
    assert outcome["ended"] == "full" or "grows for ever" in outcome["hint"], ran.stderr[-3000:]
    assert most <= 64 * 2 ** 20


def test_the_reference_answers_run_there_unchanged(site_answers, node):
    """Each solution that its page can check, after those above it on the page, as a reader would paste it."""
    requests = []
    for master in course.masters():
        solutions = {cell.metadata["seqlab"]["id"]: cell.source for cell in master.code if "exercise" in cell.tags}
        above = []
        for exercise_id, exercise in site_answers.exercises(master).items():
            requests.append({"given": site_answers.given(master), "earlier": list(above),
                             "text": solutions[exercise_id], "check": exercise["check"]})
            above.append(solutions[exercise_id])
    outcomes = answered(requests, node, site_answers)
    assert [one for one in outcomes if one["ended"] != "right"] == [] and len(outcomes) >= 24


def test_the_page_runs_the_check_and_nothing_that_stands_behind_it(site_answers):
    master = course.chapter("first-classifier").practice
    cell = next(cell for cell in master.code if "print(" in cell.source and "first-classifier/loss" in cell.source)
    assert "check" in cell.tags and "tensor(" in cell.source
    assert site_answers.exercises(master)["first-classifier/loss"]["check"] == cell.source.splitlines()[0]


def answered(requests, node, site_answers):
    """What the page's Python makes of these requests."""
    program = f"""
import json, on_page
requests = json.loads({json.dumps(json.dumps(requests))})
sentences = json.dumps([on_page.answer(json.dumps(one), lambda wish: None) for one in requests])
"""
    setting = {"worker": site_answers.worker_text(), "wasm": str(npm.folder("answers") / "micropython.wasm"),
               "files": site_answers.python_files(), "program": program}
    ran = subprocess.run([node, "-e", NODE], input=json.dumps(setting), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return [json.loads(one) for one in json.loads(ran.stdout)]

"""Which tests execute which lines: found out once by running them on unchanged code, and kept.

A unit is a test file, its slow tests or a notebook. What is known of one holds as long as neither it nor a Python file
changes that was loaded when it ran.
"""

import functools
import hashlib
import json
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tools.mutants import bench
from tools.mutants.generate import Mutant

FOREVER = 1200                  # seconds: no unit takes as long without a mutant
# Tests that ask whether a text has changed, or how it is written. They would be red for a mutant whatever it means.
ABOUT_TEXT = (
    "tests/test_studies.py::test_every_stored_result_is_whole_unedited_and_not_older_than_its_code",
    "tests/test_student_notebooks.py::test_the_student_version_is_in_step_with_its_master",
    "tests/test_faults.py::test_there_are_at_least_twelve_and_each_can_be_planted",
    "tests/test_package.py::test_the_style_checker_is_content",
    "tests/test_mutants.py::test_every_entry_of_the_equivalent_ones_is_still_there",
)
CACHED = type(functools.cache(len))
BROKEN = (2, 3, 4)              # pytest's exit statuses: interrupted, an error of its own, wrongly asked
PHASE = re.compile(r" \((setup|call|teardown)\)$")        # what pytest puts behind the name of the running test
RECORDING = """[run]
parallel = True
data_file = {folder}/data
include = {tree}/*
context = ${{PYTEST_CURRENT_TEST-}}
"""


def units(root: Path) -> list[str]:
    """The quick test files, by the folder they stand in; `bench.QUICK` leaves out the slow tests in them."""
    return sorted(path.relative_to(root).as_posix() for path in root.glob("tests/**/test_*.py")
                  if not {"perf", "site"} & set(path.relative_to(root).parts))


def slow_units(root: Path) -> list[str]:
    """The slow tests in these files: each file is a unit a second time."""
    return [f"{unit}#slow" for unit in units(root) if "mark.slow" in (root / unit).read_text("utf8")]


def known(unit: str, root: Path, kept: Path, lines: bool = True) -> dict | None:
    """What was recorded of a unit, if it still holds and says which lines it executes, where that is asked for."""
    try:
        record = json.loads(_place(unit, kept).read_text("utf8"))
        holds = record["state"] == _state(root, record["loaded"]) and (record["lines"] or not lines)
        return record if holds else None
    except (OSError, ValueError, KeyError):
        return None


def record(unit: str, tree: Path, kept: Path, lines: bool = True) -> dict:
    """Run a unit on unchanged code: {"red", "tests": {id: seconds}, "lines": {file: {line: [ids]}}, "loaded"}.

    The id "" stands for what is executed while files are loaded and shared fixtures are made: for every test of it.
    Without `lines` a notebook is not run a second time to know its lines.

    Raises:
        TimeoutError: it hung, twice; where, stands in the message.
        RuntimeError: pytest itself failed.
    """
    folder = tree.parent / f"{tree.name}-record"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "settings").write_text(RECORDING.format(folder=folder, tree=tree), "utf8")
    (folder / "sitecustomize.py").write_text("import coverage\ncoverage.process_startup()\n", "utf8")
    os.environ.update(COVERAGE_PROCESS_START=str(folder / "settings"), COVERAGE_CORE="ctrace")
    try:
        if unit.endswith(".ipynb"):
            result = _record_notebook(unit, tree, folder, lines)
        else:
            plugins = [_Recorder(folder, tree)]
            code, *_ = _end(tree, lambda: bench.pytest_in(tree, [unit], FOREVER, plugins, [str(folder)]))
            result = json.loads((folder / "tests.json").read_text("utf8"))
            if code in BROKEN and not result["red"]:
                raise RuntimeError(f"the tests of {unit} could not be run:\n{_log(tree)}")
    finally:
        del os.environ["COVERAGE_PROCESS_START"]
    found = _read_lines(folder, tree)
    package = (path.relative_to(tree).as_posix() for path in tree.glob("seqlab/**/*.py"))
    loaded = sorted({bench.path_of(unit), *(found or package)})
    whole = {"unit": unit, **result, "lines": found, "loaded": loaded, "state": _state(tree, loaded)}
    _place(unit, kept).parent.mkdir(parents=True, exist_ok=True)
    _place(unit, kept).write_text(json.dumps(whole), "utf8")
    return whole


def _end(tree: Path, run):
    """What `run` returns, of a second try if it hung: a machine may have been asleep."""
    for _ in range(2):
        result = run()
        if result[0] is not None:
            return result
    raise TimeoutError(f"without a mutant it took more than {FOREVER} seconds, and stood here:\n{_log(tree)}")


def _log(tree: Path) -> str:
    return (tree.parent / f"{tree.name}.log").read_text("utf8", errors="replace")[-3000:]


def _record_notebook(unit: str, tree: Path, folder: Path, lines: bool) -> dict:
    """Whether it is green and how long it takes, as nbval sees it; and its lines, from a run without a kernel."""
    del os.environ["COVERAGE_PROCESS_START"]        # the kernel's time is measured, not its lines
    code, seconds, _, red = _end(tree, lambda: bench.pytest_in(tree, [unit], FOREVER))
    os.environ["COVERAGE_PROCESS_START"] = str(folder / "settings")

    def task() -> int:
        bench.become_a_test_process(tree, str(folder))
        import coverage
        from IPython.core.interactiveshell import InteractiveShell

        measure = coverage.Coverage(config_file=str(folder / "settings"))
        measure.start()
        os.chdir((tree / unit).parent)
        shell = InteractiveShell.instance()
        for cell in json.loads((tree / unit).read_text("utf8"))["cells"]:
            if cell["cell_type"] == "code":
                shell.run_cell("".join(cell["source"]), silent=True)
        measure.stop()
        measure.save()
        return 0

    if lines:
        _end(tree, lambda: bench.in_a_fork(task, FOREVER, tree.parent / f"{tree.name}.log"))
    return {"red": [red or unit] if code else [], "tests": {unit: seconds}}


class _Recorder:
    """A pytest plugin: how long each test takes, which are red, and coverage with the test's id as context."""

    def __init__(self, folder: Path, tree: Path):
        self.folder, self.tree, self.tests, self.red = folder, tree, {}, []

    def pytest_configure(self, config):
        import coverage

        self.measure = coverage.Coverage(config_file=str(self.folder / "settings"), context="")
        self.measure.start()

    def pytest_runtest_logstart(self, nodeid):
        _forget(self.tree)
        self.measure.switch_context(nodeid)

    def pytest_fixture_setup(self, fixturedef, request):
        if fixturedef.scope != "function":
            self.measure.switch_context("")

    def pytest_runtest_call(self, item):
        self.measure.switch_context(item.nodeid)

    def pytest_runtest_logreport(self, report):
        if report.outcome != "skipped":
            self.tests[report.nodeid] = self.tests.get(report.nodeid, 0) + report.duration
        if report.failed and report.nodeid not in self.red:
            self.red.append(report.nodeid)

    def pytest_collectreport(self, report):
        if report.failed:
            self.red.append(report.nodeid)

    def pytest_unconfigure(self, config):
        self.measure.stop()
        self.measure.save()
        (self.folder / "tests.json").write_text(json.dumps({"red": self.red, "tests": self.tests}), "utf8")


def _forget(tree: Path) -> None:
    """Empty the caches of the project's functions: a test depends on the lines that another has run for it before."""
    for module in list(sys.modules.values()):
        if str(getattr(module, "__file__", "")).startswith(f"{tree}{os.sep}"):
            for one in list(vars(module).values()):
                if isinstance(one, CACHED):
                    one.cache_clear()


def _read_lines(folder: Path, tree: Path) -> dict[str, dict[str, list[str]]]:
    from coverage import CoverageData

    lines: dict[str, dict[str, set[str]]] = {}
    for path in folder.glob("data*"):
        data = CoverageData(str(path))
        data.read()
        for file in data.measured_files():
            name = Path(file).relative_to(tree).as_posix()
            if not name.startswith("tests/"):
                here = lines.setdefault(name, {})
                for line, contexts in data.contexts_by_lineno(file).items():
                    here.setdefault(str(line), set()).update(PHASE.sub("", context) for context in contexts)
    return {file: {line: sorted(tests) for line, tests in here.items()} for file, here in lines.items()}


def _place(unit: str, kept: Path) -> Path:
    return kept / "reach" / (unit.replace("/", "+") + ".json")


def _state(root: Path, files: list[str]) -> str:
    return digest(*((root / file).read_bytes() for file in files if (root / file).exists()), *data_of(files))


def data_of(units: list[str]) -> list[str]:
    """Which digits these units have read, if there is a notebook among them: on MNIST its numbers are compared too."""
    is_mnist = os.path.isdir(os.path.join(os.environ.get("SEQLAB_DATA", ""), "MNIST", "raw"))
    return ["MNIST"] if is_mnist and any(unit.endswith(".ipynb") for unit in units) else []


def digest(*parts: bytes | str) -> str:
    whole = hashlib.sha256()
    for part in parts:
        part = part.encode() if isinstance(part, str) else part
        whole.update(str(len(part)).encode() + b":" + part)
    return whole.hexdigest()[:16]


# --- which tests a mutant is shown to, in which order -----------------------------------------------------------------


class Stage:
    """Tests of one or more units that run together: `tests` are their ids in order, none for all."""

    def __init__(self, units: list[str], tests: list[str], seconds: float):
        self.units, self.tests, self.limit, self.processor = units, tests, 5 * seconds + 30, 3 * seconds + 20


def stages(mutant: Mutant, records: dict[str, dict], past: Iterable[dict] = ()) -> list[Stage]:
    """The cheapest tests that should see it first, then wider ones.

    A Python file's mutant: the tests that execute its lines, in the file named after it (or the quickest), then all
    such tests elsewhere, then the notebooks whose code executes them. A notebook's: what the tests ask about it by its
    name, then itself. `past` are earlier results: the test that has killed this mutant comes before all, and a test
    the earlier the more mutants of the file it has killed in its time.
    """
    kills = Counter(one["by"] for one in past if one["file"] == mutant.file)
    mine = next((one["by"] for one in past if one["id"] == mutant.id), "")
    made = (_notebook_stages if mutant.cell else _file_stages)(mutant, records, kills)
    asked = {unit for stage in made for unit in stage.units}
    first = [Stage([unit], [mine], what["tests"][mine]) for unit, what in records.items()
             if mine in what["tests"] and unit != mine and mine not in what["red"] and unit in asked]
    return first + made


def _yield(tests: dict[str, float], kills: Counter):
    """A key to sort tests by: those first that kill most in a second; without kills, the quickest."""
    return lambda test: (tests[test] + 0.1) / (kills[test] + 0.1)


def _file_stages(mutant: Mutant, records: dict[str, dict], kills: Counter) -> list[Stage]:
    found = {}
    for unit, what in records.items():
        tests = {test for line, contexts in what["lines"].get(mutant.file, {}).items()
                 if mutant.lines[0] <= int(line) <= mutant.lines[1] for test in contexts}
        if "" in tests:
            tests = set(what["tests"])
        tests -= {*what["red"], *ABOUT_TEXT}
        if tests & set(what["tests"]):
            found[unit] = sorted(tests & set(what["tests"]), key=_yield(what["tests"], kills))
    seconds = {unit: sum(records[unit]["tests"][test] for test in tests) for unit, tests in found.items()}
    name = Path(mutant.file).stem.strip("_")
    order = sorted(found, key=lambda unit: (f"test_{name}" not in unit, seconds[unit]))
    files = [unit for unit in order if not unit.endswith(".ipynb")]
    made = [Stage(part, [test for unit in part for test in found[unit]], sum(map(seconds.get, part)))
            for part in (files[:1], files[1:]) if part]
    return made + [Stage([unit], [], seconds[unit]) for unit in order if unit.endswith(".ipynb")]


def _notebook_stages(mutant: Mutant, records: dict[str, dict], kills: Counter) -> list[Stage]:
    """Tests are about a notebook if their id or their file has its name, or its subject, in it."""
    name = Path(mutant.file).stem
    subject = name.partition("-")[2]
    practice = "exercises" in mutant.file
    found = []
    for unit, what in records.items():
        if unit.endswith(".ipynb"):
            continue
        whole = Path(unit).stem == f"test_{subject.replace('-', '_')}" and "chapters" in unit
        found += [(unit, test) for test in what["tests"] if test not in {*what["red"], *ABOUT_TEXT}
                  and (whole or (name in test and ("exercises" in test or not practice)) or f"[{subject}" in test)]
    tests = sorted(found, key=lambda one: _yield(records[one[0]]["tests"], kills)(one[1]))
    seconds = sum(records[unit]["tests"][test] for unit, test in tests)
    itself = records[mutant.file]
    made = [Stage(list(dict.fromkeys(unit for unit, _ in tests)), [test for _, test in tests], seconds)]
    return made[:len(tests)] + ([] if itself["red"] else [Stage([mutant.file], [], itself["tests"][mutant.file])])


def notebooks(root: Path) -> list[Path]:
    return sorted(root.glob("book/*.ipynb")) + sorted(root.glob("book/exercises/*.ipynb"))

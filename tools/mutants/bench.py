"""Tests in a scratch copy of the project, each run in a fork of one process that has imported torch already.

A mutant that deletes files, fills the disk or calls the network does so in here: with bubblewrap the scratch folder is
the only place that can be written and there is no network (`wall`), without it that is only hoped for.
"""

import contextlib
import faulthandler
import importlib
import importlib.metadata
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tools.course import ROOT
from tools.outside import find_bubblewrap

# Imported once, if the project's package asks for them; importing them is most of what a quick test takes.
WARM = ("torch", "torchvision", "numpy", "scipy", "matplotlib.pyplot", "sklearn.datasets", "anywidget", "ipywidgets",
        "tqdm.auto", "torch.nn.utils.rnn", "torch._dynamo")
WARM_WITH_NOTEBOOKS = ("nbformat", "nbclient", "nbval.plugin", "jupyter_client.manager", "yaml",
                       "IPython.core.interactiveshell")
QUICK = "not training and not slow and not browser and not site and not deep and not perf"
SLOW = QUICK.replace("not slow", "slow")
MEMORY = 6 * 2**30              # bytes that a run may take on top of what the warm process has
OWN = ("seqlab", "studies", "instructor", "tools", "tests", "conftest")


def marks_of(unit: str) -> str:
    """Which tests of a unit are meant: a notebook's cells, a test file's quick ones or, with #slow, its slow ones."""
    return "not deep" if unit.endswith(".ipynb") else SLOW if unit.endswith("#slow") else QUICK


def path_of(unit: str) -> str:
    return unit.removesuffix("#slow")


def wall(folder: Path, kept: Path) -> list[str]:
    """What to put before a command so that it can write nothing but these two folders and reaches no network."""
    kept.mkdir(parents=True, exist_ok=True)
    try:
        wrap = find_bubblewrap()
    except FileNotFoundError as problem:
        print(f"Mutants run without a wall around them: {problem}.", flush=True)
        return []
    return [wrap, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", str(folder), str(folder),
            "--bind", str(kept), str(kept), "--unshare-net", "--unshare-pid", "--die-with-parent"]


def quiet_environment(folder: Path) -> None:
    """What every run sees: MNIST if SEQLAB_DATA names it, else the embedded digits, of which no number is compared;
    one thread; homes and temporary files in the scratch folder."""
    data = Path(os.environ.get("SEQLAB_DATA") or folder)
    for name, variable in (("home", "HOME"), ("tmp", "TMPDIR"), ("empty", "SEQLAB_DATA"), ("cache", "XDG_CACHE_HOME")):
        (folder / name).mkdir(exist_ok=True)
        os.environ[variable] = str(folder / name)
    if (data / "MNIST" / "raw").is_dir():
        os.environ["SEQLAB_DATA"] = str(data.resolve())
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR",
                     "SEQLAB_REQUIRE_MNIST", "CI"):
        os.environ.pop(variable, None)
    os.environ.update(TQDM_DISABLE="1", OMP_NUM_THREADS="1", MPLBACKEND="agg", PYDEVD_DISABLE_FILE_VALIDATION="1")


def warm_up(root: Path) -> None:
    """Import what takes long and is the same for every mutant. Nothing of the project itself."""
    wanted = "\n".join(path.read_text("utf8") for path in root.glob("seqlab/**/*.py"))
    names = [name for name in WARM if re.search(rf"^\s*(import|from) {name.partition('.')[0]}\b", wanted, re.MULTILINE)]
    for name in [*names, *(WARM_WITH_NOTEBOOKS if any(root.glob("book/*.ipynb")) else ()),
                 "pytest", "hypothesis"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for plugin in importlib.metadata.entry_points(group="pytest11"):
        plugin.load()


def copy_project(root: Path, target: Path) -> Path:
    """Everything that git keeps or would keep, as it is now; and what is installed, which no network could bring."""
    target.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True,
                            text=True, check=True).stdout
    for name in listed.split("\0"):
        if name and (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, target / name)
    if (root / ".venv").exists():
        (target / ".venv").symlink_to((root / ".venv").resolve())
    for command in (["init", "--quiet"], ["add", "--all"]):     # some tools, and their tests, ask git for the files
        subprocess.run(["git", *command], cwd=target, check=True, capture_output=True)
    return target


def in_a_fork(task: Callable[[], int], limit: float, log: Path,
              processor: float | None = None) -> tuple[int | None, float, float]:
    """(what the task returned, seconds, processor seconds) of a task in a process of its own; None if it took too long.

    Too long is more than `limit` seconds, or, for it and all that it has started, `processor` seconds of the processor:
    what goes round for ever is known by that, however busy the machine is. What it prints goes to `log`, and where it
    stood when its time was over. A process that died of something else than its own return counts as 70.
    """
    start = time.monotonic()
    process = os.fork()
    if not process:
        code = 70
        try:
            os.setsid()
            _redirect(log)
            _limit_memory()
            faulthandler.register(signal.SIGUSR1, file=os.dup(2))
            code = int(task())
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:        # whatever became of its output: it must not go on as a second one of its parent
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
    family, looked = {}, start
    try:
        while (now := time.monotonic()) - start < limit:
            done, status, used = os.wait4(process, os.WNOHANG)
            if done:
                family.pop(process, None)
                return os.waitstatus_to_exitcode(status), now - start, used.ru_utime + used.ru_stime
            if now - looked > 1:
                family, looked = processor_times(process), now
                if sum(family.values()) > (processor or math.inf):
                    break
            time.sleep(0.02)
        family = processor_times(process)
        os.kill(process, signal.SIGUSR1)
        time.sleep(0.2)
        return None, time.monotonic() - start, sum(family.values())
    finally:
        with contextlib.suppress(ProcessLookupError):       # also what the task has started and left behind
            os.killpg(process, signal.SIGKILL)
        for one in family:                                  # a kernel is a group of its own
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process, 0)


def _redirect(log: Path) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
    os.dup2(1, 2)
    # A test that puts another in the place of one of these must not close what is behind it.
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False)
                                         for number, mode in enumerate(("r", "w", "w")))


def processor_times(process: int) -> dict[int, float]:
    """Process -> seconds of the processor, of a process and all that descend from it; without /proc 0 for itself."""
    children, times = {}, {process: 0.0}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):                  # it has just ended
            fields = stat.read_text("utf8", errors="replace").rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
            times[int(stat.parent.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    family = [process]
    for one in family:
        family += children.get(one, [])
    return {one: times[one] for one in family}


def _limit_memory() -> None:
    if sys.platform == "linux":
        now = int(Path("/proc/self/statm").read_text("utf8").split()[5]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_DATA)      # a run inside a run must not ask for more than it has
        limit = now + MEMORY if most == resource.RLIM_INFINITY else min(now + MEMORY, most)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def become_a_test_process(tree: Path, *paths: str) -> None:
    """In the fork: forget the project's modules and find them in the scratch copy from now on."""
    for name in [name for name in sys.modules if name.partition(".")[0] in OWN]:
        del sys.modules[name]
    os.chdir(tree)
    here = {"", str(ROOT), os.path.abspath(ROOT)}
    sys.path[:] = [str(tree), *(path for path in sys.path if path not in here)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(tree), *paths])


def pytest_in(tree: Path, arguments: Iterable[str], limit: float, plugins: Iterable = (), paths: Iterable[str] = (),
              processor: float | None = None) -> tuple[int | None, float, float, str]:
    """(exit status or None if too slow, seconds, processor seconds, first red test or "") of pytest in the copy.

    The last of the arguments is a unit, and says which marks are meant.
    """
    *_, last = arguments = list(arguments)
    note = tree.parent / f"{tree.name}-red.json"
    note.unlink(missing_ok=True)

    def task() -> int:
        become_a_test_process(tree, *paths)
        import pytest

        settings = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header", "--color=no", "-m", marks_of(last)]
        return int(pytest.main([*settings, *map(path_of, arguments)], plugins=[FirstRed(note), *plugins]))

    outcome = in_a_fork(task, limit, tree.parent / f"{tree.name}.log", processor)
    return *outcome, json.loads(note.read_text("utf8")) if note.exists() else ""


class FirstRed:
    """A pytest plugin that writes down the first test that fails, or the first file that cannot be collected."""

    def __init__(self, note: Path):
        self.note = note

    def _red(self, report) -> None:
        if report.failed and not self.note.exists():
            self.note.write_text(json.dumps(report.nodeid), "utf8")

    pytest_runtest_logreport = pytest_collectreport = lambda self, report: self._red(report)


class Chosen:
    """A pytest plugin that keeps the named tests only, in this order; all of them if none is named."""

    def __init__(self, tests: list[str]):
        self.order = {test: number for number, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, config, items):
        if self.order:
            kept = [item for item in items if item.nodeid in self.order]
            gone = [item for item in items if item.nodeid not in self.order]
            config.hook.pytest_deselected(items=gone)
            items[:] = sorted(kept, key=lambda item: self.order[item.nodeid])

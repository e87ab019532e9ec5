"""Plant shape faults one at a time in a scratch copy of the course and see that each one turns a check red.

    python -m tools.plant_faults                 every fault
    python -m tools.plant_faults swapped-axes    only those named
    python -m tools.plant_faults --list

For each fault the notebooks and unit tests that should notice are run, on the embedded digits, and those that went
red are reported. The same ones are first run on an unchanged copy, where all must be green: otherwise red means
nothing. Exit status 1 if a fault was not caught.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.course import ROOT, Notebook

COPIED = ("seqlab", "book", "tests", "instructor", "exercises", "tools", "pyproject.toml", "conftest.py", "_toc.yml")
SAMPLES = ("swapped-axes", "changed-shape")     # one in the package, one in a notebook: what `make test` plants


@dataclass(frozen=True)
class Fault:
    name: str
    what: str               # the mistake, in words
    file: str
    old: str                # must stand exactly once in the file, in a notebook exactly once in its code
    new: str
    notice: tuple[str, ...]     # the notebooks and test files to run


FAULTS = (
    # In the package.
    Fault("swapped-axes", "the loop runs over the batch instead of over time", "seqlab/cells.py",
          "return x.transpose(0, 1) if self.batch_first else x", "return x", ("tests/test_cells.py",)),
    Fault("off-by-one-step", "each step reads the input of the step before", "seqlab/cells.py",
          "new = advance(inputs[t], state)", "new = advance(inputs[t - 1], state)", ("tests/test_cells.py",)),
    Fault("padding-counted", "one padded step is taken for a real one", "seqlab/cells.py",
          "[:, None] < lengths)", "[:, None] <= lengths)", ("tests/test_cells.py",)),
    Fault("transposed-weight", "the recurrent weight matrix is transposed", "seqlab/cells.py",
          "return torch.tanh(from_x + self.h2h(h))",
          "return torch.tanh(from_x + nn.functional.linear(h, self.h2h.weight.T, self.h2h.bias))",
          ("tests/test_cells.py",)),
    Fault("swapped-gates", "input and forget gate change places", "seqlab/cells.py",
          "i, f, g, o = (", "f, i, g, o = (", ("tests/test_cells.py",)),
    Fault("reset-before", "the GRU's reset gate acts before the recurrent weights", "seqlab/cells.py",
          "n = torch.tanh(n_x + r * n_h)", "n = torch.tanh(n_x + self.h2h(r * h).chunk(3, dim=-1)[2])",
          ("tests/test_cells.py",)),
    Fault("missing-bias", "one of the two biases is not copied from the built-in layer", "seqlab/cells.py",
          "if linear.bias is not None:", 'if linear.bias is not None and name == "ih":', ("tests/test_cells.py",)),
    Fault("wrong-pooling", "the mean of all states where the last is meant", "seqlab/models.py",
          "return torch.cat(tuple(h_n[-self.directions:]), dim=-1)", "return out.mean(dim=1)",
          ("book/04-first-classifier.ipynb", "tests/test_models.py")),
    Fault("first-layer-state", "h_n[0], the first layer, where h_n[-1], the last, is meant", "seqlab/models.py",
          "tuple(h_n[-self.directions:])", "tuple(h_n[:self.directions])", ("tests/test_models.py",)),
    Fault("batch-first-forgotten", "the built-in layer reads the batch as time", "seqlab/models.py",
          "num_layers, batch_first=True,", "num_layers, batch_first=False,",
          ("book/04-first-classifier.ipynb", "tests/test_models.py")),
    Fault("columns-for-rows", "every digit lies on its side", "seqlab/data.py",
          "(4, 4, 4, 4))[:, 0]", "(4, 4, 4, 4))[:, 0].transpose(1, 2)", ("tests/test_data.py",)),
    Fault("silent-guard", "expect_shape lets a wrong size pass", "seqlab/shapes.py",
          "        if size != want:", "        if size > want:",
          ("book/10-images-as-sequences.ipynb", "tests/test_shapes.py")),
    # In the code of the notebooks.
    Fault("changed-shape", "another hidden_size than the text says", "book/03-shapes.ipynb",
          "rnn = nn.RNN(4, 6, batch_first=True)\n", "rnn = nn.RNN(4, 5, batch_first=True)\n",
          ("book/03-shapes.ipynb",)),
    Fault("flattened-state", "the state printed without its axis of layers", "book/03-shapes.ipynb",
          'print("h_n", tuple(h_n.shape))', 'print("h_n", tuple(h_n[0].shape))', ("book/03-shapes.ipynb",)),
    Fault("state-not-carried", "every step starts from h_0", "book/02-scalar-rnn.ipynb",
          "        h = step(x_t, h, **weights)", "        h = step(x_t, h_0, **weights)",
          ("book/02-scalar-rnn.ipynb",)),
    Fault("first-step-for-last", "out[:, 0] where out[:, -1] is meant", "book/04-first-classifier.ipynb",
          "return self.fc(out[:, -1, :])", "return self.fc(out[:, 0, :])", ("book/04-first-classifier.ipynb",)),
    Fault("lost-squeeze", "plain squeeze(), which takes the batch along when it is 1",
          "book/10-images-as-sequences.ipynb", "batch[:n].squeeze(1).shape", "batch[:n].squeeze().shape",
          ("book/10-images-as-sequences.ipynb",)),
    Fault("reader-without-batch-first", "the digit reader forgets batch_first", "book/10-images-as-sequences.ipynb",
          "self.lstm = nn.LSTM(28, hidden_size, batch_first=True)", "self.lstm = nn.LSTM(28, hidden_size)",
          ("book/10-images-as-sequences.ipynb",)),
    Fault("columns-in-the-loop", "the hand-built loop walks along the columns", "book/11-hand-built-digits.ipynb",
          "self.cell(x[:, t], (h, c))", "self.cell(x[:, :, t], (h, c))", ("book/11-hand-built-digits.ipynb",)),
    Fault("memory-forgotten", "the hand-built cell adds to the cell state without forgetting",
          "book/11-hand-built-digits.ipynb", "c = f * c + i * g", "c = c + i * g",
          ("book/11-hand-built-digits.ipynb",)),
)


def plant(fault: Fault, tree: Path) -> None:
    """Change the one place in the scratch copy. ValueError or LookupError if it is not there exactly once."""
    path = tree / fault.file
    if path.suffix != ".ipynb":
        path.write_text(_replace_once(fault, path.read_text(encoding="utf-8")), encoding="utf-8")
        return
    notebook = Notebook(path)
    cell = notebook.cell(fault.old)
    cell.content["source"] = _replace_once(fault, cell.source)
    path.write_text(json.dumps(notebook.content), encoding="utf-8")


def _replace_once(fault: Fault, text: str) -> str:
    if text.count(fault.old) != 1:
        raise ValueError(f"{fault.name}: {fault.old!r} stands {text.count(fault.old)} times in {fault.file}, "
                         "expected once")
    return text.replace(fault.old, fault.new)


def copy_project(target: Path) -> Path:
    """A scratch copy of everything that the checks read."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
        elif source.exists():
            shutil.copyfile(source, target / name)
    return target


def run_checks(tree: Path, checks: tuple[str, ...]) -> dict[str, str]:
    """Run notebooks and test files in the scratch copy; those that went red, each with its first failure."""
    red = {}
    with tempfile.TemporaryDirectory() as empty:
        environment = {**os.environ, "PYTHONPATH": str(tree), "SEQLAB_DATA": empty, "XDG_CACHE_HOME": empty,
                       "TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("SEQLAB_REQUIRE_MNIST", None)
        for check in checks:
            result = subprocess.run(
                [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", "--color=no",
                 check], cwd=tree, env=environment, capture_output=True, text=True)
            if result.returncode == 1:
                red[check] = _first_failure(result.stdout)
            elif result.returncode != 0:
                raise RuntimeError(f"{check} could not be run:\n{result.stdout[-2000:]}{result.stderr[-2000:]}")
    return red


def _first_failure(report: str) -> str:
    failures = re.findall(r"^(?:FAILED|ERROR) (\S+::.*?)(?: - .*)?$", report, flags=re.MULTILINE)
    return failures[0].split("::", 1)[1] if failures else "failed"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="default: every fault")
    parser.add_argument("--list", action="store_true", help="say which faults there are")
    options = parser.parse_args(arguments)
    known = {fault.name: fault for fault in FAULTS}
    if options.list:
        for fault in FAULTS:
            print(f"{fault.name:<26} {fault.what} ({fault.file})")
        return 0
    if unknown := set(options.names) - set(known):
        parser.error(f"no fault is called {', '.join(sorted(unknown))}; --list names them")
    chosen = [known[name] for name in options.names] or list(FAULTS)

    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        checks = tuple(dict.fromkeys(check for fault in chosen for check in fault.notice))
        print(f"unchanged copy: running {len(checks)} checks ...", flush=True)
        if red := run_checks(copy_project(Path(folder, "unchanged")), checks):
            print(f"Red without any fault, so nothing can be concluded: {red}")
            return 1
        missed = []
        for number, fault in enumerate(chosen, start=1):
            tree = copy_project(Path(folder, fault.name))
            plant(fault, tree)
            red = run_checks(tree, fault.notice)
            caught = "; ".join(f"{check} ({first})" for check, first in red.items())
            print(f"[{number}/{len(chosen)}] {fault.name}: {fault.what}\n"
                  f"    {'caught by ' + caught if red else 'NOT CAUGHT'}", flush=True)
            if not red:
                missed.append(fault.name)
            shutil.rmtree(tree)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults caught"
          + (f"; missed: {', '.join(missed)}" if missed else ""))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

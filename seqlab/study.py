"""The long experiments behind the published numbers: `make study`, or `python -m seqlab.study NAME ...`

Every finished run is written to book/results/NAME.json at once, and a study that was interrupted goes on where it
stopped. To repeat one from the start, delete its file.
"""

import argparse
import datetime
import json
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

from .data import load_digits
from .models import SequenceClassifier
from .training import evaluate, fit

RESULTS = Path(__file__).resolve().parent.parent / "book" / "results"
SEEDS = range(5)


class Study(NamedTuple):
    """One table of results: each key of `runs` gives one row, [key, *what `run` returns]."""

    title: str
    note: str
    columns: tuple[str, ...]
    runs: tuple
    run: Callable


def digits_lstm(seed: int) -> list:
    """The course's plainest classifier: nn.LSTM(28, 128), last state, the defaults of `fit`, 8 epochs."""
    digits = load_digits("mnist", quiet=True)
    torch.manual_seed(seed)
    model = SequenceClassifier("lstm", 28, 128, 10)
    history = fit(model, digits.train, digits.val, epochs=8, seed=seed, quiet=True)
    seconds = sum(row["seconds"] for row in history)
    return [history.best_epoch, round(100 * evaluate(model, digits.test).accuracy, 2), round(seconds, 1)]


STUDIES = {
    "digits_lstm": Study(
        title="A row-by-row LSTM on MNIST",
        note="nn.LSTM(28, 128), one layer, last state; 55,000 training digits, batch 128, AdamW, one cycle up to 1e-2, "
             "gradients clipped at 1.0, 8 epochs, the best kept by validation accuracy. "
             "The test set is used once per seed.",
        columns=("seed", "best epoch", "test accuracy (%)", "training time (s)"),
        runs=tuple(SEEDS), run=digits_lstm),
}


def carry_out(name: str, folder: Path = RESULTS) -> dict:
    """Do what is left of a study and return all of it; every finished run is saved before the next begins."""
    study, path = STUDIES[name], folder / f"{name}.json"
    result = json.loads(path.read_text()) if path.exists() else {
        "title": study.title, "machine": machine(), "date": datetime.date.today().isoformat(),
        "command": f"python -m seqlab.study {name}", "columns": list(study.columns), "rows": [], "note": study.note}
    done = [row[0] for row in result["rows"]]
    for key in study.runs:
        if key in done:
            continue
        result["rows"].append([key, *study.run(key)])
        print(f"{name}: {dict(zip(study.columns, result['rows'][-1], strict=True))}", flush=True)
        temporary = path.with_suffix(".part")
        temporary.write_text(json.dumps(result, indent=1) + "\n")
        os.replace(temporary, path)
    return result


def machine() -> str:
    """What the numbers were measured on, in words: processor or GPU, threads, versions."""
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else \
        f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
    return f"{where}, Python {platform.python_version()}, PyTorch {torch.__version__.split('+')[0]}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m seqlab.study", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all ({', '.join(STUDIES)})")
    names = parser.parse_args().names or list(STUDIES)
    if unknown := [name for name in names if name not in STUDIES]:
        parser.error(f"no study is called {', '.join(unknown)}; there are {', '.join(STUDIES)}")
    for name in names:
        carry_out(name)


if __name__ == "__main__":
    main()

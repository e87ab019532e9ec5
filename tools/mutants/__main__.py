"""Mutants of the course's code and what the tests make of them.

    python -m tools.mutants                                     all of them: days
    python -m tools.mutants seqlab/cells.py book/02-scalar-rnn.ipynb --sample 50 --seed 7
    python -m tools.mutants --list seqlab/shapes.py             only say which there are

What was found out is kept in artefacts/mutants, so that a run that was interrupted goes on, and a mutant is not tried
again as long as its file and the tests that it is shown to are the same. `--wide` shows what survives the quick tests
to the slow ones as well, and to the notebooks that execute the changed line.
"""

import argparse
import contextlib
import datetime
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.course import ROOT
from tools.mutants import bench, reach, report
from tools.mutants.generate import Mutant, mutants_of, mutate

FOLDERS = ("seqlab", "studies", "instructor", "tools")
NO_TEST_RAN = 5                 # pytest's exit status
INTERRUPTED = 130
INSIDE = "SEQLAB_MUTANTS_INSIDE"


def files_of(root: Path) -> list[Path]:
    """Every file that mutants are made of: the Python files, then the notebooks."""
    return [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))] + reach.notebooks(root)


def try_out(mutant: Mutant, stages: list[reach.Stage], tree: Path) -> dict:
    """Plant it in the scratch copy, run one stage after the other until something is red, and put the file back."""
    path = tree / mutant.file
    before, times = path.read_bytes(), path.stat()
    start, cpu, tried, outcome = time.monotonic(), 0.0, [], {"status": "survived", "by": ""}
    try:
        mutate(path, mutant)
        # Another time than any other mutant's, so that no compiled file is taken for this one's.
        os.utime(path, (times.st_atime, 1_000_000_000 + abs(hash(mutant.id)) % 1_000_000_000))
        for stage in stages:
            for patience in (1, 2):             # too slow by the clock only: the machine may be busy, or asleep
                code, _, used, red = bench.pytest_in(
                    tree, ["-x", *stage.units], patience * stage.limit, [bench.Chosen(stage.tests)],
                    processor=stage.processor)
                cpu += used
                if code is not None or used > stage.processor:
                    break
            tried += stage.units
            if code:
                outcome = {"status": "killed", "by": red or ("nothing could be run" if code == NO_TEST_RAN
                                                             else f"pytest ended with {code}")}
            elif code is None:
                outcome = {"status": "timeout", "by": stage.units[-1]}
            if code != 0:
                break
    finally:
        path.write_bytes(before)
        os.utime(path, (times.st_atime, times.st_mtime))
    return {"id": mutant.id, "file": mutant.file, "kind": mutant.kind, "change": mutant.change, **outcome,
            "tried": tried, "seconds": round(time.monotonic() - start, 1), "cpu": round(cpu, 1)}


def key(mutant: Mutant, stages: list[reach.Stage], root: Path) -> str:
    """The same as long as the file and the tests that the mutant is shown to are."""
    units = sorted({unit for stage in stages for unit in stage.units})
    data = reach.data_of(units)
    shared = [path.relative_to(root).as_posix() for path in root.glob("**/conftest.py") if ".venv" not in path.parts]
    files = [mutant.file, *map(bench.path_of, units), *sorted(shared)]
    slow = [unit for unit in units if bench.path_of(unit) != unit]
    return reach.digest(mutant.id, *data, *slow, *((root / file).read_bytes() for file in files))


# --- several at once: each worker has a scratch copy of its own -------------------------------------------------------

_tree: Path


def _begin(root: Path, folder: Path) -> None:
    global _tree
    signal.signal(signal.SIGINT, signal.SIG_IGN)        # the first process stops the others
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _tree = bench.copy_project(root, Path(tempfile.mkdtemp(dir=folder, prefix="tree-")) / "course")


def _record(job: tuple[str, Path, bool]) -> dict:
    unit, kept, lines = job
    return reach.record(unit, _tree, kept, lines)


def _try(job: tuple[Mutant, list[reach.Stage]]) -> dict:
    return try_out(*job, _tree)


def run(mutants: list[Mutant], root: Path, folder: Path, jobs: int, wide: bool) -> list[dict]:
    """The results of these mutants: those that are known, and the others tried now and written down one by one."""
    kept = root / "artefacts" / "mutants"
    kept.mkdir(parents=True, exist_ok=True)
    end_the_last_line(kept / "results.jsonl")
    bench.quiet_environment(folder)
    bench.warm_up(root)
    with multiprocessing.get_context("fork").Pool(jobs, _begin, (root, folder)) as pool:
        own = sorted({mutant.file for mutant in mutants if mutant.cell})
        results = show(mutants, [*reach.units(root), *own], pool, root, kept, lines=False)
        left = [mutant for mutant in mutants if not mutant.cell and results[mutant.id]["status"] == "survived"]
        if wide and left:
            units = reach.slow_units(root) + [path.relative_to(root).as_posix() for path in reach.notebooks(root)]
            for id, result in show(left, units, pool, root, kept).items():
                results[id] = {**result, "tried": results[id]["tried"] + result["tried"]}
    return list(results.values())


def show(mutants: list[Mutant], units: list[str], pool, root: Path, kept: Path, lines: bool = True) -> dict[str, dict]:
    """What these units make of the mutants, by id. `lines`: the notebooks among them are to say what they execute."""
    from tqdm import tqdm

    asked = {unit: lines or not unit.endswith(".ipynb") for unit in units}
    records = {unit: reach.known(unit, root, kept, asked[unit]) for unit in units}
    missing = [(unit, kept, asked[unit]) for unit, what in records.items() if what is None]
    for what in tqdm(pool.imap_unordered(_record, missing), "unchanged code", len(missing), disable=not missing):
        records[what["unit"]] = what
    if red := [test for what in records.values() for test in what["red"]]:
        print(f"Left out, because they are red without any mutant: {', '.join(red)}", flush=True)
    past = list({result["id"]: result for result in read_results(kept)}.values())
    planned = {mutant.id: (mutant, reach.stages(mutant, records, past)) for mutant in mutants}
    keys = {id: key(*plan, root) for id, plan in planned.items()}
    done = {result["id"]: result for result in past if keys.get(result["id"]) == result["key"]}
    waiting = [plan for id, plan in planned.items() if id not in done]
    with (kept / "results.jsonl").open("a", encoding="utf-8") as file:
        for result in tqdm(pool.imap_unordered(_try, waiting), "mutants", len(waiting), disable=not waiting):
            done[result["id"]] = {"key": keys[result["id"]], **result}
            file.write(json.dumps(done[result["id"]], ensure_ascii=False) + "\n")
            file.flush()
    return {id: done[id] for id in planned}


def read_results(kept: Path) -> list[dict]:
    """What is written down; a last line that was cut off is not."""
    results = []
    with contextlib.suppress(FileNotFoundError):
        for line in (kept / "results.jsonl").read_text("utf8").splitlines():
            with contextlib.suppress(ValueError):
                results.append(json.loads(line))
    return results


def end_the_last_line(path: Path) -> None:
    """A line that was cut off must not swallow the next one."""
    if path.exists() and not path.read_bytes().endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="Python files and notebooks (default: all)")
    parser.add_argument("--sample", type=int, help="try so many, drawn at random")
    parser.add_argument("--each", type=int, help="try so many of each file, drawn at random")
    parser.add_argument("--seed", help="what they are drawn by (default: the date, every day the next ones)")
    parser.add_argument("--at-least", type=float, default=0.0, help="exit status 1 if the score is lower")
    parser.add_argument("--wide", action="store_true", help="show survivors to slow tests and notebooks as well")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    parser.add_argument("--list", action="store_true", help="say which mutants there are")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    root = options.root.resolve()

    known = files_of(root)
    files = [root / file for file in options.files] or known
    if unknown := [str(file.relative_to(root)) for file in files if file not in known]:
        parser.error(f"no mutants are made of {', '.join(unknown)}")
    if not options.list and INSIDE not in os.environ:
        return _run_inside(root, sys.argv[1:] if arguments is None else arguments)

    made = [mutants_of(file, root) for file in files]
    mutants = [mutant for here, _ in made for mutant in here]
    excused = sum(len(here) for _, here in made)
    entries = report.equivalent(root)
    if gone := report.stale(entries, mutants, {file.relative_to(root).as_posix() for file in files}):
        print(f"{report.EQUIVALENT} names mutants that there are no more:\n    " + "\n    ".join(gone))
        return 1
    meant = [mutant for mutant in mutants if not report.reason(mutant, entries)]
    print(f"{len(mutants)} mutants of {len(files)} files; {len(mutants) - len(meant)} are equivalent, "
          f"{excused} more are excused by a comment.")
    seed = options.seed or datetime.date.today().isoformat()
    if options.each:
        meant = [mutant for file in files for mutant in draw(
            [one for one in meant if one.file == file.relative_to(root).as_posix()], options.each, seed)]
        print(f"Of these, {len(meant)}: --each {options.each} --seed {seed}", flush=True)
    if options.sample and options.sample < len(meant):
        meant = draw(meant, options.sample, seed)
        print(f"Of these, {len(meant)}: --sample {options.sample} --seed {seed}", flush=True)
    if options.list:
        print("\n".join(f"{mutant.id}\n    {mutant.change}" for mutant in meant))
        return 0
    try:
        results = run(meant, root, Path(os.environ[INSIDE]), options.jobs, options.wide)
    except KeyboardInterrupt:
        return INTERRUPTED
    print("\n".join([report.survivors(results), "", report.table(results, "kind"), "", report.table(results, "file")]))
    print(f"score {report.score(results):.3f}, 95 % interval {report.interval(results)}")
    if report.score(results) < options.at_least:
        print(f"That is less than {options.at_least}: write a test that sees one of the survivors above, or say in "
              f"{report.EQUIVALENT} why nobody could.")
        return 1
    return 0


def draw(mutants: list[Mutant], n: int, seed: str) -> list[Mutant]:
    """n of them, or all. Of the same seed, the first of what more would be; where the seed is a date, those whose turn
    it is that day, so that one day after the other tries all."""
    shuffled, day = list(mutants), 0
    with contextlib.suppress(ValueError):
        day, seed = datetime.date.fromisoformat(seed).toordinal(), "one order for all days"
    random.Random(seed).shuffle(shuffled)
    first = day * n % max(1, len(mutants))
    return (shuffled[first:] + shuffled[:first])[:n]


def _run_inside(root: Path, arguments: list[str]) -> int:
    """The same command again, in a process that can write nothing but the scratch folder and artefacts/mutants."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        command = [*bench.wall(Path(folder), root / "artefacts" / "mutants"), sys.executable, "-m", "tools.mutants"]
        with subprocess.Popen([*command, *arguments], cwd=ROOT, env={**os.environ, INSIDE: folder}) as process:
            try:
                code = process.wait()
            except KeyboardInterrupt:       # which the process has been told of too
                process.terminate()
                code = INTERRUPTED
    if code == INTERRUPTED:
        print("\nInterrupted. The same command goes on from here.")
    return code


if __name__ == "__main__":
    sys.exit(main())

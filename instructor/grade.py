"""Grade what was handed in: one row for each file, whatever it is; a grade only where everything ran to its end.

The course's own solutions are the first to be graded, in the same way and beside the first submissions; until they
have full marks no result is written or told, and if they do not get them, none is. From then on a result is written as
soon as it is there, so that a batch that was killed goes on where it was; it is kept as long as neither the file nor
the assignment nor the tests have changed.
"""

import atexit
import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import nbformat

from tools.parallel import in_parallel

from . import exercises, hidden, submission
from .assignment import Assignment, notebook
from .sandbox import Limits, NoSandbox, Sandbox, Stopped, kind

NO_TESTS = "it has no hidden test: yours to grade"
MOST_FILES = 100_000
REFERENCE = None        # the place, among the places of the submissions, of the course's own solutions


class ReferenceFails(RuntimeError):
    """The course's own solutions do not get full marks, so that no grade would mean anything."""


def grade_one(content: bytes, assignment: Assignment, limits: Limits, sandbox: Sandbox, seed: int) -> dict:
    """The result of one submission; see `blank` for what it holds. It raises nothing that a submission can bring about.

    `seed` is what the inputs of the hidden tests are drawn from; the same seed repeats the run.
    """
    began = time.monotonic()
    result = blank(assignment, sha256=submission.sha256(content), seed=seed)
    try:
        found = submission.read(content, assignment, by_hand(assignment))
    except submission.Unreadable as problem:
        result["reason"] = str(problem)
        return result
    result["notes"] = found.notes
    answered = {one["id"]: one["names"] for one in assignment.exercises}
    remote = hidden.Remote(sandbox, limits, found.cells, answered)
    try:
        try:
            remote.start()
        except Stopped as problem:
            result["reason"] = f"the notebook {problem}"
            return result
        rows = hidden.run_tests(remote.talk, set(answered), seed)
    except NoSandbox:
        raise
    except Exception as problem:
        result["reason"] = f"the grader failed ({type(problem).__name__}): grade it again"
        return result
    finally:
        sandbox.end()
        result["seconds"] = round(time.monotonic() - began, 2)
    result["cells"] = [{"cell": number, "said": f"It stops with {raised.type}.", "text": text}
                       for number, (raised, text) in sorted(remote.said.items())]
    _judge(result, assignment, found, rows)
    said = [one["said"] for one in result["cells"]] + [row["said"] for row in rows]
    if any("MemoryError" in one for one in said):
        remote.stopped.append("it needs more memory than it may have")
    if remote.stopped:
        result["reason"] = "it did not run cleanly: " + "; ".join(dict.fromkeys(remote.stopped))
    internal = [row for row in rows if row["internal"]]
    if internal:
        result["reason"] = f"the grader failed in {internal[0]['test']}: grade it again"
        result["traces"] = [row["trace"] for row in internal]
    if result["reason"] is None:
        waiting = [one["id"] for one in result["exercises"] if one["points"] is None]
        if waiting:
            result["reason"] = "waits for you: " + "; ".join(f"{one['id']}: {one['said'][0]}"
                                                             for one in result["exercises"] if one["id"] in waiting)
        else:
            result["grade"] = result["found"]
    return result


def by_hand(assignment: Assignment) -> dict[str, set[str]]:
    """Of the exercises that are to be written by hand, id -> the names that their answers must not use."""
    flags = {one: exercises.hidden_flags().get(one, {}) for one in assignment.ids}
    return {one: {*its["without"], *(submission.LAYERS if its["by_hand"] else ())}
            for one, its in flags.items() if its.get("by_hand") or its.get("without")}


def blank(assignment: Assignment, **more) -> dict:
    """A result without a grade: `reason` says why, `found` is what was reached until then, `grade` is None."""
    return {"grade": None, "possible": assignment.possible, "reason": None, "found": 0, "exercises": [], "cells": [],
            "notes": [], "seconds": 0.0, "late": None, **more}


def _judge(result: dict, assignment: Assignment, found: submission.Submission, rows: list[dict]) -> None:
    """Points for each exercise, from its tests and from what its code calls."""
    for one in assignment.exercises:
        own = [row for row in rows if row["exercise"] == one["id"]]
        whole = sum(row["share"] for row in own)
        points = one["points"] * sum(row["share"] for row in own if row["passed"]) / whole if whole else None
        said = list(dict.fromkeys(row["said"] for row in own if not row["passed"])) if own else [NO_TESTS]
        calls, hides = found.calls.get(one["id"], (None, None))
        if calls:
            points, said = 0.0, [f"It calls {calls}, and this is to be written by hand."]
        elif hides and points:
            points, said = None, [f"look whether it is written by hand: it uses {hides}, which the grader cannot "
                                  "follow"]
        if one["id"] in found.unanswered and own:
            points, said = 0.0, ["It is not answered."]
        result["exercises"].append({
            "id": one["id"], "points": None if points is None else round(points, 4), "possible": one["points"],
            "said": said, "tests": {row["test"]: row["passed"] for row in own},
            "seconds": round(sum(row["seconds"] for row in own), 3)})
    result["found"] = round(sum(one["points"] or 0 for one in result["exercises"]), 4)


# --- the reference ----------------------------------------------------------------------------------------------------

def solved(assignment: Assignment, only: dict[str, str] | None = None) -> bytes:
    """The assignment's notebook with the course's solutions in it, or with `only` these answers."""
    chosen = exercises.find(assignment.ids)
    made = notebook(chosen, assignment)
    for cell in made.cells:
        own = cell.metadata.get("seqlab", {}).get("id")
        if own and "exercise" in cell.metadata.get("tags", []):
            if only is None:
                cell.source = exercises.catalogue()[own].cell.source
            elif own in only:
                cell.source = only[own]
    return nbformat.writes(made).encode()


def full_marks(result: dict) -> None:
    """ReferenceFails unless this result, of the course's own solutions, has full marks in every exercise that has
    hidden tests."""
    short = [f"{one['id']}: {' '.join(one['said'])}" for one in result["exercises"]
             if one["tests"] and one["points"] != one["possible"]]
    clean = result["reason"] is None or result["reason"].startswith("waits for you")
    if short or not clean:
        raise ReferenceFails("the course's own solutions do not get full marks, so nothing was graded: "
                             + "; ".join(short or [result["reason"]]))


def after_the_reference(results: Iterator[tuple]) -> Iterator[tuple[int, dict]]:
    """(place, result) of the submissions, held back until the reference has full marks. ReferenceFails if it has not;
    what is still running is then ended."""
    held, passed = [], False
    for place, result in results:
        if place is REFERENCE:
            try:
                full_marks(result)
            except ReferenceFails:
                with warnings.catch_warnings(action="ignore"):      # joblib's, of what it did in vain
                    results.close()
                raise
            passed = True
        else:
            held.append((place, result))
        if passed:
            yield from held
            held = []


# --- a batch ----------------------------------------------------------------------------------------------------------

def fingerprint_of_tests(assignment: Assignment) -> str:
    """What a result depends on besides the file: the assignment, the hidden tests, and the grader."""
    subjects = {one.partition("/")[0].replace("-", "_") for one in assignment.ids}
    files = [exercises.TESTS / f"test_{subject}.py" for subject in sorted(subjects)]
    files += [Path(__file__).with_name(f"{name}.py") for name in ("grade", "hidden", "inside", "submission", "sandbox")]
    whole = hashlib.sha256(json.dumps(asdict(assignment), sort_keys=True).encode())
    for file in files:
        whole.update(file.read_bytes() if file.exists() else b"none")
    return whole.hexdigest()[:16]


def handed_in(folder: Path) -> list[dict]:
    """What there is to grade: `student`, `name`, `file` (None if there is none), `source` (where `collect` found it, or
    None), `late` (None: nothing says so) and `problem`, a row for every file.

    A folder that `collect` made says so in its manifest.json; each file that does not stand there is a student's, and
    of any other folder each file.
    """
    manifest, listed = folder / "manifest.json", []
    if manifest.is_file():
        with contextlib.suppress(ValueError, AttributeError, TypeError, KeyError):
            listed = [{"student": str(row.get("student") or row.get("source") or row.get("file")),
                     "name": row.get("name") or "", "file": row.get("file"), "source": row.get("source"),
                     "late": row.get("late"), "problem": row.get("problem")}
                    for row in json.loads(manifest.read_text(encoding="utf-8"))["rows"]]
    found, named = [*listed], {"manifest.json", *(row["file"] for row in listed)} if listed else set()
    for entry in sorted(os.scandir(os.fsencode(folder)), key=lambda entry: entry.name):
        name = os.fsdecode(entry.name).encode("utf-8", "replace").decode()
        row = {"student": name.removesuffix(".ipynb"), "name": "", "file": os.fsdecode(entry.name), "source": None,
               "late": None, "problem": None}
        if entry.is_symlink():
            row["problem"] = "it is a link, not a file"
        elif not entry.is_file():
            row["problem"] = "it is a folder, not a file" if entry.is_dir() else "it is no ordinary file"
        elif name.startswith("."):
            continue
        if row["file"] not in named and not (listed and entry.is_dir()):        # where the results are, perhaps
            found.append(row)
    return found


def read_file(path: Path) -> bytes:
    """The content, of an ordinary file only. Unreadable, with the reason."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            return file.read((submission.MOST_MIB << 20) + 1)
    except OSError as problem:
        raise submission.Unreadable(f"the file cannot be read: {problem.strerror}") from problem


def grade_batch(folder: Path, assignment: Assignment, out: Path, *, limits: Limits | None = None, unsafe: bool = False,
                jobs: int = 2, scheduler: str | None = None, seed: int | None = None,
                progress: Callable = lambda things, total: things) -> list[dict]:
    """Grade every file of a folder; return the results, in the order of the files.

    Args:
        out: the folder of the results; what is there and still holds is not done again.
        jobs: how many submissions at once, each in a process of its own.
        scheduler: the address of a Dask cluster, whose workers see this repository under the same path.
        seed: repeats a run; else every submission has a fresh one.

    Raises:
        NoSandbox: there is no bubblewrap, and `unsafe` is not asked for.
        ReferenceFails: see there. Nothing was graded then.
    """
    limits = limits or Limits()
    (out / "results").mkdir(parents=True, exist_ok=True)
    depends, results, waiting = fingerprint_of_tests(assignment), {}, []
    rows = handed_in(folder)
    for place, row in enumerate(rows):
        try:
            if row["problem"] or not row["file"]:
                raise submission.Unreadable(row["problem"] or "nothing was handed in")
            if Path(row["file"]).name != row["file"]:
                raise submission.Unreadable("the manifest names a file outside of its folder")
            content = read_file(folder / row["file"])
        except submission.Unreadable as problem:
            results[place] = {**blank(assignment), "reason": str(problem)}
            continue
        kept = _kept(_place(out, row), submission.sha256(content), depends)
        if kept and (seed is None or kept["seed"] == seed):
            results[place] = kept
        else:
            waiting.append((place, content))
    if waiting:
        nested = None if unsafe else kind() == "namespaces"
        given = [(place, content, assignment, limits, unsafe, nested,
                  hidden.fresh_seed() if seed is None or place is REFERENCE else seed)
                 for place, content in [(REFERENCE, solved(assignment)), *waiting]]
        found = after_the_reference(_in_parallel(given, min(jobs, len(waiting)), scheduler))
        for place, result in progress(found, len(waiting)):
            result["depends"] = depends
            write_whole(_place(out, rows[place]), json.dumps(result, ensure_ascii=False, indent=1))
            results[place] = result
    done = [{"student": row["student"], "name": row["name"], "file": row["file"] and _shown(row["file"]),
             "source": row["source"], **results[place], "late": row["late"]} for place, row in enumerate(rows)]
    write_whole(out / "results.json", json.dumps(done, ensure_ascii=False, indent=1))
    return done


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _place(out: Path, row: dict) -> Path:
    """Where the result of a row is kept: its name says nothing, for names may be anything."""
    return out / "results" / (hashlib.sha256(os.fsencode(row["file"])).hexdigest()[:32] + ".json")


def _kept(path: Path, sha256: str, depends: str) -> dict | None:
    """The result that is there, if it is of this file, this assignment and these tests, and the grader did not fail."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    again = "grade it again" in (found.get("reason") or "")
    return found if found.get("sha256") == sha256 and found.get("depends") == depends and not again else None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never seen half written."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with open(beside, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


_sandboxes: dict = {}


def _own(unsafe: bool, nested: bool | None) -> Sandbox:
    """The sandbox of this process, which is started when it is first wanted."""
    if unsafe not in _sandboxes:
        made = Sandbox(unsafe=unsafe, nested=nested)
        atexit.register(made.close)
        made.start()
        _sandboxes[unsafe] = made
    return _sandboxes[unsafe]


def _job(place: int, content: bytes, assignment: Assignment, limits: Limits, unsafe: bool, nested: bool | None,
         seed: int) -> tuple[int, dict]:
    """One submission, in whatever process joblib runs this; each such process keeps one sandbox."""
    import torch
    torch.set_num_threads(1)
    slot = Limits(**{**asdict(limits), "slot": os.getpid() % 50_000})
    try:
        return place, grade_one(content, assignment, slot, _own(unsafe, nested), seed)
    except Exception as problem:
        return place, {**blank(assignment, sha256=submission.sha256(content), seed=seed),
                       "reason": f"the grader failed ({type(problem).__name__}): grade it again"}


def _in_parallel(given: list[tuple], jobs: int, scheduler: str | None) -> Iterator[tuple[int, dict]]:
    """(place, result) of each, as they come, the reference first. One whose process died three times is left for the
    next run."""
    waiting = {one[0]: one for one in given}
    for place, (_, result) in in_parallel(_job, waiting, jobs, scheduler, first=REFERENCE):
        yield place, result
        del waiting[place]
    for place, content, assignment, *_, seed in waiting.values():
        yield place, {**blank(assignment, sha256=submission.sha256(content), seed=seed),
                      "reason": "the process that graded it died, three times: grade it again"}

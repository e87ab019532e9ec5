"""Carry studies out, one at a time or several, every run saved as it ends; say what is wrong with a stored result.

A result file holds its study's title, note, keys and columns (written anew whenever they change here), the rows, how
each was made (seconds, date, machine and versions, checksum of the data), the fingerprint of the code that made them
("code"), and a checksum of the rows, so that a number changed by hand is noticed.

A run is written to a file of its own, in `UNFINISHED`, by the process that made it, before the result file takes it
over: whatever is killed at whatever moment, a run that ended is neither lost nor done twice.
"""

import contextlib
import datetime
import functools
import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from seqlab import load_digits
from seqlab.measured import RESULTS
from tools.parallel import in_parallel

from .fingerprint import ROOT, fingerprint

UNFINISHED = Path(__file__).with_name("unfinished")     # runs that do not stand in a result file yet


class StudyError(Exception):
    """A stored result does not fit its study."""


class Study(NamedTuple):
    """One table of results: each key of `runs` gives one row, [*key, *run(*key)]."""

    title: str
    note: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    runs: tuple[tuple, ...]
    run: Callable
    files: tuple[Path, ...] = ()    # data that the runs read and that a study made
    not_repeated: str = ""          # what a verification leaves out
    data: Callable[[], str] | None = None       # the checksum of what the runs read from outside of the project
    resumes: bool = False           # run(*key, checkpoint=path) goes on where it was stopped


def code_of(study: Study) -> dict[str, str]:
    """The fingerprint of a study: of its code, and of the files that it reads."""
    data = {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            for path in study.files if path.exists()}
    return fingerprint(f"{study.run.__module__}.{study.run.__qualname__}") | data


def checksum(record: dict) -> str:
    """Of the numbers and of what they are called."""
    said = json.dumps([record["keys"], record["columns"], record["rows"]])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def problems(name: str, study: Study, folder: Path = RESULTS) -> list[str]:
    """What is wrong with a study's stored result, each in one sentence."""
    path = folder / f"{name}.json"
    if not path.exists():
        return [f"{name} has no results: python -m studies {name}"]
    record = json.loads(path.read_text("utf8"))
    if wrong := _misfits(name, study, record):
        return wrong
    found = []
    done = {tuple(row[:len(study.keys)]) for row in record["rows"]}
    if done != set(study.runs):
        missing, more = len(set(study.runs) - done), len(done - set(study.runs))
        found.append(f"{name} lacks {missing} of its runs, and has {more} that are none of its own")
    if [record["title"], record["note"]] != [study.title, study.note]:
        found.append(f"{name}: title or note is not what its study says: python -m studies {name}")
    return found


def _misfits(name: str, study: Study, record: dict) -> list[str]:
    """Why the stored rows must not be added to: other columns, edited by hand, or made by other code."""
    if [record["keys"], record["columns"]] != [list(study.keys), list(study.columns)]:
        return [f"{name} has other columns than its study; delete its file and run it again"]
    if record.get("checksum") != checksum(record):
        return [f"{name} holds rows that its study did not write (their checksum differs): edited by hand?"]
    now, then = code_of(study), record.get("code", {})
    if changed := sorted(part for part in now.keys() | then.keys() if now.get(part) != then.get(part)):
        return [f"{name} is older than its code ({', '.join(changed)}): python -m studies --verify {name} if the "
                "numbers should be the same, else delete its file and run it again"]
    return []


def carry_out(name: str, study: Study, folder: Path = RESULTS, *, jobs: int = 1,
              scheduler: str | None = None) -> dict:
    """Do what is left of a study and return all of it; every finished run is saved before the next begins.

    Args:
        jobs: how many runs at once; more than one have a process each, with one thread.
        scheduler: the address of a Dask cluster, whose workers see this repository under the same path.

    StudyError: there are rows already, and this code did not make them; the study is being carried out by somebody
    else; a run killed its process three times.
    """
    path, place = folder / f"{name}.json", UNFINISHED / name
    with _alone(name, place):
        record = json.loads(path.read_text("utf8")) if path.exists() else {
            "rows": [], "machine": machine(), "date": datetime.date.today().isoformat(),
            "command": f"python -m studies {name}"}
        if record["rows"] and (wrong := _misfits(name, study, record)):
            raise StudyError(wrong[0])
        record.setdefault("made", [{"date": record["date"], "machine": record["machine"]} for _ in record["rows"]])
        code = code_of(study)   # what is loaded now, whatever is edited while it runs
        done = {tuple(row[:len(study.keys)]) for row in record["rows"]}
        waiting = {key: (study.run, key, place, code, study.data, study.resumes)
                   for key in study.runs if key not in done}
        with tqdm(desc=name, total=len(study.runs), initial=len(done), unit="run", smoothing=0, disable=None) as bar:
            for key, part in _in_order(waiting) if jobs == 1 and not scheduler else \
                    in_parallel(_one, waiting, jobs, scheduler):
                row = [*key, *part["row"]]
                shown = {column: value for column, value in zip((*study.keys, *study.columns), row, strict=True)
                         if not isinstance(value, list)}
                tqdm.write(f"{name}: {shown}")
                record["rows"].append(row)
                record["made"].append(part["made"])
                record = store(path, study, record, code)
                _place(place, key).unlink()
                bar.update()
        if left := [key for key in study.runs if key not in {tuple(row[:len(study.keys)]) for row in record["rows"]}]:
            raise StudyError(f"{name}: a process that had to do one of {left} died, three times; the rest is saved")
        return store(path, study, record, code)


@contextlib.contextmanager
def _alone(name: str, place: Path) -> Iterator[None]:
    """Two at once would do every run twice. The folder goes when nothing is left in it."""
    place.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place.with_suffix(".lock"), timeout=0):
            yield
            with contextlib.suppress(OSError):
                place.rmdir()
    except Timeout as problem:
        raise StudyError(f"{name} is being carried out already") from problem


def _in_order(waiting: dict) -> Iterator[tuple[tuple, dict]]:
    return ((key, _one(*given)) for key, given in waiting.items())


def _one(run: Callable, key: tuple, place: Path, code: dict, data: Callable | None, resumes: bool) -> dict:
    """One run, in whatever process: its row and how it was made. What is there already is not made again."""
    path = _place(place, key)
    with contextlib.suppress(OSError, ValueError):
        part = json.loads(path.read_text("utf8"))
        if part["code"] == code:
            return part
    start, checkpoint = time.perf_counter(), path.with_suffix(".checkpoint")
    row = run(*key, **({"checkpoint": checkpoint} if resumes else {}))
    made = {"seconds": round(time.perf_counter() - start, 1), "date": datetime.date.today().isoformat(),
            "machine": machine(), **({"data": data()} if data else {})}
    part = {"key": key, "row": row, "made": made, "code": code}
    place.mkdir(parents=True, exist_ok=True)
    _write_whole(path, _json(part))
    checkpoint.unlink(missing_ok=True)
    return part


def _place(place: Path, key: tuple) -> Path:
    return place / (hashlib.sha256(_json(key).encode()).hexdigest()[:16] + ".json")


@functools.cache
def checksum_of_mnist() -> str:
    """Of the training, validation and test digits and their labels, as the runs have them."""
    whole = hashlib.sha256()
    for images, labels in load_digits("mnist", quiet=True)[:3]:
        whole.update(images.numpy().tobytes() + labels.numpy().tobytes())
    return whole.hexdigest()[:12]


def verify(name: str, study: Study, folder: Path = RESULTS, sample: int = 2, against: Path | None = None) -> dict:
    """Repeat `sample` runs, from the first to the last; if they give the stored rows, stamp the result with this code.

    A training that goes another way after the last digit of a float came out otherwise gives other numbers on another
    machine. So with `against`, a checkout of the code as it was, a run also counts as the same if that code gives the
    same numbers on this machine. What each run was the same as is written into the result.

    StudyError: a run gives other numbers, or the rows were edited; nothing is written then.
    """
    path, code = folder / f"{name}.json", code_of(study)
    record = json.loads(path.read_text("utf8"))
    if record.get("checksum", checksum(record)) != checksum(record):
        raise StudyError(f"{name} holds rows that its study did not write; restore them first")
    stored = {tuple(row[:len(study.keys)]): row[len(study.keys):] for row in record["rows"]}
    keys = [key for key in study.runs if key in stored]
    places = {round(k * (len(keys) - 1) / max(sample - 1, 1)) for k in range(min(sample, len(keys)))}
    repeated = []
    for key in (keys[place] for place in sorted(places)):
        got, same = study.run(*key), "stored"
        if got != stored[key]:
            if against is None or got != _by_older_code(against, name, key):
                raise StudyError(f"{name} {list(key)} is stored as {stored[key]}, and comes out as {got}" +
                                 (", not so by the older code" if against else "") +
                                 f". If it should: delete {path.name} and run the study again")
            same = "by the older code on this machine"
        repeated.append({"run": list(key), "came out": got, "as": same})
        print(f"{name} {list(key)}: as {same}", flush=True)
    record["verified"] = {"of": len(keys), "runs": repeated, "machine": machine(),
                          "date": datetime.date.today().isoformat()}
    if study.not_repeated:
        record["verified"]["not repeated"] = study.not_repeated
    return store(path, study, record, code)


def _by_older_code(checkout: Path, name: str, key: tuple) -> list:
    """What a run gives in another checkout of the course."""
    script = ("import json, sys; from studies import STUDIES; "
              "print(json.dumps(STUDIES[sys.argv[1]].run(*json.loads(sys.argv[2]))))")
    done = subprocess.run([sys.executable, "-c", script, name, json.dumps(key)], cwd=checkout, text=True,
                          env={**os.environ, "PYTHONPATH": str(checkout.resolve())}, capture_output=True)
    if done.returncode:
        raise StudyError(f"{name} does not run in {checkout}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def store(path: Path, study: Study, record: dict, code: dict) -> dict:
    """Write a result made by `code`, whole or not at all, if there is something new in it: one row on one line."""
    order = sorted(range(len(record["rows"])),
                   key=lambda k: study.runs.index(tuple(record["rows"][k][:len(study.keys)])))
    record = {"title": study.title, "note": study.note, "keys": list(study.keys), "columns": list(study.columns),
              **{part: record[part] for part in ("machine", "date", "command")},
              "rows": [record["rows"][k] for k in order],
              **({"made": [record["made"][k] for k in order]} if "made" in record else {}), "checksum": "",
              **({"verified": record["verified"]} if "verified" in record else {}), "code": code}
    record["checksum"] = checksum(record)
    text = _as_text(record)
    if not path.exists() or path.read_text("utf8") != text:
        _write_whole(path, text)
    return record


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never seen half written."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_text(text, "utf8")
    os.replace(temporary, path)


def _as_text(record: dict) -> str:
    parts = []
    for name, value in record.items():
        if name in ("rows", "made", "code"):
            lines = map(_json, value) if name != "code" else (f"{_json(part)}: {_json(value[part])}" for part in value)
            opening, closing = "[]" if name != "code" else "{}"
            text = f"{opening}\n  " + ",\n  ".join(lines) + f"\n {closing}"
        else:
            text = _json(value)
        parts.append(f' "{name}": {text}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def machine() -> str:
    """What the numbers were measured on, in words: processor or GPU, threads, versions."""
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else \
        f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
    return f"{where}, Python {platform.python_version()}, PyTorch {torch.__version__.split('+')[0]}"

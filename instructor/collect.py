"""From what a learning platform hands over to one folder with a notebook for each student, and a manifest.

A folder, a zip file of Canvas or of Moodle: what a file is called says whose it is. Nothing in an archive decides where
anything is written: each file is named after its student here. An archive is looked through before anything is
written, and the folder appears when all of it is there.

The manifest, manifest.json, has under `rows` a row for each student, and one for each file that nobody could be
found for: `student`, `name`, `file` (in the folder; null if there is none), `source`, `attempt`, `time` (of the file,
local, as the archive states it), `late` (null if nothing says so), `sha256`, `problem` (null, or a sentence) and
`other` (the student's other files, which were not taken).
"""

import datetime
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import tomllib
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from .roster import Register, RosterError, identity, read_roster

MANIFEST = "manifest.json"
NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)        # some browsers add the second ending
CANVAS = re.compile(r"(?P<name>[^/_]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<attempt>\d+)_(?P<rest>[^/]+)", re.IGNORECASE)
MOODLE = re.compile(r"(?P<name>[^/]+?)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?/?(?P<rest>.*)")
PLAIN = re.compile(r"(?P<id>[^/]+?)(?:__[^/]*|/.*)?")
PASSED_OVER = re.compile(r"(^|/)(__MACOSX/|\.DS_Store$|\.ipynb_checkpoints/|Thumbs\.db$|desktop\.ini$|manifest\.json$"
                         r"|\._[^/]*$)")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class CollectError(Exception):
    """Nothing was written; the sentence says why."""


class Limits(NamedTuple):
    """How much is taken from an archive or a folder, and from one file in it."""

    files: int = 20_000
    bytes_in_all: int = 4 << 30
    bytes_each: int = 50 << 20
    ratio: int = 200            # unpacked to packed size, for files of more than a megabyte


LIMITS = Limits()


class Entry(NamedTuple):
    """One file of a source; `problem` says why it is not read at all."""

    path: str
    time: datetime.datetime | None
    size: int
    read: Callable[[], bytes] | None
    problem: str = ""


class Owner(NamedTuple):
    """What a file's name says: whose it is, which attempt, whether the platform calls it late (None: it does not), and
    which platform names files so ("" for none)."""

    identity: str
    name: str
    attempt: int
    late: bool | None
    rest: str
    platform: str = ""


class Refused(Exception):
    """One file is not taken; the sentence says why."""


# --- whose it is ------------------------------------------------------------------------------------------------------


def owner(path: str) -> Owner | None:
    """Whose file this is, by its path in the archive; None if it is to be passed over (a text typed into Moodle)."""
    parts = path.split("/")
    canvas = CANVAS.fullmatch(parts[-1])    # its end is what the student called the file: nobody else's name counts
    if canvas and canvas["rest"].startswith("assignsubmission_"):
        canvas = None
    for start in range(len(parts)):         # perhaps the archive was unpacked into a folder and packed again
        tail = "/".join(parts[start:])
        if (found := MOODLE.fullmatch(tail)) and not (canvas and start == len(parts) - 1):
            if found["kind"] != "file":
                return None
            return Owner(found["id"], found["name"].replace("_", " "), 0, None, found["rest"], "Moodle")
    if found := canvas:
        return Owner(found["id"], found["name"], int(found["attempt"]), bool(found["late"]), found["rest"], "Canvas")
    found = PLAIN.fullmatch(NOTEBOOK.sub("", path))
    return Owner(found["id"], found["id"], 0, None, parts[-1]) if found else None


# --- what is in a source ----------------------------------------------------------------------------------------------


def entries(source: Path, limits: Limits = LIMITS) -> list[Entry]:
    """The files of a folder, of a zip file, or the one file, with what must not be read named as such.

    Raises:
        CollectError: it is not there, is no archive, or is too much.
    """
    source = Path(source)
    if source.is_dir():
        found = list(_in_folder(source, limits))
    elif zipfile.is_zipfile(source):
        found = _in_zip(source, limits)
    elif source.is_file():
        if NOTEBOOK.search(source.name):
            found = [_file(source, source.name, limits)]
        else:
            raise CollectError(f"{source.name} is neither a folder, nor a whole zip file, nor a notebook.")
    else:
        raise CollectError(f"{source} is not there.")
    whole = sum(entry.size for entry in found if not entry.problem)     # one that is too large stops nobody else's
    if len(found) > limits.files:
        raise CollectError(f"{source.name} holds more than {limits.files} files.")
    if whole > limits.bytes_in_all:
        raise CollectError(f"{source.name} would unpack to {whole >> 20} MB; more than {limits.bytes_in_all >> 20} MB "
                           "are not taken.")
    return found


def hostile(path: str) -> str:
    """What is wrong with a path in an archive, in a sentence; nothing if it is an honest one."""
    parts = re.split(r"[/\\]", path)
    if not path:
        return "It has no name."
    if "\0" in path:
        return "Its name holds a zero byte."
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        return "Its name is an absolute path."
    if ".." in parts:
        return "Its name leads out of the folder."
    if len(path) > 1000 or any(len(part.encode("utf8", "surrogateescape")) > 255 for part in parts):
        return "Its name is longer than a file system takes."
    if any(unicodedata.category(sign) in ("Cc", "Cs") or sign in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
           for sign in path):
        return "Its name holds signs that cannot be shown, or that turn the text around."
    return ""


def _in_zip(source: Path, limits: Limits) -> list[Entry]:
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as problem:
        raise CollectError(f"{source.name} is a damaged zip file: {problem}.") from None
    if len(archive.infolist()) > limits.files:
        raise CollectError(f"{source.name} holds more than {limits.files} files.")
    found = [_member(archive, info, limits) for info in archive.infolist() if not info.filename.endswith("/")]
    honest = [entry.path.split("/") for entry in found if not entry.problem and not PASSED_OVER.search(entry.path)]
    if len({parts[0] for parts in honest}) == 1 and len({parts[1] for parts in honest if len(parts) > 1}) > 1:
        top = honest[0][0] + "/"        # one folder around everything says nothing
        found = [entry._replace(path=entry.path.removeprefix(top)) for entry in found]
    return found


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limits: Limits) -> Entry:
    name, mode = info.orig_filename, info.external_attr >> 16
    problem = hostile(name)
    if not problem and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        problem = "It is a link or a special file, and those are not followed."
    if not problem and info.flag_bits & 1:
        problem = "It is encrypted."
    if not problem and info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        problem = "It is packed in a way that no learning platform uses."
    problem = problem or _too_much(info.file_size, info.compress_size, limits)
    try:
        time = datetime.datetime(*info.date_time)
    except ValueError:
        time = None
    return Entry(name.replace("\\", "/"), time, info.file_size, lambda: _unpacked(archive, info), problem)


def _too_much(size: int, packed: int, limits: Limits) -> str:
    if size > limits.bytes_each:
        return f"It has {size >> 20} MB; more than {limits.bytes_each >> 20} MB are not taken."
    if size > 1 << 20 and size > limits.ratio * max(packed, 1):
        return f"It would unpack to {size // max(packed, 1)} times its size."
    return ""


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(info)       # no more than the size that the archive states, which was looked at
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as problem:
        raise Refused(f"It cannot be unpacked: {_shown(str(problem))}.") from None


def _in_folder(folder: Path, limits: Limits) -> Iterator[Entry]:
    count = 0
    for place, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(folders):
            if (Path(place) / name).is_symlink():
                yield Entry(_shown(os.path.relpath(os.path.join(place, name), folder)), None, 0, None,
                            "It is a link or a special file, and those are not followed.")
        for name in sorted(files):
            count += 1
            if count > limits.files:
                raise CollectError(f"{folder.name} holds more than {limits.files} files.")
            path = Path(place) / name
            yield _file(path, os.path.relpath(path, folder), limits)


def _file(path: Path, name: str, limits: Limits) -> Entry:
    state = path.lstat()
    time = datetime.datetime.fromtimestamp(int(state.st_mtime))
    name = name.replace(os.sep, "/")
    if not stat.S_ISREG(state.st_mode):
        return Entry(_shown(name), time, 0, None, "It is a link or a special file, and those are not followed.")
    problem = "" if name == _shown(name) else "Its name is in no encoding that is known here."
    return Entry(_shown(name), time, state.st_size, lambda: _content(path, limits),
                 problem or hostile(name) or _too_much(state.st_size, state.st_size, limits))


def _content(path: Path, limits: Limits) -> bytes:
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
                         | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(number, "rb") as file:
            return file.read(limits.bytes_each)
    except OSError as problem:
        raise Refused(f"It cannot be read: {problem.strerror}.") from None


def _shown(name: str) -> str:
    return name.encode("utf8", "backslashreplace").decode("utf8")


# --- everything together ----------------------------------------------------------------------------------------------


def due_of(assignment: Path) -> str | None:
    """The due date that stands in an assignment file (JSON or TOML), if there is one."""
    path = Path(assignment)
    try:
        text = path.read_text("utf8")
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as problem:
        raise CollectError(f"{path.name} is no assignment: {problem}.") from None
    return content.get("due") if isinstance(content, dict) else None


def moment(text: str) -> datetime.datetime:
    """A due date, `2026-11-30` (its last second) or `2026-11-30T18:00` (+01:00), as local time."""
    try:
        when = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        raise CollectError(f"{text!r} is no date; write 2026-11-30 or 2026-11-30T18:00.") from None
    if re.fullmatch(r"\d{4}-\d\d-\d\d", str(text)):
        when = when.replace(hour=23, minute=59, second=59)
    return when.astimezone().replace(tzinfo=None) if when.tzinfo else when


def collect(sources: Iterable[Path], output: Path, roster: Path | None = None, due: str | None = None,
            limits: Limits = LIMITS, progress: Callable = lambda things, **_: things) -> dict:
    """Write the newest notebook of each student, and the manifest, into the folder `output`; return the manifest.

    Raises:
        CollectError: nothing was written; a source is not there, damaged or too much, or the folder holds other things.
        RosterError: the roster is none.
    """
    sources, output = [Path(source) for source in sources], Path(output)
    _check_output(output, sources)
    register = Register(read_roster(roster) if roster else [])
    names = {student.identity: student.name for student in register.students}
    last = moment(due) if due else None
    found, refused, passed_over = _sorted_out(
        [(source, entry) for source in sources for entry in entries(source, limits)], register)
    output.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.absolute().parent) as made:
        file_names, rows = _file_names(found), []
        for who, files in progress(sorted(found.items()), total=len(found), what="collecting"):
            rows.append(_row(who, names.get(who, files[-1][2].name), files, Path(made) / file_names[who], last))
        rows += [_nothing(who, name) for who, name in names.items() if who not in found]
        rows.sort(key=lambda row: (row["name"].casefold(), row["student"]))
        rows += [{**_nothing(None, ""), "source": f"{source.name}: {entry.path}", "problem": why}
                 for source, entry, why in refused]
        manifest = {"format": 1, "due": due, "sources": [source.name for source in sources], "rows": rows,
                    "passed over": passed_over}
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        Path(made, MANIFEST).write_text(text + "\n", "utf8", errors="backslashreplace")
        _put_there(Path(made), output)
    return manifest


def _sorted_out(everything, register):
    """{student: [(source, entry, owner)], the oldest first}, the files nobody was found for, those passed over."""
    found, refused, passed_over = defaultdict(list), [], []
    for source, entry in everything:
        if PASSED_OVER.search(entry.path):
            continue
        whose = owner(entry.path)
        if whose is None:
            passed_over.append(entry.path)
            continue
        try:
            if entry.problem and entry.problem == hostile(entry.path):
                raise Refused(entry.problem)            # such a name says nothing about whose it is
            who = register.find(whose.identity, whose.name).identity if register.students else identity(whose.identity)
        except (Refused, RosterError) as problem:
            refused.append((source, entry, str(problem)))
        else:
            found[who].append((source, entry, whose))
    for files in found.values():
        files.sort(key=lambda one: (bool(NOTEBOOK.search(one[1].path)), one[2].attempt,
                                    one[1].time or datetime.datetime.min))
    return found, refused, passed_over


def _row(who, name, files, path, last):
    """The student's row, once the newest of these files has been written to `path`."""
    source, entry, whose = files[-1]
    late = whose.late if whose.late is not None else entry.time > last if last and entry.time else None
    row = {**_nothing(who, name), "source": f"{source.name}: {entry.path}", "attempt": len(files),
           "time": entry.time.isoformat() if entry.time else None, "late": late, "problem": None,
           "other": [f"{source.name}: {other.path}" for source, other, _ in files[:-1]]}
    try:
        if entry.problem:
            raise Refused(entry.problem)
        if not NOTEBOOK.search(entry.path):
            archive = entry.path.lower().endswith((".zip", ".7z", ".rar", ".gz", ".tar"))
            raise Refused("It is an archive inside the archive, and is not unpacked: ask for the notebook itself."
                          if archive else "It is no notebook: its name does not end in .ipynb.")
        content = entry.read()
    except Refused as problem:
        return {**row, "problem": str(problem)}
    path.write_bytes(content)
    return {**row, "file": path.name, "sha256": hashlib.sha256(content).hexdigest()}


def _nothing(who, name):
    return {"student": who, "name": name, "file": None, "source": None, "attempt": 0, "time": None, "late": None,
            "sha256": None, "problem": "Nothing was handed in.", "other": []}


def _file_names(students: Iterable[str]) -> dict[str, str]:
    """A file name for each student that every file system takes, different also where case makes no difference."""
    plain = {who: re.sub(r"[^A-Za-z0-9.@-]+", "_", who).strip("._") or "_" for who in students}
    count = defaultdict(int)
    for name in plain.values():
        count[name.casefold()] += 1
    names = {}
    for who, name in plain.items():
        if name != who or len(name) > 60 or RESERVED.match(name) or count[name.casefold()] > 1:
            name = f"{name[:60]}-{hashlib.sha256(who.encode('utf8', 'backslashreplace')).hexdigest()[:8]}"
        names[who] = ("student-" if RESERVED.match(name) else "") + name + ".ipynb"
    return names


def _check_output(output: Path, sources: list[Path]) -> None:
    """Raises CollectError unless the folder is not there, is empty, or is one that an earlier call made."""
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise CollectError(f"{output} is no folder.")
    if any(output.resolve() == source.resolve() for source in sources):
        raise CollectError(f"{output} is what should be collected: name another folder.")
    if output.is_dir() and any(output.iterdir()):
        try:
            rows = json.loads((output / MANIFEST).read_text("utf8"))["rows"]
            ours = {MANIFEST, *(row["file"] for row in rows)}
        except (OSError, ValueError, KeyError, TypeError):
            ours = set()
        if others := sorted({path.name for path in output.iterdir()} - ours):
            raise CollectError(f"{output} holds something else, such as {others[0]}: name an empty or a new folder.")


def _put_there(made: Path, output: Path) -> None:
    """The made folder in the place of `output`; what stood there goes once the new one is there."""
    old = made.with_name(made.name + "-old")
    if output.is_dir():
        output.rename(old)
    try:
        made.rename(output)
    except OSError:
        old.rename(output)
        raise
    made.mkdir()                    # for what made it, which takes it away
    shutil.rmtree(old, ignore_errors=True)

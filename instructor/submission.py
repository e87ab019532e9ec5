"""A file that was handed in: read with care, matched with its assignment, and looked through for what delegates."""

import ast
import contextlib
import gc
import hashlib
import json
import os
import re
import select
import signal
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from .assignment import Assignment, digest
from .inside import set_limits, tidy

MOST_MIB, MOST_CELLS, MOST_LETTERS = 20, 2000, 400_000      # of a file; its cells; the code in them
READING = {"total_s": 20, "memory_mib": 1024, "disk_mib": 0}     # what reading a file and its code may use
PATIENCE_S = 120            # the same on the clock, where the machine does other things too
LAYERS = {"GRU", "LSTM", "RNN", "RNNBase", "GRUCell", "LSTMCell", "RNNCell", "RNNCellBase", "gru", "lstm", "gru_cell",
          "lstm_cell", "rnn_tanh", "rnn_relu", "rnn_tanh_cell", "rnn_relu_cell", "mkldnn_rnn_layer", "Recurrent",
          "SequenceClassifier", "BUILT_IN"}
HIDING = {"eval", "exec", "compile", "__import__", "globals", "locals", "vars", "open", "breakpoint", "importlib",
          "inspect", "gc", "sys", "ctypes", "builtins", "pickle", "marshal", "types", "_VF", "_C", "ops",
          "jit", "fx", "overrides", "classes", "hub", "operator",
          # what finds something by a text, or runs a text or what was kept in bytes
          "attrgetter", "methodcaller", "get_field", "Formatter", "get_type_hints", "ForwardRef", "import_item",
          "CompilationUnit", "load", "loads", "script", "runstring", "cpp_extension", "export", "onnx", "make_fx",
          # where nobody looks on: other threads and processes, and what they share
          "concurrent", "threading", "multiprocessing", "subprocess", "share_memory_", "memmap", "from_file", "fork",
          "forkpty", "popen", "system", "posix_spawn", "posix_spawnp", "execv", "execve", "execvp", "spawnv", "spawnl",
          "DisableTorchFunction", "DisableTorchFunctionSubclass",
          # what PyTorch calls back while the guard of instructor/inside.py looks away
          "apply_", "map_", "map2_", "__torch_function__", "__torch_dispatch__"}
OFTEN = {"open", "types", "operator", "classes", "sys", "compile", "script", "export", "system"}   # also harmless words
INNOCENT = {"__init__", "__call__", "__name__", "__class__", "__version__", "__doc__", "__file__", "__future__"}
USUAL = {"torch", "math", "numpy", "seqlab", "itertools", "functools", "collections", "copy", "random", "matplotlib",
         "typing", "time", "warnings", "cmath", "statistics", "tqdm", "__future__", "dataclasses", "IPython", "os",
         "google", "pandas", "scipy", "sklearn", "torchvision", "pprint", "string", "re", "json"}


class Unreadable(ValueError):
    """The file is no notebook of this assignment; the words say why."""


@dataclass
class Submission:
    """A notebook, as far as it counts: its code cells as [number, source, exercise or None], and notes on it."""

    cells: list[list]
    notes: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)     # exercises whose cell is still the stub
    calls: dict[str, tuple] = field(default_factory=dict)   # exercise by hand -> what `delegates` says of it


def read(content: bytes, assignment: Assignment, by_hand: dict[str, set[str]]) -> Submission:
    """What of the file is run for this assignment, and what it calls in the exercises that are to be written `by_hand`
    (id -> the names that it must not use). Unreadable, with the reason.

    A line like `import a.a.a.a...` makes Python's own parser fill the memory; so a process with limits reads it.
    """
    def looked_through() -> dict:
        try:
            found = match(read_notebook(content), assignment)
        except Unreadable as problem:
            return {"unreadable": str(problem)}
        found.calls = {one["id"]: delegates(found.cells, tuple(one["names"]), by_hand[one["id"]])
                       for one in assignment.exercises if one["id"] in by_hand}
        return asdict(found)

    told = apart(looked_through)
    if told is None:
        raise Unreadable("to read it takes more time or memory than a notebook may have")
    if "unreadable" in told:
        raise Unreadable(told["unreadable"])
    return Submission(**told)


def apart(function: Callable[[], dict]) -> dict | None:
    """What the function gives, as JSON holds it, computed in a process of its own; None if it does not get there."""
    reads, writes = os.pipe()
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):     # that there are other threads
        child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            gc.disable()                                # nothing of the other threads' is ended from here
            set_limits(READING, processes=False)
            with open(writes, "wb") as out:
                out.write(json.dumps(function()).encode())
            os._exit(0)
        os._exit(1)
    os.close(writes)
    ends, told = time.monotonic() + PATIENCE_S, []
    while select.select([reads], [], [], max(0.0, ends - time.monotonic()))[0] and (part := os.read(reads, 1 << 20)):
        told.append(part)
    os.close(reads)
    if time.monotonic() >= ends:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return json.loads(b"".join(told)) if status == 0 else None


def read_notebook(content: bytes) -> dict:
    """The cells and the metadata of a notebook, of format 3 or 4. Unreadable, with the reason."""
    if not content.strip():
        raise Unreadable("the file is empty")
    if len(content) > MOST_MIB << 20:
        raise Unreadable(f"the file is larger than {MOST_MIB} MiB")
    if content.startswith(b"PK"):
        raise Unreadable("the file is a zip archive, not a notebook")
    text = None
    encodings = ["utf-16"] if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as problem:
            raise Unreadable("the file is no text in UTF-8, so it is no notebook") from problem
    try:
        found = json.loads(text)
    except RecursionError as problem:
        raise Unreadable("the file is nested too deeply for a notebook") from problem
    except ValueError as problem:
        at_its_end = getattr(problem, "pos", 0) >= len(text.rstrip()) or "Unterminated" in str(problem)
        cut = text.lstrip().startswith("{") and (at_its_end or not text.rstrip().endswith("}"))
        raise Unreadable("the file breaks off in the middle" if cut else "the file is no JSON, so it is no notebook"
                         ) from problem
    if not isinstance(found, dict):
        raise Unreadable("the file is JSON, but no notebook")
    cells = found.get("cells")
    if cells is None and isinstance(found.get("worksheets"), list):
        cells = [cell for sheet in found["worksheets"] if isinstance(sheet, dict)
                 for cell in (sheet.get("cells") if isinstance(sheet.get("cells"), list) else [])]
    if not isinstance(cells, list):
        raise Unreadable("the file is JSON, but no notebook: it has no cells")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"the notebook has more than {MOST_CELLS} cells")
    cells = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell["source"]) for cell in cells if cell["kind"] == "code") > MOST_LETTERS:
        raise Unreadable(f"the notebook has more than {MOST_LETTERS} letters of code")
    return {"cells": cells, "metadata": _dict(found.get("metadata"))}


def _dict(value) -> dict:
    return value if isinstance(value, dict) else {}


def _cell(cell: dict) -> dict:
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(one for one in source if isinstance(one, str))
    source = source if isinstance(source, str) else ""
    if len(source) > MOST_LETTERS:
        raise Unreadable(f"a cell has more than {MOST_LETTERS} letters")
    # a lone surrogate cannot be sent on, nor a null byte be compiled
    source = source.encode("utf-8", "replace").decode().replace("\0", "").replace("\r\n", "\n")
    metadata = _dict(cell.get("metadata"))
    own = _dict(metadata.get("seqlab")).get("id")
    tags = metadata.get("tags") if isinstance(metadata.get("tags"), list) else []
    return {"kind": cell.get("cell_type"), "source": source, "id": own if isinstance(own, str) else None,
            "tags": {tag for tag in tags if isinstance(tag, str)}}


def match(notebook: dict, assignment: Assignment) -> Submission:
    """What of the notebook is run for this assignment. Unreadable if it is none of this assignment's."""
    metadata = _dict(notebook["metadata"].get("seqlab"))
    theirs = metadata.get("assignment")
    if theirs is not None and theirs != assignment.fingerprint:
        title = metadata.get("title")
        named = f": {title[:80]!r}" if isinstance(title, str) else ""
        raise Unreadable(f"the notebook is for another assignment{named}")
    names = {one["id"]: set(one["names"]) for one in assignment.exercises}
    stubs = {one["id"]: one["stub"] for one in assignment.exercises}
    found = Submission([])
    code = [(k, cell) for k, cell in enumerate(notebook["cells"]) if cell["kind"] == "code" and cell["source"].strip()]
    answers, places = {}, {}
    for k, cell in code:
        binds = _bound(cell["source"])
        exercise = cell["id"] if cell["id"] in names and "check" not in cell["tags"] else None
        if exercise is None and cell["id"] is None:
            exercise = next((one for one, its in names.items() if its and its <= binds), None)
        if exercise:
            places[k] = exercise
            answers.setdefault(exercise, []).append((k, digest(cell["source"]) == stubs[exercise]))
    if not answers and not any(_bound(cell["source"]) & set().union(*names.values()) for _, cell in code):
        raise Unreadable("none of this assignment's exercises is in it, so it is another notebook")
    passed_over = set()
    for exercise, those in answers.items():
        written = [k for k, is_stub in those if not is_stub]
        if not written:
            found.unanswered.append(exercise)
        if len(those) > 1:
            passed_over |= {k for k, is_stub in those if is_stub and written}
            if len(written) > 1:
                found.notes.append(f"{exercise} is answered {len(written)} times; the last one counts")
    for exercise in names:
        if exercise not in answers:
            text = any(cell["id"] == exercise and cell["kind"] != "code" and "check" not in cell["tags"]
                       for cell in notebook["cells"])
            found.notes.append(f"the cell of {exercise} is no code cell" if text else
                               f"the cell of {exercise} is missing")
    for k, cell in code:
        checks = "check" in cell["tags"] or cell["source"].lstrip().startswith("check(")
        sets_up = "setup" in cell["tags"] or 'importlib.util.find_spec("seqlab")' in cell["source"]
        as_given = digest(cell["source"]) in assignment.given
        if k in passed_over or sets_up or (checks and as_given):
            continue
        found.cells.append([k, _quick(cell["source"]) if as_given else cell["source"], places.get(k)])
    return found


def _quick(source: str) -> str:
    """A cell that was handed out, without its demonstration: what it defines stays, loops and calls alone go."""
    kept = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef | ast.Assign
    return "\n".join(ast.unparse(node) for node in _parse(source).body if isinstance(node, kept))


def _parse(source: str) -> ast.Module:
    try:
        return ast.parse(tidy(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def _bound(source: str) -> set[str]:
    names = set()
    for node in _parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.With | ast.For | ast.If | ast.Try):
            names |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return names


def delegates(cells: list[list], names: tuple[str, ...], forbidden: set[str] = LAYERS) -> tuple[str | None, str | None]:
    """What an answer that is to be written by hand calls instead, and what hides what it calls; each as a name or None.

    Everything that the answer's names lead to in the notebook is looked at, by its code alone.
    """
    statements = [node for _, source, _ in cells for node in _parse(source).body]
    where, modules, hidden = defaultdict(list), set(), []
    for statement in statements:
        for name in _touches(statement):
            where[name].append(statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Import | ast.ImportFrom):
                modules |= {one.asname or one.name.split(".")[0] for one in node.names}
            elif isinstance(node, ast.Assign) and _root(node.value) in modules:
                modules |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    seen, waiting, looked, calls, hides = set(), set(names), set(), [], []
    while waiting:
        name = waiting.pop()
        seen.add(name)
        for statement in where[name]:
            if id(statement) in looked:
                continue
            looked.add(id(statement))
            for node in ast.walk(statement):
                word = _word(node, forbidden)
                if word in forbidden:
                    calls.append(word)
                elif word in HIDING or ((word or "").startswith("__") and word not in INNOCENT):
                    hides.append(word)
                elif isinstance(node, ast.Import | ast.ImportFrom):
                    calls += [part for part in _parts(node) if part in forbidden]
                    hides += [part for part in _parts(node) if part in HIDING]
                elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr" and not (
                        _plain_getattr(node, None)):
                    hides.append("getattr")
            waiting |= _names_from_outside(statement) - seen
    for statement in statements:        # also what the answer's names do not lead to: it may lead there unseen
        known = {id(node.func) for node in ast.walk(statement) if isinstance(node, ast.Call)
                 and _plain_getattr(node, modules)}
        for node in ast.walk(statement):
            word = _word(node)
            if word in HIDING - OFTEN or (word == "getattr" and id(node) not in known) or (
                    isinstance(node, ast.Attribute) and word not in INNOCENT
                    and word.startswith("_" if _root(node) in modules else "__")) or (
                    isinstance(node, ast.MatchClass) and word):
                hidden.append(word)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                hidden += [part for part in _parts(node) if part in HIDING - OFTEN or (
                    part.startswith("_") and part not in INNOCENT)]
                hidden += [root for root in _roots(node) if root not in USUAL]
    hidden = hides + hidden
    return calls[0] if calls else None, hidden[0] if hidden else None


def _plain_getattr(node: ast.Call, modules: set[str] | None) -> bool:
    """Whether it is a getattr with a name that can be read, and is none that hides anything; or of what is none of
    these modules."""
    if getattr(node.func, "id", "") != "getattr" or len(node.args) < 2:
        return False
    if not isinstance(node.args[1], ast.Constant):
        return modules is not None and isinstance(node.args[0], ast.Name) and node.args[0].id not in modules
    name = str(node.args[1].value)
    return name not in HIDING and (not name.startswith("_") or name in INNOCENT)


def _root(node: ast.AST) -> str | None:
    """The name that a chain of attributes starts from."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return getattr(node, "id", None)


def _roots(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The packages that a statement imports from."""
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
    return [module.split(".")[0] for module in modules]


def _parts(node: ast.Import | ast.ImportFrom) -> list[str]:
    """All words of what a statement imports: torch, nn and GRU of `from torch.nn import GRU`."""
    return re.findall(r"\w+", " ".join([getattr(node, "module", None) or "", *(one.name for one in node.names)]))


def _names_from_outside(statement: ast.stmt) -> set[str]:
    """The names that a statement reads, without those that it makes itself."""
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    own = {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names} - own


def _touches(statement: ast.stmt) -> set[str]:
    """The names that a statement at the top level defines, or changes from outside."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {one.asname or one.name.split(".")[0] for one in statement.names} | ({"*"} if any(
            one.name == "*" for one in statement.names) else set())
    found = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                found |= {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "setattr" and node.args:
            found |= {one.id for one in ast.walk(node.args[0]) if isinstance(one, ast.Name)}
    return found


def _word(node: ast.AST, forbidden: set[str] = LAYERS) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in forbidden:
        return node.value
    if isinstance(node, ast.MatchClass):        # `case object(GRUCell=found)` is an attribute too
        return next((one for one in node.kwd_attrs if one in forbidden | HIDING or one.startswith("_")), None)
    if isinstance(node, ast.FunctionDef) and node.name in HIDING:
        return node.name
    return None


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

"""What MicroPython runs on a practice page: an answer, and the check of its exercise. worker.js calls `answer`.

It is the same check code as in the notebooks, seqlab/checks/plain, with the same sentences.
"""

import builtins
import io
import itertools
import json
import sys

from seqlab.checks import plain

NAME = "your answer"
_zip = builtins.zip


# --- what answers may use and MicroPython lacks ----------------------------------------------------------------------


def zip(*iterables, strict=False):
    if not strict:
        return _zip(*iterables)
    iterables = [list(one) for one in iterables]
    if len({len(one) for one in iterables}) > 1:
        raise ValueError("zip() arguments have different lengths")
    return _zip(*iterables)


def permutations(values, r=None):
    values = tuple(values)
    if r == 0 or (not values and r is None):
        yield ()
        return
    for k, value in enumerate(values):
        for rest in permutations(values[:k] + values[k + 1:], None if r is None else r - 1):
            yield (value,) + rest
        if len(values) == 1 and r is None:
            return


def pairwise(values):
    values = list(values)
    return zip(values, values[1:])


def product(*pools, repeat=1):
    found = [()]
    for pool in [list(pool) for pool in pools] * repeat:
        found = [one + (value,) for one in found for value in pool]
    return iter(found)


builtins.zip = zip
itertools.permutations, itertools.pairwise, itertools.product = permutations, pairwise, product


# --- an answer -------------------------------------------------------------------------------------------------------


def answer(request, quiet):
    """Run an answer, and its check if that is asked for. Returns what came of it, as JSON.

    `request` is JSON: `given`, the imports that the notebook gives; `earlier`, the answers above on the page, which
    this one may use; `text`, the answer; `check`, the code of its check, or nothing. `quiet(True)` drops what is
    printed.
    """
    request = json.loads(request)
    names = {"__name__": "__main__", "check": check}
    quiet(True)
    for text in [request["given"]] + request["earlier"]:
        try:
            exec(compile(text, "above", "exec"), names)
        except BaseException:
            pass
    quiet(False)
    try:
        exec(compile(request["text"], NAME, "exec"), names)
    except BaseException as problem:
        return json.dumps(_described(problem, request["text"]))
    if not request.get("check"):
        return json.dumps({"ended": "run"})
    _praise.clear()
    try:
        exec(compile(request["check"], "check", "exec"), names)
    except plain.CheckFailed as failure:
        said = str(failure)
        hint = _hint(said, "") if " stopped with " in said else ""
        return json.dumps({"ended": "not yet", "said": f"{said}. {hint}" if hint else said})
    except NameError as problem:
        missing = str(problem).split("'")[1]
        return json.dumps({"ended": "not yet", "said": f"the answer should define {missing}, and it does not. "
                                                       "Is the name spelled as the exercise says?"})
    return json.dumps({"ended": "right", "said": _praise[-1]})


_praise = []


def check(exercise_id, *answers, **named_answers):
    """Stands for seqlab.check: it keeps its line of praise instead of printing it."""
    __import__("seqlab.checks.plain." + exercise_id.split("/")[0].replace("-", "_"))
    _praise.append(plain.praise_for(exercise_id, *answers, **named_answers))


def _described(problem, text):
    """The error in words: its kind, what it says, the line of the answer in which it arose, and a hint."""
    told = io.StringIO()
    sys.print_exception(problem, told)
    lines = told.getvalue().strip().split("\n")
    places = [line.split("line ")[1].split(",")[0] for line in lines if f'File "{NAME}"' in line]
    line = int(places[-1]) if places else None
    written = text.split("\n")
    said = lines[-1]
    code = written[line - 1].strip() if line and line <= len(written) else ""
    return {"ended": "error", "said": said, "line": line, "hint": _hint(said, code), "code": code}


def _hint(said, code):
    if "no module named" in said:
        return ("On this page Python has its small standard library alone: no NumPy and no PyTorch. This exercise "
                "needs neither; in the notebook you may use them.")
    if any("'" + name + "'" in said for name in ("np", "torch", "nn")) and "NameError" in said:
        return "Here there is no NumPy and no PyTorch, and this needs neither: math has tanh, exp, log and sqrt."
    if "NameError" in said:
        return ("Is the name spelled as it is above, and is a text in quotes? If an exercise above asks for it, answer "
                "that one first: its answer may be used here.")
    if "MemoryError" in said:
        return "Is there a list that grows for ever, or a number of elements that is far too large?"
    if "__xor__" in said:
        return "A power is written with two stars: x ** 2."
    if "*x must be" in said or (said.startswith("SyntaxError") and _star_in_brackets(code)):
        return "The Python of this page knows no star inside brackets, as in [*a, b]. Write a + [b]."
    if "NotImplementedError" in said:
        return "The Python of this page cuts a tuple or a text only with step 1. Make it a list first."
    if said.startswith("IndentationError") or "indent" in said:
        return "The lines of a block begin in the same column."
    if said.startswith("SyntaxError"):
        return ("Look at this line and the one before: is a bracket left open, a colon missing, or the body of a "
                "function or loop not indented?")
    return ""


def _star_in_brackets(code):
    """Whether a star stands where only an unpacked list can stand: behind an opening bracket or a comma."""
    bare = code.replace(" ", "").replace("**", "")
    return any(before + "*" in bare for before in "([,")

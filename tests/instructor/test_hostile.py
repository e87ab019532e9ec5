"""Submissions that are broken or hostile, by mechanism: none stops a batch, gains a point, or reaches anything outside.

Each stands in the place of the answer to gru/step, between an answer to scalar-rnn/states that is right and one to
gru/memory that is right. So what is lost shows too.
"""

import json
import os
import signal
import socket
import threading
import time

import psutil
import pytest

from instructor import grade, submission
from instructor.sandbox import Limits, Sandbox
from tools.course import ROOT

pytestmark = pytest.mark.slow
QUICK = ["torch", "numpy"]
LIMITS = Limits(cell_s=6, call_s=5, total_s=60, memory_mib=700, disk_mib=16, processes=24, reply_mib=4)
WORTH = {"scalar-rnn/states": 2, "gru/memory": 3}
WRONG = "\ndef gru_step(x, h, *weights):\n    return h"
ANY = {"grade": None}


def run(code, assignment, sandbox, limits=LIMITS):
    content = grade.solved(assignment, {
        **{name: grade.exercises.catalogue()[name].cell.source for name in WORTH}, "gru/step": code})
    result = grade.grade_one(content, assignment, limits, sandbox, 7)
    assert json.dumps(result, ensure_ascii=False).encode(), "it can be written"
    return result


def points(result):
    return {one["id"]: one["points"] for one in result["exercises"]}


IN_A_CELL = {       # code of a cell -> words of the reason; the grade is blank
    "an endless loop": ("while True:\n    pass", "took too long"),
    "an endless loop that catches everything": (
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
        "took too long"),
    "an exit code": ("import os\nos._exit(0)", "ended its process"),
    "a crash": ("import ctypes\nctypes.string_at(0)", "ended its process"),
    "recursion without an end": ("import sys\nsys.setrecursionlimit(10**8)\nf = lambda n: f(n + 1)\nf(0)", ""),
    "its process killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "ended its process"),
    "the channel closed": ("import os\nfor number in range(3, 200):\n    try:\n        os.close(number)\n"
                           "    except OSError:\n        pass", "ended its process"),
    "noise on the channel": (
        "import os\nfor number in range(3, 60):\n    try:\n        os.write(number, b'{]]\\n' * 50)\n"
        "    except OSError:\n        pass", "broke off"),
    "waiting for nothing": ("import time\ntime.sleep(1000)", "took too long"),
    "words of the grader's own": (
        "import os\nfor number in range(3, 60):\n    try:\n"
        "        os.write(number, b'{\"refused\": \"\\\\u001b[2J\\\\n1001: 8\"}\\n')\n"
        "    except OSError:\n        pass", "broke off"),
    "cells that are not there": (
        "import os, json\ntold = b''.join(json.dumps({'cell': number, 'error': {'type': 'KeyError', 'text': 'x' * 300}}"
        ").encode() + b'\\n' for number in range(20_000))\nfor number in range(3, 60):\n    try:\n        while told:\n"
        "            told = told[os.write(number, told):]\n    except OSError:\n        pass", "broke off"),
}


@pytest.mark.parametrize("name", IN_A_CELL)
def test_what_ends_a_cell_leaves_the_grade_blank_and_the_rest_counts(name, assignment, sandbox):
    code, words = IN_A_CELL[name]
    result = run(code, assignment, sandbox)
    assert result["grade"] is None and words in result["reason"]
    assert "cell" in result["reason"] or "notebook" in result["reason"]
    assert points(result).get("gru/step", 0) == 0
    if "cell" in result["reason"]:
        assert {one: worth for one, worth in points(result).items() if one in WORTH} == WORTH


def test_seconds_are_those_of_computing(assignment, sandbox):
    """A submission that a busy machine lets wait is not stopped; one that computes as long is."""
    right = grade.exercises.catalogue()["gru/step"].cell.source
    limits = Limits(cell_s=2, call_s=20, total_s=60)
    assert run("import time\ntime.sleep(3)\n" + right, assignment, sandbox, limits)["grade"] == 8
    busy = "import time\nwhile time.process_time() < 60:\n    pass\n"
    assert "took too long" in run(busy + right, assignment, sandbox, limits)["reason"]
    in_all = Limits(cell_s=30, call_s=30, total_s=2)
    assert "took too long" in run(busy.replace("60", "9") + right, assignment, sandbox, in_all)["reason"]


def forged(line):
    """An answer that writes this line to the grader, past the encoder."""
    return (f"import os\ndef gru_step(*given):\n    for number in range(3, 60):\n        try:\n"
            f"            os.write(number, {line!r} + b'\\n')\n        except OSError:\n            pass\n    return 1")


LAYER_OUT_OF_SIGHT = "import torch\nfrom torch import nn\nkept = []\nkept.append(nn.GRUCell)\n"
RUN_IT = ("{0}cell = kept[0](x.shape[1], h.shape[1]).double()\n{0}for one, value in zip(cell.parameters(), w):\n"
          "{0}    one.data = value\n{0}")
IN_A_CALL = {       # code of the answer -> words of the reason, or None where a wrong answer is all that it is
    "an endless loop": ("def gru_step(*given):\n    while True:\n        pass", "took too long"),
    "an exit": ("import os\ndef gru_step(*given):\n    os._exit(0)", "ended its process"),
    "sys.exit": ("import sys\ndef gru_step(*given):\n    sys.exit()", None),
    "an exception that carries what it was given": ("def gru_step(*given):\n    raise ValueError(given)", None),
    "an exception without words": ("class Odd(BaseException):\n    def __str__(self):\n        raise Odd\n"
                                   "def gru_step(*given):\n    raise Odd", None),
    "an answer that is equal to everything": (
        "class All:\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "    def __getattr__(self, name):\n        return All()\ndef gru_step(*given):\n    return All()", None),
    "a tensor that is equal to everything": (
        "import torch\nclass All(torch.Tensor):\n    def __eq__(self, other):\n        return True\n"
        "    @classmethod\n    def __torch_function__(cls, function, types, args=(), kwargs=None):\n"
        "        return torch.ones(())\ndef gru_step(x, h, *weights):\n    return h.as_subclass(All)", None),
    "a lone surrogate in an exception": ("raise ValueError('\\ud800')", None),
    "markup in an exception": ("raise ValueError('<script>alert(1)</script>')", None),
    "an exception whose type is a list": (
        "import os\ndef gru_step(*given):\n    for number in range(3, 60):\n        try:\n"
        "            os.write(number, b'{\"error\": {\"type\": [], \"cell\": -1, \"line\": 1e9}}\\n')\n"
        "        except OSError:\n            pass", ANY),
    "a class that lies": (
        "import torch, numpy\nclass Lie:\n    __class__ = torch.Tensor\n    shape, dtype = (1, 1), torch.float64\n"
        "    requires_grad = False\n    numel = lambda self: 1\n    is_complex = lambda self: False\n"
        "    detach = cpu = contiguous = lambda self: self\n    numpy = lambda self: numpy.zeros((1, 1))\n"
        "    __float__ = lambda self: 1.0\ndef gru_step(*given):\n    return Lie()", None),
    "a list that never ends": ("class Long(list):\n    def __iter__(self):\n        while True:\n            yield 0\n"
                               "def gru_step(*given):\n    return Long()", "took too long"),
    "a name in other letters": ("def \N{MATHEMATICAL ITALIC SMALL G}ru_step(x, h, *weights):\n    return h", None),
    "everything of PyTorch patched": (
        "import torch\ntorch.Tensor.detach = torch.Tensor.numpy = lambda self: 1 / 0\ntorch.from_numpy = None" + WRONG,
        ANY),
    "the first process of its world stopped": (
        "import os, signal\nos.kill(1, signal.SIGSTOP)\nos.kill(1, signal.SIGKILL)" + WRONG, None),
    "NaN": ("def gru_step(x, h, *weights):\n    return h * float('nan')", None),
    "patched comparisons": (
        "import torch, math\ntorch.allclose = torch.equal = torch.isclose = lambda *given, **named: True\n"
        "math.isclose = lambda *given, **named: True\ntorch.Tensor.__eq__ = lambda one, other: True" + WRONG, None),
    "a patched print and check": ("import builtins, seqlab\nbuiltins.print = lambda *given, **named: None\n"
                                  "seqlab.check = lambda *given: print('right')" + WRONG, None),
    "a patched encoder": (
        "import sys\nmain = sys.modules['__main__']\nfor name in ('encode', 'without_layers'):\n"
        "    setattr(main, name, lambda *given: {'T': 'float64', 's': [0], 'b': '', 'g': True})" + WRONG, ANY),
    "forged results": (
        "import os, json\ndef gru_step(*given):\n    line = json.dumps({'value': True, 'passed': True, 'grade': 99})\n"
        "    for number in range(3, 60):\n        try:\n            os.write(number, (line + '\\n').encode() * 50)\n"
        "        except OSError:\n            pass\n    return 1", ANY),
    "frames": (
        "import sys\ndef gru_step(x, h, *weights):\n    frame = sys._getframe()\n    while frame:\n"
        "        for name in list(frame.f_locals):\n            if 'want' in name or 'reply' in name:\n"
        "                return frame.f_locals[name]\n        frame = frame.f_back\n    return h", None),
    "the garbage collector": (
        "import gc, torch\ndef gru_step(x, h, *weights):\n    for one in gc.get_objects():\n"
        "        if type(one) is torch.Tensor and one.shape == h.shape and one is not h:\n            return one\n"
        "    return h", None),
    "the course's own solution by name": (
        "try:\n    from seqlab.checks.gru import _step as gru_step\nexcept ImportError:\n"
        "    def gru_step(x, h, *weights):\n        return h", None),
    "a layer": ("from torch import nn\ndef gru_step(x, h, *w):\n"
                "    cell = nn.GRUCell(x.shape[1], h.shape[1]).double()\n"
                "    cell.load_state_dict(dict(zip(cell.state_dict(), w)))\n    return cell(x, h)", None),
    "a layer under another name": (
        "import torch\nfrom torch.nn import GRUCell as Linear\ndef gru_step(x, h, *w):\n"
        "    cell = Linear(x.shape[1], h.shape[1]).double()\n"
        "    cell.load_state_dict(dict(zip(cell.state_dict(), w)))\n"
        "    return cell(x, h)", None),
    "a layer by a computed name": (
        "import torch\ndef gru_step(x, h, *w):\n    return getattr(torch, 'gru' + '_cell')(x, h, *w)", None),
    "a layer through TorchScript": (
        "import torch\n@torch.jit.script\ndef inner(x, h, a, b, c, d):\n    return torch.gru_cell(x, h, a, b, c, d)\n"
        "def gru_step(*given):\n    return inner(*given)", None),
    "a layer below PyTorch's names": (
        "import torch\ndef gru_step(x, h, *w):\n    return torch.ops.aten.gru_cell(x, h, *w)", None),
    "a layer in a text that TorchScript reads": (
        "from torch.jit import CompilationUnit\nunit = CompilationUnit('def f(x, h, a, b, c, d):\\n"
        "    return torch.gru_cell(x, h, a, b, c, d)\\n')\ndef gru_step(*given):\n    return unit.f(*given)", None),
    "PyTorch's own way to take a layer apart": (
        "from torch._decomp import decompositions as d\ndef gru_step(x, h, *w):\n"
        "    return d.gru_impl(x[None], h[None], list(w), True, 1, 0.0, False, False, False)[1][0]", None),
    "the course's cell": (
        "from seqlab.cells import GRUCell as Own\ndef gru_step(x, h, *w):\n"
        "    cell = Own(x.shape[1], h.shape[1]).double()\n"
        "    for one, value in zip(cell.parameters(), w):\n        one.data = value\n    return cell(x, h)", None),
    "more than can be read": ("import torch\ndef gru_step(*given):\n    return [[0.0] * 9999] * 900", ANY),
    "a value that contains itself": ("def gru_step(*given):\n    one = []\n    one.append(one)\n    return one", None),
    "a tensor of nothing, that is endlessly long": (
        forged(b'{"value": {"T": "float64", "s": [1000000000000, 0], "b": ""}}'), ANY),
    "a value with two meanings": (
        forged(b'{"error": {"type": "KeyError"}, "value": NaN, "value": {"T": [], "s": {}, "b": 3}}'), ANY),
    "a number of thousands of digits": (forged(b'{"value": ' + b"9" * 4000 + b"}"), ANY),
    "a name that is missing, made up": (forged(b'{"missing": "<script>0.4711"}'), ANY),
    "a call of what was not given": (forged(b'{"call": -1, "given": 3, "options": []}'), ANY),
    "a layer in a pattern": (
        "import torch\nfrom torch import nn\nmatch nn:\n    case object(GRUCell=Found):\n        kept = [Found]\n"
        "def gru_step(x, h, *w):\n" + RUN_IT.format("    ") + "return cell(x, h)", None),
    "a layer while PyTorch calls back": (
        LAYER_OUT_OF_SIGHT + "def gru_step(x, h, *w):\n    out = []\n    def run(one):\n" + RUN_IT.format(" " * 8)
        + "out.append(cell(x, h))\n        return one\n    torch.zeros(1).apply_(run)\n    return out[0]", None),
    "a layer in a tensor of its own kind": (
        LAYER_OUT_OF_SIGHT + "class Own(torch.Tensor):\n    @classmethod\n"
        "    def __torch_function__(cls, function, types, args=(), kwargs=None):\n        x, h, w = kept[-1]\n"
        + RUN_IT.format(" " * 8) + "return cell(x, h)\ndef gru_step(x, h, *w):\n    kept.append((x, h, w))\n"
        "    return torch.tanh(torch.zeros(1).as_subclass(Own))", None),
    "what is done at the end": (
        "import atexit, os\nclass Last:\n    def __del__(self):\n        os._exit(0)\nkept = Last()\n"
        "atexit.register(os._exit, 0)" + WRONG, None),
    "an end at the end of a call": (
        "import os\nclass Last(float):\n    def __del__(self):\n        os._exit(0)\n"
        "def gru_step(*given):\n    return Last(1)", "ended its process"),
    "a look at every line": (
        "import sys\ndef look(frame, event, given):\n    if 'reply' in frame.f_locals:\n"
        "        frame.f_locals['reply'].update(value=True, passed=True)\n    return look\nsys.settrace(look)"
        + WRONG, ANY),
    "an alarm in everything": (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *given: 1 / 0)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)" + WRONG, ANY),
    "what is an instance of everything": (
        "import builtins\nclass Every(type):\n    __instancecheck__ = __eq__ = lambda one, other: True\n"
        "    __hash__ = type.__hash__\nclass All(metaclass=Every):\n    pass\nbuiltins.float = builtins.list = All"
        + WRONG, ANY),
    "a way of its own for every operation": (
        "import torch\nfrom torch.overrides import TorchFunctionMode\nclass Mine(TorchFunctionMode):\n"
        "    def __torch_function__(self, function, types, args=(), kwargs=None):\n        return 1.0\n"
        "Mine().__enter__()" + WRONG, ANY),
    "another question in the question's place": (
        "import json\nold = json.loads\ndef loads(text):\n    said = old(text)\n    if 'by_hand' in said:\n"
        "        said.update(by_hand=False, expression='True')\n    return said\njson.loads = loads" + WRONG, ANY),
    "the grader's own names": ("torch = nn = math = np = load = gradients = answer = expect = None" + WRONG, ANY),
    "magics and shell commands": (
        "%run x.py\n%load_ext autoreload\n%autoreload 2\n!rm -rf ~\nfiles = !ls\n?print\nprint??" + WRONG, None),
    "a cell of a shell": ("%%bash\ncat /etc/passwd\nrm -rf /", None),
    "await outside of a function": ("import asyncio\nawait asyncio.sleep(1000)" + WRONG, None),
    "an answer that has to be awaited": ("async def gru_step(x, h, *weights):\n    return h", None),
    "warnings as errors, in no language": (
        "import warnings, os, time, decimal\nwarnings.simplefilter('error')\nos.environ['TZ'] = 'X'\ntime.tzset()\n"
        "decimal.getcontext().prec = 1" + WRONG, None),
    "other defaults of PyTorch": (
        "import torch\ntorch.set_default_dtype(torch.float16)\ntorch.set_default_device('meta')\n"
        "torch.set_grad_enabled(False)" + WRONG, ANY),
    "memory of other processes": (
        "import os, ctypes\nfor number in (1, 2, 3):\n    ctypes.CDLL(None).ptrace(16, number, 0, 0)\n    try:\n"
        "        open(f'/proc/{number}/mem', 'r+b').write(b'x')\n    except OSError:\n        pass" + WRONG, None),
    "threads that are left behind": (
        "import threading, time\ndef busy():\n    while True:\n        time.sleep(0.001)\n"
        "for _ in range(5):\n    threading.Thread(target=busy, daemon=False).start()" + WRONG, None),
    "import hooks and the environment": (
        "import sys, os\nclass Hook:\n    def find_spec(self, *given):\n        raise ImportError\n"
        "sys.meta_path.insert(0, Hook())\nos.environ.clear()\nos.environ['LD_PRELOAD'] = '/tmp/x.so'" + WRONG, None),
    "input and pip": ("!pip install nothing\n%pip install nothing\nname = input('who? ')" + WRONG, None),
    "output without an end": ("import sys\nfor _ in range(300):\n    print('x' * 400_000)\n"
                              "    sys.__stderr__.write('y' * 1000)" + WRONG, None),
}


@pytest.mark.parametrize("name", IN_A_CALL)
def test_no_point_is_gained_and_nothing_else_is_lost(name, assignment, sandbox):
    code, words = IN_A_CALL[name]
    result = run(code, assignment, sandbox)
    assert not points(result).get("gru/step")
    if words is ANY:
        return
    assert points(result)["scalar-rnn/states"] == 2 and points(result)["gru/memory"] == 3
    if words:
        assert result["grade"] is None and words in result["reason"]
    elif points(result)["gru/step"] is None:
        assert result["grade"] is None and "look whether it is written by hand" in result["reason"]
    else:
        assert result["grade"] == 5 and result["reason"] is None


def test_what_took_too_long_is_not_asked_again(assignment, sandbox, monkeypatch):
    """Each further test of it would take as long, and there is no grade any more. The other answers are tested."""
    asked, send = [], sandbox.send
    monkeypatch.setattr(sandbox, "send", lambda message: (asked.append(message.get("of")), send(message)))
    result = run(IN_A_CALL["an endless loop"][0], assignment, sandbox)
    tests = {one["id"]: len(one["tests"]) for one in result["exercises"]}
    assert asked.count("gru/step") == 1 < tests["gru/step"]
    assert all(asked.count(other) >= tests[other] > 0 for other in WORTH)
    assert points(result) == {**WORTH, "gru/step": 0} and result["grade"] is None


def test_no_drawn_number_is_told_as_a_line_or_a_cell(assignment, sandbox):
    """The page of feedback says where an answer stopped; only a line that is there can be meant."""
    code = ("def gru_step(x, h, *weights):\n    number = int(abs(float(x.flatten()[0])) * 1e5) + 3\n"
            "    exec(compile('\\n' * number + 'raise KeyError', '<cell 3>', 'exec'))")
    honest = "def gru_step(x, h, *weights):\n    raise KeyError"
    told = [one["said"] for code in (code, honest) for one in run(code, assignment, sandbox)["exercises"]
            if one["id"] == "gru/step"]
    assert told[0] == ["It stops with KeyError."] and "KeyError in line 2 of cell" in told[1][0]


UNSEEN = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def refused(call):
    try:
        return call() < 0 and ctypes.get_errno() == errno.EPERM
    except PermissionError:
        return True
numbers = {'x86_64': (29, 68, 250, 425), 'aarch64': (194, 186, 219, 425)}[os.uname().machine]
calls = [lambda number=number: libc.syscall(number, 0, 1 << 20, 0o1600, 0, 0) for number in numbers]
answers = [refused(call) for call in [lambda: os.memfd_create('x'), *calls]]
assert all(answers), answers
"""


def test_no_memory_is_had_that_nobody_counts_and_no_key_of_the_graders(assignment, sandbox):
    """A file without a place and a shared segment outlive their mapping, and no limit of a process counts them."""
    result = run(UNSEEN + WRONG, assignment, sandbox)
    assert result["cells"] == [] and result["grade"] == 5


@pytest.mark.parametrize("code", ["import a" + ".a" * 150_000, "x = a" + ".a" * 150_000, "x = " + "-" * 200_000 + "1"])
def test_code_that_pythons_own_parser_cannot_bear_costs_nobody_else(code, assignment, sandbox, monkeypatch):
    """The first would fill the memory of the grader, which therefore reads no code in its own process."""
    monkeypatch.setitem(submission.READING, "memory_mib", 300)
    result = run(code + WRONG, assignment, sandbox)
    assert not points(result).get("gru/step")
    assert result["exercises"] == [] or {one: points(result)[one] for one in WORTH} == WORTH


def test_a_reader_that_falls_is_a_reason(assignment, monkeypatch):
    monkeypatch.setattr(submission, "match", lambda *given: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(submission.Unreadable, match="more time or memory"):
        submission.read(b'{"cells": []}', assignment, {})


def test_too_much_memory_is_refused(assignment, sandbox):
    result = run("held = bytearray(1_500_000_000)" + WRONG, assignment, sandbox)
    assert points(result) == {"scalar-rnn/states": 2, "gru/step": 0, "gru/memory": 3}
    assert result["grade"] is None and "more memory" in result["reason"]
    assert any("MemoryError" in one["said"] for one in result["cells"])


def test_an_answer_of_millions_of_numbers_is_not_built(assignment, sandbox):
    """It comes past the encoder, which would not send it."""
    code = ("import os\ndef gru_step(*given):\n    told = b'{\"value\": {\"l\": [' + b'1,' * 1_000_000 + b'1]}}\\n'\n"
            "    for number in range(3, 60):\n        try:\n            while told:\n"
            "                told = told[os.write(number, told):]\n        except OSError:\n            pass")
    said = [one["said"] for one in run(code, assignment, sandbox)["exercises"] if one["id"] == "gru/step"]
    assert "could not be read" in said[0][0]


def test_memory_is_looked_at_while_it_sends_without_an_end(assignment, sandbox):
    code = ("import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        held = bytearray(b'x' * 500_000_000)"
            "\n        time.sleep(100)\nfor _ in range(1000):\n    for number in range(3, 20):\n        try:\n"
            "            os.write(number, b' ')\n        except OSError:\n            pass\n    time.sleep(0.01)")
    assert "memory" in run(code, assignment, sandbox, Limits(cell_s=12, memory_mib=700, processes=24))["reason"]


def test_memory_in_many_processes_is_noticed(assignment, sandbox):
    code = ("import os, time\nfor _ in range(8):\n    if os.fork() == 0:\n"
            "        held = bytearray(b'x' * 600_000_000)\n"
            "        time.sleep(100)\ntime.sleep(100)")
    before = psutil.virtual_memory().available
    result = run(code, assignment, sandbox)
    assert result["grade"] is None and ("memory" in result["reason"] or "too long" in result["reason"])
    time.sleep(1)
    assert psutil.virtual_memory().available > before - 3 * 2**30


def test_forks_without_an_end_are_held_and_all_gone_afterwards(assignment, sandbox):
    code = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"
    result = run(code, assignment, sandbox)
    assert result["grade"] is None and points(result).get("gru/step", 0) == 0
    time.sleep(1)
    assert len(psutil.Process(sandbox.process.pid).children(recursive=True)) < 5


@pytest.mark.parametrize("nested", [True, False])
def test_no_more_processes_are_begun_than_the_limit_says(nested, assignment, bubblewrap):
    """By the system, before anybody has looked: a machine that is busy looks late. Also where nothing can be nested:
    then it counts all processes of the user, those of another course's grader too."""
    code = ("import os, time\nbegun = 0\ntry:\n    while begun < 200:\n        if os.fork() == 0:\n"
            "            time.sleep(100)\n            os._exit(0)\n        begun += 1\nexcept OSError:\n    pass\n"
            f"if not {LIMITS.processes // 2 if nested else 0} < begun < {LIMITS.processes}:\n    os._exit(1)")
    with Sandbox(nested=nested, preload=QUICK) as made:
        solution = grade.exercises.catalogue()["gru/step"].cell.source
        reason = run(f"{code}\n{solution}", assignment, made)["reason"]
    assert "ended its process" not in reason and "it uses fork" in reason


def test_one_start_serves_all_and_what_was_stopped_starts_again(assignment, bubblewrap):
    solution = grade.exercises.catalogue()["gru/step"].cell.source
    with Sandbox(preload=QUICK) as made:
        began = made.started
        for _ in range(2):
            assert points(run(solution, assignment, made))["gru/step"] == 3
        assert made.started == began or not made.nested
        made.stop()
        assert points(run(solution, assignment, made))["gru/step"] == 3 and made.started > began


ESCAPES = """
import os, socket, subprocess
def attempt(what):
    try:
        return what()
    except BaseException as problem:
        return type(problem).__name__
def written(place):
    total = 0
    with open(place, 'wb') as file:
        for _ in range(200):
            total += file.write(b'x' * 1_000_000)
            file.flush()
    return 'full'
def remove(path):
    os.remove(path)
    return 'removed'
def gru_step(*given):
    return {
        'read': attempt(lambda: open(SECRET).read()), 'list': attempt(lambda: os.listdir(ROOT)),
        'passwd': attempt(lambda: open('/etc/passwd').read()), 'delete': attempt(lambda: remove(TORCH)),
        'write': attempt(lambda: open(ROOT + '/x', 'w').write('x')),
        'network': attempt(lambda: socket.create_connection(('127.0.0.1', PORT), 2)),
        'abroad': attempt(lambda: socket.create_connection(('1.1.1.1', 80), 2)),
        'disk': [attempt(lambda: written(place)) for place in ('/tmp/a', '/dev/shm/a', '/a', '/dev/a', '/run/a')],
        'mount': attempt(lambda: subprocess.run(['unshare', '-Ur', 'true'], capture_output=True).returncode),
        'processes': attempt(lambda: [one for one in os.listdir('/proc') if one.isdigit()]),
        'kill': attempt(lambda: os.kill(GRADER, 9)), 'user': os.getuid(),
        'environment': sorted(os.environ), 'left': attempt(lambda: os.listdir('/tmp'))}
"""


def test_nothing_outside_is_read_changed_or_reached(assignment, sandbox, tmp_path):
    import torch
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        names = {"SECRET": str(secret), "ROOT": str(ROOT), "PORT": server.getsockname()[1], "GRADER": os.getpid(),
                 "TORCH": torch.__file__}
        code = "\n".join(f"{name} = {value!r}" for name, value in names.items()) + ESCAPES
        sandbox.open(LIMITS)
        sandbox.send({"cells": [[0, code, "gru/step"]], "answered": {"gru/step": ["gru_step"]}})
        while "ready" not in sandbox.read(20):
            pass
        sandbox.send({"of": "gru/step", "names": ["gru_step"], "given": {}, "expression": "gru_step()",
                      "by_hand": False, "keep": 0})
        from instructor.inside import decode
        got = decode(sandbox.read(60)["value"])
        sandbox.end()
    assert got["read"] == got["passwd"] == "FileNotFoundError" and secret.read_text() == "a secret"
    assert got["write"] in ("OSError", "PermissionError", "FileNotFoundError") and got["delete"] in (
        "OSError", "PermissionError")
    assert "instructor" not in got["list"] and got["network"] in ("ConnectionRefusedError", "OSError")
    assert got["abroad"] == "OSError" and "full" not in got["disk"]
    assert got["mount"] != 0 and len(got["processes"]) <= 3 and got["kill"] == "ProcessLookupError"
    assert got["user"] != 0 and not [one for one in got["environment"] if "SECRET" in one or "KEY" in one]


def test_one_submission_sees_nothing_of_another(assignment, sandbox):
    leaving = ("open('/tmp/mine', 'w').write('x')\nopen('/dev/shm/mine', 'w').write('x')\nimport os, time\n"
               "if os.fork() == 0:\n    os.setsid()\n    time.sleep(600)\n    os._exit(0)")
    looking = ("import os\nfound = os.listdir('/tmp') + os.listdir('/dev/shm')\n"
               "others = [one for one in os.listdir('/proc') if one.isdigit()]\nassert not found, found\n"
               "assert len(others) <= 2, others")
    run(leaving + WRONG, assignment, sandbox)
    result = run(looking + WRONG, assignment, sandbox)
    assert result["cells"] == [] and result["grade"] == 5


def cell(source, kind="code", **metadata):
    return {"cell_type": kind, "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def files(assignment):
    """Name -> (content, words of the reason or None, points of the three exercises or None)."""
    right = json.loads(grade.solved(assignment))
    whole = [2, 3, 3]

    def changed(change):
        copy = json.loads(json.dumps(right))
        return json.dumps(change(copy) or copy).encode()

    def each(function):
        def change(notebook):
            notebook["cells"] = [one for old in notebook["cells"] for one in function(old)]
        return changed(change)

    def own(one, name):
        return one["metadata"].get("seqlab", {}).get("id") == name and "exercise" in one["metadata"].get("tags", [])

    old_cells = [{"cell_type": one["cell_type"], "metadata": one["metadata"], "outputs": [], "language": "python",
                  "input" if one["cell_type"] == "code" else "source": one["source"]} for one in right["cells"]]
    old_format = {"metadata": right["metadata"], "nbformat": 3, "nbformat_minor": 0,
                  "worksheets": [{"cells": old_cells}]}
    stub = json.loads(grade.solved(assignment, {}))["cells"]
    return {
        "right": (changed(lambda one: None), None, whole),
        "empty": (b"", "empty", None),
        "blanks": (b" \n ", "empty", None),
        "not JSON": (b"def gru_step(): pass", "no JSON", None),
        "cut off": (changed(lambda one: None)[:3000], "breaks off", None),
        "a zip": (b"PK\x03\x04" + b"x" * 99, "zip", None),
        "binary": (os.urandom(999) + b"\xff\xfe\xfd", "", None),
        "a number": (b"3", "no notebook", None),
        "a list": (b"[]", "no notebook", None),
        "nested deeply": (b"[" * 100_000, "nested", None),
        "cells that are none": (b'{"cells": [1, null, {"cell_type": []}], "metadata": 3}', "another notebook", None),
        "no cells": (b'{"cells": {}}', "no cells", None),
        "huge": (b'{"cells": []}' + b" " * (21 << 20), "larger than", None),
        "too many cells": (json.dumps({"cells": [cell("x = 1")] * 3000}).encode(), "more than", None),
        "another assignment": (changed(lambda one: one["metadata"]["seqlab"].update(assignment="0123")),
                               "another assignment", None),
        "another notebook": (json.dumps({"cells": [cell("import torch\nx = 1")], "metadata": {}}).encode(),
                             "another notebook", None),
        "a BOM": (b"\xef\xbb\xbf" + changed(lambda one: None), None, whole),
        "UTF-16": (json.dumps(right).encode("utf-16"), None, whole),
        "Windows line ends": (changed(lambda one: None).replace(b"\\n", b"\\r\\n"), None, whole),
        "nbformat 3": (json.dumps(old_format).encode(), None, whole),
        "saved by Colab": (changed(lambda one: {
            **one, "metadata": {**one["metadata"], "colab": {"provenance": []}, "accelerator": "GPU"}, "cells": [
                {**old, "metadata": {**old["metadata"], "id": "a1", "outputId": "b2"}} for old in one["cells"]]}),
            None, whole),
        "saved by VS Code": (each(lambda old: [{**old, "metadata": {**old["metadata"], "vscode": {
            "languageId": "python"}}}]), None, whole),
        "all metadata lost": (changed(lambda one: {"nbformat": 4, "metadata": {}, "cells": [
            {**old, "metadata": {}} for old in one["cells"]]}), None, whole),
        "sources as lists": (each(lambda old: [{**old, "source": "".join(old["source"]).splitlines(keepends=True)}]),
                             None, whole),
        "a stub left below": (changed(lambda one: one["cells"].extend(stub)), None, whole),
        "cells twice": (each(lambda old: [old, old]), None, whole),
        "one missing": (each(lambda old: [] if own(old, "gru/step") else [old]), None, [2, 0, 3]),
        "one turned into text": (each(lambda old: [
            {**old, "cell_type": "markdown"} if own(old, "gru/step") else old]), None, [2, 0, 3]),
        "one renamed": (each(lambda old: [{**old, "source": "".join(old["source"]).replace("gru_step", "mine")}]
                             if own(old, "gru/step") else [old]), None, [2, 0, 3]),
        "one with a syntax error": (each(lambda old: [{**old, "source": "def gru_step(:\n    pass"}]
                                         if own(old, "gru/step") else [old]), None, [2, 0, 3]),
        "a lone surrogate and a null": (each(lambda old: [{**old, "source": "".join(old["source"]) + "\n# \ud800 \0"}]
                                             if old["cell_type"] == "code" else [old]), None, whole),
        "a number of thousands of digits": (b'{"cells": [' + b"9" * 5000 + b"]}", "no JSON", None),
        "keys twice": (b'{"cells": [], ' + changed(lambda one: None)[1:], None, whole),
        "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "no text", None),
        "large metadata": (changed(lambda one: one["metadata"].update(x=["y" * 1000] * 9000, trusted=True)),
                           None, whole),
        "sources that are none": (each(lambda old: [old, {**old, "source": None}, {**old, "source": [1, None, {}]},
                                                    {**old, "source": 3, "id": old["id"]}]), None, whole),
        "attachments and raw cells": (each(lambda old: [
            {**old, "attachments": {"x.png": {"image/png": "eA=="}}}, {**cell("x", "raw"), "id": "x" * 999}]),
            None, whole),
        "metadata that are none": (each(lambda old: [old, {**cell("x = 1"), "metadata": [1]}, {
            **cell("x = 1"), "metadata": {"tags": {"check": 1}, "seqlab": {"id": ["gru/step"]}}}]), None, whole),
        "reversed": (changed(lambda one: one["cells"].reverse()), None, None),
    }


NAMES = ["right", "empty", "blanks", "not JSON", "cut off", "a zip", "binary", "a number", "a list", "nested deeply",
         "cells that are none", "no cells", "huge", "too many cells", "another assignment", "another notebook", "a BOM",
         "UTF-16", "Windows line ends", "nbformat 3", "saved by Colab", "saved by VS Code", "all metadata lost",
         "sources as lists", "a stub left below", "cells twice", "one missing", "one turned into text", "one renamed",
         "one with a syntax error", "a lone surrogate and a null", "a number of thousands of digits", "keys twice",
         "a PDF", "large metadata", "sources that are none", "attachments and raw cells", "metadata that are none",
         "reversed"]


def test_every_file_is_tried(assignment):
    assert list(files(assignment)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_kind_has_its_row(name, assignment, sandbox):
    content, words, expected = files(assignment)[name]
    result = grade.grade_one(content, assignment, LIMITS, sandbox, 7)
    if words is not None:
        assert result["grade"] is None and words in result["reason"] and result["exercises"] == []
    elif expected:
        assert [one["points"] for one in result["exercises"]] == expected, result
        assert result["grade"] == sum(expected) and result["reason"] is None


def test_a_thread_of_the_grader_is_not_waited_for(assignment, sandbox):
    """What a submission does, it does elsewhere: the grader has no thread and no file of it afterwards."""
    before = threading.active_count(), psutil.Process().num_fds()
    for _ in range(3):
        run(WRONG, assignment, sandbox)
    assert threading.active_count() == before[0] and psutil.Process().num_fds() <= before[1] + 4

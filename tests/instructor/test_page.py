"""The instructors' page: every transcript on it is run, in the order of the page, and says what the page says.

A line `...` in a transcript stands for any lines. What `doctor` says of a machine is compared without its versions,
numbers and kind of sandbox. To write what the commands say
now into the page:

    .venv/bin/python tests/instructor/test_page.py
"""

import re
import runpy
import shlex
import sys

import pytest
from click.testing import CliRunner

from instructor.__main__ import main
from tools.course import ROOT, find_all

PAGE = ROOT / "book" / "appendix" / "for-instructors.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTHON = "python -m "


def transcripts(text):
    """[(command, what it prints)] of all console blocks."""
    found = []
    for block in find_all(BLOCK.pattern, text, BLOCK.flags):
        assert block.startswith("$ "), block
        found += [(line.partition("\n")[0], line.partition("\n")[2]) for line in block[2:].split("\n$ ")]
    return [(command.strip(), printed if printed.endswith("\n") or not printed else printed + "\n")
            for command, printed in found]


def run(command, capture):
    """What a command of the page prints, called in this process."""
    assert command.startswith(PYTHON), command
    module, *words = shlex.split(command.removeprefix(PYTHON))
    if module == "instructor":
        result = CliRunner().invoke(main, words)
        assert result.exit_code in (0, 1) and (result.exception is None or isinstance(result.exception, SystemExit)), (
            command, result.output, result.exception)
        return result.output
    old, sys.argv = sys.argv, [module, *words]
    try:
        capture.readouterr()
        runpy.run_module(module, run_name="__main__")
    finally:
        sys.argv = old
    return capture.readouterr().out


def agrees(command, printed, shown):
    """Whether a transcript is what was printed, `...` standing for any lines."""
    if command.startswith(f"{PYTHON}instructor doctor"):
        printed, shown = (re.sub(r"\d+(\.\d+)*", "0", re.sub(r"(?<=^sandbox: ).+", "a kind", text, flags=re.MULTILINE))
                          for text in (printed, shown))
    parts = [re.escape(part) for part in re.split(r"^\.\.\.\n", shown, flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*?".join(parts), printed) is not None


@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
@pytest.mark.slow
def test_every_transcript_is_what_the_commands_say(tmp_path, monkeypatch, capsys, bubblewrap):
    monkeypatch.chdir(tmp_path)
    wrong = {}
    for command, shown in transcripts(PAGE.read_text("utf8")):
        printed = run(command, capsys)
        if not agrees(command, printed, shown):
            wrong[command] = printed
    assert wrong == {}, "see the top of this file"


def test_every_command_has_a_transcript():
    called = {command.split()[3] for command, _ in transcripts(PAGE.read_text("utf8"))
              if command.startswith(f"{PYTHON}instructor ")}
    assert called == set(main.list_commands(None))


@pytest.mark.parametrize(("command", "printed", "shown", "same"), [
    ("list", "a\nb\nc\n", "a\nb\nc\n", True), ("list", "a\nb\nc\n", "a\n...\nc\n", True),
    ("list", "a\nc\n", "a\n...\nc\n", True), ("list", "a\nb\nd\n", "a\n...\nc\n", False),
    ("list", "a\nb\n", "a\n", False), ("list", "a\nb\n", "...\n", True), ("list", "a.\n", "a!\n", False),
    ("list", "a 1 b\n", "a 2 b\n", False), ("doctor", "a 3.11.7 b\n", "a 4 b\n", True),
    ("doctor", "sandbox: one\n", "sandbox: two\n", True), ("doctor", "click 1: a\n", "click 1: b\n", False),
])
def test_dots_stand_for_any_lines_and_nothing_else_does(command, printed, shown, same):
    assert agrees(f"{PYTHON}instructor {command}", printed, shown) is same


if __name__ == "__main__":
    import os
    import subprocess
    import tempfile

    def fresh(block):
        lines = []
        for command, shown in transcripts(f"```console\n{block[1]}```"):
            done = subprocess.run([sys.executable, *shlex.split(command)[1:]], capture_output=True, text=True,
                                  env={**os.environ, "PYTHONPATH": str(ROOT)})
            printed = done.stderr + done.stdout
            lines.append(f"$ {command}\n{shown if agrees(command, printed, shown) else printed}")
        return "```console\n" + "".join(lines) + "```"

    text = PAGE.read_text("utf8")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        PAGE.write_text(BLOCK.sub(fresh, text), "utf8")

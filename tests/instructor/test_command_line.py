"""The instructor's commands as a whole: each is found, explains itself, and refuses what it cannot read."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from instructor import cli, inside, sandbox
from instructor.__main__ import main
from tools.course import ROOT, some

NAMES = main.list_commands(None)


def test_a_module_in_the_folder_is_a_command():
    assert "student" in NAMES
    files = some((ROOT / "instructor" / "commands").glob("[a-z]*.py"))
    assert {path.stem.replace("_", "-") for path in files} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_and_every_option_of_it(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    command = main.get_command(None, name)
    assert command.help and command.help.strip().endswith("."), "its docstring is its help"
    assert [one.name for one in command.params if isinstance(one, click.Option) and not one.help] == []


@pytest.mark.parametrize("line", [[], ["teacher"], ["student", "--no-such-option"]])
def test_a_wrong_line_is_refused_on_stderr_with_2(line):
    result = CliRunner().invoke(main, line)
    assert result.exit_code == 2 and "Error: " in result.stderr and not result.stdout


def test_a_problem_is_one_sentence_on_stderr_with_1():
    @click.command()
    @cli.refusing(KeyError)
    def failing():
        raise KeyError("it is not there")

    result = CliRunner().invoke(failing, [])
    assert result.exit_code == 1 and result.stderr == "Error: 'it is not there'\n" and not result.stdout


def test_an_answer_is_text_or_json(capsys):
    cli.answer({"é": 1}, True, "text")
    cli.answer({"é": 1}, False, "text")
    printed = capsys.readouterr().out
    assert json.loads(printed.removesuffix("text\n")) == {"é": 1}


@pytest.mark.parametrize("filters", [True, False])
def test_doctor_says_whether_this_system_refuses_calls(filters, monkeypatch):
    """That it refuses them is tried in the sandbox by the hostile tests; a machine without filters is made here."""
    if not filters:
        monkeypatch.setattr(inside, "FORBIDDEN", {})
    monkeypatch.setattr(sandbox, "kind", lambda: "namespaces")
    told = CliRunner().invoke(main, ["doctor"]).output
    assert ("This system cannot refuse single calls" in told) == (not filters)
    assert ("Calls of the system that only attacks need are refused" in told) == filters
    assert json.loads(CliRunner().invoke(main, ["doctor", "--json"]).output)["calls_refused"] is filters


def test_numbers_stand_to_the_right_in_a_table():
    rows = [{"a": "x", "b": 1, "c": True}, {"a": "long", "b": None, "c": False}]
    assert cli.table(rows, ["a", "b", "c"]) == "a     b  c\nx     1  yes\nlong     no"


def test_what_a_file_is_called_moves_no_cursor_and_makes_no_line(capsys):
    cli.answer({}, False, cli.table([{"a": "x\x1b[2J\ny\u202ez \u00e9"}], ["a"]) + "\n" + "\x1b]0;title\x07")
    printed = capsys.readouterr().out
    assert "\x1b" not in printed and "\u202e" not in printed and printed.count("\n") == 3 and "z \u00e9" in printed


def test_without_its_packages_it_says_how_to_get_them():
    code = "import sys, runpy; sys.modules['click'] = None; runpy.run_module('instructor', run_name='__main__')"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1 and "make instructor" in result.stderr and "Traceback" not in result.stderr

"""Assignments: chosen exercises as one notebook, without a line of a solution, that runs where it is."""

import ast
import json
import re

import nbformat
import pytest
from click.testing import CliRunner

from instructor import assignment, exercises
from instructor.__main__ import main
from instructor.student import stub, without_answers
from seqlab.checks import CheckFailed
from tools.course import Cell, masters

SOME = ["gru/step", "gru/bug", "variable-lengths", "scalar-rnn/states", "scalar-rnn/forge", "hand-built-digits/fuse"]


def written(tmp_path, *line):
    result = CliRunner().invoke(main, ["student", *line, "--output", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    return nbformat.read(said["notebook"], as_version=4), assignment.Assignment.read(said["assignment"])


def test_chosen_exercises_become_one_notebook(tmp_path):
    made, wanted = written(tmp_path, *SOME, "--title", "Week 3", "--due", "2027-05-31T18:00", "--points", "gru/step=5")
    nbformat.validate(made)
    assert wanted.title == "Week 3" and wanted.points["gru/step"] == 5 and len(wanted.ids) == 11
    ids = [cell.metadata.seqlab.id for cell in made.cells if "exercise" in cell.metadata.get("tags", [])]
    assert sorted(ids) == sorted(wanted.ids) and made.metadata.seqlab.assignment == wanted.fingerprint
    head = made.cells[0].source
    assert head.startswith("# Week 3") and "31 May 2027, 18:00" in head and f"{wanted.possible:g} points" in head
    text = "".join(cell.source for cell in made.cells)
    assert "class EightLayers" in text and "(5 points)" in text and "](../" not in text
    assert sum("setup" in cell.metadata.get("tags", []) for cell in made.cells) == 1


def test_an_assignment_has_the_order_of_its_notebook():
    for names in (["shapes/count", "gru/step", "shapes/predict"], ["gru/memory", "gru/step"]):
        chosen = [exercises.catalogue()[name] for name in names]
        made = assignment.of_chapters(chosen)
        cells = assignment.notebook(chosen, made).cells
        assert made.ids == [cell.metadata["seqlab"]["id"] for cell in cells
                            if "exercise" in cell.metadata.get("tags", [])] != names


@pytest.mark.parametrize("subject", sorted({one.subject for one in exercises.catalogue().values()}))
def test_what_is_said_to_a_chapters_exercises_counts_none_of_them(subject):
    """Others may be chosen than all, and then the fifth is another."""
    words = assignment._preface(next(one for one in exercises.catalogue().values() if one.subject == subject).master)
    assert not re.search(r"\b(first|second|third|fourth|fifth|sixth|last|others?)\b", words)


def test_the_links_lead_to_the_site_that_is_named(tmp_path):
    made, _ = written(tmp_path, "shapes", "--site", "https://you.example/it")
    assert "](https://you.example/it/04-first-classifier.html" in "".join(cell.source for cell in made.cells)


@pytest.mark.parametrize("subject", [one.subject for one in masters()])
def test_no_line_of_a_solution_is_left_anywhere(subject):
    chosen = exercises.find([subject])
    made = assignment.notebook(chosen, assignment.of_chapters(chosen))
    assert assignment.leaks(chosen, made) == []
    for place in ("source", "metadata", "attachment", "output"):
        line = next(line.strip() for line in chosen[0].cell.source.split("\n")[::-1] if len(line.strip()) > 11)
        planted = nbformat.from_dict(json.loads(json.dumps(made)))
        if place == "source":
            planted.cells[0].source += f"\n{line}"
        elif place == "metadata":
            planted.cells[0].metadata["x"] = line
        elif place == "attachment":
            planted.cells[0]["attachments"] = {"x": {"text/plain": line}}
        else:
            planted.cells[1].outputs = [nbformat.v4.new_output("stream", text=line)]
        assert line in assignment.leaks(chosen, planted), place


@pytest.mark.parametrize("subject", ["scalar-rnn", "shapes", "lstm", "hand-built-digits"])
def test_it_runs_and_every_check_says_not_yet(subject):
    chosen = exercises.find([subject])
    names, checked = {}, 0
    for cell in map(Cell, assignment.notebook(chosen, assignment.of_chapters(chosen)).cells):
        if cell.kind == "code" and "check" in cell.tags:
            with pytest.raises(CheckFailed):
                cell.run(names)
            checked += 1
        elif cell.kind == "code" and "setup" not in cell.tags:
            cell.run(names)
    assert checked == len(chosen)


def test_solved_it_passes_every_check(capsys):
    from instructor.grade import solved
    wanted = assignment.of_chapters(exercises.find(["gru", "scalar-rnn"]))
    names = {}
    for cell in map(Cell, nbformat.reads(solved(wanted).decode(), as_version=4).cells):
        if cell.kind == "code" and "setup" not in cell.tags:
            source = ast.parse(cell.source).body[0] if "check" in cell.tags else None
            exec(compile(ast.Module([source], []), "c", "exec"), names) if source else cell.run(names)
    assert capsys.readouterr().out.count("✓") == len(wanted.ids)


@pytest.mark.parametrize(("line", "words", "code"), [
    (["scalar-rnn/forge"], "choose scalar-rnn/states as well", 1), (["gru/stp"], "did you mean gru/step", 1),
    (["gru/step", "--points", "gru/bug=1"], "not chosen", 1), (["gru/step", "--points", "gru/step=-1"], "never neg", 1),
    (["gru/step", "--due", "tomorrow"], "no date", 1), (["gru/step", "--points", "gru/step"], "not like", 2),
    (["--title", "x"], "Name the exercises first", 2)])
def test_what_cannot_be_made_is_refused_in_a_sentence(line, words, code, tmp_path):
    output = ["--output", str(tmp_path)] if line[0] != "--title" else []
    result = CliRunner().invoke(main, ["student", *line, *output])
    assert result.exit_code == code and words in result.stderr and list(tmp_path.iterdir()) == []


def test_marks_keep_what_stands_around_them():
    code = "def f(x):\n    y = x + 1\n    # BEGIN SOLUTION\n    y = y * 2\n    # END SOLUTION\n    return y"
    assert stub(code) == "def f(x):\n    y = x + 1\n    ...\n    return y"


@pytest.mark.parametrize("code", ["# BEGIN SOLUTION\nx = 1", "x = 1\n# END SOLUTION",
                                  "# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION"])
def test_a_mark_without_its_other_is_refused(code):
    with pytest.raises(ValueError, match="SOLUTION"):
        stub(code)


def test_a_hint_stays_and_an_answer_goes():
    text = "A\n<details><summary>Hint</summary>h</details>\n<details><summary>Worked answer</summary>w</details>"
    assert without_answers(text) == "A\n<details><summary>Hint</summary>h</details>"


@pytest.mark.parametrize("content", [
    "", "[]", "{}", '{"seqlab-assignment": 2, "title": "x", "due": null, "exercises": []}',
    '{"seqlab-assignment": 1, "title": "x", "due": null, "exercises": [{"id": "a/b", "points": 1, "stub": ""}]}'])
def test_a_file_that_is_no_assignment_is_refused(content, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ValueError, match=r"assignment|has not"):
        assignment.Assignment.read(tmp_path / "a.json")


def test_the_list_holds_every_exercise():
    rows = json.loads(CliRunner().invoke(main, ["list", "--json"]).stdout)
    assert [row["id"] for row in rows] == list(exercises.catalogue()) and len(rows) >= 55
    assert {row["kind"] for row in rows} == {"write", "find the bug"}
    text = CliRunner().invoke(main, ["list", "gru"]).stdout
    assert "gru/step" in text and "lstm" not in text and "6 exercises" in text

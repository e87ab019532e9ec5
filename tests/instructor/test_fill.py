"""Grades get into the platform's own file, and everything else in it stays as it was, to the byte."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from instructor import fill as filling
from instructor.__main__ import main
from instructor.fill import FillError, cells, fill, read_results

CANVAS = ('Student,ID,SIS User ID,SIS Login ID,Section,"LSTM, by hand (77)",GRU (78),Current Score\r\n'
          '    Points Possible,,,,,10.00,5.00,(read only)\r\n'
          '"Lovelace, Ada",1001,S1,ada,"A ""first""",,3.00,88.00\r\n'
          '"Turing, Alan",1002,S2,alan,A,7.5,,\r\n'
          '"Hopper, Grace",1003,S3,grace,A,EX,,\r\n'
          '"Student, Test",1099,,x,A,,,\r\n')
MOODLE = ("Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Feedback comments\n"
          'Participant 11,Ada Lovelace,ada@x.edu,Submitted,,10.00,Yes,"two\nlines, and ""quotes"""\n'
          "Participant 12,Alan Turing,alan@x.edu,Submitted,,10.00,No,\n"
          "Participant 13,Grace Hopper,grace@x.edu,Submitted,,10.00,Yes,\n")


def result(student, grade, possible=10, **more):
    return {"student": student, "name": "", "grade": grade, "possible": possible, "reason": "", **more}


def changed(before, after):
    """The cells of two files that differ, which must be cut alike."""
    old, new = (list(csv.reader(io.StringIO(text.decode()))) for text in (before, after))
    assert [len(row) for row in old] == [len(row) for row in new]
    return {(r, c): new[r][c] for r in range(len(old)) for c in range(len(old[r])) if old[r][c] != new[r][c]}


# --- the two platforms ------------------------------------------------------------------------------------------------


def test_canvas():
    before = CANVAS.encode()
    done = fill(before, [result("1001", 9.25), result("1002", 7.5)], "LSTM, by hand")
    assert changed(before, done.content) == {(2, 5): "9.25"} and done.same == ["1002"] and done.left == {}
    assert done.content == before.replace(b'""first""",,3.00', b'""first""",9.25,3.00'), "nothing else, to the byte"


def test_moodle():
    before = b"\xef\xbb\xbf" + MOODLE.encode()
    done = fill(before, [result("11", 10), result("Participant 13", 0), result("12", 5)])
    assert done.content == before.replace(b"Submitted,,10.00,Yes,\"two", b"Submitted,10,10.00,Yes,\"two").replace(
        b"grace@x.edu,Submitted,,", b"grace@x.edu,Submitted,0,")
    assert done.left == {"12": "The file says that this grade cannot be changed."} and done.column == "Grade"


def test_a_row_that_is_too_short_is_named_and_left():
    found = fill(MOODLE.replace("grace@x.edu,Submitted,,10.00,Yes,", "grace@x.edu").encode(),
                 [result("11", 8), result("13", 8)])
    assert [change.student for change in found.changes] == ["11"] and "too short" in found.left["13"]


def test_a_long_cell_is_no_hindrance():
    content = MOODLE.replace("two\nlines", "lines\n" * 40_000).encode()
    assert len(fill(content, [result("11", 8)]).changes) == 1


def test_whoever_is_missing_double_or_blank_is_named_and_left():
    text = CANVAS + '"Lovelace, Ada",1001,S9,ada9,B,,,\r\n'
    done = fill(text.encode(), [
        result("1001", 9), result("4711", 9), result("1002", None, reason="It ran for too long."),
        result("grace", 5), result("", 5), result("1002x", 5, name="Turing, Alan"), result("alan", 4),
        result("ada9", 3)], "LSTM, by hand (77)")
    assert done.content == text.encode() and done.changes == []
    assert done.left == {
        "1001": "'1001' may be any of 2 students in the file.", "4711": "Nobody in the file is '4711'.",
        "1002": "It ran for too long.",
        "grace": "There is 'EX' already, and '5' would replace it: --overwrite does that.",
        "result 5": "The result names no student.",
        "1002x": "There is '7.5' already, and '5' would replace it: --overwrite does that.",
        "alan": "The same student as '1002x', who has a grade already.",
        "ada9": "The file has this student more than once."}


def test_grades_that_differ_are_replaced_only_if_that_is_asked_for():
    before = CANVAS.encode()
    results = [result("1002", 8), result("1003", 2)]
    assert fill(before, results, "LSTM, by hand").content == before
    done = fill(before, results, "LSTM, by hand", overwrite=True)
    assert changed(before, done.content) == {(3, 5): "8", (4, 5): "2"}
    assert [(change.old, change.new, change.name) for change in done.changes] == [
        ("7.5", "8", "Turing, Alan"), ("EX", "2", "Hopper, Grace")]


def test_points_are_converted_only_if_that_is_asked_for():
    with pytest.raises(FillError, match="The assignment has 20 points, and the file 10: --scale"):
        fill(CANVAS.encode(), [result("1001", 15, 20)], "LSTM, by hand")
    done = fill(CANVAS.encode(), [result("1001", 15, 20)], "LSTM, by hand", scale=True)
    assert done.changes[0].new == "7.5"
    done = fill(MOODLE.encode(), [result("11", 1, 3)], scale=True)
    assert done.changes[0].new == "3.33"


def test_the_column_is_found_or_asked_for():
    with pytest.raises(FillError, match=r"Which column .* is meant\? Columns for grades: 'LSTM, by hand \(77\)', 'GRU"):
        fill(CANVAS.encode(), [])
    for column, sentence in (("RNN", "no column 'RNN'"), ("Current Score", "is not for grades"),
                             ("ID", "not for grades")):
        with pytest.raises(FillError, match=sentence):
            fill(CANVAS.encode(), [], column)
    one = CANVAS.replace(",GRU (78)", "").replace(",5.00", "").replace(",3.00,", ",")
    one = one.replace("7.5,,", "7.5,").replace("EX,,", "EX,").replace("x,A,,,", "x,A,,")
    assert fill(one.encode(), [result("1001", 1)]).column == "LSTM, by hand (77)"


def test_a_decimal_comma_and_semicolons_stay():
    text = MOODLE.replace(",", ";").replace("10.00", "10,00").encode("cp1252")
    done = fill(text, [result("11", 7.25)])
    assert b"Submitted;7,25;10,00" in done.content
    lines = [line for line in MOODLE.splitlines() if "Ada" not in line and "two" not in line and "lines" not in line]
    quoted = "\n".join('"' + line.replace(",", '","') + '"' for line in lines)
    assert b'"Submitted","7","10.00"' in fill(quoted.encode(), [result("12", 7), result("13", 7)]).content
    commas = MOODLE.replace("10.00", '"10,00"').encode()
    assert b'Submitted,"7,25","10,00"' in fill(commas, [result("11", 7.25)]).content


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encoding_mark_and_line_ends_stay(encoding, end):
    text = MOODLE.replace("\n", end).replace("Ada", "Adä")
    before = text.encode(encoding)
    done = fill(before, [result("11", 4)])
    assert done.content == text.replace("Submitted,,", "Submitted,4,", 1).encode(encoding)


# --- cutting into cells -----------------------------------------------------------------------------------------------

WORDS = st.text(st.sampled_from('ab ,;"\n\t\u00e4'), max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=2, max_size=4), min_size=1, max_size=4), st.sampled_from(",;\t"),
       st.sampled_from(["\n", "\r\n"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
def test_cells_are_what_the_csv_module_reads_and_know_where_they_stand(rows, separator, end, quoting):
    made = io.StringIO(newline="")
    csv.writer(made, delimiter=separator, lineterminator=end, quoting=quoting).writerows(rows)
    text = made.getvalue()
    cut = cells(text, separator)
    assert [[cell.value for cell in row] for row in cut] == rows
    for row, values in zip(cut, rows, strict=True):
        for cell, value in zip(row, values, strict=True):
            written = text[cell.start:cell.end]
            assert written in (value, '"' + value.replace('"', '""') + '"')


@pytest.mark.parametrize("text", ["a,b\n\nc,d", "a,b\n1,", "a,b\n1,\n", 'a,"b"c,d\n', 'a,b"c\n', "a\n\n\n",
                                  "a,,\r\n,,"])
def test_odd_tables_are_cut_as_the_csv_module_cuts_them(text):
    assert [[cell.value for cell in row] for row in cells(text)] == list(csv.reader(io.StringIO(text, newline="")))


def test_what_is_no_table_is_refused():
    for content, sentence in ((b'Student,ID\n"a,1\n', "a quote opens and does not close"), (b"\0\0\0", "no text file"),
                              (b"a,b\n1,2\n", "no column for students"), (b"", "no column for students")):
        with pytest.raises(FillError, match=sentence):
            fill(content, [], "b")


# --- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("content", "sentence"), [
    ("{", "cannot be read as results"), ("3", "must hold a list"), ("[3]", "must hold a list"),
    ('[{"student": "a"}]', "the grade must be a number"), ('[{"grade": "9", "possible": 10}]', "must be a number, or"),
    ('[{"grade": true, "possible": 10}]', "must be a number, or"),
    ('[{"grade": NaN, "possible": 10}]', "must be a number, or"),
    ('[{"grade": 1, "possible": 0}]', "possible must be"), ('[{"grade": 11, "possible": 10}]', "not between 0 and 10"),
    ('[{"grade": -1, "possible": 10}]', "not between 0 and 10"),
])
def test_results_that_are_none_are_refused(tmp_path, content, sentence):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(FillError, match=sentence):
        read_results(tmp_path / "results.json")


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps({"results": [result("1001", 9), result("1003", 1)]}))
    (tmp_path / "grades.csv").write_bytes(CANVAS.encode())
    return tmp_path


def call(files, *more):
    return CliRunner().invoke(main, ["fill", str(files / "results.json"), str(files / "grades.csv"), "--column",
                                     "LSTM, by hand", *more])


def test_a_dry_run_shows_what_would_change_and_writes_nothing(files):
    shown = call(files, "--dry-run")
    assert shown.exit_code == 1 and "Would change 1 grades" in shown.stdout and "1003: There is 'EX'" in shown.stderr
    assert sorted(path.name for path in files.iterdir()) == ["grades.csv", "results.json"]


def test_the_command_writes_beside_the_file_and_leaves_the_file(files):
    said = json.loads(call(files, "--json", "--overwrite").stdout)
    assert said["file"] == str(files / "grades-filled.csv") and len(said["changes"]) == 2 and said["left"] == {}
    assert (files / "grades.csv").read_bytes() == CANVAS.encode()
    assert (files / "grades-filled.csv").read_bytes() == fill(CANVAS.encode(), read_results(files / "results.json"),
                                                              "LSTM, by hand", overwrite=True).content
    assert call(files, "--overwrite").exit_code == 0


def test_a_file_is_written_whole_or_not_at_all(files, monkeypatch):
    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(filling.os, "replace", fails)
    with pytest.raises(OSError, match="disk full"):
        filling.write(files / "grades.csv", b"new")
    assert (files / "grades.csv").read_bytes() == CANVAS.encode() and len(list(files.iterdir())) == 2

"""Pages of feedback get into a zip file that each platform takes back, each to its own student and nowhere else."""

import json
import re
import zipfile

import nbformat
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from instructor import feedback, grade, reports
from instructor.__main__ import main
from instructor.collect import collect, hostile, owner

CANVAS = {"lovelaceada_1001_2050_08-lstm-1.ipynb": "new", "lovelaceada_1001_2001_08-lstm.ipynb": "old",
          "turingalan_LATE_1002_2003_my_own_name.ipynb": "late", "hoppergrace_1003_2004_x.ipynb": "blank",
          "noetheremmy_1004_2005_x.pdf": "no notebook"}
MOODLE = {"Ada Lovelace_1001_assignsubmission_file_/part/08-lstm.ipynb": "a",
          "Alan O'Neill-Turing_1002_assignsubmission_file_08-lstm.ipynb": "flat",
          "Łukasz (x)_1003_assignsubmission_file_/x.ipynb": "blank",
          "Emmy Noether_1004_assignsubmission_file/x.pdf": "no notebook"}


@pytest.fixture
def graded(tmp_path, assignment):
    """Collects an archive with these files and writes what `grade` writes, without running any; 1003 has no grade."""
    def made(files, name="submissions.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        collect([tmp_path / name], tmp_path / "in")
        results = []
        for row in grade.handed_in(tmp_path / "in"):
            reason = row["problem"] or ("it did not run cleanly" if row["student"] == "1003" else None)
            results.append({**grade.blank(assignment), **row, "grade": None if reason else 5, "reason": reason})
        out = tmp_path / "graded"
        out.mkdir(exist_ok=True)
        reports.write(results, assignment, out)
        (out / "results.json").write_text(json.dumps(results), "utf8")
        return out
    return made


def packed(folder):
    """{path: text} of the zip file that the command writes, and its answer."""
    done = CliRunner().invoke(main, ["feedback", str(folder), "--json"])
    assert done.exit_code in (0, 1), done.output
    with zipfile.ZipFile(folder / "feedback.zip") as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}, json.loads(done.stdout), done


def moodle_reads(path):
    """Whose a file of the zip is, and its name, as Moodle's own importer (importziplib.php) finds it."""
    parts = path.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) >= 4 and info[1].isdigit() and info[2:4] == ["assignsubmission", "file"]:
            return int(info[1]), "/".join([*info[4:], *parts]).strip("/")
    return None


def canvas_reads(path):
    """The student and the file handed in, as Canvas (infer_comment_context_from_filename) finds them."""
    parts = [one for one in path.rpartition("/")[2].split("_") if one != "LATE"]
    return tuple([int(one) for one in parts if one.isdigit()][:2])


def test_moodle(graded, assignment):
    files, said, _ = packed(graded(MOODLE))
    assert said["platform"] == "Moodle" and sorted(said["pages"].values()) == ["1001", "1002"]
    assert {moodle_reads(path) for path in files} == {(1001, "feedback.html"), (1002, "feedback.html")}
    assert "Ada Lovelace_1001_assignsubmission_file_/feedback.html" in files
    page = files["Alan O'Neill-Turing_1002_assignsubmission_file_/feedback.html"]
    assert page.startswith("<!doctype html>") and "Alan" in page and "Ada" not in page and "5 of 8 points" in page
    assert said["left"] == {"1003": "it did not run cleanly",
                            "1004": "It is no notebook: its name does not end in .ipynb."}


def test_canvas(graded):
    files, said, _ = packed(graded(CANVAS))
    assert said["platform"] == "Canvas" and set(said["left"]) == {"1003", "1004"}
    assert {path: canvas_reads(path) for path in files} == {
        "lovelaceada_1001_2050_08-lstm-1.ipynb": (1001, 2050),
        "turingalan_LATE_1002_2003_my_own_name.ipynb": (1002, 2003)}, "the attempt that was graded, by its own name"
    made = nbformat.reads(files["lovelaceada_1001_2050_08-lstm-1.ipynb"], as_version=4)
    nbformat.validate(made)
    cell, = made.cells
    assert cell.cell_type == "markdown" and "5 of 8 points" in cell.source
    assert "\n\n" not in cell.source and "<style>" not in cell.source and "lovelaceada" in cell.source


@pytest.mark.parametrize(("files", "paths"), [(CANVAS, 2), (MOODLE, 2)])
def test_what_is_packed_is_collected_as_the_same_students(graded, tmp_path, files, paths):
    folder = graded(files)
    packed(folder)
    rows = collect([folder / "feedback.zip"], tmp_path / "again")["rows"]
    assert [row["student"] for row in rows] == ["1001", "1002"] and len(rows) == paths


def test_who_has_no_feedback_is_named_in_one_sentence(graded):
    folder = graded(CANVAS)
    next((folder / "feedback").glob("1002-*.html")).unlink()
    done = CliRunner().invoke(main, ["feedback", str(folder)])
    lines = done.stderr.splitlines()
    assert done.exit_code == 1 and {line.partition(":")[0] for line in lines} == {"1002", "1003", "1004"}
    assert len(lines) == 3 and sum("1002: There is no page of feedback" in line for line in lines) == 1
    assert "feedback.zip: the feedback of 1, as Canvas takes it back; 3 have none." in done.stdout


def test_everybody_has_feedback_and_the_file_goes_where_it_is_wanted(graded, tmp_path):
    folder = graded({"lovelaceada_1001_2050_x.ipynb": "a"})
    done = CliRunner().invoke(main, ["feedback", str(folder), "-o", str(tmp_path / "back.zip")])
    assert done.exit_code == 0 and done.stderr == "" and zipfile.is_zipfile(tmp_path / "back.zip")
    assert not (folder / "feedback.zip").exists()


@pytest.mark.parametrize(("files", "sentence"), [
    ({"ada.ipynb": "a", "alan.ipynb": "b"}, "Nobody has both a grade and a file that is named as"),
    ({**CANVAS, **MOODLE, "Joan_1009_assignsubmission_file_/x.ipynb": "c"}, "some from Moodle"),
    ({"hoppergrace_1003_2004_x.ipynb": "blank"}, "Nobody has both"),
])
def test_what_no_platform_would_take_is_refused_and_nothing_is_written(graded, files, sentence):
    folder = graded(files)
    done = CliRunner().invoke(main, ["feedback", str(folder)])
    assert done.exit_code == 1 and sentence in done.stderr and not (folder / "feedback.zip").exists()


def test_a_folder_without_results_is_refused(tmp_path):
    done = CliRunner().invoke(main, ["feedback", str(tmp_path)])
    assert done.exit_code == 1 and "results.json cannot be read" in done.stderr


def test_a_file_that_two_rows_share_is_the_first_ones(graded):
    folder = graded({"lovelaceada_1001_2050_x.ipynb": "a"})
    one, = json.loads((folder / "results.json").read_text("utf8"))
    (folder / "results.json").write_text(json.dumps([one, {**one, "student": "1009"}]), "utf8")
    (folder / "feedback" / reports.page_name({**one, "student": "1009"})).write_text("another's", "utf8")
    files, said, _ = packed(folder)
    assert said["left"] == {"1009": "On Canvas the same file as that of '1001'."}
    assert "another's" not in str(files)


HOSTILE = ["../../evil_1001_2050_x.ipynb", "..\\..\\evil_1001_2050_x.ipynb", "/etc_1001_2050_x.ipynb",
           "c:evil_1001_2050_x.ipynb", "..\\_1001_2050_..\\..\\x.ipynb", "a\u202e_1001_2050_b\n.ipynb",
           "../a_1001_assignsubmission_file_/x.ipynb", "a/../../b_1001_assignsubmission_file_/x.ipynb",
           "..\\x_1001_assignsubmission_file_/../../x.ipynb", "._1001_assignsubmission_file_/x.ipynb",
           "a_99_assignsubmission_file_b_1001_assignsubmission_file_/x.ipynb", "~_1001_assignsubmission_file_x.ipynb",
           "ada_1001_2050_1002_assignsubmission_file_/x.ipynb", "x_1001_2050_a_1002_assignsubmission_file_y.ipynb"]
NAMES = st.text(st.sampled_from("ab./\\_ ~:\n\u202e\u0000*1"), max_size=9)


def stays(source):
    """Asserts that what is made of this name stays in its folder and is the student's whom collect takes it for."""
    found = feedback.place(f"submissions.zip: {source}")
    if found is None:
        return None
    platform, path = found
    assert not hostile(path) and not re.search(r"[\\:*\x00-\x1f]", path) and not path.startswith(("/", ".", "~"))
    assert path.count("/") == (platform == "Moodle") and owner(path).identity == owner(source).identity
    whose = moodle_reads(path) if platform == "Moodle" else canvas_reads(path)
    assert whose[0] == int(owner(source).identity)
    return path


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_in_the_zip_files_folder(name):
    stays(name)


@settings(max_examples=300, deadline=None)
@given(NAMES, NAMES, st.booleans())
def test_no_name_leaves_the_zip_files_folder(name, rest, moodle):
    stays(f"{name}_1001_assignsubmission_file_{rest}.ipynb" if moodle else f"x{name}_1001_2050_{rest}.ipynb")


@pytest.mark.parametrize("platform", ["Canvas", "Moodle"])
def test_a_hostile_archive_gives_nothing_to_anybody_else(graded, platform):
    names = [name for name in HOSTILE if owner(name).platform == platform]
    honest = {"Moodle": "Ada_1007_assignsubmission_file_/x.ipynb", "Canvas": "ada_1007_2060_x.ipynb"}[platform]
    assert len(names) > 3
    files, said, _ = packed(graded({**dict.fromkeys(names, "x"), honest: "a"}))
    assert list(files) == list(said["pages"]) and "1007" in said["pages"].values()
    assert {path: owner(path).identity for path in files} == said["pages"]


def test_a_page_that_was_written_anew_by_hand_is_taken_whole():
    page = feedback.as_notebook("<p>Come and see me.</p>\n\n<p>Monday</p>")
    assert nbformat.reads(page, as_version=4).cells[0].source == "<p>Come and see me.</p>\n<p>Monday</p>"

"""What was handed in arrives once for each student, whatever it is called; nothing hostile is read or written."""

import datetime
import hashlib
import io
import json
import os
import stat
import zipfile

import pytest
from click.testing import CliRunner

from instructor import collect as collecting
from instructor.__main__ import main
from instructor.collect import CollectError, Limits, collect, owner
from instructor.roster import RosterError, read_roster

CANVAS = "Student,ID,SIS User ID,SIS Login ID,Section,LSTM (77)\n    Points Possible,,,,,10\n" \
    '"Ada, Lovelace",1001,S1,ada,A,\n"Turing, Alan",1002,S2,alan,A,\n"Hopper, Grace",1003,S3,grace,A,\n' \
    '"Student, Test",1099,,x,A,\n'
MOODLE = "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed\r\n" \
    "Participant 1001,Ada Lovelace,ada@x.edu,Submitted,,10.00,Yes\r\n" \
    "Participant 1002,Alan Turing,alan@x.edu,No submission,,10.00,Yes\r\n"


def pack(path, files, **settings):
    """A zip file with these contents, or (contents, date)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items() if isinstance(files, dict) else files:
            content, date = content if isinstance(content, tuple) else (content, (2026, 11, 20, 12, 0, 0))
            info = zipfile.ZipInfo("x", date)
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            for key, value in settings.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return path


def rows(manifest):
    return {row["student"]: row for row in manifest["rows"]}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "submissions"


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(CANVAS, "utf8")
    return path


# --- what platforms hand over -----------------------------------------------------------------------------------------


def test_a_canvas_zip(tmp_path, out, roster):
    archive = pack(tmp_path / "submissions.zip", {
        "lovelaceada_1001_2050_08-lstm-1.ipynb": "new", "lovelaceada_1001_2001_08-lstm.ipynb": "old",
        "turingalan_LATE_1002_2003_my_own_name.ipynb": "late"})
    found = rows(collect([archive], out, roster))
    assert (out / "1001.ipynb").read_text() == "new" and (out / "1002.ipynb").read_text() == "late"
    assert (found["1001"]["late"], found["1002"]["late"], found["1003"]["late"]) == (False, True, None)
    assert found["1001"]["attempt"] == 2 and found["1001"]["other"] == [
        "submissions.zip: lovelaceada_1001_2001_08-lstm.ipynb"]
    assert found["1003"]["problem"] == "Nothing was handed in." and found["1003"]["name"] == "Hopper, Grace"
    assert set(found) == {"1001", "1002", "1003"}, "the test student is none"
    assert found["1001"]["sha256"] == hashlib.sha256(b"new").hexdigest()
    assert json.loads((out / "manifest.json").read_text("utf8"))["rows"] == list(found.values())


def test_a_moodle_zip(tmp_path, out):
    roster = tmp_path / "worksheet.csv"
    roster.write_bytes(b"\xef\xbb\xbf" + MOODLE.encode())
    archive = pack(tmp_path / "moodle.zip", {
        "Ada Lovelace_1001_assignsubmission_file_/part/08-lstm.ipynb": ("new", (2026, 11, 22, 8, 0, 0)),
        "Ada Lovelace_1001_assignsubmission_file_/08-lstm.ipynb": ("old", (2026, 11, 21, 8, 0, 0)),
        "Ada Lovelace_1001_assignsubmission_onlinetext_/onlinetext.html": "I have finished.",
        "Alan Turing_1002_assignsubmission_file_08-lstm.ipynb": ("flat", (2026, 11, 20, 8, 0, 0))})
    manifest = collect([archive], out, roster, due="2026-11-21")
    found = rows(manifest)
    assert (out / "1001.ipynb").read_text() == "new" and (out / "1002.ipynb").read_text() == "flat"
    assert found["1001"]["late"] is True and found["1002"]["late"] is False
    assert manifest["passed over"] == ["Ada Lovelace_1001_assignsubmission_onlinetext_/onlinetext.html"]


def test_a_folder_of_files_named_by_their_students(tmp_path, out):
    folder = tmp_path / "in"
    for name in ("ada.ipynb", "alan__08-lstm.ipynb", "grace/08-lstm (2).ipynb", "joan/.ipynb_checkpoints/x.ipynb",
                 "käthe@uni.de.ipynb", ".DS_Store"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    found = rows(collect([folder], out))
    assert set(found) == {"ada", "alan", "grace", "käthe@uni.de"}
    assert all((out / row["file"]).read_text() == row["source"].partition(": ")[2] for row in found.values())


def test_an_unpacked_archive_that_was_packed_again_in_a_folder(tmp_path, out):
    files = {"week 3/lovelaceada_1001_2001_x.ipynb": "a", "week 3/alan.ipynb": "b", "__MACOSX/week 3/._x": "c"}
    assert set(rows(collect([pack(tmp_path / "a.zip", files)], out))) == {"1001", "alan"}


def test_several_sources_and_the_newest_attempt_of_all(tmp_path, out):
    first = pack(tmp_path / "a.zip", {"ada.ipynb": ("old", (2026, 11, 1, 0, 0, 0))})
    second = pack(tmp_path / "b.zip", {"ada.ipynb": ("new", (2026, 11, 2, 0, 0, 0))})
    for order in ([first, second], [second, first]):
        found = rows(collect(order, out))
        assert (out / "ada.ipynb").read_text() == "new" and found["ada"]["attempt"] == 2


def test_a_roster_finds_students_by_login_name_and_mail(tmp_path, out):
    roster = tmp_path / "r.csv"
    roster.write_text("id;name;email\n7;Ada Lovelace;ada@x.edu\n8;Alan Turing;alan@x.edu\n9;J. Doe;a@b\n"
                      "10;J. Doe;c@d\n", "utf8")
    archive = pack(tmp_path / "a.zip", {"ada@x.edu.ipynb": "a", "Alan Turing__x.ipynb": "b", "nobody.ipynb": "c",
                                        "J. Doe.ipynb": "d"})
    manifest = collect([archive], out, roster)
    found = rows(manifest)
    assert found["7"]["file"] == "7.ipynb" and found["8"]["file"] == "8.ipynb"
    refused = [row["problem"] for row in manifest["rows"] if row["student"] is None]
    assert refused == ["Nobody on the roster is 'nobody'.", "'J. Doe' may be any of 2 students on the roster."]


def test_grade_finds_a_row_for_every_row_of_the_manifest(tmp_path, out, roster):
    from instructor.grade import handed_in

    archive = pack(tmp_path / "a.zip", {"ada_1001_5_x.ipynb": "x", "b_1002_6_x.pdf": "x", "../x_1_2_x.ipynb": "x"})
    rows = collect([archive], out, roster)["rows"]
    found = handed_in(out)
    assert [(row["file"], row["problem"]) for row in found] == [(row["file"], row["problem"]) for row in rows]
    assert [row["student"] for row in found] == ["1001", "1003", "1002", "a.zip: ../x_1_2_x.ipynb"]


def test_whose_a_file_is():
    assert owner("lovelaceada_1001_2001_a_b.ipynb")[:4] == ("1001", "lovelaceada", 2001, False)
    assert owner("lovelaceada_LATE_1001_2001_a.ipynb")[:4] == ("1001", "lovelaceada", 2001, True)
    assert owner("Ada Love_5_assignsubmission_file_/a/b.ipynb")[:2] == ("5", "Ada Love")
    assert owner("Participant_5_assignsubmission_file_/b.ipynb").identity == "5"
    assert owner("Ada_5_assignsubmission_onlinetext_/onlinetext.html") is None


@pytest.mark.parametrize("path", [
    "lovelaceada_5_2001_x_6_assignsubmission_file_y.ipynb", "lovelaceada_5_2001_x_6_7_y.ipynb",
    "Ada Love_5_assignsubmission_file_x_6_assignsubmission_file_y.ipynb",
    "Ada Love_5_assignsubmission_file_a_6_7_y.ipynb",
    "Ada Love_5_assignsubmission_file_/Bob_6_assignsubmission_file_/y.ipynb",
    "Ada Love_5_assignsubmission_file_/bob_6_7_y.ipynb"])
def test_nobody_hands_in_for_another_by_what_a_file_is_called(path):
    assert owner(path).identity == "5"


# --- a row for each, and why there is no file -------------------------------------------------------------------------


def test_what_is_no_notebook_is_named_and_the_notebook_is_preferred(tmp_path, out):
    archive = pack(tmp_path / "a.zip", {"a_1_10_x.pdf": "x", "b_2_11_x.zip": "x", "c_3_12_x.ipynb": "c",
                                        "c_3_13_note.txt": "x", "d_4_14_x.ipynb.txt": "d", "e_5_15_X.IPYNB": ""})
    found = rows(collect([archive], out))
    assert "its name does not end in .ipynb" in found["1"]["problem"] and found["1"]["file"] is None
    assert "archive inside the archive" in found["2"]["problem"]
    assert (out / found["3"]["file"]).read_text() == "c" and found["3"]["problem"] is None
    assert (out / "4.ipynb").read_text() == "d" and (out / "5.ipynb").read_bytes() == b"", "grade says what it is"
    assert len(list(out.iterdir())) == 4


def test_students_that_differ_by_case_or_have_odd_names_have_a_file_each(tmp_path, out):
    names = ["ada", "Ada", "a/../b", "con", "x" * 200, "ä ö", "ä_ö", "Zoë \N{CAT FACE}", "-rf", "a b", "a_b"]
    names.remove("a/../b")
    archive = pack(tmp_path / "a.zip", {f"{name}.ipynb": name for name in names})
    found = rows(collect([archive], out))
    files = [row["file"] for row in found.values()]
    assert len({name.casefold() for name in files}) == len(names) and all(len(name) < 90 for name in files)
    assert {who: (out / row["file"]).read_text("utf8") for who, row in found.items()} == {name: name for name in names}
    assert not any(name.lower().startswith("con.") for name in files)


# --- hostile archives -------------------------------------------------------------------------------------------------

HOSTILE = {"../evil_1_2_x.ipynb": "leads out", "a/../../evil_1_2_x.ipynb": "leads out",
           "/etc/evil_1_2_x.ipynb": "absolute", "C:\\evil_1_2_x.ipynb": "absolute",
           "..\\evil_1_2_x.ipynb": "leads out", "\\\\host\\evil_1_2_x.ipynb": "absolute",
           "evil_1_2_x.ipynb\0.png": "zero byte", "evil_1_2_" + "x" * 300 + ".ipynb": "longer",
           "a/" * 600 + "evil_1_2_x.ipynb": "longer", "evil_1_2_\x1b[31m.ipynb": "cannot be shown",
           "evil_1_2_\u202egnp.ipynb": "turn the text around"}


@pytest.mark.parametrize("name", list(HOSTILE), ids=range(len(HOSTILE)))
def test_a_hostile_name_is_refused_and_the_others_are_taken(tmp_path, out, name):
    archive = pack(tmp_path / "a.zip", {name: "evil", "ada_5_6_x.ipynb": "good"})
    manifest = collect([archive], out)
    refused, = (row for row in manifest["rows"] if row["student"] is None)
    assert HOSTILE[name] in refused["problem"] and refused["file"] is None
    assert (out / "5.ipynb").read_text() == "good" and len(list(out.iterdir())) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "submissions"], "nothing beside it"


@pytest.mark.parametrize(("settings", "sentence"), [
    ({"external_attr": (stat.S_IFLNK | 0o777) << 16}, "It is a link"),
    ({"external_attr": (stat.S_IFIFO | 0o777) << 16}, "a special file"),
    ({"flag_bits": 1}, "It is encrypted"), ({"compress_type": zipfile.ZIP_LZMA}, "no learning platform"),
])
def test_a_member_that_is_no_plain_file_is_refused(tmp_path, out, settings, sentence):
    archive = pack(tmp_path / "a.zip", {"ada_5_6_x.ipynb": "/etc/passwd"}, **settings)
    if "flag_bits" in settings:         # zipfile writes no encrypted file, so the bit is set by hand
        content = bytearray(archive.read_bytes())
        for mark, at in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
            content[content.index(mark) + at] |= 1
        archive.write_bytes(content)
    row = rows(collect([archive], out))["5"]
    assert sentence in row["problem"] and row["file"] is None


def test_bombs_are_refused(tmp_path, out):
    zeros = pack(tmp_path / "ratio.zip", {"ada_5_6_x.ipynb": bytes(3 << 20), "alan_7_8_x.ipynb": "good"})
    found = rows(collect([zeros], out))
    assert "times its size" in found["5"]["problem"] and found["7"]["file"] == "7.ipynb"
    small = Limits(files=3, bytes_in_all=1000, bytes_each=500)
    each = pack(tmp_path / "each.zip", {"ada_5_6_x.ipynb": os.urandom(600)})
    assert "are not taken" in rows(collect([each], out, limits=small))["5"]["problem"]
    large = pack(tmp_path / "large.zip", {"ada_5_6_x.ipynb": os.urandom(2000), "alan_7_8_x.ipynb": "good"})
    assert rows(collect([large], out, limits=small))["7"]["file"] == "7.ipynb", "one file stops nobody else's"
    for name, files, sentence in (("many", {f"a_{k}_2_x.ipynb": "x" for k in range(4)}, "more than 3 files"),
                                  ("all", {f"a_{k}_2_x.ipynb": os.urandom(400) for k in range(3)}, "would unpack to")):
        archive = pack(tmp_path / f"{name}.zip", files)
        with pytest.raises(CollectError, match=sentence):
            collect([archive], tmp_path / "never", limits=small)
    assert not (tmp_path / "never").exists()


def test_an_archive_that_lies_about_a_size_is_not_believed(tmp_path, out):
    archive = pack(tmp_path / "a.zip", {"ada_5_6_x.ipynb": bytes(1 << 20)})
    content = bytearray(archive.read_bytes())
    for mark, at in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        start = content.index(mark) + at
        content[start:start + 4] = (100).to_bytes(4, "little")
    archive.write_bytes(content)
    row = rows(collect([archive], out))["5"]
    assert "cannot be unpacked" in row["problem"] and row["file"] is None


def test_a_damaged_member_is_a_row_and_a_damaged_archive_is_refused(tmp_path, out):
    archive = pack(tmp_path / "a.zip", {"ada_5_6_x.ipynb": os.urandom(2000), "alan_7_8_x.ipynb": "good"})
    whole = archive.read_bytes()
    archive.write_bytes(whole[:200] + bytes(50) + whole[250:])
    found = rows(collect([archive], out))
    assert "cannot be unpacked" in found["5"]["problem"] and found["7"]["problem"] is None
    for content in (whole[:-30], b"PK\3\4 no", b"", b"hello"):
        archive.write_bytes(content)
        with pytest.raises(CollectError, match=r"nor a whole zip file|damaged zip file"):
            collect([archive], tmp_path / "never")


def test_a_member_without_a_name_is_passed_over(tmp_path, out):
    archive = pack(tmp_path / "a.zip", {"": "x", "ada_5_6_x.ipynb": "good"})
    assert rows(collect([archive], out))["5"]["file"] == "5.ipynb"


def test_two_members_of_one_name_are_two_attempts(tmp_path, out):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = pack(tmp_path / "a.zip", [("ada_5_6_x.ipynb", "first"), ("ada_5_6_x.ipynb", "second")])
    assert rows(collect([archive], out))["5"]["attempt"] == 2 and (out / "5.ipynb").read_text() == "second"


def test_links_and_special_files_in_a_folder_are_not_followed(tmp_path, out):
    folder, secret = tmp_path / "in", tmp_path / "secret.txt"
    folder.mkdir()
    secret.write_text("secret")
    (folder / "ada.ipynb").symlink_to(secret)
    (folder / "alan").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(folder / "grace.ipynb")
    (folder / "joan.ipynb").write_text("good")
    found = rows(collect([folder], out))
    assert all("It is a link or a special file" in found[who]["problem"] for who in ("ada", "alan", "grace"))
    assert sorted(path.name for path in out.iterdir()) == ["joan.ipynb", "manifest.json"]


def test_a_file_name_in_no_encoding(tmp_path, out):
    folder = tmp_path / "in"
    folder.mkdir()
    try:
        (folder / os.fsdecode(b"ad\xff.ipynb")).write_text("x")
    except OSError:
        return                  # a file system that holds no such name
    row, = collect([folder], out)["rows"]
    assert "in no encoding" in row["problem"] and json.loads((out / "manifest.json").read_text("utf8"))


# --- never half written -----------------------------------------------------------------------------------------------


def test_a_failure_in_the_middle_leaves_everything_as_it_was(tmp_path, out, monkeypatch):
    archive = pack(tmp_path / "a.zip", {"ada.ipynb": "1", "alan.ipynb": "2"})
    collect([archive], out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def fails(*_):
        raise OSError("disk full")

    for name in ("_nothing", "_put_there"):
        with monkeypatch.context() as patch:
            patch.setattr(collecting, name, fails)
            with pytest.raises(OSError, match="disk full"):
                collect([pack(tmp_path / "b.zip", {"ada.ipynb": "3"})], out)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip", "submissions"]


def test_it_is_done_again_in_its_own_folder_and_in_no_other(tmp_path, out):
    archive = pack(tmp_path / "a.zip", {"ada.ipynb": "1"})
    collect([archive], out)
    collect([pack(tmp_path / "b.zip", {"alan.ipynb": "2"})], out)
    assert sorted(path.name for path in out.iterdir()) == ["alan.ipynb", "manifest.json"]
    (out / "my notes.txt").write_text("mine")
    with pytest.raises(CollectError, match=r"holds something else, such as my notes\.txt"):
        collect([archive], out)
    with pytest.raises(CollectError, match="is what should be collected"):
        collect([tmp_path / "empty"], tmp_path / "empty")
    with pytest.raises(CollectError, match="is not there"):
        collect([tmp_path / "nothing.zip"], tmp_path / "new")
    with pytest.raises(CollectError, match="is no folder"):
        collect([archive], archive)


# --- rosters and dates ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [
    CANVAS.encode(), CANVAS.encode("utf-8-sig"), CANVAS.encode("utf-16"), CANVAS.replace("\n", "\r\n").encode(),
    CANVAS.replace(",", ";").replace('"Ada; ', '"Ada, ').encode("cp1252")])
def test_a_roster_in_any_dialect(tmp_path, content):
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    assert [student.identity for student in read_roster(path)] == ["1001", "1002", "1003"]


@pytest.mark.parametrize(("content", "sentence"), [
    ("a,b\n1,2\n", "has no column for students"), ("", "has no column for students"), ("id\n", "has no student below"),
    ("id,name\n7,x\n8,y\n7,z\n", "has '7' twice, in the rows 2 and 4"), ("\0\0", "is no text file"),
])
def test_what_is_no_roster_is_named(tmp_path, content, sentence):
    path = tmp_path / "r.csv"
    path.write_text(content, "utf8")
    with pytest.raises(RosterError, match=sentence):
        read_roster(path)


def test_who_takes_anothers_identity_as_a_name_takes_nothing_from_the_other(tmp_path, out):
    roster = tmp_path / "r.csv"
    roster.write_text("id,name\n1001,1002\n1002,Alan\n10-02,Grace\n", "utf8")
    archive = pack(tmp_path / "a.zip", {f"x_{who}_{who}_x.ipynb": str(who) for who in (1001, 1002)})
    found = rows(collect([archive], out, roster))
    assert found["1002"]["problem"] is None and (out / "1002.ipynb").read_text() == "1002"


def test_a_cell_of_any_length_in_a_roster(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("Identifier,Full name,Online text\nParticipant 7,Ada,\"" + "word, \n" * 40_000 + "\"\n", "utf8")
    assert [student.identity for student in read_roster(path)] == ["7"]


def test_due_dates(tmp_path):
    day = datetime.datetime(2026, 11, 30, 23, 59, 59)
    assert collecting.moment("2026-11-30") == day and collecting.moment("2026-11-30T18:00").hour == 18
    assert collecting.moment("2026-11-30T18:00+00:00").tzinfo is None
    with pytest.raises(CollectError, match="'soon' is no date"):
        collecting.moment("soon")
    for name, text in (("a.toml", 'due = "2026-11-30"'), ("a.json", '{"due": "2026-11-30"}')):
        (tmp_path / name).write_text(text)
        assert collecting.due_of(tmp_path / name) == "2026-11-30"
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(CollectError, match=r"a\.json is no assignment"):
        collecting.due_of(tmp_path / "a.json")


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_says_what_is_missing(tmp_path, out, roster):
    archive = pack(tmp_path / "a.zip", {"ada_1001_5_x.ipynb": "x", "b_1002_6_x.pdf": "x"})
    line = ["collect", str(archive), "-o", str(out), "--roster", str(roster)]
    result = CliRunner().invoke(main, line)
    assert result.exit_code == 0, result.stderr
    assert "1 notebooks, 0 of them late; 2 rows without one." in result.stdout
    assert "Nothing was handed in." in result.stdout and "does not end in .ipynb" in result.stdout
    said = json.loads(CliRunner().invoke(main, [*line, "--json"]).stdout)
    assert [row["student"] for row in said["rows"]] == ["1001", "1003", "1002"] and said["output"] == str(out)
    result = CliRunner().invoke(main, ["collect", str(tmp_path / "no.zip"), "-o", str(out)])
    assert result.exit_code == 1 and result.stderr.endswith("no.zip is not there.\n")


def test_a_hundred_thousand_names_take_no_reading(tmp_path):
    """The directory of an archive alone decides that it is too much."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for k in range(300):
            archive.writestr(f"a_{k}_2_x.ipynb", "")
    (tmp_path / "a.zip").write_bytes(made.getvalue())
    with pytest.raises(CollectError, match="more than 200 files"):
        collect([tmp_path / "a.zip"], tmp_path / "never", limits=Limits(files=200))

"""The files for Moodle and Canvas say what the course's quizzes say: they are read back, question by question."""

import io
import json
import re
import zipfile

import pytest
from click.testing import CliRunner
from defusedxml import ElementTree

from instructor import markup, quiz
from instructor.__main__ import main
from tools import course

NAMES = quiz.names()
SITE = "https://somebody.github.io/course"
WAYS = {"moodle": (quiz.moodle, quiz.read_moodle), "qti": (quiz.qti, quiz.read_qti)}

every_quiz = pytest.mark.parametrize("name", NAMES)
every_way = pytest.mark.parametrize("way", list(WAYS))


def make(way, chosen, site=""):
    return quiz.moodle(chosen, site) if way == "moodle" else quiz.qti(chosen, "A quiz", site)


# --- all quizzes of the course ----------------------------------------------------------------------------------------


@every_way
@every_quiz
def test_a_file_says_what_the_quiz_says(name, way):
    chosen = quiz.choose([name])
    made = make(way, chosen)
    back = {one["name"]: one for one in WAYS[way][1](made.content)}
    assert list(back) == [one.name for one in chosen] and made.left == {}
    for question in chosen:
        wanted = {**quiz.expected(question), **made.changed.get(question.name, {})}
        assert {key: back[question.name][key] for key in wanted} == wanted


@every_way
def test_links_lead_to_the_site_once_there_is_one(way):
    chosen = quiz.choose(["all"])
    made = make(way, chosen, SITE)
    quiz.check(made, chosen, WAYS[way][1], SITE)
    links = course.find_all(r"\]\((https?://[^)]+)\)", json.dumps(WAYS[way][1](made.content)))
    outside = [link for link in links if not link.startswith(SITE)]
    assert [link for link in outside if "github.io" in link] == []
    pages = {f"book/{one.name}.html" for one in course.notebooks()} | {f"book/appendix/{name}.html" for name in (
        "numbers", "mistakes", "glossary", "notation", "myths", "reference-card", "error-messages")}
    inside = course.some(link.removeprefix(SITE + "/").partition("#")[0] for link in links if link.startswith(SITE))
    assert {link for link in inside} <= pages
    without = make(way, chosen)
    assert not re.search(r"href=.{0,3}[^h&\"]", json.dumps(WAYS[way][1](without.content)))
    assert ".ipynb" not in without.content.decode() if way == "moodle" else True


def test_only_what_four_decimals_cannot_hold_is_changed_for_canvas():
    made = quiz.qti(quiz.choose(["all"]))
    assert set(made.changed) == {"backprop-through-time/3", "hand-built-digits/2", "inside-the-lstm/3"}
    assert made.changed["hand-built-digits/2"]["answer"] == 2.3026
    assert all(any(name in note and "four decimals" in note for note in made.notes) for name in made.changed)


def test_what_is_shown_otherwise_is_named():
    chosen = quiz.choose(["all"])
    orders = {one.name for one in chosen if one.content["kind"] == "order"}
    numbers = {one.name for one in chosen if one.content["kind"] == "numeric"}
    named = lambda made: {note.partition(":")[0] for note in made.notes}
    assert named(quiz.moodle(chosen)) == orders and named(quiz.qti(chosen)) == orders | numbers
    assert orders and numbers


def test_the_same_questions_give_the_same_bytes():
    chosen = quiz.choose(["lstm"])
    assert quiz.qti(chosen) == quiz.qti(chosen) and quiz.moodle(chosen) == quiz.moodle(chosen)


# --- each format by itself --------------------------------------------------------------------------------------------


def test_moodle_gives_a_point_to_what_is_right_and_takes_it_for_what_is_not():
    tree = ElementTree.fromstring(quiz.moodle(quiz.choose(["all"])).content)
    for element in course.some(tree.iterfind("question[@type='multichoice']")):
        fractions = [float(one.get("fraction")) for one in element.iterfind("answer")]
        assert sum(fraction for fraction in fractions if fraction > 0) == pytest.approx(100, abs=1e-3)
        if element.findtext("single") == "false":
            assert sum(fractions) == pytest.approx(0, abs=1e-3), "who ticks everything has no point"
    allowed = {100, 50, 33.33333, 25, 20, 16.66667, 14.28571, 12.5, 11.11111, 66.66667, 0}     # Moodle refuses others
    used = {abs(float(one.get("fraction"))) for element in tree.iterfind("question[@type='multichoice']")
            for one in element.iterfind("answer")}
    assert used <= allowed
    for element in course.some(tree.iterfind("question[@type='numerical']")):
        assert [one.findtext("text") for one in element.iterfind("answer")][-1] == "*", "any other number"


def test_code_and_formulas_stay_readable():
    """Indentation, signs that XML or Markdown would take for their own, formulas as each platform sets them."""
    moodle = quiz.moodle(quiz.choose(["lstm"])).content.decode()
    assert "<code>    h, c = cell(x_t, (h, c))</code>".replace("    ", markup.KEPT_SPACE * 4) in moodle
    assert r"\(f = 1\)" in moodle
    with zipfile.ZipFile(io.BytesIO(quiz.qti(quiz.choose(["lstm"])).content)) as archive:
        name, = (name for name in archive.namelist() if re.search(r"/text2qti_assessment_\w+\.xml$", name))
        items = ElementTree.fromstring(archive.read(name))
    shown = "".join(element.text or "" for element in items.iter(f"{quiz.SPACE}mattext"))
    assert 'data-equation-content="f = 1"' in shown and "src=\"/equation_images/" in shown
    assert markup.KEPT_SPACE * 4 + "shown" in shown and "://" not in shown


def test_canvas_has_a_manifest_and_as_many_points_as_questions():
    with zipfile.ZipFile(io.BytesIO(quiz.qti(quiz.choose(["shapes"]), "Shapes").content)) as archive:
        names = archive.namelist()
        meta, = (name for name in names if name.endswith("assessment_meta.xml"))
        assert "imsmanifest.xml" in names and b"<title>Shapes</title>" in archive.read(meta)
        assert b"<points_possible>5.0</points_possible>" in archive.read(meta)


def test_orders_alone_make_a_file_for_canvas_too():
    chosen = quiz.choose(["shapes/1", "lstm/2"])
    made = quiz.qti(chosen)
    quiz.check(made, chosen, quiz.read_qti)
    assert len(quiz.read_qti(made.content)) == 2 and b"yes" not in made.content


@pytest.mark.parametrize("text", [
    "plain", "`a < b & c`", "`    indented ** twice`", "$W_h h_{t-1} < 1$", r"$\tilde{h}$", "**bold with `code`**",
    '*"quoted"*', "it's 3 * 4 and a_b_c and <b>", "1. not a list", "- nor this", "a -- b ... c", "`x[:, -1]`, `{}`",
    "a \\ b", "§ € → ×", "`$5`", "a # b > c ! d",
])
def test_any_text_comes_back_from_both(text, tmp_path):
    (tmp_path / "mine.toml").write_text("[[question]]\nkind = 'single'\n" + "\n".join(
        f"{line}" for line in (f"text = {json.dumps(text)}", "[[question.option]]", f"text = {json.dumps(text)}",
                               "right = true", f"feedback = {json.dumps(text)}", "[[question.option]]",
                               "text = 'other'", f"feedback = {json.dumps(text + ' too')}")), "utf8")
    chosen = quiz.choose(["mine"], tmp_path)
    for way, (_, read) in WAYS.items():
        quiz.check(make(way, chosen), chosen, read)


# --- what is chosen, and what goes wrong ------------------------------------------------------------------------------


def test_questions_are_chosen_by_chapter_by_number_and_one_by_one():
    assert [one.name for one in quiz.choose(["lstm/3", "lstm/1", "lstm/3"])] == ["lstm/3", "lstm/1"]
    number = course.chapter("lstm").number
    assert quiz.choose([number]) == quiz.choose(["lstm"]) == quiz.choose([str(int(number))])
    assert {one.quiz for one in quiz.choose(["all"])} == set(NAMES)
    assert NAMES[:2] == [one.subject for one in course.chapters()[:2]] and "myths" in NAMES


@pytest.mark.parametrize(("word", "sentence"), [
    ("lstn", "There is no quiz 'lstn'. Those that are there: .*lstm, "),
    ("lstm/7", "The quiz 'lstm' has the questions lstm/1 to lstm/6, and no 'lstm/7'"),
    ("lstm/x", "and no 'lstm/x'"), ("99", "There is no quiz '99'"), ("../../x", "There is no quiz"),
])
def test_what_is_not_there_is_named(word, sentence):
    with pytest.raises(quiz.QuizFileError, match=sentence):
        quiz.choose([word])


def test_a_question_that_canvas_cannot_hold_is_named_and_the_others_are_there(tmp_path):
    numeric = ("[[question]]\nkind = 'numeric'\ntext = 'How many?'\nanswer = {}\ncomputed = '0'\nfeedback = 'yes'\n"
               "otherwise = 'no'\n")
    (tmp_path / "mine.toml").write_text(numeric.format(0) + numeric.format(7).replace("many", "few"), "utf8")
    chosen = quiz.choose(["mine"], tmp_path)
    made = quiz.qti(chosen)
    assert list(made.left) == ["mine/1"] and "magnitude" in made.left["mine/1"]
    quiz.check(made, chosen, quiz.read_qti)
    assert len(quiz.read_qti(made.content)) == 1 and not quiz.moodle(chosen).left


@every_way
def test_a_file_that_says_something_else_is_not_handed_out(way, monkeypatch):
    chosen = quiz.choose(["shapes"])
    made, read = make(way, chosen), WAYS[way][1]
    wrong = [{**chosen[0].content, "text": "Another question?"}, *(one.content for one in chosen[1:])]
    other = [quiz.Question(one.name, content) for one, content in zip(chosen, wrong, strict=True)]
    with pytest.raises(quiz.QuizFileError, match=r"shapes/1 has another text: .* not 'Another question"):
        quiz.check(made, other, read)
    with pytest.raises(quiz.QuizFileError, match="does not hold the questions"):
        quiz.check(made, chosen[1:], read)


# --- the command ------------------------------------------------------------------------------------------------------


def call(*line):
    return CliRunner().invoke(main, ["quiz", *map(str, line)])


def test_the_command_writes_both_files_and_says_what_they_hold(tmp_path):
    result = call("lstm", "shapes/2", "-o", tmp_path / "new", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert [one["format"] for one in said] == ["moodle", "qti"] and said[0]["questions"][-1] == "shapes/2"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["seqlab-quiz.qti.zip", "seqlab-quiz.xml"]
    back = quiz.read_moodle((tmp_path / "new" / "seqlab-quiz.xml").read_bytes())
    assert [one["name"] for one in back] == said[0]["questions"]
    assert "lstm/2: Moodle has no feedback for one line" in result.stderr and said[0]["notes"][0] in result.stderr


def test_the_command_without_a_question_lists_them_and_refuses_what_is_not_there(tmp_path):
    assert call().stdout.count("\n") == len(quiz.choose(["all"])) == len(json.loads(call("--json").stdout))
    result = call("lstn", "-o", tmp_path / "new")
    assert result.exit_code == 1 and "There is no quiz 'lstn'" in result.stderr and not (tmp_path / "new").exists()


def test_the_command_ends_with_1_if_a_question_was_left_out(tmp_path, monkeypatch):
    real = quiz.qti
    monkeypatch.setattr(quiz, "qti", lambda chosen, *rest: real(chosen[1:], *rest)._replace(left={
        chosen[0].name: "it does not fit"}))
    result = call("shapes", "-o", tmp_path)
    assert result.exit_code == 1 and "shapes/1 is not in seqlab-quiz.qti.zip: it does not fit" in result.stderr
    assert "4 of 5 questions" in result.stdout and "5 of 5 questions" in result.stdout

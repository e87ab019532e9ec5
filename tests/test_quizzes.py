"""Every quiz file holds a quiz, every chapter has its quiz, and nobody reads the answers in passing."""

import html
import json
import math
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import torch
import traitlets
from torch import nn

from seqlab import results
from seqlab.widgets import Quiz
from seqlab.widgets.quiz import QUIZZES, QuizError, pack, read_quiz
from tools import course

ROOT = Path(__file__).resolve().parent.parent
NAMES = sorted(file.stem for file in course.some(QUIZZES.glob("*.toml")))
CHAPTERS = [one.subject for one in course.chapters()]
PAGES = {"myths": "book/appendix/myths", **{one.subject: f"book/{one.name}" for one in course.chapters()}}

every_quiz = pytest.mark.parametrize("name", NAMES)
every_chapter = pytest.mark.parametrize("name", CHAPTERS)


def parts(question):
    """Everything in the question that has feedback."""
    return question.get("options") or question.get("items") or question["typical"]


def texts(question):
    """All that a reader may get to see, with its place."""
    found = [("text", question["text"]), ("explanation", question["explanation"])]
    for key in ("feedback", "otherwise", "unit"):
        found.append((key, question.get(key, "")))
    for part in parts(question):
        found += [(key, part[key]) for key in ("text", "feedback") if key in part]
    return found


def secrets(name):
    """The feedback of a quiz, in pieces long enough to be found only where it is written."""
    told = [text for question in read_quiz(name) for key, text in texts(question)
            if key in ("feedback", "otherwise", "explanation")]
    pieces = [piece.strip() for text in told
              for piece in re.split(r"`[^`]*`|\$[^$]*\$|\*+|\[|\]\([^)]*\)|[\"'<>&]", text)]
    long = [piece for piece in pieces if len(piece.split()) >= 5]
    assert len(long) >= len(read_quiz(name)), "too little to look for"
    return long


# --- the quizzes that are there ---------------------------------------------------------------------------------------


@every_chapter
def test_every_chapter_has_a_quiz_of_three_to_eight_questions(name):
    assert 3 <= len(read_quiz(name)) <= 8
    cells = course.chapter(name).cells
    number, = (k for k, cell in enumerate(cells) if f'Quiz("{name}")' in cell.source)
    before, quiz, after = cells[number - 1:number + 2]
    assert "\n## Quiz\n" in f"\n{before.source}"
    assert "remove-input" in quiz.tags
    assert after.source.startswith("## Key points")


@every_chapter
def test_the_stored_quiz_is_the_one_in_the_file(name):
    saved = [one["state"] for one in course.chapter(name).widget_states.values()]
    packed = [one["_packed"] for one in saved if one.get("name") == name]
    current = packed == [pack(read_quiz(name))]          # pytest would show both, and neither can be read
    assert current, ("the questions have changed since: "
                     f"python -m tools.run_notebooks --figures book/{course.chapter(name).name}.ipynb")


def test_all_kinds_of_questions_are_used():
    kinds = {question["kind"] for name in NAMES for question in read_quiz(name)}
    assert kinds == {"single", "multiple", "numeric", "order"}


@every_quiz
def test_there_is_a_word_on_every_answer(name):
    for question in read_quiz(name):
        assert all(len(part["feedback"].split()) >= 4 for part in parts(question)), question["text"]
        if question["kind"] == "numeric":
            assert question["feedback"] and question["otherwise"]
            assert len(question["typical"]) >= 2, f"which slips are typical? {question['text']}"
    assert len(read_quiz(name)) == len({question["text"] for question in read_quiz(name)})


@every_quiz
def test_the_right_answer_is_not_always_at_the_same_place_nor_the_longest(name):
    single = [question["options"] for question in read_quiz(name) if question["kind"] == "single"]
    places = [next(k for k, option in enumerate(options) if option["right"]) for options in single]
    longest = [max(options, key=lambda option: len(option["text"]))["right"] for options in single]
    assert len(single) < 3 or (len(set(places)) > 1 and not all(longest))


def test_every_formula_can_be_shown(node):
    """Those of all quizzes go through tex.js, in Node."""
    formulas = sorted({formula for name in NAMES for question in read_quiz(name) for _, text in texts(question)
                       for formula in re.findall(r"\$([^$]+)\$", re.sub(r"`[^`]*`", "", text))})
    assert len(formulas) > 20
    check = """
        import { toMathML } from "./seqlab/widgets/tex.js";
        const problems = JSON.parse(process.argv[1]).flatMap((tex) => {
            try { toMathML(tex); return []; } catch (problem) { return [problem.message]; }
        });
        console.log(JSON.stringify(problems));"""
    result = subprocess.run([node, "--input-type=module", "--eval", check, json.dumps(formulas)], capture_output=True,
                            text=True, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == []


@every_quiz
def test_links_lead_somewhere(name):
    for question in read_quiz(name):
        for _, text in texts(question):
            for target in re.findall(r"\]\(([^)]+)\)", text):  # perhaps none
                if not target.startswith("https://"):
                    assert (ROOT / PAGES[name]).parent.joinpath(target.partition("#")[0]).is_file(), target


@every_quiz
def test_the_numbers_asked_for_are_the_right_ones(name):
    for question in tomllib.loads((QUIZZES / f"{name}.toml").read_text("utf8"))["question"]:
        if question["kind"] == "numeric":
            computed = eval(question["computed"], {"math": math, "torch": torch, "nn": nn})
            assert question["answer"] == pytest.approx(computed, rel=1e-6), question["text"]


def test_the_weights_are_forgotten_in_the_order_that_the_quiz_says():
    steps = []
    for w_h in (0.5, -0.8, 0.9, 1.0):
        h, count = 0.1, 0
        while abs(h) > 0.01 and count < 10_000:
            h, count = math.tanh(w_h * h), count + 1
        steps.append(count)
    assert steps == sorted(steps) and len(set(steps)) == 4
    order = read_quiz("scalar-rnn")[2]["items"]
    assert [item["text"] for item in order] == ["$W_h = 0.5$", "$W_h = -0.8$", "$W_h = 0.9$", "$W_h = 1$"]


def test_the_myths_are_refuted_by_what_was_measured():
    rates = results("recall_rates")
    accuracy = lambda name, rate=0.01: rates.where(name, rate).summary("accuracy (%)").mean
    by_bias = [accuracy(name) for name in ("LSTM", "LSTM, forget bias 2", "LSTM, forget bias 4")]
    assert by_bias == sorted(by_bias) and by_bias[0] < 30 < 60 < by_bias[1] < 90 < by_bias[2]
    assert [item["text"].split(",")[0] for item in read_quiz("myths")[3]["items"]] == [
        "forget bias 0", "forget bias 2", "forget bias 4"]
    assert accuracy("LSTM") < accuracy("RNN") < accuracy("LSTM, forget bias 4")
    assert accuracy("GRU") < accuracy("RNN") and accuracy("RNN", 0.1) < accuracy("GRU", 0.1)
    reach = lambda name: rates.where(name, 0.01).summary("gradient before (log10)").mean
    assert reach("RNN") < reach("LSTM") < reach("LSTM") + 3 < reach("LSTM, forget bias 2") < 0


def test_the_page_of_myths_takes_its_numbers_from_the_results(site):
    source = (ROOT / "book" / "appendix" / "myths.md").read_text("utf8")
    prose = re.sub(r"\{\w+\}`[^`]*`|```.*?```|\]\([^)]*\)|chapter \d+|`[^`]*`", "", source, flags=re.DOTALL)
    rates = results("recall_rates")
    settings = {f"{value:g}" for value in (*rates["learning rate"], max(rates["batches"]))}
    assert set(re.findall(r"\d+\.\d+|\d{3,}", prose)) <= settings, "a number is typed by hand"
    page = html.unescape(re.sub(r"<[^>]+>", "", (site / "book/appendix/myths.html").read_text("utf8")))
    solved = sum(score >= 95 for score in results("recall_rates").where("RNN", 0.01)["accuracy (%)"])
    assert f"{solved} of 10 plain RNNs solved it" in " ".join(page.split())


# --- nothing is given away --------------------------------------------------------------------------------------------


@every_chapter
def test_no_feedback_stands_readable_in_the_notebook(name):
    text = json.dumps(course.chapter(name).content, ensure_ascii=False)
    assert [secret for secret in secrets(name) if secret in text] == []


@every_quiz
def test_no_feedback_stands_readable_in_the_page(name, site):
    text = html.unescape((site / f"{PAGES[name]}.html").read_text("utf8"))
    assert [secret for secret in secrets(name) if secret in text] == []
    question = re.split(r"[`$*\"']", read_quiz(name)[0]["text"])[0].strip()
    assert question in text, "without JavaScript the questions should stand there all the same"


@every_quiz
def test_what_stands_in_for_the_quiz_has_the_questions_and_not_the_answers(name):
    bundle = Quiz(name)._repr_mimebundle_()[0]
    assert bundle["text/markdown"] == Quiz(name)._repr_mimebundle_()[0]["text/markdown"]
    assert bundle["text/plain"] == f"Quiz: {len(read_quiz(name))} questions. Run this cell to answer them."
    for question in read_quiz(name):
        assert question["text"] in bundle["text/markdown"]
    assert [secret for secret in secrets(name) if secret in bundle["text/markdown"]] == []


# --- files with a mistake ---------------------------------------------------------------------------------------------

SINGLE = """
[[question]]
kind = "single"
text = "Which?"
[[question.option]]
text = "this"
right = true
feedback = "yes"
[[question.option]]
text = "that"
feedback = "no"
"""
NUMERIC = """
[[question]]
kind = "numeric"
text = "How many?"
answer = 3
computed = "1 + 2"
feedback = "three"
otherwise = "count"
[[question.typical]]
value = 4
feedback = "one too many"
"""
ORDER = """
[[question]]
kind = "order"
text = "In which order?"
""" + "".join(f'[[question.item]]\ntext = "{word}"\nfeedback = "why"\n' for word in ("one", "two", "three"))


def read(tmp_path, text):
    (tmp_path / "mine.toml").write_text(text, "utf8")
    return read_quiz("mine", tmp_path)


def test_what_is_left_out_is_filled_in(tmp_path):
    single, numeric, order = read(tmp_path, SINGLE + NUMERIC + ORDER)
    assert [option["right"] for option in single["options"]] == [True, False] and single["explanation"] == ""
    assert numeric["tolerance"] == 0 and numeric["unit"] == ""
    assert sorted(order["shown"]) == [0, 1, 2] != order["shown"]
    assert order == read(tmp_path, SINGLE + NUMERIC + ORDER)[2], "shown in the same order every time"


@pytest.mark.parametrize(("text", "message"), [
    (SINGLE.replace("right = true\n", ""), "mine.toml, question 1: no option is right"),
    (SINGLE.replace('text = "that"', 'text = "that"\nright = true'), "question 1: 2 options are right; .* multiple"),
    (SINGLE.replace('feedback = "no"', ""), "question 1, option 2: feedback is missing"),
    (SINGLE.replace('feedback = "no"', 'feedback = " "'), "question 1, option 2: feedback is empty"),
    (SINGLE.replace('feedback = "no"', 'feedback = "no"\nwhy = "x"'), "question 1, option 2: why is not known"),
    (SINGLE.replace('text = "Which?"', ""), "question 1: text is missing"),
    (SINGLE.replace('"Which?"', "7"), "question 1: text must be text in quotes, not 7"),
    (SINGLE.replace('"single"', '"choice"'), "question 1: kind is 'choice'; it must be one of multiple, numeric"),
    (SINGLE.replace("right = true", 'right = "yes"'), "option 1: right must be true or false, not 'yes'"),
    (SINGLE.replace('"Which?"', '"Which $h_t?"'), "question 1: a \\$ or ` opens and does not close"),
    (SINGLE.replace('"Which?"', '"See [here](x.md)?"'), "question 1: a link belongs in feedback"),
    (SINGLE + "answer = 3", "question 1, option 2: answer is not known"),
    (SINGLE.partition("[[question.option]]\ntext = \"that\"")[0], "question 1: 1 options; there must be 2 to 8"),
    (SINGLE + NUMERIC.replace("answer = 3", "answer = true"), "question 2: answer must be a number, not True"),
    (SINGLE + NUMERIC.replace("answer = 3", "answer = 3\ntolerance = -1"), "question 2: tolerance is -1"),
    (SINGLE + NUMERIC.replace("value = 4", "value = 3"), "question 2: the typical slip 3 lies within the tolerance"),
    (SINGLE + NUMERIC.replace('otherwise = "count"', ""), "question 2: otherwise is missing"),
    (ORDER.replace('"two"', '"one"'), "question 1: two items have the same text"),
    (ORDER.rpartition("[[question.item]]")[0], "question 1: 2 items; there must be 3 to 8"),
    ("title = 'Mine'\n" + SINGLE, "mine.toml has title outside of its questions"),
    ("", "mine.toml has no question"),
    ("[[question]\n", "mine.toml is not valid TOML"),
])
def test_a_mistake_in_the_file_is_named(tmp_path, text, message):
    with pytest.raises(QuizError, match=message):
        read(tmp_path, text)


def test_a_quiz_that_is_not_there():
    with pytest.raises(QuizError, match=r"There is no quiz 'nothing'\. Those that are there: .*order-matters, "):
        Quiz("nothing")


# --- what Python sees of the answers ----------------------------------------------------------------------------------


def test_answers_are_counted_in_python():
    quiz = Quiz("order-matters")
    assert (quiz.total, quiz.answered, quiz.score, quiz.first) == (len(read_quiz("order-matters")), 0, 0, 0)
    none = {"choice": -1, "checked": False, "tries": 0, "right": False, "first": False}
    mended = {**none, "choice": 2, "tries": 2, "right": True}
    quiz.answers = [mended, {**mended, "tries": 1, "first": True}, {**none, "tries": 1}] + [none] * (quiz.total - 3)
    assert (quiz.answered, quiz.score, quiz.first) == (3, 2, 1)
    quiz.answers = []
    assert (quiz.answered, quiz.score, quiz.first) == (0, 0, 0)


def test_answers_cannot_be_made_up():
    with pytest.raises(traitlets.TraitError, match=r"set it to \[\] to start again"):
        Quiz("order-matters").answers = [2, 1]

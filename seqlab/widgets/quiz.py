"""Quizzes: questions with a word on every answer, read from one text file each.

The questions of a chapter stand in seqlab/widgets/quizzes/<subject>.toml, and only there. The file holds `[[question]]`
tables; text may use `code`, **bold**, *italics*, $formulas$ and, in feedback, [links](06-backprop-through-time.ipynb).

    [[question]]
    kind = "single"                 # exactly one option is right; "multiple": one or more
    text = "What does the state forget?"
    explanation = "..."             # may be left out: shown once the answer is right
    [[question.option]]
    text = "Nothing."
    feedback = "..."                # every option has one
    [[question.option]]
    text = "What it is not told to keep."
    right = true
    feedback = "..."

    [[question]]
    kind = "numeric"
    text = "How many numbers ...?"
    answer = 3
    computed = "1 + 2"              # Python that gives this number: the tests run it, with math, torch and nn
    tolerance = 0                   # may be left out
    unit = "numbers"                # may be left out
    feedback = "..."                # for the right number
    otherwise = "..."               # for any other number but the typical slips:
    [[question.typical]]
    value = 3000
    feedback = "..."

    [[question]]
    kind = "order"                  # the items stand in the right order here and are shown in another
    text = "Put one training step in order."
    [[question.item]]
    text = "`loss.backward()`"          # a line inside a loop begins with spaces: "`    total += x`"
    feedback = "..."                # why it stands where it stands: shown when it is the first out of place
"""

import base64
import json
import random
import re
import sys
import tomllib
from pathlib import Path

import traitlets

from .base import HERE, Figure, module, result, styles

QUIZZES = HERE / "quizzes"
LETTERS = "ABCDEFGH"
COMMON = {"kind": str, "text": str, "explanation": str}
KEYS = {
    "single": {**COMMON, "option": list},
    "multiple": {**COMMON, "option": list},
    "numeric": {**COMMON, "answer": (int, float), "computed": str, "tolerance": (int, float), "unit": str,
                "feedback": str, "otherwise": str, "typical": list},
    "order": {**COMMON, "item": list},
}
OPTIONAL = {"explanation", "tolerance", "unit", "typical", "right"}
PARTS = {"option": {"text": str, "right": bool, "feedback": str}, "item": {"text": str, "feedback": str},
         "typical": {"value": (int, float), "feedback": str}}
NAMES = {str: "text in quotes", bool: "true or false", list: "tables in double brackets", (int, float): "a number"}


class QuizError(ValueError):
    """A quiz file that says something other than a quiz; the message names the file and the question."""


def read_quiz(name: str, folder: Path = QUIZZES) -> list[dict]:
    """The questions of a quiz, whole and checked."""
    path = Path(folder) / f"{name}.toml"
    if not path.is_file():
        there = ", ".join(sorted(file.stem for file in Path(folder).glob("*.toml"))) or "none"
        raise QuizError(f"There is no quiz {name!r}. Those that are there: {there}.")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise QuizError(f"{path.name} is not valid TOML: {problem}.") from None
    unknown = set(content) - {"question"}
    if unknown:
        raise QuizError(f"{path.name} has {_list(unknown)} outside of its questions; it may hold only [[question]].")
    questions = content.get("question") or []
    if not isinstance(questions, list) or not questions:
        raise QuizError(f"{path.name} has no question: begin one with [[question]].")
    return [_checked(question, f"{path.name}, question {number}") for number, question in enumerate(questions, 1)]


def _checked(question, where):
    """The question with everything that may be left out filled in."""
    kind = question.get("kind")
    if kind not in KEYS:
        raise QuizError(f"{where}: kind is {kind!r}; it must be one of {_list(KEYS)}.")
    _check_keys(question, KEYS[kind], where, f"a question of kind {kind}")
    for part, keys in PARTS.items():
        for number, entry in enumerate(question.get(part, []), 1):
            _check_keys(entry, keys, f"{where}, {part} {number}", f"[[question.{part}]]")
    _CHECKS[kind](question, where)
    _check_text(question, where)
    full = {"explanation": "", **question}
    full.pop("computed", None)          # for the tests alone
    if kind == "numeric":
        full = {"tolerance": 0, "unit": "", "typical": [], **full}
    elif kind == "order":
        full = {**full, "items": full.pop("item"), "shown": _shuffled(question)}
    else:
        full["options"] = [{"right": False, **option} for option in full.pop("option")]
    return full


def _check_keys(table, keys, where, what):
    if not isinstance(table, dict):
        raise QuizError(f"{where}: write {what} as a table.")
    unknown = set(table) - set(keys)
    if unknown:
        raise QuizError(f"{where}: {_list(unknown)} is not known; {what} has {_list(keys)}.")
    for key, kind in keys.items():
        if key not in table:
            if key in OPTIONAL:
                continue
            raise QuizError(f"{where}: {key} is missing.")
        value = table[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise QuizError(f"{where}: {key} must be {NAMES[kind]}, not {value!r}.")
        if kind is str and not value.strip():
            raise QuizError(f"{where}: {key} is empty.")


def _check_options(question, where):
    right = sum(option.get("right", False) for option in question["option"])
    if not 2 <= len(question["option"]) <= len(LETTERS):
        raise QuizError(f"{where}: {len(question['option'])} options; there must be 2 to {len(LETTERS)}.")
    if not right:
        raise QuizError(f"{where}: no option is right; write right = true in one.")
    if question["kind"] == "single" and right > 1:
        raise QuizError(f"{where}: {right} options are right; for that the kind is multiple.")


def _check_numeric(question, where):
    tolerance = question.get("tolerance", 0)
    if tolerance < 0:
        raise QuizError(f"{where}: tolerance is {tolerance}; it must not be negative.")
    for slip in question.get("typical", []):
        if abs(slip["value"] - question["answer"]) <= tolerance:
            raise QuizError(f"{where}: the typical slip {slip['value']} lies within the tolerance of the answer.")


def _check_order(question, where):
    if not 3 <= len(question["item"]) <= len(LETTERS):
        raise QuizError(f"{where}: {len(question['item'])} items; there must be 3 to {len(LETTERS)}.")
    texts = [item["text"] for item in question["item"]]
    if len(set(texts)) < len(texts):
        raise QuizError(f"{where}: two items have the same text, so there is more than one right order.")


_CHECKS = {"single": _check_options, "multiple": _check_options, "numeric": _check_numeric, "order": _check_order}


def _check_text(value, where):
    """Marks that open must close; what is asked must not lead away from the page."""
    for key, text in value.items():
        if isinstance(text, list):
            for entry in text:
                _check_text(entry, where)
        elif isinstance(text, str):
            plain = re.sub(r"`[^`]*`", "", text)
            if plain.count("$") % 2 or "`" in plain:
                raise QuizError(f"{where}: a $ or ` opens and does not close in {text!r}.")
            if key == "text" and re.search(r"\]\(", plain):
                raise QuizError(f"{where}: a link belongs in feedback, not in {text!r}.")


def _shuffled(question):
    """The order in which the items are shown first: always the same, never the right one."""
    order = list(range(len(question["item"])))
    chance = random.Random(question["text"])
    while any(item == place for place, item in enumerate(order)):
        chance.shuffle(order)
    return order


def _list(words):
    return ", ".join(sorted(words))


def pack(questions: list[dict]) -> str:
    """The questions as a text in which no answer can be read in passing; `unpack` in questions.js is the way back."""
    plain = json.dumps({"questions": questions}, ensure_ascii=False).encode()
    return base64.b64encode(bytes(byte ^ (k * 7 + 91 & 255) for k, byte in enumerate(plain))).decode()


class Quiz(Figure):
    """The quiz of a chapter: `Quiz("scalar-rnn")` asks what quizzes/scalar-rnn.toml holds.

    answers: one dict per question (choice, checked, tries, right, first), or nothing before the first answer;
    `quiz.answers = []` starts again. On the website they are kept on the reader's device, by kept.js; where there is a
    kernel they are Python's, and a cell that is run anew asks anew. When each question comes back: see `Due`.

    To read, for a notebook that wants to know how it goes: `total` questions, `answered` of them checked at least once,
    `score` of them right by now, `first` of them right at the first try.
    """

    _esm = module("quiz.js")
    _styles = styles("quiz.css")
    _packed = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)
    answers = traitlets.List().tag(sync=True)

    def __init__(self, name: str, **kwargs):
        self._questions = read_quiz(name)
        super().__init__(name=name, _packed=pack(self._questions), **kwargs)

    @result
    def total(self):
        return len(self._questions)

    @result
    def answered(self):
        return self._count("tries")

    @result
    def score(self):
        return self._count("right")

    @result
    def first(self):
        return self._count("first")

    def _count(self, key):
        return sum(bool(answer[key]) for answer in self.answers)

    @traitlets.validate("answers")
    def _fitting(self, proposal):
        answers = proposal["value"]
        whole = all(isinstance(answer, dict) and {"choice", "tries", "right", "first"} <= set(answer)
                    for answer in answers)
        if answers and not (whole and len(answers) == len(self._questions)):
            raise traitlets.TraitError("answers is filled by the quiz itself; set it to [] to start again.")
        return answers

    def __repr__(self):
        return f"Quiz: {len(self._questions)} questions. Run this cell to answer them."

    def as_markdown(self) -> str:
        """The questions without their answers, for readers without JavaScript."""
        return "\n\n".join(as_markdown(number, question) for number, question in enumerate(self._questions, 1)) + "\n"

    def _stand_in(self):
        return in_words(self.as_markdown())


def in_words(markdown: str) -> dict[str, str]:
    """What stands in for questions as a mime bundle; nothing in Colab, which might prefer it to the questions."""
    return {} if "google.colab" in sys.modules else {"text/markdown": markdown}


def as_markdown(number: int, question: dict) -> str:
    """A question without its answers."""
    lines = [f"**{number}.** {question['text']}"]
    if question["kind"] in ("single", "multiple"):
        if question["kind"] == "multiple":
            lines[0] += " (Choose all that are right.)"
        lines += ["", *(f"- {letter}. {option['text']}"
                        for letter, option in zip(LETTERS, question["options"], strict=False))]
    elif question["kind"] == "order":
        lines[0] += " (Put them in order.)"
        lines += ["", *(f"- {question['items'][k]['text']}" for k in question["shown"])]
    else:
        lines[0] += f" (A number{', ' + question['unit'] if question['unit'] else ''}.)"
    return "\n".join(lines)

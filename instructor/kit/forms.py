"""The forms of the kit: written from ideas.toml into form-a.toml, form-b.toml and form-c.toml, and read from there.

    python -m instructor.kit.forms      writes them anew, after a change of ideas.toml
"""

import json
import math
import tomllib
from pathlib import Path

from seqlab.widgets.quiz import QuizError, read_quiz

HERE = Path(__file__).resolve().parent
FORMS = "abc"
HEADER = "# Form {form} of the measuring kit, written by instructor/kit/forms.py from ideas.toml: change it there.\n"


def ideas() -> list[dict]:
    """The ideas, as they stand in ideas.toml."""
    return tomllib.loads((HERE / "ideas.toml").read_text("utf8"))["idea"]


def questions(form: str) -> list[dict]:
    """The questions of a form, in the form of `seqlab.widgets.quiz.read_quiz`, each with the name of its idea.

    Raises:
        ValueError: there is no such form.
    """
    if form not in FORMS:
        raise ValueError(f"There is no form {form!r}: the forms are {', '.join(FORMS)}.")
    try:
        found = read_quiz(f"form-{form}", HERE)
    except QuizError as problem:
        raise ValueError(str(problem)) from None
    return [{**question, "idea": idea["name"], "subject": idea["subject"]}
            for question, idea in zip(found, ideas(), strict=True)]


def is_right(question: dict, answer) -> bool:
    """Whether a learner's answer is right: the place of an option, or a number, as the page stores it."""
    if answer is None:
        return False
    if question["kind"] == "single":
        return question["options"][answer]["right"]
    return abs(answer - question["answer"]) <= question["tolerance"] + 1e-9


def write(form: str) -> str:
    """The text of a form's file."""
    parts = [HEADER.format(form=form)]
    for idea in ideas():
        values = dict(idea["values"][FORMS.index(form)])
        values |= {name: _computed(code, values) for name, code in idea.get("derived", {}).items()}
        fill = lambda text, values=values: text.format(**values)
        lines = ["[[question]]", f"kind = {_text(idea['kind'])}", f"text = {_text(fill(idea['text']))}"]
        if idea["kind"] == "numeric":
            given = ", ".join(f"{name}={value!r}" for name, value in values.items())
            computed = f"(lambda {given}: {idea['answer']})()"
            lines += [f"answer = {_number(_computed(idea['answer'], values))}",
                      f"computed = {_text(computed)}"]
            if "tolerance" in idea:
                lines.append(f"tolerance = {idea['tolerance']}")
            lines += [f"feedback = {_text(idea['feedback'])}", f"otherwise = {_text(idea['otherwise'])}"]
            for slip in idea["typical"]:
                lines += ["", "[[question.typical]]", f"value = {_number(_computed(slip['value'], values))}",
                          f"feedback = {_text(slip['feedback'])}"]
        else:
            for option in idea["option"]:
                lines += ["", "[[question.option]]", f"text = {_text(fill(option['text']))}"]
                lines += ["right = true"] * option.get("right", False) + [f"feedback = {_text(option['feedback'])}"]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _computed(code: str, values: dict):
    return eval(code, {"math": math}, dict(values))         # from ideas.toml, which is part of this package


def _number(value) -> str:
    value = round(value, 6)
    return str(int(value)) if value == int(value) else repr(value)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    for name in FORMS:
        (HERE / f"form-{name}.toml").write_text(write(name), "utf8")
        print(f"instructor/kit/form-{name}.toml")

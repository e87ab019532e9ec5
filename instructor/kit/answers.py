"""The page that learners answer a form on, and the file that they hand in: answers only, so that neither the page nor
the file holds what is right. The page is one file that loads nothing and sends nothing."""

import datetime
import hashlib
import json
import math
import re
from pathlib import Path
from typing import NamedTuple

from ..markup import to_html
from .forms import FORMS, HERE, questions

FORMAT = "seqlab-answers/1"
OCCASIONS = ("before", "after", "later")
WHICH = dict(zip(OCCASIONS, FORMS, strict=True))        # the form of each occasion, unless somebody says otherwise
LEARNER = re.compile(r"[\w .@+-]{1,40}")
MOST_BYTES = 100_000


class AnswersError(ValueError):
    """A file holds no answers to a form; the sentence says why."""


class Answers(NamedTuple):
    """What one learner answered on one occasion: places of options, numbers, and None where nothing was answered."""

    learner: str
    occasion: str
    form: str
    answers: tuple
    saved: str
    source: str = ""


def fingerprint(form: str) -> str:
    """Says which wording of a form was answered."""
    return hashlib.sha256((HERE / f"form-{form}.toml").read_bytes()).hexdigest()[:12]


def page(occasion: str, form: str | None = None) -> str:
    """The page of a form for one of the OCCASIONS, as HTML.

    Raises:
        ValueError: there is no such occasion, or no such form.
    """
    if occasion not in OCCASIONS:
        raise ValueError(f"There is no occasion {occasion!r}: the occasions are {', '.join(OCCASIONS)}.")
    form = form or WHICH[occasion]
    asked = "\n".join(_question(number, question) for number, question in enumerate(questions(form), 1))
    about = {"format": FORMAT, "form": form, "fingerprint": fingerprint(form), "occasion": occasion}
    return PAGE.replace("OCCASION", occasion).replace("QUESTIONS", asked).replace(
        "ABOUT", json.dumps(about).replace("<", "\\u003c"))


def _question(number: int, question: dict) -> str:
    text = f"<legend>{number}. {to_html(question['text'])}</legend>"
    if question["kind"] == "single":
        options = "".join(f'<label><input type="radio" name="q{number}" value="{k}"> {to_html(option["text"])}</label>'
                          for k, option in enumerate(question["options"]))
        none = f'<label><input type="radio" name="q{number}" value="" checked> I do not know.</label>'
        return f"<fieldset>{text}{options}{none}</fieldset>"
    label = f'<label>A number; leave it empty if you do not know. <input name="q{number}" inputmode="decimal" ' \
        'autocomplete="off" size="10"></label>'
    return f"<fieldset>{text}{label}</fieldset>"


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Twelve questions, OCCASION the course</title>
<style>
  :root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
  body { max-width: 42rem; margin: 0 auto; padding: 1rem; }
  fieldset { margin: 1.5rem 0; padding: 0.5rem 1rem 1rem; border: 1px solid; border-radius: 0.4rem; min-width: 0; }
  legend { font-weight: 600; padding: 0 0.3rem; }
  label { display: block; padding: 0.35rem 0; }
  input, button { font: inherit; }
  button { padding: 0.4rem 1rem; }
  code { overflow-wrap: anywhere; }
  [aria-invalid] { outline: 3px solid; }
</style>
<main>
<h1>Twelve questions, OCCASION the course</h1>
<p>They show what a class knows, not what you are worth: they are not graded, and a question that you cannot answer says
as much as one that you can. Take about 20 minutes, without looking anything up; paper is allowed.</p>
<p>Nothing leaves this page by itself. At the end you save a file with your answers, and hand that in.</p>
<form novalidate>
<p><label>A name that you will use again next time; it need not be your own.
<input name="learner" required maxlength="40" autocomplete="off"></label></p>
QUESTIONS
<p><button>Save my answers</button> <output role="status"></output></p>
</form>
</main>
<script type="application/json" id="about">ABOUT</script>
<script>
const form = document.querySelector("form");
const said = document.querySelector("output");
const number = (text) => (text.trim() ? Number(text.trim().replace(",", ".")) : null);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const all = new FormData(form);
  const learner = all.get("learner").trim();
  const answers = [...Array(12).keys()].map((k) => number(all.get(`q${k + 1}`) ?? ""));
  const wrong = answers.findIndex((answer) => Number.isNaN(answer) || Math.abs(answer) === Infinity);
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  const problem = !/^[\\p{L}\\p{N}_ .@+-]{1,40}$/u.test(learner) ? ["learner", "Write a name of letters and digits."]
    : wrong >= 0 ? [`q${wrong + 1}`, `The answer to question ${wrong + 1} is no number.`] : null;
  if (problem) {
    const input = form.elements[problem[0]];
    input.setAttribute("aria-invalid", "true");
    input.focus();
    said.textContent = problem[1];
    return;
  }
  const about = JSON.parse(document.querySelector("#about").textContent);
  const file = JSON.stringify({ ...about, learner, answers, saved: new Date().toISOString() }, null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file], { type: "application/json" }));
  link.download = `answers-${about.occasion}-${learner.replace(/[^A-Za-z0-9]+/g, "-")}.json`;
  link.click();
  said.textContent = `Saved as ${link.download}: hand that file in.`;
});
</script>
</html>
"""


def read_answers(path: Path) -> Answers:
    """The answers in a file that a learner handed in.

    Raises:
        AnswersError: it is no such file, or it answers another wording of the form.
    """
    path = Path(path)
    try:
        if path.is_symlink() or not path.is_file():
            raise AnswersError("It is no plain file.")
        if path.stat().st_size > MOST_BYTES:
            raise AnswersError("It is too large to be answers.")
        content = json.loads(path.read_text("utf8"), parse_constant=lambda word: None)
    except (OSError, ValueError, RecursionError) as problem:
        raise problem if isinstance(problem, AnswersError) else AnswersError("It is not JSON.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise AnswersError("It is not a file of answers that the page saves.")
    form, occasion, learner = (content.get(key) for key in ("form", "occasion", "learner"))
    if not isinstance(form, str) or form not in tuple(FORMS) or occasion not in OCCASIONS:
        raise AnswersError("It names no form, or no occasion, that there is.")
    if content.get("fingerprint") != fingerprint(form):
        raise AnswersError(f"It answers another wording of form {form} than the one here.")
    if not isinstance(learner, str) or not LEARNER.fullmatch(learner.strip()):
        raise AnswersError("It names no learner.")
    asked, given = questions(form), content.get("answers")
    if not isinstance(given, list) or len(given) != len(asked):
        raise AnswersError(f"It does not hold {len(asked)} answers.")
    for number, (question, answer) in enumerate(zip(asked, given, strict=True), 1):
        if not _fits(question, answer):
            raise AnswersError(f"Its answer to question {number} is none that the page can save.")
    return Answers(" ".join(learner.split()).casefold(), occasion, form, tuple(given), _when(content.get("saved")),
                   path.name)


def _fits(question, answer) -> bool:
    if answer is None:
        return True
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return False
    if question["kind"] == "single":
        return answer == int(answer) and 0 <= answer < len(question["options"])
    return math.isfinite(answer)


def _when(text) -> str:
    try:
        return datetime.datetime.fromisoformat(str(text)).isoformat()
    except ValueError:
        return ""

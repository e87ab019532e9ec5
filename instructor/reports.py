"""What comes out of a graded batch: a gradebook, a page of feedback for each student, and a summary of the class."""

import csv
import functools
import hashlib
import io
import re
from collections import Counter
from pathlib import Path

import jinja2

from .assignment import Assignment
from .exercises import catalogue
from .grade import write_whole

STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
       color: CanvasText; background: Canvas; color-scheme: light dark }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .3rem .6rem; vertical-align: top;
       border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent) }
td:nth-child(2), th:nth-child(2) { white-space: nowrap } code { overflow-wrap: anywhere }
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{ title }}</title>
<style>{{ style }}</style>
<main>
{% block main %}{% endblock %}
</main>
</html>
"""
FEEDBACK = """{% extends "page" %}{% block main %}
<h1>{{ title }}</h1>
<p>{{ result.name or result.student }}{% if result.file %}, <code>{{ result.file }}</code>{% endif %}
{%- if result.late %}, handed in late{% endif %}</p>
{% if result.grade is not none %}
<p><strong>{{ points(result.grade) }} of {{ points(result.possible) }} points</strong></p>
{% else %}
<p><strong>Not graded yet</strong>: {{ result.reason }}.</p>
{% endif %}
{% if result.exercises %}
<table>
<thead><tr><th scope="col">Exercise</th><th scope="col">Points</th><th scope="col">What was found</th></tr></thead>
<tbody>
{% for one in result.exercises %}
<tr><th scope="row">{{ titles[one.id] }}</th>
<td>{{ "?" if one.points is none else points(one.points) }} of {{ points(one.possible) }}</td>
<td>{% if one.said %}{{ one.said | join(" ") }}{% else %}Right.{% endif %}</td></tr>
{% endfor %}
</tbody>
</table>
{% endif %}
{% if result.notes %}<h2>Notes</h2><ul>{% for one in result.notes %}<li>{{ one }}.</li>{% endfor %}</ul>{% endif %}
{% if result.cells %}<h2>Cells that stopped</h2>
<ul>{% for one in result.cells %}<li>Cell {{ one.cell + 1 }}: {{ one.said }}
{% if one.text %}<code>{{ one.text }}</code>{% endif %}</li>{% endfor %}</ul>{% endif %}
<p>Your answers were asked with numbers that were drawn for this run only, so they are not shown. The public check in
the notebook says more about the cause.</p>
{% endblock %}"""
SUMMARY = """{% extends "page" %}{% block main %}
<h1>{{ title }}</h1>
<p>{{ results | length }} rows, {{ graded }} of them graded{% if graded %}; mean {{ points(mean) }} of
{{ points(possible) }} points{% endif %}.{% if late %} Handed in late: {{ late }}.{% endif %}</p>
<table>
<thead><tr><th scope="col">Exercise</th><th scope="col">Solved</th><th scope="col">What was said most often</th>
<th scope="col">Seconds a notebook</th></tr></thead>
<tbody>
{% for one in rows %}
<tr><th scope="row">{{ one.id }}</th><td>{{ one.solved }} of {{ one.asked }}</td>
<td>{% for said, count in one.causes %}{{ count }} times: {{ said }}<br>{% endfor %}</td><td>{{ one.seconds }}</td></tr>
{% endfor %}
</tbody>
</table>
{% if blank %}<h2>Without a grade</h2>
<ul>{% for one in blank %}<li>{{ one.name or one.student }}: {{ one.reason }}.</li>{% endfor %}</ul>{% endif %}
{% endblock %}"""


def points(value: float) -> str:
    """2 or 1.75: no digit that is not needed."""
    return f"{round(value, 2):g}"


def gradebook(results: list[dict], assignment: Assignment) -> str:
    """A CSV with one row for each row of the results. Where there is no grade the cell is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "name", "file", "late", "grade", "possible", "reason", "reached", *assignment.ids,
                     "notes", "seconds", "sha256", "seed"])
    for one in results:
        own = {entry["id"]: entry["points"] for entry in one["exercises"]}
        writer.writerow([_harmless(value) for value in (
            one["student"], one["name"], one["file"] or "", {True: "yes", False: "no", None: ""}[one["late"]],
            _number(one["grade"]), points(one["possible"]), one["reason"] or "", points(one["found"]),
            *(_number(own.get(name)) for name in assignment.ids),
            "; ".join(one["notes"]), one["seconds"], one.get("sha256", ""), one.get("seed", ""))])
    return out.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else points(value)


def _harmless(value) -> str:
    """What a spreadsheet does not take for a formula, wherever it begins a cell: half of Europe's do at a semicolon."""
    text = str(value)
    return text if re.fullmatch(r"-?[\d.]+", text) else re.sub(r"(?:^|(?<=[;\t\r\n]))(?=[=+@\t\r＝＋－＠-])", "'", text)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, loader=jinja2.DictLoader(
        {"page": PAGE, "feedback": FEEDBACK, "summary": SUMMARY}), undefined=jinja2.StrictUndefined)
    environment.globals.update(points=points, style=STYLE)
    return environment


def feedback(result: dict, assignment: Assignment) -> str:
    """The page of one student, in HTML. It holds no input or value of a hidden test."""
    titles = {name: catalogue()[name].title for name in assignment.ids}
    return _environment().get_template("feedback").render(title=assignment.title, result=_ended(result), titles=titles)


def _ended(result: dict) -> dict:
    """The result with a reason that a page can put its own full stop behind."""
    return {**result, "reason": (result["reason"] or "").rstrip(".") or None}


def summary(results: list[dict], assignment: Assignment) -> tuple[list[dict], str]:
    """Of each exercise how many solved it, what was said most often, and the time; as rows, and as a page."""
    rows = []
    for name in assignment.ids:
        own = [entry for one in results for entry in one["exercises"] if entry["id"] == name]
        causes = Counter(said for entry in own for said in entry["said"])
        seconds = sorted(entry["seconds"] for entry in own)
        solved = sum(entry["points"] == entry["possible"] for entry in own)
        rows.append({"id": name, "asked": len(own), "solved": solved,
                     "causes": causes.most_common(3), "seconds": seconds[len(seconds) // 2] if seconds else None})
    grades = [one["grade"] for one in results if one["grade"] is not None]
    page = _environment().get_template("summary").render(
        title=f"{assignment.title}: the class", results=results, rows=rows, graded=len(grades),
        mean=sum(grades) / len(grades) if grades else 0, possible=assignment.possible,
        late=sum(one["late"] is True for one in results),
        blank=[_ended(one) for one in results if one["grade"] is None])
    return rows, page


def page_name(result: dict) -> str:
    """A file name of letters and digits, which two students never share, whatever they are called."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", result["student"])[:60].strip("-.") or "student"
    own = hashlib.sha256(f"{result['student']}/{result['file']}".encode("utf-8", "replace")).hexdigest()[:8]
    return f"{plain}-{own}.html"


def write(results: list[dict], assignment: Assignment, out: Path) -> dict[str, Path]:
    """Write gradebook.csv, summary.html, and feedback/NAME.html for each student; what is not changed is left."""
    (out / "feedback").mkdir(parents=True, exist_ok=True)
    write_whole(out / "gradebook.csv", gradebook(results, assignment).rstrip("\n"))
    write_whole(out / "summary.html", summary(results, assignment)[1])
    for one in results:
        write_whole(out / "feedback" / page_name(one), feedback(one, assignment))
    return {"gradebook": out / "gradebook.csv", "summary": out / "summary.html", "feedback": out / "feedback",
            "results": out / "results.json"}

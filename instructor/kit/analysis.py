"""What the answers of a class say: gain, and the difficulty and discrimination of each question, with intervals."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from .answers import OCCASIONS, Answers, AnswersError, read_answers
from .forms import FORMS, ideas, is_right, questions
from .statistics import Estimate, discrimination, mean, normalised_gain, share


def read_folder(paths: Iterable[Path]) -> tuple[list[Answers], dict[str, str]]:
    """The answers in these files and folders, and {file: why it was left out}. The last save of a learner counts."""
    found, left = {}, {}
    files = [file for path in map(Path, paths) for file in (sorted(path.rglob("*.json")) if path.is_dir() else [path])]
    for file in files:
        try:
            one = read_answers(file)
        except AnswersError as problem:
            left[str(file)] = str(problem)
            continue
        key = one.learner, one.occasion
        if key in found:
            older, one = sorted((found[key], one), key=lambda answers: answers.saved)
            left[older.source] = f"{older.learner} saved {one.source} later, on the same occasion."
        found[key] = one
    return list(found.values()), left


def marked(answers: Answers) -> list[bool]:
    """Which questions were answered rightly."""
    return [is_right(question, None if answer is None else int(answer) if question["kind"] == "single" else answer)
            for question, answer in zip(questions(answers.form), answers.answers, strict=True)]


def analyse(everything: Iterable[Answers]) -> dict:
    """Numbers of a class, each [value, low, high] with a 95 % interval, or nulls where the class does not determine it.

    `occasions`: for each, how many answered and their mean score. `gains`: from each occasion to each later one, over
    the learners who took both: the mean difference, and the share of what could still be gained. `questions`: for each
    idea and occasion, `difficulty` (the share who were right) and `discrimination` (its correlation with the score on
    the other questions). `forms`: who took which form when, since forms may differ in difficulty.
    """
    right = {(one.learner, one.occasion): marked(one) for one in everything}
    forms = Counter((one.occasion, one.form) for one in everything)
    by = defaultdict(dict)
    for (learner, occasion), row in right.items():
        by[occasion][learner] = row
    names, most = [idea["name"] for idea in ideas()], len(ideas())
    occasions = {when: {"learners": len(by[when]), "score": _list(mean([sum(row) for row in by[when].values()]))}
                 for when in OCCASIONS if by[when]}
    gains = [_gain(by, first, then, most) for k, first in enumerate(OCCASIONS) for then in OCCASIONS[k + 1:]
             if by[first].keys() & by[then].keys()]
    rows = []
    for place, name in enumerate(names):
        for when in occasions:
            table = list(by[when].values())
            column = [row[place] for row in table]
            rows.append({"question": name, "occasion": when, "right": sum(column), "of": len(column),
                         "difficulty": _list(share(sum(column), len(column))),
                         "discrimination": _list(discrimination(column, [sum(row) - row[place] for row in table]))})
    return {"occasions": occasions, "gains": gains, "questions": rows,
            "forms": [{"occasion": when, "form": form, "learners": forms[when, form]}
                      for when in OCCASIONS for form in FORMS if forms[when, form]], "warnings": _warnings(by, forms)}


def _gain(by, first, then, most):
    both = sorted(by[first].keys() & by[then].keys())
    before, after = ([sum(by[when][learner]) for learner in both] for when in (first, then))
    return {"from": first, "to": then, "learners": len(both),
            "gain": _list(mean([b - a for a, b in zip(before, after, strict=True)])),
            "normalised gain": _list(normalised_gain(before, after, most))}


def _warnings(by, forms):
    said = []
    for first, then in itertools.pairwise(OCCASIONS):
        one = by[first].keys() ^ by[then].keys()
        if by[first] and by[then] and one:
            said.append(f"{len(one)} learners answered only one of {first} and {then}, and are in no gain between "
                        f"them: {', '.join(sorted(one)[:10])}.")
    used = {when: {form for occasion, form in forms if occasion == when} for when in by if by[when]}
    if len(used) > 1 and any(len(chosen) == 1 for chosen in used.values()):
        said.append("Everybody took the same form on an occasion, so a gain may be a difference of the forms: give "
                    "half of the class form b before and form a after (--form).")
    if any(0 < len(rows) < 8 for rows in by.values()):
        said.append("With fewer than 8 learners the intervals are wide, and discrimination says next to nothing.")
    return said


def _list(estimate: Estimate) -> list:
    return list(estimate.rounded())

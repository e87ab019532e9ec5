"""A chapter is its own files and its lines in _toc.yml: one is added, moved and moved back in a scratch copy."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tools import chapters, course

FORM = ["tests/test_course.py", "tests/test_notebooks.py", "tests/test_student_notebooks.py", "tests/test_quizzes.py",
        "tests/test_checks.py", "tests/test_prose.py", "tests/test_formulas.py",
        "tests/test_quiz_answers.py", "tests/test_chapters/test_a_dummy.py", "-k",
        "test_course or test_notebooks or (student and not unsolved) or test_quizzes or test_prose or test_formulas or "
        "test_quiz_answers or dummy", "-m", "not site and not deep"]


def git(tree, *command):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "core.autocrlf=false"]
    return subprocess.run(["git", *identity, *command], cwd=tree, check=True, capture_output=True, text=True).stdout


def commit(tree):
    """Keep all as it is now; returns git's name for the whole content."""
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--allow-empty", "--message", "now")
    return git(tree, "rev-parse", "HEAD^{tree}")


@pytest.fixture
def copy(root, tmp_path):
    """The project in a git checkout of its own."""
    for name in git(root, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (root / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, tmp_path / name)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def form_tests(tree):
    """What the tests of form, of links and of the new chapter's exercises and code say in the copy."""
    result = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *FORM], cwd=tree,
                            env={**os.environ, "PYTHONPATH": str(tree)}, capture_output=True, text=True)
    return result.returncode, result.stdout[-4000:] + result.stderr[-1000:]


@pytest.mark.slow
def test_a_chapter_is_added_put_in_between_and_moved_back(copy):
    before = [one.name for one in course.chapters(copy)]
    made = chapters.begin("a-dummy", root=copy)
    git(copy, "add", "--all")
    changed = dict(reversed(line.split("\t")) for line in git(copy, "diff", "--cached", "--name-status").splitlines())
    assert changed == {"_toc.yml": "M", **dict.fromkeys(made, "A")} and len(made) == len(chapters.OWN)
    added = re.findall(r"^[+-][^+-].*", git(copy, "diff", "--cached", "--", "_toc.yml"), flags=re.MULTILINE)
    assert [line[:1] for line in added] == ["+", "+"]

    last = commit(copy)
    lines = chapters.move("a-dummy", before[1][3:], root=copy)
    third = f"{3:02d}-a-dummy"
    assert lines[:2] == [f"{len(before) + 1}-a-dummy -> {third}", f"{before[2]} -> 04-{before[2][3:]}"]
    now = [one.name for one in course.chapters(copy)]
    assert now == [*before[:2], third, *(f"{k:02d}-{name[3:]}" for k, name in enumerate(before[2:], 4))]
    assert [part[0] for part in course.parts(copy)] == [part[0] for part in course.parts()]
    assert "a-dummy" in [one.subject for one in course.parts(copy)[0][1]]
    assert [one.name for one in course.masters(copy)] == now
    links = [(page, target) for page in course.some((copy / "book").rglob("*.md"))
             for target in re.findall(r"\]\(([^)#:]+\.ipynb)", page.read_text("utf-8"))]
    assert len(links) > 50 and [(page, link) for page, link in links if not (page.parent / link).is_file()] == []

    commit(copy)
    chapters.move("a-dummy", before[-1][3:], root=copy)
    assert commit(copy) == last, git(copy, "show", "--stat")


@pytest.mark.slow
def test_a_chapter_that_is_added_and_put_in_between_has_the_form_of_a_chapter(copy):
    chapters.begin("a-dummy", root=copy)
    commit(copy)
    chapters.move("a-dummy", course.chapters(copy)[1].subject, root=copy)
    red, report = form_tests(copy)
    assert not red, report


# This file is renumbered too when a chapter is moved: so no chapter of the course is named in it, nor by its number.
C = "chapter"
NEW = {"01-words": "01-words", "03-bats": "04-bats", "09-bees": "10-bees", "10-more": "03-more"}


@pytest.mark.parametrize(("text", "wanted"), [
    (f"[03](03-bats.ipynb), [in {C} 03](../03-bats.ipynb#x)", f"[04](04-bats.ipynb), [in {C} 04](../04-bats.ipynb#x)"),
    (f"[{C}\\n\",\n    \"03](03-bats.ipynb)", f"[{C}\\n\",\n    \"04](04-bats.ipynb)"),
    ("[page 09 of it](../book/03-bats.ipynb)", "[page 09 of it](../book/04-bats.ipynb)"),
    ("exercises/03-bats.ipynb book/10-more", "exercises/04-bats.ipynb book/03-more"),
    (f"{C.title()}s 03, 09 and 10; {C}s 01 to 03", f"{C.title()}s 04, 10 and 03; {C}s 01 to 04"),
    (f"{C}\\n\",\n    \"10 says", f"{C}\\n\",\n    \"03 says"),
    (f"{C} 12 or 03 of 10, 2003-bats, 03-bats-too", f"{C} 12 or 04 of 10, 2003-bats, 03-bats-too"),
    (f"{C} 12 of 03, 10 %", f"{C} 12 of 03, 10 %"),
])
def test_names_and_numbers_in_a_text(text, wanted):
    assert chapters.renumber(text, NEW) == wanted
    assert chapters.renumber(wanted, {now: old for old, now in NEW.items()}) == text


@pytest.fixture
def small(tmp_path):
    """A course of three chapters of which only the table of contents and a page are needed."""
    (tmp_path / "_toc.yml").write_text(
        "root: intro\nparts:\n  - caption: First\n    chapters:\n      - file: book/01-one\n      - file: book/02-two\n"
        "  - caption: Second\n    chapters:\n      - file: book/03-three\n")
    (tmp_path / "page.md").write_text(f"See {C} 01 and {C} 17.\n")
    (tmp_path / "seqlab/widgets/quizzes").mkdir(parents=True)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path)
    return tmp_path


def test_what_no_rule_can_decide_is_said(small):
    said = chapters.move("two", "one", after=False, root=small)
    assert said[-2:] == [f"page.md said '{C} 01', now '{C} 02': is it still true?",
                         f"page.md says '{C} 17', which is not there"]
    assert (small / "page.md").read_text() == f"See {C} 02 and {C} 17.\n"


@pytest.mark.parametrize(("subject", "neighbour", "message"), [
    ("four", "one", "no chapter on 'four'; there are one, two, three"),
    ("one", "one", "one cannot stand beside itself"),
    ("three", "one", "three is alone in its part"),
])
def test_what_cannot_be_moved_is_refused_and_nothing_changes(small, subject, neighbour, message):
    with pytest.raises((KeyError, ValueError), match=message):
        chapters.move(subject, neighbour, root=small)
    assert git(small, "status", "--porcelain") == ""


def test_nothing_is_moved_over_work_that_git_does_not_hold(small):
    (small / "page.md").write_text("half a sentence")
    with pytest.raises(ValueError, match="commit what you have changed first"):
        chapters.move("two", "one", after=False, root=small)
    assert (small / "page.md").read_text() == "half a sentence"


@pytest.mark.parametrize(("subject", "like", "message"), [
    ("GRU", "order-matters", "'GRU' cannot be a chapter's subject"), ("gru", "order-matters", "and not one in use"),
    ("new", "gru", "'gru' is also a word of its texts"), ("new", "gone", "no chapter on 'gone'"),
])
def test_what_cannot_be_begun_is_refused(root, subject, like, message):
    with pytest.raises((KeyError, ValueError), match=message):
        chapters.begin(subject, like, root=root)

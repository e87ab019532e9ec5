"""The tests can fail: what they look through is not empty.

Of nothing everything is true. So `all` of nothing is an error in every test (tests/conftest.py), and here the ways are
closed by which a test goes through what it has found without noticing that it has found nothing.
"""

import ast

import pytest

from tools.course import ROOT, some

FOUND = {"glob", "rglob"}                                       # a folder that is looked through
MATCHED = {"findall", "finditer", "splitlines"}                 # a text, where an assertion depends on it
PASSED_ON = {"sorted", "list", "set", "tuple", "enumerate", "reversed", "dict"}
PERHAPS_NONE = "# perhaps none"


def call_behind(node):
    """The call that makes what is gone through: x.glob(...) in sorted(x.glob(...))."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PASSED_ON and node.args:
        node = node.args[0]
    return node if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None


def gone_through(tree):
    """(whether an assertion depends on it, what is gone through) for every loop and comprehension."""
    judged = {id(part) for one in ast.walk(tree) if isinstance(one, ast.Assert) for part in ast.walk(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.For):
            yield any(isinstance(part, ast.Assert) for part in ast.walk(node)), node.iter
        elif isinstance(node, ast.GeneratorExp):
            for part in node.generators:
                yield id(node) in judged, part.iter
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            for part in node.generators:
                yield False, part.iter


def perhaps_empty(text):
    """(line number, code) of what a test goes through though it may be empty."""
    lines = text.splitlines()
    for judged, iterated in gone_through(ast.parse(text)):
        call = call_behind(iterated)
        name = call.func.attr if call else ""
        printed = name == "splitlines" and ast.unparse(call.func.value).endswith(".printed")    # never empty: Played
        unsure = name in FOUND or (judged and name in MATCHED and not printed)
        if unsure and PERHAPS_NONE not in lines[iterated.lineno - 1]:
            yield iterated.lineno, ast.unparse(iterated)


@pytest.mark.parametrize("file", some((ROOT / "tests").rglob("*.py")), ids=lambda file: file.stem)
def test_nothing_is_gone_through_that_may_be_empty(file):
    assert [f"line {line}: {code}" for line, code in perhaps_empty(file.read_text("utf8"))] == [], (
        f"take find_all or some of tools/course.py; or say {PERHAPS_NONE!r}, where another assertion sees to it")


@pytest.mark.parametrize(("code", "seen"), [
    ("for page in sorted(site.rglob('*.html')):\n    page.read_text()", True),
    ("pages = {page.stem for page in site.glob('*.html')}", True),
    ("for word in re.findall('a', text):\n    assert word", True),
    ("assert not any(word == 'b' for word in re.findall('a', text))", True),
    ("for line in result.stdout.splitlines():\n    if line:\n        assert line", True),
    ("for line in ran('cell').printed.splitlines():\n    assert line", False),
    ("for word in find_all('a', text):\n    assert word", False),
    ("for page in some(site.glob('*.html')):\n    assert page", False),
    ("words = [word for word in re.findall('a', text)]", False),
    ("for word in re.findall('a', text):  # perhaps none\n    assert word", False),
])
def test_what_may_be_empty_is_seen(code, seen):
    assert bool(list(perhaps_empty(code))) is seen


def test_all_of_nothing_is_an_error():
    with pytest.raises(AssertionError, match="all of nothing"):
        all(())
    assert all([1]) and not all([1, 0])

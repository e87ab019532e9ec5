"""The student notebooks: in step with the masters, free of solutions, and honest when nothing was answered."""

import ast

import nbformat
import pytest

from instructor.student import STUDENTS, alone, leaks, stub, student_notebook, write_all
from seqlab import checks
from tools.course import ROOT, Cell, broken, find_all, masters, some

every_master = pytest.mark.parametrize("path", [one.path for one in masters()], ids=lambda path: path.stem)


def test_every_student_notebook_has_a_master():
    assert {path.name for path in some(STUDENTS.glob("*.ipynb"))} == {one.path.name for one in masters()}


def test_all_are_written_at_once_into_a_folder_that_is_made(tmp_path):
    written = write_all(tmp_path / "new")
    assert [path.name for path in written] == [one.path.name for one in masters()]
    assert [path.read_bytes() for path in written] == [(STUDENTS / path.name).read_bytes() for path in written]


@every_master
def test_the_student_version_is_in_step_with_its_master(path):
    expected = student_notebook(nbformat.read(path, as_version=4), path.name)
    assert (STUDENTS / path.name).exists(), "run make assign"
    assert nbformat.read(STUDENTS / path.name, as_version=4) == expected, "run make assign"


@every_master
def test_no_solution_is_left(path):
    master = nbformat.read(path, as_version=4)
    assert leaks(master, student_notebook(master, path.name)) == []
    text = "".join(cell.source for cell in student_notebook(master, path.name).cells)
    assert "<details" not in text


@every_master
def test_its_links_lead_somewhere_and_it_says_where_the_worked_answers_are(path):
    student = STUDENTS / path.name
    text = "\n".join(cell.source for cell in nbformat.read(student, as_version=4).cells if cell.cell_type == "markdown")
    links = [link for link in find_all(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert f"../book/exercises/{path.name}" in links
    assert [link for link in links if not (student.parent / link.partition("#")[0]).is_file()] == []


@every_master
def test_downloaded_alone_its_links_are_addresses_or_words(path):
    student = nbformat.read(STUDENTS / path.name, as_version=4)
    before = find_all(r"\]\(\.\./", "".join(cell.source for cell in student.cells))
    there = "\n".join(cell.source for cell in alone(student, "https://you.example/it").cells)
    pages = find_all(r"\]\(https://you\.example/it/([^)#]+)\.html", there)
    assert len(pages) == len(before) and "](../" not in there
    assert all((ROOT / f"{page}.ipynb").is_file() or (ROOT / f"{page}.md").is_file() for page in pages)
    nowhere = alone(student).cells
    assert "downloaded alone" in nowhere[0].source and "](../" not in "".join(cell.source for cell in nowhere)


def test_make_lab_opens_the_notebooks_to_fill():
    """Not the folder in book, which holds the same names with their solutions."""
    command = r"-m jupyterlab --LabApp\.default_url=/lab/tree/(\S+)"
    opened, by_hand = (find_all(command, (ROOT / file).read_text("utf8")) for file in ("Makefile", "README.md"))
    assert [ROOT / folder for folder in opened + by_hand] == [STUDENTS, STUDENTS]


@every_master
def test_an_unsolved_notebook_fails_every_check_in_words(path):
    """Run cell after cell; the checks say that there is no answer yet, and nothing else stops."""
    from seqlab.checks import CheckFailed
    namespace = {}
    failed = 0
    for cell in map(Cell, student_notebook(nbformat.read(path, as_version=4), path.name).cells):
        if cell.kind != "code" or "setup" in cell.tags:
            continue
        if "check" in cell.tags:
            with pytest.raises(CheckFailed):
                cell.run(namespace)
            failed += 1
        else:
            cell.run(namespace)
    assert failed >= 3


def test_a_bug_to_find_is_what_the_student_starts_from():
    """The code as it is given, under the name that the check takes; `unsolved`, above, says that it does not pass."""
    found = {}
    for master in masters():
        given = broken(master.code)
        for k, cell in enumerate(master.cells if given else []):
            if "exercise" in cell.tags and any(f" {name}(" in cell.source for name in given):
                statement = "\n".join(one.source for one in master.cells[k - 3:k] if one.kind == "markdown").lower()
                assert "find the bug" in statement and "predict the symptom" in statement, cell
                assert all(code in stub(cell.source, given) for code in given.values()), cell
                found[master.subject] = cell
        assert not given or found[master.subject] is [one for one in master.cells if "exercise" in one.tags][-1]
    assert len(found) >= 8


def said_of(names, check_cell):
    """What the check of this cell says with these names."""
    from seqlab.checks import CheckFailed
    checking = check_cell.statements[0]
    assert "check(" in ast.unparse(checking)
    try:
        exec(compile(ast.Module([checking], []), "check", "exec"), names)
    except CheckFailed as problem:
        return str(problem)
    return "right"


@pytest.mark.parametrize("master", [one for one in masters() if broken(one.code)], ids=lambda one: one.subject)
def test_the_code_as_it_was_given_is_no_answer_yet_and_what_is_changed_is_diagnosed(master):
    """Who checks before looking for the bug is not told where it is; comments and blank lines are no change."""
    given, from_check = broken(master.code), {}
    for k, cell in enumerate(master.code):
        name = next((name for name in given if "exercise" in cell.tags and f" {name}(" in cell.source), None)
        if not name:
            continue
        names = master.definitions(check=checks.check)
        exec(f"# as it is\n{given[name]}\n# unchanged", names)
        assert "this is the code as it was given" in said_of(names, master.code[k + 1])
        assert "return " in given[name]
        exec(given[name].replace("return ", "more = 1; return ", 1), names)
        from_check[name] = said_of(names, master.code[k + 1])
    assert from_check
    for said in from_check.values():
        assert "as it was given. Predict" not in said and said != "right"


@pytest.mark.parametrize("master", masters(), ids=lambda one: one.subject)
def test_an_answer_that_uses_an_exercise_above_is_not_blamed_for_it(master):
    """Each solution alone, with all other exercises as they are handed out: it is right, or what it lacks is named."""
    for k, cell in enumerate(master.code):
        if "exercise" not in cell.tags:
            continue
        names = master.definitions(check=checks.check)
        for other in master.code:
            if "exercise" in other.tags and other is not cell:
                exec(stub(other.source, broken(master.code)), names)
        try:
            cell.run(names)
        except (TypeError, AttributeError):
            continue            # its own cell stops, and says so
        said = said_of(names, master.code[k + 1])
        assert said == "right" or "no answer yet. Write that one first" in said or "answer that one first" in said, cell


def test_a_solution_in_the_statement_is_found():
    master = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_markdown_cell("Hint: write `y = x.mean(dim=1)`."),
        nbformat.v4.new_code_cell("z = x.mean(dim=0)"),
        nbformat.v4.new_code_cell("y = x.mean(dim=1)\nz = x.mean(dim=0)", metadata={"tags": ["exercise"]})])
    assert leaks(master, student_notebook(master, "01-a.ipynb")) == ["y = x.mean(dim=1)"]


def test_a_stub_keeps_names_and_docstrings_only():
    code = ('# @title Solution (try it yourself first)\nimport torch\n\ndef f(x):\n    """Say."""\n    # a hint\n'
            '    y = x + 1\n    return y\n\nanswer = [1,\n          2]')
    assert stub(code) == ('# Your answer goes here.\nimport torch\n\ndef f(x):\n    """Say."""\n    ...\n\n'
                          'answer = ...')


def test_what_is_given_with_a_fault_is_what_is_mended():
    given = broken([Cell({"cell_type": "code", "metadata": {}, "source": code}) for code in (
        "x = 1", "def broken_f(x):\n    return -x\n\nbroken_f(1)", "class BrokenG:\n    f = 2\nbroken = 3")])
    assert given == {"f": "def f(x):\n    return -x", "G": "class G:\n    f = 2"}
    assert stub("def f(x):\n    return x\n\ndef g(x):\n    return x", given) == (
        "def f(x):\n    return -x\n\ndef g(x):\n    ...")


def test_a_stray_statement_in_an_exercise_cell_is_refused():
    with pytest.raises(ValueError, match="line 2: an exercise cell holds"):
        stub("x = 1\nprint(x)")

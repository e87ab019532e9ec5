"""The course's JavaScript: linted, unit-tested, and whole as the one text that a browser gets."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from places import ROOT

from seqlab.widgets.base import HERE, module
from tools.course import some

BIN = Path(sys.executable).parent
FIGURE_MODULES = [file.name for file in sorted(some(HERE.glob("*.js"))) if "export default" in file.read_text("utf8")]
FOLDERS = ("seqlab/widgets", "book/_ext", "book/_static", "tests")
UNIT_TESTS = sorted(Path(__file__).parent.glob("*.test.js"))


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def lint(*places):
    """The rules are the linter's own and those of .oxlintrc.json, such as: a function fits on a screen."""
    run(BIN / "oxlint", "--config", ROOT / ".oxlintrc.json", "--deny-warnings", *places)


def test_the_linter_finds_nothing():
    lint(*FOLDERS)


@pytest.mark.parametrize("found, code", [
    ("debugger", "const unused = 1;\nif (unused = 2) debugger;\n"),
    (r"`long` has too many lines \(51\)", "export function long() {\n" + "  call();\n" * 49 + "}\n"),
])
def test_the_linter_can_be_red(tmp_path, found, code):
    (tmp_path / "bad.js").write_text(code)
    with pytest.raises(AssertionError, match=found):
        lint(tmp_path)


def test_lines_are_no_longer_than_those_of_python():
    longest = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["tool"]["ruff"]["line-length"]
    files = [file for folder in FOLDERS for file in sorted(some((ROOT / folder).rglob("*.js")))]
    assert len(files) > 15
    assert [f"{file.relative_to(ROOT)}:{number}" for file in files
            for number, line in enumerate(file.read_text("utf8").splitlines(), 1) if len(line) > longest] == []


def test_every_command_of_tex_js_is_used_by_a_quiz(node):
    code = 'import { COMMANDS } from "./seqlab/widgets/tex.js"; console.log(JSON.stringify(Object.keys(COMMANDS)));'
    known = json.loads(run(node, "--input-type=module", "--eval", code))
    formulas = [formula for quiz in some((HERE / "quizzes").glob("*.toml"))
                for formula in re.findall(r"\$([^$\n]+)\$", quiz.read_text("utf8"))]
    used = {name for formula in formulas for name in re.findall(r"\\([A-Za-z]+)", formula)}
    assert known and set(known) <= used, f"no quiz uses {sorted(set(known) - used)}"


@pytest.mark.parametrize("file", [
    pytest.param(file, marks=pytest.mark.slow) if file.name.startswith("rnn_") else file      # it trains nets
    for file in UNIT_TESTS], ids=lambda file: file.name.removesuffix(".test.js"))
def test_unit_tests_of_node(node, file):
    assert "# fail 0" in run(node, "--test", "--test-reporter=tap", file)


def test_every_figure_has_unit_tests():
    tested = {file.name.removesuffix(".test.js") for file in UNIT_TESTS}
    assert [f"{name[:-3]}.test.js" for name in FIGURE_MODULES if name[:-3] not in tested] == [], "missing here"


@pytest.mark.parametrize("name", FIGURE_MODULES)
def test_the_bundle_is_one_valid_module(node, name, tmp_path):
    bundle = tmp_path / "bundle.mjs"
    bundle.write_text(module(name), encoding="utf-8")
    run(node, "--check", bundle)
    assert "import " not in [line[:7] for line in module(name).splitlines()]


def test_what_a_module_imports_is_put_in_front_of_it_once(tmp_path):
    (tmp_path / "one.js").write_text("export const one = 1;\n")
    (tmp_path / "two.js").write_text('import { one } from "./one.js";\nexport async function two() {}\n')
    (tmp_path / "figure.js").write_text('import {\n  one,\n  two,\n} from "./two.js";\n'
                                        'import { one } from "./one.js";\nexport default {};\n')
    assert module("figure.js", tmp_path) == "const one = 1;\n\nasync function two() {}\n\nexport default {};\n"


@pytest.mark.parametrize("line", [
    'import { one as other } from "./part.js";', 'import * as part from "./part.js";', 'import part from "./part.js";',
    'import "./part.js";', "import { one } from './part.js';", 'import { one } from "./part.js"; one();',
    'import { one } from "https://elsewhere/part.js";', 'const part = await import("./part.js");',
    'const address = import.meta.url;', 'export { one };', 'export { one as other };', 'export * from "./part.js";',
    'one(); export const three = 3;', "export var three = 3;", "  export const three = 3;", "export default 3;"])
def test_a_form_that_cannot_be_joined_is_refused(tmp_path, line):
    (tmp_path / "part.js").write_text("export const one = 1;\n")
    (tmp_path / "figure.js").write_text(f"{line}\nexport default {{}};\n")
    with pytest.raises(ValueError, match=r"figure.js, or what it imports, has .*, which cannot be joined: write"):
        module("figure.js", tmp_path)
    (tmp_path / "whole.js").write_text('import { one } from "./figure.js";\nexport default {};\n')
    with pytest.raises(ValueError, match="cannot be joined"):
        module("whole.js", tmp_path)


def test_a_bundle_that_names_something_twice_is_noticed(node, tmp_path):
    bundle = tmp_path / "bundle.mjs"
    bundle.write_text(module(FIGURE_MODULES[0]) + "\nconst mount = 1;\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="already been declared"):
        run(node, "--check", bundle)

"""The figures' JavaScript: linted, unit-tested, and whole as the one text that a browser gets."""

import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

from seqlab.widgets.base import HERE, module

BIN = Path(sys.executable).parent
FIGURE_MODULES = [file.name for file in sorted(HERE.glob("*.js")) if "export default" in file.read_text("utf8")]
UNIT_TESTS = sorted(Path(__file__).parent.glob("*.test.js"))


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def test_the_linter_finds_nothing():
    run(BIN / "oxlint", "--deny-warnings", "seqlab/widgets", "tests/widgets", "book/_ext", "book/_static")


def test_the_linter_can_be_red(tmp_path):
    (tmp_path / "bad.js").write_text("const unused = 1;\nif (unused = 2) debugger;\n")
    with pytest.raises(AssertionError, match="debugger"):
        run(BIN / "oxlint", "--deny-warnings", tmp_path)


@pytest.mark.parametrize("file", UNIT_TESTS, ids=lambda file: file.name.removesuffix(".test.js"))
def test_unit_tests_of_node(file):
    assert "# fail 0" in run(BIN / "node", "--test", "--test-reporter=tap", file)


def test_every_figure_has_unit_tests():
    assert {file.name.removesuffix(".test.js") for file in UNIT_TESTS} >= {name[:-3] for name in FIGURE_MODULES}


@pytest.mark.parametrize("name", FIGURE_MODULES)
def test_the_bundle_is_one_valid_module(name, tmp_path):
    bundle = tmp_path / "bundle.mjs"
    bundle.write_text(module(name), encoding="utf-8")
    run(BIN / "node", "--check", bundle)
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


def test_a_bundle_that_names_something_twice_is_noticed(tmp_path):
    bundle = tmp_path / "bundle.mjs"
    bundle.write_text(module(FIGURE_MODULES[0]) + "\nconst mount = 1;\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="already been declared"):
        run(BIN / "node", "--check", bundle)

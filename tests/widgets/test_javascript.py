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


def test_a_bundle_that_names_something_twice_is_noticed(tmp_path):
    bundle = tmp_path / "bundle.mjs"
    bundle.write_text(module(FIGURE_MODULES[0]) + "\nconst mount = 1;\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="already been declared"):
        run(BIN / "node", "--check", bundle)

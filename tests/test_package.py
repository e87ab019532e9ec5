"""The package as a whole: small, light to import, and documented."""

import ast
import json
import subprocess
import sys

import pytest

import seqlab
from seqlab import plots
from tools.course import ROOT, some

MODULES = ("torchvision", "sklearn", "matplotlib", "scipy", "ipywidgets")


@pytest.mark.slow
def test_its_import_leaves_heavy_libraries_alone():
    script = ("import sys, torch, json\nbefore = set(sys.modules)\nimport seqlab\n"
              "print(json.dumps(sorted(set(sys.modules) - before)))")
    loaded = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                                       check=True).stdout)
    assert "seqlab" in loaded and not [name for name in loaded if name.split(".")[0] in MODULES]


def test_it_offers_at_most_25_names_and_every_one_is_documented():
    assert len(seqlab.__all__) <= 25
    for module in (seqlab, plots):
        for name in module.__all__:
            thing = getattr(module, name)
            if callable(thing):
                assert len((thing.__doc__ or "").split()) >= 8, f"{name} has no useful docstring of its own"


def test_the_style_checker_is_content(root):
    result = subprocess.run([sys.executable, "-m", "ruff", "check", "."], cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout


def test_a_text_is_read_and_written_as_utf_8_on_every_machine():
    """Without its name, an encoding is what the machine is used to: on Windows another one."""
    files = [path for folder in ("seqlab", "studies", "instructor", "tools")
             for path in some((ROOT / folder).rglob("*.py"))]
    texts = [(path.relative_to(ROOT).as_posix(), node) for path in files
             for node in ast.walk(ast.parse(path.read_text("utf8"))) if isinstance(node, ast.Call)
             and isinstance(node.func, ast.Attribute) and node.func.attr in ("read_text", "write_text")]
    assert len(texts) > 50
    unnamed = [f"{file}:{call.lineno}" for file, call in texts if "encoding" not in {word.arg for word in call.keywords}
               and len(call.args) < (1 if call.func.attr == "read_text" else 2)]
    assert unnamed == []

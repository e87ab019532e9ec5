"""The package as a whole: small, light to import, and documented."""

import json
import subprocess
import sys

import seqlab
from seqlab import plots

MODULES = ("torchvision", "sklearn", "matplotlib", "scipy", "ipywidgets")


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

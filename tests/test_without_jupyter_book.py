"""The way out of Jupyter Book 1 is open: plain Sphinx builds the same pages. book/_ext/README.md has the plan."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tools.build_site import JUPYTER_BOOK, PASSING, SOURCES
from tools.course import toc_pages

NOT_NEEDED = {"sphinx_togglebutton", "sphinx_thebe", "sphinx_comments", "sphinx_jupyterbook_latex", "jupyter_book"}
THEBE = re.compile(r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName = .*?</script>', re.DOTALL)


@pytest.mark.deep
def test_plain_sphinx_builds_the_same_pages(root, site, tmp_path):
    for source in (root / name for name in SOURCES):
        if source.is_dir():
            shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns(*PASSING))
        else:
            shutil.copy(source, tmp_path)
    given = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, tmp_path / "book" / "_ext")))}

    def run(*command):
        result = subprocess.run([sys.executable, *command], cwd=tmp_path, env=given, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr[-3000:]

    run("-c", JUPYTER_BOOK, "config", "sphinx", ".")
    conf = tmp_path / "conf.py"
    kept = re.sub("|".join(f"'{name}',? ?" for name in NOT_NEEDED), "", conf.read_text())
    extensions, = (line for line in kept.splitlines() if line.startswith("extensions"))
    assert not any(name in extensions for name in NOT_NEEDED)
    conf.write_text(kept)
    run("-m", "sphinx", "-b", "html", ".", "plain", "-W", "-n", "--keep-going", "-q")
    for page in toc_pages():
        with_it, without = ((folder / f"{page}.html").read_text("utf8") for folder in (site, tmp_path / "plain"))
        assert " ".join(THEBE.sub("", with_it).split()) == " ".join(without.split()), page

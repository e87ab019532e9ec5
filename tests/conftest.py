"""What every test shares: where the project is, and the built site."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site: SEQLAB_SITE, or _build/html, built once a run with warnings as errors.

    The processes that share the tests share the site: the first that asks builds it, the others wait.
    """
    if os.environ.get("SEQLAB_SITE"):
        folder = ROOT / os.environ["SEQLAB_SITE"]
        assert (folder / "index.html").is_file(), f"SEQLAB_SITE names {folder}, but no site is built there"
        return folder
    run = tmp_path_factory.getbasetemp()
    run = run.parent if os.environ.get("PYTEST_XDIST_WORKER") else run
    report = run / "site-built.txt"
    with FileLock(run / "site.lock"):
        if not report.exists():
            result = subprocess.run([sys.executable, "-c", JUPYTER_BOOK, "build", str(ROOT), "-W", "-n",
                                     "--keep-going", "--quiet"], capture_output=True, text=True)
            report.write_text(f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}" if result.returncode else "",
                              encoding="utf-8")
    problems = report.read_text(encoding="utf-8")
    assert not problems, f"the site does not build:\n{problems}"
    return ROOT / "_build" / "html"

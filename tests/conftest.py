"""What every test shares: where the project is, the built site and a browser to look at it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.browsers import find_browser

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("TQDM_DISABLE", "1")
BROWSER_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site: SEQLAB_SITE, or a fresh build with warnings as errors."""
    if os.environ.get("SEQLAB_SITE"):
        folder = ROOT / os.environ["SEQLAB_SITE"]
        assert (folder / "index.html").is_file(), f"SEQLAB_SITE names {folder}, but no site is built there"
        return folder
    target = tmp_path_factory.mktemp("site")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), "--path-output", str(target),
               "-W", "-n", "--keep-going", "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, f"the site does not build:\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return target / "_build" / "html"


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_FLAGS)
        yield browser
        browser.close()

"""What every test shares: where the project is, and the built site."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import build_site, set_address

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items):
    """`all` of nothing is true, and proves nothing: in a test it is an error."""
    for module in {item.module for item in items if hasattr(item, "module")}:
        vars(module).setdefault("all", all_of_some)


def all_of_some(conditions):
    conditions = list(conditions)
    assert conditions, "all of nothing: this test has looked at nothing"
    return all(conditions)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture
def checkout(root, tmp_path):
    """The project's text files in a git checkout of their own, nothing committed yet."""
    place = tmp_path / "checkout"
    for path in set_address.files(root):
        target = place / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    subprocess.run(["git", "init", "-q"], cwd=place, check=True)
    return place


@pytest.fixture(scope="session")
def site():
    """The folder of the built site: SEQLAB_SITE, or _build/html, built with warnings as errors if it is not current."""
    if os.environ.get("SEQLAB_SITE"):
        folder = ROOT / os.environ["SEQLAB_SITE"]
        assert (folder / "index.html").is_file(), f"SEQLAB_SITE names {folder}, but no site is built there"
        return folder
    try:
        return build_site.build()
    except SystemExit as problem:
        pytest.fail(str(problem), pytrace=False)

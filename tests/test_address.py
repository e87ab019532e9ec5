"""The repository's address stands in one place, and one command changes it everywhere."""

import re
import shutil
import subprocess

import pytest

from tools import set_address
from tools.course import Notebook, notebooks


@pytest.fixture
def copy(root, tmp_path):
    """The project's text files in a git checkout of their own."""
    for path in set_address.files(root):
        target = tmp_path / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def test_every_set_up_cell_and_the_configuration_name_the_same_address(root):
    address = set_address.address()
    config = (root / "_config.yml").read_text()
    assert re.search(r"^ *url: *(\S+)", config, flags=re.MULTILINE).group(1) == address
    handed_out = [Notebook(path) for path in (root / "exercises").glob("*.ipynb")]
    assert handed_out
    for notebook in (*notebooks(), *handed_out):
        assert f"git+{address}\n" in notebook.setup.source, notebook.path


def test_one_command_changes_it_everywhere(copy):
    old = set_address.spellings(set_address.address(copy))
    files = set_address.set_address("https://github.com/Someone/other-name", copy)
    changed = {path.relative_to(copy).as_posix() for path in files}
    assert {"pyproject.toml", "_config.yml", "README.md", "book/01-order-matters.ipynb"} <= changed
    left = {path.name for path in set_address.files(copy) for form in old.values() if form in path.read_text()}
    assert left == set()
    assert set_address.address(copy) == "https://github.com/Someone/other-name"
    assert "https://someone.github.io/other-name" in (copy / "_config.yml").read_text()


@pytest.mark.parametrize("url", ["", "github.com/a/b", "https://github.com/a", "https://example.com/a/b",
                                 "https://github.com/a/b/c"])
def test_a_malformed_address_is_refused_and_nothing_changes(copy, url):
    with pytest.raises(ValueError, match=r"should read https://github\.com/owner/name"):
        set_address.set_address(url, copy)
    assert set_address.address(copy) == set_address.address()

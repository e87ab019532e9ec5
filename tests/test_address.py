"""The repository's address stands in one place, and one command changes it everywhere."""

import re

import pytest

from tools import set_address
from tools.course import Notebook, notebooks, some

ELSEWHERE = "/".join(("https://github.com", "Someone", "other-name"))      # in pieces, which no change of address finds


def test_every_set_up_cell_and_the_configuration_name_the_same_address(root):
    address = set_address.address()
    config = (root / "_config.yml").read_text()
    assert re.search(r"^ *url: *(\S+)", config, flags=re.MULTILINE).group(1) == address
    handed_out = [Notebook(path) for path in some((root / "exercises").glob("*.ipynb"))]
    assert handed_out
    for notebook in (*notebooks(), *handed_out):
        assert f"git+{address}\n" in notebook.setup.source, notebook.path


def test_one_command_changes_it_everywhere(checkout):
    old = set_address.spellings(set_address.address(checkout))
    files = set_address.set_address(ELSEWHERE, checkout)
    changed = {path.relative_to(checkout).as_posix() for path in files}
    assert {"pyproject.toml", "_config.yml", "README.md", "book/01-order-matters.ipynb"} <= changed
    left = {path.name for path in set_address.files(checkout) for form in old.values() if form in path.read_text()}
    assert left == set()
    assert set_address.address(checkout) == ELSEWHERE
    assert set_address.spellings(ELSEWHERE)["site"] in (checkout / "_config.yml").read_text()


def test_readme_says_what_there_is_with_an_address_and_without(root, checkout):
    assert set_address.readme_block() in (root / "README.md").read_text()
    readme = checkout / "README.md"

    def words(url):
        set_address.set_address(url, checkout)
        assert set_address.readme_block(checkout) in readme.read_text()
        return readme.read_text()

    with_one = words(ELSEWHERE)
    assert set_address.is_set(checkout)
    assert f"<{set_address.spellings(ELSEWHERE)['site']}/>" in with_one and "&& cd other-name\n" in with_one
    without = words("https://github.com/" + "/".join(set_address.PLACEHOLDER))
    assert not set_address.is_set(checkout)
    assert not re.search(r"github\.io/seqlab>|git clone|button", without.partition("## Make this yours")[0])
    assert words(ELSEWHERE) == with_one


@pytest.mark.parametrize("url", ["", "github.com/a/b", "https://github.com/a", "https://example.com/a/b",
                                 "https://github.com/a/b/c"])
def test_a_malformed_address_is_refused_and_nothing_changes(checkout, url):
    with pytest.raises(ValueError, match=r"should read https://github\.com/owner/name"):
        set_address.set_address(url, checkout)
    assert set_address.address(checkout) == set_address.address()

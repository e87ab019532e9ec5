"""Change the repository's address everywhere: setup cells, configuration, badges, links. `make address URL=...`

The address stands in pyproject.toml, [project.urls] Repository; everything else is brought in line with it. Until an
owner has set it, it is a placeholder: README and website then promise no site, and have no button that leads nowhere.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDRESS = re.compile(r'^Repository = "(.+)"$', re.MULTILINE)     # tomllib is not in every Python that may be here
FORM = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(\.git)?/?$")
PLACEHOLDER = ("seqlab-course", "seqlab")       # owner and name; written apart, so that a change of address spares them
BINARY = {".png", ".woff", ".woff2", ".ico", ".zip", ".npz"}


def address(root: Path = ROOT) -> str:
    """The address in force, such as https://github.com/owner/name."""
    return ADDRESS.search((root / "pyproject.toml").read_text(encoding="utf-8"))[1]


def spellings(url: str) -> dict[str, str]:
    """Every form in which the address stands somewhere: what it is called -> how it reads."""
    owner, name = _owner_and_name(url)
    return {"site": f"https://{owner.lower()}.github.io/{name}", "repository": f"github.com/{owner}/{name}",
            "colab": f"github/{owner}/{name}", "binder": f"gh/{owner}/{name}"}


def is_set(root: Path = ROOT) -> bool:
    """Whether an owner has set the address, so that there is a repository, and a site, to lead to."""
    return _owner_and_name(address(root)) != PLACEHOLDER


def files(root: Path = ROOT) -> list[Path]:
    """The text files of the project: what git tracks or would track."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=root,
                            capture_output=True, check=True, text=True).stdout
    paths = (root / name for name in sorted(set(listed.split("\0")) - {""}))
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def set_address(new: str, root: Path = ROOT) -> list[Path]:
    """Replace the old address by the new one in every file, README's words on it too; return the files that changed.

    Raises:
        ValueError: the new address is not of the form https://github.com/owner/name.
    """
    old, new = spellings(address(root)), spellings(new)
    changed = []
    for path in files(root):
        before = after = path.read_text(encoding="utf-8")
        for kind in old:
            after = re.sub(re.escape(old[kind]) + r"(?![\w-])", new[kind], after)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    readme = root / "README.md"
    before = readme.read_text(encoding="utf-8")
    after = in_readme(before, root)
    if after != before:
        readme.write_text(after, encoding="utf-8")
        changed = sorted({*changed, readme})
    return changed


# --- README's words on the address ------------------------------------------------------------------------------------

BEGIN, END = "<!-- The lines from here on are written by `make address`. -->", "<!-- The lines up to here. -->"
BLOCK = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
TWO_COMMANDS = """make book     # installs what is needed into .venv, builds the website and says where to open it
make test     # runs every notebook, tests the package, and opens every page in a browser (about 15 minutes)"""
WITH_AN_ADDRESS = """**Read it**: <{site}/>. Every chapter has a button that opens it in Colab, where nothing needs
installing. **Kaggle** takes a downloaded notebook, with *Internet* switched on in its settings.

## Two commands

On any machine with Python 3.11 or newer, git and make:

```bash
git clone {repository} && cd {name}
{two_commands}
```"""
WITHOUT = """**Read it**: this copy is not published anywhere yet. `make book` builds the website on your machine, and
[three steps](#make-this-yours-and-publish-it) publish it. **In Colab**: *File > Upload notebook* takes any notebook of
`book/`. Before you run it, put seqlab's wheel, which `make book` leaves in `_build/html`, into Colab's *Files* panel,
and run `%pip install --no-deps` with the wheel's name in a cell of its own. **Kaggle** takes the wheel as a dataset.

## Two commands

In this folder, on any machine with Python 3.11 or newer, git and make:

```bash
{two_commands}
```"""


def readme_block(root: Path = ROOT) -> str:
    """What README says of the site and of getting the course, between its two comments."""
    url = address(root)
    words = WITH_AN_ADDRESS if is_set(root) else WITHOUT
    filled = words.format(site=spellings(url)["site"], repository=url, name=_owner_and_name(url)[1],
                          two_commands=TWO_COMMANDS)
    return f"{BEGIN}\n{filled}\n{END}"


def in_readme(text: str, root: Path = ROOT) -> str:
    """README's text with the block for the address in force; a text without the two comments stays as it is."""
    return BLOCK.sub(lambda match: readme_block(root), text)


def _owner_and_name(url: str) -> tuple[str, str]:
    match = FORM.match(url)
    if not match:
        raise ValueError(f"the address should read https://github.com/owner/name, got {url!r}")
    return match.group(1), match.group(2)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"The address is {address()}. To change it: make address URL=https://github.com/owner/name")
    try:
        for file in set_address(sys.argv[1]):
            print(file.relative_to(ROOT))
    except ValueError as problem:
        sys.exit(str(problem))

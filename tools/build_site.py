"""Build the website into _build/html, unless it is there already: made from these very files, to the end.

    python -m tools.build_site
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
STAMP = ROOT / "_build" / "made-from.txt"       # written last, so an interrupted build is no build
SOURCES = ("book", "exercises", "seqlab", "studies", "tools/course.py", "_config.yml", "_toc.yml", "pyproject.toml",
           "requirements.txt")
PASSING = {"__pycache__", ".ipynb_checkpoints", "_build"}


def fingerprint(root: Path = ROOT) -> str:
    """One short text for everything that the site is made from: it changes when any file does, comes or goes."""
    whole = hashlib.sha256()
    for name in SOURCES:
        place = root / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not PASSING & set(path.parts):
                whole.update(path.relative_to(root).as_posix().encode() + b"\0")
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def is_current() -> bool:
    return STAMP.is_file() and STAMP.read_text() == fingerprint() and (SITE / "index.html").is_file()


def build() -> None:
    """Build the site, with warnings as errors. Nothing is done if it is current.

    Raises:
        SystemExit: the site does not build; the lines above say why.
    """
    if is_current():
        return
    now = fingerprint()
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(SITE, ignore_errors=True)     # so that no page of an older book is left; what was read is kept
    print("Building the website (about half a minute) ...", flush=True)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", str(ROOT), "-W", "-n", "--keep-going", "--quiet"]
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    if result.returncode:
        sys.exit("The website does not build: see the lines above.")
    STAMP.write_text(now)


if __name__ == "__main__":
    build()
    print(f"The website is built. Open {SITE / 'index.html'}, or run: make serve")

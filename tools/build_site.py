"""Build the website into _build/html, unless it is there already: made from these very files, to the end.

    python -m tools.build_site
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
STAMP = ROOT / "_build" / "made-from.txt"       # written last, so an interrupted build is no build
SOURCES = ("book", "exercises", "instructor", "seqlab", "studies", "tools", "_config.yml", "_toc.yml",
           "pyproject.toml", "requirements.txt", "README.md", "LICENSE")
PASSING = {"__pycache__", ".ipynb_checkpoints"}
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main()"


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
    return STAMP.is_file() and STAMP.read_text("utf8") == fingerprint() and (SITE / "index.html").is_file()


def build() -> Path:
    """The folder of the site, built with warnings as errors if it is not current. One process builds, others wait.

    Raises:
        SystemExit: the site does not build; it holds what Sphinx said.
    """
    STAMP.parent.mkdir(exist_ok=True)
    with FileLock(STAMP.with_suffix(".lock")):
        if not is_current():
            now = fingerprint()
            STAMP.unlink(missing_ok=True)
            for old in (SITE, SITE.parent / ".doctrees"):       # so that nothing of an older book is left in this one
                shutil.rmtree(old, ignore_errors=True)
            print("Building the website (about half a minute) ...", flush=True)
            result = subprocess.run([sys.executable, "-c", JUPYTER_BOOK, "build", ".", "-W", "-n", "--keep-going",
                                     "--quiet"], cwd=ROOT, capture_output=True, text=True)
            if result.returncode:
                sys.exit(f"The website does not build:\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}")
            STAMP.write_text(now, "utf8")
    return SITE


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print(f"The website is built. Open {build() / 'index.html'}, or run: make serve")

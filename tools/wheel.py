"""Build seqlab's wheel from this checkout: no network is needed, and the checkout stays as it is.

    python -m tools.wheel FOLDER
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE_FROM = ("seqlab", "pyproject.toml", "README.md", "LICENSE")
THE_SAME_EACH_TIME = {"SOURCE_DATE_EPOCH": "1767225600"}      # the files in it are of 1 January 2026
BACKEND = "import sys, setuptools.build_meta as backend; backend.build_wheel(sys.argv[1])"


def file_name(root: Path = ROOT) -> str:
    """The wheel's name, which holds the version: seqlab-0.1.0-py3-none-any.whl."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name']}-{project['version']}-py3-none-any.whl"


def build(folder: Path, made_from: tuple[str, ...] = MADE_FROM, root: Path = ROOT) -> Path:
    """Put the wheel into the folder and return its path. `made_from` is all of the project that the build sees.

    Raises:
        RuntimeError: the wheel cannot be built; it holds what setuptools said.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for name in made_from:
            copy = shutil.copytree if (root / name).is_dir() else shutil.copyfile
            options = {"ignore": shutil.ignore_patterns("__pycache__")} if copy is shutil.copytree else {}
            copy(root / name, Path(scratch, name), **options)
        done = subprocess.run([sys.executable, "-c", BACKEND, str(folder.resolve())], cwd=scratch, capture_output=True,
                              text=True, env={**os.environ, **THE_SAME_EACH_TIME})
    if done.returncode:
        raise RuntimeError(f"The wheel of seqlab cannot be built: {done.stderr[-2000:]}")
    return folder / file_name(root)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(build(Path(sys.argv[1])))

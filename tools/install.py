"""Install what a part of the course needs into .venv, once: what every make target does first.

    python tools/install.py lab       to open and run the notebooks
    python tools/install.py book      to build the website
    python tools/install.py instructor    to assign and grade
    python tools/install.py test      to check everything (it includes the others)

Versions are those of requirements.txt; what each part holds stands in pyproject.toml. If all is there already, nothing
is done and nothing is said. The folder may be moved or copied afterwards: .venv holds no path of it.

--torch cpu     PyTorch without the CUDA libraries
--torch cuda    PyTorch as the package index has it: with CUDA libraries on Linux
--torch auto    (the default) the build that fits this machine's graphics card, or cpu if it has none
"""

from __future__ import annotations  # so that an older Python gets as far as being told that it is too old

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed.json"     # written last: without it, an installation was not finished
PARTS = {"lab": ("lab",), "book": ("book",), "test": ("lab", "book", "test", "instructor", "cluster"),
         "instructor": ("lab", "instructor")}
SIZES = {"cpu": "about 2 GB on disk", "cuda": "about 6 GB on disk, most of it CUDA libraries",
         "auto": "2 GB on disk, or 6 GB where there is an NVIDIA card"}
PROBE = ("--dry-run", "--quiet", "--reinstall")     # asks the index even where PyTorch is there already
# What JupyterLab and a kernel say to each other is encrypted, or each kernel warns in the terminal that it is not.
QUIET_KERNELS = {"KernelManager": {"transport_encryption": "auto"}}
NO_INDEX = ("PyTorch's own index, which has the smaller builds, could not be reached, "
            "so PyTorch comes from the package index: with CUDA libraries on Linux.")


def wanted() -> str:
    """What there should be, as one short text: it changes with the lock and with the lists of packages."""
    content = b"".join((ROOT / name).read_bytes() for name in ("requirements.txt", "pyproject.toml"))
    return hashlib.sha256(content).hexdigest()[:16]


def installed() -> dict:
    """What .venv holds: {"parts": [...], "torch": "cpu", "lock": "..."}; empty if it was not finished."""
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_current(part: str, torch: str | None) -> bool:
    """Whether nothing has to be done. Without a wish for PyTorch (None), the one that is there will do."""
    there = installed()
    return (there.get("lock") == wanted() and set(PARTS[part]) <= set(there.get("parts", []))
            and torch in (None, there.get("torch")) and PYTHON.exists())


def install(part: str, torch: str | None = None) -> None:
    """Bring .venv up to date for the part. Interrupted at any point, the next call goes on.

    Raises:
        SystemExit: with one sentence that says what failed.
    """
    if is_current(part, torch):
        return
    there = installed()
    torch = torch or there.get("torch") or "auto"
    parts = sorted({*there.get("parts", []), *PARTS[part]})
    STAMP.unlink(missing_ok=True)
    make_venv()
    print(f"Installing what `{part}` needs into {VENV.name}: {SIZES[torch]}. This happens once.", flush=True)
    backend = []
    if torch != "cuda":
        backend = ["--torch-backend", torch]
        if run(*uv(*PROBE, *backend, "torch"), quiet=True, timeout=120):
            print(NO_INDEX, flush=True)
            backend = []
    extras = [word for name in parts for word in ("--extra", name)]
    if run(*uv(*backend, "-r", "pyproject.toml", *extras)):
        sys.exit("The packages could not be installed: see the lines above. Run the same command again to go on.")
    STAMP.write_text(json.dumps({"parts": parts, "torch": torch, "lock": wanted()}) + "\n", encoding="utf-8")


def make_venv() -> None:
    """An environment that may be moved with its folder, with uv in it."""
    if not PYTHON.exists() or run(str(PYTHON), "-m", "pip", "--version", quiet=True):
        shutil.rmtree(VENV, ignore_errors=True)
        if run(sys.executable, "-m", "venv", str(VENV)):
            sys.exit("Python's venv module failed: see the lines above. On Debian and Ubuntu it comes with the "
                     "package python3-venv.")
    settings = VENV / "pyvenv.cfg"
    if "relocatable" not in settings.read_text(encoding="utf-8"):
        with settings.open("a", encoding="utf-8") as file:
            file.write("relocatable = true\n")      # uv then writes commands that find their Python beside them
    if run(str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"):
        sys.exit("uv, which installs the packages, could not be had: see the lines above.")
    place = next((VENV / "lib").glob("python3*/site-packages")) if os.name != "nt" else VENV / "Lib" / "site-packages"
    (place / "seqlab_course.pth").write_text(os.path.relpath(ROOT, place) + "\n", encoding="utf-8")
    config = VENV / "etc" / "jupyter" / "jupyter_server_config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps(QUIET_KERNELS) + "\n", encoding="utf-8")


def uv(*arguments: str) -> list[str]:
    return [str(PYTHON), "-m", "uv", "pip", "install", "--python", str(PYTHON), "--constraints", "requirements.txt",
            *arguments]


def run(*command: str, quiet: bool = False, timeout: float | None = None) -> int:
    """The exit status; where `quiet`, without a word."""
    nowhere = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.run(command, cwd=ROOT, stdout=nowhere, stderr=nowhere, timeout=timeout).returncode
    except subprocess.TimeoutExpired:
        return 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--torch", choices=SIZES, help="which PyTorch (default: the one that is there, else auto)")
    options = parser.parse_args()
    install(options.part, options.torch)


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(f"seqlab needs Python 3.11 or newer, and this is {sys.version.split()[0]}. "
                 "With make, name a newer one: make PYTHON=python3.12 ...")
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The same command goes on from here.")

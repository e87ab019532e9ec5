"""Run the course as Colab would: Python and package versions of its GPU runtime, in an environment of their own.

    python -m tools.check_colab [--keep] [notebook ...]

1. Builds .colab-venv with the versions of tests/colab/gpu-runtime.txt. A version that cannot be had is named, and the
   newest that fits is taken in its place.
2. Runs the setup cell against a clone of this checkout's last commit and shows that it adds exactly one package and
   changes none.
3. Runs every notebook there (on real MNIST if SEQLAB_DATA names it, else on the embedded digits).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import set_address
from tools.course import ROOT, notebooks

RUNTIME = ROOT / "tests" / "colab" / "gpu-runtime.txt"
VENV = ROOT / ".colab-venv"
PYTHON = VENV / "bin" / "python"


def uv(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True)


def wanted_versions() -> dict[str, str]:
    """Package -> version on Colab, without the +cu128 that only its own wheels carry; `python` is among them."""
    lines = [line.split("#")[0].strip() for line in RUNTIME.read_text().splitlines()]
    return {name: version.split("+")[0] for name, _, version in (line.partition("==") for line in lines if line)}


def find_python(version: str) -> str:
    """A Python of this version: COLAB_PYTHON, one on the PATH or of pyenv; else the version, which uv finds."""
    found = [os.environ.get("COLAB_PYTHON"), shutil.which(f"python{version}"),
             *sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")), reverse=True)]
    for candidate in filter(None, found):
        if subprocess.run([candidate, "--version"], capture_output=True).returncode == 0:
            return candidate
    return version


def build(versions: dict[str, str]) -> list[str]:
    """Make the environment; return one sentence for every version that could not be had."""
    python, packages = versions["python"], {name: v for name, v in versions.items() if name != "python"}
    made = uv("venv", "--quiet", "--clear", "--seed", "--python", find_python(python), str(VENV))
    if made.returncode:
        sys.exit(f"Python {python} is needed and could not be had:\n{made.stderr}")
    install = ("pip", "install", "--quiet", "--python", str(PYTHON))
    print(f"Installing {len(packages)} packages into {VENV.name} ...", flush=True)
    if not uv(*install, *(f"{name}=={version}" for name, version in packages.items())).returncode:
        return []
    missing = []                # together they cannot be had: find out which one is the matter
    for name, version in list(packages.items()):
        if uv(*install, "--dry-run", "--no-deps", f"{name}=={version}").returncode:
            missing.append(f"{name} {version} cannot be had here; the newest that fits is used")
            packages[name] = ""
    requirements = [f"{name}=={version}" if version else name for name, version in packages.items()]
    second = uv(*install, *requirements)
    if second.returncode:
        sys.exit(f"The environment cannot be made:\n{second.stderr}")
    return missing


def freeze() -> dict[str, str]:
    listed = subprocess.run([PYTHON, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
                            capture_output=True, text=True, check=True)
    return {package["name"]: package["version"] for package in json.loads(listed.stdout)}


def run_setup_cell(clone: Path) -> None:
    """Execute the setup cell in that environment's IPython; git is told to fetch the address from the local clone."""
    cell = notebooks()[0].setup.source
    environment = {**os.environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{clone}.insteadOf",
                   "GIT_CONFIG_VALUE_0": set_address.address(), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    with tempfile.TemporaryDirectory() as elsewhere:        # not in the checkout, where seqlab could be found by chance
        show = "import seqlab; print('seqlab', seqlab.__version__, 'in', seqlab.__file__)"
        Path(elsewhere, "setup.ipy").write_text(f"{cell}\n{show}\n")
        done = subprocess.run([PYTHON, "-m", "IPython", "--no-term-title", "setup.ipy"], cwd=elsewhere, env=environment)
    if done.returncode:
        sys.exit("The setup cell failed.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", help="default: all of them")
    parser.add_argument("--keep", action="store_true", help="use the environment of the last time, less seqlab")
    options = parser.parse_args()

    versions = wanted_versions()
    notes = [] if options.keep and PYTHON.exists() else build(versions)
    uv("pip", "uninstall", "--quiet", "--python", str(PYTHON), "seqlab")
    before = freeze()
    notes += [f"{name}: {before.get(name, 'absent')} in place of Colab's {version}"
              for name, version in versions.items()
              if name != "python" and before.get(name, "").split("+")[0] != version]
    shown = ("torch", "torchvision", "ipython", "ipywidgets", "matplotlib", "numpy")
    print(subprocess.run([PYTHON, "--version"], capture_output=True, text=True).stdout.strip(),
          *(f"{name} {before[name]}" for name in shown), sep=", ")
    print("\n".join(notes) or "every version is Colab's")

    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "seqlab.git")
        subprocess.run(["git", "clone", "--quiet", "--bare", str(ROOT), str(clone)], check=True)
        run_setup_cell(clone)
        after = freeze()
        added = {name: version for name, version in after.items() if name not in before}
        changed = {name for name in before if after.get(name) != before[name]}
        print(f"the setup cell added {added or 'nothing'} and changed {changed or 'nothing'}")
        if set(added) != {"seqlab"} or changed:
            return 1

        course = Path(folder, "course")         # the notebooks alone, so that `import seqlab` finds the installed one
        shutil.copytree(ROOT / "book", course / "book")
        shutil.copytree(ROOT / "tools", course / "tools")
        names = options.notebooks or [str(one.path.relative_to(ROOT)) for one in notebooks()]
        environment = dict(os.environ)
        if environment.get("SEQLAB_DATA"):
            environment["SEQLAB_DATA"] = str(Path(environment["SEQLAB_DATA"]).resolve())
        command = [PYTHON, "-m", "tools.run_notebooks", "--no-save", *names]
        return subprocess.run(command, cwd=course, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())

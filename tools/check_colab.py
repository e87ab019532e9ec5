"""Run the course as Colab would, with the Python and the packages of its GPU runtime.

    python -m tools.check_colab [--keep] [notebook ...]              in an environment made like it, on any machine
    python3 -m tools.check_colab --here [--stamp] [notebook ...]     in Colab's public image, with its own Python

1. Builds .colab-venv with the versions of tests/colab/gpu-runtime.txt. A version that cannot be had is named, and the
   newest that fits is taken in its place. With --here, nothing is built: the Python that runs this is the one.
2. Runs the setup cell against a clone of this checkout's last commit and shows that it adds exactly one package and
   changes none.
3. Runs every notebook there (on real MNIST if SEQLAB_DATA names it or it can be downloaded, else on the embedded
   digits). This takes nbclient and nbformat. Where they are not there, they are lent: installed into a folder that
   neither the setup cell nor a notebook's kernel sees.

--stamp brings tests/colab/gpu-runtime.txt up to date, and writes down which notebooks ran: book/ran-in-colab.json.
"""

import argparse
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import colab_stamps, set_address
from tools.course import ROOT, notebooks

RUNTIME = ROOT / "tests" / "colab" / "gpu-runtime.txt"
IMAGE = "us-docker.pkg.dev/colab-images/public/runtime"
VENV = ROOT / ".colab-venv"
RUNNER = ("nbclient", "nbformat")       # what runs a notebook, and is not its business
# The lent packages come last in the path of this one process; PYTHONPATH would hand them to the kernel as well.
RUN = "import sys; sys.path.append(sys.argv.pop(1)); from tools.run_notebooks import main; sys.exit(main())"


def uv(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True)


# --- the list of versions --------------------------------------------------------------------------------------------


def listed(text: str) -> dict[str, str]:
    """Package -> version, as they stand in the list; `python` is among them."""
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return {name: version for name, _, version in (line.partition("==") for line in lines if line)}


def wanted_versions() -> dict[str, str]:
    """Package -> version on Colab, without the +cu128 that only its own wheels carry."""
    return {name: version.split("+")[0] for name, version in listed(RUNTIME.read_text("utf8")).items()}


def canonical(name: str) -> str:
    """One spelling for a package's name: pip has shown jupyter_client and jupyter-client."""
    return re.sub(r"[-_.]+", "-", name).lower()


def refreshed(text: str, installed: dict[str, str], day: datetime.date) -> str:
    """The list with the versions that are installed; the same text if none has changed. What is gone loses its line."""
    old = listed(text)
    new = {name: installed[canonical(name)] for name in old if canonical(name) in installed}
    if new == old:
        return text
    head = ("# What Colab's GPU runtime ships, of the packages that seqlab and the notebooks import and that run a "
            f"notebook.\n# As the public image {IMAGE} had them on {day}.\n")
    return head + "".join(f"{name}=={version}\n" for name, version in new.items())


# --- the environment -------------------------------------------------------------------------------------------------


def find_python(version: str) -> str:
    """A Python of this version: COLAB_PYTHON, one on the PATH or of pyenv; else the version, which uv finds."""
    found = [os.environ.get("COLAB_PYTHON"), shutil.which(f"python{version}"),
             *sorted(map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")), reverse=True)]
    for candidate in filter(None, found):
        if subprocess.run([candidate, "--version"], capture_output=True).returncode == 0:
            return candidate
    return version


def build(versions: dict[str, str], keep: bool) -> tuple[str, list[str]]:
    """Make the environment. Returns its Python, and one sentence for every version that could not be had."""
    made = VENV / "bin" / "python"
    if keep and made.exists():
        uv("pip", "uninstall", "--quiet", "--python", str(made), "seqlab")
        return str(made), []
    python, packages = versions["python"], {name: v for name, v in versions.items() if name != "python"}
    done = uv("venv", "--quiet", "--clear", "--seed", "--python", find_python(python), str(VENV))
    if done.returncode:
        sys.exit(f"Python {python} is needed and could not be had:\n{done.stderr}")
    install = ("pip", "install", "--quiet", "--python", str(made))
    print(f"Installing {len(packages)} packages into {VENV.name} ...", flush=True)
    if not uv(*install, *(f"{name}=={version}" for name, version in packages.items())).returncode:
        return str(made), []
    missing = []                # together they cannot be had: find out which one is the matter
    for name, version in list(packages.items()):
        if uv(*install, "--dry-run", "--no-deps", f"{name}=={version}").returncode:
            missing.append(f"{name} {version} cannot be had here; the newest that fits is used")
            packages[name] = ""
    requirements = [f"{name}=={version}" if version else name for name, version in packages.items()]
    second = uv(*install, *requirements)
    if second.returncode:
        sys.exit(f"The environment cannot be made:\n{second.stderr}")
    return str(made), missing


def ask(python: str, *arguments: str) -> str:
    """What that Python prints, started away from the checkout, in which seqlab could be found by chance."""
    with tempfile.TemporaryDirectory() as elsewhere:
        return subprocess.run([python, *arguments], cwd=elsewhere, stdout=subprocess.PIPE, text=True, check=True).stdout


def freeze(python: str) -> dict[str, str]:
    """Package -> version of all that is installed, and `python` -> 3.13."""
    packages = json.loads(ask(python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"))
    version = ask(python, "-c", "import sys; print(f'{sys.version_info[0]}.{sys.version_info[1]}')").strip()
    return {"python": version, **{canonical(package["name"]): package["version"] for package in packages}}


def lend(python: str, folder: str) -> None:
    """Install into the folder what runs a notebook, as far as that Python has it not."""
    question = f"import importlib.util as util; print(*(name for name in {RUNNER} if not util.find_spec(name)))"
    missing = ask(python, "-c", question).split()
    if missing:
        print(f"lent to what runs the notebooks, not to the notebooks: {', '.join(missing)}", flush=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", folder,
                        *missing], check=True)


# --- the checks ------------------------------------------------------------------------------------------------------


def run_setup_cell(python: str, clone: Path) -> None:
    """Execute the setup cell in that Python's IPython; git is told to fetch the address from the local clone."""
    cell = notebooks()[0].setup.source
    environment = {**os.environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{clone}.insteadOf",
                   "GIT_CONFIG_VALUE_0": set_address.address(), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    with tempfile.TemporaryDirectory() as elsewhere:
        show = "import seqlab; print('seqlab', seqlab.__version__, 'in', seqlab.__file__)"
        Path(elsewhere, "setup.ipy").write_text(f"{cell}\n{show}\n", "utf8")
        done = subprocess.run([python, "-m", "IPython", "--no-term-title", "setup.ipy"], cwd=elsewhere, env=environment)
    if done.returncode:
        sys.exit("The setup cell failed.")


def run_notebooks(python: str, names: list[str], course: Path, lent: str) -> list[str]:
    """Those of the notebooks that run from top to bottom, each by a process of its own.

    They lie in `course` without the package, so that `import seqlab` finds the installed one.
    """
    shutil.copytree(ROOT / "book", course / "book")
    shutil.copytree(ROOT / "tools", course / "tools")
    environment = dict(os.environ)
    if environment.get("SEQLAB_DATA"):
        environment["SEQLAB_DATA"] = str(Path(environment["SEQLAB_DATA"]).resolve())
    command = [python, "-c", RUN, lent, "--no-save"]
    return [name for name in names if not subprocess.run([*command, name], cwd=course, env=environment).returncode]


def check(python: str, names: list[str], before: dict[str, str], lent: str) -> tuple[list[str], int]:
    """Setup cell, then notebooks. Returns the notebooks that ran, and the exit status."""
    shallow = subprocess.run(["git", "rev-parse", "--is-shallow-repository"], cwd=ROOT, capture_output=True, text=True)
    if shallow.stdout.strip() != "false":       # pip's partial clone of a shallow one starts git after git, without end
        sys.exit("The setup cell installs from a clone of this checkout, which must be whole: git fetch --unshallow")
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "seqlab.git")
        subprocess.run(["git", "clone", "--quiet", "--bare", str(ROOT), str(clone)], check=True)
        run_setup_cell(python, clone)
        after = freeze(python)
        added = {name: version for name, version in after.items() if name not in before}
        changed = {name for name in before if after.get(name) != before[name]}
        print(f"the setup cell added {added or 'nothing'} and changed {changed or 'nothing'}", flush=True)
        if set(added) != {"seqlab"} or changed:
            return [], 1
        good = run_notebooks(python, names, Path(folder, "course"), lent)
    failed = [name for name in names if name not in good]
    if failed:
        print(f"{len(failed)} failed: {', '.join(failed)}")
    return good, 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", help="default: all of them")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--keep", action="store_true", help="use the environment of the last time, less seqlab")
    where.add_argument("--here", action="store_true", help="use this very Python: in Colab's public image")
    parser.add_argument("--stamp", action="store_true", help="write down the versions, and which notebooks ran")
    options = parser.parse_args(arguments)
    if options.stamp and not options.here:
        parser.error("--stamp says what ran in Colab's image, so it goes with --here")

    versions = wanted_versions()
    python, notes = (sys.executable, []) if options.here else build(versions, options.keep)
    before = freeze(python)
    if options.stamp and "google-colab" not in before:
        sys.exit("This is not Colab's image (there is no google-colab in it), so there is nothing to stamp.")
    if ask(python, "-c", "import importlib.util as util; print(util.find_spec('seqlab') or '')").strip():
        sys.exit("seqlab can be imported already: the setup cell would have nothing to do. Uninstall it first.")
    notes += [f"{name}: {before.get(canonical(name), 'absent')} in place of the list's {version}"
              for name, version in versions.items()
              if before.get(canonical(name), "").split("+")[0] != version]
    shown = ("python", "torch", "torchvision", "ipython", "ipywidgets", "matplotlib", "numpy")
    print(*(f"{name} {before.get(name, 'absent')}" for name in shown), sep=", ")
    print("\n".join(notes) or "every version is that of the list", flush=True)

    with tempfile.TemporaryDirectory() as lent:
        lend(python, lent)
        pages = [one.path.relative_to(ROOT).as_posix() for one in notebooks()]
        today = datetime.datetime.now(datetime.UTC).date()
        if options.stamp:
            RUNTIME.write_text(refreshed(RUNTIME.read_text("utf8"), before, today), "utf8")
        good, status = check(python, options.notebooks or pages, before, lent)
    if options.stamp and good:
        versions = {name: before[name].split("+")[0] for name in ("python", "torch")}
        colab_stamps.write(colab_stamps.renew(colab_stamps.read(), good, pages, versions, today))
    return status


if __name__ == "__main__":
    sys.exit(main())

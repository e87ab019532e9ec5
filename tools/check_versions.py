"""Run the package's tests with the oldest packages that pyproject.toml allows, and with the newest that there are.

    python -m tools.check_versions              both
    python -m tools.check_versions oldest       one of them: oldest, newest

Each gets an environment of its own under .versions, with this Python and seqlab's own dependencies; the tests are those
that need nothing else.
"""

import argparse
import os
import subprocess
import sys

from tools.course import ROOT

RESOLUTION = {"oldest": "lowest-direct", "newest": "highest"}
TESTS = ("test_cells", "test_models", "test_training", "test_shapes", "test_data", "test_plots", "test_checks")
TOOLS = ("pytest", "pytest-timeout", "hypothesis", "pyyaml", "filelock")


def check(name: str) -> bool:
    """Make the environment, say which versions it has, run the tests in it. True if all are green."""
    place = ROOT / ".versions" / name
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    uv = [sys.executable, "-m", "uv"]
    print(f"{name} packages: making an environment in {place.relative_to(ROOT)} ...", flush=True)
    for command in ([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)],
                    [*uv, "pip", "install", "--quiet", "--python", str(python), "--resolution", RESOLUTION[name], "."],
                    [*uv, "pip", "install", "--quiet", "--python", str(python), *TOOLS],
                    [*uv, "pip", "uninstall", "--quiet", "--python", str(python), "seqlab"]):
        if subprocess.run(command, cwd=ROOT).returncode:
            print(f"{name} packages: they cannot be installed, see above")
            return False
    subprocess.run([*uv, "pip", "freeze", "--python", str(python)], cwd=ROOT)
    tests = [f"tests/{test}.py" for test in TESTS]
    plain = ["-q", "-o", "addopts=", "-m", "not deep"]      # the other options belong to plugins that are not there
    if name == "oldest":    # its matplotlib draws a little otherwise
        plain += ["-k", "not drawn_as_it_was"]
    result = subprocess.run([str(python), "-m", "pytest", *plain, *tests], cwd=ROOT,
                            env={**os.environ, "PYTHONPATH": str(ROOT)})
    print(f"{name} packages: {'green' if result.returncode == 0 else 'RED'}", flush=True)
    return result.returncode == 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="oldest|newest", default=list(RESOLUTION))
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(RESOLUTION):
        parser.error(f"{', '.join(sorted(unknown))} is neither oldest nor newest")
    return 0 if all([check(name) for name in options.names]) else 1


if __name__ == "__main__":
    sys.exit(main())

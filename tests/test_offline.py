"""A room with no internet and no data: every notebook still gives its stored shapes, on the embedded digits.

`make test` tries one small notebook, `make deep` all of them.
"""

import os
import subprocess
import sys

import pytest

from tools.course import BOOK, ROOT, masters, notebooks

SAMPLE = masters()[1].path
NOTEBOOKS = [pytest.param(one.path, marks=[] if one.path == SAMPLE else pytest.mark.deep,
                          id=str(one.path.relative_to(BOOK))) for one in notebooks()]


@pytest.fixture
def run_without_network(bubblewrap, tmp_path):
    """Runs a command where there is no network but the machine itself, no MNIST and no cache."""
    environment = {**os.environ, "SEQLAB_DATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path),
                   "SEQLAB_REQUIRE_MNIST": ""}

    def run(*command):
        return subprocess.run([bubblewrap, "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", *command],
                              env=environment, cwd=ROOT, capture_output=True, text=True)

    return run


def test_the_network_is_really_gone(run_without_network):
    script = ("import socket, sys\n"
              "try: socket.create_connection(('192.0.2.1', 80)); sys.exit('a connection was made')\n"
              "except OSError as problem: print(problem)\n")
    result = run_without_network(sys.executable, "-c", script)
    assert result.returncode == 0 and "unreachable" in result.stdout, result.stdout + result.stderr


@pytest.mark.slow
def test_the_digits_are_announced_as_embedded(run_without_network):
    result = run_without_network(sys.executable, "-c", "import seqlab; print(seqlab.load_digits().source)")
    assert result.returncode == 0, result.stderr
    assert "No MNIST here" in result.stdout and "data: embedded digits" in result.stdout
    assert result.stdout.endswith("embedded\n")


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS)
def test_a_notebook_gives_its_stored_shapes(path, run_without_network):
    result = run_without_network(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path))
    assert result.returncode == 0, result.stdout[-4000:]

"""A room with no internet and no data: every notebook still gives its stored shapes, on the embedded digits."""

import os
import shutil
import subprocess
import sys

import pytest

from tools.course import BOOK, ROOT, notebooks


def run_without_network(command, empty_folder):
    """Run a command where there is no network but the machine itself, no MNIST and no cache."""
    if sys.platform != "linux":
        pytest.skip("network namespaces are Linux's; run this test there")
    assert shutil.which("bwrap"), "bubblewrap is needed (make browser installs it)"
    environment = {**os.environ, "SEQLAB_DATA": str(empty_folder), "XDG_CACHE_HOME": str(empty_folder),
                   "TQDM_DISABLE": "1"}
    return subprocess.run(["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", *command],
                          env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600)


def test_the_network_is_really_gone(tmp_path):
    script = ("import socket, sys\n"
              "socket.setdefaulttimeout(3)\n"
              "try: socket.create_connection(('192.0.2.1', 80)); sys.exit('a connection was made')\n"
              "except OSError as problem: print(problem)\n")
    result = run_without_network([sys.executable, "-c", script], tmp_path)
    assert result.returncode == 0 and "unreachable" in result.stdout, result.stdout + result.stderr


def test_the_digits_are_announced_as_embedded(tmp_path):
    result = run_without_network([sys.executable, "-c", "import seqlab; print(seqlab.load_digits().source)"], tmp_path)
    assert result.returncode == 0, result.stderr
    assert "No MNIST here" in result.stdout and "data: embedded digits" in result.stdout
    assert result.stdout.endswith("embedded\n")


@pytest.mark.parametrize("path", [one.path for one in notebooks()], ids=lambda path: str(path.relative_to(BOOK)))
def test_a_notebook_gives_its_stored_shapes(path, tmp_path):
    result = run_without_network([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
                                  "--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/sanitize.cfg",
                                  str(path)], tmp_path)
    assert result.returncode == 0, result.stdout[-4000:]

"""The digits: found, fetched, repaired, or replaced by the embedded ones, and never half there.

Most tests use a tiny MNIST of random pictures with checksums of its own, so they need neither the real files nor a
network. The few that need real MNIST are skipped where it is missing; with SEQLAB_REQUIRE_MNIST=1 they fail instead.
"""

import contextlib
import errno
import gzip
import hashlib
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch

from seqlab import data, load_digits

ROOT = Path(__file__).resolve().parent.parent
TRAIN, TEST = 24, 10        # pictures in the tiny MNIST
NAMES = list(data.MNIST_FILES)


# --- a tiny MNIST, and a place for it -----------------------------------------------------------------------------

def idx(array: np.ndarray) -> bytes:
    """The IDX format of MNIST's files: type (8 = bytes), number of axes, their sizes, the values."""
    header = [2048 + array.ndim, *array.shape]
    return b"".join(number.to_bytes(4, "big") for number in header) + array.tobytes()


def tiny_mnist() -> dict[str, bytes]:
    random = np.random.default_rng(0)
    pictures = lambda n: random.integers(0, 256, (n, 28, 28), dtype=np.uint8)
    labels = lambda n: np.resize(np.arange(10, dtype=np.uint8), n)
    return dict(zip(NAMES, map(idx, (pictures(TRAIN), labels(TRAIN), pictures(TEST), labels(TEST))), strict=True))


class Place:
    """SEQLAB_DATA, the user's cache and a temporary folder, all empty at first; a fetch fails until `online()`."""

    def __init__(self, folder: Path, monkeypatch):
        self.files, self.monkeypatch, self.fetched = tiny_mnist(), monkeypatch, 0
        self.named, self.cache, self.temporary = (
            folder / part / "MNIST" / "raw" for part in ("named", "cache/seqlab", "tmp/seqlab"))
        self.named.mkdir(parents=True)
        (folder / "tmp").mkdir()
        self.folder = folder
        self.set_places()
        checksums = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        monkeypatch.setattr(data, "MNIST_FILES", checksums)
        self.fetch_fails(RuntimeError("Error downloading:\nTried a mirror, got:\n<urlopen error no route to host>\n"))

    def set_places(self):
        self.monkeypatch.setenv("SEQLAB_DATA", str(self.folder / "named"))
        self.monkeypatch.setenv("XDG_CACHE_HOME", str(self.folder / "cache"))
        self.monkeypatch.setenv("TMPDIR", str(self.folder / "tmp"))
        self.monkeypatch.setattr(tempfile, "tempdir", None)         # found anew

    def fill(self, raw: Path, **changes: bytes):
        raw.mkdir(parents=True, exist_ok=True)
        for name, content in {**self.files, **changes}.items():
            (raw / name).write_bytes(content)

    def online(self, **changes: bytes):
        def fetch(folder):
            self.fetched += 1
            self.fill(Path(folder) / "MNIST" / "raw", **changes)
            return Path(folder) / "MNIST" / "raw"
        self.monkeypatch.setattr(data, "_fetch_with_torchvision", fetch)

    def fetch_fails(self, problem: BaseException):
        def fetch(folder):
            (Path(folder) / "half").write_bytes(b"half a file")
            raise problem
        self.monkeypatch.setattr(data, "_fetch_with_torchvision", fetch)

    def whole(self, raw: Path) -> bool:
        """The four files, intact, and nothing else: no temporary file, no half download."""
        return {path.name: path.read_bytes() for path in raw.iterdir()} == self.files


@pytest.fixture
def place(tmp_path, monkeypatch):
    return Place(tmp_path, monkeypatch)


# --- where it is looked for ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("where", ["named", "cache"])
def test_digits_that_are_there_are_used_without_a_download(place, where, capsys):
    place.fill(getattr(place, where))
    digits = load_digits()
    assert digits.source == "mnist" and len(digits.test[0]) == TEST
    assert capsys.readouterr().out == "data: MNIST, 60,000 training and 10,000 test digits\n"


def test_the_named_folder_comes_before_the_cache(place):
    place.fill(place.named)
    place.fill(place.cache)
    assert data._find_or_download(print) == place.named


def test_without_a_named_folder_the_cache_is_used(place, tmp_path, monkeypatch):
    for value in (None, ""):
        monkeypatch.delenv("SEQLAB_DATA") if value is None else monkeypatch.setenv("SEQLAB_DATA", value)
        assert data._places() == [place.cache, place.temporary]
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data._places()[0] == tmp_path / ".cache" / "seqlab" / "MNIST" / "raw"


def test_a_tilde_means_the_home_folder(place, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SEQLAB_DATA", "~/digits")
    place.fill(tmp_path / "digits" / "MNIST" / "raw")
    assert load_digits(quiet=True).source == "mnist"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEQLAB_DATA", "~nobody-of-that-name/digits")
    assert load_digits(quiet=True).source == "embedded"
    assert not (tmp_path / "~nobody-of-that-name").exists()


@pytest.mark.parametrize("slip", ["named/digits", "named/MNIST", "named/MNIST/raw"])
@pytest.mark.parametrize("cached", [True, False])
def test_a_slip_in_the_name_is_told_and_no_folder_is_made(place, slip, cached, monkeypatch, capsys):
    monkeypatch.setenv("SEQLAB_DATA", str(place.folder / slip))
    before = sorted(place.folder.rglob("*"))
    place.online()
    if cached:
        place.fill(place.cache)
    assert load_digits().source == "mnist"
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"No MNIST/raw in {place.folder / slip}, the folder that SEQLAB_DATA names."
    assert len(told) == (2 if cached else 3)
    assert place.whole(place.cache) and place.fetched == (0 if cached else 1)
    assert [path for path in sorted(place.folder.rglob("*")) if "cache" not in path.parts] == before  # perhaps none


# --- download -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("named", [True, False])
def test_missing_digits_are_fetched_once_to_the_preferred_folder(place, named, monkeypatch, capsys):
    if not named:
        monkeypatch.delenv("SEQLAB_DATA")
    raw = place.named if named else place.cache
    place.online()
    assert load_digits().source == "mnist"
    assert place.whole(raw)
    assert capsys.readouterr().out.splitlines() == [
        f"Downloading MNIST (about 12 MB) to {raw} ...", "data: MNIST, 60,000 training and 10,000 test digits"]
    load_digits()
    assert place.fetched == 1


DAMAGE = {"truncated": lambda content: content[:-100], "corrupt": lambda content: content[:-1] + b"?",
          "empty": lambda content: b"", "too long": lambda content: content + b"\0",
          "a login page": lambda content: b"<html>Please log in</html>"}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_named_and_fetched_again_and_the_others_stay(place, name, damage, capsys):
    place.fill(place.named, **{name: DAMAGE[damage](place.files[name])})
    others = {path: path.stat().st_ino for path in place.named.iterdir() if path.name != name}
    place.online()
    assert load_digits().source == "mnist"
    assert place.whole(place.named)
    assert others == {path: path.stat().st_ino for path in others}
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"Damaged (wrong checksum): {place.named / name}" and said[1].startswith("Downloading")


def test_a_half_filled_folder_is_completed(place):
    place.fill(place.named)
    for name in NAMES[2:]:
        (place.named / name).unlink()
    place.online()
    assert load_digits(quiet=True).source == "mnist" and place.whole(place.named)


def test_damage_in_one_place_does_not_matter_when_the_other_is_intact(place, capsys):
    place.fill(place.named, **{NAMES[0]: b"damaged"})
    place.fill(place.cache)
    assert load_digits().source == "mnist"
    assert capsys.readouterr().out == "data: MNIST, 60,000 training and 10,000 test digits\n"


def test_a_damaged_file_without_a_network_is_named_and_left(place, capsys):
    place.fill(place.named, **{NAMES[1]: b"damaged"})
    assert load_digits().source == "embedded"
    said = capsys.readouterr().out
    assert f"No MNIST here: {place.named / NAMES[1]} has the wrong checksum and it could not be downloaded" in said
    assert (place.named / NAMES[1]).read_bytes() == b"damaged"
    with pytest.raises(RuntimeError, match=rf"{NAMES[1]} has the wrong checksum"):
        load_digits("mnist", quiet=True)


def test_a_download_with_the_wrong_checksum_is_thrown_away(place, capsys):
    place.online(**{NAMES[2]: b"not what was asked for"})
    assert load_digits().source == "embedded"
    assert f"the downloaded {NAMES[2]} has the wrong checksum" in capsys.readouterr().out
    assert list(place.named.iterdir()) == []


# --- no network, no permission, no room ---------------------------------------------------------------------------

PROBLEMS = {
    "no network": (RuntimeError("Tried a mirror, got:\n<urlopen error [Errno -2] Name or service not known>\n"),
                   r"it could not be downloaded \(\[Errno -2\] Name or service not known\)"),
    "refused": (urllib.error.URLError("connection refused"), r"the download failed \(connection refused\)"),
    "too slow": (TimeoutError("timed out"), r"the download failed \(timed out\)"),
    "broken off": (http.client.IncompleteRead(b"half"), r"the download failed \(IncompleteRead"),
    "full disk": (OSError(errno.ENOSPC, "No space left on device"), r"the download failed \(No space left on device\)"),
    "no torchvision": (ImportError("No module named 'torchvision'"), r"it could not be downloaded \(No module named"),
    "an empty error": (RuntimeError(), r"it could not be downloaded \(RuntimeError\)"),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_failed_download_is_told_and_the_embedded_digits_take_over(place, problem, capsys):
    error, words = PROBLEMS[problem]
    place.fetch_fails(error)
    assert load_digits().source == "embedded"
    downloading, told, used = capsys.readouterr().out.splitlines()
    assert downloading.startswith("Downloading") and used.startswith("data: embedded digits")
    assert re.match(rf"No MNIST here: {words}.*\.$", told)
    assert list(place.named.iterdir()) == []


@pytest.mark.parametrize("problem", PROBLEMS)
def test_when_mnist_is_a_must_the_error_says_what_to_do(place, problem):
    error, words = PROBLEMS[problem]
    place.fetch_fails(error)
    with pytest.raises(RuntimeError, match=rf"MNIST was asked for, but {words}") as failure:
        load_digits("mnist")
    for way_out in (str(place.named), "SEQLAB_DATA", 'load_digits("embedded")'):
        assert way_out in str(failure.value)
    assert list(place.named.iterdir()) == []


def test_ctrl_c_during_the_download_leaves_nothing_behind(place):
    place.fetch_fails(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        load_digits()
    assert list(place.named.iterdir()) == []


def a_file_in_its_place(folder: Path) -> Path:
    (folder / "occupied").write_text("not a folder")
    return folder / "occupied"


def a_folder_of_the_kernel(folder: Path) -> Path:
    if not Path("/proc/self").exists():
        pytest.skip("there is no /proc here")
    return Path("/proc/seqlab")


def a_read_only_folder(folder: Path) -> Path:
    if os.name != "posix" or os.geteuid() == 0:
        pytest.skip("nothing is read-only for this user")
    (folder / "locked").mkdir(mode=0o555)
    return folder / "locked"


BAD_FOLDERS = pytest.mark.parametrize("folder", [a_file_in_its_place, a_folder_of_the_kernel, a_read_only_folder])


@BAD_FOLDERS
def test_without_a_cache_a_temporary_folder_is_used_and_said(place, folder, tmp_path, monkeypatch, capsys):
    bad = folder(tmp_path)
    monkeypatch.delenv("SEQLAB_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(bad))
    place.online()
    assert load_digits().source == "mnist"
    passed_over, downloading, used = capsys.readouterr().out.splitlines()
    assert passed_over.startswith(f"No MNIST there: {bad / 'seqlab' / 'MNIST' / 'raw'} cannot be written to (")
    assert passed_over.endswith(f"). Using {place.temporary} instead.")
    assert downloading.endswith(f"to {place.temporary} ...") and used.startswith("data: MNIST")
    assert place.whole(place.temporary)
    assert load_digits().source == "mnist" and place.fetched == 1      # it is found there the next time


def test_a_named_folder_that_cannot_be_completed_gives_way_to_the_cache(place, capsys):
    place.named.rmdir()
    place.named.symlink_to(a_folder_of_the_kernel(place.folder).with_name("self"))
    place.online()
    assert load_digits().source == "mnist"
    assert f"{place.named} cannot be written to (" in capsys.readouterr().out
    assert place.whole(place.cache)


@BAD_FOLDERS
def test_where_nothing_can_be_written_that_is_told(place, folder, tmp_path, monkeypatch, capsys):
    bad = folder(tmp_path)
    monkeypatch.delenv("SEQLAB_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(bad))
    monkeypatch.setattr(tempfile, "tempdir", str(bad))
    place.online()
    assert load_digits().source == "embedded"
    assert f"No MNIST here: {bad / 'seqlab' / 'MNIST' / 'raw'} cannot be written to (" in capsys.readouterr().out
    assert place.fetched == 0       # nothing is downloaded that cannot be kept
    with pytest.raises(RuntimeError, match="cannot be written to"):
        load_digits("mnist")


def test_a_machine_without_a_temporary_folder_still_finds_its_digits(place, monkeypatch):
    def none_there():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")
    monkeypatch.setattr(tempfile, "gettempdir", none_there)
    place.fill(place.named)
    assert load_digits(quiet=True).source == "mnist"


def test_a_folder_that_becomes_read_only_meanwhile_is_told(place, monkeypatch, capsys):
    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")
    place.online()
    monkeypatch.setattr(os, "replace", denied)
    assert load_digits().source == "embedded"
    assert f"{place.named} cannot be written to (Permission denied)" in capsys.readouterr().out
    assert list(place.named.iterdir()) == []


def test_a_folder_in_the_place_of_a_file_is_told(place, capsys):
    (place.named / NAMES[0]).mkdir(parents=True)
    place.online()
    assert load_digits().source == "embedded"
    assert "cannot be written to" in capsys.readouterr().out


# --- the real torchvision code, against a mirror on this machine --------------------------------------------------

class Mirror:
    """A web server with the tiny MNIST, that can misbehave."""

    def __init__(self, files: dict[str, bytes]):
        self.packed = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}
        self.behaviour, self.requests, self.release = "good", [], threading.Event()
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                mirror.answer(self, self.path.rsplit("/", 1)[-1])

            do_HEAD = do_GET        # torchvision looks for redirections first

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        self.resources = [(name, hashlib.md5(packed).hexdigest()) for name, packed in self.packed.items()]

    def answer(self, request, name):
        self.requests.append(name)
        content = self.packed[name]
        if self.behaviour == "missing":
            return request.send_error(404)
        if self.behaviour == "silent":
            self.release.wait(20)
        if self.behaviour == "login page":
            content = b"<html>Please log in</html>"
        if self.behaviour == "slow":
            time.sleep(0.1)
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command == "GET":
            with contextlib.suppress(OSError):
                request.wfile.write(content[:len(content) // 2] if self.behaviour == "breaks off" else content)

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror(place, monkeypatch):
    from torchvision.datasets import MNIST
    mirror = Mirror(place.files)
    monkeypatch.undo()          # the real fetch again, in the same place
    place.set_places()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(data, "MNIST_FILES", {n: hashlib.sha256(c).hexdigest() for n, c in place.files.items()})
    monkeypatch.setattr(MNIST, "mirrors", [mirror.address])
    monkeypatch.setattr(MNIST, "resources", mirror.resources)
    yield mirror
    mirror.close()


def test_torchvision_fetches_unpacks_and_nothing_else_stays(mirror, place, capsys):
    assert load_digits().source == "mnist"
    assert place.whole(place.named)
    assert set(mirror.requests) == set(mirror.packed)
    assert len(capsys.readouterr().out.splitlines()) == 2       # progress bars do not get between the lines
    assert socket.getdefaulttimeout() is None


def test_a_second_mirror_helps_when_the_first_is_down(mirror, place, monkeypatch):
    from torchvision.datasets import MNIST
    monkeypatch.setattr(MNIST, "mirrors", ["http://127.0.0.1:9/", mirror.address])
    assert load_digits(quiet=True).source == "mnist" and place.whole(place.named)


@pytest.mark.parametrize("behaviour, words", [
    ("missing", ("Not Found", "Error downloading")), ("breaks off", ("",)), ("login page", ("corrupted",)),
    ("silent", ("timed out",))])
def test_a_bad_mirror_is_told_and_leaves_nothing(mirror, place, behaviour, words, monkeypatch, capsys):
    mirror.behaviour = behaviour
    monkeypatch.setattr(data, "DOWNLOAD_TIMEOUT", 0.5)
    assert load_digits().source == "embedded"
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("No MNIST here")]
    assert len(told) == 1 and any(one in told[0] for one in words)
    assert list(place.named.iterdir()) == []
    assert socket.getdefaulttimeout() is None
    mirror.release.set()
    mirror.behaviour = "good"
    assert load_digits(quiet=True).source == "mnist" and place.whole(place.named)


CHILD = textwrap.dedent("""
    import json, sys
    from torchvision.datasets import MNIST
    from seqlab import data
    setting = json.load(sys.stdin)
    data.MNIST_FILES = setting["checksums"]
    MNIST.mirrors, MNIST.resources = setting["mirrors"], setting["resources"]
    if setting["limit"]:
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (setting["limit"],) * 2)
    print("source:", data.load_digits().source)
""")


def another_process(mirror, limit=0):
    """It keeps no bytecode: written under the limit, that would be cut off, and break what is installed for good."""
    setting = {"checksums": data.MNIST_FILES, "mirrors": [mirror.address], "resources": mirror.resources,
               "limit": limit}
    settings = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    child = subprocess.Popen([sys.executable, "-c", CHILD], cwd=ROOT, text=True, env={**os.environ, **settings},
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdin.write(json.dumps(setting))
    child.stdin.close()
    child.stdin = None
    return child


@pytest.mark.slow
def test_two_processes_may_start_at_once(mirror, place):
    mirror.behaviour = "slow"
    children = [another_process(mirror) for _ in range(2)]
    for child in children:
        out, problems = child.communicate()
        assert child.returncode == 0 and "source: mnist" in out, problems
    assert place.whole(place.named)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits of this kind exist on POSIX systems only")
def test_a_disk_that_takes_no_more_is_told_and_leaves_nothing(mirror, place):
    out, problems = another_process(mirror, limit=1000).communicate()
    assert "No MNIST here: the download failed (File too large)" in out and "source: embedded" in out, problems
    assert list(place.named.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a signal that cannot be caught")
def test_a_process_killed_in_the_middle_leaves_no_file_that_could_be_taken_for_whole(mirror, place):
    mirror.behaviour = "silent"
    child = another_process(mirror)
    while not mirror.requests and child.poll() is None:
        time.sleep(0.1)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert mirror.requests and not any((place.named / name).exists() for name in NAMES)
    mirror.release.set()
    mirror.behaviour = "good"
    assert load_digits(quiet=True).source == "mnist"


# --- what was asked for -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("source", ["MNIST", "fashion", "", 1, True])
def test_an_unknown_source_is_told(source):
    with pytest.raises(ValueError, match=r'source should be "mnist", "embedded" or None .* got'):
        load_digits(source)


def test_the_embedded_digits_need_no_folder_and_no_network(place, capsys):
    place.fill(place.named)
    assert load_digits("embedded").source == "embedded"
    line, = capsys.readouterr().out.splitlines()
    assert line.startswith("data: embedded digits, 1,797 in all") and "other numbers" in line
    assert not place.cache.exists()


@pytest.mark.parametrize("source", [None, "mnist", "embedded"])
def test_quiet_prints_nothing(place, source, capsys):
    place.fill(place.named)
    load_digits(source, quiet=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_importing_seqlab_is_light():
    code = "import seqlab, sys; print([m for m in ('torchvision', 'sklearn', 'matplotlib') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


# --- what comes out -----------------------------------------------------------------------------------------------

def check_form(digits):
    for images, labels in digits[:3]:
        assert images.dtype == torch.float32 and images.shape == (len(images), 28, 28) and images.is_contiguous()
        assert labels.dtype == torch.int64 and labels.shape == (len(images),)
        assert images.min() == 0 and 0.9 < images.max() <= 1
        assert labels.min() >= 0 and labels.max() <= 9


def keys(pair):
    """Every example as a few bytes, so that examples can be compared between parts."""
    return [hashlib.md5(image.numpy().tobytes() + bytes([label])).digest() for image, label in zip(*pair, strict=True)]


def test_the_tiny_mnist_comes_out_pixel_by_pixel(place):
    place.fill(place.named)
    digits = load_digits(quiet=True)
    check_form(digits)
    assert [len(part[0]) for part in digits[:3]] == [TRAIN - 2, 2, TEST]        # a twelfth is held out
    pictures = np.frombuffer(place.files[NAMES[2]][16:], np.uint8).reshape(TEST, 28, 28)
    assert np.array_equal(digits.test[0].numpy(), pictures.astype(np.float32) / 255)
    assert digits.test[1].tolist() == list(range(10))
    pictures = torch.frombuffer(bytearray(place.files[NAMES[0]][16:]), dtype=torch.uint8).view(TRAIN, 28, 28) / 255
    assert sorted(keys(digits.train) + keys(digits.val)) == sorted(keys((pictures, torch.arange(TRAIN) % 10)))


@pytest.fixture(scope="module")
def embedded():
    return load_digits("embedded", quiet=True)


def test_the_embedded_digits_have_the_form_of_mnist(embedded):
    check_form(embedded)
    assert [len(part[0]) for part in embedded[:3]] == [1412, 128, 257]
    margin = torch.ones(28, 28, dtype=torch.bool)
    margin[4:24, 4:24] = False
    for images, _ in embedded[:3]:
        assert (images[:, margin] == 0).all()
        assert (images[:, ~margin].amax(dim=1) > 0.5).all()


def test_the_embedded_digits_are_scikit_learn_s(embedded):
    from sklearn.datasets import load_digits as original
    bunch = original()
    shown = torch.cat([part[0] for part in embedded[:3]])[:, 4:24, 4:24]
    labels = torch.cat([part[1] for part in embedded[:3]])
    assert torch.bincount(labels).tolist() == np.bincount(bunch.target).tolist()
    # The mean over a block of 20/8 pixels comes close to the pixel it was made from: find each digit's original.
    shrunk = torch.nn.functional.interpolate(shown[:, None], size=(8, 8), mode="area").flatten(1)
    small = torch.tensor(bunch.images / 16, dtype=torch.float32).flatten(1)
    nearest = torch.cdist(shrunk, small).argmin(dim=1)
    assert (torch.tensor(bunch.target)[nearest] == labels).float().mean() > 0.99



@pytest.fixture(scope="module")
def real_mnist():
    """The real files, from SEQLAB_DATA or ../shared/data; skipped, or with SEQLAB_REQUIRE_MNIST=1 failed, without."""
    folder = Path(os.environ.get("SEQLAB_DATA") or ROOT.parent / "shared" / "data").resolve()
    if not all((folder / "MNIST" / "raw" / name).exists() for name in NAMES):
        words = f"real MNIST is not in {folder}: set SEQLAB_DATA to the folder that holds MNIST/raw"
        pytest.fail(words) if os.environ.get("SEQLAB_REQUIRE_MNIST") == "1" else pytest.skip(words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQLAB_DATA", str(folder))
        return load_digits("mnist", quiet=True)


def test_real_mnist_has_its_known_form(real_mnist):
    check_form(real_mnist)
    assert [len(part[0]) for part in real_mnist[:3]] == [55_000, 5_000, 10_000]
    assert real_mnist.test[1][:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]       # the first ten test labels
    both = torch.cat([real_mnist.train[1], real_mnist.val[1]])
    assert torch.bincount(both).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert torch.bincount(real_mnist.test[1]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize("source", ["embedded", "mnist"])
def test_the_split_is_the_same_each_time_and_leaves_the_reader_s_seed_alone(source, request):
    first = request.getfixturevalue("embedded" if source == "embedded" else "real_mnist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEQLAB_DATA", os.environ.get("SEQLAB_DATA") or str(ROOT.parent / "shared" / "data"))
        torch.manual_seed(5)
        before = torch.get_rng_state()
        again = load_digits(source, quiet=True)
    assert torch.equal(before, torch.get_rng_state())
    for one, other in zip(first[:3], again[:3], strict=True):
        assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])


@pytest.mark.parametrize("source", ["embedded", "mnist"])
def test_no_digit_is_in_two_parts_and_every_class_is_in_each(source, request):
    digits = request.getfixturevalue("embedded" if source == "embedded" else "real_mnist")
    train, val, test = (set(keys(part)) for part in digits[:3])
    assert not train & val and not train & test and not val & test
    shares = [torch.bincount(part[1], minlength=10) / len(part[1]) for part in digits[:3]]
    assert min(share.min() for share in shares) > 0.04
    tolerance = 0.01 if source == "mnist" else 0.07         # 128 validation digits are few
    assert (shares[0] - shares[1]).abs().max() < tolerance

"""Handwritten digits: real MNIST where it can be had, scikit-learn's embedded digits where it cannot."""

import contextlib
import hashlib
import http.client
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["Digits", "load_digits"]

# SHA-256 of the four files of MNIST, unpacked (LeCun et al., 1998, https://doi.org/10.1109/5.726791).
MNIST_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
VALIDATION_SHARE = 1 / 12       # 5,000 of MNIST's 60,000 training images
EMBEDDED_TEST_SHARE = 1 / 7     # as MNIST: 10,000 of 70,000
DOWNLOAD_TIMEOUT = 15           # seconds without an answer before a mirror counts as out of reach


class Digits(NamedTuple):
    """Three pairs (images, labels): images float32 in [0, 1], (n, 28, 28); labels int64, (n,)."""

    train: tuple[Tensor, Tensor]
    val: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]
    source: str     # "mnist" or "embedded"


def load_digits(source: str | None = None, *, quiet: bool = False) -> Digits:
    """Training, validation and test digits, with one printed line that says which data they are.

    Looks for MNIST in the folder named by the environment variable SEQLAB_DATA, then in the user's cache, both in
    torchvision's layout (`MNIST/raw/train-images-idx3-ubyte`, ...); downloads it if it is in neither, to the first of
    them that can be written to, or else to a temporary folder. If that fails too, uses the 1,797 digits that
    scikit-learn carries, enlarged to 28 x 28: everything runs, the numbers differ.

    Args:
        source: "mnist" or "embedded" to allow only that one; None to take the best there is.
        quiet: print no line (a download still shows its progress bar).

    Raises:
        ValueError: `source` is neither.
        RuntimeError: `source="mnist"` and MNIST can neither be found nor downloaded.

    Sources: https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.MNIST.html and
    https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html
    """
    if source not in (None, "mnist", "embedded"):
        raise ValueError(f'source should be "mnist", "embedded" or None for the best there is, got {source!r}')
    say = (lambda text: None) if quiet else print
    if source != "embedded":
        try:
            folder = _find_or_download(say)
        except OSError as problem:
            if source == "mnist":
                raise RuntimeError(
                    f"MNIST was asked for, but {problem}. Put its four unpacked files into {_places()[0]}, set "
                    'SEQLAB_DATA to a folder that holds MNIST/raw, or use load_digits("embedded").') from problem
            say(f"No MNIST here: {problem}.")
        else:
            say("data: MNIST, 60,000 training and 10,000 test digits")
            return _split(*_read_mnist(folder), source="mnist")
    say("data: embedded digits, 1,797 in all from scikit-learn, enlarged to 28 x 28; "
        "expect other numbers than with MNIST")
    return _split(*_read_embedded(), source="embedded")


# --- finding and fetching MNIST -----------------------------------------------------------------------------------

def _named_folder() -> Path | None:
    """Where SEQLAB_DATA says that MNIST's files are."""
    named = os.environ.get("SEQLAB_DATA")
    return Path(os.path.expanduser(named)) / "MNIST" / "raw" if named else None


def _places() -> list[Path]:
    """Where MNIST's files may be, the preferred place first; a download goes there, if it can be written to.

    A named folder that is not there is no place: its name may be a slip, and is not made.
    """
    folders = [Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))]
    with contextlib.suppress(OSError):      # some machines have no temporary folder
        folders.append(Path(tempfile.gettempdir()))
    named = _named_folder()
    return [named] * bool(named and os.path.isdir(named)) + [at / "seqlab" / "MNIST" / "raw" for at in folders]


def _find_or_download(say) -> Path:
    """The folder with the four intact files. OSError, in words, if there is none and none can be made."""
    places, named, damaged = _places(), _named_folder(), []
    if named and named not in places:
        say(f"No MNIST/raw in {named.parents[1]}, the folder that SEQLAB_DATA names.")
    for raw in places:
        there = [name for name in MNIST_FILES if os.path.exists(raw / name)]
        broken = [name for name in there if not _intact(raw / name)]
        if len(there) == len(MNIST_FILES) and not broken:
            return raw
        damaged += [str(raw / name) for name in broken]
    if damaged:
        say(f"Damaged (wrong checksum): {', '.join(damaged)}")
    try:
        return _download(places, say)
    except OSError as problem:
        if not damaged:
            raise
        raise OSError(f"{', '.join(damaged)} has the wrong checksum and {problem}") from problem


def _intact(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == MNIST_FILES[path.name]
    except OSError:
        return False


def _download(places: list[Path], say) -> Path:
    """Fetch the files into a private folder, check them, then move what is missing or damaged into place.

    So nobody ever sees half a file, and two processes may do this at the same time. The place is the first that can
    be written to.
    """
    raw, workplace = _workplace(places, say)
    with workplace as temporary:
        say(f"Downloading MNIST (about 12 MB) to {raw} ...")
        try:
            with _socket_timeout(DOWNLOAD_TIMEOUT), contextlib.redirect_stdout(sys.stderr):
                fetched = _fetch_with_torchvision(temporary)
        except (OSError, http.client.HTTPException) as problem:     # a full disk, a connection that broke off, ...
            reason = getattr(problem, "strerror", None) or getattr(problem, "reason", None) or problem
            raise OSError(f"the download failed ({reason})") from problem
        except (RuntimeError, ImportError) as problem:      # RuntimeError: torchvision says that every mirror failed
            raise OSError(f"it could not be downloaded ({_last_words(problem)})") from problem
        for name in MNIST_FILES:
            if not _intact(fetched / name):
                raise OSError(f"the downloaded {name} has the wrong checksum")
        try:
            for name in MNIST_FILES:
                if not _intact(raw / name):
                    os.replace(fetched / name, raw / name)
        except OSError as problem:
            raise OSError(f"{raw} cannot be written to ({problem.strerror or problem})") from problem
    return raw


def _workplace(places: list[Path], say) -> tuple[Path, tempfile.TemporaryDirectory]:
    """The first of the places that can be written to, and a private folder in it."""
    for raw, following in zip(places, [*places[1:], None], strict=True):
        try:
            raw.mkdir(parents=True, exist_ok=True)
            return raw, tempfile.TemporaryDirectory(dir=raw, prefix=".download-", ignore_cleanup_errors=True)
        except OSError as problem:
            refused = f"{raw} cannot be written to ({problem.strerror or problem})"
            if following is None:
                raise OSError(refused) from problem
            say(f"No MNIST there: {refused}. Using {following} instead.")


def _fetch_with_torchvision(folder: str) -> Path:
    from torchvision.datasets import MNIST  # slow to import, so only where it is needed
    return Path(MNIST(folder, download=True).raw_folder)


@contextlib.contextmanager
def _socket_timeout(seconds: float):
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _last_words(problem: Exception) -> str:
    """The last non-empty line of an error, without the <urlopen ...> wrapping."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[-1].removeprefix("<urlopen error ").removesuffix(">") if lines else type(problem).__name__


# --- reading and splitting ----------------------------------------------------------------------------------------

def _read_mnist(raw: Path):
    def images(name):
        return torch.from_numpy(np.fromfile(raw / name, np.uint8, offset=16)).view(-1, 28, 28).float() / 255

    def labels(name):
        return torch.from_numpy(np.fromfile(raw / name, np.uint8, offset=8)).long()

    return (images("train-images-idx3-ubyte"), labels("train-labels-idx1-ubyte"),
            images("t10k-images-idx3-ubyte"), labels("t10k-labels-idx1-ubyte"))


def _read_embedded():
    """8 x 8 digits enlarged to 20 x 20 in the middle of 28 x 28, as MNIST's digits are placed."""
    from sklearn.datasets import load_digits as load_embedded
    bunch = load_embedded()
    small = torch.tensor(bunch.images, dtype=torch.float32)[:, None] / 16
    images = F.pad(F.interpolate(small, size=(20, 20), mode="bilinear", align_corners=False), (4, 4, 4, 4))[:, 0]
    labels = torch.tensor(bunch.target, dtype=torch.int64)
    order = _shuffled(len(images))
    test = round(len(images) * EMBEDDED_TEST_SHARE)
    return images[order[test:]], labels[order[test:]], images[order[:test]], labels[order[:test]]


def _split(images, labels, test_images, test_labels, source) -> Digits:
    order = _shuffled(len(images))
    held_out = round(len(images) * VALIDATION_SHARE)
    val, train = order[:held_out], order[held_out:]
    return Digits((images[train], labels[train]), (images[val], labels[val]), (test_images, test_labels), source)


def _shuffled(n: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(0))

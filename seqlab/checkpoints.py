"""The state of a training run: saved after every epoch, found again after an interruption, the best weights kept."""

import contextlib
import copy
import io
import os
import uuid
from pathlib import Path

import torch

__all__ = ["History", "Run"]


class History(list):
    """One dict per epoch: epoch (from 1), train_loss, val_loss, val_accuracy (0 to 1), seconds."""

    @property
    def best_epoch(self) -> int:
        """The first epoch with the highest validation accuracy: the one whose weights `fit` keeps."""
        if not self:
            raise ValueError("no epoch has been finished yet")
        return max(self, key=lambda row: row["val_accuracy"])["epoch"]


class Run:
    """One training run: its history, its best weights and, with a `path`, its checkpoint.

    A checkpoint is written whole or not at all, and holds tensors and plain values only: reading one never runs code.
    """

    def __init__(self, model, optimizer, scheduler, settings: dict, path: str | Path | None):
        self.model, self.optimizer, self.scheduler, self.settings = model, optimizer, scheduler, settings
        self.path = Path(os.path.expanduser(path)) if path else None
        self.history, self.best = History(), copy.deepcopy(model.state_dict())

    def resume(self) -> bool:
        """Go on from the checkpoint, if there is one. True if there was.

        Raises:
            ValueError: it is none, is damaged, or belongs to another run.
            OSError: it cannot be read, or (with epochs still to train) none can be written.
        """
        if not self.path:
            return False
        saved = _read(self.path)
        if saved:
            self._restore(saved)
        if len(self.history) < self.settings["epochs"]:
            _check_writable(self.path)      # now, and not after the first epoch
        return saved is not None

    def _restore(self, saved):
        if saved["settings"] != self.settings:
            changed = [name for name, value in self.settings.items() if saved["settings"].get(name) != value]
            raise ValueError(f"{self.path} is the checkpoint of a run with other settings ({', '.join(changed)}): "
                             "use another file name, or delete it to start afresh")
        try:
            self.model.load_state_dict(saved["model"])
        except RuntimeError as problem:
            raise ValueError(f"{self.path} is the checkpoint of another model: use another file name, "
                             "or delete it to start afresh") from problem
        self.optimizer.load_state_dict(saved["optimizer"])
        if self.scheduler:
            self.scheduler.load_state_dict(saved["scheduler"])
        self.history, self.best = History(saved["history"]), saved["best"]

    def finish_epoch(self, epoch, train_loss, result, seconds):
        """Note an epoch's losses, keep its weights if they are the best so far, and save everything."""
        row = {"epoch": epoch, "train_loss": train_loss, "val_loss": result.loss, "val_accuracy": result.accuracy,
               "seconds": seconds}
        if History([*self.history, row]).best_epoch == epoch:
            self.best = copy.deepcopy(self.model.state_dict())      # a copy: state_dict() itself changes with the model
        self.history.append(row)
        if self.path:
            _write(self.path, {"settings": self.settings, "history": list(self.history), "best": self.best,
                               "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                               "scheduler": self.scheduler.state_dict() if self.scheduler else None})

    def restore_best(self):
        self.model.load_state_dict(self.best)
        self.model.eval()


def _write(path: Path, content: dict) -> None:
    """Save to a temporary file beside `path`, then put it in place in one move: a reader never sees half of it."""
    temporary = _beside(path)
    try:
        torch.save(content, temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _check_writable(path: Path) -> None:
    temporary = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        temporary.unlink()
    except OSError as problem:
        raise OSError(f"the checkpoint {path} cannot be written ({problem.strerror or problem})") from problem


def _beside(path: Path) -> Path:
    """A file of its own in the same folder. Not tempfile's, whose files nobody else may read."""
    return path.with_name(f".{path.name}-{uuid.uuid4().hex}")


def _read(path: Path) -> dict | None:
    """What the checkpoint holds, or None if there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise OSError(f"the checkpoint {path} cannot be read ({problem.strerror or problem})") from problem
    try:
        saved = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        if not {"settings", "history", "best", "model", "optimizer", "scheduler"} <= set(saved):
            raise ValueError("parts are missing")
    except Exception as problem:
        raise ValueError(f"{path} is not a checkpoint of fit, or is damaged: use another file name, "
                         "or delete it to start afresh") from problem
    return saved

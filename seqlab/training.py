"""Training and evaluation: the loop that the chapters write out, with everything a real run wants around it."""

import contextlib
import copy
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

__all__ = ["Evaluation", "History", "choose_device", "evaluate", "fit"]

SCHEDULES = ("one-cycle", None)


class Evaluation(NamedTuple):
    """Mean cross-entropy per example, in nats, and the share of right answers, from 0 to 1."""

    loss: float
    accuracy: float

    def __str__(self):
        return f"loss {self.loss:.4f}  acc {100 * self.accuracy:.2f} %"


class History(list):
    """One dict per epoch: epoch (from 1), train_loss, val_loss, val_accuracy (0 to 1), seconds."""

    @property
    def best_epoch(self) -> int:
        """The first epoch with the highest validation accuracy: the one whose weights `fit` keeps."""
        if not self:
            raise ValueError("no epoch has been finished yet")
        return max(self, key=lambda row: row["val_accuracy"])["epoch"]


def choose_device(quiet: bool = False) -> torch.device:
    """The GPU if there is one, else the CPU, with one printed line that says which.

    Source: https://docs.pytorch.org/docs/stable/cuda.html
    """
    if torch.cuda.is_available():
        device, name = torch.device("cuda"), torch.cuda.get_device_name()
    elif torch.backends.mps.is_available():
        device, name = torch.device("mps"), "Apple GPU"
    else:
        device, name = torch.device("cpu"), "fast enough for this course"
        if "COLAB_RELEASE_TAG" in os.environ:
            name += "; for a GPU: Runtime > Change runtime type > T4 GPU"
    if not quiet:
        print(f"device: {device} ({name})")
    return device


def fit(model: nn.Module, train: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor], *, epochs: int = 3,
        batch_size: int = 128, lr: float = 1e-2, clip: float | None = 1.0, schedule: str | None = "one-cycle",
        weight_decay: float = 1e-2, seed: int = 0, checkpoint: str | Path | None = None,
        device: torch.device | str | None = None, quiet: bool = False) -> History:
    """Train a classifier with AdamW and keep the weights of the epoch with the best validation accuracy.

    Prints one line per epoch, with a progress bar while it runs. Interrupted (Ctrl-C, or the stop button), it keeps
    the best weights so far. With `checkpoint`, every finished epoch is saved, and the same call goes on from there,
    to the same weights as a run without a break.

    Args:
        train, val: pairs (inputs, labels) of tensors, (n, ...) and (n,) int64. They are moved to the device whole.
        lr: the highest learning rate; "one-cycle" warms up to it and comes down again, None keeps it.
        clip: the largest gradient norm, or None for no clipping.
        seed: of the order of the batches and of dropout (the initial weights are the model's own affair).
        checkpoint: a file to save to and to resume from. It is written whole or not at all.
        device: where to train; the model's own device by default.

    Returns:
        The history of every epoch. The model is left on the device with its best weights, in eval mode.

    Raises:
        ValueError: a setting or the data does not fit, or the checkpoint belongs to another run.
        FloatingPointError: the loss is not a number any more.

    Sources: https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html,
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html,
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """
    _check_settings(epochs=epochs, batch_size=batch_size, lr=lr, clip=clip, schedule=schedule)
    _check_data("train", train)
    _check_data("val", val)
    device = torch.device(device) if device is not None else next(model.parameters()).device
    model.to(device)
    inputs, labels = (tensor.to(device) for tensor in train)
    val = tuple(tensor.to(device) for tensor in val)

    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    steps = -(-len(inputs) // batch_size)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * steps) if schedule else None
    settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "clip": clip, "schedule": schedule,
                "weight_decay": weight_decay, "seed": seed, "examples": len(inputs)}
    run = _Run(model, optimizer, scheduler, settings, Path(checkpoint) if checkpoint else None)

    try:
        run.resume(quiet)
        for epoch in range(len(run.history) + 1, epochs + 1):
            start = time.perf_counter()
            with _own_randomness(seed * 1_000_003 + epoch, device):
                order = torch.randperm(len(inputs)).to(device)
                train_loss = _train_epoch(model, inputs, labels, order, batch_size, optimizer, scheduler, clip,
                                          bar=None if quiet else f"epoch {epoch}/{epochs}")
            result = evaluate(model, val)
            run.finish_epoch(epoch, train_loss, result, time.perf_counter() - start)
            if not quiet:
                print(f"epoch {epoch:>2}/{epochs}  train loss {train_loss:.4f}  val loss {result.loss:.4f}  "
                      f"val acc {100 * result.accuracy:.2f} %  {run.history[-1]['seconds']:.1f} s")
    except KeyboardInterrupt:
        print(f"Interrupted: {len(run.history)} of {epochs} epochs are finished. " +
              (f"Run this again to go on from {run.path}." if run.path else "The model keeps its best weights so far."))
    finally:        # whatever happened, no half-trained or broken weights are left behind
        run.restore_best()
    return run.history


@torch.no_grad()
def evaluate(model: nn.Module, data: tuple[Tensor, Tensor], batch_size: int = 1000) -> Evaluation:
    """Mean loss and accuracy of `model` on (inputs, labels), in eval mode; the model's mode is put back after.

    Raises:
        ValueError: the data does not fit.
    """
    _check_data("data", data)
    device, was_training = next((p.device for p in model.parameters()), data[0].device), model.training
    model.eval()
    loss, right = 0.0, 0
    try:
        for inputs, labels in zip(data[0].split(batch_size), data[1].split(batch_size), strict=True):
            logits, labels = model(inputs.to(device)), labels.to(device)
            loss += F.cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(dim=1) == labels).sum().item()
    finally:
        model.train(was_training)
    return Evaluation(loss / len(data[1]), right / len(data[1]))


def _train_epoch(model, inputs, labels, order, batch_size, optimizer, scheduler, clip, bar) -> float:
    """One pass over the examples in the given order; the mean training loss."""
    model.train()
    total = torch.zeros((), device=inputs.device)
    quiet = {"disable": True} if bar is None else {}       # left out otherwise, so that TQDM_DISABLE=1 still works
    for batch in tqdm(order.split(batch_size), desc=bar, file=sys.stdout, leave=False, **quiet):
        loss = F.cross_entropy(model(inputs[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total += loss.detach() * len(batch)
    mean = (total / len(order)).item()
    if not math.isfinite(mean):
        raise FloatingPointError(f"the training loss is {mean}: lower lr (now at most {optimizer.defaults['lr']}), "
                                 "clip the gradients (clip=1.0), or look for NaN in the inputs")
    return mean


@contextlib.contextmanager
def _own_randomness(seed: int, device: torch.device):
    """Random numbers that depend on `seed` alone, so that a resumed run draws the same; the caller's are put back."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


class _Run:
    """The state of one training run: what is saved after every epoch and found again after an interruption."""

    def __init__(self, model, optimizer, scheduler, settings, path):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.settings, self.path = settings, path
        self.history, self.best = History(), copy.deepcopy(model.state_dict())

    def finish_epoch(self, epoch, train_loss, result, seconds):
        row = {"epoch": epoch, "train_loss": train_loss, "val_loss": result.loss, "val_accuracy": result.accuracy,
               "seconds": seconds}
        if History([*self.history, row]).best_epoch == epoch:
            self.best = copy.deepcopy(self.model.state_dict())      # a copy: state_dict() itself changes with the model
        self.history.append(row)
        if self.path:
            _write_whole(self.path, {"settings": self.settings, "history": list(self.history), "best": self.best,
                                     "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                                     "scheduler": self.scheduler.state_dict() if self.scheduler else None})

    def resume(self, quiet):
        if not self.path or not self.path.exists():
            return
        saved = _read_checkpoint(self.path)
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
        if not quiet:
            print(f"Resumed from {self.path}: {len(self.history)} of {self.settings['epochs']} epochs are finished.")

    def restore_best(self):
        self.model.load_state_dict(self.best)
        self.model.eval()


def _write_whole(path: Path, content: dict) -> None:
    """Save to a temporary file beside `path`, then put it in place in one move: a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    os.close(handle)
    try:
        torch.save(content, temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _read_checkpoint(path: Path) -> dict:
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)     # tensors and plain values, never code
        if not {"settings", "history", "best", "model", "optimizer", "scheduler"} <= set(saved):
            raise ValueError("parts are missing")
    except Exception as problem:
        raise ValueError(f"{path} is not a checkpoint of fit, or is damaged: use another file name, "
                         "or delete it to start afresh") from problem
    return saved


def _check_settings(epochs, batch_size, lr, clip, schedule):
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} should be a whole number of at least 1, got {value!r}")
    if not lr > 0:
        raise ValueError(f"lr should be greater than 0, got {lr!r}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip should be greater than 0, or None for no clipping, got {clip!r}")
    if schedule not in SCHEDULES:
        raise ValueError(f'schedule should be "one-cycle" or None, got {schedule!r}')


def _check_data(name, data):
    if not isinstance(data, (tuple, list)) or len(data) != 2 or not all(isinstance(part, Tensor) for part in data):
        raise ValueError(f"{name} should be a pair of tensors (inputs, labels), got {type(data).__name__}")
    inputs, labels = data
    if inputs.dim() == 0 or len(inputs) == 0 or labels.shape != (len(inputs),):
        raise ValueError(f"{name} should hold one label per example: inputs {tuple(inputs.shape)}, "
                         f"labels {tuple(labels.shape)}")
    if labels.dtype != torch.int64:
        raise ValueError(f"{name}: labels should be int64 class numbers, got {labels.dtype}; use labels.long()")

"""Training and evaluation: the loop that the chapters write out, with everything a real run wants around it."""

import contextlib
import math
import numbers
import sys
import time
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from .arguments import whole_numbers
from .checkpoints import History, Run

__all__ = ["Evaluation", "History", "evaluate", "fit"]

SCHEDULES = ("one-cycle", None)


class Evaluation(NamedTuple):
    """Mean cross-entropy per example, in nats, and the share of right answers, from 0 to 1."""

    loss: float
    accuracy: float

    def __str__(self):
        return f"loss {self.loss:.4f}  acc {100 * self.accuracy:.2f} %"


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
        checkpoint: a file to save to and to resume from; ~ is your home folder. It is written whole or not at all.
        device: where to train; the model's own device by default.

    Returns:
        The history of every epoch. The model is left on the device with its best weights, in eval mode.

    Raises:
        ValueError: a setting or the data does not fit, or the checkpoint is damaged or belongs to another run.
        OSError: the checkpoint cannot be read or written.
        FloatingPointError: the loss is not a number any more.

    Sources: https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html,
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html,
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """
    epochs, batch_size = whole_numbers(epochs=epochs, batch_size=batch_size)
    lr, clip, weight_decay, seed = _plain_settings(lr, clip, schedule, weight_decay, seed)
    _check_data("train", train)
    _check_data("val", val)
    device = torch.device(device) if device is not None else next(model.parameters()).device
    model.to(device)
    inputs, labels = (tensor.to(device) for tensor in train)
    val = tuple(tensor.to(device) for tensor in val)
    with _own_randomness(seed, device):
        _check_labels(_logits(model, inputs[:batch_size]), train=labels, val=val[1])

    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    steps = -(-len(inputs) // batch_size)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * steps) if schedule else None
    settings = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "clip": clip, "schedule": schedule,
                "weight_decay": weight_decay, "seed": seed, "examples": len(inputs)}
    run = Run(model, optimizer, scheduler, settings, checkpoint)

    try:
        if run.resume() and not quiet:
            print(f"Resumed from {run.path}: {len(run.history)} of {epochs} epochs are finished.")
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


def evaluate(model: nn.Module, data: tuple[Tensor, Tensor], batch_size: int = 1000) -> Evaluation:
    """Mean loss and accuracy of `model` on (inputs, labels), in eval mode; the model's mode is put back after.

    Raises:
        ValueError: the data does not fit.
    """
    batch_size, = whole_numbers(batch_size=batch_size)
    _check_data("data", data)
    device = next((p.device for p in model.parameters()), data[0].device)
    loss, right = 0.0, 0
    for first, (inputs, labels) in enumerate(zip(*(part.split(batch_size) for part in data), strict=True)):
        logits, labels = _logits(model, inputs.to(device)), labels.to(device)
        if first == 0:
            _check_labels(logits, data=data[1])
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(dim=1) == labels).sum().item()
    return Evaluation(loss / len(data[1]), right / len(data[1]))


@torch.no_grad()
def _logits(model, inputs) -> Tensor:
    """The model's scores in eval mode; its mode is put back after."""
    was_training = model.training
    model.eval()
    try:
        logits = model(inputs)
    finally:
        model.train(was_training)
    if logits.dim() != 2 or len(logits) != len(inputs):
        raise ValueError(f"the model should give (batch, classes), one score per class for each of {len(inputs)} "
                         f"examples, got {tuple(logits.shape)}")
    return logits


@contextlib.contextmanager
def _own_randomness(seed: int, device: torch.device):
    """Random numbers that depend on `seed` alone, so that a resumed run draws the same; the caller's are put back."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def _plain_settings(lr, clip, schedule, weight_decay, seed):
    """The settings as plain numbers, which a checkpoint can hold; refused if they make no sense."""
    def number(value):
        try:
            return float(value)
        except (TypeError, ValueError):
            return math.nan

    if not number(lr) > 0:
        raise ValueError(f"lr should be greater than 0, got {lr!r}")
    if clip is not None and not number(clip) > 0:
        raise ValueError(f"clip should be greater than 0, or None for no clipping, got {clip!r}")
    if schedule not in SCHEDULES:
        raise ValueError(f'schedule should be "one-cycle" or None, got {schedule!r}')
    if not number(weight_decay) >= 0:
        raise ValueError(f"weight_decay should be at least 0, got {weight_decay!r}")
    if not isinstance(seed, numbers.Integral):
        raise ValueError(f"seed should be a whole number, got {seed!r}")
    return number(lr), None if clip is None else number(clip), number(weight_decay), int(seed)


def _check_data(name, data):
    if not isinstance(data, (tuple, list)) or len(data) != 2 or not all(isinstance(part, Tensor) for part in data):
        raise ValueError(f"{name} should be a pair of tensors (inputs, labels), got {type(data).__name__}")
    inputs, labels = data
    if inputs.dim() == 0 or len(inputs) == 0 or labels.shape != (len(inputs),):
        raise ValueError(f"{name} should hold one label per example: inputs {tuple(inputs.shape)}, "
                         f"labels {tuple(labels.shape)}")
    if labels.dtype != torch.int64:
        raise ValueError(f"{name}: labels should be int64 class numbers, got {labels.dtype}; use labels.long()")


def _check_labels(logits, **labels):
    """`logits` (batch, classes) say how many classes there are."""
    classes = logits.shape[1]
    for name, values in labels.items():
        for value in (values.min().item(), values.max().item()):
            if not 0 <= value < classes:
                raise ValueError(f"{name}: labels should be class numbers from 0 to {classes - 1}, one for each of "
                                 f"the model's {classes} scores, got {value}")

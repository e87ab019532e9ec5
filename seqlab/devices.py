"""Which device to run on: the GPU if there is one and it works."""

import os
import re

import torch
from torch import nn

__all__ = ["choose_device"]


def choose_device(quiet: bool = False) -> torch.device:
    """The GPU if there is one and a small layer runs on it, else the CPU, with one printed line that says which.

    The environment variable SEQLAB_DEVICE names another choice: cpu, cuda, cuda:1 (the second GPU), or mps.

    Raises:
        ValueError: SEQLAB_DEVICE names no device.

    Source: https://docs.pytorch.org/docs/stable/cuda.html
    """
    device = _wanted() or _best()
    name = "fast enough for this course"
    if device.type != "cpu":
        name, problem = _name(device), _problem(device)
        if problem:
            device, name = torch.device("cpu"), f"{name} cannot be used: {problem}"
    if not quiet:
        print(f"device: {device} ({name})")
    return device


def _wanted() -> torch.device | None:
    """The device that SEQLAB_DEVICE names, or None where it names none."""
    named = os.environ.get("SEQLAB_DEVICE", "").strip()
    if not named:
        return None
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", named):
        raise ValueError(f"SEQLAB_DEVICE should be cpu, cuda, cuda:1 (the second GPU) or mps, got {named!r}")
    return torch.device(named)


def _best() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _problem(device: torch.device) -> str | None:
    """Why a layer cannot run on this device, forward and backward; None if it can.

    That a GPU is there does not mean that this PyTorch has code for it: builds leave out the oldest ones.
    """
    try:
        with torch.random.fork_rng(devices=[]):         # the caller's random numbers are left alone
            layer = nn.LSTM(2, 2).to(device)
        out, _ = layer(torch.ones(3, 1, 2, device=device))
        out.sum().backward()
        layer.weight_hh_l0.grad.sum().item()            # waits until the device is done
    except (RuntimeError, AssertionError) as problem:   # AssertionError: this PyTorch was built without CUDA
        words, *_ = str(problem).strip().splitlines() or [type(problem).__name__]
        words = words.removeprefix("CUDA error: ")
        return f"this PyTorch has no code for it, {words}" if "no kernel image" in words else words
    return None


def _name(device: torch.device) -> str:
    """The GPU's own name, or the device's where it does not say."""
    if device.type == "mps":
        return "Apple GPU"
    try:
        return torch.cuda.get_device_name(device)
    except (RuntimeError, AssertionError):
        return f"{device}"

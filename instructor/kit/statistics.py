"""Numbers of small classes, each with its interval: what it is made by is said in its docstring, and its coverage is
tested on simulated classes in tests/instructor/test_kit.py."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

LEVEL = 0.95


class Estimate(NamedTuple):
    """A number and its interval; None where the class does not determine it."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def rounded(self, digits: int = 2) -> "Estimate":
        return Estimate(*(None if number is None else round(float(number), digits) for number in self))


def share(right: int, of: int, level: float = LEVEL) -> Estimate:
    """A share, such as how many answered a question rightly: Wilson's interval, good from a handful of learners on."""
    if not of:
        return Estimate(None)
    z = stats.norm.ppf((1 + level) / 2)
    middle, half = (right + z * z / 2) / (of + z * z), z / (of + z * z) * math.sqrt(
        right * (of - right) / of + z * z / 4)
    return Estimate(right / of, max(0.0, middle - half), min(1.0, middle + half))


def mean(values: Sequence[float], level: float = LEVEL) -> Estimate:
    """A mean, such as that of the differences of after and before: Student's t interval."""
    values = np.asarray(values, float)
    if len(values) < 2:
        return Estimate(float(values[0]) if len(values) else None)
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values))
    return Estimate(values.mean(), values.mean() - half, values.mean() + half)


def normalised_gain(before: Sequence[float], after: Sequence[float], most: float, level: float = LEVEL) -> Estimate:
    """Of what a class could still gain, how much it gained: (after - before) / (most - before), of the class's means.

    Fieller's interval for a ratio of two means: all ratios that a t test does not reject. If the class had (nearly)
    everything right before, no ratio is rejected, and there is no interval.
    """
    before, after = np.asarray(before, float), np.asarray(after, float)
    gained, room, n = after - before, most - before, len(before)
    if n < 2 or room.mean() <= 0:
        return Estimate(None)
    ratio = gained.mean() / room.mean()
    t2 = stats.t.ppf((1 + level) / 2, n - 1) ** 2 / n
    (vg, c), (_, vr) = np.cov(gained, room)
    a, b, constant = room.mean() ** 2 - t2 * vr, gained.mean() * room.mean() - t2 * c, gained.mean() ** 2 - t2 * vg
    inside = b * b - a * constant
    if a <= 0 or inside < 0:
        return Estimate(ratio)
    return Estimate(ratio, (b - math.sqrt(inside)) / a, (b + math.sqrt(inside)) / a)


def discrimination(right: Sequence[bool], rest: Sequence[float], level: float = LEVEL) -> Estimate:
    """How well one question tells strong from weak: its correlation with the score on the other questions.

    The interval is Fisher's, with t instead of z, since the classes are small; nothing if all or none were right.
    """
    right, rest = np.asarray(right, float), np.asarray(rest, float)
    n = len(right)
    if n < 4 or right.std() == 0 or rest.std() == 0:
        return Estimate(None)
    r = float(np.corrcoef(right, rest)[0, 1])
    if abs(r) > 1 - 1e-12:
        return Estimate(r)
    half = stats.t.ppf((1 + level) / 2, n - 2) / math.sqrt(n - 3)
    return Estimate(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half))

"""What several modules ask of their arguments, each refused in one clear sentence."""

import numbers

__all__ = ["whole_numbers"]


def whole_numbers(**values) -> list[int]:
    """The values as plain ints, NumPy's whole numbers too. ValueError names the first that is none, or below 1."""
    for name, value in values.items():
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} should be a whole number of at least 1, got {value!r}")
    return [int(value) for value in values.values()]

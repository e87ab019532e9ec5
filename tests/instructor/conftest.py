"""What the instructor's tests share: one sandbox for all of them, for its start is what takes long."""

import pytest

from instructor.assignment import of_chapters
from instructor.exercises import find
from instructor.sandbox import Sandbox

QUICK = ["torch", "numpy"]


@pytest.fixture(scope="session")
def sandbox(bubblewrap):
    with Sandbox(preload=QUICK) as made:
        yield made


@pytest.fixture(scope="session")
def assignment():
    """Three exercises: one without tensors, one that is to be written by hand, one that builds a net."""
    return of_chapters(find(["scalar-rnn/states", "gru/step", "gru/memory"]), "Three")

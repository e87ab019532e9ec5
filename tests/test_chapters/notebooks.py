"""A chapter's code as its notebook stores it: what it shows, and what it printed when it was run."""

import json
from pathlib import Path

BOOK = Path(__file__).resolve().parents[2] / "book"


def source(cell):
    return "".join(cell["source"])


class Chapter:
    """The code cells of one chapter, `Chapter("07-gru")`, without the set-up cell."""

    def __init__(self, name):
        cells = json.loads((BOOK / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        self.code = [cell for cell in cells
                     if cell["cell_type"] == "code" and "setup" not in cell["metadata"].get("tags", [])]

    def stored(self, words):
        """The text that the one cell with these words has printed."""
        cell, = (cell for cell in self.code if words in source(cell))
        return "".join("".join(output.get("text", "")) for output in cell["outputs"])

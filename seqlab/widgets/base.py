"""What every interactive figure has in common: its JavaScript module, its styles, and a picture that stands in for it.

A figure is an anywidget (https://anywidget.dev): a Python class whose traits are shared with a JavaScript module beside
it. The module computes and draws everything, so the same figure works on the static website, in JupyterLab, in VS Code
and in Colab; where a kernel runs, moving the figure changes the traits in Python and the other way round.
"""

import base64
import io
import re
import sys
from pathlib import Path

import anywidget
import traitlets

HERE = Path(__file__).resolve().parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', flags=re.MULTILINE)


def module(name: str) -> str:
    """The text of a JavaScript module with those that it imports put in front.

    A widget's module is handed to the browser as one text and cannot import a file beside it.
    """
    seen: dict[str, str] = {}
    _collect(name, seen)
    parts = list(seen.values())
    return "\n".join([re.sub(r"^export (?!default)", "", part, flags=re.MULTILINE) for part in parts[:-1]] + parts[-1:])


def _collect(name, seen):
    """Put `name` into `seen`, after everything that it imports."""
    if name in seen:
        return
    text = (HERE / name).read_text(encoding="utf-8")
    for imported in IMPORT.findall(text):
        _collect(imported, seen)
    seen[name] = IMPORT.sub("", text)


def styles(name: str) -> traitlets.Unicode:
    """The trait that carries a figure's styles: those that all share, then its own.

    Not anywidget's `_css`, which would style the whole page: the figure puts them into its own shadow root.
    """
    text = "\n".join((HERE / file).read_text(encoding="utf-8") for file in ("shared.css", name))
    return traitlets.Unicode(text).tag(sync=True)


def in_range(proposal, ranges: dict[str, tuple[float, float]]) -> float:
    """The value proposed for a trait if it lies in that trait's range, ends included; else a TraitError names both."""
    name, value = proposal["trait"].name, proposal["value"]
    low, high = ranges[name]
    if not low <= value <= high:
        raise traitlets.TraitError(f"{name} must be a number from {low} to {high}, but it was set to {value}.")
    return value


class Figure(anywidget.AnyWidget):
    """An interactive figure. A subclass sets `_esm`, `_styles` and its traits, and draws `still()`."""

    def still(self):
        """A matplotlib figure that says the same without moving: shown by GitHub and where there is no JavaScript."""
        return None

    def __repr__(self):
        return f"{type(self).__name__}: a figure to move. Run this cell to use it."

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self), **self._stand_in()}, metadata

    def _stand_in(self):
        """The still picture as a mime bundle; not in Colab, which might prefer it to the figure itself."""
        picture = None if "google.colab" in sys.modules else self.still()
        if picture is None:
            return {}
        png = io.BytesIO()
        picture.savefig(png, format="png", metadata={"Software": None})
        return {"image/png": base64.b64encode(png.getvalue()).decode("ascii")}

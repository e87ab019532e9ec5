"""What every interactive figure has in common: its JavaScript module, its styles, and a picture that stands in for it.

A figure is an anywidget (https://anywidget.dev): a Python class whose traits are shared with a JavaScript module beside
it. The module computes and draws everything, so the same figure works on the static website, in JupyterLab, in VS Code
and in Colab.

Settings travel both ways, results not at all. The synced traits are the settings: where a kernel runs, moving the
figure changes them in Python and the other way round. What follows from them is a `result`, which the page computes for
its drawing and Python when it is asked. So a result is never older than its settings, and none can arrive late.
"""

import base64
import inspect
import io
import re
import sys
from pathlib import Path

import anywidget
import traitlets

from ..palette import figure_css

HERE = Path(__file__).resolve().parent
IMPORT = re.compile(r'^import \{\s*[\w$]+(?:,\s*[\w$]+)*,?\s*\} from "\./(\w+\.js)";\n', flags=re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function\b|const\b|let\b|class\b)", flags=re.MULTILINE)
DEFAULT = re.compile(r"^export default ", flags=re.MULTILINE)
UNKNOWN = re.compile(r"(?:^|[;}])[ \t]*\b(?:import|export)\b.*|\bimport\s*[(.].*", flags=re.MULTILINE)


def module(name: str, folder: Path = HERE) -> str:
    """The text of a JavaScript module with those that it imports put in front.

    A widget's module is handed to the browser as one text and cannot import a file beside it. Raises ValueError for an
    import or an export in a form that cannot be joined so: what is imported keeps its name.
    """
    joined: dict[str, str] = {}
    _join(name, folder, joined)
    text = "\n".join(joined.values())
    left = UNKNOWN.search(DEFAULT.sub("", text, count=1) if DEFAULT.search(joined[name]) else text)
    if left:
        raise ValueError(f"{name}, or what it imports, has {left[0].strip()!r:.80}, which cannot be joined: write "
                         '`import { a, b } from "./file.js";`, or `export` before a function, const, let or class.')
    return text


def _join(name, folder, joined):
    """Put `name` into `joined`, after everything that it imports."""
    text = (folder / name).read_text(encoding="utf-8")
    for imported in IMPORT.findall(text):
        if imported not in joined:
            _join(imported, folder, joined)
    joined[name] = EXPORT.sub("", IMPORT.sub("", text))


def styles(*names: str) -> traitlets.Unicode:
    """The trait that carries a figure's styles: the palette, what all figures share, then those of these files.

    Not anywidget's `_css`, which would style the whole page: the figure puts them into its own shadow root.
    """
    text = "\n".join([figure_css(), *((HERE / file).read_text(encoding="utf-8") for file in ("shared.css", *names))])
    return traitlets.Unicode(text).tag(sync=True)


def in_range(proposal, ranges: dict[str, tuple[float, float]]) -> float:
    """The value proposed for a trait if it lies in that trait's range, ends included; else a TraitError names both."""
    name, value = proposal["trait"].name, proposal["value"]
    low, high = ranges[name]
    if not low <= value <= high:
        raise traitlets.TraitError(f"{name} must be a number from {low} to {high}, but it was set to {value}.")
    return value


class result(property):
    """What follows from a figure's settings: a property, computed from them when it is asked for."""


class Figure(anywidget.AnyWidget):
    """An interactive figure.

    A subclass sets `_esm` and `_styles`, its settings as synced traits and its results, and draws `still()`.
    """

    @classmethod
    def results(cls) -> list[str]:
        """The names of the figure's results."""
        return [name for name in dir(cls) if isinstance(inspect.getattr_static(cls, name), result)]

    def observe(self, handler, names=traitlets.All, type="change"):
        """As every widget's. Raises ValueError for a result, which has no event of its own."""
        for name in names if isinstance(names, list | tuple) else [names]:
            if isinstance(getattr(self.__class__, str(name), None), result):
                raise ValueError(f"{name} is computed when you ask for it: observe the settings that it follows from.")
        super().observe(handler, names, type)

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

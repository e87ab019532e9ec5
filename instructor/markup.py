"""The small markup of the quizzes as HTML for a learning platform, and back: the way back is how a file is checked.

`code`, $formulas$, **bold**, *italics* and [links](somewhere.ipynb), as in seqlab/widgets/questions.js.
"""

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser

MARKS = re.compile(r"`([^`]+)`|\$([^$]+)\$|\*\*(.+?)\*\*|\*([^*\s][^*]*)\*|\[([^\]]+)\]\(([^)\s]+)\)")
KEPT_SPACE = "\N{NO-BREAK SPACE}"       # the indentation of a line of code; HTML swallows other spaces


def moodle_formula(tex: str) -> str:
    r"""As Moodle's MathJax filter takes it: \(h_t\)."""
    return rf"\({html.escape(tex, quote=False)}\)"


def to_html(text: str, formula: Callable[[str], str] = moodle_formula,
            escape: Callable[[str], str] = lambda text: html.escape(text, quote=False),
            address: Callable[[str], str] = lambda target: target) -> str:
    """The text as HTML. A link whose `address` is empty is left as its words."""
    parts, at = [], 0
    again = lambda inner: to_html(inner, formula, escape, address)
    for found in MARKS.finditer(text):
        parts.append(escape(text[at:found.start()]))
        at = found.end()
        code, tex, bold, italic, words, target = found.groups()
        if code:
            indented = len(code) - len(code.lstrip(" "))
            parts.append(f"<code>{KEPT_SPACE * indented}{escape(code[indented:])}</code>")
        elif tex:
            parts.append(formula(tex))
        elif bold:
            parts.append(f"<strong>{again(bold)}</strong>")
        elif italic:
            parts.append(f"<em>{again(italic)}</em>")
        elif address(target):
            parts.append(f'<a href="{html.escape(address(target))}">{again(words)}</a>')
        else:
            parts.append(again(words))
    return "".join(parts) + escape(text[at:])


def from_html(source: str) -> str:
    """The text that this HTML was made from: the marks are back, whatever platform it was made for."""
    reader = _Reader()
    reader.feed(source)
    reader.close()
    text = re.sub(r"\\\((.+?)\\\)", r"$\1$", "".join(reader.found))
    return text.replace(KEPT_SPACE, " ").strip()


AROUND = {"code": "`", "strong": "**", "em": "*"}


class _Reader(HTMLParser):
    """Collects the text with its marks; a formula of Canvas is a picture that says what it shows."""

    def __init__(self):
        super().__init__()
        self.found, self.links = [], []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "a":
            self.links.append(attributes["href"])
            self.found.append("[")
        elif tag == "img":
            self.found.append(f"${attributes['data-equation-content']}$")
        else:
            self.found.append(AROUND.get(tag, ""))

    def handle_endtag(self, tag):
        self.found.append(f"]({self.links.pop()})" if tag == "a" else AROUND.get(tag, ""))

    def handle_data(self, data):
        self.found.append(data)

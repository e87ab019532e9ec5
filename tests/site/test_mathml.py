"""Formulas: every one of the sources is MathML on its page, drawn in the font that the site brings."""

import base64
import html
import io
import re
import sys
from functools import partial
from xml.etree import ElementTree

import pytest
from docutils import nodes
from fontTools.ttLib import TTFont

from tools.course import ROOT, Notebook, find_all, some, toc_pages
from tools.formulas import BETWEEN_DOLLARS, CODE

MATH = re.compile(r"<math\b.*?</math>", re.DOTALL)
# What a formula looks like before it is set; code, scripts and the stored state of figures may hold it.
RAW = re.compile(r"\\[()\[\]]|\\(?:frac|tanh|sigma|odot|langle|tilde|text|sum)\b|\$[^$\s][^$<>]{0,60}\$")
CODES = re.compile(r"<(script|pre|code|textarea|math)\b.*?</\1>", re.DOTALL)


@pytest.fixture(scope="module")
def formulas():
    """The module site_formulas, as the build imports it."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        import site_formulas
        yield site_formulas
    finally:
        sys.path.remove(str(ROOT / "book" / "_ext"))


def source(name):
    """The Markdown of a page."""
    notebook = ROOT / f"{name}.ipynb"
    if notebook.exists():
        return "\n\n".join(cell.source for cell in Notebook(notebook).markdown)
    return (ROOT / f"{name}.md").read_text(encoding="utf-8")


def on_page(site, name):
    return (site / f"{name}.html").read_text(encoding="utf-8")


def test_every_formula_of_every_source_is_mathml_on_its_page(site):
    """In paragraphs, tables, reveals and lists; whether it stands on a line of its own is kept too."""
    total = 0
    for name in some(toc_pages()):
        written = {(" ".join((display or inline).split()), bool(display))
                   for display, inline in BETWEEN_DOLLARS.findall(CODE.sub("", source(name)))}
        made = [ElementTree.fromstring(formula) for formula in MATH.findall(on_page(site, name))]
        shown = {(formula.get("alttext"), formula.get("display") == "block") for formula in made}
        assert written <= shown, f"{name}: {written - shown}"
        assert [formula.attrib for formula in made if not "".join(formula.itertext()).strip()] == [], f"{name}: empty"
        total += len(written)
    assert total > 400


def test_no_page_shows_the_tex_of_a_formula_or_an_error_in_its_place(site):
    for page in some(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        assert "<merror" not in text and "temml-error" not in text, page
        shown = re.sub(r"<[^>]*>", "", CODES.sub("", text))
        assert RAW.findall(html.unescape(shown)) == [], page


def test_nothing_of_mathjax_is_left(site):
    assert [path for path in some(site.rglob("*")) if "mathjax" in path.name.lower()] == []
    scripts = find_all(r'<script[^>]*src="([^"]*)"', "".join(map(partial(on_page, site), some(toc_pages()))))
    assert not any("math" in script.lower() for script in scripts)


@pytest.mark.parametrize(("tex", "wanted"), [
    (r"a \odot b", '<mo largeop="false">⊙</mo>'),
    (r"\mathrm{diag}(x)", "<mi>diag</mi>"),
    (r"c^{\langle t-1 \rangle}", '<mo lspace="0" rspace="0">−</mo>'),
    (r"c^{\langle t \rangle}", "⟨</mo><mi>t</mi><mo"),
    (r"\tilde{c}_t", "~</mo></mover>"),
    (r"\sum_{t=1}^T L_t", '<munderover><mo movablelimits="false">∑</mo><mrow><mi>t</mi>'),
    (r"\max(p, 1 - p)", "<mi>max</mi><mo>⁡</mo>"),
    (r"\mathbf{I}_t", "<mi>𝐈</mi>"),
    (r"W_h^\top", "<mi>⊤</mi>"),
    (r"\text{keep} \cdot h", "<mtext>keep</mtext><mo>⋅</mo>"),
    (r"\sigma(-a)", '<mo form="prefix" stretchy="false">−</mo>'),
    (r"a < b", "<mo>&lt;</mo>"),
    (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "<mtable"),
    (r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}", "<mtable>"),
])
def test_what_is_made_of_it(formulas, tex, wanted):
    (found,) = formulas.to_mathml([(tex, True)])
    assert wanted in found["mathml"], found
    assert ElementTree.fromstring(found["mathml"]).get("alttext") == tex


@pytest.mark.parametrize("tex", [r"\unheardof{x}", r"\frac{1}", r"a_b_c", r"x }", r"\begin{aligned} a"])
def test_a_formula_that_cannot_be_set_stops_the_build(formulas, tex, monkeypatch):
    """It is a warning at its place, and tools/build_site.py makes errors of warnings."""
    (found,) = formulas.to_mathml([(tex, False)])
    assert "mathml" not in found and found["problem"]
    said = []
    monkeypatch.setattr(formulas.LOG, "warning", lambda words, *parts, location: said.append((words % parts, location)))
    monkeypatch.setitem(formulas.made, (tex, False), found)
    node = nodes.math("", tex)
    assert formulas.mathml(node) == ""
    ((words, place),) = said
    assert tex in words and found["problem"] in words and place is node
    assert '"-W"' in (ROOT / "tools" / "build_site.py").read_text(encoding="utf-8")


def test_the_font_holds_every_character_of_every_formula(site):
    css = (site / "_static" / "site.css").read_text(encoding="utf-8")
    (packed,) = find_all(r'"seqlab math"; *src: *url\("?data:font/woff;base64,([^)"]+)', css)
    font = TTFont(io.BytesIO(base64.b64decode(packed)))
    assert "MATH" in font, "what tells the browser how to set formulas"
    there = set(font.getBestCmap())
    used, slanted = set(), set()
    for page in some(site.rglob("*.html")):
        for formula in MATH.findall(page.read_text(encoding="utf-8")):
            for part in ElementTree.fromstring(formula).iter():
                used |= set(part.text or "")
                if part.tag == "mi" and len(part.text or "") == 1 and not part.get("mathvariant"):
                    slanted.add(part.text)
    assert {"h", "σ", "⊙", "∑", "⟨", "𝐈"} <= used
    assert {character for character in used if ord(character) not in there | {0x2061, 0x200b}} == set()
    assert {letter for letter in slanted if slant(letter) not in there} == set()


def slant(letter):
    """The code point of the letter as a variable, which a browser draws in the place of a single one."""
    if "a" <= letter <= "z":
        return 0x210e if letter == "h" else 0x1d44e + ord(letter) - ord("a")
    if "A" <= letter <= "Z":
        return 0x1d434 + ord(letter) - ord("A")
    return 0x1d6fc + ord(letter) - ord("α") if "α" <= letter <= "ω" else ord(letter)


def test_the_style_sheet_knows_every_class_that_stands_in_a_formula(site):
    known = (ROOT / "book" / "_static" / "seqlab.css").read_text(encoding="utf-8")
    classes = {name for page in some(site.rglob("*.html")) for formula in MATH.findall(page.read_text("utf8"))
               for several in re.findall(r'class="([^"]*)"', formula) for name in several.split()}
    assert {name for name in some(classes) if f".{name}" not in known} <= {"tml-display"}


def test_a_formula_is_drawn_in_the_site_s_font_before_any_script_runs(reader):
    look = reader.open(f"{reader.address}book/08-lstm.html", java_script_enabled=False)
    drawn = look.page.context.new_cdp_session(look.page)
    drawn.send("DOM.enable")
    drawn.send("CSS.enable")
    root = drawn.send("DOM.getDocument")["root"]["nodeId"]
    formula = drawn.send("DOM.querySelector", {"nodeId": root, "selector": "article .formula mi"})["nodeId"]
    fonts = drawn.send("CSS.getPlatformFontsForNode", {"nodeId": formula})["fonts"]
    look.page.close()
    assert [(font["familyName"], font["isCustomFont"]) for font in some(fonts)] == [("STIX Two Math", True)]


def test_a_formula_too_wide_for_a_phone_scrolls_by_keyboard_too(reader):
    page = reader.open(f"{reader.address}book/02-scalar-rnn.html", "phone-light").page
    page.set_viewport_size({"width": 320, "height": 700})
    wide = page.locator(".formula[tabindex='0']").first
    wide.wait_for()
    assert wide.get_attribute("aria-label") == "Formula, scrolls sideways" and wide.get_attribute("role") == "group"
    left = "formula => formula.firstElementChild.getBoundingClientRect().left - formula.getBoundingClientRect().left"
    assert wide.evaluate(left) >= 0, "its beginning is seen"
    wide.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()


def test_no_line_begins_with_the_comma_after_a_formula(reader):
    page = reader.open(f"{reader.address}book/appendix/notation.html", "phone-light").page
    broken = page.evaluate("""() => [...document.querySelectorAll("article math")].filter(math => {
      const after = math.nextSibling;
      if (after?.nodeType !== 3 || !/^[,.;:!?)]/.test(after.data) || !math.getClientRects().length) return false;
      const sign = document.createRange();
      sign.setStart(after, 0);
      sign.setEnd(after, 1);
      return sign.getBoundingClientRect().left < math.getBoundingClientRect().right - 5;
    }).map(math => math.getAttribute("alttext"))""")
    kept = page.locator(".formula-and-sign").count()
    page.close()
    assert broken == [] and kept > 20

"""The one palette: it can be seen on paper and on a dark page, by colour-blind readers too, and it has no rival."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from seqlab import palette
from seqlab.palette import NEUTRALS, PAGE, PLOT_GREYS, SYMBOLS
from tools.course import notebooks, some

ROOT = Path(__file__).resolve().parents[1]
SCHEMES = ("light", "dark")


def linear(colour):
    colour = np.asarray(colour)
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """The contrast ratio of the Web Content Accessibility Guidelines, 1 to 21."""
    low, high = sorted(linear(to_rgb(colour)) @ [0.2126, 0.7152, 0.0722] + 0.05 for colour in (one, other))
    return high / low


def inverted(colour):
    """What CSS's invert(0.93) hue-rotate(180deg) makes of a colour: so a dark page shows a plot."""
    turn = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])
    return tuple(np.clip(turn @ (0.93 - 0.86 * np.array(to_rgb(colour))), 0, 1))


# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
SIGHT = {
    "full": np.eye(3),
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
}


def lab(colour, sight="full"):
    seen = np.clip(SIGHT[sight] @ linear(to_rgb(colour)), 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    x, y, z = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_the_measures_measure():
    assert contrast("white", "black") == pytest.approx(21)
    assert lab("white") == pytest.approx([100, 0, 0], abs=0.1)
    assert contrast("#767676", "white") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("colour", [*(symbol.light for symbol in SYMBOLS.values()), *PLOT_GREYS.values()])
def test_what_a_plot_draws_with_shows_on_white_and_inverted(colour):
    assert contrast(colour, "white") >= 3
    assert contrast(inverted(colour), inverted("white")) >= 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_figures_show_on_their_paper(scheme):
    colours = {**SYMBOLS, **{name: NEUTRALS[name] for name in ("line", "focus", "good", "bad")}}
    ratios = {name: contrast(getattr(colour, scheme), getattr(NEUTRALS["paper"], scheme))
              for name, colour in colours.items()}
    assert min(ratios.values()) >= 3, ratios


def text_and_ground():
    """(text, what it stands on), as they meet in figures and pages."""
    everything = NEUTRALS | PAGE
    for ground in ("paper", "panel"):
        for text in (*(symbol.for_words() for symbol in SYMBOLS.values()), SYMBOLS["h"],
                     *(everything[name] for name in ("ink", "soft", "heading", "focus", "good", "bad", "code"))):
            yield text, everything[ground]
    for text, ground in (("ink", "output"), ("ink", "raised"), ("soft", "raised"), ("ink", "chosen"),
                         ("prompt-words", "prompt"), ("paper", "good")):
        yield everything[text], everything[ground]
    for behind in (SYMBOLS["h"], SYMBOLS["f"].for_words(), SYMBOLS["i"].for_words()):  # pressed buttons, badges
        yield NEUTRALS["paper"], behind
    yield palette.Colour("#000000", "#000000"), SYMBOLS["c"]  # the question mark of a reveal


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_can_be_read(scheme):
    pairs = [(getattr(text, scheme), getattr(ground, scheme)) for text, ground in text_and_ground()]
    assert {pair: contrast(*pair) for pair in pairs if contrast(*pair) < 4.5} == {}


@pytest.mark.parametrize("name", sorted(set(SYMBOLS) - {"o", "r"}))
def test_a_symbol_has_one_hue_everywhere(name):
    symbol = SYMBOLS[name]
    light, *others = (np.arctan2(*lab(colour)[:0:-1]) for colour in
                      (symbol.light, symbol.dark, symbol.for_words().light, inverted(symbol.light)))
    away = [abs((np.degrees(other - light) + 180) % 360 - 180) for other in others]
    assert max(away) <= 20, away


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("together", ["xhcifgo", "xhzrn", "xhy"])
def test_what_meets_in_a_figure_is_told_apart(together, sight, scheme):
    seen = {name: lab(getattr(SYMBOLS[name], scheme), sight) for name in together}
    distance = {a + b: np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(together, 2)}
    assert min(distance.values()) >= 15, distance


# ---- no rival -----------------------------------------------------------------------------------------------------

HEX = r"#(?:[0-9a-fA-F]{3,4}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})(?![\w-])"
MIXED = r"\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch)\(\s*[\d.]"
MATPLOTLIBS = r"['\"](?:C\d|tab:\w)"             # its own cycle, whatever the figure's style says
COLOUR = re.compile(rf"{HEX}|{MIXED}|{MATPLOTLIBS}")


def sources():
    """Everything of ours that could name a colour; black and white by their names are nobody's symbol."""
    for folder in ("seqlab", "book/_static", "book/_ext", "tools"):
        for path in sorted(some((ROOT / folder).rglob("*"))):
            if path.suffix in (".py", ".js", ".css", ".html", ".toml") and path.name != "palette.py":
                yield path


def test_no_colour_is_written_outside_the_palette():
    found = {f"{path.relative_to(ROOT)}:{number}": COLOUR.findall(line) for path in sources()
             for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if COLOUR.search(line)}
    for notebook in notebooks():
        for cell in notebook.cells:
            if cell.kind == "code" and COLOUR.search(cell.source):
                found[notebook.path.name] = COLOUR.findall(cell.source)
    assert found == {}


def test_a_written_colour_is_seen():
    for text in ("color: #fff;", '"#349DDA"', "fill:#11181f80", "rgb(1, 2, 3)", "hsla( 120, 50%", '"C0--s"',
                 "'tab:blue'"):
        assert COLOUR.search(text), text
    for text in ("#pst-skip-link", "&#10007;", "issue #12", "url(#tip-h)", "rgb(${r})", "%23000", "#facade-of-a-house"):
        assert not COLOUR.search(text), text


@pytest.mark.parametrize("name", ["logo.svg", "logo-dark.svg", "favicon.svg", "reading-a-digit.svg"])
def test_drawn_by_hand_it_has_the_colours_of_the_palette(name):
    used = {colour.lower() for colour in re.findall(HEX, (ROOT / "book/_static" / name).read_text())}
    assert used <= {value for colour in (*SYMBOLS.values(), *NEUTRALS.values()) for value in colour}


def variables(css):
    return set(re.findall(r"(--[\w-]+)\s*:", css))


@pytest.mark.parametrize(("files", "given"), [
    ("seqlab/widgets/*.css", palette.figure_css()),
    ("book/_static/*.css", palette.site_css()),
], ids=["figures", "site"])
def test_every_colour_that_is_used_exists_and_every_one_that_exists_is_used(files, given):
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(some(ROOT.glob(files))))
    used = set(re.findall(r"var\((--[\w-]+)", text))
    assert {name for name in used if not name.startswith("--pst")} <= variables(given) | variables(text)
    neutral = NEUTRALS if "widgets" in files else PAGE
    assert [name for name in neutral if not any(one.endswith("-" + name) for one in used)] == []


def test_light_and_dark_set_the_same_colours():
    for css in (palette.figure_css(), palette.site_css()):
        light, dark = css.splitlines()
        assert variables(light) == variables(dark)
        assert 'data-theme="dark"' in dark and 'data-theme="dark"' not in light

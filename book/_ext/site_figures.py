"""Interactive figures on the pages: each with its still picture, which figures.js replaces by the figure itself.

In a notebook a figure is a stored output with its saved state. On a page that is not a notebook the directive
`interactive` places one, named as in Python:

    ```{interactive} DigitReader()
    :alt: what its still picture shows
    The caption.
    ```

`chapters` stands for the subjects of all chapters, in order.
"""

import base64
import functools
import hashlib
import json
import posixpath
import re
import shutil
import sys
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from myst_nb.core.render import WIDGET_STATE_MIMETYPE as STATE
from myst_nb.core.render import WIDGET_VIEW_MIMETYPE as VIEW
from sphinx.builders.html._assets import _JavaScript
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(ROOT))  # for tools.course, wherever the build was started
from tools import course  # noqa: E402

STATE_SCRIPT = re.compile(rf'<script type="{re.escape(STATE)}">(.*?)</script>', flags=re.DOTALL)
STAND_INS = ("image/png", "text/markdown")  # what a figure may leave for readers without JavaScript
NEEDS_KERNEL = ("This control trains a network, so it needs a running notebook: the top of this page says how to "
                "open it in Colab. Or open it in Jupyter, and run its cells.")


class PlaceFigures(SphinxPostTransform):
    """Keep a figure's stand-in beside it; put words in the place of a control that only works with a kernel."""

    default_priority = 3  # before myst-nb chooses one form of every output (4)
    formats = ("html",)

    def run(self, **kwargs):
        outputs = [node for node in self.document.findall(nodes.container) if node.get("nb_element") == "mime_bundle"]
        for output in outputs:
            forms = {form["mime_type"]: form for form in output.children}
            if VIEW not in forms:
                continue
            stand_ins = [forms[kind] for kind in STAND_INS if kind in forms]
            if stand_ins:
                output.replace_self(frame([node for form in (*stand_ins[:1], forms[VIEW]) for node in form.children]))
            else:
                output.replace_self(nodes.paragraph("", NEEDS_KERNEL, classes=["needs-kernel"]))


def frame(children):
    """The element in which figures.js shows a figure."""
    return nodes.container("", *children, classes=["interactive"])


class Interactive(SphinxDirective):
    """A figure on a page that is not a notebook; the argument is the Python that makes it."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar = {"alt": directives.unchanged}

    def run(self):
        from ipywidgets.embed import dependency_state, embed_data

        from seqlab import widgets

        self.env.note_dependency(str(ROOT / "_toc.yml"))
        figure = eval(self.arguments[0], {**vars(widgets), "chapters": [one.subject for one in course.chapters()]})
        data = embed_data(views=[figure], state=dependency_state([figure], drop_defaults=False))
        state, view = json.dumps(data["manager_state"]), json.dumps(data["view_specs"][0])
        for number, model in enumerate(data["manager_state"]["state"]):  # the same names in every build
            name = hashlib.md5(f"{self.env.docname} {self.arguments[0]} {number}".encode()).hexdigest()
            state, view = state.replace(model, name), view.replace(model, name)
        shown = [*self.stand_in(figure), raw(script(VIEW, view))]
        caption = nodes.caption()
        text, messages = self.parse_inline(" ".join(self.content))
        caption += text
        place = frame(shown)
        parts = [place, raw(script(STATE, state))]
        return parts + ([nodes.paragraph("", "", *text, classes=["caption"])] if text else []) + messages

    def stand_in(self, figure):
        data = figure._repr_mimebundle_()[0]
        if "image/png" in data:
            picture = base64.b64decode(data["image/png"])
            folder = Path(self.env.app.outdir).parent / "jupyter_execute"  # where myst-nb puts pictures of outputs
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / f"{hashlib.sha256(picture).hexdigest()}.png"
            file.write_bytes(picture)
            source = posixpath.relpath(file.as_posix(), Path(self.env.srcdir).as_posix())
            return [nodes.image(uri=f"/{source}", alt=self.options.get("alt", ""))]
        return self.parse_text_to_nodes(data["text/markdown"]) if "text/markdown" in data else []


def raw(text):
    return nodes.raw("", text, format="html")


def script(kind, content):
    harmless = content.replace("</", "<\\/")
    return f'<script type="{kind}">{harmless}</script>'


def load_figures(app, pagename, templatename, context, doctree):
    """Move a notebook's saved state to the end of its page, and add the scripts that its figures need."""
    states = [file for file in context["script_files"] if getattr(file, "attributes", {}).get("type") == STATE]
    context["script_files"] = [file for file in context["script_files"] if file not in states]
    body = context.get("body") or ""
    if VIEW not in body:
        return
    body += "".join(f'<script type="{STATE}">{file.attributes["body"]}</script>' for file in states)
    shared = {}
    context["body"] = STATE_SCRIPT.sub(lambda found: figures_only(found[1], shared), body)
    folder = Path(app.outdir, "_static", "figures")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in shared.items():
        content = f'(self.seqlabTexts ??= {{}})["{name}"] = {json.dumps(text, ensure_ascii=False)};\n'
        (folder / f"{name}.js").write_text(content, "utf8")
    scripts = [*(f"figures/{name}" for name in shared), "figures"]
    context["script_files"] += [_JavaScript(f"_static/{name}.js", defer="defer") for name in scripts]


def figures_only(saved, shared):
    """The saved state of the figures, as a script; that of controls which need a kernel is of no use on a page.

    Modules, styles, weights and questions are the same on many pages, and modules and styles begin with what they have
    in common: all goes into `shared`, name -> text, piece by piece, to be loaded once.
    """
    def put(text):
        parts = pieces(text, common())
        names = [hashlib.md5(part.encode()).hexdigest()[:12] for part in parts]
        shared.update(zip(names, parts, strict=True))
        return {"shared": names}

    saved = json.loads(saved)["state"]
    figures = {name: model for name, model in saved.items() if model["model_module"] == "anywidget"}
    for model in figures.values():
        for place, key in [*((model["state"], key) for key in ("_esm", "_styles", "_packed") if key in model["state"]),
                           *((buffer, "data") for buffer in model.get("buffers") or [])]:
            place[key] = [put(text) for text in place[key]] if isinstance(place[key], list) else put(place[key])
    return script(STATE, json.dumps({"state": figures}, ensure_ascii=False)) if figures else ""


@functools.cache
def common():
    """The longer texts that several figures hold: the modules that others import, and the styles of all."""
    from seqlab.widgets.base import EXPORT, HERE, IMPORT, styles

    texts = {file.name: file.read_text("utf8") for file in sorted(HERE.glob("*.js"))}
    imported = {name for text in texts.values() for name in IMPORT.findall(text)}
    modules = [EXPORT.sub("", IMPORT.sub("", texts[name])) for name in sorted(imported)]
    return tuple(f"{text}\n" for text in (*modules, styles().default_value) if len(text) > 2000)


def pieces(text, inside):
    """The text, cut before and after each of those others that it has inside."""
    for one in inside:
        before, found, after = text.partition(one)
        if found:
            return [*pieces(before, inside), one, *pieces(after, inside)]
    return [text] if text else []


def copy_loader(app):
    """Put figures.js where the pages find it; not in _static, whose scripts every page would load."""
    if app.builder.format == "html":
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / "figures.js", static / "figures.js")


def setup(app):
    app.add_directive("interactive", Interactive)
    app.add_post_transform(PlaceFigures)
    app.connect("html-page-context", load_figures, priority=700)
    app.connect("builder-inited", copy_loader)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

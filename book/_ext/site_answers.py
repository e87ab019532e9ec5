"""A place to answer on the page; and for the practice pages solutions without their ticks, and the notebook to fill.

An exercise whose check stands in seqlab/checks/plain needs no tensor, so it can be answered on its page: above its
solution stands a small editor, and answers.js runs what is written there, and the very same check, in MicroPython.
So can the step of a chapter that the reader writes: there the editor stands for the cell with the stub.
"""

import ast
import base64
import html
import json
import re
import shutil
import sys
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.builders.html._assets import _JavaScript

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools and instructor, wherever the build was started
from instructor.student import alone, stub, student_notebook  # noqa: E402
from tools import course, npm  # noqa: E402
from tools.set_address import address, is_set, spellings  # noqa: E402

HERE = Path(__file__).resolve().parent / "answers"
PLAIN = ROOT / "seqlab" / "checks" / "plain"
KNOWN = ("math", "itertools")       # what answers may import on the page; notebooks import more
PRACTICE = re.compile(r"book/exercises/\d\d-[\w-]+$")
CHAPTER = re.compile(r"book/\d\d-[\w-]+$")
MEMORY = 64 * 1024 * 1024           # bytes that an answer may fill; MicroPython alone would go on to 2 GiB


# --- what an exercise is ---------------------------------------------------------------------------------------------


def on_page(exercise_id):
    """Whether the exercise's check needs no tensor."""
    subject, _, name = exercise_id.partition("/")
    checks = PLAIN / f"{subject.replace('-', '_')}.py"
    return checks.exists() and f'@exercise("{name}")' in checks.read_text(encoding="utf-8")


def exercises(notebook):
    """{id: what its editor needs} of what a notebook asks for that can be answered on its page."""
    found, number = {}, 0
    cells = notebook.cells
    for k, cell in enumerate(cells):
        exercise_id = cell.metadata.get("seqlab", {}).get("id", "")
        if "exercise" in cell.tags:
            number += 1
            if on_page(exercise_id):
                found[exercise_id] = {"kind": "exercise", "name": f"Your answer to exercise {number}",
                                      "check": checking(cells[k + 1].source),
                                      "stub": stub(cell.source, course.broken(notebook.code))}
        elif "your-turn" in cell.tags and on_page(exercise_id):
            written, check = cell.source.split("\n\n", 1)[1].split("your_turn(")
            found[exercise_id] = {"kind": "turn", "name": "Your turn", "check": f"check({check}",
                                  "stub": written.strip()}
    return found


def checking(source):
    """The first statement of a check's cell. What follows it shows something in the notebook, with PyTorch."""
    return ast.get_source_segment(source, ast.parse(source).body[0])


def given(notebook):
    """The imports that the notebook's own cells make, as far as the page's Python knows them."""
    lines = [line for cell in notebook.code if not cell.tags & {"exercise", "check", "your-turn"}
             for line in cell.source.splitlines()]
    return "\n".join(line for line in lines if re.match(rf"(?:import|from) (?:{'|'.join(KNOWN)})\b", line))


# --- on its page -----------------------------------------------------------------------------------------------------

EDITOR = """<section class="answer" data-exercise="{id}" data-kind="{kind}" aria-label="{name}" hidden>
<p class="answer-head"><span class="answer-title">{title}</span>
<span class="answer-keys">Tab indents. To leave by keyboard: Esc, then Tab. Ctrl+Enter checks.</span></p>
<textarea spellcheck="false" autocapitalize="off" autocomplete="off" autocorrect="off" rows="{rows}"
aria-label="{name}, in Python">{stub}</textarea>
<div class="answer-buttons">
<button type="button" class="answer-check">Check</button>
<button type="button" class="answer-run">Run</button>
<button type="button" class="answer-stop" hidden>Stop</button>
<button type="button" class="answer-reset">Reset</button>
</div>
<p class="answer-said" role="status"></p>
<pre class="answer-printed" tabindex="0" aria-label="What it printed" hidden></pre>
<script type="application/json">{data}</script>
</section>
"""


ELSEWHERE = ('<p class="answer-elsewhere">This one needs PyTorch: answer it in the notebook, which the '
             '<a href="#run-bar">top of this page</a> opens.</p>\n')


def place_editors(app, doctree, docname):
    """Above a solution that can be written here: its editor. Below every check: no tick."""
    if not (PRACTICE.match(docname) or CHAPTER.match(docname)) or app.builder.format != "html":
        return
    notebook = course.Notebook(ROOT / f"{docname}.ipynb")
    answerable, imports = exercises(notebook), given(notebook)
    for tag in ("exercise", "your-turn"):
        ids = [cell.metadata["seqlab"]["id"] for cell in notebook.cells if tag in cell.tags]
        cells = [cell for cell in doctree.findall(nodes.container) if f"tag_{tag}" in cell["classes"]]
        for exercise_id, cell in zip(ids, cells, strict=True):
            below = tag == "your-turn"      # there the cell is the stub; an editor hides it, if there are scripts
            place = nodes.raw("", editor(exercise_id, answerable.get(exercise_id), imports), format="html")
            cell.parent.insert(cell.parent.index(cell) + below, place)
            outputs = [part for part in cell.findall(nodes.container) if "cell_output" in part["classes"]]
            for output in outputs if below else []:         # what the run of a stub says is of no use here
                output.parent.remove(output)
    for cell in doctree.findall(nodes.container):
        if "tag_check" in cell["classes"]:
            without_tick(cell)


def editor(exercise_id, exercise, imports):
    """The HTML of an editor; without an exercise that can be answered here, where to answer it."""
    if not exercise:
        return ELSEWHERE
    data = json.dumps({"given": imports, "check": exercise["check"]}).replace("</", "<\\/")
    return EDITOR.format(**{**exercise, "stub": html.escape(exercise["stub"])}, id=exercise_id, data=data,
                         title=exercise["name"].partition(" to ")[0], rows=exercise["stub"].count("\n") + 2)


FOLD = ('<details class="reveal reveal-output">\n<summary><span class="reveal-show">Answered it? Show what the cell '
        'prints</span><span class="reveal-hide">Hide what the cell prints</span></summary>\n', "</details>\n")


def without_tick(cell):
    """Take the check's line of praise out of the outputs of its cell; fold what else it prints, which tells of answers.
    """
    for block in list(cell.findall(nodes.literal_block)):
        if block.astext().startswith("✓"):
            rest = block.astext().partition("\n")[2]
            if rest.strip():
                block.children[:] = [nodes.Text(rest)]
                block.rawsource = rest
            else:
                block.parent.remove(block)
    for output in [part for part in cell.findall(nodes.container) if "cell_output" in part["classes"]]:
        if not any(True for part in output.findall(lambda node: isinstance(node, (nodes.literal_block, nodes.image,
                                                                                  nodes.raw, nodes.table)))):
            output.parent.remove(output)
        elif not any("tag_hide-output" in part.get("classes", []) for part in (cell, output)):
            place = output.parent.index(output)
            output.parent[place:place + 1] = [nodes.raw("", FOLD[0], format="html"), output,
                                              nodes.raw("", FOLD[1], format="html")]


def stay_on_the_site(app, docname, source):
    """A chapter's link to the notebook to be filled leads, on the site, to the practice's page."""
    if app.env.doc2path(docname, base=False).endswith(".ipynb"):
        source[0] = source[0].replace("](../exercises/", "](exercises/")


def open_the_notebook_to_fill(app, pagename, templatename, context, doctree):
    """The theme's own buttons for Colab and Binder, in the header, lead where those of the run bar lead."""
    if PRACTICE.match(pagename):
        for button in (one for group in context.get("header_buttons", []) for one in group.get("buttons", [])):
            if "://" in button.get("url", ""):
                button["url"] = button["url"].replace("book/exercises/", "exercises/")


def load_editors(app, pagename, templatename, context, doctree):
    if 'class="answer"' in (context.get("body") or ""):
        context["script_files"] += [_JavaScript("_static/answers/answers.js", defer="defer")]


# --- what the site holds for it --------------------------------------------------------------------------------------


def write_assets(app, problem):
    """The editor, MicroPython with the checks (as a script, so that it loads from disk too), and the notebooks to fill.

    A server sends the WebAssembly as it is; from disk, where a page may fetch nothing, it comes as a script in base64.
    """
    if problem is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, "_static", "answers")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "answers.js", folder / "answers.js")
    shutil.copyfile(npm.folder("answers") / "micropython.wasm", folder / "micropython.wasm")
    wasm = base64.b64encode((folder / "micropython.wasm").read_bytes()).decode()
    (folder / "from-disk.js").write_text(f'self.seqlabWasm = "{wasm}";\n', "utf8")
    files = python_files()
    for path in [path for path in files if Path(path).parent.name == "plain" and Path(path).stem != "__init__"]:
        write_script(folder / f"checks-{Path(path).stem.replace('_', '-')}.js", "seqlabChecks", {path: files.pop(path)})
    write_script(folder / "python.js", "seqlabPython", {"worker": worker_text(), "files": files})
    for master in course.masters():     # what a practice page offers to download
        target = Path(app.outdir, "_sources", "book", "exercises", master.path.name)
        student = student_notebook(nbformat.read(master.path, as_version=4), master.path.name)
        nbformat.write(alone(student, spellings(address())["site"] if is_set() else ""), target)


def write_script(path, name, value):
    """Write a script that gives the page a value by a name."""
    path.write_text(f"self.{name} = {json.dumps(value, ensure_ascii=False)};\n", "utf8")


def worker_text():
    """MicroPython and worker.js as one script. A page from disk can start no module: the module becomes a function."""
    module = (npm.folder("answers") / "micropython.mjs").read_text("utf8")
    too_large = ("return err(`Cannot enlarge memory, requested ${requestedSize} bytes, but the limit is 2147483648 "
                 "bytes!`),!1")
    for old, new in (("import.meta.url", '"file:///"'), ("export default _createMicroPythonModule;", ""),
                     ("export async function", "async function"), (too_large, 'throw new Error("the memory is full")'),
                     ("requestedSize>2147483648", f"requestedSize>{MEMORY}"),
                     ("Math.min(2147483648,", f"Math.min({MEMORY},")):
        assert old in module, f"another MicroPython than this was written for: it does not say {old!r}"
        module = module.replace(old, new)
    return f"self.microPython = (async () => {{\n{module}\n}})();\n{(HERE / 'worker.js').read_text('utf8')}"


def python_files():
    """{path: text} of what MicroPython is given: the checks that need no tensor, and what calls them."""
    checks = {f"seqlab/checks/plain/{file.name}": file.read_text("utf8") for file in sorted(PLAIN.glob("*.py"))}
    return {"on_page.py": (HERE / "on_page.py").read_text("utf8"), "seqlab/__init__.py": "",
            "seqlab/checks/__init__.py": "", **checks}


def setup(app):
    app.connect("source-read", stay_on_the_site)
    app.connect("doctree-resolved", place_editors)
    app.connect("html-page-context", load_editors, priority=950)     # after site_assets has chosen the scripts
    app.connect("html-page-context", open_the_notebook_to_fill, priority=950)    # after the theme has made its buttons
    app.connect("build-finished", write_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The search: it finds sections, not pages, and opens them at their place.

The sections of all pages come as one script, so that the search works from disk too; MiniSearch (from npm) ranks them,
and search.js asks it and shows what it finds. Sphinx's own index, which knows pages only, is not made.
"""

import json
import re
import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.html._assets import _JavaScript

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools, wherever the build was started
from tools import npm  # noqa: E402

HERE = Path(__file__).resolve().parent / "search"
FOLDER = "_static/search"
SCRIPTS = ("minisearch.js", "sections.js", "search.js")
IMPORT = re.compile(r"\s*(?:import|from) [\w.]+")
NUMBERED = re.compile(r"book/(exercises/)?(\d\d)-[\w-]+$")

# What a section counts for: a word in a chapter is worth more than the same word in an exercise or in a list.
WEIGHTS = {"book/exercises/": 0.4, "book/appendix/glossary": 1.2, "book/appendix/error-messages": 0.7,
           "book/appendix/myths": 0.7, "book/review": 0.7, "book/appendix/references": 0.3,
           "book/appendix/numbers": 0.3, "book/": 1.0}
LISTS = {"Sources": 0.2, "Practice": 0.2, "Quiz": 0.2}      # sections that name much and explain nothing

# What no reader searches for: set-up, the code of plots, solutions (which an excerpt would give away) and their checks.
UNSEEN_CELLS = {"tag_setup", "tag_exercise", "tag_check", "tag_remove-input", "tag_remove-cell"}
LABELS = {"wrong", "right"}     # a word above each snippet
UNSEEN = (nodes.comment, nodes.math_block, nodes.image, nodes.system_message, addnodes.index,
          addnodes.toctree, nodes.substitution_definition)


# --- what a section holds ---------------------------------------------------------------------------------------------


class Section:
    """A heading, or a term of the glossary, with what stands under it.

    `prose` may be shown in a result. `more` is found, and not shown: code, what it prints, what a reader has to open.
    """

    def __init__(self, place, title):
        self.place, self.title, self.prose, self.more = place, title, [], []
        self.reveals = 0            # how many are open at this point of the page

    def say(self, text):
        (self.more if self.reveals else self.prose).append(text)

    def html(self, text):
        """A reveal opens or closes; what stands in its summary is seen."""
        for summary in re.findall(r"<summary>(.*?)</summary>", text, re.DOTALL):
            self.prose.append(re.sub(r"<[^>]+>", "", summary))
        self.reveals += len(re.findall(r"<details", text)) - len(re.findall(r"</details", text))


def sections(doctree, tags):
    """The sections of a page, in their order; the first is the page itself, down to the first heading in it."""
    found = []
    walk(doctree, found, tags)
    return found


def walk(node, found, tags):
    if isinstance(node, nodes.section):
        heading = next(iter(node.findall(nodes.title)), None)
        found.append(Section(node["ids"][0] if found else "", words(heading)))
        inside = found[-1]
        for child in node.children:
            if child is not heading:
                if isinstance(child, nodes.section):
                    walk(child, found, tags)
                else:
                    walk(child, found if is_glossary(child) else [inside], tags)
    elif is_glossary(node):
        for item in node.findall(nodes.definition_list_item):
            term = next(iter(item.findall(nodes.term)))
            found.append(Section(term["ids"][0], words(term)))
            walk(item[-1], found, tags)
    elif isinstance(node, nodes.raw) and found:
        found[-1].html(node.astext())
    elif not_searched(node, tags) or not found:
        for child in node.children if isinstance(node, nodes.document) else ():
            walk(child, found, tags)
    elif isinstance(node, nodes.literal_block):
        found[-1].more += [line for line in node.astext().splitlines() if not IMPORT.match(line)]
    elif isinstance(node, nodes.TextElement):
        found[-1].say(words(node))
    else:
        for child in node.children:
            walk(child, found, tags)


def is_glossary(node):
    return isinstance(node, addnodes.glossary)


def not_searched(node, tags):
    if isinstance(node, addnodes.only):
        return not tags.eval_condition(node["expr"])
    if isinstance(node, nodes.container):
        cell = set(node.parent["classes"] if "cell_input" in node["classes"] else ())
        return bool(UNSEEN_CELLS & set(node["classes"]) or "tag_hide-input" in cell
                    or node.get("nb_element") == "mime_bundle")
    return isinstance(node, UNSEEN) or bool(LABELS & set(getattr(node, "attributes", {}).get("classes", ())))


def words(node):
    """The text of a heading or a paragraph; of its formulas only those that read as they are written."""
    def of(part):
        if isinstance(part, nodes.math):
            return part.astext() if re.fullmatch(r"[\w ,()=<>+-]+", part.astext()) else "…"
        if isinstance(part, nodes.raw) or "chapter-number" in (part.get("classes", []) if hasattr(part, "get") else []):
            return ""
        return part.astext() if isinstance(part, nodes.Text) else "".join(map(of, part.children))
    return " ".join(of(node).split())


def name_of(docname, title):
    """What a result says of its page: chapter and practice bear the same title, and must not look the same."""
    match = NUMBERED.match(docname)
    if not match:
        return title
    return f"{'Practice' if match[1] else 'Chapter'} {match[2]}: {title.removeprefix('Practice: ')}"


def weight(docname, section):
    page = next(value for start, value in WEIGHTS.items() if docname.startswith(start))
    return page * LISTS.get(section.title, 1)


# --- what the site holds for it ---------------------------------------------------------------------------------------


def all_sections(app):
    """{"pages": [[address, name]], "sections": [[page, place, title, prose, more, weight]]}"""
    pages, found = [], []
    for docname in sorted(app.env.found_docs):
        parts = sections(app.env.get_doctree(docname), app.tags)
        pages.append([app.builder.get_target_uri(docname), name_of(docname, parts[0].title)])
        found += [[len(pages) - 1, part.place, part.title, "\n".join(part.prose), "\n".join(part.more),
                   weight(docname, part)] for part in parts]
    return {"pages": pages, "sections": found}


def write_assets(app, problem):
    if problem is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(npm.folder("search") / "dist" / "umd" / "index.js", folder / "minisearch.js")
    shutil.copyfile(HERE / "search.js", folder / "search.js")
    data = json.dumps(all_sections(app), ensure_ascii=False, separators=(",", ":"))
    (folder / "sections.js").write_text(f"self.seqlabSections = {data};\n", "utf8")


def without_sphinx_s_index(app):
    app.builder.search = False


def search_page(app):
    yield "search", {"title": "Search"}, "search.html"


def load_search(app, pagename, templatename, context, doctree):
    if pagename == "search":
        context["script_files"] += [_JavaScript(f"{FOLDER}/{name}", defer="defer") for name in SCRIPTS]


def setup(app):
    app.connect("builder-inited", without_sphinx_s_index)
    app.connect("html-collect-pages", search_page)
    app.connect("html-page-context", load_search, priority=950)     # after site_assets has chosen the scripts
    app.connect("build-finished", write_assets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

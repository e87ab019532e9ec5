"""What _toc.yml and the notebooks' first cells say of the chapters, where the site shows it.

The directive `chapters` makes the cards of the first page. At the foot of the pages, chapter and practice alternate.
"""

import sys
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools.course, wherever the build was started
from tools import course  # noqa: E402

CARD = """
:::{{grid-item-card}} {number} {title}
:link: /book/{name}
:link-type: doc
{sentence}

{{.time}}
{minutes} minutes
:::
"""


class Chapters(SphinxDirective):
    """A heading for each part that holds chapters, and under it a card for each chapter."""

    def run(self):
        self.env.note_dependency(str(ROOT / "_toc.yml"))
        text = []
        for caption, chapters in course.parts(ROOT):
            text += [f"### {caption}", "", "::::{grid} 1 2 2 2", ":gutter: 3"]
            for chapter in chapters:
                self.env.note_dependency(str(chapter.path))
                text.append(CARD.format(number=chapter.number, title=chapter.title, name=chapter.name,
                                        sentence=chapter.sentence, minutes=chapter.minutes))
            text += ["::::", ""]
        return self.parse_text_to_nodes("\n".join(text), allow_section_headings=True)


def way(pages):
    """The pages in the order in which they are read: every chapter is followed by its practice."""
    practice = {page.replace("/exercises/", "/"): page for page in pages if "/exercises/" in page}
    return [one for page in pages if page not in practice.values()
            for one in (page, practice.get(page)) if one]


def lead_on(app, pagename, templatename, context, doctree):
    """Let the foot of a page lead to the page that is read before it and after it."""
    pages = [None, *way(course.toc_pages(ROOT)), None]
    if pagename not in pages:
        return
    place = pages.index(pagename)
    for key, neighbour in (("prev", pages[place - 1]), ("next", pages[place + 1])):
        context[key] = neighbour and {
            "link": app.builder.get_relative_uri(pagename, neighbour),
            "title": app.builder.render_partial(app.env.titles[neighbour])["title"],
        }


def setup(app):
    app.add_directive("chapters", Chapters)
    app.connect("html-page-context", lead_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

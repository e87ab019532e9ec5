"""What _toc.yml and the notebooks' first cells say of the chapters, where the site shows it.

The directive `chapters` makes the cards of the first page.
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


def setup(app):
    app.add_directive("chapters", Chapters)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

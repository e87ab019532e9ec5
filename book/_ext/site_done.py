"""What is done shows in the menu: one script for every page, with what each page asks, and what was answered here.

What the reader answered stays in the browser (seqlab/widgets/kept.js); what there is to answer is counted here, where
the quizzes and the practice notebooks are read anyway.
"""

import json
import sys
from pathlib import Path

from site_answers import exercises

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parents[1]))  # for tools, wherever the build was started
from seqlab.widgets.base import module  # noqa: E402
from seqlab.widgets.quiz import read_quiz  # noqa: E402
from tools import course  # noqa: E402


def pages():
    """{page: what it asks}: the quiz of a chapter and the step to write, the exercises of a practice, if it can be
    answered on its page.
    """
    found = {}
    for chapter in course.chapters():
        found[f"book/{chapter.name}"] = {"quiz": chapter.subject, "questions": len(read_quiz(chapter.subject)),
                                         "exercises": list(exercises(chapter))}
        if ids := list(exercises(chapter.practice)):
            found[f"book/exercises/{chapter.name}"] = {"questions": 0, "exercises": ids}
    return found


def write_script(app):
    if app.builder.format == "html":
        parts = [module("kept.js"), f"const pages = {json.dumps(pages())};\n", (HERE / "done.js").read_text("utf8")]
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        (static / "done.js").write_text("(() => {\n" + "\n".join(parts) + "})();\n", "utf8")


def setup(app):
    app.connect("builder-inited", write_script)
    app.add_js_file("done.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}

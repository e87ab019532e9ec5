"""What the site holds beside its pages: the wheel of seqlab, the quizzes for learning platforms, and the notices on
what it ships of others."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools, wherever the build was started
from instructor import quiz  # noqa: E402
from tools import third_party, wheel  # noqa: E402

QUIZZES = "downloads/quizzes"

def write_downloads(app, problem):
    """Put them where the run bar, the foot of every page and the instructors' page link to them."""
    if problem is not None or app.builder.format != "html":
        return
    wheel.build(Path(app.outdir))
    Path(app.outdir, third_party.NAME).write_text(third_party.notices(), encoding="utf-8")
    write_quizzes(Path(app.outdir, QUIZZES))


def write_quizzes(folder: Path) -> list[Path]:
    """A file for Moodle and one for Canvas, of each quiz and of all together; each is read back first."""
    folder.mkdir(parents=True, exist_ok=True)
    written, site = [], quiz.site()
    for name in [*quiz.names(), "all"]:
        chosen = quiz.choose([name])
        for ending, made, read in ((".moodle.xml", quiz.moodle(chosen, site), quiz.read_moodle),
                                   (".qti.zip", quiz.qti(chosen, f"seqlab: {name}", site), quiz.read_qti)):
            quiz.check(made, chosen, read, site)
            written.append(folder / f"{name}{ending}")
            written[-1].write_bytes(made.content)
    return written


def setup(app):
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""What the site holds beside its pages: the wheel of seqlab, and the notices on what it ships of others."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools, wherever the build was started
from tools import third_party, wheel  # noqa: E402


def write_downloads(app, problem):
    """Put both into the site's top folder, where the run bar and the foot of every page link to them."""
    if problem is not None or app.builder.format != "html":
        return
    wheel.build(Path(app.outdir))
    Path(app.outdir, third_party.NAME).write_text(third_party.notices(), encoding="utf-8")


def setup(app):
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""When each notebook last ran in Colab's public image, and with what: book/ran-in-colab.json.

The weekly workflow writes the file (`python -m tools.check_colab --here --stamp`), and the pages show it. A notebook
goes by its subject, so that moving a chapter changes nothing here:

    {"lstm": {"date": "2026-11-21", "python": "3.12", "torch": "2.9.0"}, "exercises/lstm": {...}}
"""

import datetime
import json
from pathlib import Path

from tools.course import NUMBERED, ROOT

FILE = ROOT / "book" / "ran-in-colab.json"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")   # strftime would follow the machine's language


def key(page: str) -> str:
    """The name of a page, such as "book/exercises/08-lstm", as it stands in the file: "exercises/lstm"."""
    match = NUMBERED.match(page.removesuffix(".ipynb"))
    return f"{match['practice'] or ''}{match['subject']}" if match else page


def read(file: Path = FILE) -> dict[str, dict[str, str]]:
    """The stamps by notebook; none where nothing has been stamped yet."""
    return json.loads(file.read_text(encoding="utf-8") or "{}") if file.exists() else {}


def renew(old: dict, good: list[str], pages: list[str], versions: dict[str, str], day: datetime.date) -> dict:
    """The stamps after a run on that day: new for the `good` pages, as they were for the others, none for no page."""
    new = {key(page): {"date": day.isoformat(), **versions} for page in good}
    known = {key(page) for page in pages}
    return {name: stamp for name, stamp in sorted({**old, **new}.items()) if name in known}


def write(stamps: dict, file: Path = FILE) -> None:
    """Store the stamps, one notebook a line."""
    lines = (f"{json.dumps(name)}: {json.dumps(stamp)}" for name, stamp in stamps.items())
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def sentence(page: str, stamps: dict) -> str:
    """What a page says of its last run in the image; nothing where it has no stamp."""
    stamp = stamps.get(key(page))
    if not stamp:
        return ""
    day = datetime.date.fromisoformat(stamp["date"])
    return (f"Last ran in Colab's image on {day.day} {MONTHS[day.month - 1]} {day.year} "
            f"(Python {stamp['python']}, torch {stamp['torch']}).")

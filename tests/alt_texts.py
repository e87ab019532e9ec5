"""A second record of the alt texts, which no code computes: the wording that was read beside the picture.

Whoever changes an alt text, or makes a new one, looks at its picture, and then: `python tests/alt_texts.py`.
"""

import hashlib
import json
import sys
from pathlib import Path

STORED = Path(__file__).with_suffix(".json")


def now() -> dict[str, str]:
    """{cell: a checksum of its alt text} of every picture in a notebook."""
    from tools.course import notebooks

    found = {}
    for notebook in notebooks():
        for cell in notebook.code:
            if alt := cell.metadata.get("mystnb", {}).get("image", {}).get("alt"):
                found[cell.id] = hashlib.sha256(alt.encode()).hexdigest()[:12]
    return found


def stored() -> dict[str, str]:
    return json.loads(STORED.read_text("utf8"))


if __name__ == "__main__":
    sys.path.insert(0, str(STORED.parent.parent))
    STORED.write_text(json.dumps(now(), indent=0, sort_keys=True) + "\n", "utf8")

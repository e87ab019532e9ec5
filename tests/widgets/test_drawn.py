"""What each figure draws and says, in each of its stories and at two widths, is what somebody has looked at.

Other tests ask a figure for its numbers; a drawing can show others. The record is one checksum a state, of all shapes
and words with their numbers rounded. Whoever changes a drawing looks at it, in light and dark, and copies the new
record, which this test writes, over the old one.
"""

import hashlib
import json
import re
from pathlib import Path

from places import MAKERS, ROOT, bench_page, page_with

STORED = Path(__file__).with_name("drawn.json")
FOUND = ROOT / "artefacts" / "drawn.json"
WIDTHS = (390, 1000)

# Every shape and every word of the figure: tags, attributes and texts.
DRAWN = """host => {
    const tag = ({ tagName, attributes }) =>
        `<${[tagName, ...[...attributes].map(({ name, value }) => `${name}=${value}`).sort()].join(" ")}>`;
    const told = (node) => node.nodeType === Node.TEXT_NODE ? node.data
        : node.nodeType !== Node.ELEMENT_NODE || node.tagName === "STYLE" ? ""
        : tag(node) + [...node.childNodes].map(told).join("");
    return [...host.shadowRoot.childNodes].map(told).join("");
}"""


def in_words(placed):
    """What is drawn, with numbers as coarse as a pixel's tenth."""
    placed.pass_time(3000)
    return re.sub(r"-?\d+\.\d+(?:e-?\d+)?", lambda number: f"{float(number[0]):.1f}".replace("-0.0", "0.0"),
                  placed.box.evaluate(DRAWN))


def states(browser, folder, name):
    """(state, what is drawn then) of a figure: as it begins, in each of its stories, and in the kinds it may be of."""
    for width in WIDTHS:
        page = bench_page(MAKERS[name], folder)
        with page_with(browser, page.as_uri(), name, stopped=True,
                       viewport={"width": width, "height": 1000}) as placed:
            yield f"{name} at {width}", in_words(placed)
            for chosen in placed.box.locator(".presets button, [role=radiogroup] input, .choice input").all():
                if chosen.is_visible() and chosen.is_enabled():
                    label = chosen.evaluate("one => one.textContent || one.labels[0]?.textContent || one.value")
                    chosen.click(force=True)
                    yield f"{name} at {width}: {label.strip()}", in_words(placed)


def checksum(words):
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def test_every_figure_draws_in_every_story_what_was_looked_at(browser, tmp_path):
    found = {state: checksum(words) for name in MAKERS for state, words in states(browser, tmp_path, name)}
    FOUND.parent.mkdir(exist_ok=True)
    FOUND.write_text(json.dumps(found, indent=0, ensure_ascii=False) + "\n", "utf8")
    then = json.loads(STORED.read_text("utf8"))
    changed = [state for state in found | then if found.get(state) != then.get(state)]
    assert changed == [], "\n".join(["look at these, in light and dark, then: cp artefacts/drawn.json "
                                     "tests/widgets/drawn.json", *changed])
    assert all(sum(state.startswith(name) for state in found) >= len(WIDTHS) for name in MAKERS)

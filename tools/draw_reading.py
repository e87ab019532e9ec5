"""Draw the picture of the first page (a digit read row by row) and the preview that links to the course show.

    python -m tools.draw_reading            writes book/_static/reading-a-digit.svg
    python -m tools.draw_reading --preview  also book/_static/social-preview.png (needs Chromium and Playwright)

The digit is drawn here, pixel by pixel from a few strokes; the answer beside it is an illustration, not a measurement.
"""

import argparse
import math
from itertools import pairwise
from pathlib import Path

from seqlab.palette import site_css
from tools.browsers import find_browser

STATIC = Path(__file__).resolve().parent.parent / "book" / "_static"
STEPS = (3, 9, 15, 21, 27)  # the rows that are drawn as steps, of 28
PIXEL = 10
LEFT, TOP = 14, 34
CELL_X, CELL_SIDE = 404, 40
BARS_X, BAR = 506, 9


def stroke_of_five():
    """The pen's path for a handwritten 5, in pixels of a 28 x 28 image."""
    top = [(19.5 - 0.95 * k, 5.4 + 0.03 * k) for k in range(10)]
    down = [(10.4 - 0.09 * k, 5.9 + 0.75 * k) for k in range(9)]
    angles = [math.radians(-128 + 8 * k) for k in range(34)]
    belly = [(13.2 + 5.6 * math.cos(angle), 16.9 + 5.6 * math.sin(angle)) for angle in angles]
    return [top[::-1], down, belly]


def pixels():
    """28 rows of 28 grey values in [0, 1]: dark near the pen's path."""
    points = [(a[0] + s / 6 * (b[0] - a[0]), a[1] + s / 6 * (b[1] - a[1]))
              for part in stroke_of_five() for a, b in pairwise(part) for s in range(7)]

    def value(column, row):
        distance = min(math.hypot(column + 0.5 - x, row + 0.5 - y) for x, y in points)
        return max(0.0, min(1.0, 1.75 - distance))

    return [[round(value(column, row), 2) for column in range(28)] for row in range(28)]


def svg():
    rows = pixels()
    side = 28 * PIXEL
    parts = [
        '<svg class="reading" viewBox="0 0 640 342" role="img" aria-labelledby="reading-title" '
        'xmlns="http://www.w3.org/2000/svg">',
        '<title id="reading-title">A handwritten 5 is read from its top row to its bottom row. Each row goes into '
        "the same recurrent cell, which passes its state down to the next step. From the last state comes the "
        "answer: 5.</title>",
        '<defs><marker id="tip-x" viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
        'markerUnits="userSpaceOnUse"><path d="M0 0 8 4 0 8z" class="fill-x"/></marker>'
        '<marker id="tip-h" viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="8" markerHeight="8" orient="auto" '
        'markerUnits="userSpaceOnUse"><path d="M0 0 8 4 0 8z" class="fill-h"/></marker></defs>',
        f'<text x="{LEFT + side / 2}" y="20" class="head">28 rows</text>',
        f'<text x="{CELL_X}" y="20" class="head">one cell, 28 times</text>',
        f'<text x="{BARS_X + 70}" y="20" class="head">one answer</text>',
        f'<rect x="{LEFT}" y="{TOP}" width="{side}" height="{side}" class="paper"/>',
    ]
    for row, values in enumerate(rows):
        parts += [f'<rect x="{LEFT + PIXEL * column}" y="{TOP + PIXEL * row}" width="{PIXEL}" height="{PIXEL}" '
                  f'class="ink" opacity="{value:g}"/>' for column, value in enumerate(values) if value > 0.04]
    for k, row in enumerate(STEPS):
        y = TOP + PIXEL * row + PIXEL / 2
        number = f'<tspan dy="4" font-size="12">{row + 1}</tspan>'
        left, right = LEFT + side + 6, CELL_X - CELL_SIDE / 2
        parts += [
            f'<g class="step step-{k}">',
            f'<rect x="{LEFT - 3}" y="{y - 7}" width="{side + 6}" height="14" rx="4" class="row"/>',
            f'<path d="M{left} {y}H{right - 4}" class="wire-x" marker-end="url(#tip-x)"/>',
            f'<text x="{left + 34}" y="{y - 8}" class="name-x">x{number}</text>',
            f'<rect x="{right}" y="{y - 15}" width="{CELL_SIDE}" height="30" rx="7" class="cell"/>',
            f'<text x="{CELL_X}" y="{y + 4.5}" class="name-h">h{number}</text></g>',
        ]
        if row != STEPS[-1]:
            next_cell = y + (STEPS[1] - STEPS[0]) * PIXEL - 18
            parts.append(f'<path d="M{CELL_X} {y + 16}V{next_cell}" class="wire-h step-{k}" stroke-dasharray="4 3" '
                         'marker-end="url(#tip-h)"/>')
    last = TOP + PIXEL * STEPS[-1] + PIXEL / 2
    middle = TOP + 14 + 4.5 * 28
    path = f"M{CELL_X + CELL_SIDE / 2 + 2} {last}H{BARS_X - 50}V{middle}H{BARS_X - 26}"
    parts.append(f'<g class="answer"><path d="{path}" class="wire-h" stroke-linejoin="round" '
                 'marker-end="url(#tip-h)"/>')
    chances = [0.02, 0.01, 0.02, 0.09, 0.01, 0.78, 0.03, 0.01, 0.02, 0.01]
    for digit, chance in enumerate(chances):
        y = TOP + 14 + digit * 28
        best = " best" if digit == 5 else ""
        parts.append(f'<text x="{BARS_X - 2}" y="{y + 5}" class="class{best}">{digit}</text>'
                     f'<rect x="{BARS_X + 10}" y="{y - BAR / 2}" width="{4 + 132 * chance:.0f}" height="{BAR}" rx="3" '
                     f'class="bar{best}"/>')
    parts.append("</g></svg>")
    return "\n".join(parts) + "\n"


def preview(target):
    """1200 x 630 pixels: the course's name, its promise, the picture."""
    from playwright.sync_api import sync_playwright

    style = site_css() + (STATIC / "seqlab.css").read_text("utf8")
    page_source = f"""<!DOCTYPE html><html data-theme="light"><style>{style}
      body {{ margin: 0; width: 1200px; height: 630px; background: var(--seqlab-paper); display: flex;
              color: var(--seqlab-ink); border-top: 14px solid var(--seqlab-h); box-sizing: border-box;
              align-items: center; font-family: system-ui, "DejaVu Sans", sans-serif; }}
      .words {{ width: 440px; padding-left: 60px; }} h1 {{ font-size: 84px; margin: 0 0 18px; }}
      p {{ font-size: 33px; line-height: 1.35; margin: 0; }} svg.reading {{ width: 640px; max-width: none; margin: 0; }}
      svg.reading * {{ animation: none !important; }}
      </style><div class="words"><h1>seqlab</h1><p>Recurrent networks in PyTorch, from one number that remembers to
      real handwritten digits.</p></div>{svg()}</html>"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(page_source)
        page.screenshot(path=target)
        browser.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preview", action="store_true", help="also draw the social preview")
    options = parser.parse_args()
    (STATIC / "reading-a-digit.svg").write_text(svg(), "utf8")
    if options.preview:
        preview(STATIC / "social-preview.png")


if __name__ == "__main__":
    main()

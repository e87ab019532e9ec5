"""How a notebook's fresh output is compared with the stored one: numbers within a band, all else to the letter.

Five kinds of numbers may differ a little, each in the form by which it is known:

    loss 0.1234         the band is a share of the stored loss
    acc 98.77 %         the band is in points
    98.8 %              any other percentage; none, in points
    1.6±0.5             the band is in standard deviations, which may differ three times
    ~0.512              in the description of a picture (seqlab/plots/describe.py); in units of its last digit

A cell states wider bands than BANDS in its metadata, where its training differs from machine to machine:
`"bands": {"acc": 2.5, "loss": 0.3}`. `"drawn": "any"` compares which axes, lines, patches, images and words a picture
has, and no number in it. It also states what its text claims of the order of its numbers:
`"order": ["columns > rows", "rows > one shuffle"]` compares, in the fresh output, the numbers in the lines that begin
with these words.

On the embedded digits, which are not what the stored outputs come from, no number and no picture is compared.
"""

import re

FORMS = {"loss": re.compile(r"(?<=loss )-?\d+\.\d+(?:e[-+]\d+)?"),
         "acc": re.compile(r"(?<=acc ) *-?\d+\.\d+(?= %)"),
         "share": re.compile(r"-?\d+\.\d+(?= %)"),
         "spread": re.compile(r"-?\d+\.\d+±\d+\.\d+"),
         "drawn": re.compile(r"(?<=~)-?\d+(?:\.\d+)?")}
BANDS = {"loss": 0.001, "acc": 0.2, "share": 0, "spread": 0, "drawn": 2}
PICTURE = re.compile(r"^Figure, .*?inches$", re.MULTILINE)
DATA = re.compile(r"^data: (?:MNIST|embedded).*$", re.MULTILINE)
NUMBER_DRAWN = re.compile(r"~-?\d+(?:\.\d+)?")
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")


def agree(fresh: str, stored: str, bands: dict | None = None, real: bool = True) -> str:
    """The fresh text with those numbers put as they are stored that lie within their band of it.

    If this equals the stored text, the two agree. With `real` false any number agrees, and any picture.
    """
    bands = {**BANDS, **(bands or {})}
    if not real:
        fresh = DATA.sub((DATA.findall(stored) or [""])[0], fresh)
    if PICTURE.match(fresh) and PICTURE.match(stored):
        if not real:
            return stored
        if bands["drawn"] == "any":
            return stored if outline(fresh) == outline(stored) else fresh
    for kind, form in FORMS.items():
        before, after = form.findall(stored), form.findall(fresh)
        if len(after) == len(before):
            shown = iter([choose(*both, kind, bands[kind], real) for both in zip(after, before, strict=True)])
            fresh = form.sub(lambda _, shown=shown: next(shown), fresh)
    return fresh


def choose(fresh: str, stored: str, kind: str, band: float, real: bool) -> str:
    """The stored number if the fresh one is within its band, else the fresh one."""
    if kind == "spread":
        (mean, spread), (was, had) = ([float(part) for part in text.split("±")] for text in (fresh, stored))
        near = fresh == stored or (abs(mean - was) <= band * had and had <= 3 * spread and spread <= 3 * had)
    else:
        last = 10.0 ** -len(stored.partition(".")[2])
        unit = {"loss": abs(float(stored)), "acc": 1, "share": 1, "drawn": last}[kind]
        rounded = 2 * last if kind == "loss" else last / 100        # of what is printed with four digits or two
        near = abs(float(fresh) - float(stored)) <= band * unit + rounded
    return stored if near or not real else fresh


def outline(description: str) -> list[str]:
    """What a picture's description says without its numbers: the axes, of each artist its kind, colour and size, and
    which words there are, however often."""
    lines = [NUMBER_DRAWN.sub("~", line) for line in description.splitlines()]
    words = {re.sub(r"\d+", "N", line) for line in lines if line.lstrip().startswith("text")}
    return lines[:1] + sorted(line for line in lines[1:] if not line.lstrip().startswith("text")) + sorted(words)


def out_of_order(fresh: str, claims: list[str]) -> list[str]:
    """The claims that the fresh output does not bear out, each with its numbers.

    Raises:
        LookupError: no line of the output, or more than one, begins with these words, or there is no number in it.
    """
    def value(words):
        lines = [line.strip() for line in fresh.splitlines() if line.strip().startswith(words)]
        rest = lines[0][len(words):] if len(lines) == 1 else ""
        numbers = [number for form in (FORMS["acc"], FORMS["loss"], NUMBER) for number in form.findall(rest)]
        if not numbers:
            raise LookupError(f"{len(lines)} lines of the output begin with {words!r}: expected one, with a number")
        return float(numbers[0])

    wrong = []
    for claim in claims:
        larger, smaller = (value(words.strip()) for words in claim.split(" > "))
        if not larger > smaller:
            wrong.append(f"{claim}: {larger:g} and {smaller:g}")
    return wrong

"""What a PDF printed by Chromium holds: its letters, its pages, and the addresses that it leads to.

A page's content names glyphs, and each font's table says which letters they stand for. Blanks are left out: in a PDF a
word's distance from the next may be a blank, or only a place. Of another program's PDF this may find no letters.
"""

import re
import unicodedata
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
FONT_OR_GLYPHS = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)>")
ONE, RANGE = rb"<([0-9A-F]{4})> <([0-9A-F]+)>\n", rb"<([0-9A-F]{4})> <([0-9A-F]{4})> <([0-9A-F]+)>\n"


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def addresses(pdf: bytes) -> list[str]:
    """Where its links lead that leave it."""
    return [address.decode() for address in re.findall(rb"/URI \((.*?)\)", pdf)]


def squeezed(text: str) -> str:
    """The text without blanks, and with its ligatures taken apart: how `letters` gives what is printed."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def letters(pdf: bytes) -> str:
    """All that is printed, page by page, without blanks; LookupError if it has none."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    fonts = {}
    for table in re.findall(rb"/Font <<(.*?)>>", pdf, re.DOTALL):
        for name, number in re.findall(rb"/(\w+) (\d+) 0 R", table):
            unicode = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
            fonts[name] = _alphabet(_content(objects[int(unicode[1])])) if unicode else {}
    found, font = [], {}
    for page in re.findall(rb"/Contents (\d+) 0 R", pdf):
        for name, glyphs in FONT_OR_GLYPHS.findall(_content(objects[int(page)])):
            font = fonts[name] if name else font
            found += [font.get(int(glyphs[k:k + 4], 16), "") for k in range(0, len(glyphs), 4)]
    if not found:
        raise LookupError("no letters are found in this PDF")
    return squeezed("".join(found))


def _content(body):
    return zlib.decompressobj().decompress(re.split(rb"stream\r?\n", body, maxsplit=1)[1])    # it knows its own end


def _alphabet(table):
    """{glyph: letters} of a font."""
    text = {int(glyph, 16): _utf16(letter)
            for part in re.findall(rb"beginbfchar\n(.*?)endbfchar", table, re.DOTALL)
            for glyph, letter in re.findall(ONE, part)}
    for part in re.findall(rb"beginbfrange\n(.*?)endbfrange", table, re.DOTALL):
        for first, last, letter in re.findall(RANGE, part):
            start, told = int(first, 16), _utf16(letter)
            text |= {glyph: told[:-1] + chr(ord(told[-1]) + glyph - start)
                     for glyph in range(start, int(last, 16) + 1)}
    return text


def _utf16(digits):
    return bytes.fromhex(digits.decode()).decode("utf-16-be")

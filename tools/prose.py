"""Every number that a notebook says, and what is computed near it.

A number in the text, in a comment or in a picture's alt text is a claim. It is held if it stands in the code or in the
output of a cell nearby, if the sentence itself computes it (`4 · 28 = 112`), if the link that it stands in leads there
(`[chapter 06](06-...)`), if it is the year of a reference, or if `tests/said` says where it comes from. `unheld` lists
the others.

Looked at are decimals, percents, powers, years, whole numbers of two digits or more, and every number in a shape or in
a list. A single digit elsewhere is most often a count, and stands beside everything.
"""

import ast
import io
import re
import tokenize
from functools import cache
from typing import NamedTuple

from tools.course import BOOK, ROOT, Cell, Notebook

NEAR = 3        # how many code cells before a text, and after it, are near
KINDS = ("shape", "list", "power", "setting", "decimal", "percent", "year", "whole")

N = r"-?\d+(?:\.\d+)?"
NUMBER = re.compile(r"(?<![\w.^])(?:(?<![\d)])-)?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?!\w)")
SHAPE = re.compile(r"(?<![a-z])\((?:[^(),]+, ?)+[^(),]*\)|\(\d+,\)")
LIST = re.compile(rf"(?<![\w.(,\[])(?<!and )(?<!, ){N}(?:, {N})+(?:,? (?:and|or) {N}|, {N})(?![\w)\]]|\.\d|, \d)")
POWER = re.compile(r"\b(\d+(?:\.\d+)?)\^(?:\{(-?\d+)\}|(\d))")
SETTING = re.compile(r"\b([A-Za-z]\w*|[A-Za-z]_\{\w+\}) ?= ?(-?\d+\.\d+)(?!\w)")
SET = re.compile(rf"\b([A-Za-z]\w*) ?(?:=|in) ?((?:\(?\[?{N}(?:, {N})*)|\))")
YEAR = re.compile(r"(?:19[5-9]|20[0-3])\d")
TERM = r"\(*-?\d[\d,.]*\)*"
SUM = re.compile(rf"(?<![\w.^*+/-])(?<![*+/-] )({TERM}(?: ?[-+*/] ?{TERM})+) ?= ?(\d[\d,]*(?:\.\d+)?)")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)\)")
# Estimates: a chapter's are computed by tools/reading_time.py, an exercise's by nothing.
MINUTES = re.compile(r"\*\*Time\*\*:? (?:about )?\d+|[Aa]bout \d+ minutes")
SIGNS = ((r"−|\bminus (?=\d)", "-"), (r"\\cdot|\\times|[·×]", "*"), (r"\\[,;! ]", " "),
         (r"https?://\S+|<[^<>\n]+>", " "))
FORMAT = re.compile(r":[^{}'\"\s]*?\d*(?:\.\d+)?[defg%]?(?=\})")              # {loss:8.4f} holds no 8.4
IN_CODE = re.compile(r"-?(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?|(?<=[A-Za-z_])\d+(?:\.\d+)?")


class Claim(NamedTuple):
    """A number, list or shape as it stands in `line`; `place` is text, comment or alt, `kind` one of KINDS."""

    place: str
    kind: str
    number: str
    line: str

    def __str__(self):
        start = max(0, self.line.find(self.number) - 50)
        return f"{self.number} ({self.kind}, {self.place}): ...{self.line[start:start + 110]}..."


def texts(cell: Cell) -> dict[str, str]:
    """What a cell says to a reader, by place: its Markdown, or its comments and docstrings, and its alt text."""
    if cell.kind == "markdown":
        return {"text": cell.source}
    if "setup" in cell.tags:
        return {}
    return {"comment": remarks(cell.source)[0], "alt": cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")}


@cache
def remarks(source: str) -> tuple[str, str]:
    """The comments and docstrings of a piece of code, and the code without them."""
    if re.search(r"^\s*[%!]", source, re.MULTILINE):
        return "", source
    said, lines = [], source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
            said.append(token.string)
            (top, left), (bottom, right) = token.start, token.end
            for row in range(top - 1, bottom):
                start, end = left if row == top - 1 else 0, right if row == bottom - 1 else len(lines[row])
                lines[row] = lines[row][:start] + " " * (end - start) + lines[row][end:]
    return "\n".join(said), "\n".join(lines)


def plain(text: str) -> str:
    """The text with one sign for minus and one for times, and of a link its words.

    A number in a link's words that stands in its target is left out: `test_links_...` holds the target. One that is a
    chapter's and leads elsewhere gets a zero before it, and is held by nothing.
    """
    def words(link):
        numbers, target = (set(re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3})", "", part))) for part in link.groups())
        return " " if numbers and numbers <= target else re.sub(r"(?<![\w.])(\d\d)$", r"0\1", link[1])

    text = LINK.sub(words, text)
    for pattern, instead in SIGNS:
        text = re.sub(pattern, instead, text)
    return text


def shape(text: str) -> tuple[str, ...]:
    """The entries of a shape, "(batch, 28, 28)"; none if there is no number in it, or something else."""
    parts = tuple(part.strip(" `*") for part in text.strip("()").split(",") if part.strip())
    is_shape = all(re.fullmatch(r"\d+|[A-Za-z_]\w*", part) for part in parts)
    return parts if is_shape and any(part.isdigit() for part in parts) else ()


def claims(text: str, place: str = "text", facts=()) -> list[Claim]:
    """Every number in a text that has to be held; those in the sentences `facts` are."""
    text, found = plain(text), []
    for fact in facts:
        text = text.replace(plain(fact), " ")
    whole = MINUTES.sub("", SUM.sub(lambda sum_: sum_[1] if comes_to(sum_[1], sum_[2]) else sum_[0], text))
    text = whole

    def take(kind):
        def taken(match):
            if kind == "shape" and not shape(match[0]):
                return match[0]
            line = whole[whole.rfind("\n", 0, match.start()) + 1:].partition("\n")[0]
            found.append(Claim(place, kind, match[0], line))
            return re.sub(r"\w", "_", match[0])
        return taken

    for kind, form in (("shape", SHAPE), ("power", POWER), ("list", LIST), ("setting", SETTING)):
        text = form.sub(take(kind), text)
    for match in NUMBER.finditer(text):
        kind = ("percent" if re.match(r" ?(?:%|per ?cent\b)", text[match.end():]) else "decimal"
                if "." in match[0] or "e" in match[0] else "year" if YEAR.fullmatch(match[0]) else "whole")
        if kind != "whole" or len(match[0].strip("-")) > 1:
            take(kind)(match)
    return found


def comes_to(sum_: str, result: str) -> bool:
    """The sum, written in numbers, gives the result."""
    try:
        value = eval(sum_.replace(",", ""), {})
    except (SyntaxError, ZeroDivisionError):
        return False
    return f"{value:.{len(result.partition('.')[2])}f}" == result.replace(",", "")


class Near(NamedTuple):
    """What stands near a text: the numbers of the code, those that are shown (which the text may round), the rows of
    both (a shape, a list, the arguments of a call), and which names the code sets to which numbers."""

    written: set[str]
    shown: set[str]
    rows: set[tuple[str, ...]]
    settings: dict[str, set[float]]

    def holds(self, claim: Claim) -> bool:
        if claim.kind == "shape":
            return self._shape(shape(claim.number))
        if claim.kind == "list":
            wanted = [float(number) for number in re.findall(N, claim.number)]
            rows = [[float(entry) for entry in row] for row in self.rows if all(re.fullmatch(N, one) for one in row)]
            return any(row[k:k + len(wanted)] == wanted for row in rows for k in range(len(row)))
        number = claim.number
        if claim.kind == "setting":
            name, number = SETTING.match(number).groups()
            there = self.settings.get(re.sub(r"[{}]", "", name).lower())
            if there:
                return float(number) in there
        if claim.kind == "power":
            base, braced, bare = POWER.match(number).groups()
            number = f"1e{braced or bare}" if base == "10" else "nan"      # other powers are a fact, or a cell's
        if re.match(r"-?0\d", number):
            return False
        return (any(agree(number, other, rounded=False) for other in self.written)
                or any(agree(number, other, whole=claim.place == "alt") for other in self.shown))

    def _shape(self, wanted: tuple[str, ...]) -> bool:
        """Some row begins so; or, where axes have names, ends so, from the first number on."""
        named = not all(entry.isdigit() for entry in wanted)
        while named and not wanted[0].isdigit():
            wanted = wanted[1:]
        rows = [row[-len(wanted):] if named else row[:len(wanted)] for row in self.rows if len(row) >= len(wanted)]
        return any(all(not entry.isdigit() or entry == there for entry, there in zip(wanted, row, strict=True))
                   for row in rows)


def near(cells: list[Cell], pictures: bool = False) -> Near:
    """What the code and the outputs of these cells hold. A picture's description is only for the words about it."""
    found = Near(set(), set(), set(), {})
    for cell in cells:
        code = "\n".join([remarks(cell.source)[1], checked(cell)])
        outputs = [cell.printed] + ["".join(output.get("data", {}).get(kind, "")) for output in cell.outputs
                                    for kind in ("text/plain", "text/markdown")]
        found.written.update(_numbers(code)[0])
        found.rows.update(_numbers(code)[1])
        for text in outputs:
            if pictures or not text.startswith("Figure,"):
                found.shown.update(_numbers(text)[0])
                found.rows.update(_numbers(text)[1])
        for name, values in SET.findall(code + cell.printed):
            found.settings.setdefault(name.lower(), set()).update(map(float, re.findall(N, values)))
    return found


@cache
def _numbers(text: str) -> tuple[set[str], set[tuple[str, ...]]]:
    text = FORMAT.sub("", re.sub(r"(?<=\d)[_,](?=\d\d\d\b)", "", text))
    rows = {tuple(part.partition("=")[2].strip() or part.strip() for part in row.split(",") if part.strip())
            for row in re.findall(r"[(\[]([^()\[\]]*)(?=[)\]])", text)}
    return set(IN_CODE.findall(text)), rows


def checked(cell: Cell) -> str:
    """The code that checks an exercise: what its statement promises stands there."""
    subject, _, name = cell.metadata.get("seqlab", {}).get("id", "").partition("/")
    return _check(subject.replace("-", "_"), name) if "check" in cell.tags else ""


@cache
def _check(module: str, name: str) -> str:
    files = (ROOT / "seqlab" / "checks").rglob(f"{module}.py")
    parts = [part for file in sorted(files) for part in ast.parse(file.read_text("utf8")).body]
    return "\n".join(ast.unparse(part) for part in parts if isinstance(part, ast.Assign) or (
        isinstance(part, ast.FunctionDef) and f"exercise('{name}')" in map(ast.unparse, part.decorator_list)))


def agree(number: str, other: str, rounded: bool = True, whole: bool = False) -> bool:
    """The number is the other, or what it comes to with fewer decimals (or none: `whole`). A written sign counts."""
    value, there = float(number.replace(",", "")), float(other)
    there = there if number.startswith("-") else abs(there)
    places = len(number.partition(".")[2])
    round_ = rounded and value and "e" not in number and (places or whole)
    return value == there or bool(round_ and f"{there:.{places}f}" == number)


@cache
def references() -> list[tuple[str, set[str]]]:
    """Of every entry of the references: its year, and the names and abbreviations by which it is known."""
    text = (BOOK / "appendix" / "references.md").read_text("utf8")
    entries = re.findall(r"^\*\*([^*]+), (\d{4})\.\*\*(.*?)(?=^\*\*|\Z)", text, re.MULTILINE | re.DOTALL)
    return [(year, set(re.findall(r"[A-Z]\w\w+|Cho|Le", names)) | set(re.findall(r"\b[A-Z]{3,}\b", rest)))
            for names, year, rest in entries]


def is_reference(claim: Claim) -> bool:
    words = set(re.findall(r"\w+", claim.line))
    return claim.kind == "year" and any(claim.number == year and names & words for year, names in references())


def unheld(notebook: Notebook, facts=()) -> list[tuple[int, Claim]]:
    """The claims of a notebook that nothing holds, each with the number of its cell. `facts` are sentences that are."""
    return [(k, claim) for k, around in nearby(notebook) for place, text in texts(notebook.cells[k]).items()
            for claim in missing(text, place, around[place], facts)]


def missing(text: str, place: str, around: Near, facts=()) -> list[Claim]:
    return [claim for claim in claims(text, place, facts) if not around.holds(claim) and not is_reference(claim)]


def nearby(notebook: Notebook) -> list[tuple[int, dict[str, Near]]]:
    """What is near each cell: for the promise and the key points the whole notebook, for an alt text its own cell."""
    cells = notebook.cells
    code = [k for k, cell in enumerate(cells) if cell.kind == "code" and "setup" not in cell.tags]
    found = []
    for k, cell in enumerate(cells):
        whole = k == 0 or cell.source.startswith("## Key points")
        close = code if whole else [j for j in code if j < k][-NEAR:] + [j for j in code if j >= k][:NEAR]
        there = near([cells[j] for j in close])
        own = near([cell] if k in code else [], pictures=True)
        found.append((k, {"text": there, "comment": there, "alt": own}))
    return found

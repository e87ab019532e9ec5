"""Put a chapter in another place, or begin a new one.

    python -m tools.chapters move head-to-head --after lstm      also --before; the part is that of the neighbour
    python -m tools.chapters new head-to-head --like order-matters

The order of the chapters stands in _toc.yml. `move` changes it there and brings the rest in line: the numbers in file
names, in links, and where a text says "chapter" and a number; and which questions come back at the beginning of each
chapter. It asks for a clean git checkout, so that nothing is lost
if it is stopped. `new` copies a chapter with its practice, quiz, checks and tests to the end of the book under a new
subject; all of it is green, and waits to be rewritten.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import course, due
from tools.course import ROOT

BINARY = {".png", ".npz", ".ico", ".woff", ".woff2", ".zip"}
NUMBER = re.compile(r"(?<!\d)\d\d(?!\d)")
LINK = r"\[(?P<text>[^\[\]]*)\]\((?P<way>(?:\.\./|book/|exercises/)*)(?P<linked>{slugs})(?=\.ipynb)"
GAP = r'(?:\s|\\n",\s*")+'      # between two words, also where a notebook's text is stored line by line
MENTION = rf"(?P<mention>\b[Cc]hapters?{GAP}\d\d\b(?:(?:,{GAP}|{GAP}(?:and|or|to){GAP})\d\d\b)*)"
SLUG = r"(?<![\w-])(?P<slug>{slugs})(?![\w-])"
OWN = ("book/{name}.ipynb", "book/exercises/{name}.ipynb", "exercises/{name}.ipynb",
       "seqlab/widgets/quizzes/{subject}.toml", "seqlab/checks/{module}.py", "seqlab/checks/plain/{module}.py",
       "tests/checks/{module}.py", "tests/checks/plain/{module}.py", "tests/test_chapters/test_{module}.py",
       "tests/said/{subject}.toml")                                            # of which a chapter may lack some


# --- move ------------------------------------------------------------------------------------------------------------


def move(subject: str, neighbour: str, *, after: bool = True, root: Path = ROOT) -> list[str]:
    """Put a chapter after (or before) its new neighbour, and renumber all. Returns lines that say what was done.

    Everything is worked out before the first file is written.

    Raises:
        KeyError: there is no such chapter.
        ValueError: it is its own neighbour, or git would lose something if this were interrupted.
    """
    chapter, other = course.chapter(subject, root), course.chapter(neighbour, root)
    if subject == neighbour:
        raise ValueError(f"{subject} cannot stand beside itself")
    if _git("status", "--porcelain", root=root).strip():
        raise ValueError("commit what you have changed first: then git can bring all back, whatever happens here")
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    toc = _beside(toc, chapter.name, other.name, after)
    if re.search(r"chapters:\n(?! *- file)|chapters:\s*$", toc):
        raise ValueError(f"{subject} is alone in its part: move another chapter into that part first, or drop the part")
    order = re.findall(r"^ *- file: book/(\d\d-\S+)$", toc, flags=re.MULTILINE)
    new = {name: f"{number:02d}-{name[3:]}" for number, name in enumerate(order, 1)}
    texts, said = {}, []
    for path in _files(root):
        before = toc if path == root / "_toc.yml" else path.read_text(encoding="utf-8")
        texts[path] = renumber(before, new)
        said += _unsure(path.relative_to(root), before, new)
    _store_quizzes(texts, root)
    _ask_again(texts, root, {name[3:]: root / "book" / f"{name}.ipynb" for name in order})
    _write({_renamed(path, new): text for path, text in texts.items()}, gone=texts)
    return [f"{old} -> {now}" for old, now in new.items() if old != now] + said


def renumber(text: str, new: dict[str, str]) -> str:
    """The text with every chapter's new name, and its new number in the words of a link or after "chapter"."""
    slugs = "|".join(map(re.escape, new))
    numbers = {old[:2]: now[:2] for old, now in new.items()}

    def put(found):
        if found["slug"]:
            return new[found["slug"]]
        if found["mention"]:
            return NUMBER.sub(lambda number: numbers.get(number[0], number[0]), found[0])
        old, now = found["linked"], new[found["linked"]]
        words = NUMBER.sub(lambda number: now[:2] if number[0] == old[:2] else number[0], found["text"])
        return f"[{words}]({found['way']}{now}"

    return re.sub("|".join([LINK, MENTION, SLUG]).format(slugs=slugs), put, text)


def _beside(toc: str, name: str, neighbour: str, after: bool) -> str:
    """The text of _toc.yml with the lines of a chapter, its own and its practice's, beside those of its neighbour."""
    lines = toc.splitlines(keepends=True)
    moving, standing = ([line for line in lines if re.fullmatch(rf"- file: book/(exercises/)?{one}", line.strip())]
                        for one in (name, neighbour))
    lines = [line for line in lines if line not in moving]
    place = lines.index(standing[-1]) + 1 if after else lines.index(standing[0])
    return "".join(lines[:place] + moving + lines[place:])


def _unsure(path: Path, text: str, new: dict[str, str]) -> list[str]:
    """What no rule can decide: numbers that no link ties to a chapter, where they have changed, or name none."""
    numbers, said = {name[:2] for name in new}, []
    bare = re.compile(f"{LINK}|{MENTION}".format(slugs="|".join(map(re.escape, new))))
    for found in bare.finditer(text):
        if found["mention"]:
            was, now = (" ".join(re.sub(GAP, " ", words).split()) for words in (found[0], renumber(found[0], new)))
            if not set(NUMBER.findall(was)) <= numbers:
                said.append(f"{path} says {was!r}, which is not there")
            elif now != was:
                said.append(f"{path} said {was!r}, now {now!r}: is it still true?")
    return said


def _renamed(path: Path, new: dict[str, str]) -> Path:
    return path.with_stem(new.get(path.stem, path.stem))


# --- new -------------------------------------------------------------------------------------------------------------


def begin(subject: str, like: str = "order-matters", title: str | None = None, root: Path = ROOT) -> list[str]:
    """Copy all that belongs to the chapter `like` to a new chapter at the end of the book. Returns the new files.

    Raises:
        ValueError: the subject cannot be a name, is taken, or `like` is a word that the texts use otherwise too.
    """
    every = course.chapters(root)
    model = course.chapter(like, root)
    if not re.fullmatch(r"[a-z]+(-[a-z]+)*", subject) or subject in [one.subject for one in every]:
        raise ValueError(f"{subject!r} cannot be a chapter's subject: small letters and hyphens, and not one in use")
    if "-" not in like:
        raise ValueError(f"choose another chapter to copy: {like!r} is also a word of its texts")
    title = title or subject.replace("-", " ").capitalize()
    name = f"{int(every[-1].number) + 1:02d}-{subject}"
    changes = [(model.name, name), (like, subject), (_module(like), _module(subject)), (model.title, title)]

    def changed(text):
        for old, now in changes:
            text = re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])|(?<=test_){re.escape(old)}\b", now, text)
        return text

    old = {path: root / path.format(name=model.name, subject=like, module=_module(like)) for path in OWN}
    texts = {root / path.format(name=name, subject=subject, module=_module(subject)): changed(one.read_text("utf-8"))
             for path, one in old.items() if one.exists()}
    made = [path.relative_to(root).as_posix() for path in texts]
    toc = (root / "_toc.yml").read_text(encoding="utf-8")
    indent, last = re.findall(rf"^( *)(- file: book/(?:exercises/)?{every[-1].name}\n)", toc, flags=re.MULTILINE)[-1]
    lines = "".join(f"{indent}- file: {folder}/{name}\n" for folder in ("book", "book/exercises"))
    texts[root / "_toc.yml"] = toc.replace(last, last + lines)
    _store_quizzes(texts, root, {subject: like})
    _ask_again(texts, root, {**{one.subject: one.path for one in every}, subject: root / "book" / f"{name}.ipynb"})
    _write(texts)
    return made


def _module(subject: str) -> str:
    return subject.replace("-", "_")


# --- files -----------------------------------------------------------------------------------------------------------


def _files(root: Path) -> list[Path]:
    """The text files that git tracks."""
    paths = (root / name for name in _git("ls-files", "-z", root=root).split("\0") if name)
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def _git(*command: str, root: Path) -> str:
    return subprocess.run(["git", *command], cwd=root, capture_output=True, check=True, text=True).stdout


def _store_quizzes(texts: dict[Path, str], root: Path, copied: dict[str, str] | None = None) -> None:
    """Put the questions as they read now into the notebooks that have stored them, packed, in a figure's state."""
    from seqlab.widgets.quiz import pack, read_quiz

    folder, packs = root / "seqlab" / "widgets" / "quizzes", {}
    with tempfile.TemporaryDirectory() as new:
        for path, text in texts.items():
            if path.parent == folder:
                Path(new, path.name).write_text(text, encoding="utf-8")
                was = read_quiz((copied or {}).get(path.stem, path.stem), folder)
                packs[pack(was)] = pack(read_quiz(path.stem, Path(new)))
    for path, text in texts.items():
        if path.suffix == ".ipynb":
            texts[path] = re.sub(r'(?<="_packed": ")[^"]+', lambda old: packs.get(old[0], old[0]), text)


def _ask_again(texts: dict[Path, str], root: Path, chapters: dict[str, Path]) -> None:
    """Let every chapter among the texts ask what is due from those that come before it now.

    `chapters`: the path of each subject's notebook, in the new order.
    """
    with tempfile.TemporaryDirectory() as new:
        for quiz in (root / "seqlab" / "widgets" / "quizzes").glob("*.toml"):
            Path(new, quiz.name).write_text(quiz.read_text(encoding="utf-8"), encoding="utf-8")
        for path in texts:
            if path.suffix == ".toml" and path.parent.name == "quizzes":
                Path(new, path.name).write_text(texts[path], encoding="utf-8")
        for subject, path in chapters.items():
            if path in texts:
                texts[path] = due.put(texts[path], course.asked_again(subject, list(chapters)), Path(new))


def _write(texts: dict[Path, str], gone: dict[Path, str] | None = None) -> None:
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in set(gone or ()) - set(texts):
        path.unlink()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    moving = commands.add_parser("move", help="put a chapter in another place")
    moving.add_argument("subject")
    place = moving.add_mutually_exclusive_group(required=True)
    place.add_argument("--after", metavar="SUBJECT")
    place.add_argument("--before", metavar="SUBJECT")
    beginning = commands.add_parser("new", help="begin a chapter as a copy of another")
    beginning.add_argument("subject")
    beginning.add_argument("--like", metavar="SUBJECT", default="order-matters")
    beginning.add_argument("--title")
    options = parser.parse_args(arguments)
    try:
        if options.command == "new":
            lines = begin(options.subject, options.like, options.title)
        else:
            lines = move(options.subject, options.after or options.before, after=bool(options.after))
    except (KeyError, ValueError) as problem:
        print(problem.args[0], file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())

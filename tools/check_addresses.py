"""Ask whether every outward address of the course answers: the site's, those of README and CONTRIBUTING, its own.

    python -m tools.check_addresses

The addresses are those that a reader can follow from the built website (it is built if it is not current), from
README.md and CONTRIBUTING.md, and those of the setup cells. A button that opens a notebook elsewhere must name a file
of this checkout, and GitHub must have that file. Exit status 1 if an address is dead or a button names no file.
A site that turns robots away (403, 418, 429) refuses to say: that is listed, and is no fault.
"""

import argparse
import itertools
import re
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urldefrag, urlsplit

from tools import build_site, set_address
from tools.course import ROOT, Notebook, notebooks

TEXTS = ("README.md", "CONTRIBUTING.md")
CODE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->", re.DOTALL)      # what stands there is an example, not a link
ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`]+")
BUTTONS = {"colab.research.google.com", "mybinder.org"}
REFUSALS = {403, 418, 429}
HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; seqlab-address-check)", "Accept": "*/*"}
PATIENCE = 30               # seconds for one answer
PAUSES = (3, 15)            # seconds before the second and the third attempt
AT_ONCE = 6                 # sites; one site is asked one thing after the other


# --- which addresses -------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    """The addresses outside the site that a page leads to or loads; its own canonical one is none of them."""

    def __init__(self, text: str):
        super().__init__()
        self.found = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if attributes.get("rel") != "canonical":
            links = (attributes.get(name) or "" for name in ("href", "src", "action"))
            self.found |= {link for link in links if link.startswith(("https://", "http://"))}


def addresses(site: Path, root: Path = ROOT) -> dict[str, set[str]]:
    """Every outward address, without its anchor, and where it stands."""
    found = defaultdict(set)

    def add(links, place):
        for link in links:
            found[urldefrag(link).url].add(place)

    for page in site.rglob("*.html"):
        name = page.relative_to(site)
        if name.parts[0] != "_static":
            add(Links(page.read_text(encoding="utf-8")).found, name.with_suffix("").as_posix())
    for name in TEXTS:
        text = CODE.sub("", (root / name).read_text(encoding="utf-8"))
        add((link.rstrip(".,;:!?") for link in ADDRESS.findall(text)), name)
    for notebook in (*notebooks(root), *map(Notebook, (root / "exercises").glob("*.ipynb"))):
        add(ADDRESS.findall(notebook.setup.source), "the setup cells")
    return dict(found)


def opens(link: str, repository: str) -> tuple[str, str] | None:
    """(branch, file) that a Colab or Binder button opens; None for any other address.

    Raises:
        ValueError: the button opens nothing in this repository.
    """
    parts = urlsplit(link)
    if parts.hostname not in BUTTONS or parts.path in ("", "/"):
        return None
    forms = set_address.spellings(repository)
    path, file = unquote(parts.path).strip("/"), parse_qs(parts.query).get("urlpath", [""])[0]
    if path.startswith(f"{forms['colab']}/blob/"):
        branch, _, file = path.removeprefix(f"{forms['colab']}/blob/").partition("/")
    elif path.startswith(f"v2/{forms['binder']}/"):
        branch, file = path.removeprefix(f"v2/{forms['binder']}/"), file.removeprefix("lab/tree/")
    else:
        raise ValueError("opens something else than this repository")
    return branch, file


def to_ask(found: dict[str, set[str]], repository: str, is_set: bool, root: Path = ROOT):
    """(addresses to ask for, with the places where they stand; what is wrong with buttons, and where).

    For a button, GitHub is asked for its file. Unless the repository's address is set, nothing there can answer.
    """
    ask, wrong = defaultdict(set), defaultdict(set)
    forms = set_address.spellings(repository)
    owner_and_name = forms["repository"].partition("/")[2]
    for link, places in found.items():
        try:
            button = opens(link, repository)
        except ValueError as problem:
            wrong[f"{link}   {problem}"] |= places
            continue
        if button:
            branch, file = button
            if not (root / file).is_file():
                wrong[f"{link}   there is no {file or 'file'} here"] |= places
            link = f"https://raw.githubusercontent.com/{owner_and_name}/{branch}/{quote(file)}"
        own = button or f"{link}/".startswith((f"{forms['site']}/", f"https://{forms['repository']}/"))
        if is_set or not own:
            ask[link] |= places
    if is_set:
        ask[repository].add("the repository's address")
        ask[f"{forms['site']}/"].add("the published site")
    return dict(ask), dict(wrong)


# --- asking ----------------------------------------------------------------------------------------------------------


class Answer(NamedTuple):
    kind: str       # "answers", "refuses" or "dead"
    words: str


def ask(link: str, patience: float = PATIENCE, pauses: tuple[float, ...] = PAUSES) -> Answer:
    """Whether the address answers. What may pass, no connection or a server's fault, is tried again after a pause."""
    for pause in (*pauses, None):
        answer, may_pass = _request(link, "HEAD", patience)
        if answer.kind != "answers":            # some servers know no HEAD, or answer it otherwise
            answer, may_pass = _request(link, "GET", patience)
        if answer.kind != "dead" or not may_pass or pause is None:
            return answer
        time.sleep(pause)


def _request(link: str, method: str, patience: float) -> tuple[Answer, bool]:
    """The answer to one request, redirects followed; and whether another attempt may end otherwise."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))     # without, some go round
    try:
        request = urllib.request.Request(quote(link, safe="%/:=&?~#+!$,;'@()*[]"), headers=HEADERS, method=method)
        with opener.open(request, timeout=patience) as response:
            return Answer("answers", str(response.status)), False
    except urllib.error.HTTPError as problem:
        words = f"{problem.code} {problem.reason}"
        problem.close()
        return Answer("refuses" if problem.code in REFUSALS else "dead", words), problem.code >= 500
    except (OSError, HTTPException, ValueError) as problem:
        reason = getattr(problem, "reason", None) or problem
        return Answer("dead", f"{type(problem).__name__}: {reason}"), not isinstance(problem, ValueError)


def ask_all(links, one=ask) -> dict[str, Answer]:
    """Ask for all, a few sites at once, and one site for one address at a time."""
    sites = [list(group) for _, group in itertools.groupby(sorted(links, key=_site), key=_site)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = threads.map(lambda group: [(link, one(link)) for link in group], sites)
        return dict(itertools.chain.from_iterable(answers))


def _site(link: str) -> str:
    return urlsplit(link).netloc


# --- the report ------------------------------------------------------------------------------------------------------


def report(answers: dict[str, Answer], asked: dict[str, set[str]], wrong: dict[str, set[str]]) -> str:
    """What is dead, then what refuses to say, each with the places where it stands; then how many answer."""
    faults = wrong | {f"{link}   {answer.words}": asked[link] for link, answer in answers.items()
                      if answer.kind == "dead"}
    refused = {f"{link}   {answer.words}": asked[link] for link, answer in answers.items() if answer.kind == "refuses"}
    lines = []
    for many, found in (("dead", faults), ("turn robots away and may be well", refused)):
        if found:
            lines += [f"{len(found)} {many}:", *_listed(found), ""]
    return "\n".join([*lines, f"{sum(answer.kind == 'answers' for answer in answers.values())} answer."])


def _listed(found: dict[str, set[str]]) -> list[str]:
    pairs = ((f"  {what}", f"      {', '.join(sorted(places))}") for what, places in sorted(found.items()))
    return list(itertools.chain.from_iterable(pairs))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    repository, is_set = set_address.address(), set_address.is_set()
    if not is_set:
        print("The repository's address is not set yet (make address URL=...): what lies there is not asked for.")
    asked, wrong = to_ask(addresses(build_site.build()), repository, is_set)
    print(f"Asking {len({_site(link) for link in asked})} sites for {len(asked)} addresses ...", flush=True)
    answers = ask_all(asked)
    print(report(answers, asked, wrong))
    return 1 if wrong or any(answer.kind == "dead" for answer in answers.values()) else 0


if __name__ == "__main__":
    sys.exit(main())

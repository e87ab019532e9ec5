"""What the site ships that others have written: names, versions, addresses, licences. The site's third-party.txt.

Everything is read from the installed packages, so that it is true of the site that was built with them.
"""

import json
import re
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import NamedTuple

from tools import npm

ROOT = Path(__file__).resolve().parent.parent
NAME = "third-party.txt"
LICENCE_FILE = re.compile(r"(?:LICEN[CS]E|COPYING)[\w.]*$")

# The packages whose files, as they are or joined or filled in, are on the site.
PACKAGES = ("Sphinx", "sphinx-book-theme", "pydata-sphinx-theme", "sphinx-design", "sphinx-copybutton", "myst-nb",
            "Pygments", "accessible-pygments")


class Inner(NamedTuple):
    """A library under the MIT licence, inside a package that does not bring its licence along.

    `sign`: a file of the package, and what must stand in it if the library is there; its group is the version.
    """

    name: str
    package: str
    sign: tuple[str, str]
    address: str
    copyright: str
    note: str = ""


INNER = (
    Inner("Bootstrap", "pydata-sphinx-theme", ("bootstrap.js.LICENSE.txt", r"Bootstrap v([\d.]+)"),
          "https://getbootstrap.com", "Copyright 2011-2024 The Bootstrap Authors"),
    Inner("Popper", "pydata-sphinx-theme", ("bootstrap.js", "popperGenerator"), "https://popper.js.org",
          "Copyright (c) 2019 Federico Zivolo", "part of Bootstrap's script"),
    Inner("Font Awesome Free", "pydata-sphinx-theme", ("pydata-sphinx-theme.css", r"Font Awesome Free ([\d.]+)"),
          "https://fontawesome.com", "Copyright 2024 Fonticons, Inc.", "style rules only, no font and no icon"),
    Inner("clipboard.js", "sphinx-copybutton", ("clipboard.min.js", r"clipboard\.js v([\d.]+)"),
          "https://clipboardjs.com", "Copyright (c) Zeno Rocha"),
    Inner("Tabler Icons", "sphinx-copybutton", ("copybutton.js_t", "icon-tabler-copy"), "https://tabler.io/icons",
          "Copyright (c) 2020-2025 Paweł Kuna", "the two on the copy button"),
)

DATA = """MNIST, digits in pictures of the chapters that use it
    Yann LeCun and Corinna Cortes. http://yann.lecun.com/exdb/mnist/
    Creative Commons Attribution-ShareAlike 3.0, https://creativecommons.org/licenses/by-sa/3.0/
    The weights of the network on the first page were trained on MNIST, for this course; they and the drawings that it
    reads there are under the licence of the course."""


class Notice(NamedTuple):
    title: str              # name and version
    address: str
    licence: str            # its name
    text: str


def notices() -> str:
    """The whole text.

    Raises:
        LookupError: a package has no licence text, or a library inside it is not what INNER says.
    """
    found = [*map(of_package, PACKAGES), *map(of_inner, INNER), of_micropython(), of_minisearch(), of_stix()]
    own = (ROOT / "LICENSE").read_text(encoding="utf-8")
    listed = "\n".join(f"    {one.title}: {one.licence}" for one in found)
    head = ("seqlab: recurrent networks in PyTorch\n\n"
            "Text and figures: CC BY 4.0, https://creativecommons.org/licenses/by/4.0/legalcode\n"
            f"Code and the package seqlab:\n\n{own}\n"
            f"These pages also hold software of others\n\n{listed}\n\nand data of others\n\n{DATA}\n")
    texts = [f"{one.title}\n{one.address}\nLicence: {one.licence}\n\n{one.text.strip()}\n" for one in found]
    return f"\n{'=' * 100}\n\n".join([head, *texts])


def of_package(name: str) -> Notice:
    """What an installed package says of itself."""
    package = distribution(name)
    texts = [Path(package.locate_file(file)).read_text(encoding="utf-8") for file in package.files
             if ".dist-info" in file.parts[0] and LICENCE_FILE.match(file.name)]
    if not texts:
        raise LookupError(f"the package {name} {package.version} has no licence text: look for one")
    return Notice(f"{package.name} {package.version}", _address(package), _licence(package), "\n\n".join(texts))


def of_inner(library: Inner) -> Notice:
    """The same of a library inside a package."""
    package = distribution(library.package)
    file, pattern = library.sign
    texts = (Path(one.locate()).read_text(encoding="utf-8") for one in package.files if one.name == file)
    found = next(filter(None, (re.search(pattern, text) for text in texts)), None)
    if not found:
        raise LookupError(f"{library.package} no longer holds {library.name} as it did: correct tools/third_party.py")
    version = f" {found[1]}" if found.lastindex else ""
    note = f"; {library.note}" if library.note else ""
    title = f"{library.name}{version} (in {library.package} {package.version}{note})"
    return Notice(title, library.address, "MIT", mit(library.copyright))


def of_micropython() -> Notice:
    """What runs the answers on the practice pages; npm's package of it brings no licence text."""
    said = json.loads((npm.folder("answers") / "package.json").read_text(encoding="utf-8"))
    if said["license"] != "MIT":
        raise LookupError(f"MicroPython is under another licence now, {said['license']}: correct tools/third_party.py")
    return Notice(f"MicroPython {said['version']} (with parts of Emscripten and musl, under the same licence)",
                  "https://micropython.org", "MIT", mit("Copyright (c) 2013-2025 Damien P. George and others"))


def of_minisearch() -> Notice:
    """What ranks the results of the search."""
    folder = npm.folder("search")
    said = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    text = (folder / "LICENSE.txt").read_text(encoding="utf-8")
    return Notice(f"MiniSearch {said['version']}", "https://lucaong.github.io/minisearch/", said["license"], text)


def of_stix() -> Notice:
    """The font of the formulas: in the style sheet, cut down to the characters that the pages need."""
    folder = npm.folder("formulas", "@fontsource/stix-two-math")
    said = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    text = (folder / "LICENSE").read_text(encoding="utf-8")
    return Notice(f"STIX Two Math (from @fontsource/stix-two-math {said['version']}; a part of its characters)",
                  "https://www.stixfonts.org", "SIL Open Font License 1.1", text)


def mit(copyright: str) -> str:
    """The licence text; our own licence has the same terms."""
    terms = (ROOT / "LICENSE").read_text(encoding="utf-8").partition("\n\nPermission")[2]
    return f"MIT License\n\n{copyright}\n\nPermission{terms}"


def _licence(package: Distribution) -> str:
    said = package.metadata
    kinds = [kind.rpartition(":: ")[2] for kind in said.get_all("Classifier", []) if kind.startswith("License ::")]
    return said.get("License-Expression") or said.get("License") or ", ".join(kinds)


def _address(package: Distribution) -> str:
    links = dict(link.split(", ", 1) for link in package.metadata.get_all("Project-URL", []))
    named = (links.get(kind) for kind in ("Homepage", "Source", "Repository"))
    return package.metadata.get("Home-page") or next(filter(None, named))

"""Every link and address on the built pages: internal ones lead somewhere, external ones are well formed."""

import functools
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from browsing import PAGES

from tools import serve
from tools.course import some
from tools.set_address import is_set


class Page(HTMLParser):
    """The ids, links and head of one page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.meta, self.title, self.lang = set(), [], {}, "", None
        self._in_title = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if attributes.get("id"):
            self.ids.add(attributes["id"])
        for key in ("href", "src", "action"):
            if attributes.get(key) and attributes.get("rel") not in ("canonical",):
                self.links.append(attributes[key])
        if tag == "meta" and (attributes.get("name") or attributes.get("property")):
            self.meta[attributes.get("name") or attributes["property"]] = attributes.get("content")
        if tag == "html":
            self.lang = attributes.get("lang")
        self._in_title = tag == "title" and not self.title

    def handle_data(self, data):
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag):
        self._in_title = False


@functools.cache
def read(path):
    return Page(path.read_text(encoding="utf-8"))


def target_of(site, page, link):
    """(file, anchor) that an internal link of the page leads to."""
    parts = urlsplit(link)
    path = unquote(parts.path)
    if path.startswith(serve.site_prefix()):
        target = site / path.removeprefix(serve.site_prefix())
    else:
        target = (page.parent / path).resolve() if path else page
    return (target / "index.html" if target.is_dir() else target), unquote(parts.fragment)


def internal(links):
    return [link for link in links if not urlsplit(link).scheme and not link.startswith("//")]


def test_the_site_holds_the_pages_of_the_contents_and_no_others(site):
    built = {path.relative_to(site).with_suffix("").as_posix() for path in some(site.rglob("*.html"))}
    built = {name for name in built if not name.startswith("_static/")}
    assert built == {*PAGES, "index"}


def test_internal_links_and_anchors_lead_somewhere(site):
    broken = []
    for name in [*PAGES, "index"]:
        page = site / f"{name}.html"
        for link in internal(read(page).links):
            target, anchor = target_of(site, page, link)
            if not target.is_file() or (anchor and target.suffix == ".html" and anchor not in read(target).ids):
                broken.append(f"{name}: {link}")
    assert not broken, "\n".join(broken)


def test_external_links_are_well_formed(site):
    wrong = []
    for name in [*PAGES, "index"]:
        links = [link for link in read(site / f"{name}.html").links if link not in internal([link])]
        wrong += [f"{name}: {link}" for link in links if not link.startswith("data:")
                  and not re.fullmatch(r"https://[a-z0-9-]+(\.[a-z0-9-]+)+(/[^\s<>\"]*)?", link)]
    assert not wrong, "\n".join(wrong)


def test_every_head_names_its_page(site):
    wrong = []
    for name in PAGES:
        page = read(site / f"{name}.html")
        described = {"lang": page.lang == "en", "title": len(page.title.strip()) > 5,
                     "viewport": page.meta.get("viewport")}
        if name not in ("404", "search", "genindex"):
            preview = urlsplit(page.meta.get("og:image", ""))
            described |= {
                "og:description": len(page.meta.get("og:description", "")) > 30,
                "og:title": page.meta.get("og:title"),
                "og:image": preview.scheme == "https"
                            and (site / preview.path.removeprefix(serve.site_prefix())).is_file()
                            if is_set() else "og:image" not in page.meta}
        wrong += [f"{name}: {what}" for what, right in described.items() if not right]
    assert not wrong, "\n".join(wrong)


def test_titles_differ(site):
    titles = [read(site / f"{name}.html").title for name in PAGES]
    assert len(set(titles)) == len(titles), titles

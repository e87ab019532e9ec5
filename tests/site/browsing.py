"""Look at the pages of the built site in a browser, and remember what each of them did."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tools.course import ROOT, toc_pages

ARTEFACTS = ROOT / "artefacts" / "site"
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
AXE_MODES = {"desktop-light": {}, "phone-dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}
MODES = [f"{size}-{scheme}" for size in SIZES for scheme in ("light", "dark")]


NOTEBOOK_PAGES = [page for page in toc_pages() if re.search(r"/\d\d-[\w-]+$", page)]
PAGES = [*toc_pages(), "search", "genindex", "404"]


@dataclass
class Visit:
    """All that a page did while it was looked at."""

    status: int = 0
    off_site: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    console: list = field(default_factory=list)
    loaded: set = field(default_factory=set)
    broken_images: list = field(default_factory=list)
    images_without_alt: list = field(default_factory=list)
    squashed_images: list = field(default_factory=list)
    raw_math: list = field(default_factory=list)
    too_wide: list = field(default_factory=list)
    violations: list = field(default_factory=list)
    headings: list = field(default_factory=list)
    page: object = None


LOOK = """() => {
  const shown = element => element.getClientRects().length > 0;
  const images = [...document.images];
  const width = document.documentElement.clientWidth;
  const scrolls = element => element && element !== document.body &&
    (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const wide = document.documentElement.scrollWidth > width
    ? [...document.querySelectorAll("body *")].filter(element => shown(element)
        && element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement))
        .map(element => element.tagName + "." + element.className).slice(0, 5).concat("page")
    : [];
  const copy = document.querySelector("article")?.cloneNode(true);
  copy?.querySelectorAll("pre, code, script, mjx-container").forEach(element => element.remove());
  const text = copy?.textContent ?? "";
  return {
    broken_images: images.filter(image => !image.complete || image.naturalWidth === 0).map(image => image.src),
    images_without_alt: images.filter(image => !image.hasAttribute("alt") ||
      (image.closest("article") && image.alt.trim().split(/\\s+/).length < 4)).map(image => image.src),
    squashed_images: images.filter(image => image.naturalWidth && shown(image) && !image.src.endsWith(".svg") &&
      Math.abs(image.clientWidth / image.clientHeight / (image.naturalWidth / image.naturalHeight) - 1) > 0.03)
      .map(image => image.src),
    raw_math: [...document.querySelectorAll("article .math")].filter(math => !math.querySelector("mjx-math"))
      .map(math => math.textContent).concat(text.match(/\\\\[([]|\\$[^$\\s][^$]{0,40}\\$/g) ?? [],
      [...document.querySelectorAll("mjx-merror")].map(error => error.textContent)),
    too_wide: wide,
    headings: [...document.querySelectorAll("main h1")].map(heading => heading.textContent),
  };
}"""
TYPESET_ALL = "() => window.MathJax?.startup?.promise"
OPEN_REVEALS = """() => {
  document.querySelectorAll(".bd-article details").forEach(reveal => { reveal.open = true; });
}"""
LOAD_IMAGES = """async () => {
  document.querySelectorAll("img[loading=lazy]").forEach(image => { image.loading = "eager"; });
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
}"""


class Reader:
    """Visits pages with one browser context per screen and colour scheme; never twice the same."""

    def __init__(self, browser, address, site):
        self.browser, self.address, self.site = browser, address, site
        self.contexts, self.visits = {}, {}

    def context(self, mode):
        if mode not in self.contexts:
            size, scheme = mode.split("-")
            self.contexts[mode] = self.browser.new_context(viewport=SIZES[size], color_scheme=scheme,
                                                           reduced_motion="reduce")
            self.contexts[mode].set_default_timeout(20_000)
        return self.contexts[mode]

    def open(self, url, mode="desktop-light"):
        """A new tab at the address, watched; close it with `visit.page.close()`."""
        visit, page = Visit(), self.context(mode).new_page()
        visit.page = page

        def guard(route):
            parts = urlsplit(route.request.url)
            if parts.scheme in ("data", "blob", "file") or parts.netloc == urlsplit(self.address).netloc:
                visit.loaded.add(route.request.url)
                route.continue_()
            else:
                visit.off_site.append(route.request.url)
                route.abort()

        page.route("**/*", guard)
        page.on("console", lambda message: visit.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda problem: visit.console.append(str(problem)))
        page.on("requestfailed", lambda request: visit.failed.append(request.url))
        page.on("response", lambda response: visit.failed.append(response.url) if response.status >= 400
                and response.request.resource_type != "document" else None)
        response = page.goto(url, wait_until="load")
        visit.status = response.status if response else 0
        page.mouse.move(300, 300)  # a reader is there: formulas start to be typeset
        page.wait_for_function("!document.querySelector('article .math') || window.MathJax?.startup?.document")
        page.evaluate(TYPESET_ALL)
        return visit

    def visit(self, name, mode):
        """The page looked at in full, reveals open: what the tests ask about."""
        if (name, mode) not in self.visits:
            url = f"{self.address}no/such/page" if name == "404" else f"{self.address}{name}.html"
            visit = self.open(url, mode)
            ARTEFACTS.mkdir(parents=True, exist_ok=True)
            picture = ARTEFACTS / f"{name.replace('/', '_')}-{mode}.jpg"
            visit.page.evaluate(LOAD_IMAGES)
            visit.page.screenshot(path=picture, full_page=True, type="jpeg", quality=75)
            visit.page.evaluate(OPEN_REVEALS)
            visit.page.evaluate(LOAD_IMAGES)
            for key, value in visit.page.evaluate(LOOK).items():
                setattr(visit, key, value)
            if mode in AXE_MODES:
                visit.violations = axe_violations(visit.page, **AXE_MODES[mode])
            visit.page.close()
            self.visits[name, mode] = visit
        return self.visits[name, mode]


def axe_violations(page, **options):
    """What axe calls serious or critical, as readable lines."""
    from axe_playwright_python.sync_playwright import Axe

    result = Axe().run(page, options={"resultTypes": ["violations"], "preload": False, **options})
    def line(found, node):
        return f"{found['id']}: {node['html'][:150]} {' '.join(str(node.get('failureSummary')).split())[:250]}"

    return [line(found, node) for found in result.response["violations"] if found["impact"] in ("serious", "critical")
            for node in found["nodes"][:4]]

"""Look at a page of the built site in a browser, once, and ask everything that is to be asked of it.

A question is a function of the `Look`, the page as it stands before the reader. It returns the problems it has found,
each a line that says what is wrong and where. QUESTIONS lists them by the moment at which they are asked.
"""

import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tools.course import ROOT, Notebook, toc_pages
from tools.set_address import address, is_set

ARTEFACTS = ROOT / "artefacts" / "site"
PATIENCE = 240_000              # ms: for something to become so, on a machine however slow
SCHEMES = ("light", "dark")
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
TALLEST = 60_000        # px of a page in a picture; a JPEG has room for 65,535
AXE_MODES = {"desktop-light": {}, "phone-dark": {"runOnly": ["color-contrast", "link-in-text-block",
                                                             "scrollable-region-focusable"]}}
NOTEBOOK_PAGES = [page for page in toc_pages() if re.search(r"/\d\d-[\w-]+$", page)]
PAGES = [*toc_pages(), "search", "genindex", "404"]
REPOSITORY = address()


def has_figure(page):
    """Whether the page's source, a notebook or a text, has an interactive figure or a quiz in it."""
    notebook, text = ROOT / f"{page}.ipynb", ROOT / f"{page}.md"
    if notebook.exists():
        return any("seqlab.widgets import" in cell.source for cell in Notebook(notebook).code)
    return text.exists() and "{interactive}" in text.read_text(encoding="utf-8")


FIGURE_PAGES = [page for page in toc_pages() if has_figure(page)]


@dataclass
class Look:
    """A page in a browser, and what it did from the moment it was opened. Its `mode` is a size and a colour scheme."""

    name: str
    mode: str
    site: object
    page: object = None
    status: int = 0
    off_site: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    console: list = field(default_factory=list)
    loaded: set = field(default_factory=set)
    at_once: set = field(default_factory=set)       # of these, what was loaded before anybody scrolled
    problems: list = field(default_factory=list)
    dropped: list = field(default_factory=list)

    @property
    def scheme(self):
        return self.mode.rpartition("-")[2]


# --- what is asked of a page as it opens ------------------------------------------------------------------------------


def status(look):
    right = 404 if look.name == "404" else 200
    return [] if look.status == right else [f"the server answers {look.status}, not {right}"]


def run_in_one_click(look):
    """The button to Colab, or, without an address, to the notebook itself, on the first screen of a phone; every
    download of the bar; the number of the chapter."""
    if look.name not in NOTEBOOK_PAGES or look.mode != "phone-light":
        return []
    button, found = look.page.locator(".run-bar a").first, []
    link = f"https://colab.research.google.com/github/{REPOSITORY.removeprefix('https://github.com/')}/blob/main/"
    # a practice page gives the notebook to be filled, not the one with the answers
    notebook = f"{look.name.removeprefix('book/') if '/exercises/' in look.name else look.name}.ipynb"
    expected = f"{link}{notebook}" if is_set() else posixpath.relpath(
        f"_sources/{look.name}.ipynb", posixpath.dirname(look.name))
    if button.get_attribute("href") != expected or not (ROOT / notebook).is_file():
        found.append(f"the first button leads to {button.get_attribute('href')}")
    box = button.bounding_box()
    if box["y"] + box["height"] >= SIZES["phone"]["height"]:
        found.append("the first button is not on the first screen of a phone")
    downloads = [link.get_attribute("href") for link in look.page.locator(".run-bar a[download]").all()]
    if [Path(download).suffix for download in downloads] != [".ipynb", ".whl"]:
        found.append(f"the run bar offers to download {downloads}")
    found += [f"the download {download} is not there" for download in downloads
              if not (look.site / look.name).parent.joinpath(download).resolve().is_file()]
    number = re.search(r"/(\d\d)-", look.name)[1]
    if number not in (shown := look.page.locator("h1 .chapter-number").inner_text()):
        found.append(f"the heading says {shown!r}, not {number}")
    return found


def solutions_folded(look):
    if look.name not in NOTEBOOK_PAGES or "/exercises/" not in look.name or look.mode != "desktop-light":
        return []
    solutions = look.page.locator("div.tag_exercise").all()
    found = [] if len(solutions) >= 3 else [f"{len(solutions)} solutions, expected three or more"]
    for solution in solutions:
        words = solution.locator("summary .reveal-show").first.text_content()
        if words != "Show the solution" or solution.locator("pre").first.is_visible():
            found.append(f"a solution is not folded, or not named as such: {words!r}")
    return found


def words_where_a_kernel_is_needed(look):
    """A control that trains a network is, on the website, words that say where it runs."""
    notebook = ROOT / f"{look.name}.ipynb"
    if look.mode != "desktop-light" or not notebook.exists():
        return []
    controls = sum("@interact_manual" in cell.source for cell in Notebook(notebook).code)
    words = look.page.locator(".needs-kernel").all_inner_texts()
    found = [f"words on a control do not name Colab: {text!r}" for text in words if "Colab" not in text]
    if len(words) != controls:
        found.append(f"{controls} controls need a kernel, and {len(words)} times words say so")
    if "interactive(children" in look.page.locator("article").inner_text():
        found.append("the raw text of a control is shown")
    return found


# --- what is asked once everything is loaded, unfolded and live -------------------------------------------------------

LOOK = """() => {
  const shown = element => element.getClientRects().length > 0;
  const images = [...document.images];
  const width = document.documentElement.clientWidth;
  const scrolls = element => element && element !== document.body &&
    (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const wide = document.documentElement.scrollWidth > width
    ? ["the page is", ...[...document.querySelectorAll("body *")].filter(element => shown(element)
        && element.getBoundingClientRect().right > width + 1 && !scrolls(element.parentElement))
        .map(element => element.tagName + "." + element.className).slice(0, 5)]
    : [];
  const copy = document.querySelector("article")?.cloneNode(true);
  copy?.querySelectorAll("pre, code, script, math").forEach(element => element.remove());
  const text = copy?.textContent ?? "";
  const figures = [...document.querySelectorAll("[data-figure]")];
  const frame = host => host.shadowRoot.querySelector(".figure");
  return {
    "broken picture": images.filter(image => !image.complete || image.naturalWidth === 0).map(image => image.src),
    "picture without a description": images.filter(image => !image.hasAttribute("alt") ||
      (image.closest("article") && image.alt.trim().split(/\\s+/).length < 4)).map(image => image.src),
    "squashed picture": images.filter(image => image.naturalWidth && shown(image) && !image.src.endsWith(".svg") &&
      Math.abs(image.clientWidth / image.clientHeight / (image.naturalWidth / image.naturalHeight) - 1) > 0.03)
      .map(image => image.src),
    "formula not set": [...document.querySelectorAll("article math")].filter(math => shown(math.parentElement) &&
      math.getBoundingClientRect().width < 2).map(math => math.outerHTML).concat(
      text.match(/\\\\[([]|\\$[^$\\s][^$]{0,40}\\$/g) ?? [],
      [...document.querySelectorAll("merror, article .math")].map(error => error.textContent)),
    "wider than the screen": wide,
    "out of sight at the right": [...document.querySelectorAll(innerWidth > 600 ? ".cell pre" : ".cell_output pre")]
      .filter(printed => shown(printed) && printed.scrollWidth > printed.clientWidth + 1)
      .map(printed => printed.textContent.slice(0, 60)),
    "main headings": (count => count === 1 ? [] : [count])(document.querySelectorAll("main h1").length),
    "figure not live": [...document.querySelectorAll(".interactive:not(.is-live)")].map(place => place.className),
    "still picture beside its live figure": [...document.querySelectorAll(".interactive > img")].filter(shown)
      .map(image => image.src),
    "figure in the wrong colours": figures.filter(host => frame(host).dataset.theme !== SCHEME)
      .map(host => host.dataset.figure),
    "figure wider than its frame": figures.filter(host => frame(host).scrollWidth > frame(host).clientWidth + 1)
      .map(host => host.dataset.figure),
  };
}"""
LIVE = "() => document.querySelector('.interactive:not(.is-live, :has(.figure-words))') === null"
OPEN_REVEALS = """() => {
  document.querySelectorAll(".bd-article details").forEach(reveal => { reveal.open = true; });
}"""
LOAD_IMAGES = """async () => {
  document.querySelectorAll("img[loading=lazy]").forEach(image => { image.loading = "eager"; });
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
}"""


def turn(look, scheme):
    """Let the reader's device ask for light or dark, and wait until the page has followed."""
    look.page.emulate_media(color_scheme=scheme)
    look.page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
    look.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    look.mode = f"{look.mode.partition('-')[0]}-{scheme}"


def until_live(look):
    """Wait until every figure is live or has said that it cannot be; not once there is an error, which may be why."""
    for _ in range(PATIENCE // 50):
        if look.page.evaluate(LIVE) or look.console:
            return
        look.page.wait_for_timeout(50)


def looks(look):
    """Pictures, formulas, width, headings and figures, all read from the page at once."""
    found = look.page.evaluate(LOOK.replace("SCHEME", f'"{look.scheme}"'))
    return [f"{words}: {one}" for words, several in found.items() for one in several]


DROPPED = """([whole, kept]) => {
  const selectors = (rules, found = new Set()) => {
    for (const rule of rules) {
      if (rule.cssRules?.length) selectors(rule.cssRules, found);
      for (const one of rule.selectorText?.split(/,(?![^(]*[)])/) ?? []) found.add(one.trim());
    }
    return found;
  };
  const of = (css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); return selectors(sheet.cssRules); };
  return [...of(whole).difference(of(kept))];
}"""
USED = """(selectors) => selectors.filter(selector => document.querySelector(selector
  .replace(/::[a-z-]+/g, "")
  .replace(/:(?:hover|active|focus(?:-visible|-within)?|checked|disabled|visited)(?![a-z-])/g, "")
  .replace(/:(?:not|is|where)\\([\\s,]*\\)/g, "")
  .replace(/\\s*([>+~])\\s*/g, "$1").replace(/(^|[ >+~])(?=$|[ >+~])/g, "$1*")))"""


def dropped_rules(look):
    """The selectors of the theme's style sheets that are not in site.css."""
    whole, kept = look.site.parent / "whole.css", look.site / "_static" / "site.css"
    return look.page.evaluate(DROPPED, [whole.read_text("utf8"), kept.read_text("utf8")])


def styles_are_there(look):
    """No rule that would do something on the page as it stands has been taken out of the style sheet."""
    if not look.dropped:
        look.dropped = dropped_rules(look)
    return [f"rule taken out, and used: {rule}" for rule in look.page.evaluate(USED, look.dropped)]


def figures_are_there(look):
    there = look.page.locator("[data-figure]").count()
    return ["no interactive figure is shown"] if look.name in FIGURE_PAGES and not there else []


def accessible(look):
    """axe: nothing serious on the page, and nothing at all in a figure."""
    found = axe_violations(look.page, **AXE_MODES[look.mode]) if look.mode in AXE_MODES else []
    if look.name in FIGURE_PAGES:
        found += axe_violations(look.page, context=".interactive", impacts=None)
    return [f"axe, {line}" for line in dict.fromkeys(found)]


# --- what is asked of it on paper -------------------------------------------------------------------------------------

PAPER = {"width": 680, "height": 990}       # what the margins leave of A4, in CSS pixels
PRINTED = """() => {
  const article = document.querySelector("article");
  const frames = [...document.querySelectorAll("[data-figure]")].map(host => host.shadowRoot.querySelector(".figure"));
  const unseen = ".spoken, .tag_setup, .cell[hidden]";       // for ears, or for a notebook
  const shown = element => element.getClientRects().length > 0 && !element.closest(unseen);
  const all = selector => [article, ...frames].flatMap(part => [...part.querySelectorAll(selector)]).filter(shown);
  const named = element => `${element.tagName}.${element.getAttribute("class")} ${element.textContent.slice(0, 40)}`;
  const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).every(part => part > 200);
  const width = document.documentElement.clientWidth;
  const title = article.querySelector("h1");
  return {
    "no title": title && shown(title) ? [] : ["h1"],
    "not in the light": [document.body, ...frames].filter(part => !light(getComputedStyle(part).backgroundColor)
      || light(getComputedStyle(part).color)).map(named),
    "an answer is closed": [...article.querySelectorAll("details")].filter(reveal => !reveal.closest(unseen)
      && !(reveal.open && shown(reveal))).map(named),
    "wider than the paper": all("*:not(svg *)").filter(element => element.getBoundingClientRect().right > width + 1)
      .map(named).slice(0, 5),
    "cut at the right": all("pre, textarea").filter(text => text.scrollWidth > text.clientWidth + 1).map(named),
    "to be pressed": [...document.querySelectorAll("button, nav, [role=search]"),
      ...all("button:not(.sums *), input[type=range], input[type=button]")].filter(shown).map(named),
  };
}"""


def on_paper(look):
    """What a printer gets of a page that was dark."""
    if not look.mode.startswith("desktop") or look.name not in toc_pages():
        return []
    look.page.set_viewport_size(PAPER)
    look.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    look.page.emulate_media(media="print", color_scheme="dark")
    look.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = look.page.evaluate(PRINTED)
    return [f"on paper, {words}: {one}" for words, several in found.items() for one in several]


def picture_of(look):
    return ARTEFACTS / f"{look.name.replace('/', '_')}-{look.mode}.jpg"


def screenshot_kept(look):
    picture = picture_of(look)
    return [] if picture.stat().st_size > 5_000 else [f"the screenshot {picture.name} is nearly empty"]


# --- what is asked at last --------------------------------------------------------------------------------------------


def nothing_from_elsewhere(look):
    return [f"asked from another host: {url}" for url in look.off_site]


def nothing_missing(look):
    return [f"could not be loaded: {url}" for url in look.failed]


def no_error(look):
    known = "404 (Not Found)" if look.name == "404" else None
    return [f"error on the console: {line}" for line in look.console if not (known and known in line)]


BARE = """() => {
  const article = document.querySelector(".bd-article") ?? document.querySelector(".bd-search-container");
  const shown = element => element.checkVisibility({ visibilityProperty: true });
  const reveals = [...article.querySelectorAll("details")];
  reveals.forEach(reveal => { reveal.open = true; });
  const hidden = selector => [...article.querySelectorAll(selector)].filter(element => !shown(element))
    .map(element => element.outerHTML.slice(0, 120));
  return {
    "no heading": shown(article.querySelector("h1")) ? [] : ["h1"],
    "nothing to read": document.querySelector("main").innerText.split(/\\s+/).length < 20 ? [article.innerText] : [],
    "reveal without words on it": reveals.filter(reveal => !reveal.querySelector("summary")?.innerText.trim())
      .map(reveal => reveal.outerHTML.slice(0, 120)),
    "not to be seen": hidden("p, li, td, math, .cell_input pre, .cell_output pre, .cell_output img")
      .filter(html => !/answer|pst-js-only|search-said/.test(html)),
    "broken picture": [...document.images].filter(image => !image.complete || !image.naturalWidth)
      .map(image => image.src),
    "control that does nothing": [...document.querySelectorAll("main button, main textarea")].filter(shown)
      .filter(control => control.type !== "submit" || !control.form).map(control => control.outerHTML.slice(0, 120)),
    "code without colours": article.querySelector(".highlight-ipython3") && new Set([...article.querySelectorAll(
      ".highlight-ipython3 pre span")].map(span => getComputedStyle(span).color)).size < 3 ? ["code"] : [],
  };
}"""


def readable(look):
    """Without JavaScript text, formulas, code, outputs and pictures are seen, and nothing pretends to be a control."""
    return [f"{words}: {one}" for words, several in look.page.evaluate(BARE).items() for one in several]


def a_picture_or_words(look):
    """Without JavaScript a picture or words stand where a figure would be."""
    found, places = [], look.page.locator(".interactive").all()
    for place in places:
        place.scroll_into_view_if_needed()
        picture = place.locator("img")
        if picture.count():
            if len(picture.first.get_attribute("alt").split()) < 5 or not picture.first.is_visible():
                found.append(f"still picture not seen, or without a description: {picture.first.get_attribute('src')}")
        elif len(place.inner_text().split()) < 30:
            found.append(f"neither a picture nor words stand for a figure: {place.inner_text()!r}")
    return found if places or look.name not in FIGURE_PAGES else ["no place of a figure"]


LARGE = """async () => {
  const root = document.documentElement, drawn = () => new Promise(done => requestAnimationFrame(() =>
    requestAnimationFrame(done)));
  root.style.fontSize = "200%";
  await drawn();
  const wide = root.scrollWidth;
  root.style.fontSize = "";
  await drawn();
  return wide;
}"""


def large_letters_fit(look):
    """On a phone whose reader wants letters twice as large, nothing is pushed out of the page."""
    wide = look.page.evaluate(LARGE) if look.mode.startswith("phone") else 0
    return [f"{wide} px wide with letters twice as large"] if wide > SIZES["phone"]["width"] else []


ACTS = [nothing_from_elsewhere, nothing_missing, no_error]
QUESTIONS = {
    "opened": [status, run_in_one_click, solutions_folded, words_where_a_kernel_is_needed],
    "loaded": [looks, styles_are_there, figures_are_there, accessible, screenshot_kept],
    "printed": [on_paper],
    "closed": [large_letters_fit, *ACTS],
}


class Reader:
    """Visits pages with one browser context per screen and colour scheme; never twice the same."""

    def __init__(self, browser, address, site):
        self.browser, self.address, self.site = browser, address, site
        self.contexts, self.visits = {}, {}

    def context(self, mode, **more):
        key = (mode, *more.items())
        if key not in self.contexts:
            size, scheme = mode.split("-")
            self.contexts[key] = self.browser.new_context(viewport=SIZES[size], color_scheme=scheme,
                                                          has_touch=size == "phone", reduced_motion="reduce", **more)
            self.contexts[key].set_default_timeout(PATIENCE)
        return self.contexts[key]

    def open(self, url, mode="desktop-light", name="", **context):
        """A new tab at the address, watched; close it with `look.page.close()`."""
        look, page = Look(name, mode, self.site), self.context(mode, **context).new_page()
        look.page, here = page, urlsplit(self.address).netloc

        def asked(request):
            parts = urlsplit(request.url)
            own = parts.scheme in ("data", "blob", "file") or parts.netloc == here
            look.loaded.add(request.url) if own else look.off_site.append(request.url)

        page.on("request", asked)
        page.on("console", lambda message: look.console.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda problem: look.console.append(str(problem)))
        page.on("requestfailed", lambda request: look.failed.append(request.url))
        page.on("response", lambda response: look.failed.append(response.url) if response.status >= 400
                and response.request.resource_type != "document" else None)
        response = page.goto(url, wait_until="load")
        look.status = response.status if response else 0
        if context.get("java_script_enabled", True):
            page.wait_for_function("() => !document.querySelector('[data-in-parts]')")     # laid out to its end
            page.mouse.move(300, 300)  # a reader is there
        return look

    def visit(self, name, size):
        """The page looked at in full from the server, in the light and then in the dark; `problems` are all that was
        found. It is opened once: a reader's device may turn dark in the middle of a page."""
        if (name, size) in self.visits:
            return self.visits[name, size]
        address = f"{self.address}no/such/page" if name == "404" else f"{self.address}{name}.html"
        look = self.open(address, f"{size}-{SCHEMES[0]}", name)

        def ask(moment):
            look.problems += [f"{look.mode}: {problem}" for question in QUESTIONS[moment] for problem in question(look)]

        try:
            ask("opened")
            until_live(look)        # a still picture that is out of sight is not loaded once its figure is there
            look.at_once = set(look.loaded)
            look.page.evaluate(LOAD_IMAGES)
            ARTEFACTS.mkdir(parents=True, exist_ok=True)
            for scheme in SCHEMES:
                turn(look, scheme)
                tall = look.page.evaluate("document.documentElement.scrollHeight")
                wide = SIZES[look.mode.partition("-")[0]]["width"]
                look.page.screenshot(path=picture_of(look), full_page=True, type="jpeg", quality=75, clip={
                    "x": 0, "y": 0, "width": wide, "height": min(TALLEST, tall)})
            look.page.evaluate(OPEN_REVEALS)
            look.page.evaluate(LOAD_IMAGES)
            until_live(look)
            for scheme in reversed(SCHEMES):
                turn(look, scheme)
                ask("loaded")
            turn(look, SCHEMES[-1])
            ask("printed")
            ask("closed")
        finally:
            look.page.close()
        self.visits[name, size] = look
        return look

    def from_disk(self, name):
        """The page opened as a file."""
        look = self.open((self.site / f"{name}.html").as_uri(), name=name)
        look.page.evaluate(LOAD_IMAGES)
        until_live(look)
        look.problems = [problem for question in (figures_are_there, *ACTS) for problem in question(look)]
        look.page.close()
        return look

    def without_javascript(self, name):
        look = self.open((self.site / f"{name}.html").as_uri(), name=name, java_script_enabled=False)
        look.problems = a_picture_or_words(look) + readable(look)
        look.page.close()
        return look


def axe_violations(page, impacts=("serious", "critical"), context=None, **options):
    """What axe calls serious or critical (`impacts`; None for everything), as readable lines."""
    from axe_playwright_python.sync_playwright import Axe

    result = Axe().run(page, context=context, options={"resultTypes": ["violations"], "preload": False, **options})
    return [f"{found['id']}: {node['html'][:150]} {' '.join(str(node.get('failureSummary')).split())[:250]}"
            for found in result.response["violations"] if impacts is None or found["impact"] in impacts
            for node in found["nodes"][:4]]

"""Every page of the built site, in a real browser: wide and narrow, light and dark, from a server and from disk."""

import gzip
import json
import threading
from urllib.parse import unquote, urlsplit

import pytest
from browsing import ARTEFACTS, NOTEBOOK_PAGES, OPEN_REVEALS, PAGES, SIZES
from PIL import Image, ImageChops, ImageStat

from tools import serve
from tools.course import ROOT, some, toc_pages

# --- every page: one visit in each size, and all that is wrong with it in one message ---------------------------------


def nothing_wrong(look):
    if look.problems:
        lines = [f"- {problem}" for problem in dict.fromkeys(look.problems)]
        pytest.fail("\n".join([f"{look.name}, {len(lines)} problems:", *lines]), pytrace=False)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("size", SIZES)
def test_a_page(reader, size, name):
    """The questions are those of browsing.QUESTIONS, in the light and in the dark."""
    nothing_wrong(reader.visit(name, size))


@pytest.mark.parametrize("name", [page for page in PAGES if page != "404"])
@pytest.mark.parametrize("mode", ["disk"])
def test_a_page_from_disk(reader, mode, name):
    nothing_wrong(reader.from_disk(name))


@pytest.mark.parametrize("name", [page for page in PAGES if page != "404"])
@pytest.mark.parametrize("mode", ["bare"])
def test_a_page_without_javascript(reader, mode, name):
    nothing_wrong(reader.without_javascript(name))


# --- the front door --------------------------------------------------------------------------------------------------


def test_the_front_door_leads_to_the_first_page(reader):
    visit = reader.open(reader.address)
    visit.page.wait_for_url("**/book/intro.html")
    visit.page.close()
    assert visit.console == []


@pytest.mark.parametrize("prefix", ["/", "/courses/nets/"])
def test_the_404_page_finds_the_site_wherever_it_is(browser, site, prefix):
    server = serve.make_server(site)
    handler = server.RequestHandlerClass.func
    handler.prefix, known = prefix, handler.translate_path
    handler.translate_path = lambda self, path: known(self, path if path.startswith(prefix) else "/nowhere/at-all")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_context().new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}{prefix}no/such/page")
    link = page.get_by_role("link", name="Start at the first page")
    page.wait_for_function("""prefix => [...document.links].some(({ pathname, textContent }) =>
        textContent.startsWith("Start at") && pathname === `${prefix}index.html`)""", arg=prefix)
    link.click()
    page.wait_for_url(f"**{prefix}book/intro.html")
    assert page.locator("main h1").count() == 1
    page.context.close()
    server.shutdown()
    server.server_close()


# --- how it feels ----------------------------------------------------------------------------------------------------


def test_the_page_follows_the_readers_choice_of_light_or_dark_and_keeps_it(reader):
    page = reader.browser.new_context(color_scheme="light").new_page()
    page.goto(f"{reader.address}{toc_pages()[1]}.html")
    seen = []
    for _ in range(3):
        seen.append(page.evaluate("document.documentElement.dataset.mode"))
        page.locator(".theme-switch-button").first.click()
    assert sorted(seen) == ["auto", "dark", "light"]
    page.evaluate("localStorage.setItem('mode', 'dark'); localStorage.setItem('theme', 'dark')")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 24, 31)"
    page.context.close()


def test_plots_are_inverted_in_the_dark_unless_they_are_photos(reader):
    page = reader.open(f"{reader.address}book/10-images-as-sequences.html", "desktop-dark").page
    cells = page.locator(".cell:has(.cell_output img)")
    filters = {("tag_as-is" in cells.nth(k).get_attribute("class"),
                cells.nth(k).locator("img").first.evaluate("image => getComputedStyle(image).filter") == "none")
               for k in range(cells.count())}
    page.close()
    assert filters and all(as_is == untouched for as_is, untouched in filters)


def test_a_reveal_opens_by_keyboard_and_says_what_it_holds(reader):
    page = reader.open(f"{reader.address}{NOTEBOOK_PAGES[0]}.html").page
    reveal = page.locator("details.reveal-output").first
    assert reveal.locator("summary").inner_text().startswith("Made your prediction?")
    assert not reveal.locator(".cell_output").is_visible()
    reveal.locator("summary").focus()
    page.keyboard.press("Enter")
    assert reveal.locator(".cell_output").is_visible()
    assert reveal.locator("summary").inner_text().startswith("Hide")
    page.close()


IN_PARTS = """() => {
  self.seen = [];
  new MutationObserver(() => seen.push(document.documentElement.hasAttribute("data-in-parts"))).observe(document,
    { subtree: true, attributes: true, attributeFilter: ["data-in-parts"] });
}"""


@pytest.mark.parametrize(("place", "seen"), [("", [True, False]), ("#quiz", [])])
def test_a_page_opened_at_its_top_is_laid_out_in_parts_and_then_whole(reader, place, seen):
    """At a place further down it is laid out at once, so that the place is where it is."""
    page = reader.browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.add_init_script(f"({IN_PARTS})()")
    page.goto(f"{reader.address}{NOTEBOOK_PAGES[0]}.html{place}")
    page.wait_for_function("""([count, down]) => document.readyState === "complete" && seen.length >= count
        && scrollY > 1000 === down""", arg=[len(seen), bool(place)])
    assert page.evaluate("seen") == seen
    skipped = "() => [...document.querySelectorAll('section')].filter(one => getComputedStyle(one)" \
              ".contentVisibility !== 'visible').length"
    assert page.evaluate(skipped) == 0
    page.context.close()


def test_what_scrolls_sideways_is_reached_by_tab_and_nothing_else_is(reader):
    look = reader.open(f"{reader.address}book/06-backprop-through-time.html", "phone-light")
    look.page.evaluate(OPEN_REVEALS)
    look.page.wait_for_function("""() => {
      const seen = [...document.querySelectorAll(".bd-article :is(pre, .formula)")].filter(one =>
        one.getClientRects().length);
      self.wrong = seen.filter(one => (one.scrollWidth > one.clientWidth) !== (one.tabIndex === 0));
      return seen.some(one => one.tabIndex === 0) && self.wrong.length === 0;
    }""")
    look.page.close()


# --- how much is loaded ----------------------------------------------------------------------------------------------


def compressed_sizes(reader, site, urls):
    """Address -> bytes over the line: text gzipped, pictures and fonts as they are."""
    prefix = urlsplit(reader.address).path
    sizes = {}
    for url in urls:
        path = site / unquote(urlsplit(url).path.removeprefix(prefix))
        if urlsplit(url).scheme == "http" and path.is_file():
            content = path.read_bytes()
            packed = path.suffix in (".png", ".webp", ".woff", ".woff2")
            sizes[path] = len(content) if packed else len(gzip.compress(content, 6))
    return sizes


# What is read to its end may weigh more here: three times six pictures of gates, in which no two pixels are alike.
HEAVY = {"book/12-inside-the-lstm": 230_000}


@pytest.mark.parametrize("size", ["desktop"])      # among the visits in that size
def test_pages_are_light(reader, site, size):
    """The first page with all it loads is at most 300 kB; each later one 120 kB more when it is opened, and, but for
    the heavy, when it has been read to its end, with all its pictures and figures."""
    known, report = {}, {"opened": {}, "read": {}}
    for name in toc_pages():
        look = reader.visit(name, size)
        for moment, urls in (("opened", look.at_once), ("read", look.loaded)):
            sizes = compressed_sizes(reader, site, urls)
            report[moment][name] = sum(size for path, size in sizes.items() if path not in known)
        known |= sizes
    (ARTEFACTS / "page-sizes.json").write_text(json.dumps(report, indent=1) + "\n")
    limits = dict.fromkeys(toc_pages(), 120_000) | {toc_pages()[0]: 300_000}
    assert {name: weight for name, weight in report["opened"].items() if weight > limits[name]} == {}
    limits |= HEAVY
    assert {name: weight for name, weight in report["read"].items() if weight > limits[name]} == {}


def test_a_picture_on_a_page_is_the_stored_one_in_fewer_colours(site):
    for small in some((site / "_images").glob("*.webp")):
        stored = site.parent / "jupyter_execute" / f"{small.stem}.png"
        with Image.open(small) as seen, Image.open(stored) as was:
            assert seen.size == was.size
            apart = ImageStat.Stat(ImageChops.difference(seen.convert("RGB"), was.convert("RGB"))).rms
            assert max(apart) < 2.5, f"{small.name} differs by {apart} of 255"


# --- what stands on the pages ----------------------------------------------------------------------------------------


def test_every_notebook_of_the_book_is_on_the_site():
    files = [*(ROOT / "book").glob("*.ipynb"), *(ROOT / "book" / "exercises").glob("*.ipynb")]
    assert sorted(NOTEBOOK_PAGES) == sorted(file.relative_to(ROOT).with_suffix("").as_posix() for file in files)

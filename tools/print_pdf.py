"""Print pages of the website as PDF files to hand out, each named after its page: every chapter, or the pages named.

    python -m tools.print_pdf                       _build/pdf/01-order-matters.pdf, ..., on A4; needs Chromium
    python -m tools.print_pdf --paper Letter book/02-scalar-rnn book/exercises/02-scalar-rnn

How a page looks on paper is said where it looks otherwise on the screen, in `@media print` of the style sheets: a
file made here is what a reader's own browser prints. Links lead to the published site, if there is one.
"""

import argparse
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from tools import build_site, serve
from tools.browsers import find_browser
from tools.course import ROOT, chapters, toc_pages
from tools.set_address import address, is_set, spellings

FOLDER = ROOT / "_build" / "pdf"
PAPERS = ("A4", "Letter")
PATIENCE = 240_000              # ms: for something to become so, on a machine however slow

# What a page fetches only when it is looked at, it fetches now: pictures further down, formulas.
FETCH = """async () => {
  dispatchEvent(new Event("pointermove"));
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
}"""
READY = """() => !document.querySelector(".interactive:not(.is-live, :has(.figure-words))")
  && [...document.querySelectorAll(".bd-article .math")].every((formula) => formula.matches("math")
    || formula.querySelector("mjx-container, math"))"""
# Within a file a link leads to a place in it, to another host, or to the published site; else it is none.
LEAD_OUT = """(published) => {
  const here = location.href.split("#")[0];
  for (const link of document.querySelectorAll(".bd-article a[href]")) {
    const [page, place] = link.href.split("#");
    if (page === here) link.setAttribute("href", `#${place ?? ""}`);
    else if (link.origin !== location.origin) continue;
    else if (published) link.href = published + link.pathname + link.hash;
    else link.removeAttribute("href");
  }
}"""


def chapter_pages() -> list[str]:
    """The pages of all chapters, in order."""
    return [one.path.relative_to(ROOT).with_suffix("").as_posix() for one in chapters()]


def file_name(page: str) -> str:
    """What the PDF of a page is called: as its notebook or text; of a practice page, that and `practice`."""
    return page.rpartition("/")[2] + ("-practice" if "/exercises/" in page else "") + ".pdf"


def published_at() -> str:
    """The host of the published site, such as https://you.github.io; empty if it is not published."""
    return spellings(address())["site"].rpartition("/")[0] if is_set() else ""


def print_page(tab, url: str, target: Path, paper: str = "A4") -> bytes:
    """Print the page at this address, in a tab of a browser, into a file; return what the file holds."""
    tab.set_default_timeout(PATIENCE)
    tab.goto(url, wait_until="load")
    tab.evaluate(FETCH)
    tab.wait_for_function(READY)
    tab.evaluate(LEAD_OUT, published_at())
    target.parent.mkdir(parents=True, exist_ok=True)
    return tab.pdf(path=target, format=paper, prefer_css_page_size=True, print_background=True, tagged=True,
                   outline=True)


@contextmanager
def served(site: Path):
    """The address of the site, as long as this lasts."""
    server = serve.make_server(site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{serve.site_prefix()}"
    finally:
        server.shutdown()
        server.server_close()


def print_pages(pages: list[str], folder: Path, paper: str) -> list[Path]:
    """Print these pages, with a progress bar, and return the files.

    Raises:
        FileNotFoundError: there is no browser here.
    """
    from playwright.sync_api import sync_playwright

    executable = find_browser()
    with served(build_site.build()) as start, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"], timeout=PATIENCE)
        tab = browser.new_context(reduced_motion="reduce").new_page()
        bar, files = tqdm(pages, unit="page"), []
        for page in bar:
            bar.set_description(file_name(page))
            files.append(folder / file_name(page))
            print_page(tab, f"{start}{page}.html", files[-1], paper)
        browser.close()
    return files


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", help="such as book/02-scalar-rnn; every chapter if none is named")
    parser.add_argument("--paper", choices=PAPERS, default=PAPERS[0])
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER")
    options = parser.parse_args()
    unknown = [page for page in options.pages if page not in toc_pages()]
    if unknown:
        parser.error(f"there is no page {', '.join(unknown)}; the pages are {', '.join(toc_pages())}")
    try:
        files = print_pages(options.pages or chapter_pages(), options.to, options.paper)
    except FileNotFoundError as problem:
        print(f"A PDF is printed by Chromium or Chrome: {problem}.\n`make tools` installs one where that can be done; "
              "or open a page in any browser and print it there.")
        return 1
    size = sum(file.stat().st_size for file in files) / 1e6
    print(f"{len(files)} PDF {'file' if len(files) == 1 else 'files'}, {size:.1f} MB, in {options.to}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

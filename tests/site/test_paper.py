"""The pages on paper: as a reader's browser prints them, and as PDF files to hand out.

What is asked of every page is `on_paper` in browsing.py.
"""

import re

import pdf_text
import pytest
from browsing import ARTEFACTS, NOTEBOOK_PAGES, turn
from pdf_text import squeezed

from tools import course, print_pdf
from tools.set_address import address, is_set, spellings

CHAPTER = course.chapter("scalar-rnn")
PAGE = CHAPTER.path.relative_to(course.ROOT).with_suffix("").as_posix()
DIGITS = re.compile(r"\d+\.\d+")


def test_what_is_opened_for_the_printer_is_closed_again(reader):
    look = reader.open(f"{reader.address}{NOTEBOOK_PAGES[0]}.html")
    turn(look, "dark")
    closed = look.page.locator(".bd-article details:not([open])")
    before = closed.count()
    look.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert before and closed.count() == 0
    assert look.page.evaluate("document.documentElement.dataset.theme") == "light"
    look.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert closed.count() == before
    assert look.page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert not look.page.evaluate("/@page/.test([...document.querySelectorAll('style')].map(one => one.textContent))")
    look.page.close()


def test_a_picture_is_not_caught_in_motion(reader):
    look = reader.open(f"{reader.address}book/intro.html")
    moving = ("() => document.getAnimations().filter(one => one.animationName && one.playState === 'running')"
              ".map(one => one.animationName)")
    look.page.emulate_media(reduced_motion="no-preference", media="screen")
    assert "reading-appear" in look.page.evaluate(moving)
    look.page.emulate_media(reduced_motion="no-preference", media="print")
    assert look.page.evaluate(moving) == []
    look.page.close()


def test_the_reference_card_fits_on_one_sheet(reader):
    look = reader.open(f"{reader.address}book/appendix/reference-card.html")
    sheet = look.page.pdf(format="A4", path=ARTEFACTS / "reference-card.pdf", prefer_css_page_size=True)
    look.page.close()
    assert pdf_text.pages(sheet) == 1


@pytest.fixture(scope="module", params=print_pdf.PAPERS)
def printed(request, reader):
    """A chapter as a PDF, printed by a reader whose pages are dark, and the tab in which it was."""
    tab = reader.browser.new_context(color_scheme="dark").new_page()
    target = ARTEFACTS / request.param / print_pdf.file_name(PAGE)
    print_pdf.print_page(tab, f"{reader.address}{PAGE}.html", target, request.param)
    yield target.read_bytes(), tab
    tab.context.close()


def test_a_chapter_as_a_pdf_holds_all_of_it(printed):
    pdf, tab = printed
    letters = pdf_text.letters(pdf)
    numbers = [DIGITS.findall(cell.printed) for cell in CHAPTER.code if DIGITS.search(cell.printed)]
    answer = tab.locator(".bd-article details:not(.reveal) p").last.inner_text()
    for wanted in (CHAPTER.title, numbers[-1][-1], answer[:60], CHAPTER.code[-2].source.split("\n")[0]):
        assert squeezed(wanted) in letters, wanted
    count = pdf_text.pages(pdf)
    assert count > 5 and len(pdf) < 3_000_000
    for page in range(1, count + 1):
        assert f"{page}/{count}" in letters, f"page {page} has no number at its foot"
    assert letters.count(squeezed(tab.title())) >= count, "a page without the title at its foot"


def test_a_link_in_a_pdf_leads_to_no_machine(printed):
    pdf, _ = printed
    own = spellings(address())["site"] if is_set() else "nowhere"
    led = course.some(pdf_text.addresses(pdf))
    assert [one for one in led if not one.startswith("https://")] == []
    assert is_set() == any(one.startswith(own) for one in led)


def test_links_within_the_course_lead_to_its_published_site(reader):
    tab = reader.open(f"{reader.address}{PAGE}.html").page
    tab.evaluate(print_pdf.LEAD_OUT, "https://you.github.io")
    led = tab.eval_on_selector_all(".bd-article a.internal[href]",
                                   "links => links.map(link => link.getAttribute('href'))")
    tab.close()
    assert "https://you.github.io/seqlab/book/03-shapes.html" in led
    assert [one for one in led if not one.startswith(("https://you.github.io/seqlab/", "#"))] == []

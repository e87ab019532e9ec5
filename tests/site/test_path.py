"""The way through the course, as the built pages show it: the chapters of _toc.yml, each followed by its practice."""

import re

from tools import course

CARD = re.compile(r'sd-card-title.*?(\d\d) ([^<]+?)\s*<.*?(\d+) minutes.*?href="([^"#]+)"', re.DOTALL)


def test_the_first_page_has_a_card_for_every_chapter(site):
    page = (site / "book/intro.html").read_text("utf8")
    path = page[page.index('id="the-path"'):page.index('id="how-to-run-it"')]
    assert CARD.findall(path) == [(one.number, one.title, str(one.minutes), f"{one.name}.html")
                                  for one in course.chapters()]
    captions = re.findall(r"<h3>([^<]+)", path)
    assert captions == [*(caption for caption, _ in course.parts()), "Still to come"]


def test_every_promise_begins_with_a_sentence_that_fits_a_card():
    for chapter in course.chapters():
        assert re.match(r"[A-Z*]", chapter.sentence) and 8 <= len(chapter.sentence.split()) <= 35, chapter.sentence


def test_the_foot_of_each_page_leads_from_chapter_to_practice_to_the_next_chapter(site):
    walked, page = [], site / "book/intro.html"
    while page:
        walked.append(page.relative_to(site).with_suffix("").as_posix())
        onward = re.search(r'class="right-next"\s+href="([^"]+)"', page.read_text("utf8"))
        page = onward and (page.parent / onward[1]).resolve()
    way = [page for one in course.chapters() for page in (f"book/{one.name}", f"book/exercises/{one.name}")]
    assert walked == ["book/intro", *way, "book/review", "book/playground",
                      *(one for one in course.toc_pages() if "/appendix/" in one)]

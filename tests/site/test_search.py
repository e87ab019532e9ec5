"""The search finds the section that a learner means, and opens it there; from the server and from disk.

QUERIES are those of a review, which found few of them in the first edition, and what learners ask besides. The place is
given by words that stand in it, so that its heading may change.
"""

import json
import re
from urllib.parse import quote

import pytest
from browsing import SIZES, axe_violations

from tools.course import chapter, notebooks

GLOSSARY, MISTAKES, MESSAGES = (f"book/appendix/{page}" for page in ("glossary", "mistakes", "error-messages"))


def of(subject):
    return f"book/{chapter(subject).name}"


QUERIES = {     # what is typed -> the page that is meant, and words of the place in it: one of the first two results
    "batch_first": (MISTAKES, "builds this bug and measures what it costs"),
    "h_n vs out": (of("shapes"), "every step"),
    "squeeze": (MISTAKES, "squeeze(1)"),
    "vanishing gradient": (of("backprop-through-time"), "vanishing gradient"),
    "pack_padded_sequence": (of("variable-lengths"), "pack_padded_sequence"),
    "hidden state shape": (GLOSSARY, "(num_layers * directions, batch, hidden_size)"),
    "clip": (of("backprop-through-time"), "clip_grad_norm_"),
    "bidirectional": (GLOSSARY, "one from each end"),
    "forget gate bias": (of("lstm"), "bias_hh"),
    "Colab": ("book/intro", "You need a Google account"),
    "loss not decreasing": (MISTAKES, "train on it alone"),
    "instructor": ("book/appendix/for-instructors", "what is here and what is missing"),
    "teacher forcing": (GLOSSARY, "Training a decoder"),
    "padding mask": (GLOSSARY, "True on real steps"),
    "detach hidden state": (of("backprop-through-time"), "from chunk to chunk"),
    "many to one": (GLOSSARY, "one answer out"),
    "update gate convention": (GLOSSARY, "keeps the old state"),
    "Expected hidden[0] size": (MESSAGES, "Expected hidden[0] size"),
    "input.size(-1) must be equal to input_size": (MESSAGES, "input.size(-1) must be equal to input_size"),
    "argument 'input' must be Tensor, not tuple": (MESSAGES, "must be Tensor, not tuple"),
    "index 1 is out of bounds": (MESSAGES, "is out of bounds"),
}
RESULTS = """() => [...document.querySelectorAll("#search-results li")].map(item => ({
  address: item.querySelector("a").href,
  title: item.querySelector("a").textContent,
  page: item.querySelector(".search-page")?.textContent ?? "",
}))"""
# The text at the place to which the address leads (for a term of the glossary, its own entry), and where it stands.
PLACE = """() => {
  const place = document.querySelector(location.hash ? ":target" : "main section");   // or the page from its top
  if (!place) return { text: "" };
  const entry = place.tagName === "DT" ? place.nextElementSibling : place;
  return { text: entry.textContent.replace(/\\s+/g, " "), top: place.getBoundingClientRect().top,
           end: scrollY + innerHeight >= document.documentElement.scrollHeight - 2,
           marked: document.querySelectorAll(".highlighted").length };
}"""


def results(page, base, query):
    page.goto(f"{base}search.html?q={quote(query)}")
    page.wait_for_function("document.querySelector('#search-said').textContent")
    return page.evaluate(RESULTS)


@pytest.mark.parametrize("where", ["server", "disk"])
def test_each_query_finds_the_place_that_is_meant_and_opens_it_there(reader, site, where):
    base = reader.address if where == "server" else f"{site.as_uri()}/"
    look, wrong = reader.open(f"{base}search.html"), []
    for query, (name, said) in QUERIES.items():
        first = results(look.page, base, query)[:2]
        places = []
        for one in first:
            if f"/{name}.html" in one["address"]:
                look.page.goto(one["address"])
                places.append(look.page.evaluate(PLACE))
        seen = [place for place in places if said in place["text"]]
        if not seen:
            wrong.append(f"{query}: {[(one['page'], one['title']) for one in first]}")
        wrong += [f"{query}: opens at {place['top']:.0f} px" for place in seen
                  if not (0 <= place["top"] < 300 or place["end"])]
        wrong += [f"{query}: {place['marked']} words highlighted" for place in seen if place["marked"]]
    look.page.close()
    assert wrong == []
    assert look.console == [] and look.off_site == []
    assert [url for url in look.failed if "/search" in url] == []    # the others: a page was left while it loaded


def test_a_result_says_whether_it_is_a_chapter_or_its_practice(open_page, reader):
    page = open_page("search")
    names = {one["page"] for one in results(page, reader.address, "clip gradient")}
    assert any(re.match(r"Chapter \d\d: ", name) for name in names), names
    assert any(re.match(r"Practice \d\d: ", name) for name in names), names


@pytest.fixture(scope="module")
def sections(site):
    """[[page, place, title, prose, more, weight]], as the search page reads them."""
    text = (site / "_static" / "search" / "sections.js").read_text("utf8")
    return json.loads(text.removeprefix("self.seqlabSections = ").removesuffix(";\n"))["sections"]


def test_set_up_menus_and_solutions_are_not_searched(sections):
    everything = "\n".join("\n".join(section[2:5]) for section in sections)
    assert len(sections) > 200
    for unseen in ("import torch", "find_spec", "Run it in your browser", "@title Solution", "Download the notebook\n",
                   "\nWrong\n", "Raises it"):
        assert unseen not in everything, unseen
    for seen in ("expect_shape(", "CrossEntropyLoss"):
        assert seen in everything, seen


def test_what_a_reveal_hides_is_found_and_not_shown(sections):
    """A result must not tell what a reader is asked to predict: it shows `prose`, and never `more`."""
    shown, hidden = ("\n".join(section[k] for section in sections) for k in (3, 4))
    answers = [line for notebook in notebooks() for cell in notebook.markdown
               for reveal in re.findall(r"</summary>\n\n(.*?)</details>", cell.source, re.DOTALL)
               for line in re.findall(r"^(?:[A-Z][a-z]+ )(?:[a-z]+ ){5}", reveal, re.MULTILINE)]
    assert len(answers) > 20
    assert [answer for answer in answers if answer in shown or answer not in hidden] == []


def test_a_query_that_finds_nothing_leads_to_the_glossary(open_page, reader):
    page = open_page("search")
    assert results(page, reader.address, "xyzzyx") == []
    assert "Nothing found" in page.locator("#search-said").inner_text()
    page.locator("#search-said a").click()
    page.wait_for_url("**/glossary.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_the_results_fit_and_are_accessible(reader, width, scheme):
    page = reader.browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    assert len(results(page, reader.address, "pack_padded_sequence")) >= 5
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    magnifier, typed = page.evaluate("""() => [".fa-magnifying-glass", "input"].map(part =>
        document.querySelector(`.bd-search-container ${part}`).getBoundingClientRect().toJSON())""")
    assert magnifier["right"] <= typed["left"] + 1, "the magnifier lies on what is typed"
    assert axe_violations(page, impacts=None, context=".bd-search-container") == []
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_by_keyboard_from_any_page_to_the_place(reader, size):
    """Ctrl+K, a query, Enter, Tab to the first result, Enter."""
    look = reader.open(f"{reader.address}{of('scalar-rnn')}.html", f"{size}-light")
    page = look.page
    page.keyboard.press("Control+k")
    magnifier, typed = page.evaluate("""() => [".fa-magnifying-glass", "input"].map(part =>
        document.querySelector(`#pst-search-dialog ${part}`).getBoundingClientRect().toJSON())""")
    assert magnifier["right"] <= typed["left"] + 1, "the magnifier lies on what is typed"
    page.keyboard.type("teacher forcing")
    page.keyboard.press("Enter")
    page.locator("#search-results li").first.wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.querySelector('#search-results a')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary.html#*")
    assert "Training a decoder" in page.evaluate(PLACE)["text"]
    page.close()
    assert look.console == [] and look.failed == [] and look.off_site == []

"""The style sheet holds what pages use, in every state that a reader can bring them into, and not much more.

As a page is first seen, wide and narrow, light and dark, browsing.styles_are_there asks it with the other questions.
"""

import pytest
from browsing import dropped_rules, styles_are_there

LSTM, PRACTICE = "book/08-lstm", "book/exercises/03-shapes"


def menu(page):
    page.locator(".primary-toggle").first.click()
    page.locator("dialog .bd-links, .bd-sidebar-primary .bd-links").first.wait_for()


def contents(page):
    page.locator(".secondary-toggle").first.click()
    page.locator("dialog .toc-entry, .bd-sidebar-secondary .toc-entry").first.wait_for()


def search(page):
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input, .search-button__wrapper.show input").first.wait_for()


def found(page):
    page.goto(page.url.partition("/book/")[0] + "/search.html?q=hidden+state")
    page.locator("#search-results li").first.wait_for()


def tooltip(page):
    page.locator("[data-bs-toggle=tooltip] >> visible=true").first.hover()
    page.locator(".tooltip").wait_for()


def dropdown(page):
    page.locator("[data-bs-toggle=dropdown] >> visible=true").first.click()
    page.locator(".dropdown-menu.show").wait_for()


def copied(page):
    page.locator("button.copybtn").first.evaluate("button => button.classList.add('success')")  # for a moment, in use


def scrolled(page):
    page.evaluate("document.querySelectorAll('.toc-entry, .toc-entry a').forEach(one => one.classList.add('active'))")


def paper(page):
    page.emulate_media(media="print")


def answering(page):
    page.locator(".answer button").first.evaluate("button => button.ariaDisabled = 'true'")     # while Python loads


def answered(page):
    page.locator(".answer textarea").first.fill("nonsense(")
    page.locator(".answer button").first.click()
    page.wait_for_function("""() => [...document.querySelectorAll(".answer [role=status], .answer output, .answer pre")]
        .some(said => said.textContent.trim()) && !document.querySelector(".answer [aria-disabled=true]")""")


STATES = [(menu, "phone-light", LSTM), (contents, "phone-dark", LSTM), (search, "desktop-light", LSTM),
          (found, "desktop-light", LSTM), (tooltip, "desktop-light", LSTM), (dropdown, "desktop-dark", LSTM),
          (copied, "desktop-light", LSTM), (scrolled, "desktop-light", LSTM), (paper, "desktop-light", LSTM),
          (answering, "desktop-light", PRACTICE), (answered, "desktop-light", PRACTICE)]


@pytest.mark.parametrize(("bring_about", "mode", "name"), STATES, ids=[state.__name__ for state, _, _ in STATES])
def test_no_rule_is_missing(reader, bring_about, mode, name):
    look = reader.open(f"{reader.address}{name}.html", mode, name)
    bring_about(look.page)
    missing = styles_are_there(look)
    look.page.close()
    assert missing == []


def test_a_rule_that_is_missing_would_be_noticed(reader):
    """One is used as it stands, one in a state, one is not used."""
    look = reader.open(f"{reader.address}{LSTM}.html")
    look.dropped = [".bd-article .formula > math", "html[data-theme='light'] a:hover", ":focus-visible",
                    "button:not(:disabled)::before", ".carousel-item"]
    missing = styles_are_there(look)
    look.page.close()
    assert [words.partition(": ")[2] for words in missing] == look.dropped[:4]


def test_most_of_the_theme_s_rules_are_gone(reader, site):
    look = reader.open(f"{reader.address}{LSTM}.html")
    dropped = dropped_rules(look)
    look.page.close()
    assert len(dropped) > 3000 and ".carousel-item" in dropped
    assert (site / "_static" / "site.css").stat().st_size < 0.5 * (site.parent / "whole.css").stat().st_size

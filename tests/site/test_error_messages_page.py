"""The page of error messages tells the truth: each snippet raises the message that stands below it, or runs."""

import re
import warnings
from pathlib import Path

import pytest

from tools.course import find_all

PAGE = Path(__file__).resolve().parents[2] / "book" / "appendix" / "error-messages.md"
TEXT = PAGE.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(python|text)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
SET_UP = FENCE.search(TEXT.split("\n## ")[0])[2]


def sections():
    """Heading -> ([(wrong code, the messages it may raise, by version)], right code)."""
    found = {}
    for section in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]:
        *fences, (last, right) = FENCE.findall(re.split(r"^## ", section, flags=re.MULTILINE)[0])
        wrong = []
        for kind, text in fences:
            if kind == "python":
                wrong.append((text, []))
            else:
                wrong[-1][1].append(" ".join(text.split()))
        heading = section.splitlines()[0]
        assert last == "python" and wrong and all(messages for _, messages in wrong), heading
        assert heading not in found, f"two sections have the heading {heading}"
        found[heading] = (wrong, right)
    return found


SECTIONS = sections()


def run(code):
    """The snippet after the page's set-up. A warning counts as an error."""
    names = {}
    exec(SET_UP, names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message="LSTM with projections")
        exec(code, names)


def is_message(said, raised):
    """Whether the page says what was raised; what it leaves out as `...` is not compared."""
    return re.fullmatch(".*".join(map(re.escape, said.split("..."))), raised) is not None


def test_there_are_many_messages_and_no_two_are_alike():
    said = [message for wrong, _ in SECTIONS.values() for _, messages in wrong for message in messages]
    assert len(SECTIONS) >= 23 and len(said) >= 28
    assert len(find_all(r"^```", TEXT, re.MULTILINE)) == 2 * len(FENCE.findall(TEXT)), "a snippet of another kind"


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_wrong_code_raises_what_is_said_and_the_right_code_runs(heading):
    wrong, right = SECTIONS[heading]
    for code, messages in wrong:
        with pytest.raises((Exception, Warning)) as caught:
            run(code)
        raised = " ".join(f"{caught.type.__name__}: {caught.value}".split())
        assert any(is_message(said, raised) for said in messages), raised
    run(right)


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_heading_is_made_of_the_words_of_each_of_its_messages(heading):
    """So that a search for the words of a message finds its section."""
    words = re.findall(r"\w+", heading)
    for _, messages in SECTIONS[heading][0]:
        left = iter(re.findall(r"\w+", messages[0]))
        assert len(words) >= 4 and all(word in left for word in words), messages[0]


def test_a_message_that_says_something_else_is_noticed():
    assert is_message("TypeError: a ... b", "TypeError: a and b") and is_message("E: a", "E: a")
    assert not any(is_message(*pair) for pair in (("E: a", "E: a b"), ("E: a.", "E: ab"), ("E: ... b", "E: a c")))

"""How long a chapter takes, by one rule: `python -m tools.reading_time` writes it into the first cells, and prints why.

    a minute for 200 words, for 10 lines of code, for 2 toggles to open; 2 for a figure to move or a set of questions;
    3 for a step to write; rounded to 5 minutes. Sources and folded code are not counted, nor is what the cells take.

`make run` does it too, for the notebooks that it stores.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from tools import course

PER = {"words": 1 / 200, "lines of code": 1 / 10, "toggles to open": 1 / 2, "figures and sets of questions": 2,
       "steps to write": 3}
STATED = re.compile(r"(?<=\*\*Time\*\* )\d+(?= minutes)")
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)      # read as one word
NO_WORD = re.compile(r"<[^>]+>|\]\([^)]*\)")


def counts(notebook: course.Notebook) -> dict[str, int]:
    """What the rule counts, by the names of PER."""
    prose = re.split(r"^## Sources$", notebook.prose, flags=re.MULTILINE)[0]
    code = notebook.code[1:]
    open_code = [cell for cell in code if not cell.tags & {"hide-input", "remove-input"}]
    return {"words": len(re.findall(r"[^\W_][\w'-]*", NO_WORD.sub(" ", FORMULA.sub(" x ", prose)))),
            "lines of code": sum(bool(line.strip()) for cell in open_code for line in cell.source.splitlines()),
            "toggles to open": prose.count("<details") + sum("hide-output" in cell.tags for cell in code),
            "figures and sets of questions": sum("remove-input" in cell.tags for cell in code),
            "steps to write": sum("your-turn" in cell.tags for cell in code)}


def minutes(notebook: course.Notebook) -> int:
    """By the rule, rounded to 5, and never less than that."""
    return max(5, 5 * round(sum(PER[name] * count for name, count in counts(notebook).items()) / 5))


def tell(path: Path) -> bool:
    """Write the minutes into the first cell of a chapter, if others stand there; returns whether it did."""
    text, said = path.read_text("utf8"), minutes(course.Notebook(path))
    told = STATED.sub(str(said), text, count=1)
    if told != text:
        path.write_text(told, "utf8")
    return told != text


def table(notebooks: Iterable[course.Notebook]) -> str:
    """A line for each: its name, its minutes, and what they are made of."""
    return "\n".join(f"{one.name:<26} {minutes(one):>3} minutes: "
                     + ", ".join(f"{count} {name}" for name, count in counts(one).items()) for one in notebooks)


if __name__ == "__main__":
    for chapter in course.chapters():
        tell(chapter.path)
    print(table(course.chapters()))

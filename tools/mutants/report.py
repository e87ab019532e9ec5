"""What became of the mutants: a score by file and by kind, and those that nothing noticed."""

import re
import tomllib
from collections import Counter
from pathlib import Path

from tools.mutants.generate import Mutant

EQUIVALENT = Path("tests") / "equivalent_mutants.toml"


def equivalent(root: Path) -> dict[str, dict[str, str]]:
    """{file: {entry: reason}} of the mutants that change nothing anybody could notice.

    An entry is a mutant's one-line diff, or its id without the file; `…` in it stands for anything.
    """
    path = root / EQUIVALENT
    return tomllib.loads(path.read_text("utf8")) if path.exists() else {}


def is_meant(entry: str, mutant: Mutant) -> bool:
    pattern = ".*".join(re.escape(part) for part in entry.split("…"))
    return any(re.fullmatch(pattern, text) for text in (mutant.change, mutant.id.removeprefix(mutant.file)))


def reason(mutant: Mutant, entries: dict[str, dict[str, str]]) -> str:
    """Why this mutant is equivalent, "" if nobody has said so."""
    return next((why for entry, why in entries.get(mutant.file, {}).items() if is_meant(entry, mutant)), "")


def stale(entries: dict[str, dict[str, str]], mutants: list[Mutant], files: set[str]) -> list[str]:
    """The entries about these files that match no mutant any more."""
    return [f"{file}: {entry}" for file, here in entries.items() if file in files for entry in here
            if not any(mutant.file == file and is_meant(entry, mutant) for mutant in mutants)]


def score(results: list[dict]) -> float:
    """The share of killed mutants among those tried; 1 if there are none."""
    return sum(result["status"] != "survived" for result in results) / len(results) if results else 1.0


def interval(results: list[dict]) -> str:
    """Wilson's interval for the share that would be killed of all from which these were drawn."""
    n, p, z = len(results) or 1, score(results), 1.96
    middle, half = p + z**2 / (2 * n), z * (p * (1 - p) / n + z**2 / (4 * n**2)) ** 0.5
    low, high = ((middle + side * half) / (1 + z**2 / n) for side in (-1, 1))
    return f"{low:.2f} to {high:.2f}"


def table(results: list[dict], by: str) -> str:
    lines = [f"{'killed':>8} {'timeout':>8} {'survived':>9} {'score':>6}   by {by}"]
    for name in [*sorted({result[by] for result in results}), "all"]:
        here = [result for result in results if name in (result[by], "all")]
        counts = Counter(result["status"] for result in here)
        numbers = f"{counts['killed']:>8} {counts['timeout']:>8} {counts['survived']:>9} {score(here):>6.2f}"
        lines.append(f"{numbers}   {name}")
    return "\n".join(lines)


def survivors(results: list[dict]) -> str:
    """Every survivor: where, what, the one-line diff, and which tests have seen it."""
    return "\n".join(f"{result['id']}\n    {result['change']}\n    "
                     + (f"not noticed by {', '.join(result['tried'])}" if result["tried"] else "no quick test runs it")
                     for result in results if result["status"] == "survived")

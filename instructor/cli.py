"""What the commands of `python -m instructor` share: how they answer, how they refuse, how they show that time passes.

A command is a module in instructor/commands with one function, `command`, made by click; its file is its name, and
nothing has to be entered anywhere. It ends with 0 if all is as it should be, with 1 if something is not, and with 2 if
it was called wrongly.
"""

import functools
import json
import sys
from collections.abc import Iterable, Iterator

import click
from tqdm import tqdm


class Problem(click.ClickException):
    """Something is not as it should be: one sentence on stderr, exit code 1."""

    exit_code = 1


Misuse = click.UsageError       # called wrongly: one sentence on stderr, exit code 2

as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, on stdout and nothing else there.")


def answer(data, as_json: bool, text: str) -> None:
    """Print the answer of a command: `data` as JSON if that was asked for, else the text."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=1) if as_json else plain(text, lines=True))


def plain(text: str, lines: bool = False) -> str:
    """The text without what moves a terminal's cursor or turns writing around: names of files may hold that. Line ends
    stay if `lines`."""
    return "".join(sign if sign == " " or (lines and sign == "\n") or sign.isprintable() else f"\\x{ord(sign):02x}"
                   for sign in text)


def table(rows: list[dict], columns: list[str]) -> str:
    """The rows as a text table with these columns; numbers stand to the right."""
    def cell(value):
        return "" if value is None else "yes" if value is True else "no" if value is False else plain(str(value))

    texts = [[cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(column), *(len(text[k]) for text in texts)) if texts else len(column)
              for k, column in enumerate(columns)]
    numeric = [all(isinstance(row.get(column), int | float | None) and not isinstance(row.get(column), bool)
                   for row in rows) for column in columns]
    lines = [columns, *texts]
    return "\n".join("  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right
                               in zip(line, widths, numeric, strict=True)).rstrip() for line in lines)


def progress(things: Iterable, total: int | None = None, what: str = "") -> Iterator:
    """The things, with a bar on stderr that says how many are done and how long the rest will take."""
    return tqdm(things, total=total, desc=what, file=sys.stderr, unit="", leave=False)


def refusing(*kinds: type[Exception]):
    """A decorator: these exceptions become one sentence on stderr and exit code 1."""
    def decorate(function):
        @functools.wraps(function)
        def command(*given, **options):
            try:
                return function(*given, **options)
            except kinds as problem:
                raise Problem(str(problem)) from problem
        return command
    return decorate

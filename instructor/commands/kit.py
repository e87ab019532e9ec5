"""python -m instructor kit"""

from pathlib import Path

import click

from ..cli import answer, as_json, refusing, table
from ..kit import analysis
from ..kit.answers import OCCASIONS, page


@click.group()
def command() -> None:
    """Measure what a class knows before and after: parallel forms of twelve questions, and what the answers say."""


@command.command("page")
@click.argument("occasion", type=click.Choice(OCCASIONS))
@click.option("--form", type=click.Choice(["a", "b", "c"]), help="Another form than the occasion's own (a, b, c).")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="The file; if not given, twelve-OCCASION.html.")
@refusing(ValueError)
def page_command(occasion, form, output) -> None:
    """Write the page that learners answer on, one HTML file that loads nothing and sends nothing."""
    output = output or Path(f"twelve-{occasion}{f'-{form}' if form else ''}.html")
    output.write_text(page(occasion, form), "utf8")
    click.echo(f"{output}: hand it out; each learner saves a file of answers and hands that in.")


@command.command("analyse")
@click.argument("answers", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@as_json
def analyse_command(answers, as_json) -> None:
    """Say what the ANSWERS (files, or folders of them) show: gain, difficulty, discrimination, with intervals."""
    read, left = analysis.read_folder(answers)
    for file, why in left.items():
        click.echo(f"{file}: {why}", err=True)
    found = analysis.analyse(read)
    answer({**found, "left": left}, as_json, _text(found))
    if left or not read:
        raise click.exceptions.Exit(1)


def _text(found) -> str:
    lines = [table([{"occasion": when, "learners": one["learners"], "mean score (95 %)": _shown(one["score"])}
                    for when, one in found["occasions"].items()], ["occasion", "learners", "mean score (95 %)"]), ""]
    if found["gains"]:
        lines += [table([{"from": one["from"], "to": one["to"], "learners": one["learners"],
                          "gain (95 %)": _shown(one["gain"]), "of what was left (95 %)": _shown(one["normalised gain"])}
                         for one in found["gains"]],
                        ["from", "to", "learners", "gain (95 %)", "of what was left (95 %)"]), ""]
    lines += [table([{**row, "difficulty (95 %)": _shown(row["difficulty"]),
                      "discrimination (95 %)": _shown(row["discrimination"])} for row in found["questions"]],
                    ["question", "occasion", "right", "of", "difficulty (95 %)", "discrimination (95 %)"]), ""]
    return "\n".join([*lines, *found["warnings"]]).strip()


def _shown(estimate) -> str:
    value, low, high = estimate
    if value is None:
        return "-"
    return f"{value:.2f}" + (f" ({low:.2f} to {high:.2f})" if low is not None else "")

"""python -m instructor student"""

from pathlib import Path

import click

from .. import assignment, cli, exercises
from ..student import STUDENTS, write_all


def points_of(context, option, values) -> dict[str, float]:
    """{"gru/step": 5.0} of ("gru/step=5",)."""
    found = {}
    for value in values:
        name, _, worth = value.partition("=")
        try:
            found[name] = float(worth)
        except ValueError as problem:
            raise click.BadParameter(f"{value!r} is not like gru/step=5") from problem
    return found


@click.command()
@click.argument("chosen", nargs=-1, metavar="[EXERCISE OR CHAPTER]...")
@click.option("--title", default="", help="What the notebook is called (default: its chapters' titles).")
@click.option("--due", help="Until when, as 2027-05-31 or 2027-05-31T18:00.")
@click.option("--points", multiple=True, callback=points_of, metavar="ID=N",
              help="What an exercise is worth, as gru/step=5; may be repeated.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=Path("assignment"),
              show_default=True, help="The folder to write into.")
@click.option("--site", default="", metavar="URL", help="Where the course stands, for the links; else they are words.")
@cli.as_json
@cli.refusing(LookupError, ValueError)
def command(chosen, title, due, points, output, site, as_json) -> None:
    """Write a notebook to hand out, with the chosen exercises, and NAME.assignment.json for `grade`.

    Exercises are chosen by id (gru/step) or by chapter (gru), from as many chapters as you like; `list` shows them.
    Without any, the course's own student notebooks are written into exercises/.
    """
    if not chosen:
        if title or due or points or site:
            raise cli.Misuse("Name the exercises first, such as gru/step; `list` shows them.")
        written = [f"exercises/{path.name}" for path in write_all(STUDENTS)]
        cli.answer({"written": written}, as_json, "\n".join(written))
        return
    found = exercises.find(list(chosen))
    target, beside = assignment.write(found, output, title, due, points, site)
    made = assignment.Assignment.read(beside)
    without = [one for one in made.ids if one not in exercises.hidden_tests()]
    text = (f"{target}: to hand out; {len(made.ids)} exercises, {made.possible:g} points, about "
            f"{sum(one.minutes for one in found)} minutes\n{beside}: keep it; `grade` reads it")
    if without:
        text += f"\nNo hidden tests, so yours to grade: {', '.join(without)}"
    cli.answer({"notebook": str(target), "assignment": str(beside), "points": made.possible,
                "without hidden tests": without}, as_json, text)

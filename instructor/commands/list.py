"""python -m instructor list"""

import click

from .. import cli, exercises

COLUMNS = ["id", "points", "minutes", "level", "kind", "needs", "hidden tests"]


@click.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER OR ID]...")
@cli.as_json
@cli.refusing(LookupError)
def command(chapters, as_json) -> None:
    """List the exercises: all, or those of a chapter (gru), with points, minutes and how many hidden tests they have.

    An exercise that needs tensors is answered in a notebook; one that needs nothing can be answered on its page, too.
    """
    rows = [one.row() for one in (exercises.find(list(chapters)) if chapters else exercises.catalogue().values())]
    without = [row["id"] for row in rows if not row["hidden tests"]]
    text = cli.table(rows, COLUMNS) + f"\n\n{len(rows)} exercises, {sum(row['points'] for row in rows):g} points, "
    text += f"about {sum(row['minutes'] for row in rows)} minutes."
    if without:
        text += f"\n{len(without)} have no hidden test, so `grade` leaves them to you: {', '.join(without)}."
    cli.answer(rows, as_json, text)

"""python -m instructor check"""

import sys

import click

from .. import cli


@click.command()
@click.argument("chosen", nargs=-1, metavar="[EXERCISE OR CHAPTER]...")
@cli.as_json
@cli.refusing(LookupError)
def command(chosen, as_json) -> None:
    """Check the exercises: solutions pass, stubs and known wrong answers fail, no line of a solution is handed out.

    Do this after you have changed an exercise or a hidden test. Without a name, all exercises are checked.
    """
    from .. import checking, exercises
    found = checking.all_faults(exercises.find(list(chosen)) if chosen else None,
                                lambda things, total: cli.progress(things, total, "checked"))
    bad = {name: said for name, said in found.items() if said}
    text = "\n".join(f"{name}: {one}" for name, said in bad.items() for one in said)
    count = f"{len(found)} exercise{'s' * (len(found) != 1)}"
    text += f"\n{count}, {len(found) - len(bad)} as they should be." if bad else f"{count}, all as they should be."
    cli.answer({"exercises": len(found), "faults": bad}, as_json, text)
    sys.exit(1 if bad else 0)

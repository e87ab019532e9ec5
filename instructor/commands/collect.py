"""python -m instructor collect"""

from pathlib import Path

import click

from .. import collect
from ..cli import answer, as_json, progress, refusing, table
from ..roster import RosterError


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", "-o", type=click.Path(path_type=Path), default=Path("submissions"), show_default=True,
              help="The folder for the notebooks and the manifest.")
@click.option("--roster", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="A CSV file of the students: Canvas's gradebook, Moodle's worksheet, or any with a column id.")
@click.option("--due", help="When it was due: 2026-11-30, or 2026-11-30T18:00.")
@click.option("--assignment", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="The assignment file, which says when it was due.")
@as_json
@refusing(collect.CollectError, RosterError)
def command(sources, output, roster, due, assignment, as_json) -> None:
    """Gather what was handed in: SOURCES are folders, or zip files as Canvas and Moodle hand them over.

    The newest notebook of each student goes into one folder, under the student's own identity, with a manifest.
    """
    due = due or (collect.due_of(assignment) if assignment else None)
    manifest = collect.collect(sources, output, roster, due, progress=progress)
    rows = manifest["rows"]
    there = sum(row["file"] is not None for row in rows)
    lines = [table([row for row in rows if row["problem"]], ["student", "name", "problem", "source"])] \
        if there < len(rows) else []
    late = sum(bool(row["late"]) for row in rows)
    lines.append(f"{output}: {there} notebooks, {late} of them late; {len(rows) - there} rows without one.")
    answer({**manifest, "output": str(output)}, as_json, "\n".join(lines))

"""python -m instructor fill"""

from pathlib import Path

import click

from .. import fill
from ..cli import answer, as_json, refusing, table


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--column", default="", help="The assignment's column; Moodle's worksheet has only one.")
@click.option("--output", "-o", type=click.Path(path_type=Path),
              help="The file to write; if not given, beside FILE, with -filled in its name.")
@click.option("--overwrite", is_flag=True, help="Replace grades that are there and differ.")
@click.option("--scale", is_flag=True, help="Convert to the points that the platform has for it.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@as_json
@refusing(fill.FillError)
def command(results, file, column, output, overwrite, scale, dry_run, as_json) -> None:
    """Write the grades in RESULTS (results.json, made by grade) into FILE, the platform's own CSV file.

    FILE is Canvas's gradebook or Moodle's grading worksheet, as it was downloaded; all else in it stays as it is.
    """
    output = output or file.with_name(f"{file.stem}-filled{file.suffix}")
    done = fill.fill(file.read_bytes(), fill.read_results(results), column, overwrite, scale, file.name)
    if not dry_run:
        fill.write(output, done.content)
    changes = [change._asdict() for change in done.changes]
    lines = [table(changes, ["student", "name", "old", "new"])] if changes else []
    lines.append(f"{'Would change' if dry_run else 'Changed'} {len(changes)} grades in the column {done.column!r}; "
                 f"{len(done.same)} were there already; {len(done.left)} left as they are.")
    if not dry_run:
        lines.append(f"Written: {output}")
    for who, why in done.left.items():
        click.echo(f"{who}: {why}", err=True)
    answer({"file": None if dry_run else str(output), "column": done.column, "changes": changes, "same": done.same,
            "left": done.left}, as_json, "\n".join(lines))
    if done.left:
        raise click.exceptions.Exit(1)

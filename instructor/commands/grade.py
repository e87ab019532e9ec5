"""python -m instructor grade"""

import sys
from pathlib import Path

import click

from .. import cli


def assignment_of(text: str):
    """The assignment in a file; or that of the course's own student notebook, named by its chapter."""
    from .. import exercises
    from ..assignment import Assignment, of_chapters
    if Path(text).is_file():
        return Assignment.read(Path(text))
    if text in {one.subject for one in exercises.catalogue().values()}:
        return of_chapters(exercises.find([text]))
    raise ValueError(f"there is no file {text}, nor a chapter of that name; `student` writes NAME.assignment.json")


@click.command()
@click.argument("assignment", metavar="ASSIGNMENT")
@click.argument("submissions", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=Path("graded"), show_default=True,
              help="The folder for the gradebook, the feedback and the results.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="How many notebooks at once.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster to grade on, as tcp://host:8786.")
@click.option("--cell-seconds", type=click.FloatRange(1), default=10, show_default=True,
              help="What a cell may compute; it may wait four times as long.")
@click.option("--total-seconds", type=click.FloatRange(5), default=120, show_default=True,
              help="What a notebook and its tests may compute.")
@click.option("--memory", type=click.IntRange(256), default=2048, show_default=True, help="Of a process, in MiB.")
@click.option("--seed", type=int, help="Repeat a run with this seed; it stands in the gradebook.")
@click.option("--unsafe", is_flag=True, help="Without a sandbox: students' code then runs with your own rights.")
@cli.as_json
def command(assignment, submissions, output, jobs, scheduler, cell_seconds, total_seconds, memory, seed, unsafe,
            as_json) -> None:
    """Grade a folder of notebooks: a gradebook, a page of feedback for each student, and a summary of the class.

    ASSIGNMENT is the file that `student` wrote, NAME.assignment.json, or a chapter (gru) whose own student notebook
    was handed out. What is graded already, and has not changed, is not graded again.
    """
    from .. import grade, reports
    from ..sandbox import UNSAFE, Limits, NoSandbox
    if unsafe:
        click.echo(f"Warning: {UNSAFE}", err=True)
    limits = Limits(cell_s=cell_seconds, total_s=total_seconds, memory_mib=memory)
    try:
        wanted = assignment_of(assignment)
        results = grade.grade_batch(submissions, wanted, output, limits=limits, unsafe=unsafe, jobs=jobs,
                                    scheduler=scheduler, seed=seed,
                                    progress=lambda things, total: cli.progress(things, total, "graded"))
    except (ValueError, NoSandbox, grade.ReferenceFails) as problem:
        raise cli.Problem(str(problem)) from problem
    written = reports.write(results, wanted, output)
    blank = [one for one in results if one["grade"] is None]
    rows = [{"student": one["student"][:40], "grade": "" if one["grade"] is None else reports.points(one["grade"]),
             "reason": one["reason"]} for one in results]
    text = f"{len(results)} rows, {len(results) - len(blank)} graded, {len(blank)} left to you.\n"
    text += "\n".join(f"{row['student']}: {row['reason']}" for row in rows if not row["grade"])
    text = text.rstrip("\n") + "".join(f"\n{name}: {path}" for name, path in written.items())
    cli.answer({"rows": len(results), "graded": len(results) - len(blank),
                "blank": [{"student": one["student"], "reason": one["reason"]} for one in blank],
                **{name: str(path) for name, path in written.items()}}, as_json, text)
    sys.exit(0 if len(blank) < len(results) or not results else 1)

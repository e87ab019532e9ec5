"""python -m instructor quiz"""

from pathlib import Path

import click

from .. import quiz
from ..cli import answer, as_json, refusing


@click.command()
@click.argument("questions", nargs=-1)
@click.option("--format", "formats", type=click.Choice(["moodle", "qti", "both"]), default="both", show_default=True,
              help="Moodle XML, QTI for Canvas, or a file of each.")
@click.option("--output", "-o", type=click.Path(path_type=Path), default=Path("."), show_default=True,
              help="The folder for the files; it is made if it is not there.")
@click.option("--name", default="seqlab-quiz", show_default=True, help="The files' name, without its ending.")
@click.option("--title", default="", help="The title of the quiz in Canvas; if not given, the name.")
@click.option("--site", default=None, help="The address of the course's site, for the links in the feedback.")
@as_json
@refusing(quiz.QuizFileError)
def command(questions, formats, output, name, title, site, as_json) -> None:
    """Write QUESTIONS as files to import: a chapter (lstm, or 08), one question (lstm/3), or all.

    Without QUESTIONS the names of all are listed. Every file is read back and compared before it is written.
    """
    if not questions:
        found = quiz.choose(["all"])
        answer([{"name": one.name, "kind": one.content["kind"], "text": one.content["text"]} for one in found], as_json,
               "\n".join(one.title for one in found))
        return
    chosen, site = quiz.choose(list(questions)), quiz.site() if site is None else site.rstrip("/")
    made = {"moodle": (".xml", lambda: quiz.moodle(chosen, site), quiz.read_moodle),
            "qti": (".qti.zip", lambda: quiz.qti(chosen, title or name, site), quiz.read_qti)}
    files = []
    for kind, (ending, make, read) in made.items():
        if formats in (kind, "both"):
            one = make()
            quiz.check(one, chosen, read, site)
            files.append((kind, output / f"{name}{ending}", one))
    output.mkdir(parents=True, exist_ok=True)
    for _, path, one in files:
        path.write_bytes(one.content)
        for sentence in [*one.notes, *(f"{left} is not in {path.name}: {why}" for left, why in one.left.items())]:
            click.echo(sentence, err=True)
    answer([{"format": kind, "file": str(path), "questions": [one.name for one in chosen if one.name not in made.left],
             "left": made.left, "notes": made.notes} for kind, path, made in files], as_json,
           "\n".join(f"{path}: {len(chosen) - len(made.left)} of {len(chosen)} questions" for _, path, made in files))
    if any(made.left for _, _, made in files):
        raise click.exceptions.Exit(1)

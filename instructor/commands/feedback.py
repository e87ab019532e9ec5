"""python -m instructor feedback"""

from pathlib import Path

import click

from ..cli import answer, as_json, plain, refusing
from ..fill import FillError


@click.command()
@click.argument("graded", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False),
              help="The zip file to write; if not given, feedback.zip in GRADED.")
@as_json
def command(graded, output, as_json) -> None:
    """Pack the pages of feedback in GRADED, the folder that grade wrote, as the platform takes them back: one zip file.

    For Moodle that is "Upload multiple feedback files in a zip", for Canvas "Re-Upload Submissions". Whose a page is
    stands in the names that the platform gave to what was handed in; so collect must have taken it from its zip file.
    """
    from .. import feedback
    output = output or graded / "feedback.zip"
    packed = refusing(feedback.FeedbackError, FillError)(feedback.pack_into)(graded, output)
    for who, why in packed.left.items():
        click.echo(plain(f"{who}: {why}"), err=True)
    answer({"file": str(output), "platform": packed.platform, "pages": packed.pages, "left": packed.left}, as_json,
           f"{output}: the feedback of {len(packed.pages)}, as {packed.platform} takes it back; {len(packed.left)} "
           "have none.")
    if packed.left:
        raise click.exceptions.Exit(1)

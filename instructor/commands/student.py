"""python -m instructor student"""

import click

from ..student import write_all


@click.command()
def command() -> None:
    """Write the course's own student notebooks, exercises/, from the masters in book/exercises/."""
    for path in write_all():
        click.echo(f"exercises/{path.name}")

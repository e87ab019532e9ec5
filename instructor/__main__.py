"""Assign, collect and grade: the instructor's commands. Each one explains itself with --help."""

import importlib
import pkgutil
import sys

try:
    import click
except ModuleNotFoundError:
    sys.exit("The instructor's commands need more than the course does: make instructor, or pip install .[instructor].")

from . import commands


class Commands(click.Group):
    """One command for each module in instructor/commands, loaded when it is asked for."""

    def list_commands(self, context) -> list[str]:
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        return importlib.import_module(f"{commands.__name__}.{name.replace('-', '_')}").command


@click.group(cls=Commands, help=__doc__, no_args_is_help=False, context_settings={"max_content_width": 100,
                                                                                "help_option_names": ["-h", "--help"]})
def main() -> None:
    pass


if __name__ == "__main__":
    main(prog_name="python -m instructor")

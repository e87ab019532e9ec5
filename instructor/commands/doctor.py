"""python -m instructor doctor"""

import importlib.metadata
import os
import platform
import sys

import click

from .. import cli

PACKAGES = {"torch": "every answer", "click": "the commands", "joblib": "several submissions at once",
            "psutil": "the limits on memory", "pytest": "the hidden tests", "nbformat": "notebooks",
            "jinja2": "the feedback pages", "distributed": "grade --scheduler"}
OPTIONAL = {"distributed"}
CONSEQUENCES = {
    "namespaces": "each submission gets a world of its own in a tenth of a second",
    "bubblewrap": "each submission gets a bubblewrap of its own, which takes seconds: this system allows no namespaces "
                  "inside it",
}
CALLS = {True: "Calls of the system that only attacks need are refused",
         False: "This system cannot refuse single calls: memory that no limit counts and the grader's keyring are open "
                "to a submission"}


@click.command()
@cli.as_json
def command(as_json) -> None:
    """Say what is here (Python, packages, a sandbox), and what follows for grading."""
    from ..inside import can_forbid_calls
    from ..sandbox import NoSandbox, kind
    found, wrong = {"python": platform.python_version(), "cores": os.cpu_count(), "packages": {}}, []
    for name, what in PACKAGES.items():
        try:
            found["packages"][name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found["packages"][name] = None
            if name not in OPTIONAL:
                wrong.append(f"{name} is missing, which {what} needs: make instructor.")
    try:
        found["sandbox"], found["calls_refused"] = kind(), can_forbid_calls()
        says = (f"sandbox: {found['sandbox']}. It is tried out: {CONSEQUENCES[found['sandbox']]}. "
                f"{CALLS[found['calls_refused']]}.")
    except NoSandbox as problem:
        found["sandbox"] = None
        wrong.append(str(problem))
        says = "sandbox: none."
    found["problems"] = wrong
    packages = [f"{name} {version or 'is not here'}: for {PACKAGES[name]}"
                for name, version in found["packages"].items()]
    lines = [f"Python {found['python']}, {found['cores']} cores", *packages, says, *wrong]
    cli.answer(found, as_json, "\n".join(lines))
    sys.exit(1 if wrong else 0)

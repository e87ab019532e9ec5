"""What the course's programs make of their command lines: each option, what stands for it where it is not given, and
which go together. Only the line is read here; what a program then does, its own tests ask."""

import argparse
import importlib
import shlex
import sys
from pathlib import Path

import pytest

from tools.course import ROOT, some

SITE = ROOT / "_build" / "html"
HERE = {"jobs": 1, "scheduler": None}
READ = {    # program -> pairs of a line that somebody may write, and what is read from it
    "instructor.example": [("f --subject gru", {"folder": Path("f"), "subject": "gru"})],
    "studies": [
        ("", {"names": [], "list": False, "verify": False, "sample": 2, "against": None, **HERE}),
        ("a b --verify --sample 3 --against old",
         {"names": ["a", "b"], "list": False, "verify": True, "sample": 3, "against": Path("old"), **HERE}),
        ("a --jobs 3 --scheduler tcp://there:8786", {
            "names": ["a"], "list": False, "verify": False, "sample": 2, "against": None, "jobs": 3,
            "scheduler": "tcp://there:8786"}),
        ("--list", {"names": [], "list": True, "verify": False, "sample": 2, "against": None, **HERE})],
    "tools.build_site": [],
    "tools.chapters": [
        ("move a --after b", {"command": "move", "subject": "a", "after": "b", "before": None}),
        ("move a --before b", {"command": "move", "subject": "a", "after": None, "before": "b"}),
        ("new a", {"command": "new", "subject": "a", "like": "order-matters", "title": None}),
        ("new a --like b --title 'A b'", {"command": "new", "subject": "a", "like": "b", "title": "A b"})],
    "tools.check_addresses": [("", {})],
    "tools.check_colab": [
        ("", {"notebooks": [], "keep": False, "here": False, "stamp": False}),
        ("a b --keep", {"notebooks": ["a", "b"], "keep": True, "here": False, "stamp": False}),
        ("--here --stamp", {"notebooks": [], "keep": False, "here": True, "stamp": True})],
    "tools.check_versions": [("", {"names": ["oldest", "newest"]}), ("newest", {"names": ["newest"]})],
    "tools.draw_reading": [("", {"preview": False}), ("--preview", {"preview": True})],
    "tools.install": [("lab", {"part": "lab", "torch": None}),
                      ("book --torch cuda", {"part": "book", "torch": "cuda"})],
    "tools.mutants.__main__": [
        ("", {"files": [], "sample": None, "each": None, "seed": None, "at_least": 0.0, "wide": False, "jobs": 1,
              "list": False, "root": ROOT}),
        ("a b --sample 5 --seed 7 --wide --jobs 2",
         {"files": ["a", "b"], "sample": 5, "each": None, "seed": "7", "at_least": 0.0, "wide": True, "jobs": 2,
          "list": False, "root": ROOT}),
        ("--each 3 --at-least 0.85 --list --root x",
         {"files": [], "sample": None, "each": 3, "seed": None, "at_least": 0.85, "wide": False, "jobs": 1,
          "list": True, "root": Path("x")})],
    "tools.npm": [],
    "tools.offline_zip": [("", {"site": SITE, "target": ROOT / "seqlab-offline.zip"}),
                          ("a b", {"site": Path("a"), "target": Path("b")})],
    "tools.outside": [("", {"get": None}), ("get", {"get": "get"})],
    "tools.plant_faults": [("", {"names": [], "list": False}), ("a b --list", {"names": ["a", "b"], "list": True})],
    "tools.print_pdf": [("", {"pages": [], "paper": "A4", "to": ROOT / "_build" / "pdf"}),
                        ("a b --paper Letter --to c", {"pages": ["a", "b"], "paper": "Letter", "to": Path("c")})],
    "tools.run_notebooks": [
        ("", {"notebooks": [], "no_save": False, "figures": False, "times": False, "data": None}),
        ("a b --figures --times", {"notebooks": [Path("a"), Path("b")], "no_save": False, "figures": True,
                                   "times": True, "data": None}),
        ("--no-save --data none", {"notebooks": [], "no_save": True, "figures": False, "times": False,
                                   "data": "none"})],
    "tools.serve": [("", {"folder": SITE, "port": 8000}), ("a --port 1", {"folder": Path("a"), "port": 1})],
}
REFUSED = {     # program -> lines that are wrong
    "studies": ["--list --verify", "--sample few", "--jobs many"],
    "tools.chapters": ["", "move", "move a", "move a --after b --before c", "new"], "tools.check_addresses": ["a"],
    "tools.check_colab": ["--keep --here"], "tools.install": ["", "everything", "lab --torch rocm"],
    "tools.mutants.__main__": ["--sample few", "--at-least much", "--each some", "--jobs many"],
    "tools.offline_zip": ["a b c"], "tools.outside": ["put"],
    "tools.print_pdf": ["--paper A5"], "tools.serve": ["--port none"],
}


@pytest.fixture
def parser(request, monkeypatch):
    """The parser that a program makes, taken from its `main` when it begins to read."""
    made = []

    class Taken(Exception):
        pass

    def take(self, arguments=None):
        made.append(self)
        raise Taken

    program = importlib.import_module(request.param if "." in request.param else f"{request.param}.__main__")
    with monkeypatch.context() as patch, pytest.raises(Taken):
        patch.setattr(argparse.ArgumentParser, "parse_args", take)
        program.main()
    return made[0]


@pytest.mark.parametrize(("parser", "line", "read"), [(name, *case) for name, cases in READ.items() for case in cases],
                         indirect=["parser"])
def test_a_line_is_read_as_it_is_meant(parser, line, read):
    assert vars(parser.parse_args(shlex.split(line))) == read


@pytest.mark.parametrize(("parser", "line"), [(name, line) for name, lines in REFUSED.items() for line in lines],
                         indirect=["parser"])
def test_a_wrong_line_is_refused(parser, line, capsys):
    with pytest.raises(SystemExit) as refused:
        parser.parse_args(shlex.split(line))
    assert refused.value.code == 2 and "error: " in capsys.readouterr().err


@pytest.mark.parametrize(("parser", "name"), [(name, name) for name, cases in READ.items()
                                              if cases], indirect=["parser"])
def test_help_begins_with_what_the_program_is_for(parser, name):
    """As its first lines say it, with their line breaks."""
    assert sys.modules[name if "." in name else f"{name}.__main__"].__doc__.strip() in parser.format_help()


def test_every_program_that_reads_a_line_is_asked():
    with_a_parser = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
                     for folder in ("tools", "studies", "instructor") for path in some((ROOT / folder).rglob("*.py"))
                     if "argparse.ArgumentParser(" in path.read_text("utf8")}
    assert {name.removesuffix(".__main__") for name in READ} == with_a_parser

"""Carry out the studies behind the published numbers, or look at what is stored of them.

Every finished run is written to seqlab/results/NAME.json at once, and a study that was interrupted or killed goes on
where it stopped. To repeat one from the start, delete its file.
"""

import argparse
import sys
from pathlib import Path

from . import STUDIES
from .runner import StudyError, carry_out, problems, verify


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all ({', '.join(STUDIES)})")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--list", action="store_true", help="say what each study is and whether its result is current")
    doing.add_argument("--verify", action="store_true", help="repeat a sample of the stored runs; if they come out the "
                                                             "same, stamp the result with today's code")
    parser.add_argument("--sample", type=int, default=2, metavar="N",
                        help="how many runs --verify repeats (default: 2, the first and the last)")
    parser.add_argument("--against", type=Path, metavar="FOLDER",
                        help="a checkout of the code as it was: --verify asks it where a number comes out otherwise "
                             "than stored, as it may on another machine")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="how many runs at once, each in a process")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster to run on, as tcp://host:8786")
    options = parser.parse_args(arguments)
    names = options.names or list(STUDIES)
    if unknown := [name for name in names if name not in STUDIES]:
        parser.error(f"no study is called {', '.join(unknown)}; there are {', '.join(STUDIES)}")
    if options.sample < 1:
        parser.error(f"--sample should be at least 1, got {options.sample}")
    if options.jobs < 1:
        parser.error(f"--jobs should be at least 1, got {options.jobs}")
    failed = 0
    for name in names:
        study = STUDIES[name]
        try:
            if options.list:
                print(f"{name}: {study.title} ({len(study.runs)} runs)", *problems(name, study), sep="\n    ")
            elif options.verify:
                verify(name, study, sample=options.sample, against=options.against)
            else:
                carry_out(name, study, jobs=options.jobs, scheduler=options.scheduler)
        except StudyError as problem:
            print(problem, file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""python -m instructor student: write the student notebooks of every exercise master into exercises/."""

import argparse

from .student import write_all


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m instructor", description="Tools for instructors.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("student", help="write exercises/ from book/exercises/")
    parser.parse_args()
    for path in write_all():
        print(f"exercises/{path.name}")


if __name__ == "__main__":
    main()

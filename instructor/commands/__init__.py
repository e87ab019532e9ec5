"""One module for each command of `python -m instructor`; see instructor/cli.py."""

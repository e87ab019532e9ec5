"""Change the course's code in one small place at a time and see whether a test notices: a score for the tests.

`generate` makes the mutants of a Python file or of a notebook's code cells, `reach` says which tests execute which
lines, `bench` runs tests in a scratch copy, `report` adds up. `python -m tools.mutants --help` says how to ask.

It is our own because no kept library does both halves: cosmic-ray, mutmut, mutatest and poodle know Python files only,
so the notebooks, half of the course's code, would need a second tool; none exchanges an axis, the gates of a cell or
`val` and `train`; and most start Python anew for each mutant, which here means importing torch each time.
"""

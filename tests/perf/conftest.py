"""`bar`: a measured time against the bar that it must keep, and at the end the table of all of them."""

import pytest


@pytest.fixture
def bar(record_property):
    """bar(what, measured, limit, unit): at most the limit, or with `at_least` not less; a row of the table."""

    def keep(what, measured, limit, unit, at_least=False):
        kept = measured >= limit if at_least else measured <= limit
        record_property("bar", (what, f"{measured:.3g} {unit}", f"{'>=' if at_least else '<='} {limit:g} {unit}", kept))
        assert kept, f"{what}: {measured:.3g} {unit}, and the bar is {limit:g} {unit}"

    return keep


def pytest_terminal_summary(terminalreporter):
    rows = [value for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])
            for name, value in report.user_properties if name == "bar"]
    if rows:
        terminalreporter.section("times")
        widths = [max(len(row[k]) for row in [*rows, ("", "measured", "bar")]) for k in range(3)]
        for what, measured, limit, kept in [("what", "measured", "bar", True), *sorted(rows)]:
            line = f"{what:<{widths[0]}}  {measured:>{widths[1]}}  {limit:>{widths[2]}}"
            terminalreporter.write_line(line if kept else f"{line}  NOT KEPT", red=not kept)

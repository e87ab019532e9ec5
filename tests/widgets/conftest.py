"""`figure`: the figure that a test module is about, in every place where it must work."""

import pytest
from places import NAMES, Lab, bench_page, page_with


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """A running JupyterLab, shared by all tests of this process."""
    lab = Lab(tmp_path_factory.mktemp("lab"), browser)
    yield lab
    lab.close()


def pytest_generate_tests(metafunc):
    """Every test of a figure runs in every place, or in those that its mark `only_in` names."""
    if "figure" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("only_in")
        places = [name for name in NAMES if not mark or name in mark.args]
        elsewhere = pytest.param("", marks=pytest.mark.skip(f"not in {', '.join(NAMES)}: see SEQLAB_PLACES"))
        metafunc.parametrize("figure", places or [elsewhere], indirect=True)


@pytest.fixture
def figure(request, browser, tmp_path):
    """The module's `FIGURE`, a Python expression such as "ScalarRNN()", on its `PAGE` of the site or in JupyterLab.

    Nothing may be left on the browser's console when the test is over.
    """
    make, name = request.module.FIGURE, request.module.FIGURE.partition("(")[0]
    if request.param == "lab":
        placed = request.getfixturevalue("lab").show(make)
        yield placed
    else:
        if request.param == "site":
            url = (request.getfixturevalue("site") / f"{request.module.PAGE}.html").as_uri()
        else:
            url = bench_page(make, tmp_path).as_uri()
        with page_with(browser, url, name) as placed:
            yield placed
    assert placed.problems == []

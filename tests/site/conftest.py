"""A server for the built site and its reader, shared by all tests of the site."""

import threading

import pytest
from browsing import ACTS, Reader

from tools import serve


@pytest.fixture(scope="session")
def address(site):
    """The address of a local server, at the path of the published site."""
    server = serve.make_server(site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{serve.site_prefix()}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def reader(browser, address, site):
    return Reader(browser, address, site)


@pytest.fixture
def open_page(reader):
    """Opens pages in a browser that keeps nothing of other tests; what the pages did is asked when the test ends.

    `forgiven`: words of complaints that are not the page's fault.
    """
    looks, excused = [], []

    def open_it(name, mode="desktop-light", address=None, forgiven=None, **context):
        excused.extend([forgiven] if forgiven else [])
        looks.append(reader.open(address or f"{reader.address}{name}.html", mode, name,
                                 **{"locale": "en-IE", **context}))
        return looks[-1].page

    yield open_it
    problems = [problem for look in looks for act in ACTS for problem in act(look)]
    for look in looks:
        look.page.evaluate("() => { try { localStorage.clear(); } catch {} }")
        look.page.close()
    assert [problem for problem in problems if not any(words in problem for words in excused)] == []

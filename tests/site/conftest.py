"""A server for the built site and its reader, shared by all tests of the site."""

import threading

import pytest
from browsing import Reader

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

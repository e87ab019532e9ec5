"""The built site, a server for it and one browser, shared by all tests of the site."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from browsing import FLAGS, ROOT, Reader, serve


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the built site: SEQLAB_SITE, or a fresh build with warnings as errors."""
    if os.environ.get("SEQLAB_SITE"):
        folder = ROOT / os.environ["SEQLAB_SITE"]
        assert (folder / "index.html").is_file(), f"SEQLAB_SITE names {folder}, but no site is built there"
        return folder
    target = tmp_path_factory.mktemp("site")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", str(ROOT), "--path-output", str(target),
               "-W", "-n", "--keep-going", "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, f"the site does not build:\n{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    return target / "_build" / "html"


@pytest.fixture(scope="session")
def address(site):
    """The address of a local server, at the path of the published site."""
    server = serve.make_server(site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{serve.site_prefix()}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    executable = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    assert executable, "no Chromium: install chromium or google-chrome, or set CHROMIUM to its path"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reader(browser, address, site):
    return Reader(browser, address, site)

"""`engine`: each of the three in turn, before a page of the site that notes what goes wrong on it."""

import functools
import io
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from engines import PROBLEMS, Chromium, Firefox, WebKit

# In front of all else on every page: errors, complaints and what could not be loaded, in words, in every engine.
NOTES = b"""<head><script>
var problems = [];
console.error = (...words) => problems.push("console: " + words.join(" "));
addEventListener("error", (event) => problems.push("error: " + (event.message ?? event.target.outerHTML)), true);
addEventListener("unhandledrejection", (event) => problems.push("rejection: " + event.reason));
</script>"""
LIVE = """() => document.readyState === "complete" && !document.querySelector("[data-in-parts]")
    && [...document.querySelectorAll(".interactive")].every((place) => place.matches(".is-live"))"""


class Noting(SimpleHTTPRequestHandler):
    def send_head(self):
        page = Path(self.translate_path(self.path))
        if page.suffix != ".html" or not page.is_file():
            return super().send_head()
        content = page.read_bytes().replace(b"<head>", NOTES, 1)
        assert NOTES in content
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def noting_address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Noting, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def started(kind, needed):
    """A fixture: the engine of this kind, started once, with what the fixture `needed` has found."""
    @pytest.fixture(scope="session", name=kind.__name__.lower() + "_engine")
    def start(request, tmp_path_factory):
        found = request.getfixturevalue(needed)
        engine = kind(found, *([tmp_path_factory.mktemp(needed)] if kind is not Chromium else []))
        yield engine
        engine.close()
    return start


chromium_engine, firefox_engine, webkit_engine = (
    started(*each) for each in ((Chromium, "browser"), (Firefox, "firefox"), (WebKit, "webkit")))


@pytest.fixture(params=["chromium", *(pytest.param(name, marks=pytest.mark.deep) for name in ("firefox", "webkit"))])
def engine(request):
    return request.getfixturevalue(f"{request.param}_engine")


@pytest.fixture
def open_page(engine, noting_address):
    """Opens pages of the site and waits until their figures live; at the end nothing may have gone wrong on them."""
    found = []

    def open_it(name, width=1280):
        found.extend(engine.js(PROBLEMS) if open_it.opened else [])
        open_it.opened = True
        engine.open(f"{noting_address}{name}.html", width)
        engine.until(LIVE)

    open_it.opened = False
    yield open_it
    found.extend(engine.js(PROBLEMS))
    engine.js("() => localStorage.clear()")
    assert found == []

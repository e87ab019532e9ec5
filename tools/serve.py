"""Serve the built website on this machine, as a real host would: compressed, and with its 404 page.

    python -m tools.serve                  _build/html at http://localhost:8000/
    python -m tools.serve --port 8080 FOLDER
"""

import argparse
import functools
import gzip
import io
import mimetypes
import re
import sys
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".ipynb", ".txt", ".md", ".inv"}


@functools.lru_cache(maxsize=512)
def compressed(path: str, changed_at: float) -> bytes:
    """The gzipped content of a file; kept until the file changes."""
    return gzip.compress(Path(path).read_bytes(), 6, mtime=0)


def site_prefix() -> str:
    """The path at which the published site lives (/seqlab/), from the base URL in _config.yml."""
    match = re.search(r"^\s*baseurl:\s*(\S+)", (ROOT / "_config.yml").read_text(encoding="utf-8"), flags=re.MULTILINE)
    return urlsplit(match[1]).path if match else "/"


class Handler(SimpleHTTPRequestHandler):
    """Files of the site, at / and at the path of the published site, so that the 404 page's links work too."""

    protocol_version = "HTTP/1.1"
    prefix = "/"

    def translate_path(self, path):
        if self.prefix != "/" and path.startswith(self.prefix):
            path = path[len(self.prefix) - 1:]
        return super().translate_path(path)

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir() and not urlsplit(self.path).path.endswith("/"):
            return super().send_head()  # redirects to the folder's address
        file = path / "index.html" if path.is_dir() else path
        if not file.is_file():
            return self._send(Path(self.directory, "404.html"), HTTPStatus.NOT_FOUND)
        return self._send(file, HTTPStatus.OK)

    def _send(self, file, status):
        if not file.is_file():
            return self.send_error(HTTPStatus.NOT_FOUND)
        zipped = file.suffix in COMPRESSED and "gzip" in self.headers.get("Accept-Encoding", "")
        content = compressed(str(file), file.stat().st_mtime) if zipped else file.read_bytes()
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(content)))
        lasting = status == HTTPStatus.OK and file.suffix != ".html"
        self.send_header("Cache-Control", "max-age=600" if lasting else "no-cache")
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        return io.BytesIO(content)

    def log_message(self, *args):
        pass


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of the folder on this machine only; port 0 takes any free one."""
    handler = functools.partial(type("SiteHandler", (Handler,), {"prefix": site_prefix()}), directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "_build" / "html")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    if not (options.folder / "index.html").is_file():
        print(f"No website in {options.folder}: build it first with make book.")
        return 1
    try:
        server = make_server(options.folder, options.port)
    except OSError as problem:
        print(f"Port {options.port} cannot be used ({problem.strerror}): try --port {options.port + 1}.")
        return 1
    print(f"Open http://localhost:{server.server_port}/   (Ctrl+C ends)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())

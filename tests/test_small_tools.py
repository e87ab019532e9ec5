"""The small programs: serving the site, packing it, building it, finding a browser, other versions."""

import ast
import contextlib
import gzip
import importlib.metadata
import os
import re
import sys
import threading
import tomllib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import browsers, build_site, check_versions, draw_reading, npm, offline_zip, serve
from tools.course import ROOT


@pytest.fixture
def pages(tmp_path):
    """A website of a few files."""
    folder = tmp_path / "html"
    (folder / "book").mkdir(parents=True)
    for name in ("index.html", "404.html", "book/index.html", "book/style.css", "book/picture.png", ".buildinfo"):
        (folder / name).write_text(f"this is {name}")
    return folder


@pytest.fixture
def commands(monkeypatch):
    """What the programs would have run: lists of words; `status` says how each command ends by the words in it."""
    ran = SimpleNamespace(list=[], status={})

    def run(command, **options):
        ran.list.append((list(map(str, command)), options))
        code = next((code for word, code in ran.status.items() if word in map(str, command)), 0)
        return SimpleNamespace(returncode=code, stdout="x" * 5000 + "this went out",
                               stderr="y" * 5000 + "this is wrong")

    monkeypatch.setattr("subprocess.run", run)
    return ran


# --- serving ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ask(pages, monkeypatch):
    """(status, content type, whether the answer lasts, content) of a path; `zipped` accepts and takes off gzip."""
    monkeypatch.setattr(serve, "site_prefix", lambda: "/seqlab/")
    server = serve.make_server(pages)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def answer(path, zipped=False):
        headers = {"Accept-Encoding": "gzip"} if zipped else {}
        request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}{path}", headers=headers)
        try:
            response = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)
        except urllib.error.HTTPError as problem:
            response = problem
        with response:
            content, said = response.read(), response.headers
            assert said["Content-Length"] == str(len(content))
            content = gzip.decompress(content) if said["Content-Encoding"] == "gzip" else content
            return (response.status, said["Content-Type"], said["Cache-Control"] == "max-age=600",
                    said["Content-Encoding"], content.decode())

    yield answer
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("before", ["/", "/seqlab/"])
def test_a_file_comes_as_a_host_would_send_it(ask, before):
    html, css = "text/html; charset=utf-8", "text/css; charset=utf-8"
    assert ask(before) == (200, html, False, None, "this is index.html")
    assert ask(f"{before}book/", True) == ask(f"{before}book", True) == (200, html, False, "gzip",
                                                                       "this is book/index.html")
    assert ask(f"{before}book/style.css?v=1") == (200, css, True, None, "this is book/style.css")
    assert ask(f"{before}book/style.css", True) == (200, css, True, "gzip", "this is book/style.css")
    assert ask(f"{before}book/picture.png", True) == (200, "image/png", True, None, "this is book/picture.png")
    assert ask(f"{before}book/gone", True) == (404, html, False, "gzip", "this is 404.html")


def test_a_changed_file_is_sent_as_it_is_now(ask, pages):
    assert ask("/book/style.css", True)[-1] == "this is book/style.css"
    (pages / "book/style.css").write_text("another")
    os.utime(pages / "book/style.css", (1, 1))
    assert ask("/book/style.css", True)[-1] == "another"


def test_without_a_page_for_it_a_wrong_address_is_still_404(ask, pages):
    (pages / "404.html").unlink()
    assert ask("/gone")[0] == 404


def test_the_path_of_the_published_site_is_the_one_in_the_settings(tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    for text, path in (("html:\n  baseurl: https://you.github.io/course/\n", "/course/"), ("html:\n  title: x\n", "/")):
        (tmp_path / "_config.yml").write_text(text)
        assert serve.site_prefix() == path


def test_serving_says_where_and_what_is_missing(pages, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["serve", str(pages / "book" / "nowhere")])
    assert serve.main() == 1 and "build it first with make book" in capsys.readouterr().out

    def interrupted(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(serve.ThreadingHTTPServer, "serve_forever", interrupted)
    monkeypatch.setattr(sys, "argv", ["serve", str(pages), "--port", "0"])
    assert serve.main() == 0
    assert capsys.readouterr().out.startswith("Open http://localhost:")
    with serve.make_server(pages) as taken:
        monkeypatch.setattr(sys, "argv", ["serve", str(pages), "--port", str(taken.server_port)])
        assert serve.main() == 1
        assert f"Port {taken.server_port} cannot be used" in (said := capsys.readouterr().out)
        assert said.endswith(f"try --port {taken.server_port + 1}.\n")


# --- packing ----------------------------------------------------------------------------------------------------------


def test_the_zip_holds_every_page_in_one_folder_and_is_the_same_each_time(pages, tmp_path, monkeypatch, capsys):
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    assert offline_zip.pack(pages, one) == 6
    os.utime(pages / "index.html", (1, 1))
    monkeypatch.setattr(sys, "argv", ["offline_zip", str(pages), str(two)])
    assert offline_zip.main() == 0 and "two.zip: 6 files, 0.0 MB" in capsys.readouterr().out
    assert one.read_bytes() == two.read_bytes() and not list(tmp_path.glob("*.part"))
    with zipfile.ZipFile(one) as archive:
        held = {entry.filename: entry for entry in archive.infolist()}
        assert set(held) == {f"seqlab/{name}" for name in ("index.html", "404.html", "book/index.html",
                                                           "book/style.css", "book/picture.png", "READ ME.txt")}
        assert archive.read("seqlab/book/style.css") == b"this is book/style.css"
        assert "Open index.html in a browser" in archive.read("seqlab/READ ME.txt").decode()
        assert {(entry.compress_type, entry.external_attr >> 16, entry.date_time[0]) for entry in held.values()} == {
            (zipfile.ZIP_DEFLATED, 0o644, 2026)}


def test_without_a_website_there_is_nothing_to_pack(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["offline_zip", str(tmp_path), str(tmp_path / "a.zip")])
    assert offline_zip.main() == 1 and "build it first" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


# --- building ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def book(tmp_path, monkeypatch, commands):
    """A book of one page, with a website of an older one."""
    for name, place in (("ROOT", "."), ("SITE", "_build/html"), ("STAMP", "_build/made-from.txt")):
        monkeypatch.setattr(build_site, name, tmp_path / place)
    monkeypatch.setattr(build_site, "fingerprint", lambda: (tmp_path / "page.md").read_text())
    (tmp_path / "page.md").write_text("one")
    (tmp_path / "_build" / "html").mkdir(parents=True)
    (tmp_path / "_build" / "html" / "old.html").touch()
    return tmp_path


def test_the_website_is_built_once_until_a_file_changes(book, commands):
    for text in ("one", "two"):
        (book / "page.md").write_text(text)
        assert build_site.build() == build_site.SITE and not (build_site.SITE / "old.html").exists()
        build_site.SITE.mkdir()
        (build_site.SITE / "index.html").touch()
        number = len(commands.list)
        assert build_site.build() == build_site.SITE and len(commands.list) == number
    assert number == 2 and {"build", "-W", "-n", "--keep-going"} <= set(commands.list[0][0])
    (build_site.SITE / "index.html").unlink()
    build_site.build()
    assert len(commands.list) == 3


def test_a_website_that_does_not_build_says_what_sphinx_said_and_is_none(book, commands):
    commands.status["build"] = 1
    with pytest.raises(SystemExit, match=r"does not build:\n(?s:x{2987}this went out\ny{2987}this is wrong)$"):
        build_site.build()
    assert not build_site.is_current()


# --- other versions, browsers, the first picture ----------------------------------------------------------------------


def test_each_set_of_versions_gets_an_environment_with_the_tests_alone(commands, capsys):
    assert check_versions.main([]) == 0
    made = [command for command, _ in commands.list]
    assert [command[command.index("--resolution") + 1] for command in made if "--resolution" in command] == [
        "lowest-direct", "highest"]
    assert [command[3] if command[3] == "venv" else command[4] for command in made if "uv" in command] == 2 * [
        "venv", "install", "install", "uninstall", "freeze"]
    tested = [(command, options) for command, options in commands.list if "-q" in command]
    assert len(tested) == 2 and ["-k" in command for command, _ in tested] == [True, False]
    for command, options in tested:
        assert {"not deep", "addopts=", "tests/test_cells.py"} < set(command)
        assert options["env"]["PYTHONPATH"] == str(options["cwd"])
    assert capsys.readouterr().out.count("packages: green") == 2


def test_what_these_environments_test_imports_nothing_that_they_do_not_have():
    """They hold what seqlab depends on, a few packages for the tests, and what those depend on in their turn."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    there = with_what_they_need([*project["dependencies"], *check_versions.TOOLS])
    packages, missing, looked_at = importlib.metadata.packages_distributions(), {}, set()
    files = [ROOT / "conftest.py", *(ROOT / "tests" / f"{name}.py" for name in ("conftest", *check_versions.TESTS))]
    while files:
        file = files.pop()
        if file in looked_at:
            continue
        looked_at.add(file)
        for name in imported_at_the_top(file):
            bases, top = [base.joinpath(*name.split(".")) for base in (ROOT, ROOT / "tests")], name.partition(".")[0]
            files += [one for path in bases for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()]
            brought_by = {plain(one) for one in packages.get(top, ())} - {"seqlab"}
            if brought_by and not brought_by & there:
                missing[name] = file.relative_to(ROOT).as_posix()
    assert len(looked_at) > 30 and missing == {}


def plain(package):
    """The name of a package as it is compared: seqlab of "SeqLab[lab]>=1"."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", package)[0]).lower()


def with_what_they_need(packages):
    found, waiting = set(), [plain(one) for one in packages]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            with contextlib.suppress(importlib.metadata.PackageNotFoundError):      # one of another platform
                waiting += [plain(one) for one in importlib.metadata.requires(name) or () if "extra ==" not in one]
    return found


def imported_at_the_top(file):
    """The modules that loading a file imports: not what its functions import."""
    package = file.relative_to(ROOT).parent.parts
    for node in ast.parse(file.read_text("utf8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[:len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(("word", "said", "number"), [("uninstall", "cannot be installed", 4), ("-q", "RED", 6)])
def test_what_fails_with_one_set_of_versions_is_red(commands, capsys, word, said, number):
    commands.status[word] = 1
    assert check_versions.main(["newest"]) == 1
    assert f"newest packages: {said}" in capsys.readouterr().out.replace("they ", "") and len(commands.list) == number
    with pytest.raises(SystemExit):
        check_versions.main(["youngest"])


def test_a_browser_is_the_one_named_or_the_first_that_is_there(tmp_path, monkeypatch):
    chromium, other = tmp_path / "chromium", tmp_path / "google-chrome"
    for program in (chromium, other):
        program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert browsers.find_browser() == str(chromium)
    chromium.unlink()
    assert browsers.find_browser() == str(other)
    monkeypatch.setenv("CHROMIUM", str(other))
    assert browsers.find_browser() == str(other)
    monkeypatch.setenv("CHROMIUM", str(chromium))
    with pytest.raises(FileNotFoundError, match="CHROMIUM names"):
        browsers.find_browser()


def test_firefox_is_the_one_named_or_debians_or_any(tmp_path, monkeypatch):
    debians, other = tmp_path / "firefox-esr", tmp_path / "firefox"
    for program in (debians, other):
        program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("FIREFOX", raising=False)
    assert browsers.find_firefox() == str(debians)
    debians.unlink()
    assert browsers.find_firefox() == str(other)
    monkeypatch.setenv("FIREFOX", str(debians))
    with pytest.raises(FileNotFoundError, match="FIREFOX names"):
        browsers.find_firefox()
    monkeypatch.delenv("FIREFOX")
    other.unlink()
    with pytest.raises(FileNotFoundError, match="is not installed here"):
        browsers.find_firefox()


def test_webkit_is_its_driver_its_window_and_a_screen(tmp_path, monkeypatch):
    window = tmp_path / "lib" / "x86_64-linux-gnu" / "webkit2gtk-4.1" / "MiniBrowser"
    needed = (tmp_path / "WebKitWebDriver", window, tmp_path / "Xvfb")
    monkeypatch.setattr(browsers, "Path", lambda path: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    window.parent.mkdir(parents=True)
    for one in needed:
        with pytest.raises(FileNotFoundError, match=r"WebKit.* is not installed here"):
            browsers.find_webkit()
        one.touch(mode=0o755)
    assert browsers.find_webkit() == tuple(map(str, needed))


def test_the_picture_is_written_and_the_preview_where_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(draw_reading, "STATIC", tmp_path)
    monkeypatch.setattr(draw_reading, "preview", Path.touch)
    for more, names in (([], {"reading-a-digit.svg"}), (["--preview"], {"reading-a-digit.svg", "social-preview.png"})):
        monkeypatch.setattr(sys, "argv", ["draw_reading", *more])
        draw_reading.main()
        assert {path.name for path in tmp_path.iterdir()} == names
    assert (tmp_path / "reading-a-digit.svg").read_text("utf8") == draw_reading.svg()


def test_a_package_of_npm_is_fetched_once_and_anew_when_another_version_is_pinned(tmp_path, monkeypatch):
    place, pins, ran = tmp_path / "deep" / "npm" / "search", tmp_path / "search", []
    pins.mkdir()
    for name in npm.PINNED:
        (pins / name).write_text(f"{name}, version 1")
    monkeypatch.setattr(npm, "PLACE", place.parent)
    monkeypatch.setattr(npm, "USERS", tmp_path)
    ends = SimpleNamespace(code=1)

    def run(command, cwd, **options):
        ran.append((command[:4], [(place / name).read_text() for name in npm.PINNED], cwd == place))
        return SimpleNamespace(returncode=ends.code, stderr="y" * 5000 + "this is wrong")

    monkeypatch.setattr(npm.subprocess, "run", run)
    with pytest.raises(SystemExit, match="could not be fetched from npm's registry") as end:
        npm.folder("search")
    assert end.value.code.endswith("y" * 20 + "this is wrong") and len(end.value.code) < 2300
    ends.code = 0
    found = [npm.folder("search") for _ in range(2)]
    command = [sys.executable, "-c", npm.NPM, "ci"]
    first = [f"{name}, version 1" for name in npm.PINNED]
    assert found == [place / "node_modules" / npm.PACKAGES["search"]] * 2 and ran == [(command, first, True)] * 2
    (pins / "package.json").write_text("package.json, version 2")
    ends.code = 1
    with pytest.raises(SystemExit):
        npm.folder("search")
    (pins / "package.json").write_text("package.json, version 1")
    ends.code = 0
    npm.folder("search")
    assert len(ran) == 4 and ran[2][1][0].endswith("2"), "what is half fetched is not there"

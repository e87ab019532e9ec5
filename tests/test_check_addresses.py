"""The check of the outward addresses: which it finds, what it makes of an answer, what it says. No network is used."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tools import check_addresses
from tools.check_addresses import Answer

REPOSITORY = "https://github.com/Someone/course"
COLAB = "https://colab.research.google.com/github/Someone/course/blob/main"
BINDER = "https://mybinder.org/v2/gh/Someone/course/main?urlpath=lab/tree"
RAW = "https://raw.githubusercontent.com/Someone/course/main"


# --- answers ---------------------------------------------------------------------------------------------------------


class Server(BaseHTTPRequestHandler):
    """/404 answers 404, and so on; what is asked stands in `asked`."""

    asked: ClassVar[list] = []

    def do_HEAD(self):
        self.asked.append((self.command, self.path))
        name = self.path.strip("/")
        if name == "hangs-up" or (name == "hangs-up-once" and len(self.asked) <= 2):
            self.close_connection = True
            return
        if name == "no-head":
            name = "405" if self.command == "HEAD" else "200"
        if name == "wants-cookie":
            name = "200" if "seen=1" in self.headers.get("Cookie", "") else "302"
        self.send_response(301 if name == "moved" else int(name.partition("-")[0]) if name[0].isdigit() else 200)
        if name in ("moved", "302"):
            self.send_header("Location", "/200" if name == "moved" else self.path)
            self.send_header("Set-Cookie", "seen=1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD

    def log_message(self, *words):
        pass


@pytest.fixture
def server():
    Server.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("path, kind, requests", [
    ("200", "answers", ["HEAD"]),
    ("moved", "answers", ["HEAD", None]),       # the second goes to the new place, by whatever method
    ("no-head", "answers", ["HEAD", "GET"]),
    ("wants-cookie", "answers", ["HEAD", None]),
    ("403", "refuses", ["HEAD", "GET"]),
    ("429", "refuses", ["HEAD", "GET"]),
    ("404", "dead", ["HEAD", "GET"]),           # as sure the first time as the third
    ("410", "dead", ["HEAD", "GET"]),
    ("500", "dead", ["HEAD", "GET"] * 3),
    ("hangs-up", "dead", ["HEAD", "GET"] * 3),
    ("hangs-up-once", "answers", ["HEAD", "GET", "HEAD"]),
])
def test_what_an_answer_means_and_how_often_it_is_asked(server, path, kind, requests):
    answer = check_addresses.ask(f"{server}/{path}", pauses=(0, 0))
    assert answer.kind == kind, answer
    methods = [method for method, _ in Server.asked]
    assert len(methods) == len(requests)
    assert all(wanted in (None, method) for method, wanted in zip(methods, requests, strict=True)), methods


def test_nobody_there_is_dead():
    answer = check_addresses.ask("http://127.0.0.1:9/", pauses=())
    assert answer.kind == "dead" and "refused" in answer.words


def test_one_site_is_asked_one_thing_after_the_other():
    threads = {"a": set(), "b": set()}

    def one(link):
        threads[check_addresses._site(link)].add(threading.get_ident())
        return Answer("answers", link)

    links = [f"https://{site}/{number}" for number in range(20) for site in "ab"]
    assert check_addresses.ask_all(links, one) == {link: Answer("answers", link) for link in links}
    assert [len(every) for every in threads.values()] == [1, 1]


# --- which addresses -------------------------------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, root):
    """A course of one built page, README, CONTRIBUTING and the real notebooks."""
    for name in ("book", "exercises", "_toc.yml"):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / "README.md").write_text("See <https://a.org/x>, or `git clone https://example.com/you/yours`.\n")
    (tmp_path / "CONTRIBUTING.md").write_text("[b](https://b.org/y#part).\n```\nhttps://example.com/z\n```\n")
    page = tmp_path / "html" / "book" / "page.html"
    page.parent.mkdir(parents=True)
    page.write_text('<link rel="canonical" href="https://own.org/page.html"><a href="https://a.org/x#here">x</a>'
                    f'<a href="other.html">y</a><nav class="run-bar"><a href="{COLAB}/book/page.ipynb">z</a></nav>')
    return tmp_path


def test_what_a_reader_can_follow_is_found_with_its_places(course):
    found = check_addresses.addresses(course / "html", course)
    own = {link for link, places in found.items() if places == {"the setup cells"}}
    assert len(own) == 1 and next(iter(own)).startswith("https://github.com/")
    assert {link: places for link, places in found.items() if link not in own} == {
        "https://a.org/x": {"README.md", "book/page"}, "https://b.org/y": {"CONTRIBUTING.md"},
        f"{COLAB}/book/page.ipynb": {"book/page"}}


def test_a_button_is_asked_for_by_its_file(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "there.ipynb").touch()
    links = {f"{COLAB}/book/there.ipynb": {"one"}, f"{BINDER}/book/there.ipynb": {"two"}, "https://a.org/": {"three"}}
    ask, wrong = check_addresses.to_ask(links, REPOSITORY, True, tmp_path)
    assert wrong == {}
    assert ask == {f"{RAW}/book/there.ipynb": {"one", "two"}, "https://a.org/": {"three"},
                   REPOSITORY: {"the repository's address"},
                   "https://someone.github.io/course/": {"the published site"}}


@pytest.mark.parametrize("link, why", [
    (f"{COLAB}/book/gone.ipynb", "there is no book/gone.ipynb here"),
    (f"{BINDER}/book/gone.ipynb", "there is no book/gone.ipynb here"),
    (f"{BINDER.replace('Someone', 'another')}/book/x.ipynb", "opens something else than this repository"),
])
def test_a_button_that_leads_nowhere_is_named_with_its_page(tmp_path, link, why):
    _, wrong = check_addresses.to_ask({link: {"a page"}}, REPOSITORY, True, tmp_path)
    assert wrong == {f"{link}   {why}": {"a page"}}


def test_without_an_address_only_what_lies_there_is_left_out(tmp_path):
    links = {f"{COLAB}/gone.ipynb": {"one"}, REPOSITORY: {"two"}, f"{REPOSITORY}/issues": {"three"},
             "https://someone.github.io/course/": {"four"}, f"{REPOSITORY}-of-another": {"five"}}
    ask, wrong = check_addresses.to_ask(links, REPOSITORY, False, tmp_path)
    assert ask == {f"{REPOSITORY}-of-another": {"five"}}
    assert len(wrong) == 1


# --- the report ------------------------------------------------------------------------------------------------------


def test_what_is_dead_comes_first_with_its_pages():
    answers = {"https://a.org": Answer("answers", "200"), "https://b.org": Answer("refuses", "403 Forbidden"),
               "https://c.org": Answer("dead", "404 Not Found")}
    asked = {"https://a.org": {"one"}, "https://b.org": {"two"}, "https://c.org": {"book/b", "README.md"}}
    assert check_addresses.report(answers, asked, {"https://d.org   there is no x here": {"four"}}) == "\n".join([
        "2 dead:", "  https://c.org   404 Not Found", "      README.md, book/b",
        "  https://d.org   there is no x here", "      four", "",
        "1 turn robots away and may be well:", "  https://b.org   403 Forbidden", "      two", "",
        "1 answer."])


@pytest.mark.parametrize("paths, status", [(["200"], 0), (["403"], 0), (["404"], 1), (["200", "404", "403"], 1)])
def test_only_a_dead_address_is_red(monkeypatch, server, capsys, paths, status):
    monkeypatch.setattr(check_addresses.build_site, "build", lambda: None)
    monkeypatch.setattr(check_addresses, "addresses", lambda site: {f"{server}/{path}": {"a page"} for path in paths})
    monkeypatch.setattr(check_addresses.set_address, "is_set", lambda: False, raising=False)
    assert check_addresses.main([]) == status
    said = capsys.readouterr().out
    assert "is not set yet" in said and all(path == "200" or f"{server}/{path}   {path}" in said for path in paths)

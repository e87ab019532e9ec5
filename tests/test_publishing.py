"""Publishing: what is promised with an address and without one, the wheel that the site offers, README's three steps,
and the licences of what the site ships."""

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from html.parser import HTMLParser
from importlib.metadata import distribution

import pytest

from seqlab import checks
from tools import check_addresses, npm, set_address, third_party, wheel
from tools.course import ROOT, find_all, notebooks, some

OPTIONS = {"repository_url": "https://github.com/you/" + "seqlab", "repository_branch": "main",
           "launch_buttons": {"colab_url": "https://colab.research.google.com",
                              "binderhub_url": "https://mybinder.org"}}


def extension(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "book" / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Links(HTMLParser):
    """The addresses to which a piece of HTML links, in order."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.found.append(dict(attributes)["href"])


# --- with an address, and without one ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_run_bar_leads_to_colab_and_binder_once_there_is_an_address():
    bar = extension("site_pages").run_bar(OPTIONS, "book/exercises/03-shapes", published=True)
    assert Links(bar).found == [
        "https://colab.research.google.com/github/you/seqlab/blob/main/exercises/03-shapes.ipynb",
        "https://mybinder.org/v2/gh/you/seqlab/main?urlpath=lab/tree/exercises/03-shapes.ipynb",
        "../../_sources/book/exercises/03-shapes.ipynb", f"../../{wheel.file_name()}"]
    assert [check_addresses.opens(link, OPTIONS["repository_url"]) for link in Links(bar).found[:2]] == [
        ("main", "exercises/03-shapes.ipynb")] * 2     # what asks every week whether the buttons lead somewhere


def test_the_run_bar_offers_downloads_and_says_how_to_open_them_until_then():
    bar = extension("site_pages").run_bar(OPTIONS | {"launch_buttons": {}}, "book/03-shapes", published=False)
    assert Links(bar).found == ["../_sources/book/03-shapes.ipynb", f"../{wheel.file_name()}"]
    assert "File &gt; Upload notebook" in bar and f"%pip install --no-deps {wheel.file_name()}" in bar


def test_a_page_says_under_its_run_bar_when_it_last_ran_in_colabs_image():
    last_run = extension("site_pages").last_run
    stamps = {"shapes": {"date": "2026-11-21", "python": "3.12", "torch": "<2.9>"}}
    assert last_run(stamps, "book/03-shapes") == (
        '<p class="run-last">Last ran in Colab\'s image on 21 November 2026 (Python 3.12, torch &lt;2.9&gt;).</p>\n')
    assert last_run(stamps, "book/exercises/03-shapes") == last_run({}, "book/03-shapes") == ""



def test_the_pages_promise_what_is_there(site):
    """Outside the set-up cells, which name the address and say what to do if it leads nowhere."""
    promised = []
    for page in some(site.rglob("*.html")):
        text = re.sub(r"<pre>.*?</pre>", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        promised += [f"{page.relative_to(site)}: {form}" for form in set_address.spellings(
            set_address.address()).values() if form in text]
    assert bool(promised) == set_address.is_set(), promised
    intro = (site / "book/intro.html").read_text(encoding="utf-8")
    assert ("Press <strong>Open in Colab</strong>" in intro) == set_address.is_set()
    assert f'href="../{wheel.file_name()}"' in intro or set_address.is_set()


# --- the wheel --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def offered(site):
    """The wheel that the site offers."""
    return site / wheel.file_name()


def test_the_wheel_holds_the_whole_package(offered):
    there = {name for name in zipfile.ZipFile(offered).namelist() if name.startswith("seqlab/")}
    package = {path.relative_to(ROOT).as_posix() for path in some((ROOT / "seqlab").rglob("*"))
               if path.is_file() and "__pycache__" not in path.parts}
    assert there == package and len(there) > 50


def test_the_wheel_installs_without_network_and_serves_the_set_up_cell(offered, tmp_path):
    """As a learner would: the cell finds no seqlab and says so; with the wheel it has nothing to do."""
    cell, place = notebooks()[0].setup.source, tmp_path / "packages"
    script = tmp_path / "cell.ipy"
    script.write_text(f"{cell}\nimport seqlab\nseqlab.results('count_ones')\nprint(seqlab.__file__)")

    def run():
        """The cell in an IPython that knows the installed packages, but no folder that holds seqlab itself."""
        environment = {**os.environ, "PYTHONPATH": str(place), "GIT_CONFIG_COUNT": "1", "GIT_TERMINAL_PROMPT": "0",
                       "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/nowhere.insteadOf",
                       "GIT_CONFIG_VALUE_0": set_address.address(), "IPYTHONDIR": str(tmp_path)}
        start = (f"import sys; sys.path.append({sysconfig.get_path('purelib')!r}); "
                 f"import IPython; IPython.start_ipython([{str(script)!r}])")
        return subprocess.run([sys.executable, "-S", "-c", start], cwd=tmp_path, env=environment, capture_output=True,
                              text=True)

    before = run()
    assert "upload the wheel that the website offers" in before.stdout + before.stderr, before.stdout + before.stderr
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", place,
                    offered], check=True)
    after = run()
    assert after.stdout.strip().endswith(str(place / "seqlab" / "__init__.py")), after.stdout + after.stderr


def test_a_wheel_is_the_same_each_time_and_leaves_nothing_behind(offered, tmp_path):
    before = {path for path in ROOT.iterdir()}
    again = wheel.build(tmp_path)
    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(offered.read_bytes()).digest()
    assert {path for path in ROOT.iterdir()} == before


# --- README: make this yours and publish it ---------------------------------------------------------------------------


@pytest.mark.slow
def test_the_three_steps_publish_a_copy_under_its_new_address(checkout, tmp_path):
    """README's commands, as they stand there; GitHub is a repository on this disk."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## Make this yours and publish it")[2].partition("\n## ")[0]
    commands, = find_all(r"```bash\n(.*?)```", section, re.DOTALL)
    address, = find_all(r"make address URL=(\S+)", commands)
    github, clone = tmp_path / "github.git", tmp_path / "clone"
    environment = {**os.environ, "PYTHON": sys.executable, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_COUNT": "3",
                   "GIT_CONFIG_KEY_0": f"url.file://{github}.insteadOf", "GIT_CONFIG_VALUE_0": address,
                   "GIT_CONFIG_KEY_1": "user.name", "GIT_CONFIG_VALUE_1": "you",
                   "GIT_CONFIG_KEY_2": "user.email", "GIT_CONFIG_VALUE_2": "you@example.org"}

    def run(*command, cwd=checkout):
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    as_it_came = "/".join(("https://github.com", *set_address.PLACEHOLDER))
    set_address.set_address(as_it_came, checkout)
    old = set_address.spellings(as_it_came)
    run("git", "init", "--quiet", "--bare", github)
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "as it came")
    run("bash", "-euc", commands)

    assert run("git", "status", "--porcelain") == ""
    assert run("git", "branch", "--list", cwd=github).split() == ["main"]
    run("git", "clone", "--quiet", "--branch", "main", github, clone)
    assert set_address.address(clone) == address and set_address.is_set(clone)
    left = [path.name for path in set_address.files(clone) for form in old.values() if form in path.read_text("utf8")]
    assert left == []
    run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_address.py", cwd=clone)


# --- the licences of what is shipped ----------------------------------------------------------------------------------


# By book/_ext/site_answers.py, of MicroPython; by site_search.py, of the pages, and MiniSearch as it comes.
MADE = {"micropython.wasm", "python.js", "from-disk.js", "sections.js", "minisearch.js",
        *(f"checks-{subject}.js" for subject in checks.subjects())}
CUT = {"pydata-sphinx-theme.js"}        # a call is taken out by site_assets.py, which puts a 0 there


def only_one_place_is_cut(now, before):
    same = next((k for k, (one, other) in enumerate(zip(now, before, strict=False)) if one != other), len(now))
    return len(now) < len(before) and now[same:same + 1] == b"0" and before.endswith(now[same + 1:])


def test_whatever_the_site_ships_of_others_is_named_with_its_licence(site):
    """Every file under _static is ours, or a file of a package in the notices: the same, or made from its template."""
    ours = {path.name for folder in ("_static", "_ext") for path in some((ROOT / "book" / folder).rglob("*"))}
    ours |= {"site.css", "pygments.css"}        # joined from the packages' sheets; written by Pygments
    packages = {*third_party.PACKAGES, *(library.package for library in third_party.INNER)}
    files = {}
    for package in packages:
        for file in distribution(package).files:
            files.setdefault(file.name, []).append(file.locate())
    unknown = []
    wasm = "micropython.wasm"
    assert (site / "_static" / "answers" / wasm).read_bytes() == (npm.folder("answers") / wasm).read_bytes()
    minisearch = npm.folder("search") / "dist" / "umd" / "index.js"
    assert (site / "_static" / "search" / "minisearch.js").read_bytes() == minisearch.read_bytes()
    for path in some((site / "_static").rglob("*")):
        if not path.is_file() or path.parent.name == "figures" or path.name in ours | MADE:
            continue
        templates = {f"{path.name}_t", f"{path.name}.jinja"} & set(files)
        same = [one for one in files.get(path.name, []) if one.read_bytes() == path.read_bytes()
                or (path.name in CUT and only_one_place_is_cut(path.read_bytes(), one.read_bytes()))]
        if not templates and not same:
            unknown.append(path.relative_to(site).as_posix())
    assert unknown == [], "belongs to no package in tools/third_party.py"


def test_the_site_ships_the_notices(site):
    assert (site / third_party.NAME).read_text(encoding="utf-8") == third_party.notices()


def test_the_notices_hold_every_name_and_every_text(tmp_path, monkeypatch):
    monkeypatch.setattr(npm, "folder", lambda user, package="": tmp_path)
    (tmp_path / "package.json").write_text('{"license": "MIT", "version": "1.99.0"}')
    (tmp_path / "LICENSE.txt").write_text(third_party.mit("Copyright of a test"))
    (tmp_path / "LICENSE").write_text("Copyright of a font. SIL OPEN FONT LICENSE\n" * 30)
    text = third_party.notices()
    assert "MicroPython 1.99.0 (with parts of Emscripten" in text and "MiniSearch 1.99.0: MIT" in text
    for one in (*map(third_party.of_package, third_party.PACKAGES), *map(third_party.of_inner, third_party.INNER),
                third_party.of_micropython(), third_party.of_minisearch(), third_party.of_stix()):
        assert re.match(r"[\w.-]+", one.title) and one.address.startswith("https://") and one.licence, one.title
        assert f"{one.title}\n{one.address}\nLicence: {one.licence}\n" in text and one.text.strip() in text
        assert len(one.text) > 900, f"{one.title} has no full licence"
        assert text.index(f"    {one.title}: {one.licence}\n") < text.index("and data of others"), "listed at the top"
        assert "Copyright" in one.text or "(c)" in one.text, one.title
        if one.licence == "MIT":
            assert "THE SOFTWARE IS PROVIDED" in one.text.upper() and "PERMISSION" in one.text.upper(), one.title
    assert "MNIST" in text and "\n\nPermission" in text
    version = distribution("sphinx-copybutton").version
    assert f"(in sphinx-copybutton {version}; the two on the copy button)\n" in text
    assert re.search(r"Bootstrap \d\.[\d.]+ \(in pydata-sphinx-theme [\d.]+\)\n", text), "its own version, and no note"
    assert re.search(r"Popper \(in ", text), "a library of which no version is known"
    (tmp_path / "package.json").write_text('{"license": "GPL-3.0", "version": "1.99.0"}')
    with pytest.raises(LookupError, match=r"under another licence now, GPL-3\.0"):
        third_party.notices()


def test_a_library_that_is_no_longer_there_stops_the_build():
    gone = third_party.INNER[0]._replace(sign=("bootstrap.js.LICENSE.txt", r"Bootstrap v9"))
    with pytest.raises(LookupError, match="no longer holds Bootstrap"):
        third_party.of_inner(gone)


def test_every_page_leads_to_the_licences(site):
    assert all(third_party.NAME in page.read_text(encoding="utf-8") for page in some((site / "book").rglob("*.html")))


def test_the_offline_zip_holds_wheel_and_licences(site, tmp_path):
    from tools import offline_zip

    offline_zip.pack(site, tmp_path / "offline.zip")
    assert {f"seqlab/{wheel.file_name()}", f"seqlab/{third_party.NAME}"} <= set(
        zipfile.ZipFile(tmp_path / "offline.zip").namelist())

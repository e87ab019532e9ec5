"""What the pages show beyond their source: the chapter's number, the run bar, reveals, figure sizes, the 404 page."""

import html
import posixpath
import re
import struct
import sys
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from PIL import Image, ImageChops, ImageStat
from sphinx.transforms.post_transforms import SphinxPostTransform

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools, wherever the build was started
from tools import colab_stamps, set_address, wheel  # noqa: E402

NUMBERED = re.compile(r"book/(?:exercises/)?(\d\d)-[\w-]+$")


# --- chapter numbers -------------------------------------------------------------------------------------------------


def number_title(app, doctree):
    """Put the number of the file's name before the title, here and (through Sphinx's collectors) in every menu."""
    match = NUMBERED.match(app.env.docname)
    title = next(iter(doctree.findall(nodes.title)), None)
    if match and title is not None:
        first = title.children[0]
        if isinstance(first, nodes.Text) and first.startswith("Practice: "):
            rest = nodes.Text(first.removeprefix("Practice: "))
            title[0:1] = [nodes.inline("", "Practice", classes=["practice-word"]),
                          nodes.inline("", ": ", classes=["practice-colon"]),
                          nodes.inline("", "", rest, classes=["practice-of"])]
        title.insert(0, nodes.inline("", match[1], classes=["chapter-number"]))
        title.insert(1, nodes.Text(" "))


# --- the repository's address, and what is shown only if it has been set ---------------------------------------------


def fill_in(app, docname, source):
    """Where a page says @REPOSITORY@ or @WHEEL@, write the repository's address or the name of seqlab's wheel."""
    words = {"@REPOSITORY@": app.config.html_theme_options["repository_url"], "@WHEEL@": wheel.file_name()}
    for word, meaning in words.items():
        if word in source[0]:
            app.env.note_dependency(str(ROOT / "pyproject.toml"))
            source[0] = source[0].replace(word, meaning)


def promise_only_what_is_there(app, config):
    """With an address, pages have the tag `published`; without one, no button leads to a repository or to Colab."""
    if set_address.is_set():
        app.tags.add("published")
        return
    config.html_theme_options.update(use_repository_button=False, use_issues_button=False, launch_buttons={})
    config.html_baseurl = ""


def name_no_site(app, pagename, templatename, context, doctree):
    """Without an address, what a page says of itself to others names none either."""
    if "metatags" in context and not set_address.is_set():
        context["metatags"] = re.sub(r'<meta property="og:(?:url|image)[^>]*>\n?', "", context["metatags"])


# --- the run bar -----------------------------------------------------------------------------------------------------


def add_run_bar(app, doctree, docname):
    """Under the title of a notebook page: open it in Colab or Binder, or download it."""
    if app.builder.format != "html" or app.env.doc2path(docname, base=False).rpartition(".")[2] != "ipynb":
        return
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is not None:
        bar = run_bar(app.config.html_theme_options, docname, set_address.is_set())
        bar = nodes.raw("", bar + last_run(colab_stamps.read(), docname), format="html")
        title.parent.insert(title.parent.index(title) + 1, bar)


def run_bar(options, docname, published):
    """The bar's HTML. Only a published course can be opened in Colab by a button; else its notebooks are uploaded."""
    package = wheel.file_name()
    source, package_link = (html.escape(posixpath.relpath(place, posixpath.dirname(docname)))
                            for place in (f"_sources/{docname}.ipynb", package))
    if published:
        colab, binder = (html.escape(link) for link in launch_links(options, docname))
        lines = (f'<a class="run-first" href="{colab}" target="_blank" rel="noopener">Open in Colab</a>',
                 '<span class="run-note">Run it in your browser: free, nothing to install.</span>',
                 f'<span class="run-others">Or <a href="{binder}" target="_blank" rel="noopener">Binder</a>, '
                 f'or <a href="{source}" download>download the notebook</a> '
                 f'(and <a href="{package_link}" download>its package</a>).</span>')
    else:
        lines = (f'<a class="run-first" href="{source}" download>Download the notebook</a>',
                 '<span class="run-note">To run it in Colab: <em>File &gt; Upload notebook</em>.</span>',
                 f'<span class="run-others">Upload <a href="{package_link}" download>its package</a> too, under '
                 f"<em>Files</em>, and first run <code>%pip install --no-deps {package}</code>.</span>")
    return "\n".join(('<nav class="run-bar" id="run-bar" aria-label="Run this page">', *lines, "</nav>\n"))


def notebook_to_fill(docname):
    """The path in the repository, without its ending, of the notebook that a page's buttons open."""
    return docname.removeprefix("book/") if "/exercises/" in docname else docname


def launch_links(options, docname):
    """The addresses at which Colab and Binder open the notebook of a page; of a practice page, the one to be filled."""
    docname = notebook_to_fill(docname)
    owner_and_name = urlsplit(options["repository_url"]).path.strip("/")
    branch, launch = options["repository_branch"], options["launch_buttons"]
    return (f"{launch['colab_url'].rstrip('/')}/github/{owner_and_name}/blob/{branch}/{docname}.ipynb",
            f"{launch['binderhub_url'].rstrip('/')}/v2/gh/{owner_and_name}/{branch}?urlpath=lab/tree/{docname}.ipynb")


def last_run(stamps, docname):
    """A line that says when the notebook last ran in Colab's public image, and with what; nothing if it never did."""
    words = colab_stamps.sentence(docname, stamps)
    return f'<p class="run-last">{html.escape(words, quote=False)}</p>\n' if words else ""


# --- reveals: hidden code and hidden outputs say what they hold ------------------------------------------------------

SOLUTION = ("reveal-solution", "Show the solution", "Hide the solution")
CODE = ("reveal-code", "Show the code", "Hide the code")
PRINTED = ("reveal-output", "Made your prediction? Show what it prints", "Hide what it prints")
FIGURE = ("reveal-output", "Made your prediction? Show the figure", "Hide the figure")


class NameReveals(SphinxPostTransform):
    """Give myst-nb's collapsed cells a summary that says what waits inside."""

    default_priority = 205  # after myst-nb has wrapped the cells (199)
    formats = ("html",)

    def run(self, **kwargs):
        for reveal in list(self.document.findall(HideCodeCellNode)):
            if "below-input" in reveal["classes"] or "above-output" in reveal["classes"]:
                kind = FIGURE if _shows_only_figures(reveal) else PRINTED
            else:
                kind = SOLUTION if reveal.astext().lstrip().startswith("# @title Solution") else CODE
            reveal["classes"].append(kind[0])
            reveal["prompt_show"], reveal["prompt_hide"] = kind[1:]


def _shows_only_figures(reveal):
    printed = [block for block in reveal.findall(nodes.literal_block) if not block.astext().startswith("<")]
    return not printed and any(True for _ in reveal.findall(nodes.image))


def visit_reveal(self, node):
    self.body.append(
        f'<details class="reveal {" ".join(node["classes"])}">\n<summary>'
        f'<span class="reveal-show">{html.escape(node["prompt_show"])}</span>'
        f'<span class="reveal-hide">{html.escape(node["prompt_hide"])}</span></summary>\n'
    )


def depart_reveal(self, node):
    self.body.append("</details>\n")


# --- figures: their size, so that nothing jumps while they load ------------------------------------------------------


def size_figures(app, pagename, templatename, context, doctree):
    """Give every image of the page its width and height; those below the first load when they come near.

    PNG files are shown as WebP, made by `compress_figures`: all but the same pixels in half of the bytes.
    """
    if not context.get("body"):
        return
    sources = {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}
    seen = 0

    def sized(match):
        nonlocal seen
        tag, name = re.sub(r' (?:style|width|height)="[^"]*"', "", match[0]), posixpath.basename(match[1])
        size = png_size(sources[name]) if name in sources else None
        attributes = 'decoding="async"'
        if size:
            scale = 2 if size[0] > 1000 else 1  # figures are stored at twice the size they are shown
            attributes += f' width="{round(size[0] / scale)}" height="{round(size[1] / scale)}"'
        if seen:
            attributes += ' loading="lazy"'
        seen += 1
        return tag.replace("<img ", f"<img {attributes} ", 1)

    body = re.sub(r'<img [^>]*?src="([^"]+)"[^>]*>', sized, context["body"])
    for name in sources:
        if name.endswith(".png"):
            body = body.replace(f"_images/{name}", f"_images/{name[:-4]}.webp")
    context["body"] = body


def png_size(path):
    """(width, height) in pixels of a PNG file, None if it is no PNG."""
    with open(path, "rb") as file:
        head = file.read(24)
    return struct.unpack(">II", head[16:24]) if head[:8] == b"\x89PNG\r\n\x1a\n" else None


def compress_figures(app, problem):
    """Turn the PNG files of the pages into WebP, each with as few colours as show no difference."""
    if problem is not None or app.builder.format != "html":
        return
    for file in Path(app.outdir, "_images").glob("*.png"):
        with Image.open(file) as picture:
            few_colours(picture.convert("RGB")).save(file.with_suffix(".webp"), lossless=True, method=4, quality=75)
        file.unlink()


def few_colours(picture, close=2.0):
    """The picture in 40 colours, or in more until it is, on average, as close to what it was as is asked (of 255)."""
    for colours in (40, 64, 128, 256):
        few = picture.quantize(colours, kmeans=1, dither=Image.Dither.NONE).convert("RGB")
        if max(ImageStat.Stat(ImageChops.difference(picture, few)).rms) <= close:
            break
    return few


# --- the front door and the 404 page ---------------------------------------------------------------------------------


def write_front_door(app, problem):
    """index.html leads to the first page, with a link for readers whose browser does not follow redirects."""
    if problem is not None or app.builder.format != "html":
        return
    first = f"{app.config.root_doc}.html"
    Path(app.outdir, "index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="refresh" content="0; url={first}">\n'
        f'<link rel="canonical" href="{app.config.html_baseurl}{first}">\n'
        f"<title>{html.escape(app.config.html_title)}</title>\n</head>\n"
        f'<body><p><a href="{first}">To the first page of seqlab</a></p></body>\n</html>\n', "utf8")


# The 404 page is shown at any address, and its links begin at the site's root. On a copy of the site at another root,
# which is where a 404 page is, it writes itself anew with that root; without JavaScript it stays as it is, plain.
ANYWHERE = """<script>
(async () => {
  const built = "%s", steps = location.pathname.split("/");
  if (location.protocol === "file:" || location.pathname.startsWith(built)) return;
  for (let k = steps.length - 1; k > 0; k--) {
    const root = `${steps.slice(0, k).join("/")}/`, found = await fetch(`${root}404.html`);
    if (!found.ok) continue;
    const text = (await found.text()).replaceAll(`"${built}`, `"${root}`);
    document.open();
    document.write(text);
    document.close();
    return;
  }
})();
</script>
"""


def find_root(app, problem):
    """Let the 404 page find the site's root where the site is not at the address that it was built for."""
    page = Path(app.outdir, "404.html")
    if problem is None and app.builder.format == "html" and page.is_file():
        script = ANYWHERE % app.config.notfound_urls_prefix      # html_baseurl is empty where no address is set
        page.write_text(page.read_text("utf8").replace("<head>", f"<head>\n{script}", 1), "utf8")


def use_base_url(app, config):
    """Full addresses for previews; for the 404 page, which is shown anywhere, links that start at the site's root."""
    config.ogp_site_url = config.html_baseurl
    prefix = urlsplit(config.html_baseurl).path or "/"
    config.notfound_urls_prefix = prefix
    first = f"{prefix}{config.root_doc}.html"
    config.notfound_context = {
        "title": "Page not found",
        "body": (
            "<h1>This step is not in the sequence</h1>\n"
            "<p>There is no page at this address. It may have moved, or the link that brought you here is wrong.</p>\n"
            f'<p><a href="{first}">Start at the first page</a>, search, or pick a chapter from the menu.</p>\n'
        ),
    }


def setup(app):
    app.setup_extension("myst_nb")
    app.connect("source-read", fill_in)
    app.connect("doctree-read", number_title, priority=400)  # before Sphinx collects the titles (500)
    app.connect("doctree-resolved", add_run_bar)
    app.add_post_transform(NameReveals)
    app.add_node(HideCodeCellNode, override=True, html=(visit_reveal, depart_reveal))
    app.connect("html-page-context", size_figures, priority=800)
    app.connect("config-inited", use_base_url, priority=100)
    app.connect("config-inited", promise_only_what_is_there, priority=110)  # after the base URL has been used
    app.connect("html-page-context", name_no_site, priority=900)  # after sphinxext.opengraph
    app.connect("build-finished", compress_figures)
    app.connect("build-finished", write_front_door, priority=100)
    app.connect("build-finished", find_root, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""PDF files of the chapters: which, under which names, and what is said where none can be made. What is on them:
tests/site/test_paper.py."""

import pytest

from tools import course, print_pdf


def test_every_chapter_is_printed_in_order():
    pages = print_pdf.chapter_pages()
    assert pages == [page for page in course.toc_pages() if course.NUMBERED.match(page) and "/exercises/" not in page]
    assert pages[0] == "book/01-order-matters"


def test_every_page_has_a_file_of_its_own():
    names = [print_pdf.file_name(page) for page in course.toc_pages()]
    assert len(set(names)) == len(names)
    assert {"02-scalar-rnn.pdf", "02-scalar-rnn-practice.pdf", "intro.pdf"} <= set(names)


def test_links_lead_to_a_published_site_only(monkeypatch):
    monkeypatch.setattr(print_pdf, "address", lambda: "https://github.com/You/course")
    for published, host in ((True, "https://you.github.io"), (False, "")):
        monkeypatch.setattr(print_pdf, "is_set", lambda published=published: published)
        assert print_pdf.published_at() == host


def test_without_a_browser_it_says_how_to_get_one(monkeypatch, capsys):
    def none():
        raise FileNotFoundError("no Chromium and no Chrome is installed here")

    monkeypatch.setattr(print_pdf, "find_browser", none)
    monkeypatch.setattr("sys.argv", ["print_pdf"])
    assert print_pdf.main() == 1
    said = capsys.readouterr().out
    assert "no Chromium and no Chrome is installed here" in said and "make tools" in said and "Traceback" not in said


@pytest.mark.parametrize("line", [["book/02-scalar"], ["--paper", "A5"]])
def test_what_is_not_there_is_refused_by_name(monkeypatch, capsys, line):
    monkeypatch.setattr("sys.argv", ["print_pdf", *line])
    with pytest.raises(SystemExit) as refused:
        print_pdf.main()
    assert refused.value.code == 2 and line[-1] in capsys.readouterr().err


def test_the_files_and_their_size_are_said(monkeypatch, capsys, tmp_path):
    def print_pages(pages, folder, paper):
        files = [folder / print_pdf.file_name(page) for page in pages]
        for file in files:
            file.write_bytes(b"x" * 600_000)
        return files

    monkeypatch.setattr(print_pdf, "print_pages", print_pages)
    for pages, said in ((["book/intro"], "1 PDF file, 0.6 MB, in "),
                        (["book/intro", "book/review"], "2 PDF files, 1.2 MB, in ")):
        monkeypatch.setattr("sys.argv", ["print_pdf", "--to", str(tmp_path), *pages])
        assert print_pdf.main() == 0
        assert capsys.readouterr().out.startswith(said)

import logging

import pytest
from pypdf import PdfReader, PdfWriter

from document_files import pdf
from tunesmith.core.errors import BadData, MissingExtra
from tunesmith.core.example import BadRow
from tunesmith.data.source import _pdf_pages
from tunesmith.data.source._pdf_pages import pages


def write(folder, content):
    file = folder / "a.pdf"
    file.write_bytes(content)
    return file


def locked(folder, user_password):
    source = write(folder, pdf("A secret"))
    writer = PdfWriter(clone_from=PdfReader(source))
    writer.encrypt(user_password, "the owner's", algorithm="RC4-128")
    writer.write(source)
    return source


def test_every_page_has_its_number_and_its_text(tmp_path):
    found = list(pages(write(tmp_path, pdf("One\nline (two)", "Next"))))
    assert found == [(1, "One\nline (two)"), (2, "Next")]


def test_a_page_that_may_be_scanned_is_named_and_the_others_are_read(tmp_path):
    first, bad, last = pages(write(tmp_path, pdf("One", "", "Three", image_on=2)))
    assert (first.text, last.text) == ("One", "Three")
    assert isinstance(bad, BadRow)
    assert (bad.place.line, bad.place.byte, bad.reason) == (2, None, "no text")
    assert bad.found == "page 2 has no text"
    assert bad.remedy.startswith("It may be scanned")


def test_a_page_that_draws_much_but_writes_nothing_is_refused_and_a_line_is_no_content(tmp_path):
    line = b"0 0 m 100 100 l S\n"
    (blank,) = pages(write(tmp_path, pdf("", drawn=line)))
    assert blank == (1, "")
    (bad,) = pages(write(tmp_path, pdf("", drawn=line * 100)))
    assert bad.reason == "no text"


def test_a_file_that_only_forbids_copying_is_read(tmp_path):
    assert [page.text for page in pages(locked(tmp_path, ""))] == ["A secret"]


def test_a_file_with_a_password_is_named(tmp_path):
    with pytest.raises(BadData, match=r"a\.pdf is protected by a password\. Save a copy without"):
        next(pages(locked(tmp_path, "secret")))


def test_a_file_of_too_many_pages_is_refused_before_any_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_pdf_pages, "PAGES", 2)
    with pytest.raises(BadData, match=r"has 3 pages, more than 2\. Split it"):
        next(pages(write(tmp_path, pdf("1", "2", "3"))))


def test_a_page_with_too_much_text_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_pdf_pages, "PAGE_CHARACTERS", 10)
    short, long = pages(write(tmp_path, pdf("short", "longer than that")))
    assert short.text == "short"
    assert (long.reason, long.place.line) == ("page too long", 2)


def test_a_stream_that_unpacks_to_far_more_than_a_page_is_refused_and_costs_no_other_page(tmp_path):
    writer = PdfWriter(clone_from=PdfReader(write(tmp_path, pdf("One", "Two"))))
    page = writer.pages[0]
    content = page["/Contents"].get_object()
    content.set_data(b" " * 80_000_000 + content.get_data())
    page.compress_content_streams(level=9)
    file = tmp_path / "bomb.pdf"
    writer.write(file)
    assert file.stat().st_size < 100_000
    bad, good = pages(file)
    assert (bad.reason, bad.place.line) == ("page cannot be read", 1)
    assert good.text == "Two"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.7\nnothing more", "is damaged, or not a PDF that can be read"),
        (pdf("x").replace(b"/Type /Catalog /Pages 2 0 R", b"/Type /Catalog /Pages 9 0 R"), "is damaged, or"),
        (pdf(), "has no pages"),
        (b"PK\x03\x04", "looks like a ZIP archive"),
        (b"plain", "is not a PDF: it begins with plain"),
    ],
)
def test_what_is_no_pdf_is_named(tmp_path, content, message):
    with pytest.raises(BadData, match=message):
        list(pages(write(tmp_path, content)))


def test_nothing_is_logged_and_the_log_is_as_before(tmp_path, caplog):
    before = logging.getLogger("pypdf").level
    with caplog.at_level(logging.DEBUG):
        list(pages(write(tmp_path, pdf("One").replace(b"startxref\n", b"startxref\n1"))))
    assert caplog.records == []
    assert logging.getLogger("pypdf").level == before


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pypdf", None)
    with pytest.raises(MissingExtra, match=r"Reading PDF .* 'tunesmith\[data\]'"):
        list(pages(write(tmp_path, pdf("One"))))

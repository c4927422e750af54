import zipfile

import pytest

from document_files import docx, paragraph, repacked
from tunesmith.core.errors import BadData, MissingExtra
from tunesmith.data.source import _docx_blocks
from tunesmith.data.source._docx_blocks import blocks

TABLE = "<w:tbl><w:tblPr/>{}</w:tbl>"
ROW = "<w:tr>{}</w:tr>"
CELL = "<w:tc>{}</w:tc>"


def read(tmp_path, body):
    return [(block.number, block.text) for block in blocks(docx(tmp_path / "a.docx", body))]


def test_blocks_come_in_the_order_of_the_document_and_empty_ones_only_count(tmp_path):
    table = TABLE.format(ROW.format(CELL.format(paragraph("a")) + CELL.format(paragraph("b"))))
    found = read(tmp_path, paragraph("One") + paragraph("") + table + paragraph("Two"))
    assert found == [(1, "One"), (3, "| a | b |"), (4, "Two")]


@pytest.mark.parametrize(
    ("style", "text", "level"),
    [
        ("Title", "# Text", 1),
        ("Heading1", "# Text", 1),
        ("Heading3", "### Text", 3),
        ("Heading9", "###### Text", 6),
        ("ListBullet", "- Text", 0),
        ("ListNumber", "- Text", 0),
        ("ListParagraph", "Text", 0),
        ("Normal", "Text", 0),
        ("Unknown", "Text", 0),
    ],
)
def test_headings_and_lists_are_written_as_markdown(tmp_path, style, text, level):
    (block,) = blocks(docx(tmp_path / "a.docx", paragraph("Text", style)))
    assert (block.text, block.level) == (text, level)


def test_a_numbered_paragraph_is_part_of_a_list(tmp_path):
    numbered = "<w:p><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>x</w:t></w:r></w:p>"
    assert read(tmp_path, numbered) == [(1, "- x")]


def test_what_stands_in_content_controls_and_insertions_is_read_and_deletions_are_not(tmp_path):
    control = f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Controlled')}</w:sdtContent></w:sdt>"
    review = (
        "<w:p><w:r><w:t>a</w:t></w:r><w:ins><w:r><w:t>b</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>x</w:delText></w:r></w:del><w:hyperlink><w:r><w:t>c</w:t></w:r></w:hyperlink></w:p>"
    )
    moved = "<w:p><w:moveFrom><w:r><w:t>x</w:t></w:r></w:moveFrom><w:r><w:t>y</w:t></w:r></w:p>"
    assert read(tmp_path, control + review + moved) == [(1, "Controlled"), (2, "abc"), (3, "y")]


def test_tabs_breaks_and_hyphens_are_characters(tmp_path):
    run = "<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t>"
    assert read(tmp_path, f"<w:p><w:r>{run}</w:r></w:p>") == [(1, "a\tb\nc-d")]


def test_a_text_box_is_read_once(tmp_path):
    box = f"<w:txbxContent>{paragraph('In a box')}</w:txbxContent>"
    alternatives = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice Requires='wps'>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )
    assert read(tmp_path, f"<w:p><w:r><w:t>Text</w:t>{alternatives}</w:r></w:p>") == [(1, "Text\nIn a box")]


def test_a_table_in_a_table_is_part_of_its_cell(tmp_path):
    inner = TABLE.format(ROW.format(CELL.format(paragraph("in"))))
    outer = TABLE.format(ROW.format(CELL.format(paragraph("a") + inner) + CELL.format(paragraph("b"))))
    assert read(tmp_path, outer) == [(1, "| a | in | | b |")]


def test_a_package_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_docx_blocks, "ENTRIES", 20)
    file = docx(tmp_path / "a.docx", paragraph("x"))
    more = {f"word/media/{n}.png": b"" for n in range(20)}
    with pytest.raises(BadData, match=r"b\.docx packs 3\d files, more than 20"):
        list(blocks(repacked(file.read_bytes(), tmp_path / "b.docx", {}, more)))
    assert list(blocks(file))


def test_a_package_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(_docx_blocks, "UNPACKED_BYTES", 4 * 2**20)
    file = docx(tmp_path / "a.docx", paragraph("x"))
    bomb = repacked(file.read_bytes(), tmp_path / "b.docx", {}, {"word/media/a.png": bytes(4 * 2**20)})
    assert bomb.stat().st_size < 2**18
    with pytest.raises(BadData, match=r"unpacks to 5,\d\d\d,\d\d\d bytes, more than 4,194,304"):
        list(blocks(bomb))


def test_markup_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_docx_blocks, "MARKUP_BYTES", 200_000)
    file = docx(tmp_path / "a.docx", paragraph("x" * 200_000))
    with pytest.raises(BadData, match=r"bytes of markup, more than 200,000\. Split it"):
        list(blocks(file))


def test_entities_are_not_expanded(tmp_path):
    def evil(document):
        declared = b'<!DOCTYPE x [<!ENTITY a "1234567890"><!ENTITY b SYSTEM "file:///etc/hostname">]>'
        head, rest = document.split(b"?>", 1)
        return head + b"?>" + declared + rest.replace(b"SECRET", b"&a;&b;")

    file = docx(tmp_path / "a.docx", paragraph("before SECRET"))
    (block,) = blocks(repacked(file.read_bytes(), tmp_path / "b.docx", {"word/document.xml": evil}))
    assert block.text == "before "


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "protected by a password, or of Word 2003 and before"),
        (b"PK\x03\x04rest", "is damaged, or not a Word document"),
        (b"plain", "is not a Word document"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_word_document_is_named(tmp_path, content, message):
    (tmp_path / "a.docx").write_bytes(content)
    with pytest.raises(BadData, match=message):
        list(blocks(tmp_path / "a.docx"))


def test_another_package_is_no_word_document(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as package:
        package.writestr("a.txt", "text")
    with pytest.raises(BadData, match="is damaged, or not a Word document"):
        list(blocks(tmp_path / "a.docx"))


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04")
    with pytest.raises(MissingExtra, match=r"Reading Word documents .* 'tunesmith\[data\]'"):
        list(blocks(tmp_path / "a.docx"))

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from document_files import damaged, docx, paragraph, read_or_named
from tunesmith.core.errors import BadData
from tunesmith.data.source.docx import Docx

BODY = (
    paragraph("Before")
    + paragraph("One", "Heading1")
    + paragraph("Text")
    + paragraph("a", "ListBullet")
    + paragraph("b", "ListBullet")
    + paragraph("Deep", "Heading3")
    + paragraph("Two", "Heading2")
    + paragraph("End")
)


def test_a_file_is_one_document_in_markdown(tmp_path):
    source = Docx(path=docx(tmp_path / "a.docx", BODY))
    (row,) = source.read()
    assert source.gives() == "text"
    assert row.text == "Before\n\n# One\n\nText\n\n- a\n- b\n\n### Deep\n\n## Two\n\nEnd"
    assert (row.place.line, row.place.byte) == (1, None)


def test_sections_begin_at_headings_of_level_1_and_2(tmp_path):
    source = Docx(path=docx(tmp_path / "a.docx", BODY), document="section")
    assert [(row.place.line, row.text) for row in source.read()] == [
        (1, "Before"),
        (2, "# One\n\nText\n\n- a\n- b\n\n### Deep"),
        (7, "## Two\n\nEnd"),
    ]


def test_how_it_is_read_is_said(tmp_path):
    file = docx(tmp_path / "a.docx", BODY)
    assert Docx(path=file).reads_as() == (
        "Word, read as one document; split it at its headings with data.source.document=section; headings, "
        "lists and tables are written as Markdown"
    )
    assert "data.source.document=file" in Docx(path=file, document="section").reads_as()


def test_a_document_without_text_is_an_error(tmp_path):
    with pytest.raises(BadData, match="holds no text"):
        Docx(path=docx(tmp_path / "a.docx", paragraph(" "))).gives()


def test_the_fingerprint_follows_bytes_and_options(tmp_path):
    one, two = docx(tmp_path / "a.docx", BODY), docx(tmp_path / "b.docx", BODY + paragraph("more"))
    prints = {
        source.fingerprint()
        for source in (Docx(path=one), Docx(path=two), Docx(path=one, document="section"))
    }
    assert len(prints) == 3


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_named_and_never_crashes_the_reader(tmp_path, data):
    whole = docx(tmp_path / "whole.docx", BODY).read_bytes()
    (tmp_path / "damaged.docx").write_bytes(damaged(data, whole))
    read_or_named(Docx(path=tmp_path / "damaged.docx"), "damaged.docx")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_markup_is_read_or_named_and_never_crashes_the_reader(tmp_path, data):
    at = data.draw(st.integers(0, len(BODY) - 1))
    body = BODY[:at] + data.draw(st.text(st.characters(codec="utf-8"), max_size=5)) + BODY[at + 3 :]
    read_or_named(Docx(path=docx(tmp_path / "damaged.docx", body)), "damaged.docx")

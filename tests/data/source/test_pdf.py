import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from document_files import damaged, pdf, read_or_named
from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example
from tunesmith.data.source import pdf as pdf_source
from tunesmith.data.source.pdf import Pdf


def write(folder, *pages, **options):
    file = folder / "a.pdf"
    file.write_bytes(pdf(*pages, **options))
    return file


def test_a_file_is_one_document_at_its_first_page_with_text(tmp_path):
    source = Pdf(path=write(tmp_path, "", "One", "Two"))
    (document,) = source.read()
    assert source.gives() == "text"
    assert document.text == "One\n\nTwo"
    assert (document.place.line, document.place.byte) == (2, None)


def test_each_page_can_be_a_document(tmp_path):
    source = Pdf(path=write(tmp_path, "One", "", "Three"), document="page")
    assert [(row.text, row.place.line) for row in source.read()] == [("One", 1), ("Three", 3)]


@pytest.mark.parametrize("document", ["file", "page"])
def test_a_scanned_page_is_a_row_that_cannot_be_used(tmp_path, document):
    rows = list(Pdf(path=write(tmp_path, "One", "", "Three", image_on=2), document=document).read())
    assert [row.place.line for row in rows if isinstance(row, BadRow)] == [2]
    texts = [row.text for row in rows if isinstance(row, Example)]
    assert texts == (["One\n\nThree"] if document == "file" else ["One", "Three"])


def test_ligatures_are_spelt_out_and_hyphenated_words_joined(tmp_path):
    file = write(tmp_path, "The \x01rst exam-\nple, GPL-\n3 and Anglo-\nAmerican; re\xad\nread.")
    (document,) = Pdf(path=file).read()
    assert document.text == "The first example, GPL-\n3 and Anglo-\nAmerican; reread."
    (document,) = Pdf(path=file, join_hyphens=False).read()
    assert "exam-\nple" in document.text


def test_what_is_done_to_the_text_is_said(tmp_path):
    file = write(tmp_path, "One")
    assert Pdf(path=file).reads_as() == (
        "PDF, read as one document; read each page as one with data.source.document=page; ligatures are "
        "spelt out, words hyphenated at line ends are joined (data.source.join_hyphens=false changes it)"
    )
    said = Pdf(path=file, document="page", join_hyphens=False).reads_as()
    assert "a document per page; read the file as one with data.source.document=file" in said
    assert "kept as they are (data.source.join_hyphens=true changes it)" in said


def test_a_file_that_shows_nothing_is_an_error(tmp_path):
    with pytest.raises(BadData, match="shows nothing on any page"):
        list(Pdf(path=write(tmp_path, "", "")).read())


def test_a_document_of_too_many_characters_is_an_error_that_says_how_to_part_it(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_source, "DOCUMENT_CHARACTERS", 10)
    file = write(tmp_path, "eight ch", "aracters")
    with pytest.raises(BadData, match=r"more than 10 characters by page 2\. Read each page as a document"):
        list(Pdf(path=file).read())
    assert len(list(Pdf(path=file, document="page").read())) == 2


def test_the_fingerprint_follows_bytes_and_options(tmp_path):
    file = write(tmp_path, "One")
    before = Pdf(path=file).fingerprint()
    assert Pdf(path=file, document="page").fingerprint() != before
    assert Pdf(path=write(tmp_path, "Two")).fingerprint() != before
    assert Pdf(path=write(tmp_path, "One")).fingerprint() == before


WHOLE = pdf("The first page (of two)", "And the last", "", image_on=3)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_named_and_never_crashes_the_reader(tmp_path, data):
    file = tmp_path / "damaged.pdf"
    file.write_bytes(damaged(data, WHOLE))
    read_or_named(Pdf(path=file), str(file))

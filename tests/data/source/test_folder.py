import pytest

from document_files import docx, paragraph, pdf
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.example import BadRow
from tunesmith.data.source.folder import Folder


@pytest.fixture
def folder(tmp_path):
    """A folder with one file of every kind, below it another, and what is not read."""
    root = tmp_path / "papers"
    (root / "b").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "c.txt").write_text("plain|text")
    (root / "b" / "d.MD").write_text("# One\na\n# Two\nb")
    (root / "a.pdf").write_bytes(pdf("page one", "page two"))
    docx(root / "e.docx", paragraph("Head", "Heading1") + paragraph("x") + paragraph("Next", "Heading1"))
    (root / ".hidden" / "f.txt").write_text("hidden")
    (root / "picture.png").write_bytes(b"png")
    (root / "page.html").write_text("<p>")
    (root / "noname").write_text("?")
    return root


def test_every_file_is_a_document_in_the_order_of_names(folder):
    rows = list(Folder(path=folder).read())
    assert [(row.place.file.removeprefix(f"{folder}/"), row.text) for row in rows] == [
        ("a.pdf", "page one\n\npage two"),
        ("b/d.MD", "# One\na\n# Two\nb"),
        ("c.txt", "plain|text"),
        ("e.docx", "# Head\n\nx\n\n# Next"),
    ]
    assert Folder(path=folder).gives() == "text"


def test_every_part_can_be_a_document(folder):
    rows = Folder(path=folder, document="part").read()
    assert [row.text for row in rows] == [
        *("page one", "page two", "# One\na", "# Two\nb", "plain|text", "# Head\n\nx", "# Next")
    ]


def test_text_is_parted_at_the_separator_whatever_a_document_is(folder):
    for document in ("file", "part"):
        texts = [row.text for row in Folder(path=folder, document=document, separator="|").read()]
        assert {"plain", "text", "# One\na\n# Two\nb"} <= set(texts)


def test_the_pattern_chooses(folder):
    texts = [row.text for row in Folder(path=folder, pattern="*.txt").read()]
    assert texts == ["plain|text"]
    assert len(list(Folder(path=folder, pattern="**/*.MD").read())) == 1


def test_what_is_read_and_what_is_left_out_is_said(folder):
    assert Folder(path=folder).reads_as() == (
        "folder with 4 files (1 .pdf, 1 .md, 1 .txt, 1 .docx); each file is a document "
        "(data.source.document=part changes it); left out: 3 files (1 no suffix, 1 .html, 1 .png)"
    )
    said = Folder(path=folder, pattern="*.txt", document="part", separator="|").reads_as()
    assert said == (
        "folder with 1 file (1 .txt); each section or page is a document (data.source.document=file changes "
        "it); text is parted at '|'"
    )


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.json", "rows.PARQUET", "rows.tsv"])
def test_a_file_of_rows_is_refused_with_what_to_do(folder, name):
    (folder / name).write_text("")
    with pytest.raises(BadData, match=rf"{name} is a file of rows\. .*data\.source\.name=mix.*pattern"):
        Folder(path=folder).gives()
    assert Folder(path=folder, pattern="*.txt").gives() == "text"


def test_a_file_that_cannot_be_read_is_one_row_that_cannot_be_used(folder):
    (folder / "a.pdf").write_bytes(b"%PDF-nothing")
    (folder / "empty.txt").write_text("")
    rows = list(Folder(path=folder).read())
    bad = [row for row in rows if isinstance(row, BadRow)]
    assert [(row.place.file, row.reason) for row in bad] == [
        (f"{folder}/a.pdf", "file cannot be read"),
        (f"{folder}/empty.txt", "file cannot be read"),
    ]
    assert "is damaged" in bad[0].found
    assert len(rows) == 5


def test_a_link_that_leads_out_of_the_folder_is_left_out(folder, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "inside.txt").symlink_to(folder / "c.txt")
    texts = [row.text for row in Folder(path=folder, pattern="*.txt").read()]
    assert texts == ["plain|text", "plain|text"]


@pytest.mark.parametrize("pattern", ["../*.txt", "/etc/*", "a/../../*", "**.txt"])
def test_a_pattern_that_leads_elsewhere_or_nowhere_is_refused(folder, pattern):
    with pytest.raises(BadOption, match=r"data\.source\.pattern"):
        Folder(path=folder, pattern=pattern).gives()


def test_a_folder_without_files_to_read_says_what_there_is(folder, tmp_path):
    with pytest.raises(BadData, match=r"no file to read that fits '\*\.html'\. Found: 1 file \(1 \.html\)"):
        Folder(path=folder, pattern="*.html").gives()
    with pytest.raises(BadData, match="is not there"):
        Folder(path=tmp_path / "gone").gives()
    with pytest.raises(BadData, match=r"is a file\. Read it with data\.source\.name=file"):
        Folder(path=folder / "c.txt").gives()


def test_the_fingerprint_follows_names_bytes_and_options(folder):
    before = Folder(path=folder).fingerprint()
    (folder / "picture.png").write_bytes(b"another")
    assert Folder(path=folder).fingerprint() == before
    assert Folder(path=folder, document="part").fingerprint() != before
    (folder / "c.txt").write_text("plain|text!")
    after = Folder(path=folder).fingerprint()
    assert after != before
    (folder / "c.txt").rename(folder / "g.txt")
    assert Folder(path=folder).fingerprint() not in (before, after)

import pytest

from tunesmith.core.contracts import Source
from tunesmith.core.errors import BadData, BadOption
from tunesmith.core.registry import Registry
from tunesmith.data.source._columns import Columns
from tunesmith.data.source.docx import Docx
from tunesmith.data.source.file import FORMATS, File
from tunesmith.data.source.parquet import Parquet
from tunesmith.data.source.pdf import Pdf

PAIR, LABELLED = Columns(prompt="z", completion="x"), Columns(text="z", label="x")

CONTENTS = {
    "a.jsonl": ('{"prompt": "p", "completion": "c"}', "conversations", "JSONL with columns 'prompt' and"),
    "a.NDJSON": ('{"text": "t"}', "text", "JSONL with column 'text'"),
    "a.json": ('[{"prompt": "p", "completion": "c"}]', "conversations", "JSON with columns 'prompt' and"),
    "a.csv": ("text,category\nt,c\n", "labels", "CSV with columns 'text' and"),
    "a.tsv": ("text\tcategory\nt\tc\n", "labels", "TSV with columns 'text' and"),
    "a.txt": ("some text", "text", "text, read as one document"),
    "a.md": ("# some text", "text", "text, read as one document"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_the_suffix_decides_how_a_file_is_read(tmp_path, name):
    content, kind, sentence = CONTENTS[name]
    (tmp_path / name).write_text(content)
    source = File(path=tmp_path / name)
    assert source.gives() == kind
    assert source.reads_as().startswith(sentence)
    assert len(list(source.read())) == 1


def test_options_reach_the_reader(tmp_path):
    (tmp_path / "a.csv").write_text("x;y;z\n1;2;3\n")
    (row,) = File(path=tmp_path / "a.csv", columns=PAIR, delimiter=";").read()
    assert (row.prompt[0].content, row.reference) == ("3", "1")
    (row,) = File(path=tmp_path / "a.csv", columns=LABELLED, delimiter=";").read()
    assert (row.prompt[0].content, row.label) == ("3", "1")
    (tmp_path / "a.jsonl").write_text('{"x": "1", "y": "2", "z": "3"}')
    (row,) = File(path=tmp_path / "a.jsonl", columns=PAIR).read()
    assert (row.prompt[0].content, row.reference) == ("3", "1")
    (row,) = File(path=tmp_path / "a.jsonl", columns=LABELLED).read()
    assert (row.prompt[0].content, row.label) == ("3", "1")
    (tmp_path / "a.txt").write_text("one|two")
    source = File(path=tmp_path / "a.txt", separator="|")
    assert [row.text for row in source.read()] == ["one", "two"]
    assert source.reads_as() == "text, read as documents separated by '|'"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.jsonl", {"delimiter": ","}),
        ("a.jsonl", {"separator": "|"}),
        ("a.csv", {"separator": "|"}),
        ("a.csv", {"rows": "data"}),
        ("a.json", {"delimiter": ","}),
        ("a.txt", {"columns": Columns(prompt="p")}),
        ("a.md", {"delimiter": ","}),
    ],
)
def test_an_option_without_effect_is_refused(tmp_path, name, options):
    (tmp_path / name).write_text(CONTENTS[name][0])
    (option,) = options
    with pytest.raises(BadOption, match=rf"data.source.{option}: a \{name[1:]} file has no use for it"):
        File(path=tmp_path / name, **options).gives()


@pytest.mark.parametrize(("name", "reader"), [("a.PDF", Pdf), ("a.docx", Docx), ("a.parquet", Parquet)])
def test_other_files_are_left_to_their_own_source(tmp_path, name, reader):
    file = tmp_path / name
    file.write_bytes(b"nothing of the kind")
    with pytest.raises(BadData) as wanted:
        reader(path=file).gives()
    with pytest.raises(BadData) as found:
        File(path=file).gives()
    assert str(found.value) == str(wanted.value)


def test_a_separator_of_nothing_is_refused():
    with pytest.raises(BadOption, match="separator"):
        Registry("data.source", Source).build("file", {"path": "a.txt", "separator": ""})


def test_the_rows_of_a_json_file_can_be_named(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"one": [{"text": "a"}], "two": [{"text": "b"}, {"text": "c"}]}')
    assert [row.text for row in File(path=file, rows="two").read()] == ["b", "c"]


@pytest.mark.parametrize("name", ["a.xlsx", "a"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, name):
    known = (
        "Known: .jsonl, .ndjson, .json, .csv, .tsv, .tab, .parquet, .pdf, .docx, .txt, .md. Name the format"
    )
    with pytest.raises(BadData, match=known):
        File(path=tmp_path / name).gives()
    assert sum(len(found.suffixes) for found in FORMATS) == 9


def test_a_folder_is_refused_with_the_source_that_reads_it(tmp_path):
    with pytest.raises(
        BadData, match=r"is a folder. Give one file, or read them all with data.source.name=folder."
    ):
        File(path=tmp_path).gives()


def test_an_empty_text_file_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(BadData, match="is empty"):
        File(path=tmp_path / "a.txt").gives()

import pytest

from tunesmith.core.errors import BadData, BadOption
from tunesmith.data.source.file import File

CONTENTS = {
    "a.jsonl": ('{"prompt": "p", "completion": "c"}', "conversations", "JSONL with columns 'prompt' and"),
    "a.NDJSON": ('{"text": "t"}', "text", "JSONL with column 'text'"),
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
    (row,) = File(path=tmp_path / "a.csv", prompt="z", completion="x", delimiter=";").read()
    assert (row.prompt[0].content, row.reference) == ("3", "1")
    (row,) = File(path=tmp_path / "a.csv", text="z", label="x", delimiter=";").read()
    assert (row.prompt[0].content, row.label) == ("3", "1")
    (tmp_path / "a.jsonl").write_text('{"x": "1", "y": "2", "z": "3"}')
    (row,) = File(path=tmp_path / "a.jsonl", prompt="z", completion="x").read()
    assert (row.prompt[0].content, row.reference) == ("3", "1")
    (row,) = File(path=tmp_path / "a.jsonl", text="z", label="x").read()
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
        ("a.txt", {"prompt": "p"}),
        ("a.md", {"delimiter": ","}),
    ],
)
def test_an_option_without_effect_is_refused(tmp_path, name, options):
    (tmp_path / name).write_text(CONTENTS[name][0])
    (option,) = options
    with pytest.raises(BadOption, match=rf"data.source.{option}: a \{name[1:]} file has no use for it"):
        File(path=tmp_path / name, **options).gives()


@pytest.mark.parametrize("name", ["a.json", "a.parquet", "a"])
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, name):
    with pytest.raises(BadData, match=r"Known: .jsonl, .ndjson, .csv, .tsv, .tab, .txt, .md"):
        File(path=tmp_path / name).gives()


def test_an_empty_text_file_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(BadData, match="is empty"):
        File(path=tmp_path / "a.txt").gives()

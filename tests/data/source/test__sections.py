import pytest

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow
from tunesmith.data.source._lines import LINE_BYTES
from tunesmith.data.source._sections import sections


def read(folder, content):
    (folder / "a.md").write_bytes(content)
    return list(sections(folder / "a.md"))


def test_sections_begin_at_headings_of_level_1_and_2_and_have_their_places(tmp_path):
    content = b"\xef\xbb\xbf\nIntro\n# One\ntext\n\n### Deep\nmore\n## Two \r\nlast\r\n"
    found = [(row.text, row.place.line, row.place.byte) for row in read(tmp_path, content)]
    assert found == [
        ("Intro", 2, 4),
        ("# One\ntext\n\n### Deep\nmore", 3, 10),
        ("## Two \r\nlast", 8, 36),
    ]


@pytest.mark.parametrize("line", ["#hash", "####### seven", "    # code", "text # no", "### three"])
def test_what_is_no_heading_begins_no_section(tmp_path, line):
    assert len(read(tmp_path, f"# One\n{line}\n".encode())) == 1


@pytest.mark.parametrize("line", ["#", "# a", "## a", "   # a", "#\tb"])
def test_what_is_a_heading_begins_one(tmp_path, line):
    assert len(read(tmp_path, f"text\n{line}\n".encode())) == 2


@pytest.mark.parametrize(
    "fenced",
    [
        "```\n# not one\n```",
        "~~~ python\n# not one\n```\n# not one\n~~~",
        "````\n# not one\n```\n# not one\n````",
        "```\n# not one\n``` no end\n# not one\n```",
    ],
)
def test_code_in_fences_has_no_headings(tmp_path, fenced):
    found = read(tmp_path, f"# One\n{fenced}\n# Two\n".encode())
    assert [row.text for row in found] == [f"# One\n{fenced}", "# Two"]


def test_a_section_that_cannot_be_used_is_named_and_costs_no_other(tmp_path):
    first, second, third = read(tmp_path, b"# One\ncaf\xe9\n# Two\n# " + b"x" * LINE_BYTES + b"\n")
    assert (first.reason, first.place.line) == ("not UTF-8", 1)
    assert second.text == "# Two"
    assert isinstance(third, BadRow)
    assert third.reason == "line too long"


def test_white_space_is_no_section(tmp_path):
    with pytest.raises(BadData, match="nothing but white space"):
        read(tmp_path, b" \n\n")

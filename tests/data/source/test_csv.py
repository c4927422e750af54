"""Records keep their true places through quoted line ends; each malformed one is named and costs no other."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.core.errors import BadData
from tunesmith.core.example import BadRow, Example
from tunesmith.data.source._columns import Columns
from tunesmith.data.source._lines import LINE_BYTES
from tunesmith.data.source._refused import EXCERPT_CHARACTERS
from tunesmith.data.source.csv import Csv

HEADER = b"prompt,completion\r\n"
GOOD = b'"one\r\ntwo","c, ""quoted"""\r\n'

MALFORMED = [
    (b"only one\r\n", "wrong number of fields"),
    (b"a,b,c\r\n", "wrong number of fields"),
    (b'"a\r\nb"\r\n', "wrong number of fields"),
    (b"a,b,\r\n", "wrong number of fields"),
    (b'"a" x,b\r\n', "text after a closing quote"),
    (b'"say "hi" now",b\r\n', "text after a closing quote"),
    (b'"a,b\r\n', "text after a closing quote"),
    (b'a,"b\r\n', "text after a closing quote"),
    (b'5" pipe,b\r\n', "quote inside an unquoted field"),
    (b'a, "b"\r\n', "quote inside an unquoted field"),
    (b'a,"b, c"d"\r\n', "text after a closing quote"),
    (b"a\rb,c\r\n", "not valid CSV"),
    (b",b\r\n", "empty prompt"),
    (b"a,\r\n", "empty answer"),
    (b'a," \n "\r\n', "empty answer"),
    (b"caf\xe9,b\r\n", "not UTF-8"),
    (b'"a\r\ncaf\xe9\r\nb",c\r\n', "not UTF-8"),
    (b"a\x00,b\r\n", "NUL character"),
    (b"x" * LINE_BYTES + b",b\r\n", "line too long"),
]


def test_the_malformed_corpus_is_complete():
    assert len(MALFORMED) == 19


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_a_malformed_record_is_named_by_line_byte_and_reason(tmp_path, number):
    bad, reason = MALFORMED[number]
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER + GOOD + b"\r\n" + bad + GOOD)
    rows = list(Csv(path=file).read())
    (refused,) = [row for row in rows if isinstance(row, BadRow)]
    assert (refused.place.line, refused.place.byte) == (5, len(HEADER + GOOD) + 2)
    assert refused.reason == reason
    assert len(rows) == 3
    assert rows[-1].messages == rows[0].messages
    assert rows[-1].place.byte == len(HEADER + GOOD + b"\r\n" + bad)
    assert len(refused.found) <= EXCERPT_CHARACTERS
    assert refused.found.isprintable()


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER + b'"a,b\nc,d\ne,f\n')
    rows = list(Csv(path=file).read())
    assert [row.reason for row in rows if isinstance(row, BadRow)] == ["unclosed quote"]
    assert [(r.place.line, r.reference) for r in rows if isinstance(r, Example)] == [(3, "d"), (4, "f")]


def test_a_quoted_field_may_be_longer_than_the_csv_module_allows_by_default(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER + b'a,"' + b"x\n" * 100_000 + b'"\n')
    (row,) = Csv(path=file).read()
    assert len(row.reference) == 200_000


def test_a_quote_left_open_over_more_than_a_line_may_hold_is_given_up(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER + b'"a,b\n' + (b"x" * 999_999 + b",y\n") * 9 + b'c,"d"\n')
    rows = list(Csv(path=file).read())
    assert [(row.place.line, row.reason) for row in rows if isinstance(row, BadRow)] == [
        (2, "unclosed quote")
    ]
    assert len(rows) == 11


def test_tabs_separate_where_the_suffix_says_so(tmp_path):
    file = tmp_path / "rows.tsv"
    file.write_text("text\tcategory\na, b\tc\n")
    (row,) = Csv(path=file).read()
    assert (row.prompt[0].content, row.label) == ("a, b", "c")
    assert (
        Csv(path=file).reads_as().startswith("TSV with columns 'text' and 'category', read as text and label")
    )


def test_the_delimiter_can_be_given_and_is_suggested(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("text;category\na;b\n")
    with pytest.raises(BadData, match=r"Perhaps the delimiter is ';': data.source.delimiter=';'"):
        Csv(path=file).gives()
    assert Csv(path=file, delimiter=";").gives() == "labels"


def test_two_columns_of_unknown_names_are_prompt_and_completion_and_it_is_said(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(b"\xef\xbb\xbfmr,ref\na,b\n")
    assert Csv(path=file).reads_as() == (
        "CSV with columns 'mr' and 'ref', read as prompt and completion (the only two text columns); "
        "override with data.source.columns.prompt=... data.source.columns.completion=..."
    )
    (row,) = Csv(path=file, columns=Columns(prompt="ref", completion="mr")).read()
    assert (row.prompt[0].content, row.reference) == ("b", "a")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\r\n", "nothing but blank lines"),
        (HEADER, "has a header but no rows"),
        (b"a,a\nb,c\n", "two columns are called 'a'"),
        (b'"a,b\nc,d\n', "The header cannot be read"),
        (b"a,b,c\n1,2,3\n", "columns not recognised: 'a', 'b', 'c'"),
        (b"prompt,completion\rp,c\r", "The header cannot be read"),
    ],
)
def test_a_file_without_usable_columns_is_an_error(tmp_path, content, message):
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    with pytest.raises(BadData, match=message):
        list(Csv(path=file).read())


def test_a_wrong_column_option_is_answered_with_the_right_one(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER + GOOD)
    with pytest.raises(BadData, match=r"there is no column 'promt'.*Did you mean 'prompt'\?"):
        Csv(path=file, columns=Columns(prompt="promt")).gives()


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(
    lambda t: not t.isspace() and t
)
pace = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def write(rows: list[tuple[str, str]], end: str) -> list[bytes]:
    """Write each row with Python's own writer, the independent judge of the format."""
    encoded = []
    for row in rows:
        buffer = io.StringIO(newline="")
        csv.writer(buffer, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(row)
        encoded.append(buffer.getvalue().encode())
    return encoded


@pace
@given(rows=st.lists(st.tuples(texts, texts), min_size=1, max_size=10), end=st.sampled_from(["\n", "\r\n"]))
def test_every_valid_row_survives_writing_and_reading_at_its_true_place(tmp_path, rows, end):
    file = tmp_path / "rows.csv"
    encoded = write(rows, end)
    file.write_bytes(HEADER + b"".join(encoded))
    read = list(Csv(path=file).read())
    assert [(row.prompt[0].content, row.reference) for row in read] == rows
    for number, row in enumerate(read):
        before = HEADER + b"".join(encoded[:number])
        assert (row.place.line, row.place.byte) == (before.count(b"\n") + 1, len(before))


@pace
@given(data=st.data(), rows=st.lists(st.tuples(texts, texts), min_size=2, max_size=10))
def test_one_record_with_a_field_too_many_is_named_exactly(tmp_path, data, rows):
    at = data.draw(st.integers(0, len(rows) - 1))
    encoded = write(rows, "\r\n")
    encoded[at] = encoded[at][:-2] + b",more\r\n"
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER + b"".join(encoded))
    found = list(Csv(path=file).read())
    (bad,) = [row for row in found if isinstance(row, BadRow)]
    before = HEADER + b"".join(encoded[:at])
    assert (bad.place.line, bad.place.byte) == (before.count(b"\n") + 1, len(before))
    assert bad.reason == "wrong number of fields"
    assert len(found) == len(rows)


@pace
@given(content=st.binary(max_size=200))
def test_arbitrary_bytes_never_crash_the_reader(tmp_path, content):
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER + content + b"\n" + GOOD)
    assert list(Csv(path=file).read())


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        ("text,label\na,0.5\n", "labels", "text and number"),
        ("text,label\na,5\n", "labels", "text and label"),
        ('text,label\n"broken"x,y\nonly one\na,0.5\n', "labels", "text and number"),
        ("prompt,completion,label\np,c,True\n", "ratings", "answers with a rating"),
        ("prompt,completion,stars\np,c,4.5\n", "ratings", "answers with a rating"),
        ("prompt,completion,stars\np,c,\n", "ratings", "answers with a rating"),
        ("prompt,completion,stars\np,c,good\n", "conversations", "prompt and completion"),
        (
            'chosen,rejected\n"\n\nHuman: u\n\nAssistant: a","\n\nHuman: u\n\nAssistant: b"\n',
            "pairs",
            "pairs of",
        ),
    ],
)
def test_where_the_header_leaves_a_choice_the_first_whole_row_decides(tmp_path, content, kind, said):
    file = tmp_path / "rows.csv"
    file.write_text(content)
    assert Csv(path=file).gives() == kind
    assert f"read as {said}" in Csv(path=file).reads_as()


def test_a_header_alone_says_what_there_would_be(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_bytes(HEADER)
    assert Csv(path=file).gives() == "conversations"


def test_columns_that_nothing_is_learned_from_are_kept_as_text(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text("id,prompt,completion,split\n7,p,c,test\n")
    (row,) = Csv(path=file).read()
    assert row.fields == {"id": "7", "split": "test"}

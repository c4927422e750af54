"""A clean file is copied byte by byte, a messy one is read without a bad row once mended, nothing is lost."""
# ruff: noqa: RUF001 - letters that look like others are what some of this is about

import json
import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus_files import PAIR, cases
from full_disk import no_file_beyond
from tunesmith.core.errors import BadData, BadOption, DiskFull, TunesmithError
from tunesmith.core.example import BadRow, Example
from tunesmith.data._pieces import BLANK
from tunesmith.data.mend import SET_ASIDE, Change, Mended, mend
from tunesmith.data.source._columns import Columns
from tunesmith.data.source.csv import Csv
from tunesmith.data.source.file import File
from tunesmith.data.source.jsonl import Jsonl

GOOD = PAIR.replace(rb"\n", b"\n")


def write(folder: Path, content: bytes, name: str = "rows.jsonl") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def copy_of(path: Path) -> Path:
    return path.with_name(
        "clean.jsonl" if path.suffix.lower() in (".json", ".jsonl") else f"clean{path.suffix}"
    )


def mended(path: Path) -> tuple[Mended, bytes, list[Change]]:
    """Mend a file; check that the original is untouched and nothing else was left behind."""
    before, told = path.read_bytes(), list[Change]()
    found = mend(path, copy_of(path), told.append)
    assert path.read_bytes() == before
    aside = [found.aside] if found.aside else []
    assert sorted(path.parent.iterdir()) == sorted([path, copy_of(path), *aside])
    return found, copy_of(path).read_bytes(), told


CLEAN = {
    "rows": ("rows.jsonl", GOOD * 3),
    "no last line end": ("rows.jsonl", GOOD + GOOD.rstrip()),
    "Windows line ends": ("rows.jsonl", GOOD.replace(b"\n", b"\r\n") * 2),
    "odd spaces": ("rows.jsonl", b' {"prompt" :\t"p","completion": "c" } \n'),
    "escapes": ("rows.jsonl", b'{"prompt": "\\ud83d\\ude00 \\\\u0000 \\/", "completion": "c"}\n'),
    "CSV": ("rows.csv", b'prompt,completion\r\n"a\r\nb","say ""hi"""\r\n c , d'),
    "TSV": ("rows.tsv", b"prompt\tcompletion\na, b\tc\n"),
    "text": ("rows.txt", b"\r\none\r\n\r\n  two\n\n"),
}


@pytest.mark.parametrize("kind", CLEAN)
def test_a_clean_file_is_copied_byte_by_byte(tmp_path: Path, kind: str) -> None:
    name, content = CLEAN[kind]
    found, copy, told = mended(write(tmp_path, content, name))
    assert copy == content
    assert told == []
    assert (found.set_aside, found.aside, found.changes) == (0, None, {})


def test_every_change_is_told_in_order_with_before_and_after(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + GOOD + b"\n" + b'{"prompt": "p", "completion": "c",}\n' + b"{'prompt': 'p'\n"
    found, copy, told = mended(write(tmp_path, content))
    assert copy == GOOD * 2
    assert told == [
        Change(0, "byte order mark left out", "", ""),
        Change(2, "a blank line left out", "", ""),
        Change(
            3,
            "a comma behind the last item left out",
            '{"prompt": "p", "completion": "c",}',
            '{"prompt": "p", "completion": "c"}',
        ),
        Change(
            4,
            f"{SET_ASIDE}: not valid JSON: single quotes, column 2: {{'prompt': 'p'",
            "{'prompt': 'p'",
            "",
        ),
    ]
    assert (found.kept, found.set_aside) == (2, 1)
    assert found.changes == {
        "byte order mark left out": 1,
        "a blank line left out": 1,
        "a comma behind the last item left out": 1,
        SET_ASIDE: 1,
    }


@pytest.mark.parametrize("shift", range(4))
def test_a_change_far_inside_a_row_is_shown_where_it_is(tmp_path: Path, shift: int) -> None:
    row = '{"prompt": "' + "x" * shift + "\U0001f600" * 300 + '", "n": NaN, "completion": "c"}\n'
    _, _, (change,) = mended(write(tmp_path, row.encode()))
    assert change.before.startswith("…\U0001f600")
    assert '"n": NaN' in change.before
    assert '"n": null' in change.after


def test_a_row_that_is_mended_and_refused_all_the_same_is_told_once(tmp_path: Path) -> None:
    found, _, told = mended(write(tmp_path, GOOD + b'{"prompt": "", "completion": "c",}\n'))
    assert [change.what for change in told] == ["set aside: empty prompt: 'prompt' is ''"]
    assert found.changes == {SET_ASIDE: 1}


def test_what_is_set_aside_is_left_as_it_stood(tmp_path: Path) -> None:
    broken = [
        b'{"prompt": "cut\n',
        b'{"prompt": "", "completion": "c"}\r\n',
        b"\xff\xfe\xfd\0 \x80\n",
        b"hello",
    ]
    found, copy, _ = mended(write(tmp_path, GOOD + broken[0] + GOOD + b"".join(broken[1:])))
    assert found.aside == tmp_path / "clean.set-aside.jsonl"
    assert found.aside.read_bytes() == b"".join(broken)
    assert (found.kept, found.set_aside, copy) == (2, 4, GOOD * 2)


def test_a_line_too_long_to_be_a_row_is_set_aside_whole(tmp_path: Path) -> None:
    long = b'{"prompt": "' + b"x" * 9_000_000 + b'", "completion": "c"}\n'
    found, copy, _ = mended(write(tmp_path, GOOD + long + GOOD))
    assert found.aside is not None
    assert found.aside.read_bytes() == long
    assert copy == GOOD * 2


def test_a_row_that_the_source_refuses_is_set_aside_though_others_stood_on_its_line(tmp_path: Path) -> None:
    found, copy, told = mended(write(tmp_path, b'{"prompt": "", "completion": "c"}' + GOOD))
    assert found.aside is not None
    assert found.aside.read_bytes() == b'{"prompt": "", "completion": "c"}\n'
    assert copy == GOOD
    assert [change.what for change in told] == [
        "set aside: empty prompt: 'prompt' is ''",
        "rows put on lines of their own",
    ]


def test_rows_are_judged_anew_where_the_one_that_decided_is_set_aside(tmp_path: Path) -> None:
    # The first row decides how all are read. It is refused, and without it the last is read otherwise.
    rows = [
        b'{"prompt": "", "completion": "c", "context": "x"}\n',
        GOOD,
        b'{"prompt": "p", "completion": "c", "context": "x"}\n',
    ]
    found, copy, told = mended(write(tmp_path, b"".join(rows)))
    assert copy == GOOD
    assert found.aside is not None
    assert found.aside.read_bytes() == rows[0] + rows[2]
    assert [change.what.split(": ")[1] for change in told] == ["empty prompt", "unexpected column"]


def test_the_options_of_the_source_decide_what_is_a_row(tmp_path: Path) -> None:
    path, target = write(tmp_path, b'{"x": "a", "y": "b", "z": "c",}\n'), tmp_path / "clean.jsonl"
    with pytest.raises(BadData, match=r"columns not recognised") as caught:
        mend(path, target, lambda change: None)
    assert str(path) in str(caught.value)
    columns = Columns(prompt="x", completion="z")
    mend(path, target, lambda change: None, lambda path: File(path=path, columns=columns))
    assert target.read_bytes() == b'{"x": "a", "y": "b", "z": "c"}\n'


def test_the_delimiter_of_the_source_counts(tmp_path: Path) -> None:
    path, target = write(tmp_path, b"prompt;completion\na;b;\n", "rows.csv"), tmp_path / "clean.csv"
    mend(path, target, lambda change: None, lambda path: Csv(path=path, delimiter=";"))
    assert target.read_bytes() == b"prompt;completion\na;b\n"


def test_a_source_that_is_named_reads_any_suffix(tmp_path: Path) -> None:
    path, target = write(tmp_path, b"[" + GOOD + b"]", "rows.data"), tmp_path / "clean.jsonl"
    mend(path, target, lambda change: None, lambda path: Jsonl(path=path))
    assert target.read_bytes() == GOOD


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-be", "utf-32", "latin-1", "cp1251", "gbk", "shift-jis"]
)
@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.txt"])
def test_a_file_in_another_encoding_becomes_utf8(tmp_path: Path, encoding: str, name: str) -> None:
    texts = {
        "cp1251": "Где мой заказ? Он в пути.",
        "gbk": "我的订单在哪里？已经发货了。",
        "shift-jis": "注文はどこですか？配送中です。",
    }
    text = texts.get(encoding, "Où est ma commande ? Elle est déjà expédiée.")
    row = {"rows.jsonl": f'{{"prompt": "{text}", "completion": "c"}}\n', "rows.csv": f"{text},c\n"}.get(
        name, text
    )
    written = f"prompt,completion\n{row}" if name == "rows.csv" else row
    found, copy, told = mended(write(tmp_path, written.encode(encoding), name))
    assert copy.decode() == written
    assert found.set_aside == 0
    assert [change.what.startswith("decoded from ") for change in told] == [True]


def test_a_json_file_becomes_json_lines(tmp_path: Path) -> None:
    _, copy, _ = mended(
        write(tmp_path, json.dumps([{"prompt": "p", "completion": "c"}] * 2, indent=2).encode(), "rows.json")
    )
    assert copy == GOOD * 2


@pytest.mark.parametrize("taken", ["clean.jsonl", "clean.set-aside.jsonl", "rows.jsonl"])
def test_nothing_is_overwritten(tmp_path: Path, taken: str) -> None:
    path = write(tmp_path, GOOD)
    target = tmp_path / ("rows.jsonl" if taken == "rows.jsonl" else "clean.jsonl")
    (tmp_path / taken).write_bytes(GOOD)
    with pytest.raises(BadOption, match=rf"{taken} exists already, and nothing is overwritten"):
        mend(path, target, lambda change: None)
    assert (tmp_path / taken).read_bytes() == GOOD


@pytest.mark.parametrize(
    ("name", "target", "error", "said"),
    [
        ("rows.csv", "clean.jsonl", BadOption, "needs the suffix .csv"),
        ("rows.json", "clean.json", BadOption, "needs the suffix .jsonl or .ndjson"),
        ("rows.txt", "clean.md", BadOption, "needs the suffix .txt"),
        ("rows.pdf", "clean.pdf", BadData, "only JSON, CSV and text files can"),
    ],
)
def test_a_copy_that_would_be_read_otherwise_is_refused(
    tmp_path: Path, name: str, target: str, error: type[TunesmithError], said: str
) -> None:
    with pytest.raises(error, match=said):
        mend(write(tmp_path, GOOD, name), tmp_path / target, lambda change: None)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.jsonl", b"", "is empty"),
        ("rows.jsonl", b"\n\n", "has no row that can be kept. It holds none."),
        ("rows.jsonl", b"hello\n", "has no row that can be kept. The first: line 1: not valid JSON"),
        ("rows.jsonl", b"\x1f\x8b\x08", "looks like a gzip archive"),
        ("rows.csv", b"prompt,completion\n", "has no row that can be kept"),
        ("rows.txt", b"one\n\xff\xfe\xfd\x80\x81", "cannot be mended: line 2: not UTF-8"),
        ("rows.txt", b" \n", "holds nothing but white space"),
    ],
)
def test_a_file_of_which_nothing_is_left_is_an_error_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = write(tmp_path, content, name)
    with pytest.raises(BadData, match=said):
        mend(path, copy_of(path), lambda change: None)
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="There is no file"):
        mend(tmp_path / "rows.jsonl", tmp_path / "clean.jsonl", lambda change: None)


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r"There is no folder .*no for the copy"):
        mend(write(tmp_path, GOOD), tmp_path / "no" / "clean.jsonl", lambda change: None)


def test_a_suffix_in_capitals_is_the_same(tmp_path: Path) -> None:
    mend(
        write(tmp_path, b"prompt,completion\na,b\n", "ROWS.CSV"), tmp_path / "clean.csv", lambda change: None
    )
    assert (tmp_path / "clean.csv").read_bytes() == b"prompt,completion\na,b\n"


def test_a_file_that_vanishes_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + b"\n" + GOOD)
    with pytest.raises(BadData, match=r"rows.jsonl cannot be read or written: No such file"):
        mend(path, tmp_path / "clean.jsonl", lambda change: None, lambda draft: _without(path, draft))


def _without(path: Path, draft: Path) -> File:
    """Give a source for a draft, and remove the file that it was made of."""
    if draft != path:
        path.unlink()
    return File(path=draft)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD * 10_000)
    with no_file_beyond(1000), pytest.raises(DiskFull, match=r"No room for .*clean.jsonl"):
        mend(path, tmp_path / "clean.jsonl", lambda change: None)
    assert list(tmp_path.iterdir()) == [path]


def test_the_copy_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path, target = write(tmp_path, GOOD + b"\n" + GOOD), tmp_path / "clean.jsonl"

    def stop(change: Change) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mend(path, target, stop)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("case", [*cases("malformed.txt"), *cases("valid.txt")], ids=lambda case: case.title)
def test_a_file_of_the_corpus_is_read_without_a_bad_row_once_it_is_mended(
    tmp_path: Path, case: object
) -> None:
    path = write(tmp_path, case.content, case.name)
    target = path.with_name(f"clean{path.suffix}")
    try:
        found = mend(path, target, lambda change: None)
    except TunesmithError:
        assert list(tmp_path.iterdir()) == [path]
        return
    rows = list(File(path=target).read())
    assert all(isinstance(row, Example) for row in rows)
    assert found.kept == len(rows) or path.suffix in (".txt", ".md")


scraps = st.sampled_from(
    [
        *(
            GOOD,
            GOOD.rstrip(),
            b'{"prompt": "p", "completion": "c",}\n',
            b"\n",
            b" \r\n",
            b"{\n",
            b"}\n",
            b"[\n",
        ),
        *(
            b"],\n",
            b'"prompt": "p",\n',
            b'  "completion": "c"\n',
            b"{'prompt': 'p', 'completion': None}\n",
            b"// c\n",
        ),
        *(
            b'{"prompt": "cut\n',
            b'{"prompt": "", "completion": "c"}\n',
            b"caf\xe9",
            b"\0",
            b"hello\n",
            b",",
            b'"',
        ),
        *(
            b'{"messages": []}\n',
            b'{"text": "t"}\n',
            b"\xef\xbb\xbf",
            b"prompt,completion\n",
            b"p,c\n",
            b'"a" x,b\n',
        ),
    ]
)


@settings(max_examples=150)
@given(
    content=st.lists(scraps | st.binary(max_size=8), max_size=14).map(b"".join),
    name=st.sampled_from(["rows.jsonl", "rows.csv", "rows.txt"]),
)
def test_whatever_is_mended_is_read_without_a_bad_row_and_nothing_is_lost(content: bytes, name: str) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder), content, name)
        try:
            found, copy, told = mended(path)
        except TunesmithError:
            assert list(Path(folder).iterdir()) == [path]
            return
        rows = list(File(path=copy_of(path)).read())
        assert not any(isinstance(row, BadRow) for row in rows)
        _again(path, copy)
        if name != "rows.txt":
            assert found.kept == len(rows)
        if all(change.what == BLANK or change.what.startswith(SET_ASIDE) for change in told):
            aside = found.aside.read_bytes() if found.aside else b""
            assert _lines(copy) + _lines(aside) == _lines(content)


def _lines(content: bytes) -> Counter[bytes]:
    return Counter(line.rstrip(b"\r") for line in content.split(b"\n") if line.strip())


def _again(path: Path, copy: bytes) -> None:
    """Mend the copy: there is nothing left to do."""
    with TemporaryDirectory() as folder:
        found, second, told = mended(write(Path(folder), copy, copy_of(path).name.replace("clean", "rows")))
        assert (second, told, found.set_aside) == (copy, [], 0)


row_kinds = st.sampled_from(
    [
        (GOOD, 1, 0),
        (b'{"prompt": "p", "completion": "c",}\n', 1, 0),
        (b"{'prompt': 'p', 'completion': 'c', 'x': nan}\n", 1, 0),
        (GOOD.rstrip() + GOOD, 2, 0),
        (b'{\n  "prompt": "p",\n  "completion": "c"\n}\n', 1, 0),
        (b'{"prompt": "say "hi"", "completion": "c"}\n', 0, 1),
        (b'{"prompt": "p", "prompt": "q", "completion": "c"}\n', 0, 1),
        (b'{"prompt": "", "completion": "c"}\n', 0, 1),
        (b"hello\n", 0, 1),
        (b"\n", 0, 0),
    ]
)


@settings(max_examples=60)
@given(st.lists(row_kinds, min_size=1, max_size=30))
def test_rows_kept_and_rows_set_aside_are_the_rows_there_were(kinds: list[tuple[bytes, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = write(Path(folder), GOOD + b"".join(content for content, _, _ in kinds))
        found, copy, _ = mended(path)
        assert found.kept == 1 + sum(kept for _, kept, _ in kinds)
        assert found.set_aside == sum(aside for _, _, aside in kinds)
        assert copy.count(b"\n") == found.kept
        lines = found.aside.read_bytes() if found.aside else b""
        assert lines == b"".join(content for content, _, aside in kinds if aside)

"""Fingerprints are SHA-256, depend on content alone, and change when it does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.core.hashing import hash_bytes, hash_file, hash_files, hash_text, hash_value

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of `abc`: FIPS 180-2, appendix B.1."""

plain = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=8,
)


def test_the_published_example_has_its_published_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "abc.txt"
    file.write_bytes(b"abc")
    assert hash_bytes(b"abc") == hash_text("abc") == hash_file(file) == ABC


def test_text_is_fingerprinted_by_its_utf8_bytes_and_any_text_has_one() -> None:
    assert hash_text("ü") == hash_bytes(b"\xc3\xbc")
    assert hash_text("\ud800") != hash_text("\ud801")


@given(some.dictionaries(some.text(), plain, max_size=5))
def test_the_order_of_keys_does_not_change_a_fingerprint(value: dict[str, object]) -> None:
    assert hash_value(value) == hash_value(dict(reversed(value.items())))


@pytest.mark.parametrize(
    ("one", "other"),
    [({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), ([1, 2], [2, 1]), ("1", 1), (1, 1.0), (None, 0)],
)
def test_different_values_have_different_fingerprints(one: object, other: object) -> None:
    assert hash_value(one) != hash_value(other)


def test_a_set_of_files_is_fingerprinted_by_names_and_contents_in_any_order(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    before = hash_files([first, second])
    assert before == hash_files(iter([second, first]))
    second.rename(tmp_path / "c")
    assert hash_files([first, tmp_path / "c"]) != before
    (tmp_path / "c").rename(second)
    second.write_bytes(b"3")
    assert hash_files([first, second]) != before


def test_a_file_larger_than_any_buffer_is_read_to_its_end(tmp_path: Path) -> None:
    content = b"0123456789" * 200_000
    file = tmp_path / "large"
    file.write_bytes(content)
    assert hash_file(file) == hash_bytes(content)

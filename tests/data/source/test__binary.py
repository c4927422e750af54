import os

import pytest

from tunesmith.core.errors import BadData
from tunesmith.data.source._binary import damage_named, opened_binary


def test_a_file_with_the_signature_is_opened_at_its_beginning(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"  MARKrest")
    with opened_binary(tmp_path / "a.bin", "test file", (b"MARK",), within=2) as file:
        assert file.read() == b"  MARKrest"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.bin is empty. Put a test file there."),
        (b"text", "a.bin is not a test file: it begins with text. Check its suffix."),
        (b"   MARK", "a.bin is not a test file: it begins with    MARK. Check its suffix."),
        (
            b"   MARK, and more",
            "a.bin is not a test file: it begins with    MARK, and mor. Check its suffix.",
        ),
        (b"\x1f\x8b\x08", "a.bin looks like a gzip archive. Unpack it first."),
    ],
)
def test_another_file_is_named_as_what_it_is(tmp_path, content, message):
    (tmp_path / "a.bin").write_bytes(content)
    with (
        pytest.raises(BadData) as caught,
        opened_binary(tmp_path / "a.bin", "test file", (b"MARK",), within=2),
    ):
        pass
    assert str(caught.value) == f"{tmp_path}/{message}"


def test_a_signature_stands_at_the_beginning_unless_the_form_says_otherwise(tmp_path):
    (tmp_path / "a.bin").write_bytes(b" MARK")
    with (
        pytest.raises(BadData, match="is not a test file"),
        opened_binary(tmp_path / "a.bin", "test file", (b"MARK",)),
    ):
        pass


def test_a_missing_file_is_answered_with_its_neighbour(tmp_path):
    (tmp_path / "rows.bin").write_bytes(b"MARK")
    with (
        pytest.raises(BadData, match=r"There is no file .*rwos\.bin\. Did you mean rows\.bin\?"),
        opened_binary(tmp_path / "rwos.bin", "test file", (b"MARK",)),
    ):
        pass


@pytest.mark.parametrize(
    "error", [KeyError("/Root"), RecursionError(), ValueError("x\ny" * 99), OSError("odd")]
)
def test_what_a_library_raises_names_the_file(tmp_path, error):
    with pytest.raises(BadData) as caught, damage_named(tmp_path / "a", "test file", "Get another."):
        raise error
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}/a is damaged, or not a test file that can be read: ")
    assert message.endswith(". Get another.")
    assert message.isprintable()


@pytest.mark.parametrize("error", [BadData("known"), OSError(5, os.strerror(5))])
def test_what_is_known_already_is_left_as_it_is(tmp_path, error):
    with pytest.raises(type(error)) as caught, damage_named(tmp_path / "a", "test file", "Get another."):
        raise error
    assert caught.value is error

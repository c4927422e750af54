import shlex
from pathlib import Path

import pytest

from tunesmith.core.errors import BadData
from tunesmith.data.source._signatures import check_signature, wide_encoding

PATH = Path("my rows.jsonl")
ASCII = '{"text": "plain"}\n'
CYRILLIC = "Где мой заказ? Он в пути. Когда он будет здесь? Завтра, в 10:30, не раньше.\n"
CHINESE = "北京是中国的首都, 人口很多。\n" * 12

KINDS = {
    b"\x1f\x8b\x08": "a gzip archive",
    b"BZh91AY&SY": "a bzip2 archive",
    b"\xfd7zXZ\0": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07\x01": "a RAR archive",
    b"rows.jsonl".ljust(257, b"\0") + b"ustar\0": "a tar archive",
    b"PK\x03\x04....[Content_Types].xml..xl/workbook.xml": "an Excel workbook",
    b"PK\x03\x04....word/document.xml": "a Word document",
    b"PK\x03\x04....rows.jsonl": "a ZIP archive",
    b"PK\x05\x06": "a ZIP archive",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel workbook",
    b"%PDF-1.7": "a PDF document",
    rb"{\rtf1": "a rich text document",
    b"PAR1\x15": "a Parquet file",
    b"ARROW1\0\0": "an Arrow file",
    b"\xff\xff\xff\xff\x50\x01\0\0": "an Arrow stream",
    b"Obj\x01": "an Avro file",
    b"SQLite format 3\0": "an SQLite database",
    b"\x89HDF\r\n\x1a\n": "an HDF5 file",
    b"\x93NUMPY\x01": "a NumPy array",
    b"\x80\x04\x95": "a Python pickle",
    b'\x58\x01\0\0\0\0\0\0{"a"': "a safetensors file",
    b'\x58\0\0\0\0\0\0\0{"a"': "a safetensors file",
    b"GGUF\x03\0\0\0": "a GGUF file",
    b"version https://git-lfs.github.com/spec/v1\n": "a pointer of Git LFS",
    b"\x89PNG\r\n\x1a\n": "an image",
    b"\xff\xd8\xff\xe0": "an image",
}


@pytest.mark.parametrize("head", KINDS, ids=KINDS.values())
def test_a_kind_of_file_is_recognised_and_comes_with_a_remedy(head: bytes) -> None:
    with pytest.raises(BadData) as caught:
        check_signature(PATH, head)
    said = str(caught.value)
    assert said.startswith(f"{PATH} looks like {KINDS[head]}")
    assert said.endswith(".")
    assert said.count(". ") >= 1


@pytest.mark.parametrize(
    "head",
    [
        ASCII.encode(),
        b"",
        b"x",
        b"PKZIP is old.",
        b"BZhang writes.",
        b"Rarely.",
        b"version 2",
        "Grüße, 世界".encode(),
        b'{"text": "\0\0\0\0\0\0\0\0\0\0\0\0"}',
        ASCII.encode() * 9 + b"a\0" * 7,
        b"abcdefgh" * 20 + b"a\0" * 20,
        b"abcd" + b"\xe9\0\x01\0" * 40,
        b"\x80abc",
        CYRILLIC.encode("cp1251"),
    ],
)
def test_a_text_is_not_taken_for_anything_else(head: bytes) -> None:
    check_signature(PATH, head)


@pytest.mark.parametrize("text", [ASCII, CYRILLIC, CHINESE, f"{CHINESE}cut here", "é"])
@pytest.mark.parametrize("encoding", ["UTF-16LE", "UTF-16BE"])
def test_utf16_is_recognised_by_its_mark_or_its_zeros(text: str, encoding: str) -> None:
    content = text.encode(encoding)
    mark = "\ufeff".encode(encoding)
    assert wide_encoding(mark + content) == encoding
    if len(text) > 1:
        assert wide_encoding(content) == encoding
        assert wide_encoding(content[:-1]) == encoding


@pytest.mark.parametrize("encoding", ["UTF-32LE", "UTF-32BE"])
def test_utf32_is_recognised(encoding: str) -> None:
    assert wide_encoding(ASCII.encode(encoding)) == encoding
    assert wide_encoding(("\ufeff" + CHINESE).encode(encoding)) == encoding


def test_the_remedy_for_another_width_is_a_command_that_can_be_pasted() -> None:
    with pytest.raises(BadData) as caught:
        check_signature(PATH, CYRILLIC.encode("UTF-16LE"))
    assert f"iconv -f UTF-16LE -t UTF-8 {shlex.quote(str(PATH))} does it" in str(caught.value)

import pytest

from tunesmith.data.source._thrift import MOST_DEPTH, read_struct


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"\x00", {}),
        (b"\x15\x02\x00", {1: 1}),
        (b"\x15\x01\x00", {1: -1}),
        (b"\x16\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", {1: 2**63 - 1}),
        (b"\x14\xac\x02\x34\x04\x00", {1: 150, 4: 2}),
        (b"\x05\xc8\x01\x02\x00", {100: 1}),
        (b"\x11\x12\x00", {1: True, 2: False}),
        (b"\x18\x03abc\x15\x02\x00", {1: None, 2: 1}),
        (b"\x1c\x15\x02\x00\x15\x04\x00", {1: {1: 1}, 2: 2}),
        (b"\x19\x35\x02\x04\x06\x15\x02\x00", {1: [1, 2, 3], 2: 1}),
        (b"\x19\xf5\x10" + b"\x02" * 16 + b"\x00", {1: [1] * 16}),
        (b"\x19\x2c\x15\x02\x00\x15\x04\x00\x00", {1: [{1: 1}, {1: 2}]}),
        (b"\x19\x21\x01\x02\x15\x02\x00", {1: [None, None], 2: 1}),
        (b"\x1a\x28\x01a\x01b\x00", {1: [None, None]}),
        (
            b"\x13\xff\x17" + bytes(8) + b"\x1d" + bytes(16) + b"\x15\x02\x00",
            {1: None, 2: None, 3: None, 4: 1},
        ),
    ],
)
def test_fields_are_given_by_their_numbers(content, fields):
    assert read_struct(b"ab" + content + b"rest", 2) == (fields, 2 + len(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x15",
        b"\x15\x02",
        b"\x15\x80",
        b"\x15" + b"\x80" * 10 + b"\x01\x00",
        b"\x18\x05abc\x00",
        b"\x1b\x00\x00",
        b"\x1e\x00\x00",
        b"\x19\xf5\xff\xff\xff\xff\x0f\x02\x00",
        b"\x1c" * (MOST_DEPTH + 2) + b"\x00" * 99,
        b"\x19" * 200 + b"\x00" * 99,
    ],
)
def test_what_is_no_structure_is_an_index_error(content):
    with pytest.raises(IndexError):
        read_struct(content, 0)


def test_structures_in_structures_are_read_to_a_depth():
    content = b"\x1c" * (MOST_DEPTH + 1) + b"\x00" * (MOST_DEPTH + 2)
    assert read_struct(content, 0)[1] == len(content)

from hypothesis import given
from hypothesis import strategies as st

from tunesmith.data.digests import first_equal, repeats

digests = st.lists(
    st.sampled_from([bytes([one]) * 8 + bytes([other]) * 8 for one in (0, 1, 255) for other in (0, 1, 255)])
)


@given(digests)
def test_every_digest_leads_to_the_first_that_is_equal(some):
    assert first_equal(some).tolist() == [some.index(digest) for digest in some]


@given(digests)
def test_only_what_stood_there_before_is_repeated(some):
    wanted = [some.index(digest) if digest in some[:number] else -1 for number, digest in enumerate(some)]
    assert repeats(some).tolist() == wanted


def test_digests_that_differ_in_one_half_are_different():
    one, left, right = b"a" * 16, b"b" + b"a" * 15, b"a" * 15 + b"b"
    assert first_equal([one, left, right]).tolist() == [0, 1, 2]

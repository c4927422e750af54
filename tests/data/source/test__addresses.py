import pytest

from tunesmith.data.source._addresses import METADATA, refusal

GLOBAL = ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "2002:101:101::1", "64:ff9b::101:101"]
PRIVATE = ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1"]
NEVER = [
    *map(str, METADATA),
    *("169.254.1.1", "fe80::1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1", "::"),
    *("192.0.2.1", "198.18.0.1", "240.0.0.1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::1", "64:ff9b::7f00:1"),
    *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "64:ff9b:1::a00:1"),
    *("fe80::1%eth0", "localhost", "", "2130706433", "0x7f000001"),
]


@pytest.mark.parametrize("address", GLOBAL)
def test_addresses_of_the_open_internet_may_be_connected_to(address):
    assert refusal(address, allow_private=False) is None
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_only_where_it_is_allowed(address):
    assert refusal(address, allow_private=False) == f"{address} is not an address of the open Internet"
    assert refusal(address, allow_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_others_never_whatever_is_allowed(address):
    assert refusal(address, allow_private=False)
    assert refusal(address, allow_private=True)


@pytest.mark.parametrize("address", [str(address) for address in METADATA])
def test_where_clouds_tell_their_secrets_is_said(address):
    assert "where a cloud tells a machine its secrets" in str(refusal(address, allow_private=True))


def test_all_kinds_of_addresses_were_tried():
    assert len({*GLOBAL, *PRIVATE, *NEVER}) >= 40

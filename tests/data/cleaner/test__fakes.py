import re
from ipaddress import ip_address

import pytest

from tunesmith.data.cleaner._fakes import fake
from tunesmith.data.personal import Match, find


def of(kind: str, value: str, tag: str = "[TAG_1]") -> str:
    return fake(Match(kind, 0, len(value), value), tag)


def test_the_same_tag_gives_the_same_value_and_another_tag_another() -> None:
    for kind in ("email", "phone", "ip_address", "mac_address", "birth_date", "postal_address"):
        assert of(kind, "x") == of(kind, "y")
        assert len({of(kind, "x", f"[TAG_{number}]") for number in range(20)}) > 15


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("email", r"[a-z]+\.[a-z]+[0-9]{5}@example\.org"),
        ("phone", r"555-[2-9][0-9]{2}-[0-9]{4}"),
        ("mac_address", r"02(:[0-9a-f]{2}){5}"),
        ("birth_date", r"(19[3-9]|200)[0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"),
        ("postal_address", r"[0-9]{1,3} [A-Z][a-z]+ Street, [A-Z][a-z]+ville"),
    ],
)
def test_what_is_invented_has_the_form_of_its_kind(kind: str, form: str) -> None:
    for number in range(50):
        assert re.fullmatch(form, of(kind, "x", f"[TAG_{number}]"))


def test_machines_are_in_the_network_of_benchmarks() -> None:
    for number in range(50):
        assert ip_address(of("ip_address", "x", f"[TAG_{number}]")).is_private


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("card_number", "4901 4181 7246 8767"),
        ("iban", "DE60 1234 5678 0012 3456 78"),
        ("iban", "gb08tune12345612345678"),
        ("us_ssn", "638-33-5807"),
        ("it_fiscal_code", "BNCLRA70C07F205V"),
    ],
)
def test_a_number_keeps_its_spacing_but_not_its_check_digits(kind: str, value: str) -> None:
    for number in range(30):
        invented = of(kind, value, f"[TAG_{number}]")
        assert invented != value
        assert len(invented) == len(value)
        assert [letter.isalnum() for letter in invented] == [letter.isalnum() for letter in value]
        assert [letter.islower() for letter in invented] == [letter.islower() for letter in value]
        assert kind not in [match.kind for match in find(invented)]


def test_where_nothing_can_be_invented_the_tag_stays() -> None:
    assert of("password", "hunter2x") == "[TAG_1]"
    assert of("private_key", "-----BEGIN") == "[TAG_1]"
    assert of("passport", "K12345678") == "[TAG_1]"  # any letters and digits are a valid one

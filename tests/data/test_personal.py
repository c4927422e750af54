"""What is found in a planted corpus is exactly what was planted; every text can be searched."""

import sys
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from tunesmith.core.errors import MissingExtra
from tunesmith.data import personal
from tunesmith.data.personal import PERSONAL, SECRETS, TABLE, TITLES, checked_kinds, find, mask

PLANTED = [
    ("My name is Ada Birch, write to ada.birch@example.org or call (415) 555-0132.", ["email", "phone"]),
    ("Charge 4901 4181 7246 8767, or my old card 5297-8848-8036-7675.", ["card_number", "card_number"]),
    ("IBAN DE60 1234 5678 0012 3456 78, Steuer-ID 68 733 594 038", ["iban", "de_tax_id"]),
    ("The applicant, SSN 638-33-5807, was born. DOB: 12/03/1984", ["us_ssn", "birth_date"]),
    ("Ship it to 12 Maple Street, Springfield, IL 62704 before noon", ["postal_address"]),
    ("Login from 203.0.113.77 (3c:5a:b4:88:d7:1f) at 2024-05-06 07:08:09", ["ip_address", "mac_address"]),
    ("postgres://ada:pa55w0rd@db.example.org/x", ["url_password"]),
    ("DB_PASSWORD=Tr0ub4dor&3\nDB_USER=ada@example.org", ["password", "email"]),
    ("mon numéro: +33 6 12 34 56 78, NIR 1 62 08 75 831 907 24", ["phone", "fr_nir"]),
    ("DNI 38444337K; tel. 612 345 678", ["es_dni", "phone"]),
]

CLEAN = [
    "How do I reset my password? I forgot it on 12/03/2024.",
    "Order 4155550132 of 2024-05-06 has 3 parts: 638-33-58, 415-55-01.",
    "ISBN 978-3-16-148410-0, DOI 10.1000/182, version 2.31.4, Python 3.11.4",
    "120 - 36 = <<120-36=84>>84 and 2,400,000 / 200 = 12,000",
    "Rust 1.85 was out on 2025-02-20; see RFC 2119 and issue #123456.",
    "let token = lexer.next(); let secret: u32 = 42; // password: &str",
    "The tower (built 1887-1889) is 330 m high; 6,000,000 people come each year.",
    "curl http://127.0.0.1:8080/health?retries=3",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "id 550e8400-e29b-41d4-a716-446655440000, timestamp 1700000000000",
    "@ada follow @grace; a @ b; logo@2x.png",
    "GPS 52.5200, 13.4050; temperature -12.5; pi is 3.14159265358979",
]


def test_in_a_planted_corpus_everything_is_found_and_nothing_else() -> None:
    found = [[match.kind for match in find(text)] for text, _ in PLANTED]
    assert found == [kinds for _, kinds in PLANTED]
    assert sum(map(len, found)) == 18


@pytest.mark.parametrize("text", CLEAN)
def test_in_clean_rows_nothing_is_found(text: str) -> None:
    assert find(text) == []


def test_a_match_says_where_it_stands_and_hides_what_it_is() -> None:
    (match,) = find("to ada@example.org!")
    assert (match.kind, match.start, match.end, match.text) == ("email", 3, 18, "ada@example.org")
    assert str(match) == "e-mail address a************g"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", ""),
        ("a", "*"),
        ("abc", "***"),
        ("abcd", "a**d"),
        ("a" + "b" * 12 + "c", "a" + "*" * 12 + "c"),
        ("a" + "b" * 500 + "c", "a" + "*" * 12 + "c"),
    ],
)
def test_a_mask_leaves_the_first_and_the_last_character_at_most(value: str, shown: str) -> None:
    assert mask(value) == shown


def test_only_the_kinds_that_are_asked_for_are_found() -> None:
    text = "ada@example.org, 203.0.113.77"
    assert [match.kind for match in find(text, ["email"])] == ["email"]
    assert [match.kind for match in find(text, ["ip_address", "email"])] == ["email", "ip_address"]
    assert find(text, []) == []


def test_where_two_rows_of_the_table_claim_the_same_the_earlier_has_it() -> None:
    text = "password = 'ada1@mail.org'"
    assert [match.kind for match in find(text)] == ["password"]
    assert [match.kind for match in find(text, PERSONAL)] == ["email"]


def test_a_word_counts_only_when_it_stands_near_and_by_itself() -> None:
    assert find("SSN: 638335807")
    assert find(f"SSN {'.' * 40} 638335807")
    assert not find(f"SSN {'.' * 60} 638335807")
    assert not find("assn: 638335807")
    assert find("638335807 is my SSN")
    assert not find("638335807. SSN")
    assert not find("638335807 SSN: none")


def test_every_kind_has_one_title_and_is_either_personal_or_secret() -> None:
    assert len({(form.kind, form.title, form.secret) for form in TABLE}) == len(TITLES)
    assert not set(PERSONAL) & set(SECRETS)
    assert {*PERSONAL, *SECRETS} == TITLES.keys()
    assert len(PERSONAL) >= 38
    assert len(SECRETS) >= 22


def test_a_kind_that_is_not_known_is_refused_with_the_closest_one() -> None:
    assert checked_kinds(("email",)) == ("email",)
    assert checked_kinds(None) is None
    with pytest.raises(PydanticCustomError, match="Did you mean 'email'"):
        checked_kinds(("emial",))
    with pytest.raises(PydanticCustomError, match="password"):
        checked_kinds(("password",), PERSONAL)


def test_without_the_libraries_personal_data_needs_an_extra_and_secrets_do_not(monkeypatch) -> None:
    personal._ready.cache_clear()
    monkeypatch.setitem(sys.modules, "stdnum", None)
    assert find("password = 'hunter2'", SECRETS)
    with pytest.raises(MissingExtra, match=r"tunesmith\[data\]"):
        find("ada@example.org", ["email"])
    personal._ready.cache_clear()


PIECES = st.sampled_from(
    [
        *(
            "ada@example.org",
            "(415) 555-0132",
            "+44 20 7946 0958",
            "4901418172468767",
            "638-33-5807",
            "\u0130",
        ),
        *(
            "DE60 1234 5678 0012 3456 78",
            "password = 'hunter2x'",
            "postgres://a:b1c2@",
            "203.0.113.77",
            "DOB ",
        ),
        *(
            "12/03/1984",
            "SSN ",
            "-----BEGIN PRIVATE KEY-----",
            "eyJ",
            "://",
            "@",
            ":",
            " ",
            "\n",
            "1",
            "x",
            ".",
        ),
        *("[EMAIL_1]", "call ", "\ud800", "\x00", "ß", "١٢٣", "１２３"),  # noqa: RUF001
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join)))
def test_any_text_can_be_searched_and_matches_never_overlap(text: str) -> None:
    found = find(text)
    assert all(match.text == text[match.start : match.end] != "" for match in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "1",
            "1 ",
            "12 ",
            "+1",
            "@",
            "a@",
            "a.",
            "a@a.",
            "1.",
            "a:",
            ":",
            "-",
            "AB12 ",
            "://a:",
            "eyJ.",
        ),
        *("-----BEGIN PRIVATE KEY-----", "aws key ", "password=", "password is ", "0049 ", "(1", "1 A St "),
        *("call 1", "SSN 1", "a(at)", "born ", "3c:", "2001:", "token:'"),
    ],
)
def test_long_texts_made_to_be_slow_are_not(piece: str) -> None:
    """A pattern that tries every way to part a text would not come to an end here."""
    text = piece * (40_000 // len(piece)) + "\n\n ada@example.org"
    assert find(text)[-1].end == len(text)


def test_many_values_in_one_text_are_all_found() -> None:
    text = "\n".join(f"ada{number}@example.org" for number in range(3000))
    assert Counter(match.kind for match in find(text)) == {"email": 3000}

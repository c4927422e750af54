"""How people are reached is found where it is meant; what only looks like it is not."""

import pytest

from tunesmith.data._contacts import CONTACTS
from tunesmith.data.personal import find

FOUND = [
    ("email", "Write to {}.", "ada.birch+news@mail.example.org"),
    ("email", "<{}>", "Ada_Birch@EXAMPLE.ORG"),
    ("email", "Schreib an {}, bitte", "jürgen@müller.de"),
    ("email", "mailto:{}", "a@b.co"),
    ("email", "Wait...{}", "ada@example.org"),
    ("email", "{}", "ana@example.rs"),
    ("email", "reach me at {}", "ada (at) example (dot) org"),
    ("email", "reach me at {}", "ada[at]example.org"),
    ("phone", "Ring {} now", "+44 20 7946 0958"),
    ("phone", "{}", "+49 (0)30 1234567"),
    ("phone", "{}", "+14155550132"),
    ("phone", "{}", "+44 7700 900123"),  # kept free for films
    ("phone", "{} 2 times", "+49 30 1234567"),
    ("phone", "{}", "555-123-4567"),
    ("phone", "{}", "(123) 456-7890"),
    ("phone", "Please contact me on {}", "0410787999"),
    ("phone", "{}", "+1 555 123 4567"),
    ("phone", "call 0049 30 1234567", "0049 30 1234567"),
    ("phone", "{}", "(415) 555-0132"),
    ("phone", "{}", "415-555-0132"),
    ("phone", "{} or so", "1 415 555 0132"),
    ("phone", "{}", "415.555.0132"),
    ("phone", "{}", "07700 900123"),
    ("phone", "{}", "06 12 34 56 78"),
    ("phone", "{}", "0412 345 678"),
    ("phone", "{}", "0171 23456789"),
    ("phone", "{}", "(030) 1234567"),
    ("phone", "phone: {}", "4155550132"),
    ("phone", "Call me on {} today.", "612 345 678"),
    ("phone", "Tel. {}", "555-0132"),
    ("phone", "Handy {}", "0171/23456789"),
    ("phone", "WhatsApp {}", "98765 43210"),
    ("ip_address", "from {} at noon", "203.0.113.77"),
    ("ip_address", "{}:8080", "192.168.4.20"),
    ("ip_address", "{}", "2001:db8::8a2e:370:7334"),
    ("ip_address", "{}", "fe80::1ff:fe23:4567:890a"),
    ("ip_address", "{}", "93.184.10.1"),
    ("mac_address", "{}", "3c:5a:b4:88:d7:1f"),
    ("mac_address", "{}", "3C-5A-B4-88-D7-1F"),
    ("birth_date", "Date of birth: {}", "12/03/1984"),
    ("birth_date", "DOB {}", "1984-03-12"),
    ("birth_date", "I was born on {} in Bern", "12 March 1984"),
    ("birth_date", "My birthday is {}", "March 12th, 1984"),
    ("birth_date", "geboren am {}", "12. März 1984"),
    ("birth_date", "née le {}", "12 mars 1984"),
    ("birth_date", "fecha de nacimiento: {}", "12 de marzo de 1984"),
    ("postal_address", "I live at {}.", "12 Maple Street, Springfield, IL 62704"),
    ("postal_address", "{}", "4400 N Oak Blvd, Suite 20, Austin, TX 78701-1234"),
    ("postal_address", "{}", "7a Rowan Close, Leeds LS1 4AP"),
]

NOT_FOUND = [
    ("email", "@ada and ada@ and ada@localhost"),
    ("email", "logo@2x.png"),
    ("email", "script@host.local"),
    ("email", "pip install thing@1.2.3"),
    ("email", "W @ x.T, and a@b.shape"),
    ("email", "git clone git@github.com:ada/code.git"),
    ("email", "https://user@host.example.org/path"),
    ("email", "postgres://ada:pa55word@db.example.org/x"),
    ("email", "ada at example dot org"),
    ("phone", "order 415-555-0132"),
    ("phone", "Invoice no. 415-555-0132"),
    ("phone", "ISBN 978-3-16-148410-0"),
    ("phone", "2024-01-02 12:30:45"),
    ("phone", "call before 2024-01-02"),
    ("phone", "phone calls in 2008-2010"),
    ("phone", "call 01/02/2024"),
    ("phone", "Call about order 4155550132."),
    ("phone", "4155550132"),
    ("phone", "612 345 678"),
    ("phone", "555-0132"),
    ("phone", "+1 is the code, +44 another"),
    ("phone", "+123456 points"),
    ("phone", "1,234,567 calls, a phone for 1234567.89"),
    ("phone", "$3000000 for the phone"),
    ("phone", "each phone costs <<2400/200=12>>"),
    ("phone", "0.4155550132"),
    ("phone", '{"contact_id": 1234567, "order": 4155550132, "phone": null}'),
    ("phone", "The portable drive can store 2400 / 200 files"),
    ("phone", "100 200 3000"),
    ("phone", "15.006002400960385"),
    ("phone", "0049 30 1234567"),
    ("phone", "https://doi.org/10.1016/0020-0190(74)90001-5"),
    ("phone", "Arlington, VA 22209-1903 Phone: none"),
    ("phone", "+1234567890123456"),
    ("phone", "mobile 1111111"),
    ("ip_address", "127.0.0.1, 127.0.0.53 and 0.0.0.0 and 255.255.255.0 and 8.8.8.8"),
    ("ip_address", "192.168.1.1 and 10.0.0.1"),
    ("ip_address", "version 4.18.22.107"),
    ("ip_address", "as section 9.7.5.2 says, and 2.7.2.2, too"),
    ("ip_address", "0.18.22.107, 208.67.222.222 and 239.1.2.30"),
    ("ip_address", "v4.18.22.107"),
    ("ip_address", "203.0.113.277 and 1.2.3.4.5.6"),
    ("ip_address", "std::fs::read, 12:30:45, 2001:0 and a::b"),
    ("ip_address", "::1"),
    ("mac_address", "00:00:00:00:00:00 and ff:ff:ff:ff:ff:ff"),
    ("mac_address", "3c:5a:b4:88:d7:1f:20:11"),
    ("mac_address", "3c:5a-b4:88:d7:1f"),
    ("mac_address", "12:30:45"),
    ("birth_date", "The event is on 12/03/1984."),
    ("birth_date", "The philosopher (born 12 March 1584) wrote little."),
    ("birth_date", "Date of birth: unknown"),
    ("postal_address", "12 Maple Street is a song."),
    ("postal_address", "Maple Street, Springfield, IL 62704"),
    ("postal_address", "12 monkeys left the street, IL 62704"),
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_a_way_to_reach_somebody_is_found_as_it_stands(kind: str, text: str, value: str) -> None:
    assert [(match.kind, match.text) for match in find(text.format(value))] == [(kind, value)]


@pytest.mark.parametrize(("kind", "text"), NOT_FOUND)
def test_a_near_miss_is_not_found(kind: str, text: str) -> None:
    assert kind not in [match.kind for match in find(text)]


def test_every_kind_is_tried_both_ways() -> None:
    kinds = {form.kind for form in CONTACTS}
    assert {kind for kind, _, _ in FOUND} == kinds
    assert {kind for kind, _ in NOT_FOUND} == kinds

"""How people and their machines are reached, and when they were born: forms without check digits."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Any

from tunesmith.data._form import THINGS, Form

_TELEPHONE = (
    *("phone", "phone number", "telephone", "tel", "mobile", "mobile number", "cellphone", "call"),
    *("fax", "whatsapp", "text me", "reach me", "ring me", "hotline", "telefon", "telefonnummer", "handy"),
    *(
        "mobil",
        "handynummer",
        "téléphone",
        "mon portable",
        "appelez",
        "teléfono",
        "móvil",
        "llame",
        "telefono",
    ),
    *("cellulare", "telefone", "celular", "telefoon", "puhelin", "电话", "手机", "電話", "contact"),
    *("cell phone", "cell number", "my cell", "my number", "his number", "her number", "their number"),
)

_COUNTRY_AND_NUMBER = r"[1-9][0-9]{0,14}+(?:[ ./-]{0,2}(?:\([0-9]{1,5}\)|[0-9]++)){0,7}(?<=[0-9]{2})(?!\w)"

_FILE_ENDINGS = frozenset(
    (
        *("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "html", "go"),
        *("txt", "yml", "yaml", "xml", "zip", "exe", "dll", "tar", "gz", "whl", "jar", "pdf"),
        *("local", "localhost", "localdomain", "internal", "lan", "invalid", "shape", "view", "transpose"),
        *("reshape", "setter", "getter", "service", "target", "timer", "mount", "socket"),
    )
)
"""What stands after the last full stop of something with an @ that is a file, a machine or code."""

_MONTHS = (
    r"(?:jan|feb|fév|mar|mär|mrz|apr|avr|abr|may|mai|mag|maj|jun|juin|giu|jul|juil|lug|aug|août|ago|"
    r"sep|oct|okt|ott|out|nov|dec|dez|déc|dic)[^\W\d_]{0,7}\.?"
)
_DATE = (
    r"(?:[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})|[0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|"
    rf"(?:the )?[0-9]{{1,2}}(?:st|nd|rd|th|\.)? (?:of |de )?{_MONTHS},? (?:de )?[0-9]{{4}}|"
    rf"{_MONTHS} [0-9]{{1,2}}(?:st|nd|rd|th)?,? [0-9]{{4}})(?![\w])"
)
_BORN = (
    r"(?:dob|d\.o\.b\.?|date of birth|birth ?date|birthday|(?:i was|i am|i'm|was i|patient,?) born(?: on)?|"
    r"geburtsdatum|geboren am|geburtstag|geb\.|date de naissance|(?:je suis |j'étais )?née? le|"
    r"fecha de nacimiento|nac[ií] el|data di nascita|nat[oa] il|data de nascimento|nascid[oa] em|"
    r"geboortedatum|geboren op|födelsedatum|fødselsdato|syntymäaika|data urodzenia)"
)

_STREETS = (
    "(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Pl|Square|Sq|"
    "Terrace|Circle|Cir|Parkway|Pkwy|Highway|Hwy|Close|Crescent)"
)
_STATES = (
    "(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|"
    "V[AT]|W[AIVY])"
)
_POSTCODE = "[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][ABD-HJLNP-UW-Z]{2}"

_DATED = re.compile(
    r"(?:(?:1[89]|20)[0-9]{2}(?:[-/.][0-9]{1,4}){1,2}|[0-9]{1,2}([./-])[0-9]{1,2}\1[0-9]{2}(?:[0-9]{2})?)"
    r"(?: .*)?"
)
"""A day or a span of years, with or without a time."""

_FRACTION = re.compile("[1-9][0-9]*[./][0-9]+")

_EVERYBODY_S = frozenset(("208.67.222.222", "208.67.220.220", "149.112.112.112"))
"""Public resolvers; the others have four numbers of one digit."""


def _is_mail(value: str) -> bool:
    name, _, host = value.rpartition("@")
    ending = host.rpartition(".")[2].casefold()
    return ending not in _FILE_ENDINGS and name != "git"


def _is_telephone(value: str) -> bool:
    """Ask the numbering plans for the country and the length; numbers that nobody has yet count, too."""
    from phonenumbers import NumberParseException, is_possible_number, parse

    try:
        return is_possible_number(parse(f"+{value[2:]}" if value.startswith("00") else value))
    except NumberParseException:
        return False


def _is_national(value: str) -> bool:
    return len(set(_digits(value))) > 2 and not _DATED.fullmatch(value) and not _FRACTION.fullmatch(value)


def _digits(value: str) -> str:
    return re.sub("[^0-9]", "", value)


def _is_machine(value: str) -> bool:
    """Refuse what means the same for everybody: loopback, masks, groups, the first and last of a net.

    Four numbers of one digit each are far more often those of a version or a chapter.
    """
    try:
        address = IPv4Address(value)
    except AddressValueError:
        return False
    if address.is_loopback or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    parts = [int(part) for part in value.split(".")]
    edge = address.is_private and parts[-1] in (0, 1, 254, 255)
    return value not in _EVERYBODY_S and parts[0] != 0 and max(parts) > 9 and not edge


def _is_machine_6(value: str) -> bool:
    try:
        IPv6Address(value)
    except AddressValueError:
        return False
    return True


def _is_hardware(value: str) -> bool:
    return len(set(re.split("[:-]", value.lower()))) > 2


def _telephone(pattern: str, **more: Any) -> Form:
    return Form(kind="phone", title="telephone number", pattern=pattern, digits=True, **more)


CONTACTS: tuple[Form, ...] = (
    Form(
        kind="email",
        title="e-mail address",
        pattern=(
            r"://[^\s/@]{1,200}@|(?<![\w%+-])(?P<value>[\w%+](?:\.?[\w%+-]){0,63}@"
            r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}[^\W\d_]{2,24})(?![\w@])"
        ),
        valid=_is_mail,
        hints=("@",),
    ),
    Form(
        kind="email",
        title="e-mail address",
        pattern=(
            r"(?<![\w.%+-])[\w%+][\w.%+-]{0,63} ?[\[(] ?(?:at|AT|@) ?[\])] ?"
            r"[\w-]{1,63}(?:(?: ?[\[(] ?(?:dot|DOT|\.) ?[\])] ?|\.)[\w-]{1,63}){1,5}"
        ),
        hints=("(at", "[at", "( at", "[ at", "(@", "[@"),
    ),
    _telephone(  # With the code of the country
        rf"(?<![\w+])\+{_COUNTRY_AND_NUMBER}",
        valid=_is_telephone,
        shrinks=True,
    ),
    _telephone(
        rf"(?<![\w+./=-])00{_COUNTRY_AND_NUMBER}",
        valid=_is_telephone,
        near=_TELEPHONE,
        shrinks=True,
    ),
    _telephone(  # North America: (415) 555-0123
        r"(?<![\w.+/-])(?:1[ .-])?(?:(?:\([1-9][0-9]{2}\) ?|[1-9][0-9]{2}([.-]))[0-9]{3}(?(1)\1|[ .-])|"
        r"[2-9][0-9]{2} [2-9][0-9]{2}[ -])[0-9]{4}(?![\w-]|[.,][0-9])",
        unlike=THINGS,
    ),
    _telephone(  # Mobiles of Britain, France, Australia and Germany as people space them; codes in brackets
        r"(?<![\w.+/-])(?:07[0-9]{3} [0-9]{3} ?[0-9]{3}|0[67](?: [0-9]{2}){4}|04[0-9]{2} [0-9]{3} [0-9]{3}|"
        r"01[5-7][0-9]{1,2}[ /-][0-9]{7,8}|\(0[0-9]{2,5}\) ?[0-9]{3,5}[ -]?[0-9]{3,5}|020 [0-9]{4} [0-9]{4})"
        r"(?![\w-]|[ .][0-9])",
        unlike=THINGS,
    ),
    _telephone(  # All others only beside a word
        r"(?<![\w.,+/$€£<=*-])\(?[0-9](?:[ ()./-]{0,2}[0-9]){6,12}(?![\w%€$=*>]|[.,][0-9])",
        valid=_is_national,
        near=_TELEPHONE,
        unlike=(*THINGS, "id", "date", "code", "zip"),
        shrinks=True,
    ),
    Form(
        kind="ip_address",
        title="IP address",
        pattern=r"(?<![\w.-])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w-]|\.[0-9])",
        valid=_is_machine,
        unlike=("version", "v", "section", "release", "chapter", "§"),
        hints=(".",),
    ),
    Form(
        kind="ip_address",
        title="IP address",
        pattern=(
            r"(?<![\w:.])(?:[23][0-9a-fA-F]{3}|[fF][cCdD][0-9a-fA-F]{2}|[fF][eE]80):[0-9a-fA-F:]{2,34}(?![\w:])"
        ),
        valid=_is_machine_6,
        hints=(":",),
    ),
    Form(
        kind="mac_address",
        title="hardware address",
        pattern=r"(?<![\w:-])[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}(?![\w:-])",
        valid=_is_hardware,
        hints=(":", "-"),
    ),
    Form(
        kind="birth_date",
        title="date of birth",
        pattern=rf"(?i)(?<!\w){_BORN}(?: is| was|\))?\s{{0,3}}[:=-]?\s{{0,3}}(?P<value>{_DATE})",
        hints=(
            *("dob", "d.o.b", "birth", "born", "geb", "naiss", "née le", "né le", "nac", "nasc", "nat"),
            *("födelse", "fødsel", "syntymä", "urodzenia"),
        ),
    ),
    Form(
        kind="postal_address",
        title="postal address",
        pattern=(
            rf"(?<![\w.,-])[0-9]{{1,5}}[A-Za-z]? (?:[NSEW]\.? )?"
            rf"(?:[A-Z0-9][\w'.-]{{0,20}} ){{1,4}}{_STREETS}\b\.?"
            rf"(?:,? [\w #.'-]{{1,24}}){{0,2}},? (?:{_STATES} [0-9]{{5}}(?:-[0-9]{{4}})?|{_POSTCODE})(?!\w)"
        ),
    ),
)
"""The rows of the table that say how people are reached; postal addresses are American or British."""

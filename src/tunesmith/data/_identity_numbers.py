"""Numbers that stand for a person or their money: cards, accounts, and what states and insurers give out.

Nearly all have check digits. Where numbers made at random would pass too often, a word must stand beside.
"""

import re
from typing import Any

from tunesmith.data._form import THINGS, Form, anything

_CARDS = re.compile(
    "4[0-9]{15}|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|"
    "3[47][0-9]{13}|35(?:2[89]|[3-8][0-9])[0-9]{12}|6(?:011|4[4-9][0-9]|5[0-9]{2}|2[0-9]{2})[0-9]{12}"
)
"""Visa, Mastercard, American Express, JCB, Discover and UnionPay, with their usual lengths."""

_RARE_CARDS = re.compile(
    "4(?:[0-9]{12}|[0-9]{18})|3(?:0[0-5]|[689][0-9])[0-9]{11}|62[0-9]{15,17}|(?:50|5[6-9]|6[0-9])[0-9]{10,17}"
)
"""Other lengths, Diners and Maestro: many other numbers begin like them."""


def _is_card(value: str) -> bool:
    return bool(_CARDS.fullmatch(_digits(value))) and _passes_luhn(value)


def _is_rare_card(value: str) -> bool:
    return bool(_RARE_CARDS.fullmatch(_digits(value))) and _passes_luhn(value)


def _passes_luhn(value: str) -> bool:
    from stdnum import luhn

    return luhn.is_valid(_digits(value))


def _digits(value: str) -> str:
    return re.sub("[ -]", "", value)


def _is_account(value: str) -> bool:
    from stdnum import iban

    # National check digits inside the number are left alone: mod 97 and the country's length are enough.
    return iban.is_valid(value, check_country=False)


def _number(kind: str, title: str, pattern: str, standard: str = "", near: str = "") -> Form:
    """Make a row: `#` stands for a digit, `~` for a separator or none; `near` are words between bars.

    `standard` is the module of python-stdnum that knows the check digits and structure, after its country.
    """

    def is_valid(value: str) -> bool:
        from stdnum.util import get_cc_module

        module: Any = get_cc_module(*standard.split("."))
        return bool(module.is_valid(re.sub("[ .]", "", value)))

    spelled = pattern.replace("#", "[0-9]").replace("~", "[ .-]?")
    return Form(
        kind=kind,
        title=title,
        pattern=rf"(?<![\w.+-])(?:{spelled})(?![\w-]|\.[0-9])",
        valid=is_valid if standard else anything,
        near=tuple(near.split("|")) if near else (),
        unlike=THINGS,
        digits=kind != "in_pan",  # the one with four digits
    )


_ANY = (
    "national id|national identity|national identification|identity number|identity card|id number|id card|"
    "id no|identification number|personal id|personal number|citizen id|tax id|tax number|tax identification|"
    "social security|insurance number|personal code"
)
"""Words for such numbers that name no country."""

_NINO = "(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
_STEUER = (
    "steuer-id|steuerid|steuer id|steuernummer|steueridentifikationsnummer|identifikationsnummer|idnr|tin"
)
_FISCAL = "(?i:[A-Z]{6}D{2}[A-EHLMPR-T]D{2}[A-Z]D{3}[A-Z])".replace("D", "[0-9LMNP-V]")
_PASSPORT = "passport number|passport no|passport nr|passport #|passport:|passport is|reisepassnummer"

IDENTITY_NUMBERS: tuple[Form, ...] = (
    Form(
        kind="card_number",
        title="payment card number",
        pattern=(
            r"(?<![\w.,+-])(?:[2-6][0-9]{3}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}|"
            r"3[0-9]{3}([ -]?)[0-9]{6}\2[0-9]{5})(?![\w-]|[.,][0-9])"
        ),
        valid=_is_card,
        unlike=THINGS,
        digits=True,
    ),
    Form(
        kind="card_number",
        title="payment card number",
        pattern=r"(?<![\w.,+-])[3-6][0-9]{3}(?:[ -]?[0-9]){8,15}(?![\w-]|[.,][0-9])",
        valid=_is_rare_card,
        near=(
            "card",
            "card number",
            "visa",
            "maestro",
            "diners",
            "unionpay",
            "kreditkarte",
            "carte",
            "tarjeta",
        ),
        unlike=THINGS,
        digits=True,
    ),
    Form(
        kind="iban",
        title="bank account number (IBAN)",
        pattern=r"(?<!\w)[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?(?!\w)",
        valid=_is_account,
        shrinks=True,
        digits=True,
    ),
    _number("us_ssn", "US social security number", "[0-8]##-##-####", "us.ssn"),
    _number("us_ssn", "US social security number", "[0-8]## ?## ?####", "us.ssn", "ssn|social security"),
    _number("us_itin", "US taxpayer number", "9##~##~####", "us.itin", "itin|taxpayer"),
    _number("ca_sin", "Canadian insurance number", "###~###~###", "ca.sin", "sin|social insurance"),
    _number("mx_curp", "Mexican population code", "[A-Z]{4}#{6}[HMX][A-Z]{5}[A-Z0-9]#", "mx.curp"),
    _number("br_cpf", "Brazilian taxpayer number", r"###\.###\.###-##", "br.cpf"),
    _number("br_cpf", "Brazilian taxpayer number", "#{11}", "br.cpf", "cpf"),
    _number("gb_nino", "UK national insurance number", f"{_NINO} ## ## ## [A-D]"),
    _number(
        "gb_nino",
        "UK national insurance number",
        f"(?i:{_NINO} ?## ?## ?## ?[A-D])",
        near="nino|ni number|ni no|insurance number|insurance no",
    ),
    _number("gb_nhs", "UK health service number", "###~###~####", "gb.nhs", "nhs|health service"),
    _number("ie_pps", "Irish public service number", "#{7}[A-W][A-IWT]?", "ie.pps", "pps|ppsn"),
    _number("de_tax_id", "German tax number", "[1-9]# ?### ?### ?###", "de.idnr", f"{_STEUER}|{_ANY}"),
    _number(
        "at_insurance",
        "Austrian insurance number",
        "[1-9]### ?#{6}",
        "at.vnr",
        f"svnr|sv-nummer|sozialversicherungsnummer|versicherungsnummer|{_ANY}",
    ),
    _number("ch_insurance", "Swiss insurance number", r"756\.####\.####\.##", "ch.ssn"),
    _number(
        "ch_insurance", "Swiss insurance number", "756#{10}", "ch.ssn", "ahv|avs|ahv-nr|insurance number"
    ),
    _number("fr_nir", "French insurance number", "[12] ## ## #[0-9AB] ### ###  ?##", "fr.nir"),
    _number(
        "fr_nir", "French insurance number", "[12]#{5}[0-9AB]#{8}", "fr.nir", f"nir|insee|sociale|{_ANY}"
    ),
    _number(
        "es_dni",
        "Spanish identity number",
        r"##\.?###\.?###[ -]?[A-HJ-NP-TV-Za-z]",
        "es.dni",
        f"dni|nif|documento nacional|documento de identidad|{_ANY}",
    ),
    _number("es_nie", "Spanish number of foreigners", "[XYZ][ -]?#{7}[ -]?[A-HJ-NP-TV-Z]", "es.nie"),
    _number("pt_nif", "Portuguese tax number", "[1-3]## ?### ?###", "pt.nif", "nif|contribuinte|fiscal"),
    _number("it_fiscal_code", "Italian fiscal code", _FISCAL, "it.codicefiscale"),
    _number("nl_bsn", "Dutch citizen number", "####~##~###", "nl.bsn", "bsn|burgerservicenummer"),
    _number("be_national", "Belgian national number", r"##\.##\.##-###[.-]##", "be.nn"),
    _number(
        "be_national",
        "Belgian national number",
        "#{11}",
        "be.nn",
        f"rijksregisternummer|registre national|numéro national|{_ANY}",
    ),
    _number(
        "se_personal",
        "Swedish personal number",
        "(?:##)?#{6}[-+]?####",
        "se.personnummer",
        f"personnummer|personnr|pnr|{_ANY}",
    ),
    _number(
        "no_personal",
        "Norwegian personal number",
        "#{6}[ -]?#{5}",
        "no.fodselsnummer",
        f"fødselsnummer|fodselsnummer|personnummer|{_ANY}",
    ),
    _number("dk_cpr", "Danish personal number", "#{6}[- ]?####", "dk.cpr", f"cpr|personnummer|{_ANY}"),
    _number("fi_hetu", "Finnish personal code", "#{6}[-+A-FU-Y]###[0-9A-FHJ-NPR-Y]", "fi.hetu"),
    _number("pl_pesel", "Polish personal number", "#{11}", "pl.pesel", f"pesel|{_ANY}"),
    _number("tr_identity", "Turkish identity number", "[1-9]#{10}", "tr.tckimlik", f"kimlik|tckn|{_ANY}"),
    _number("za_identity", "South African identity number", "#{13}", "za.idnr", f"identity|sa id|{_ANY}"),
    _number("in_aadhaar", "Indian Aadhaar number", "[2-9]###~####~####", "in_.aadhaar", "aadhaar|aadhar"),
    _number("in_pan", "Indian tax number", "[A-Z]{3}P[A-Z]####[A-Z]", "in_.pan", f"pan|{_ANY}"),
    _number("au_tfn", "Australian tax number", "###~###~###?", "au.tfn", "tfn|tax file"),
    _number("cn_identity", "Chinese identity number", "[1-8]#{16}[0-9Xx]", "cn.ric"),
    _number("kr_identity", "Korean resident number", "#{6}-#{7}", "kr.rrn"),
    _number("passport", "passport number", "[A-Z]{0,2}#{6,9}|C[0-9CFGHJ-NPRTV-Z]{8}", near=_PASSPORT),
)
"""The rows of the table that are numbers; all but the passport's and the British one have check digits."""

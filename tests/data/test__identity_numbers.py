"""Every number of a person is found where it is valid and meant, and nowhere else."""

import pytest

from tunesmith.data._identity_numbers import IDENTITY_NUMBERS
from tunesmith.data.personal import find

KINDS = {form.kind for form in IDENTITY_NUMBERS}

# Made up, with right check digits; no number here was given to anybody.
FOUND = [
    ("card_number", "My card is {}.", "4901418172468767"),
    ("card_number", "Pay with {} please", "4901 4181 7246 8767"),
    ("card_number", "{}", "5297-8848-8036-7675"),
    ("card_number", "{}", "2400183793857430"),
    ("card_number", "Amex {}", "3720 802656 75621"),
    ("card_number", "{}", "6011613611431697"),
    ("card_number", "{}", "3540450326015573"),
    ("card_number", "{}", "6202161683258688"),
    ("card_number", "my Diners card {}", "30567819138118"),
    ("card_number", "card number: {}", "4623792847654"),
    ("card_number", "card number: {}", "4864373632333352619"),
    ("card_number", "Maestro {}", "6304 0699 0725 3202"),
    ("iban", "Transfer it to {} by Monday", "DE60 1234 5678 0012 3456 78"),
    ("iban", "{} AND THEN some", "DE60123456780012345678"),
    ("iban", "{} THEN some", "BE53 1234 5678 9012"),
    ("iban", "iban {}", "gb08tune12345612345678"),
    ("iban", "({})", "FR37 3000 4123 45AB CDEF GHIJ K67"),
    ("iban", "{}", "NL26TUNE0123456789"),
    ("iban", "{}", "NO28 1234 5678 901"),
    ("us_ssn", "He is {}.", "638-33-5807"),
    ("us_ssn", "SSN {}", "638335807"),
    ("us_ssn", "{} is my social security number", "638 33 5807"),
    ("us_itin", "ITIN: {}", "930-72-1573"),
    ("ca_sin", "His SIN is {}", "200-332-245"),
    ("mx_curp", "{}", "GARC750118HDFRRL06"),
    ("br_cpf", "{}", "291.506.159-98"),
    ("br_cpf", "CPF {}", "29150615998"),
    ("gb_nino", "{}", "AB 12 34 56 C"),
    ("gb_nino", "national insurance number ab123456c", "ab123456c"),
    ("gb_nhs", "NHS no. {}", "200 487 1830"),
    ("ie_pps", "PPS number {}", "8488934C"),
    ("de_tax_id", "Meine Steuer-ID lautet {}.", "68 733 594 038"),
    ("de_tax_id", "tax id {}", "68733594038"),
    ("at_insurance", "SVNR {}", "8885 030982"),
    ("ch_insurance", "{}", "756.1144.4630.67"),
    ("ch_insurance", "AHV-Nr. {}", "7561144463067"),
    ("fr_nir", "{}", "1 62 08 75 831 907 24"),
    ("fr_nir", "numéro de sécurité sociale {}", "162087583190724"),
    ("es_dni", "DNI {}", "38444337K"),
    ("es_dni", "Mi DNI es {}", "38.444.337-K"),
    ("es_nie", "{}", "Y7148136A"),
    ("pt_nif", "NIF {}", "219389683"),
    ("it_fiscal_code", "{}", "BNCLRA70C07F205V"),
    ("it_fiscal_code", "codice {}", "bnclra70c07f205v"),
    ("nl_bsn", "BSN {}", "939689741"),
    ("be_national", "{}", "52.02.12-565.84"),
    ("be_national", "rijksregisternummer {}", "52021256584"),
    ("se_personal", "personnummer {}", "851120-4946"),
    ("se_personal", "personnummer {}", "19851120-4946"),
    ("no_personal", "fødselsnummer {}", "161052 47803"),
    ("dk_cpr", "CPR {}", "030890-5531"),
    ("fi_hetu", "{}", "020671-0513"),
    ("pl_pesel", "PESEL {}", "86021420467"),
    ("tr_identity", "TC kimlik {}", "61937580324"),
    ("za_identity", "SA ID {}", "6601274498087"),
    ("in_aadhaar", "Aadhaar {}", "3582 3939 0279"),
    ("in_pan", "PAN: {}", "DDFPX1990G"),
    ("au_tfn", "TFN {}", "900 902 315"),
    ("cn_identity", "{}", "11010519601114254X"),
    ("kr_identity", "{}", "541119-1330109"),
    ("passport", "passport number {}", "K12345678"),
]

NOT_FOUND = [
    ("card_number", "4901418172468768"),  # wrong check digit
    ("card_number", "9901418172468769"),  # right check digit, no issuer
    ("card_number", "order 4901418172468767"),
    ("card_number", "tracking number: 4901418172468767"),
    ("card_number", "49014181724687670001"),
    ("card_number", "0.4901418172468767"),
    ("card_number", "4901 4181-7246 8767"),
    ("card_number", "5739825979190748"),  # right check digit, rare issuer
    ("card_number", "card 3520555266786"),  # right check digit, wrong length
    ("card_number", "30567819138118"),  # rare, and nothing says that it is a card
    ("iban", "DE61 1234 5678 0012 3456 78"),
    ("iban", "DE60 1234 5678 0012 3456"),  # too short for Germany
    ("iban", "XX60123456780012345678"),
    ("us_ssn", "638-33-0000"),
    ("us_ssn", "666-33-5807"),
    ("us_ssn", "078-05-1120"),  # printed on a million wallets
    ("us_ssn", "638335807"),
    ("us_ssn", "part 638-33-5807"),
    ("us_itin", "930-72-1573"),
    ("us_itin", "ITIN 830-72-1573"),
    ("ca_sin", "200-332-245"),
    ("ca_sin", "SIN 200-332-246"),
    ("ca_sin", "since 200-332-245"),
    ("mx_curp", "GARC750118HDFRRL07"),
    ("br_cpf", "291.506.159-99"),
    ("br_cpf", "29150615998"),
    ("gb_nino", "BG 12 34 56 C"),
    ("gb_nino", "AB123456C"),
    ("gb_nino", "AB 12 34 56 E"),
    ("gb_nhs", "200 487 1830"),
    ("gb_nhs", "NHS 200 487 1831"),
    ("ie_pps", "8488934C"),
    ("ie_pps", "PPS 8488934D"),
    ("de_tax_id", "68733594038"),
    ("de_tax_id", "Steuer-ID 68733594039"),
    ("at_insurance", "8885 030982"),
    ("at_insurance", "SVNR 8886 030982"),
    ("ch_insurance", "756.1144.4630.68"),
    ("ch_insurance", "7561144463067"),
    ("fr_nir", "1 62 08 75 831 907 25"),
    ("fr_nir", "162087583190724"),
    ("fr_nir", "1.62087583190724"),
    ("fr_nir", "1 62 08 75 831 907"),
    ("es_dni", "38444337K"),
    ("es_dni", "DNI 38444337L"),
    ("es_nie", "Y7148136B"),
    ("pt_nif", "219389683"),
    ("pt_nif", "NIF 219389684"),
    ("it_fiscal_code", "BNCLRA70C07F205W"),
    ("nl_bsn", "939689741"),
    ("nl_bsn", "BSN 939689742"),
    ("be_national", "52.02.12-565.85"),
    ("be_national", "52021256584"),
    ("se_personal", "851120-4946"),
    ("se_personal", "personnummer 851120-4947"),
    ("no_personal", "161052 47803"),
    ("no_personal", "fødselsnummer 161052 47804"),
    ("dk_cpr", "030890-5531"),
    ("dk_cpr", "CPR 330890-5531"),
    ("fi_hetu", "020671-0514"),
    ("pl_pesel", "86021420467"),
    ("pl_pesel", "PESEL 86021420468"),
    ("tr_identity", "61937580324"),
    ("tr_identity", "kimlik 61937580325"),
    ("za_identity", "6601274498087"),
    ("za_identity", "SA ID 6601274498088"),
    ("in_aadhaar", "3582 3939 0279"),
    ("in_aadhaar", "Aadhaar 3582 3939 0278"),
    ("in_pan", "DDFPX1990G"),
    ("in_pan", "PAN DDFCX1990G"),  # a company's
    ("au_tfn", "900 902 315"),
    ("au_tfn", "TFN 900 902 316"),
    ("cn_identity", "110105196011142541"),
    ("cn_identity", "11010519601314254X"),
    ("kr_identity", "541119-1330108"),
    ("passport", "K12345678"),
    ("passport", "passports: 12345 of them"),
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_a_valid_number_is_found_as_it_stands(kind: str, text: str, value: str) -> None:
    text = text.format(value)
    assert [(match.kind, match.text) for match in find(text)] == [(kind, value)]


@pytest.mark.parametrize(("kind", "text"), NOT_FOUND)
def test_a_near_miss_is_not_found(kind: str, text: str) -> None:
    assert kind not in [match.kind for match in find(text)]


def test_every_kind_is_tried_both_ways() -> None:
    assert {kind for kind, _, _ in FOUND} == KINDS
    assert {kind for kind, _ in NOT_FOUND} == KINDS


@pytest.mark.parametrize("form", IDENTITY_NUMBERS, ids=lambda form: form.kind)
def test_a_number_inside_a_longer_one_is_not_found(form) -> None:
    value = next(value for kind, _, value in FOUND if kind == form.kind)
    words = f"{form.near[0]} " if form.near else ""
    assert form.kind not in [match.kind for match in find(f"{words}7{value}")]
    assert form.kind not in [match.kind for match in find(f"{words}{value}777")]

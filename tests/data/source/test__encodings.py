# ruff: noqa: RUF001 - letters that look like others are what this file is about
import codecs

import pytest

from tunesmith.data.source._encodings import encoding_remedy, guess, is_mostly_utf8

TEXTS = {
    "CP1252": (
        "Grüße aus Köln, schöne Straße",
        "café au lait",
        "élève à l'école, ça va",
        "El niño comió piñas mañana",
        "Das kostet 5 €",
        "it’s “quoted” – yes",
        "São Paulo não é",
    ),
    "CP1250": ("Zażółć gęślą jaźń", "Příliš žluťoučký kůň úpěl", "Źle się czuję, ślę życzenia"),
    "MACINTOSH": ("Grüße", "l’été à Nîmes, déjà"),
    "CP1251": ("Привет, как дела?", "Где мой заказ? Он в пути."),
    "KOI8-R": ("Привет, как дела?", "Где мой заказ? Он в пути."),
    "GB18030": ("你好", "我的订单在哪里？", "请问这个产品什么时候发货", "北京是中国的首都，人口很多。"),
    "BIG5": ("你好", "我的訂單在哪裡？", "請問這個產品什麼時候發貨"),
    "CP932": ("こんにちは", "注文はどこですか？", "カタカナ"),
    "EUC-JP": ("こんにちは", "注文はどこですか？", "東京は日本の首都です。"),
    "CP949": ("안녕하세요", "내 주문은 어디에 있습니까?", "서울은 한국의 수도입니다."),
}
CASES = [(codec, text) for codec, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("codec", "text"), CASES)
def test_a_short_text_in_a_row_of_json_shows_its_encoding(codec: str, text: str) -> None:
    content = f'{{"prompt": "{text}"}}\n'.encode(codec)
    found = guess(content)
    assert found is not None
    assert content.decode(found.codec) == content.decode(codec)
    assert found.codec == codec


def test_there_are_enough_cases() -> None:
    assert len(CASES) == 32


@pytest.mark.parametrize("codec", TEXTS)
def test_every_encoding_has_the_name_that_python_and_iconv_know(codec: str) -> None:
    assert codecs.lookup(codec)
    found = guess(TEXTS[codec][0].encode(codec))
    assert found is not None
    assert found.codec == codec.upper()


@pytest.mark.parametrize("content", [b"cut \xe2\x82", b"cut \xf0\x9f\x98", bytes(range(128, 256))])
def test_what_gives_no_text_is_not_guessed_at(content: bytes) -> None:
    assert guess(content) is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "Grüße aus Köln".encode() + b" \xc3 " + "schön".encode(),
            "the row is UTF-8, so these bytes are damaged",
        ),
        ("世界世界".encode()[:-1], "The row was cut inside a character."),
        (b'"\xed\xa0\xbd"', "half of a surrogate pair (CESU-8)"),
        (
            "Grüße".encode("latin-1"),
            "It looks like Windows-1252 or Latin-1; save the file as UTF-8: iconv -f CP1252",
        ),
        (b"a \xf4\x90\x80\x80 b", "it is in another encoding, or damaged"),
    ],
)
def test_the_remedy_fits_what_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(UnicodeDecodeError) as caught:
        content.decode()
    remedy = encoding_remedy(content, caught.value)
    assert said in remedy
    assert remedy.endswith(".")


def test_a_damaged_text_in_utf8_is_not_taken_for_another_encoding() -> None:
    assert guess("ไทย".encode() + b" \xff a") is None


def test_a_text_in_utf8_with_a_few_odd_bytes_is_mostly_utf8() -> None:
    assert is_mostly_utf8("äöü".encode() + b"\xff")
    assert not is_mostly_utf8("äöü".encode("latin-1"))
    assert not is_mostly_utf8(b"plain \xe9")

"""Guess in which older encoding a text that is not UTF-8 was written.

Bytes alone do not tell; the letters that they would stand for do. Under each encoding the share of those
letters that are frequent in its languages is taken, against the share that is usual in real text.
"""
# ruff: noqa: RUF001 - letters that look like others are what this file is about

import re
from typing import NamedTuple

from tunesmith.data.source._refused import FIX

_HALF_OF_A_PAIR = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")

_WESTERN = "äöüßéèêëàâçñáíóúîïôûùãõåæøìòœÄÖÜÉÈÀÇÑÁÅØÓ’‘“”„–—…€«»°§£©®·×¿¡½" + "\u00a0"
_CENTRAL = "ąćęłńśźżĄĆĘŁŃŚŹŻěščřžýáíéůúďťňőűĚŠČŘŽôľĺŕăâîșțşţđóöü’“”„–—…€«»" + "\u00a0"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґў«»–—№" + "\u00a0"
_KANA = "".join(map(chr, (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7)))) + "ー、。「」・"
_HANZI = (
    "的一是不了人在有我他这這中大来來上个個国國到说說们們为為子和你地出道也时時年得就那要下以生会會自着著去"
    "之过過家学學对對可她里裡後后么麼心多天而能好都然没沒日于於起还還发發成事只作当當想看文无無开開手十用主"
    "行方又如前所本见見经經头頭面公同三已老从從动動两兩长長知民样樣现現分将將外但身些与與高意进進把法此实實"
    "回二理美点點月明其种種声聲全工己话話儿兒者向情部正名定女问問力机機给給等几幾很业業最间間新什打便位因重"
    "被走电電四第门門相次东東政海口使教西再平真听聽世气氣信北少关關并内內加化由却代军軍产產入先山五太水万萬"
    "请請谢謝吗嗎您，。、！？：；「」（）《》"
)
_HANGUL = (
    "이다는을에의가고하지로한은도를사기있수대어나아서시자인해"
    "니세요그리라정들만주것전부습안녕일으보게과여원장제"
)


class _Candidate(NamedTuple):
    """An encoding: its name for people, for Python and for iconv; frequent letters, and their usual share.

    `among_ascii` says that each of the letters stands beside a character of ASCII.
    """

    name: str
    codec: str
    letters: frozenset[str]
    usual_share: float
    among_ascii: bool = False


_CANDIDATES = (
    _Candidate("Windows-1252 or Latin-1", "CP1252", frozenset(_WESTERN), 0.75, among_ascii=True),
    _Candidate("Windows-1250", "CP1250", frozenset(_CENTRAL), 0.75, among_ascii=True),
    _Candidate("Mac Roman", "MACINTOSH", frozenset(_WESTERN), 0.75, among_ascii=True),
    _Candidate("Windows-1251", "CP1251", frozenset(_CYRILLIC), 0.85),
    _Candidate("KOI8-R", "KOI8-R", frozenset(_CYRILLIC), 0.85),
    _Candidate("GBK", "GB18030", frozenset(_HANZI), 0.2),
    _Candidate("Big5", "BIG5", frozenset(_HANZI), 0.2),
    _Candidate("Shift-JIS", "CP932", frozenset(_KANA), 0.35),
    _Candidate("EUC-JP", "EUC-JP", frozenset(_KANA), 0.35),
    _Candidate("EUC-KR", "CP949", frozenset(_HANGUL), 0.25),
)


class Encoding(NamedTuple):
    """What an encoding is called by people, and by Python and iconv."""

    name: str
    codec: str


def guess(content: bytes) -> Encoding | None:
    """Say in which encoding the bytes were most likely written; None where no text comes of any.

    Bytes that are UTF-8 for the greater part are damaged rather than in another encoding.
    """
    if is_mostly_utf8(content):
        return None
    shares = [(_share(content, candidate) / candidate.usual_share, candidate) for candidate in _CANDIDATES]
    share, best = max(shares, key=lambda found: found[0])  # of equals, the first: the most widespread
    return Encoding(best.name, best.codec) if share >= 1 else None


def encoding_remedy(content: bytes, error: UnicodeDecodeError) -> str:
    """Say what to do about a row that is not UTF-8."""
    if _HALF_OF_A_PAIR.match(content, error.start):
        return "This is half of a surrogate pair (CESU-8). Write the whole character in UTF-8."
    if found := guess(content):
        convert = f"iconv -f {found.codec} -t UTF-8, or {FIX}"
        return f"It looks like {found.name}; save the file as UTF-8: {convert} does it."
    if error.end >= len(content.rstrip()):
        return "The row was cut inside a character. Write the whole character, or remove it."
    if is_mostly_utf8(content):
        return "The rest of the row is UTF-8, so these bytes are damaged. Mend or remove them."
    return "Save the file as UTF-8; it is in another encoding, or damaged."


def is_mostly_utf8(content: bytes) -> bool:
    """Are there more whole characters of UTF-8 beyond ASCII than places where there is none?"""
    text = content.decode(errors="replace")
    foreign, stray = sum(not character.isascii() for character in text), text.count("\ufffd")
    return foreign > 2 * stray


def _share(content: bytes, candidate: _Candidate) -> float:
    """Give the share of frequent letters among those that are not ASCII."""
    try:
        text = content.decode(candidate.codec)
    except UnicodeDecodeError:
        return 0.0
    foreign = [at for at, character in enumerate(text) if not character.isascii()]
    frequent = [at for at in foreign if text[at] in candidate.letters]
    if candidate.among_ascii:
        frequent = [at for at in frequent if text[at - 1 : at].isascii() or text[at + 1 : at + 2].isascii()]
    return len(frequent) / max(1, len(foreign))

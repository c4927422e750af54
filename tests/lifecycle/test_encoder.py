"""Tokenised rows come from the cache exactly when nothing changed that they follow from."""

import importlib
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiny_models import build_tiny_llama
from tunesmith.core.cache import Cache
from tunesmith.core.cards import Encoded
from tunesmith.core.contracts import Objective
from tunesmith.core.errors import BadData
from tunesmith.core.example import Example, Message, Place
from tunesmith.lifecycle import encoder as module
from tunesmith.lifecycle.encoder import KIND, Encoder, pack, unpack
from tunesmith.model.chat import PLAIN_TEMPLATE, ChatTokenizer
from tunesmith.model.load import load_chat
from tunesmith.objective.sft import SFT
from tunesmith.objective.text import Text

ROWS = [
    Example(
        Place("rows.jsonl", line, line), (Message("user", f"Order {line}?"), Message("assistant", "Here."))
    )
    for line in range(1, 5)
]
TEXTS = [Example(Place("a.txt", line, line), text="some words " * line) for line in range(1, 5)]


@pytest.fixture
def chat(tiny_folder: Path) -> ChatTokenizer:
    return load_chat(tiny_folder)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def counts(encoder: Encoder) -> tuple[int, int]:
    return encoder.computed, encoder.read


@pytest.mark.parametrize(("objective", "rows"), [(SFT(), ROWS), (Text(window=5), TEXTS)], ids=["sft", "text"])
def test_what_is_read_is_what_was_computed(
    objective: Objective, rows: list[Example], chat: ChatTokenizer, cache: Cache
) -> None:
    fresh, again = (Encoder(objective, chat, cache) for _ in range(2))
    computed = fresh.encode(rows)
    assert counts(fresh) == (4, 0)
    assert again.encode(rows) == computed == Encoder(objective, chat).encode(rows)
    assert counts(again) == (0, 4)
    assert {sequence.key for sequence in computed[0]} == {rows[0].name}
    assert fresh.describe() == "4 rows tokenised."
    assert again.describe() == "0 rows tokenised, 4 read from the cache of an earlier run."


@pytest.mark.parametrize("parts", [1, 3, 5])
def test_many_rows_are_encoded_in_parts_by_several_processes(
    chat: ChatTokenizer, cache: Cache, monkeypatch: pytest.MonkeyPatch, parts: int
) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 2)
    rows = [replace(ROWS[0], place=Place("rows.jsonl", line, line)) for line in range(2 * parts - 1)]
    fresh, again = Encoder(SFT(), chat, cache), Encoder(SFT(), chat, cache)
    found = list(fresh.stream(rows))
    assert found == Encoder(SFT(), chat).encode(rows) == list(again.stream(rows))
    assert counts(again) == (0, len(rows))
    assert fresh.computed + fresh.read == len(rows)
    assert fresh.computed > 0


def test_a_row_that_cannot_be_rendered_is_named_when_its_turn_comes(
    chat: ChatTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 1)
    odd = replace(ROWS[3], tools="no JSON")
    stream = Encoder(SFT(), chat).stream([*ROWS[:3], odd, *ROWS])
    assert len([next(stream) for _ in range(3)]) == 3
    with pytest.raises(BadData, match=r"rows\.jsonl:4 .*The tools are no JSON list"):
        next(stream)


def test_rows_that_moved_are_the_same_but_have_their_own_names(chat: ChatTokenizer, cache: Cache) -> None:
    Encoder(SFT(), chat, cache).encode(ROWS)
    moved = [replace(row, place=Place("elsewhere.jsonl", 9, 9)) for row in ROWS]
    encoder = Encoder(SFT(), chat, cache)
    assert {sequence.key for (sequence,) in encoder.encode(moved)} == {"elsewhere.jsonl:9 (byte 9)"}
    assert encoder.read == 4


@dataclass(frozen=True, kw_only=True)
class Other(SFT):
    """Another objective, though it does the same."""


def other_template(chat: ChatTokenizer) -> None:
    chat.tokenizer.chat_template = PLAIN_TEMPLATE


def other_end(chat: ChatTokenizer) -> None:
    chat.tokenizer.eos_token = "<|user|>"


def other_special(chat: ChatTokenizer) -> None:
    chat.tokenizer.add_special_tokens({"additional_special_tokens": ["Here"]})  # type: ignore[arg-type]  # as documented


@pytest.mark.parametrize("change", [other_template, other_end, other_special])
def test_another_tokenizer_or_template_misses(
    chat: ChatTokenizer, tiny_folder: Path, cache: Cache, change: Callable[[ChatTokenizer], None]
) -> None:
    Encoder(SFT(), chat, cache).encode(ROWS)
    other = load_chat(tiny_folder)
    change(other)
    encoder = Encoder(SFT(), other, cache)
    encoder.encode(ROWS)
    assert counts(encoder) == (4, 0)


def test_another_base_with_the_same_tokenizer_hits(chat: ChatTokenizer, cache: Cache, tmp_path: Path) -> None:
    Encoder(SFT(), chat, cache).encode(ROWS)
    build_tiny_llama(tmp_path / "other", seed=5)
    encoder = Encoder(SFT(), load_chat(tmp_path / "other"), cache)
    encoder.encode(ROWS)
    assert counts(encoder) == (0, 4)


def of(row: Example, **changes: object) -> Example:
    return replace(row, messages=(row.messages[0], replace(row.messages[1], **changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        [*ROWS[:3], of(ROWS[3], content="Here!")],
        [*ROWS[:3], of(ROWS[3], weight=0.5)],
        [*ROWS[:3], of(ROWS[3], role="system")],
        [*ROWS[:3], replace(ROWS[3], labels=("x",))],
        ROWS[::-1],
        ROWS[:3],
    ],
    ids=["byte", "weight", "role", "label", "order", "fewer"],
)
def test_other_rows_miss(chat: ChatTokenizer, cache: Cache, changed: list[Example]) -> None:
    Encoder(SFT(), chat, cache).encode(ROWS)
    encoder = Encoder(SFT(), chat, cache)
    encoder.encode(changed)
    assert encoder.read == 0


def test_another_objective_or_option_misses(chat: ChatTokenizer, cache: Cache) -> None:
    Encoder(Text(window=5), chat, cache).encode(TEXTS)
    Encoder(SFT(), chat, cache).encode(ROWS)
    option, objective = Encoder(Text(window=6), chat, cache), Encoder(Other(), chat, cache)
    option.encode(TEXTS)
    objective.encode(ROWS)
    assert (counts(option), counts(objective)) == ((4, 0), (4, 0))


def test_an_objective_whose_file_changed_misses(
    chat: ChatTokenizer, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "plugin_objective.py"
    text = "from tunesmith.objective.sft import SFT\n\n\nclass Mine(SFT):\n    pass\n"
    counted: list[tuple[int, int]] = []
    for version in (text, text, f"{text}    # another\n"):
        file.write_text(version, encoding="utf-8")
        mine = importlib.import_module("plugin_objective").Mine
        encoder = Encoder(mine(), chat, cache)
        encoder.encode(ROWS)
        counted.append(counts(encoder))
    assert counted == [(4, 0), (0, 4), (4, 0)]


def test_a_template_that_renders_the_date_misses_the_day_after(
    chat: ChatTokenizer, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    for template in (
        chat.tokenizer.chat_template,
        "{{ strftime_now('%d') }}" + str(chat.tokenizer.chat_template),
    ):
        for day in (date(2026, 1, 1), date(2026, 1, 2)):
            other = load_chat(tiny_folder)
            other.tokenizer.chat_template = template
            monkeypatch.setattr("tunesmith.model.chat.date", Mock(today=lambda day=day: day))
            found.append(other.fingerprint)
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_a_damaged_entry_is_computed_again(chat: ChatTokenizer, cache: Cache) -> None:
    computed = Encoder(SFT(), chat, cache).encode(ROWS)
    (path,) = (cache.folder / KIND).iterdir()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    encoder = Encoder(SFT(), chat, cache)
    assert encoder.encode(ROWS) == computed
    assert counts(encoder) == (4, 0)


def test_a_row_that_the_template_refuses_is_named(chat: ChatTokenizer, cache: Cache) -> None:
    chat.tokenizer.chat_template = "{{ raise_exception('only two turns') }}"
    with pytest.raises(BadData, match=r"^rows.jsonl:1 \(byte 1\): .*only two turns"):
        Encoder(SFT(), chat, cache).encode(ROWS)


sequences = st.builds(
    lambda tokens, lost: Encoded(
        array("i", [token for token, _ in tokens]), array("f", [weight for _, weight in tokens]), lost=lost
    ),
    st.lists(st.tuples(st.integers(0, 200_000), st.sampled_from([0.0, 0.25, 1.0, 1.0]))),
    st.integers(0, 9),
)


@given(st.lists(st.lists(sequences, max_size=3), max_size=6))
def test_what_is_packed_is_unpacked_as_it_was(rows: list[list[Encoded]]) -> None:
    assert unpack(pack(rows)) == rows

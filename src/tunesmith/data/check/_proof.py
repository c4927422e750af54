"""Prove of one row that exactly its answers are learned, each with its end and behind what is served."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from tunesmith.core.cards import Chat, Encoded
from tunesmith.core.example import Example, Message
from tunesmith.data.check._frames import Frames
from tunesmith.data.check._spans import Span, spans_of

Remark = Literal["marked", "cut", "trimmed", "changed"]
"""What is true of a row that is proven: the text of an answer holds a token that ends or pads answers, the
end of the last answer is cut off, spaces at the edges are not as written, the tokenizer knows no such
letters."""


class Unproven(Exception):
    """What is learned of a row is not what should be: what is wrong, what was expected, what was found."""

    def __init__(self, wrong: str, expected: str, found: str) -> None:
        super().__init__(wrong)
        self.wrong = wrong
        self.expected = expected
        self.found = found


@dataclass(frozen=True)
class Prover:
    """Holds token sequences against the rows that they came from."""

    chat: Chat

    def prove(self, row: Example, sequences: Sequence[Encoded], is_thorough: bool) -> set[Remark]:
        """Give what is worth remarking; raises Unproven.

        Where it is thorough, prompts are rendered once more, as a server would, and documents read back.
        """
        spans = _spans(sequences)
        if not spans:
            raise Unproven("nothing is learned", "at least one token", "none")
        begin = self.chat.begin_id
        for sequence in sequences:
            if begin is not None and list(sequence.ids[:2]) == [begin, begin]:
                twice = self.chat.spell(sequence.ids[:2])
                raise Unproven("it begins twice", self.chat.spell([begin]), twice)
        if not row.messages:
            self._check_tokens(sequences, spans)
            if is_thorough and not sequences[-1].lost:
                self._check_text(row.text, sequences)
            return {"cut"} if sequences[-1].lost else set()
        remarks: set[Remark] = set()
        for place, span in self._paired(row.messages, spans, sequences):
            remarks |= self._check_answer(row, place, span, is_thorough)
        return remarks

    def _check_tokens(self, sequences: Sequence[Encoded], spans: list[Span]) -> None:
        """Look for the begin and the end of a document; all between them is learned."""
        first, last, begin = sequences[0], sequences[-1], self.chat.begin_id
        if begin is not None and first.ids[0] != begin:
            expected = self.chat.spell([begin])
            raise Unproven("the begin token is missing", expected, self.chat.spell(first.ids[:5]))
        learned, whole = sum(span.end - span.start for span in spans), sum(len(one) - 1 for one in sequences)
        if learned != whole:
            raise Unproven("some of the text is not learned", f"{whole:,} tokens", f"{learned:,} tokens")
        if last.ids[-1] not in self._stops and not last.lost:
            raise Unproven("the end token is missing", self._ends, self.chat.spell(last.ids[-5:]))

    def _check_text(self, text: str, sequences: Sequence[Encoded]) -> None:
        """Read a document back; each window begins with the last token of the one before it."""
        ids = array("i", sequences[0].ids)
        for sequence in sequences[1:]:
            ids += sequence.ids[1:]
        said = self.chat.spell(ids[self.chat.begin_id is not None : -1])
        if _bare(said) not in (_bare(text), _bare(self._as_read(text))):
            raise Unproven("the text is learned otherwise", text, said)

    def _paired(
        self, turns: Sequence[Message], spans: list[Span], sequences: Sequence[Encoded]
    ) -> Iterator[tuple[int, Span]]:
        """Find the span of each answer; where something was cut off, those behind it are passed over."""
        answers = [place for place, turn in enumerate(turns) if turn.role == "assistant" and turn.weight]
        if len(spans) < len(answers):  # nothing may stand between two answers but the end of the first
            spans = [part for span in spans for part in span.parted(self._stops)]
        if len(spans) == len(answers):
            return zip(answers, spans, strict=True)
        cut = next((number for number, sequence in enumerate(sequences, 1) if sequence.lost), None)
        if cut is None or len(spans) > len(answers):
            shown = " | ".join(self.chat.spell(span.ids) for span in spans)
            raise Unproven("not each answer is learned once", f"{len(answers):,} learned answers", shown)
        return zip(answers, _spans(sequences[:cut]), strict=False)

    def _check_answer(self, row: Example, place: int, span: Span, is_thorough: bool) -> set[Remark]:
        turns, ids = row.messages[: place + 1], span.ids
        has_end = ids[-1] in self._stops
        words = ids[:-1] if has_end else ids
        if not has_end and not span.is_cut:
            raise Unproven("the end of an answer is not learned", self._ends, self.chat.spell(ids[-5:]))
        remarks = self._check_marks(turns[-1], words)
        if not has_end:
            remarks.add("cut")
        if not turns[-1].tool_calls:
            remarks |= self._check_words(turns, row.tools, words, has_end)
        elif has_end:
            remarks |= self._check_call(turns[-1], words)
        if is_thorough:
            self._check_prompt(row, place, span)
        return remarks

    def _check_words(
        self, turns: Sequence[Message], tools: str, words: array[int], is_whole: bool
    ) -> set[Remark]:
        """Hold what is learned against the answer in the template's frame."""
        said, expected = self.chat.spell(words), ""
        bare = _bare(said.rstrip("\ufffd"))  # half a letter may have been cut off
        for expected in self._expected(turns, tools):
            if said == expected or (not is_whole and _bare(expected).startswith(bare)):
                return set()
            if bare == _bare(expected):
                return _trimmed(turns[-1])
            if bare == _bare(self._as_read(expected)):
                return {*_trimmed(turns[-1]), "changed"}
        raise Unproven("something else than an answer is learned", expected, said)

    def _check_call(self, turn: Message, words: array[int]) -> set[Remark]:
        """Look for all that a call of tools says; how a template writes it cannot be known."""
        said = _bare(self.chat.spell(words))
        remarks: set[Remark] = set()
        for forms in self._parts(turn):
            if any(_bare(form) in said for form in forms):
                continue
            if not any(_bare(self._as_read(form)) in said for form in forms):
                raise Unproven("a part of a call is not learned", forms[0], self.chat.spell(words))
            remarks.add("changed")
        return remarks | _trimmed(turn)

    def _expected(self, turns: Sequence[Message], tools: str) -> Iterator[str]:
        """Give what an answer is rendered as, but for its end; some templates have several frames for it."""
        usual = self._frames.alone(turns[-1])
        if usual is not None:
            yield usual.hold(turns[-1])
        here = self._frames.within(turns, tools)
        yield turns[-1].content if here is None else here.hold(turns[-1])

    def _check_prompt(self, row: Example, place: int, span: Span) -> None:
        served, read = (
            self.chat.encode_prompt(row.messages[:place], row.tools),
            span.sequence.ids[: span.start],
        )
        if served != read:
            ends = (self.chat.spell(ids[-20:]) for ids in (served, read))
            raise Unproven("an answer follows something else than a server would send", *ends)

    def _check_marks(self, turn: Message, words: array[int]) -> set[Remark]:
        """Look for tokens that should stand behind an answer only: such an answer must say them itself."""
        pad = self.chat.pad_id
        if pad is not None and pad not in self._stops and pad in words:
            written = (turn.content, turn.reasoning, *(call.arguments for call in turn.tool_calls))
            if not any(self.chat.spell([pad]) in text for text in written):
                raise Unproven("padding is learned", "no padding", self.chat.spell(words))
            return {"marked"}
        return set() if self._stops.isdisjoint(words) else {"marked"}

    def _parts(self, turn: Message) -> Iterator[tuple[str, ...]]:
        """Give each thing that a call says, in all forms it may have; not what is never rendered."""
        yield (turn.content,)
        frame = self._frames.alone(turn)
        if frame is None or frame.between is not None:
            yield (turn.reasoning,)
        for call in turn.tool_calls if self._shows_calls else ():
            yield (call.name,)
            for value in _leaves(json.loads(call.arguments)):
                yield value, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(value)[1:-1]

    def _as_read(self, text: str) -> str:
        """Give a text as the tokenizer reads it: some tokenizers know no accents, or not all letters."""
        ids = self.chat.encode_document(text).ids
        return self.chat.spell(ids[self.chat.begin_id is not None : -1])

    @cached_property
    def _stops(self) -> frozenset[int]:
        return frozenset(self.chat.stop_ids)

    @cached_property
    def _ends(self) -> str:
        return " or ".join(self.chat.spell([number]) for number in sorted(self._stops))

    @cached_property
    def _frames(self) -> Frames:
        return Frames(self.chat)

    @cached_property
    def _shows_calls(self) -> bool:
        return self._frames.shows_calls()


def _spans(sequences: Sequence[Encoded]) -> list[Span]:
    return [span for sequence in sequences for span in spans_of(sequence)]


def _trimmed(turn: Message) -> set[Remark]:
    edged = any(text.strip() != text for text in (turn.content, turn.reasoning))
    return {"trimmed"} if edged else set()


def _bare(text: str) -> str:
    return "".join(text.split())


def _leaves(value: Any) -> Iterator[str]:
    """Give every string and number inside a JSON value."""
    if isinstance(value, Mapping):
        value = [*value.values()]
    if isinstance(value, list):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)

"""What a chat template puts around the words of an answer, learned by rendering words that nobody says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tunesmith.core.cards import Chat
from tunesmith.core.errors import BadData
from tunesmith.core.example import Message, ToolCall
from tunesmith.data.check._spans import spans_of

Form = Literal["plain", "thought", "thought inside", "thought half inside"]
"""Where an answer's thought stands: nowhere, in its own field, or in the content, with both tags or one."""

_WORD, _THOUGHT = "tarentesinor", "senatoride"
_OPEN, _CLOSE = "<think>", "</think>"
_QUESTION = (Message("user", "Hello"),)


@dataclass(frozen=True)
class Frame:
    """What stands before the thought, between thought and words, and behind them; its end is left out.

    Where no thought is rendered, `between` is None.
    """

    before: str
    between: str | None
    after: str

    def hold(self, turn: Message) -> str:
        """Put the words of an answer into the frame."""
        thought, words = words_of(turn)
        return f"{self.before}{'' if self.between is None else thought + self.between}{words}{self.after}"


@dataclass
class Frames:
    """Frames of answers, each found once; None where the template does not show such words."""

    chat: Chat
    _known: dict[Form, Frame | None] = field(default_factory=dict["Form", "Frame | None"])

    def alone(self, turn: Message) -> Frame | None:
        """Give the frame of such an answer behind a plain question."""
        form = form_of(turn)
        if form not in self._known:
            self._known[form] = self.within((*_QUESTION, turn), "")
        return self._known[form]

    def within(self, turns: Sequence[Message], tools: str) -> Frame | None:
        """Give the frame of the last turn, an answer, behind the turns before it."""
        shown = self._shown([*turns[:-1], _with_other_words(turns[-1])], tools)
        head, found, after = shown.rpartition(_WORD)
        before, thought, between = head.rpartition(_THOUGHT)
        if not found:
            return None
        return Frame(before, between, after) if thought else Frame(head, None, after)

    def shows_calls(self) -> bool:
        """Does the template render calls of tools at all?"""
        call = ToolCall(_WORD, "{}", "abcdefghi")
        return _WORD in self._shown([*_QUESTION, Message("assistant", "", tool_calls=(call,))], "")

    def _shown(self, turns: Sequence[Message], tools: str) -> str:
        """Give what is learned of the last answer but for its end; nothing where the template refuses it."""
        try:
            (*_, span) = spans_of(self.chat.encode_conversation(turns, tools)[-1])
        except BadData:
            return ""
        return self.chat.spell(span.ids[:-1])


def form_of(turn: Message) -> Form:
    """Say where an answer's thought stands."""
    if turn.reasoning:
        return "thought"
    head, close, _ = turn.content.partition(_CLOSE)
    if not close:
        return "plain"
    return "thought inside" if _OPEN in head else "thought half inside"


def words_of(turn: Message) -> tuple[str, str]:
    """Give what an answer thinks, and what it says."""
    if turn.reasoning or form_of(turn) == "plain":
        return turn.reasoning, turn.content
    head, _, words = turn.content.partition(_CLOSE)
    return head.rpartition(_OPEN)[2], words


def _with_other_words(turn: Message) -> Message:
    inside = {"thought inside": _OPEN + _THOUGHT + _CLOSE, "thought half inside": _THOUGHT + _CLOSE}
    content = inside.get(form_of(turn), "") + _WORD
    return replace(turn, content=content, reasoning=_THOUGHT if turn.reasoning else "")

"""Render turns with the chat template that comes with a tokenizer, the way transformers does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tunesmith.core.errors import BadData
from tunesmith.core.example import Message, ToolCall
from tunesmith.model.turns import Turn, turns_of

if TYPE_CHECKING:
    from jinja2 import Template
    from transformers import PreTrainedTokenizerFast

_KEY = "zyzzyva"
_CALLED = (
    Message("user", "Hello"),
    Message("assistant", "", tool_calls=(ToolCall("function", f'{{"{_KEY}": 1}}', "abcdefghi"),)),
)
"""Some templates want ids of nine letters."""


@dataclass(frozen=True)
class Renderer:
    """A chat template and the special tokens that it may write; neither may change once it was used."""

    tokenizer: PreTrainedTokenizerFast

    def turns(self, messages: Sequence[Message]) -> list[Turn]:
        """Write messages as this template reads them."""
        calls = any(message.tool_calls for message in messages)
        return turns_of(messages, arguments_as_text=calls and self._wants_text)

    def render(self, turns: Sequence[Turn], tools: list[Turn] | None, *, answer_follows: bool) -> str:
        """Give the text of a conversation, or of a prompt up to where its answer begins.

        Raises BadData where the template refuses the conversation: it is a stranger's program.
        """
        try:
            return self._rendered(turns, tools, answer_follows)
        except self._refusals as error:
            raise BadData(
                f"The chat template refuses this conversation: {error}. {self._advice(turns, tools)}"
            ) from None

    def _rendered(self, turns: Sequence[Turn], tools: list[Turn] | None, answer_follows: bool) -> str:
        # What `apply_chat_template` does, without its copy of every turn, in case one is no plain value, and
        # without jinja's copy of its globals for every rendering: that is half the time.
        template, known = self._compiled(self.tokenizer.get_chat_template(tools=tools))
        values = {**known, "messages": turns, "tools": tools, "add_generation_prompt": answer_follows}
        return "".join(template.root_render_func(template.new_context(values, shared=True)))

    def _advice(self, turns: Sequence[Turn], tools: list[Turn] | None) -> str:
        without_system = [turn for turn in turns if turn["role"] != "system"]
        if len(without_system) < len(turns) and self._takes(without_system, tools):
            return "It takes no system turn: put that text at the beginning of the first user turn."
        speaking = [(place, turn["role"]) for place, turn in enumerate(turns, 1) if turn["role"] != "system"]
        for (_, before), (place, role) in pairwise(speaking):
            if before == role != "tool":
                return f"Turn {place} is the second {role} turn in a row: join the two."
        if tools or any(turn["role"] == "tool" or "tool_calls" in turn for turn in turns):
            return "Change its turns, or choose a base whose template takes tools in this form."
        return "Change its turns."

    def _takes(self, turns: Sequence[Turn], tools: list[Turn] | None) -> bool:
        try:
            self._rendered(turns, tools, answer_follows=False)
        except self._refusals:
            return False
        return True

    @cached_property
    def _compiled(self) -> Callable[[str], tuple[Template, dict[str, Any]]]:
        """Compile a template and collect what it knows besides the conversation, once."""
        from transformers.utils.chat_template_utils import _compile_jinja_template

        @cache
        def compiled(text: str) -> tuple[Template, dict[str, Any]]:
            template = _compile_jinja_template(text)
            return template, {**template.globals, **self.tokenizer.special_tokens_map, "documents": None}

        return compiled

    @cached_property
    def _refusals(self) -> tuple[type[Exception], ...]:
        from jinja2 import TemplateError

        return (TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError)

    @cached_property
    def _wants_text(self) -> bool:
        """Does the template put the arguments of a call into its text as they are?"""
        try:
            said = self._rendered(turns_of(_CALLED), None, answer_follows=False)
        except TypeError:  # a text and a dictionary cannot be joined
            return True
        except self._refusals:
            return False
        return f"{{'{_KEY}'" in said  # how Python writes a dictionary

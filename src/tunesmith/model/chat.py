"""A tokenizer and its chat template as one thing: the only way text becomes ids, in training and serving."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadBase, BadData
from tunesmith.core.example import Message
from tunesmith.core.hashing import hash_value

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PLAIN_TEMPLATE = """\
{{ bos_token or '' }}{% for message in messages -%}
{% if message['role'] == 'system' %}{{ message['content'] }}

{% elif message['role'] == 'user' %}User:
{{ message['content'] }}

{% else %}Assistant:
{{ message['content'] }}{{ eos_token }}
{% endif %}{% endfor %}{% if add_generation_prompt %}Assistant:
{% endif %}"""
"""What a base without a chat template gets; it is stored in the package like any other."""


@dataclass(frozen=True)
class ChatTokenizer:
    """Renders conversations with one template and says which tokens are answers.

    The prompt is tokenised as a server sees it, alone; the answer's ids follow it. So the ids of a prompt are
    always the beginning of the ids trained on, also where a merge across the border would say otherwise.
    """

    tokenizer: PreTrainedTokenizerFast

    def encode_prompt(self, messages: Sequence[Message]) -> array[int]:
        """Render turns up to where the answer begins: what the server sends to the model."""
        return self._ids(self._render(messages, answer_follows=True))

    def encode_conversation(self, messages: Sequence[Message]) -> Encoded:
        """Render a conversation; assistant turns and their end tokens have weight, all else is masked.

        Raises BadData where the template changes earlier turns once later ones follow, and BadBase where it
        does not end an answer with a special token: such an answer would never stop.
        """
        ids, weights = array("i"), array("f")
        for position, message in enumerate(messages):
            if message.role != "assistant":
                continue
            prompt, answer = self._answer(messages[: position + 1])
            if prompt[: len(ids)] != ids:
                raise BadData(
                    f"The chat template renders the turns before turn {position + 1} differently once it "
                    "follows. Split such a conversation into one row per answer."
                )
            weights.extend([0.0] * (len(prompt) - len(ids)))
            worth = self._end_of(answer)
            weights.extend([message.weight] * worth + [0.0] * (len(answer) - worth))
            ids = prompt + answer
        return Encoded(ids, weights)

    def encode_document(self, text: str) -> Encoded:
        """Render raw text from its beginning to its end token; all but the first token has weight."""
        begin = self.tokenizer.bos_token_id
        ids = array("i", [begin] if isinstance(begin, int) else [])
        ids += self._ids(text)
        ids.append(self._end_id)
        return Encoded(ids, array("f", [0.0] + [1.0] * (len(ids) - 1)))

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids into text without special tokens."""
        text = self.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert isinstance(text, str)
        return text

    def save(self, folder: Path) -> None:
        """Write tokenizer and template into a folder, so that loading it gives the same ids."""
        self.tokenizer.save_pretrained(folder)

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """The ids that end an answer: the end-of-sequence token, and what the template puts behind it."""
        _, answer = self._answer((Message("user", "Hello"), Message("assistant", "Hello")))
        return tuple(sorted({self._end_id, answer[self._end_of(answer) - 1]}))

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same conversation could be rendered to other ids."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        special = {name: str(token) for name, token in self.tokenizer.special_tokens_map.items()}
        ends = [self._end_id, sorted(self._special_ids)]
        is_dated = "strftime_now" in str(self.tokenizer.chat_template)
        today = date.today().isoformat() if is_dated else None  # such a template renders the date
        return hash_value(
            [self.tokenizer.backend_tokenizer.to_str(), self.tokenizer.chat_template, special, ends, today]
        )

    def _answer(self, messages: Sequence[Message]) -> tuple[array[int], array[int]]:
        before = self._render(messages[:-1], answer_follows=True)
        whole = self._render(messages, answer_follows=False)
        prompt, together = self._ids(before), self._ids(whole)
        if together[: len(prompt)] == prompt:
            return prompt, together[len(prompt) :]
        if not whole.startswith(before):
            raise BadData(
                "The chat template renders a prompt differently once its answer follows: what is trained "
                "would not be what is served. Use one whose prompt is the beginning of the conversation."
            )
        return prompt, self._ids(whole[len(before) :])

    def _end_of(self, answer: array[int]) -> int:
        specials = self._special_ids
        for position in range(len(answer), 0, -1):
            if answer[position - 1] in specials:
                return position
        raise BadBase(
            "The chat template does not end an answer with a special token, so answers would never stop."
        )

    @property
    def _end_id(self) -> int:
        end = self.tokenizer.eos_token_id
        assert isinstance(end, int)
        return end

    @cached_property
    def _special_ids(self) -> frozenset[int]:
        added = self.tokenizer.added_tokens_decoder.items()
        return frozenset(self.tokenizer.all_special_ids) | {
            number for number, token in added if token.special
        }

    def _render(self, messages: Sequence[Message], *, answer_follows: bool) -> str:
        from jinja2 import TemplateError

        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            text = self.tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=answer_follows
            )
        except TemplateError as error:
            raise BadData(
                f"The chat template refuses this conversation: {error}. Change its turns."
            ) from None
        assert isinstance(text, str)
        return text

    def _ids(self, text: str) -> array[int]:
        return array("i", self.tokenizer.encode(text, add_special_tokens=False))

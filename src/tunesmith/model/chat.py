"""A tokenizer and its chat template as one thing: the only way text becomes ids, in training and serving."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tunesmith.core.cards import Encoded
from tunesmith.core.errors import BadBase, BadData
from tunesmith.core.example import Message, ToolCall
from tunesmith.core.hashing import hash_value
from tunesmith.model.ending import Ending, find_ending
from tunesmith.model.follow import prompt_and_answer
from tunesmith.model.pieces import Pieces
from tunesmith.model.render import Renderer
from tunesmith.model.turns import Turn, schemas_of
from tunesmith.model.words import first_pieces

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PLAIN_TEMPLATE = """\
{{ bos_token or '' }}{% if tools %}Tools:
{{ tools | tojson }}

{% endif %}{% for message in messages -%}
{% if message['role'] == 'system' %}{{ message['content'] }}

{% elif message['role'] == 'user' %}User:
{{ message['content'] }}

{% elif message['role'] == 'tool' %}Tool:
{{ message['content'] }}

{% else %}Assistant:
{% if message['reasoning_content'] %}<think>{{ message['reasoning_content'] }}</think>{% endif %}
{{- message['content'] }}{% for call in message['tool_calls'] %}<call>{{ call['function'] | tojson }}</call>
{%- endfor %}{{ eos_token }}
{% endif %}{% endfor %}{% if add_generation_prompt %}Assistant:
{% endif %}"""
"""What a base without a chat template gets; it is stored in the package like any other."""

FORMAT = 2
"""Version of how conversations become ids: raise it whenever one could become others."""

_WORD = "zyzzyva"
_SAID = (Message("user", "Hello"), Message("assistant", _WORD))
_CALLED = (_SAID[0], Message("assistant", "", tool_calls=(ToolCall(_WORD, "{}", "abcdefghi"),)))
_SCHEMA = (
    f'[{{"name": "{_WORD}", "description": "", "parameters": {{"type": "object", "properties": {{}}}}}}]'
)


@dataclass(frozen=True)
class ChatTokenizer:
    """Renders conversations with one template and says which tokens are answers.

    The prompt is tokenised as a server sees it, alone; the answer's ids follow it. So the ids of a prompt are
    always the beginning of the ids trained on, also where a merge across the border would say otherwise. The
    tokenizer and its template must not change once they were used.
    """

    tokenizer: PreTrainedTokenizerFast

    def encode_prompt(self, messages: Sequence[Message], tools: str = "") -> array[int]:
        """Render turns up to where the answer begins: what the server sends to the model.

        Raises BadData where the template refuses them.
        """
        turns = self._renderer.turns(messages)
        return self._pieces.encode(self._renderer.render(turns, schemas_of(tools), answer_follows=True))

    def encode_question(self, messages: Sequence[Message], second: str = "", tools: str = "") -> Encoded:
        """Render turns up to where the answer begins; a second text stands below the last turn."""
        if second:
            last = messages[-1]
            messages = [*messages[:-1], replace(last, content=f"{last.content}\n\n{second}")]
        ids = self.encode_prompt(messages, tools)
        return Encoded(ids, array("f", [0.0]) * len(ids))

    def encode_conversation(self, messages: Sequence[Message], tools: str = "") -> list[Encoded]:
        """Render a conversation; answers up to their end tokens have weight, all else is masked.

        Where the template renders earlier turns otherwise once later ones follow, as those do that drop old
        thoughts, a new sequence begins: each answer is learned once, behind exactly what a server would send.
        A conversation without an answer of any weight is one masked sequence. Raises BadData where the
        template refuses the conversation, or does not let an answer follow its prompt.
        """
        turns, schemas = self._renderer.turns(messages), schemas_of(tools)
        ids, weights, sequences = array("i"), array("f"), list[Encoded]()
        for place, message in enumerate(messages, 1):
            if message.role != "assistant" or not message.weight:
                continue
            prompt, answer = self._answer(turns[:place], schemas)
            if prompt[: len(ids)] != ids:
                sequences.append(Encoded(ids, weights))
                ids, weights = array("i"), array("f")
            weights.extend(array("f", [0.0]) * (len(prompt) - len(ids)))
            weights.extend(array("f", [message.weight]) * len(answer))
            weights[0] = 0.0  # nothing comes before an answer that has no prompt
            ids = prompt + answer
        if not ids:
            ids = self.encode_prompt(messages, tools)
            weights = array("f", [0.0]) * len(ids)
        return [*sequences, Encoded(ids, weights)]

    def encode_document(self, text: str) -> Encoded:
        """Render raw text from its beginning to its end token; all but the first token has weight."""
        begin = [] if self.begin_id is None else [self.begin_id]
        (found,) = self._pieces.backend.encode_batch_fast([text], add_special_tokens=False)
        ids = array("i", [*begin, *found.ids, self._end_id])
        return Encoded(ids, array("f", [0.0] + [1.0] * (len(ids) - 1)))

    def encode_words(self, words: Sequence[str]) -> Encoded:
        """Render words from a begin to an end token, without a template; their first pieces have weight."""
        begin = [] if self.begin_id is None else [self.begin_id]
        found = self._pieces.backend.encode(" ".join(words), add_special_tokens=False)
        ids = array("i", [*begin, *found.ids, self._end_id])
        return Encoded(ids, first_pieces(words, [(0, 0)] * len(begin) + [*found.offsets, (0, 0)]))

    def decode(self, ids: Sequence[int]) -> str:
        """Turn ids into text without special tokens."""
        return self._pieces.backend.decode(list(ids), skip_special_tokens=True)

    def spell(self, ids: Sequence[int]) -> str:
        """Turn ids into text, special tokens included."""
        return self._pieces.backend.decode(list(ids), skip_special_tokens=False)

    def save(self, folder: Path) -> None:
        """Write tokenizer and template into a folder, so that loading it gives the same ids."""
        self.tokenizer.save_pretrained(folder)

    @property
    def size(self) -> int:
        """How many tokens it knows."""
        return len(self.tokenizer)

    @property
    def longest(self) -> int:
        """The longest row it is made for, in tokens; very many where it does not say."""
        return self.tokenizer.model_max_length

    @property
    def mask_id(self) -> int | None:
        """The id that stands for a hidden token, where the tokenizer has one."""
        mask = self.tokenizer.mask_token_id
        return mask if isinstance(mask, int) else None

    @property
    def begin_id(self) -> int | None:
        """The id that begins a text, where the tokenizer has one."""
        begin = self.tokenizer.bos_token_id
        return begin if isinstance(begin, int) else None

    @property
    def pad_id(self) -> int | None:
        """The id that fills up batches, where the tokenizer has one; it may be one that ends answers, too."""
        pad = self.tokenizer.pad_token_id
        return pad if isinstance(pad, int) else None

    @property
    def stop_ids(self) -> tuple[int, ...]:
        """The ids that end an answer: the tokenizer's, the template's, and the one behind calls of tools."""
        return self._stop_ids

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same conversation could be rendered to other ids."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        special = {name: str(token) for name, token in self.tokenizer.special_tokens_map.items()}
        ends = [self._end_id, sorted(self._specials.values())]
        is_dated = "strftime_now" in str(self.tokenizer.chat_template)
        today = date.today().isoformat() if is_dated else None  # such a template renders the date
        tokens = self._pieces.backend.to_str()
        return hash_value([FORMAT, tokens, self.tokenizer.chat_template, special, ends, today])

    @cached_property
    def _stop_ids(self) -> tuple[int, ...]:
        found = {self._end_id}
        for messages, tools in ((_SAID, ""), (_CALLED, _SCHEMA)):
            try:
                _, answer = self._answer(self._renderer.turns(messages), schemas_of(tools))
            except BadData:  # many templates know no tools
                continue
            found.add(answer[-1])
        return tuple(sorted(found))

    def _answer(self, turns: Sequence[Turn], tools: list[Turn] | None) -> tuple[array[int], array[int]]:
        """Give the ids of a prompt, and of the answer that is its last turn, end token included."""
        before, answer = prompt_and_answer(self._renderer, turns, tools)
        prompt = self._pieces.encode(before)
        return prompt, self._pieces.encode_behind(self._ending.close(answer), before, prompt)

    @cached_property
    def _renderer(self) -> Renderer:
        return Renderer(self.tokenizer)

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces(self.tokenizer, self._sample)

    @cached_property
    def _ending(self) -> Ending:
        end, specials = str(self.tokenizer.eos_token), tuple(self._specials)
        if not self._sample:
            return Ending(None, end, end, specials)
        _, found, last = self._sample.rpartition(_WORD)
        if not found:
            raise BadBase("The chat template does not render what an assistant says. Use another base.")
        turns = self._renderer.turns((*_SAID, _SAID[0]))
        inside = self._renderer.render(turns, None, answer_follows=False).rpartition(_WORD)[2]
        return find_ending(last, inside, end, specials)

    @cached_property
    def _sample(self) -> str:
        """A short conversation as the template renders it; empty where it refuses even that."""
        try:
            return self._renderer.render(self._renderer.turns(_SAID), None, answer_follows=False)
        except BadData:
            return ""

    @property
    def _end_id(self) -> int:
        end = self.tokenizer.eos_token_id
        assert isinstance(end, int)
        return end

    @cached_property
    def _specials(self) -> dict[str, int]:
        """Special tokens and their ids."""
        named = zip(self.tokenizer.all_special_tokens, self.tokenizer.all_special_ids, strict=True)
        added = self.tokenizer.added_tokens_decoder.items()
        return dict(named) | {token.content: number for number, token in added if token.special}

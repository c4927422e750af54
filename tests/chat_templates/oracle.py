"""What should be learned of a conversation, found in another way: nothing here knows Tunesmith's own code.

The answer's letters are replaced by letters of no script, the conversation is rendered by jinja alone, and
the last such letter shows where the answer's words end; the family says which token ends it. The tokenizer's
offsets say which tokens hold those letters.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from jinja2 import Environment

from chat_templates.families import Family
from chat_templates.small_tokenizers import tokenizer_of
from tunesmith.core.example import Message

OPENED = "<think>\n"
MARK = "\uf8f0"


@dataclass(frozen=True)
class Oracle:
    """Says what a family's conversations become."""

    family: Family

    def prompt(self, turns: Sequence[Message], tools: str) -> list[int]:
        """Give the ids that a server sends."""
        return self._encode(self._render(turns, tools, True)).ids

    def sequences(self, turns: Sequence[Message], tools: str) -> list[tuple[list[int], list[float]]]:
        """Give ids and weights, a sequence for each run of answers whose prompts go on from one another."""
        found: list[tuple[list[int], list[float]]] = [([], [])]
        for place, turn in enumerate(turns):
            if turn.role == "assistant" and turn.weight:
                prompt, answer = self._answer(turns[: place + 1], tools)
                if prompt[: len(found[-1][0])] != found[-1][0]:
                    found.append(([], []))
                ids, weights = found[-1]
                masked = weights + [0.0] * (len(prompt) - len(ids))
                found[-1] = (prompt + answer, masked + [turn.weight] * len(answer))
        return found

    def _answer(self, turns: Sequence[Message], tools: str) -> tuple[list[int], list[int]]:
        before = self._render(turns[:-1], tools, True)
        whole = before + self._said(before, turns, tools)
        prompt, together = self._encode(before).ids, self._encode(whole)
        held = [
            number
            for number, (start, _) in zip(together.ids, together.offsets, strict=True)
            if start >= len(before)
        ]
        if together.ids == prompt + held:
            return prompt, held
        alone = self._encode(self.family.end + whole[len(before) :])  # behind a special token nothing joins
        assert alone.ids[0] == self._encode(self.family.end).ids[0]
        return prompt, alone.ids[1:]

    def _said(self, before: str, turns: Sequence[Message], tools: str) -> str:
        """Give what stands behind the prompt, up to the token that ends the answer."""
        whole, hidden = (
            self._render([*turns[:-1], last], tools, False) for last in (turns[-1], _hide(turns[-1]))
        )
        begin = len(before) - (len(OPENED) if self.family.opens_thought else 0)
        if self.family.before_answer:
            begin = len(hidden) - self._length(turns, tools)
        else:
            assert whole[:begin] == before[:begin]
        end = len(whole) - self._rest(hidden, begin, bool(turns[-1].tool_calls))
        said = whole[begin:end] + ("" if self.family.answer_end else self.family.end)
        if not self.family.opens_thought:
            return said
        if said.startswith("<think>"):
            return (
                said.removeprefix(OPENED)
                if said.startswith(OPENED)
                else said.removeprefix("<think>").lstrip()
            )
        return turns[-1].reasoning.strip("\n") + "\n</think>\n\n" + said

    def _length(self, turns: Sequence[Message], tools: str) -> int:
        """Count the letters from the beginning of the answer to the end of the conversation."""
        asked = replace(turns[-2], content=MARK)
        marked = self._render([*turns[:-2], asked, _hide(turns[-1])], tools, False)
        _, _, rest = marked.rpartition(MARK)
        found = [(rest.index(token), len(token)) for token in self.family.before_answer if token in rest]
        return len(rest) - sum(min(found))

    def _rest(self, hidden: str, begin: int, is_call: bool) -> int:
        """Count the letters behind the end of the answer."""
        if not self.family.answer_end:
            return len(self.family.closing)
        words = [place for place, letter in enumerate(hidden) if _is_hidden(letter)]
        token = self.family.call_end if is_call else self.family.answer_end
        place = hidden.index(token, max(words, default=begin))
        return len(hidden) - place - len(token)

    def _render(self, turns: Sequence[Message], tools: str, is_prompt: bool) -> str:
        names = {"bos_token": self.family.begin, "eos_token": self.family.end, "pad_token": self.family.pad}
        return self._template.render(
            messages=[self._plain(turn) for turn in turns],
            tools=[
                one if "function" in one else {"type": "function", "function": one}
                for one in json.loads(tools)
            ]
            if tools
            else None,
            add_generation_prompt=is_prompt,
            **{name: token for name, token in names.items() if token},
        )

    def _plain(self, turn: Message) -> dict[str, Any]:
        calls = [
            {
                "type": "function",
                "id": call.id,
                "function": {
                    "name": call.name,
                    "arguments": call.arguments if self.family.text_arguments else json.loads(call.arguments),
                },
            }
            for call in turn.tool_calls
        ]
        values = {
            "role": turn.role,
            "content": turn.content,
            "reasoning_content": turn.reasoning,
            "thinking": turn.reasoning,
            "tool_calls": calls,
            "name": turn.name,
            "tool_call_id": turn.call,
        }
        return {name: value for name, value in values.items() if value or name == "content"}

    @cached_property
    def _template(self) -> Any:
        environment = Environment(trim_blocks=True, lstrip_blocks=True)
        environment.filters["tojson"] = lambda value, indent=None: json.dumps(
            value, ensure_ascii=False, indent=indent
        )
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        return environment.from_string(self.family.template)

    def _encode(self, text: str) -> Any:
        return tokenizer_of(self.family).backend_tokenizer.encode(text, add_special_tokens=False)


def _hide(turn: Message) -> Message:
    calls = tuple(
        replace(
            call,
            arguments=json.dumps(
                {key: _letters(str(value)) for key, value in json.loads(call.arguments).items()}
            ),
        )
        for call in turn.tool_calls
    )
    return replace(turn, content=_letters(turn.content), reasoning=_letters(turn.reasoning), tool_calls=calls)


def _letters(text: str) -> str:
    return "".join(
        letter if letter.isspace() else chr(0xE000 + place % 6000) for place, letter in enumerate(text)
    )


def _is_hidden(letter: str) -> bool:
    return "\ue000" <= letter <= "\uf8ff"

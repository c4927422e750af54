"""The objects that OpenAI's clients expect for an answer, whole or in chunks."""

from dataclasses import dataclass
from typing import Any

from tunesmith.core.cards import Completion
from tunesmith.serving.answer import Reply, Service


@dataclass(frozen=True)
class Envelope:
    """What all objects of one answer have in common."""

    reply: Reply
    service: Service

    def whole(self, answer: Completion) -> dict[str, Any]:
        """Give a `chat.completion`."""
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
        return self._object("chat.completion", [choice]) | {"usage": usage(answer)}

    def chunk(self, delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
        """Give a `chat.completion.chunk` with a piece of the answer."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._object("chat.completion.chunk", [choice])

    def usage_chunk(self, last: Completion) -> dict[str, Any]:
        """Give the chunk without a choice that counts the tokens."""
        return self._object("chat.completion.chunk", []) | {"usage": usage(last)}

    def _object(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.reply.id,
            "object": kind,
            "created": int(self.reply.created),
            "model": self.service.model.name,
            "system_fingerprint": f"fp_{self.service.model.fingerprint[:12]}",
            "choices": choices,
        }


def usage(answer: Completion) -> dict[str, int]:
    """Count tokens; the end token is one of the answer's."""
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.tokens,
        "total_tokens": answer.prompt_tokens + answer.tokens,
    }

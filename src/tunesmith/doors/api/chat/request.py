"""A chat request: what is understood, what is refused by name, and what makes no difference here."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from tunesmith.core.cards import Decoding
from tunesmith.core.example import Message, Role

MOST_MESSAGES = 2048


def _only(*values: Any) -> AfterValidator:
    """Mark a parameter that is not supported yet: it may be sent with values that ask for nothing."""

    def check(value: Any) -> Any:
        if value not in values:
            raise PydanticCustomError("unsupported", "This is not supported yet; leave it out")
        return value

    return AfterValidator(check)


def _form(value: Any) -> str:
    return "as list" if isinstance(value, list) else "as text"


Ignored = Annotated[Any, Field(description="Accepted; it makes no difference here.")]
Text = Annotated[str, Tag("as text")]
StopText = Annotated[str, Field(min_length=1)]


class Card(BaseModel):
    """A part of a request: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TextPart(Card):
    """A piece of a message; pictures, sounds and files are not supported yet."""

    type: Literal["text"]
    text: str


class ChatMessage(Card):
    """One turn. `developer` is the newer name of `system`; parts of text are put together."""

    role: Literal["system", "developer", "user", "assistant"]
    content: Annotated[Text | Annotated[list[TextPart], Tag("as list")], Discriminator(_form)]
    name: Annotated[Any, _only(None)] = None
    refusal: Annotated[Any, _only(None)] = None
    annotations: Annotated[Any, _only(None, [])] = None
    audio: Annotated[Any, _only(None)] = None
    function_call: Annotated[Any, _only(None)] = None
    tool_calls: Annotated[Any, _only(None, [])] = None

    def message(self) -> Message:
        """Give the card that rooms use."""
        role: Role = "system" if self.role == "developer" else self.role
        if isinstance(self.content, str):
            return Message(role, self.content)
        return Message(role, "".join(part.text for part in self.content))


class StreamOptions(Card):
    """How a streamed answer comes."""

    include_usage: bool = False
    include_obfuscation: Annotated[Any, _only(None, False)] = None


class ChatRequest(Card):
    """POST /v1/chat/completions. An unset temperature is 0: the answers that were evaluated are those served.

    Unset, `max_tokens` is all the room that the prompt leaves.
    """

    model: str
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: (
        Annotated[
            Annotated[StopText, Tag("as text")]
            | Annotated[list[StopText], Field(max_length=4), Tag("as list")],
            Discriminator(_form),
        ]
        | None
    ) = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    store: Annotated[bool | None, Field(description="False keeps the conversation out of the traces.")] = None

    n: Annotated[Any, _only(None, 1)] = None
    frequency_penalty: Annotated[Any, _only(None, 0)] = None
    presence_penalty: Annotated[Any, _only(None, 0)] = None
    logit_bias: Annotated[Any, _only(None, {})] = None
    logprobs: Annotated[Any, _only(None, False)] = None
    top_logprobs: Annotated[Any, _only(None, 0)] = None
    response_format: Annotated[Any, _only(None, {"type": "text"})] = None
    tools: Annotated[Any, _only(None, [])] = None
    tool_choice: Annotated[Any, _only(None, "none", "auto")] = None
    functions: Annotated[Any, _only(None, [])] = None
    function_call: Annotated[Any, _only(None, "none", "auto")] = None
    modalities: Annotated[Any, _only(None, ["text"])] = None
    audio: Annotated[Any, _only(None)] = None
    prediction: Annotated[Any, _only(None)] = None
    reasoning_effort: Annotated[Any, _only(None, "none")] = None
    verbosity: Annotated[Any, _only(None, "medium")] = None
    web_search_options: Annotated[Any, _only(None)] = None
    moderation: Annotated[Any, _only(None)] = None

    user: Ignored = None
    metadata: Ignored = None
    safety_identifier: Ignored = None
    prompt_cache_key: Ignored = None
    prompt_cache_options: Ignored = None
    prompt_cache_retention: Ignored = None
    parallel_tool_calls: Ignored = None
    service_tier: Ignored = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        limits = {self.max_tokens, self.max_completion_tokens} - {None}
        if len(limits) > 1:
            raise PydanticCustomError(
                "two_limits", "max_tokens and max_completion_tokens differ; send one of them"
            )
        if self.stream_options is not None and not self.stream:
            raise PydanticCustomError("no_stream", "stream_options needs stream: true")
        return self

    def decoding(self, context: int) -> Decoding:
        """Say how the answer is to be generated."""
        default = Decoding()
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Decoding(
            max_tokens=self.max_tokens or self.max_completion_tokens or context,
            temperature=default.temperature if self.temperature is None else self.temperature,
            top_p=default.top_p if self.top_p is None else self.top_p,
            seed=self.seed,
            stop=tuple(stop),
        )

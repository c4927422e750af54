"""POST /v1/embeddings: texts in, their vectors out, in the order given."""

import base64
from array import array
from collections.abc import Generator, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from tunesmith.core.errors import BadBase, PromptTooLong
from tunesmith.core.service import Vectors
from tunesmith.doors.api.failure import Failure
from tunesmith.doors.api.models import service_of
from tunesmith.doors.api.parse import parse, state_of
from tunesmith.serving.answer import Service

MOST_TEXTS = 2048

Text = Annotated[str, Field(min_length=1)]


class EmbeddingsRequest(BaseModel):
    """One text or several, and how their vectors are written: as numbers, or as the bytes of float32."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    input: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
    encoding_format: Literal["float", "base64"] = "float"
    user: Annotated[Any, Field(description="Accepted; it makes no difference here.")] = None

    @property
    def texts(self) -> list[str]:
        """All texts, as a list."""
        return [self.input] if isinstance(self.input, str) else self.input


async def post_embeddings(http: Request) -> JSONResponse:
    """Give the vectors of texts, once it is the request's turn."""
    state, request = state_of(http), await parse(http, EmbeddingsRequest)
    service = service_of(request.model, state)
    state.lane.refuse_if_full()
    try:
        async with aclosing(state.lane.read(_once(service, request.texts))) as turn:
            async for found in turn:
                return JSONResponse(_body(request, found))
    except PromptTooLong as error:
        raise Failure(400, str(error), param="input", code="context_length_exceeded") from None
    except BadBase as error:
        raise Failure(400, str(error), param="model") from None
    raise AssertionError("vectors are given once")


def _once(service: Service, texts: Sequence[str]) -> Generator[Vectors]:
    yield service.embed(texts)


def _body(request: EmbeddingsRequest, found: Vectors) -> dict[str, Any]:
    data = [
        {"object": "embedding", "index": number, "embedding": _written(row, request.encoding_format)}
        for number, row in enumerate(found.rows)
    ]
    usage = {"prompt_tokens": found.tokens, "total_tokens": found.tokens}
    return {"object": "list", "data": data, "model": request.model, "usage": usage}


def _written(row: Sequence[float], form: str) -> list[float] | str:
    return list(row) if form == "float" else base64.b64encode(array("f", row).tobytes()).decode()

"""POST /v1/feedback: what a person says that an answer should have been."""

from typing import Annotated

from anyio import to_thread
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from tunesmith.core.errors import BadData
from tunesmith.doors.api.failure import Failure
from tunesmith.doors.api.parse import parse, state_of


class FeedbackRequest(BaseModel):
    """The id of a chat completion, and the answer it should have given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    completion_id: Annotated[str, Field(min_length=1, max_length=64)]
    correction: Annotated[str, Field(pattern=r"\S", description="The whole answer, not a comment on it.")]


async def post_feedback(http: Request) -> JSONResponse:
    """Keep a correction beside its trace; a later one replaces it, and the reply shows what was replaced."""
    state, request = state_of(http), await parse(http, FeedbackRequest)
    if state.correct is None:
        raise Failure(404, "This server keeps no traces, so there is nothing to correct.")
    now = state.clock()
    try:
        before = await to_thread.run_sync(state.correct, request.completion_id, request.correction, now)
    except BadData as error:
        raise Failure(404, str(error), param="completion_id", code="completion_not_found") from None
    return JSONResponse(
        {
            "object": "feedback",
            "completion_id": request.completion_id,
            "created": int(now),
            "correction": request.correction,
            "replaced": before,
        }
    )

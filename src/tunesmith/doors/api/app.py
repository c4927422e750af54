"""Put the API together: routes, who may use them, and how failures look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tunesmith.core.errors import TunesmithError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

    from tunesmith.doors.api.state import State


def create_app(state: State) -> FastAPI:
    """Make the app for what it is given."""
    from fastapi import FastAPI
    from starlette.exceptions import HTTPException

    from tunesmith.doors.api.failure import Failure, answer_failure
    from tunesmith.doors.api.guard import Guard

    # The interactive pages would load scripts from another site.
    app = FastAPI(title="Tunesmith", docs_url=None, redoc_url=None)
    app.state.tunesmith = state
    app.add_middleware(Guard, api_key=state.api_key)
    for kind in (Failure, TunesmithError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_failure)
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    from tunesmith.doors.api.chat.request import ChatRequest
    from tunesmith.doors.api.chat.route import post_chat
    from tunesmith.doors.api.embeddings import EmbeddingsRequest, post_embeddings
    from tunesmith.doors.api.feedback import FeedbackRequest, post_feedback
    from tunesmith.doors.api.health import get_health
    from tunesmith.doors.api.models import get_model, get_models

    app.add_api_route("/health", get_health)
    app.add_api_route("/v1/models", get_models)
    app.add_api_route("/v1/models/{model:path}", get_model)
    app.add_api_route("/v1/chat/completions", post_chat, methods=["POST"], openapi_extra=_body(ChatRequest))
    embedding = _body(EmbeddingsRequest)
    app.add_api_route("/v1/embeddings", post_embeddings, methods=["POST"], openapi_extra=embedding)
    app.add_api_route("/v1/feedback", post_feedback, methods=["POST"], openapi_extra=_body(FeedbackRequest))


def _body(kind: type[BaseModel]) -> dict[str, Any]:
    content = {"application/json": {"schema": kind.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}

"""GET /v1/models and /v1/models/{id}: what can be asked here."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from tunesmith.core.registry import did_you_mean
from tunesmith.doors.api.failure import Failure
from tunesmith.doors.api.parse import state_of
from tunesmith.doors.api.state import State
from tunesmith.serving.answer import Service


async def get_models(http: Request) -> JSONResponse:
    """List the models."""
    state = state_of(http)
    return JSONResponse({"object": "list", "data": [_model(name, state) for name in state.services]})


async def get_model(http: Request) -> JSONResponse:
    """Describe one model."""
    name, state = http.path_params["model"], state_of(http)
    service_of(name, state)
    return JSONResponse(_model(name, state))


def service_of(model: str, state: State) -> Service:
    """Find the service of a model; raises a Failure that lists what there is."""
    if model not in state.services:
        known = did_you_mean(model, list(state.services))
        raise Failure(404, f"There is no model {model!r}.{known}", param="model", code="model_not_found")
    return state.services[model]


def _model(name: str, state: State) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": int(state.started), "owned_by": "tunesmith"}

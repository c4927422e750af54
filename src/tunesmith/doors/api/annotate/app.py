"""Put the annotation page together: its routes, and who may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tunesmith.core.errors import BadOption, TunesmithError
from tunesmith.doors.api.address import Address, is_loopback

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tunesmith.lifecycle.annotate import Desk


def create_annotation_app(desk: Desk, token: str, address: Address) -> FastAPI:
    """Make the app; raises BadOption for an address that others can reach."""
    from fastapi import FastAPI
    from starlette.exceptions import HTTPException

    from tunesmith.doors.api.annotate.gate import Gate
    from tunesmith.doors.api.failure import Failure, answer_failure
    from tunesmith.doors.api.guard import Guard
    from tunesmith.doors.api.state import State

    if not is_loopback(address.host):
        raise BadOption(f"Others can reach {address.host!r}: the page is for this machine alone.")
    app = FastAPI(title="Tunesmith", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.tunesmith = State({}, None)
    app.state.desk = desk
    app.add_middleware(Gate, token=token, port=address.listener.getsockname()[1])
    app.add_middleware(Guard, api_key=None)  # added last, asked first
    for kind in (Failure, TunesmithError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_failure)
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    from tunesmith.doors.api.annotate import route

    app.add_api_route("/", route.get_page)
    app.add_api_route("/page/{name}", route.get_file)
    app.add_api_route("/api/project", route.get_project)
    app.add_api_route("/api/progress", route.get_progress)
    app.add_api_route("/api/agreement", route.get_agreement)
    app.add_api_route("/api/suggestions/{number:int}", route.get_suggestion)
    app.add_api_route("/api/claims", route.post_claim, methods=["POST"])
    app.add_api_route("/api/unsettled", route.post_unsettled, methods=["POST"])
    app.add_api_route("/api/annotations", route.post_annotation, methods=["POST"])
    app.add_api_route("/api/undo", route.post_undo, methods=["POST"])

"""The routes of the annotation page: read a request, ask the desk in a worker thread, show what it gives."""

from __future__ import annotations

from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tunesmith.doors.api.annotate.request import Claim, Say, Undo
from tunesmith.doors.api.annotate.view import contested_view, said_view, task_view
from tunesmith.doors.api.failure import Failure
from tunesmith.doors.api.parse import parse

if TYPE_CHECKING:
    from tunesmith.lifecycle.annotate import Desk

KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FOLDER = files("tunesmith.doors.api.annotate").joinpath("page")
FILES = {found.name for found in FOLDER.iterdir()}
"""What the page is made of; nothing else is read."""


async def get_page(_: Request) -> Response:
    """Give the page; it holds nothing of the project."""
    return _file("index.html")


async def get_file(http: Request) -> Response:
    """Give one of the page's files."""
    name = http.path_params["name"]
    if name not in FILES:
        raise Failure(404, f"There is no file {name!r}.")
    return _file(name)


async def get_project(http: Request) -> JSONResponse:
    """Say what is asked of the annotators."""
    desk = _desk(http)
    project = await to_thread.run_sync(desk.store.project)
    return JSONResponse({"project": project, **desk.settings.model_dump(mode="json")})


async def get_progress(http: Request) -> JSONResponse:
    """Say how far the project is, and why nothing is suggested, if so."""
    desk, annotator = _desk(http), http.query_params.get("annotator", "")
    found = await to_thread.run_sync(desk.store.progress, annotator)
    return JSONResponse({**asdict(found), "note": desk.assistant.note if desk.assistant else ""})


async def post_claim(http: Request) -> JSONResponse:
    """Give the next rows."""
    desk, asked = _desk(http), await parse(http, Claim)

    def claim() -> dict[str, Any]:
        tasks = desk.claim(asked.annotator, asked.number, asked.besides)
        written = desk.being_written()
        shown = [task_view(task, desk.settings, is_waiting=task.number in written) for task in tasks]
        return {"tasks": shown, "waiting": bool(written)}

    return JSONResponse(await to_thread.run_sync(claim))


async def post_unsettled(http: Request) -> JSONResponse:
    """Give the next rows on which people disagree, or that were flagged."""
    desk, asked = _desk(http), await parse(http, Claim)
    found = await to_thread.run_sync(desk.unsettled, asked.number, asked.besides)
    return JSONResponse({"tasks": [contested_view(*one, desk.settings) for one in found], "waiting": False})


async def get_suggestion(http: Request) -> JSONResponse:
    """Show a row again, for a suggestion that was not there yet."""
    desk, number = _desk(http), http.path_params["number"]

    def look() -> dict[str, Any]:
        task = desk.store.task(number)
        return task_view(task, desk.settings, is_waiting=number in desk.being_written())

    return JSONResponse(await to_thread.run_sync(look))


async def post_annotation(http: Request) -> JSONResponse:
    """Keep what somebody said; the answer means that it is on the disk."""
    desk, asked = _desk(http), await parse(http, Say)
    found = await to_thread.run_sync(desk.save, asked.annotation())
    return JSONResponse(asdict(found))


async def post_undo(http: Request) -> JSONResponse:
    """Take back what somebody said last, and show that row again."""
    desk, asked = _desk(http), await parse(http, Undo)
    found = await to_thread.run_sync(desk.undo, asked.annotator, asked.request)
    if found is None:
        return JSONResponse({"task": None, "said": None})
    task, said = found
    return JSONResponse({"task": task_view(task, desk.settings), "said": said_view(said)})


async def get_agreement(http: Request) -> JSONResponse:
    """Say how far the annotators agree."""
    return JSONResponse(asdict(await to_thread.run_sync(_desk(http).agreement)))


def _desk(http: Request) -> Desk:
    return http.app.state.desk


def _file(name: str) -> Response:
    content = FOLDER.joinpath(name).read_bytes()
    return Response(content, media_type=KINDS[name.rpartition(".")[2]])

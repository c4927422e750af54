"""GET /health: is the server up, and does it keep its traces?"""

from starlette.requests import Request
from starlette.responses import JSONResponse

from tunesmith.doors.api.parse import state_of


async def get_health(http: Request) -> JSONResponse:
    """Say `degraded` once an answer was given whose trace could not be kept, and how many."""
    untraced = sum(service.untraced for service in state_of(http).services.values())
    return JSONResponse({"status": "degraded" if untraced else "ok", "untraced": untraced})

"""Listen on an address and serve the API there."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.core.errors import BadOption, MissingExtra
from tunesmith.doors.api.guard import is_loopback

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

LAST_PORT = 65535
SECONDS_TO_FINISH = 5
"""How long answers under way may take once the server was asked to stop."""


@dataclass(frozen=True)
class Server:
    """A server whose address is taken already: requests wait until it runs."""

    url: str
    _listener: socket.socket
    _server: uvicorn.Server

    def run(self) -> None:
        """Serve until stopped; in the main thread Ctrl-C and SIGTERM stop it, too."""
        with self._listener:
            self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Ask it to stop, from any thread; answers under way have a few seconds to finish."""
        self._server.should_exit = True


def open_server(app: FastAPI, host: str = "127.0.0.1", port: int = 8000) -> Server:
    """Take an address; port 0 takes any free one.

    Raises BadOption for an address that others can reach where there is no API key, and for one that cannot
    be had.
    """
    try:
        import uvicorn
    except ImportError:
        raise MissingExtra("The API", "serve") from None

    if not is_loopback(host) and app.state.tunesmith.api_key is None:
        raise BadOption(f"Others can reach {host!r}: set an API key, or listen on 127.0.0.1.")
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    shown = f"[{host}]" if ":" in host else host
    return Server(f"http://{shown}:{listener.getsockname()[1]}", listener, uvicorn.Server(config))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not 0 <= port <= LAST_PORT:
        raise BadOption(f"{port} is no port: choose one from 1 to {LAST_PORT}, or 0 for any free one.")
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise BadOption(f"Cannot listen on {host}:{port}: {error}. Choose another address or port.") from None

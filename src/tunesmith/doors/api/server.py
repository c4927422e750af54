"""Serve the API at an address that was taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tunesmith.doors.api.address import Address, check_key

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

SECONDS_TO_FINISH = 5
"""How long answers under way may take once the server was asked to stop."""


@dataclass(frozen=True)
class Server:
    """A server whose address is taken already: requests wait until it runs."""

    address: Address
    _server: uvicorn.Server

    def run(self) -> None:
        """Serve until stopped; in the main thread Ctrl-C and SIGTERM stop it, too."""
        with self.address.listener as listener:
            self._server.run(sockets=[listener])

    def stop(self) -> None:
        """Ask it to stop, from any thread; answers under way have a few seconds to finish."""
        self._server.should_exit = True


def open_server(app: FastAPI, address: Address) -> Server:
    """Put an app and an address together; raises BadOption where others could ask without a key."""
    import uvicorn

    check_key(address.host, app.state.tunesmith.api_key)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    return Server(address, uvicorn.Server(config))

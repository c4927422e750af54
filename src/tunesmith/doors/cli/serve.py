"""`tunesmith serve`: answer OpenAI's chat completions with a package."""

import os
import signal
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import command, say

Host = Annotated[
    str, typer.Option(help="Address to listen on; one that others can reach needs TUNESMITH_API_KEY.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")]
Traces = Annotated[
    str | None, typer.Option(help="Keep requests and answers in this file or database URL; unset keeps none.")
]
Backend = Annotated[str, typer.Option(help="What generates the answers; `tunesmith list backends` has all.")]


@command("serve")
def serve(
    package: Annotated[Path, typer.Argument(help="A package.")],
    host: Host = "127.0.0.1",
    port: Port = 8000,
    traces: Traces = None,
    backend: Backend = "local",
) -> None:
    """Serve a package to OpenAI's clients, at /v1/chat/completions.

    Where TUNESMITH_API_KEY is set, a client must send it as its API key. Without one, the server answers this
    machine alone.
    """
    from tunesmith.doors.api.address import KEY_VARIABLE, take_address

    # Both signals end this command the same way, with everything closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    api_key = os.environ.get(KEY_VARIABLE, "").strip() or None
    with closing(take_address(host, port, api_key)) as address:
        from tunesmith.doors.api.app import create_app
        from tunesmith.doors.api.server import open_server
        from tunesmith.doors.api.state import State
        from tunesmith.lifecycle.service import open_service

        say(f"loading {package}")
        with closing(open_service(package, traces, backend)) as opened:
            name = opened.service.model.name
            server = open_server(create_app(State({name: opened.service}, opened.correct, api_key)), address)
            say(f"{name} answers at {address.url}/v1  (Ctrl-C stops)")
            say(f"traces are kept in {traces}" if traces else "no traces are kept")
            server.run()

"""`tunesmith serve`: answer OpenAI's chat completions with a package."""

import os
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.doors.cli.command import command, say

Host = Annotated[str, typer.Option(help="Address to listen on; others than this machine need an API key.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")]
Traces = Annotated[
    str | None, typer.Option(help="Keep requests and answers in this file or database URL; unset keeps none.")
]
KEY = "TUNESMITH_API_KEY"


@command("serve")
def serve(
    package: Annotated[Path, typer.Argument(help="A package.")],
    host: Host = "127.0.0.1",
    port: Port = 8000,
    traces: Traces = None,
) -> None:
    """Serve a package at /v1/chat/completions; an API key is taken from TUNESMITH_API_KEY."""
    from tunesmith.doors.api.app import create_app
    from tunesmith.doors.api.server import open_server
    from tunesmith.doors.api.state import State
    from tunesmith.lifecycle.service import open_service

    say(f"loading {package}")
    opened = open_service(package, traces)
    name = opened.service.model.name
    state = State({name: opened.service}, opened.correct, os.environ.get(KEY))
    server = open_server(create_app(state), host, port)
    say(f"{name} answers at {server.url}/v1  (Ctrl-C stops)")
    say(f"traces are kept in {traces}" if traces else "no traces are kept")
    server.run()

"""`tunesmith data annotate`: have people label, correct, rank and write answers on a local page."""

import secrets
import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from tunesmith.core.errors import BadOption
from tunesmith.doors.cli.command import command, say, show

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE] [OPTION=VALUE]...",
        help="A data file or a recipe, and options such as work=answers labels=[good,bad] overlap=0.3 "
        "guidelines=guide.md title=... multiple=true highest=5 source.prompt=question.",
    ),
]
Project = Annotated[Path, typer.Option(help="The file that keeps rows and annotations; made if missing.")]
Model = Annotated[str | None, typer.Option(help="A package or a base that writes answers to start from.")]
Doubtful = Annotated[
    Path | None,
    typer.Option(
        help="Rows to ask about first: what `tunesmith data audit --json` said, or file:line lines."
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")]
Export = Annotated[
    Path | None, typer.Option(help="Write what was annotated to this file instead; takes policy=adjudicated.")
]


@command("data annotate")
def data_annotate(
    words: Words = None,
    project: Project = Path("annotations.sqlite"),
    model: Model = None,
    doubtful: Doubtful = None,
    port: Port = 8010,
    export: Export = None,
) -> None:
    """Annotate rows on a local page: label, correct, rank, rate or write answers, mostly by keyboard.

    Adding the same rows again adds nothing. Nothing that was said is ever overwritten.
    """
    given = words or []
    sources = [word for word in given if "=" not in word or Path(word).is_file()]
    options = [word for word in given if word not in sources]
    if len(sources) > 1:
        raise BadOption(f"Give one source: {' or '.join(sources)}.")
    if export is not None:
        from tunesmith.lifecycle.annotate_export import export as write

        lines = write(project, export, options)
        show(lines, lines, as_json=False)
        return
    _serve(Path(sources[0]) if sources else None, options, project, model, doubtful, port)


def _serve(
    source: Path | None,
    options: list[str],
    project: Path,
    model: str | None,
    doubtful: Path | None,
    port: int,
) -> None:
    from tunesmith.doors.api.address import take_address

    # Both signals end this command the same way, with everything closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with closing(take_address("127.0.0.1", port)) as address:
        from tunesmith.doors.api.annotate.app import create_annotation_app
        from tunesmith.doors.api.server import open_server
        from tunesmith.lifecycle.annotate import Opening, open_desk

        desk, notes = open_desk(Opening(project, source, options, model, doubtful), time.time)
        with closing(desk):
            for note in notes:
                say(note)
            token = secrets.token_urlsafe(32)
            server = open_server(create_annotation_app(desk, token, address), address)
            link = f"{address.url}/?token={token}"
            say(f"annotate at {link}  (Ctrl-C stops)")
            say(f"everything is kept in {project}")
            if sys.stdin.isatty() and sys.stderr.isatty():
                typer.launch(link)
            server.run()

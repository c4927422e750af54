"""`tunesmith monitor`: what the kept traces say about the service."""

from dataclasses import asdict
from typing import Annotated

import typer

from tunesmith.doors.cli.command import AsJson, command, show


@command("monitor")
def monitor(
    traces: Annotated[str, typer.Argument(help="The file or database URL that the server kept traces in.")],
    as_json: AsJson = False,
) -> None:
    """Sum up kept traces: answers, tokens, times, corrections."""
    from tunesmith.lifecycle.monitor import summarise

    found = summarise(traces)
    median, ninety, ninety_nine, longest = found.seconds
    lines = [
        f"{found.traces:,} answers, {found.corrected:,} corrected ({found.share_corrected:.1%})",
        f"{found.prompt_tokens:,} tokens read, {found.tokens:,} written",
        f"seconds per answer: median {median:.2f}, 90 % within {ninety:.2f}, 99 % within {ninety_nine:.2f}, "
        f"longest {longest:.2f}",
    ]
    show(lines, {**asdict(found), "share_corrected": found.share_corrected}, as_json)

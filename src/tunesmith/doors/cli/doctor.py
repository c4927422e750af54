"""`tunesmith doctor`: what this machine has, what will run, and what is missing."""

from dataclasses import asdict
from typing import Annotated

import typer

from tunesmith.core.errors import TunesmithError
from tunesmith.doors.cli.command import AsJson, command, say, show

Exactness = Annotated[
    bool,
    typer.Option(
        "--exactness", help="Try instead what must be equal on every machine, with small random networks."
    ),
]


@command("doctor")
def doctor(exactness: Exactness = False, as_json: AsJson = False) -> None:
    """Look at this machine: hardware, libraries, measured speed, what will run, what is missing.

    Exits with 1 where something is broken that training needs, or where something is not equal that must be.
    """
    if exactness:
        _try_exactness(as_json)
        return
    from tunesmith.lifecycle.doctor.examine import examine

    found = examine(say=say)
    lines: list[str] = []
    for heading, said in found.sections().items():
        lines += ["", heading, *(f"  {line}" for line in said)]
    show(lines[1:], found.to_json(), as_json)
    if not found.can_train:
        raise TunesmithError("Something is broken that training needs. It stands under `to mend`.")


def _try_exactness(as_json: bool) -> None:
    from tunesmith.lifecycle.doctor.exactness import exactness

    say("trying what must be equal; this takes a few seconds")
    found = list(exactness())
    lines = [one.describe() for one in found]
    show(lines, [{**asdict(one), "holds": one.holds} for one in found], as_json)
    if failed := sum(not one.holds for one in found):
        raise TunesmithError(
            f"{failed} of {len(found)} do not hold: what is trained here is not what was asked for. "
            "Try another version of torch or transformers, and please report it with this output."
        )

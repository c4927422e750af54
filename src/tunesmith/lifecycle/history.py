"""All runs of a folder, read from what each of them left there."""

from dataclasses import dataclass
from pathlib import Path

from tunesmith.core.cards import Step, Validation
from tunesmith.core.errors import TunesmithError
from tunesmith.evaluation import report_json
from tunesmith.lifecycle.events import Started
from tunesmith.lifecycle.run_folder import SEARCH, open_folder


@dataclass
class Summary:
    """One run in a line: `state` is a verdict, or how far it came."""

    folder: str
    state: str
    step: int
    steps: int
    validation_loss: float | None


def history(root: Path) -> list[Summary]:
    """Summarise every run below a folder, the newest last; a folder that cannot be read says why."""
    if not root.is_dir():
        return []
    folders = sorted(
        (path.parent for path in root.glob("*/recipe.yaml")), key=lambda path: path.stat().st_mtime
    )
    return [_summary(folder) for folder in folders]


def searches(root: Path) -> list[Path]:
    """Give the folders of all searches below a folder; their trials are runs below them."""
    return sorted(path.parent for path in root.glob(f"*/{SEARCH}"))


def _summary(path: Path) -> Summary:
    try:
        events = open_folder(path).events()
        report = path / "report.json"
        verdict = report_json.load(report.read_text(encoding="utf-8")).verdict if report.exists() else None
    except TunesmithError as error:
        return Summary(str(path), f"cannot be read: {error}", 0, 0, None)
    steps = [event.number for event in events if isinstance(event, Step)]
    planned = [event.steps for event in events if isinstance(event, Started)]
    losses = [event.loss for event in events if isinstance(event, Validation) and event.step]
    return Summary(
        folder=str(path),
        state=verdict or "not finished",
        step=max(steps, default=0),
        steps=max(planned, default=0),
        validation_loss=min(losses, default=None),
    )

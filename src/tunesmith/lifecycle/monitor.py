"""What the kept traces of a server say."""

from pathlib import Path

from tunesmith.core.errors import BadData
from tunesmith.monitoring.trace_store import Summary, TraceStore


def summarise(traces: str) -> Summary:
    """Sum up a trace store."""
    store = open_existing(traces)
    found = store.summary()
    store.close()
    return found


def open_existing(traces: str) -> TraceStore:
    """Open a trace store; raises BadData rather than make an empty one where there is none."""
    if "://" not in traces and not Path(traces).is_file():
        raise BadData(
            f"There are no traces at {traces}. A server keeps them with `tunesmith serve --traces`."
        )
    return TraceStore.open(traces)

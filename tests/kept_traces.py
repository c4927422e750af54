"""A store of traces, some of them corrected."""

from pathlib import Path

from tunesmith.core.example import Message
from tunesmith.core.service import Trace
from tunesmith.monitoring.trace_store import TraceStore


def keep_traces(place: Path, corrected: int, untouched: int = 2) -> str:
    """Fill a new store and give its place."""
    store = TraceStore.open(str(place))
    for number in range(corrected + untouched):
        asked = (Message("user", f"Can I return lamp {number}?"),)
        store.add(Trace(f"t{number}", float(number), "orders", asked, "No.", 5, 2, 0.1))
        if number < corrected:
            store.correct(f"t{number}", f"Yes, lamp {number} can come back.", 100.0 + number)
    store.close()
    return str(place)

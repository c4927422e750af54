"""The bridge from async requests to sync rooms: one answer at a time, first come, first served."""

from collections.abc import AsyncGenerator, Generator
from typing import TypeVar

from anyio import CancelScope, Semaphore, to_thread

from tunesmith.doors.api.failure import Failure

T = TypeVar("T")


class Lane:
    """Reads generators in worker threads, one at a time; a request that waits its turn holds no thread."""

    def __init__(self, places: int = 64) -> None:
        self._places = places
        self._turn = Semaphore(1)

    def refuse_if_full(self) -> None:
        """Raise a Failure that asks to come back later if too many requests wait already."""
        if self._turn.statistics().tasks_waiting >= self._places:
            raise Failure(
                429,
                f"{self._places} requests are waiting already. Ask again later.",
                code="rate_limit_exceeded",
                headers={"retry-after": "1"},
            )

    async def read(self, pieces: Generator[T]) -> AsyncGenerator[T]:
        """Give what a generator gives once it is its turn; close it when cancelled or closed."""
        async with self._turn:
            try:
                while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
                    yield piece
            finally:
                with CancelScope(shield=True):
                    await to_thread.run_sync(pieces.close)

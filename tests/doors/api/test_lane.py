"""The lane reads one generator at a time, in order, and closes what it began."""

from collections.abc import Generator
from contextlib import aclosing

import anyio
import pytest

from tunesmith.doors.api.failure import Failure
from tunesmith.doors.api.lane import Lane


def test_generators_are_read_one_after_the_other_in_the_order_they_came() -> None:
    seen: list[str] = []

    def count(name: str) -> Generator[int]:
        for number in range(3):
            seen.append(name)
            yield number

    async def read(lane: Lane, name: str) -> None:
        assert [number async for number in lane.read(count(name))] == [0, 1, 2]

    async def read_all() -> None:
        lane = Lane()
        async with anyio.create_task_group() as group:
            for name in "abc":
                group.start_soon(read, lane, name)

    anyio.run(read_all)
    assert seen == list("aaabbbccc")


def test_a_reader_that_is_cancelled_closes_its_generator_and_leaves_the_lane() -> None:
    closed: list[str] = []

    def endless(name: str) -> Generator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.append(name)

    async def cancel() -> None:
        lane = Lane()
        for name in "ab":
            async with anyio.create_task_group() as group:

                async def read(name: str = name, group: anyio.abc.TaskGroup = group) -> None:
                    async with aclosing(lane.read(endless(name))) as reading:
                        async for number in reading:
                            group.cancel_scope.cancel()
                            await anyio.sleep(number)

                group.start_soon(read)

    anyio.run(cancel)
    assert closed == ["a", "b"]


def test_a_full_lane_refuses_and_an_emptier_one_does_not() -> None:
    def one() -> Generator[int]:
        yield 1

    async def fill() -> None:
        lane = Lane(places=1)
        first, second = lane.read(one()), lane.read(one())
        assert await anext(first) == 1
        lane.refuse_if_full()
        async with anyio.create_task_group() as group:
            group.start_soon(anext, second)
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(Failure, match="1 requests are waiting already"):
                lane.refuse_if_full()
            await first.aclose()
        lane.refuse_if_full()
        await second.aclose()

    anyio.run(fill)

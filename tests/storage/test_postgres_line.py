"""The line of lists that wait for a connection."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from storage.driver import Row
from storage.postgres_functions import Shape
from storage.postgres_line import Line
from storage.postgres_session import Work

LONG_S = 60.0


async def test_a_list_whose_caller_left_before_its_turn_does_not_happen() -> None:
    served: list[str] = []
    let_go = asyncio.Event()

    async def serve(works: Sequence[Work]) -> list[list[list[Row]]]:
        served.extend(cast(Sequence[str], works))
        await let_go.wait()
        return [[] for _ in works]

    line = Line(1, LONG_S, serve)

    def asked(name: str, shape: str | None) -> asyncio.Task[list[list[Row]]]:
        return asyncio.create_task(line.run(cast(Work, name), cast(Shape | None, shape)))

    first, gone, alone, stays = (
        asked("first", None),
        asked("gone", "alike"),
        asked("alone", None),
        asked("stays", "alike"),
    )
    while not served:
        await asyncio.sleep(0)
    gone.cancel()
    alone.cancel()
    await asyncio.wait({gone, alone})
    let_go.set()
    await asyncio.gather(first, stays)
    assert served == ["first", "stays"]
    with pytest.raises(asyncio.CancelledError):
        await gone

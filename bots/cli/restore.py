"""`troubadour restore`: says what an earlier copy means for everybody, asks, and puts it to use."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

from core.domain.money import show
from core.engine.restoring import Copy, Unfinished, settle, unfinished

NEITHER = "Nothing was changed."
_ON_REQUEST = "sent only when its member presses the button that they are shown"
_LINES = {
    "waiting": "Orders that wait for their turn: {n}. They are cancelled and cost nothing; their members are told.",
    "waiting_in_part": "Orders of which a part waits for its turn: {n}. That part is cancelled and costs nothing.",
    "submitted": (
        "Orders that went to the gateway: {n}. It is asked what became of them; nothing is submitted again. What audio "
        f"there is gets charged once, and is {_ON_REQUEST}."
    ),
    "awaited": f"Orders that expired and whose audio may come late: {{n}}. It is free, and {_ON_REQUEST}.",
    "asking": (
        "Orders of which members are asked what they take: {n}. They may still answer; a day after the question what "
        f"there is gets charged once, and is {_ON_REQUEST}."
    ),
    "sending": f"Orders whose audio was to be sent: {{n}}. It may have been since, so it is {_ON_REQUEST}.",
}
"""What is said of each kind of unfinished orders."""


async def restore(
    opening: AbstractAsyncContextManager[Copy],
    source: str,
    say: Callable[[str], None],
    agrees: Callable[[str], Awaitable[bool]],
) -> int:
    """Put a copy to use if whoever sits there agrees; return the exit status. Raises StoreError."""
    async with opening as copy:
        found = await unfinished(copy.store)
        for line in _plan(copy, source, found):
            say(line)
        if not await agrees("Restore it?"):
            say(f"{NEITHER} Without a terminal, --yes agrees.")
            return 1
        await settle(copy.store, found)
        kept = await copy.finish()
    say(f"{source} is restored. {kept}".rstrip())
    return 0


def _plan(copy: Copy, source: str, found: Unfinished) -> Iterator[str]:
    yield f"{source} is whole, and its books balance: {copy.holds}."
    if copy.newest_ms is not None:
        newest = datetime.fromtimestamp(copy.newest_ms / 1000, UTC)
        yield f"Its newest entry is of {newest:%Y-%m-%d %H:%M:%S} UTC."
    yield "What came after it is forgotten: orders, charges, credit, quotas, blocks, approvals and other decisions."
    for name, line in _LINES.items():
        if jobs := getattr(found, name):
            yield line.format(n=len(jobs))
    if found.waiting_micros:
        yield (
            f"What waits may have been generated since. So {show(found.waiting_micros)} that no member pays counts "
            "towards TOTAL_POOL."
        )
    if not found.jobs:
        yield "It has no unfinished orders."
    yield (
        "Orders placed after it, and parts that were tried again, have cost money, too, which TOTAL_POOL knows nothing "
        "of: compare the month with the gateway's bill."
    )
    yield "Everybody signs in to the console again. The audit of every community gets a line about this."

"""Skip gateway events that can't be parsed: discord.py would drop the connection, and with it every server."""

import logging
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

log = logging.getLogger(__name__)

Parse = Callable[[Any], None]
ESSENTIAL = "READY"
"""A connection without it is useless, so discord.py may drop it and connect again."""


def contain(parsers: MutableMapping[str, Parse]) -> None:
    """Wrap every parser except the essential one, so that its errors are logged instead of raised."""
    for event, parse in parsers.items():
        if event != ESSENTIAL:
            parsers[event] = partial(_read, event, parse)


def _read(event: str, parse: Parse, data: Any) -> None:
    try:
        parse(data)
    except Exception as error:  # noqa: BLE001 - whatever the library did not expect
        # Only the type: the message may quote what a member wrote.
        log.error("an event %s can't be read (%s) and is passed over", event, type(error).__name__)  # noqa: TRY400

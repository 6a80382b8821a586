"""One event that can't be read costs that event: in the library it would end the connection of all servers."""

import logging
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import Any

log = logging.getLogger(__name__)

Parse = Callable[[Any], None]
ESSENTIAL = "READY"
"""Without it a connection is of no use, and another one is made."""


def contain(parsers: MutableMapping[str, Parse]) -> None:
    """Let no event but the essential one raise what goes wrong when it is read."""
    for event, parse in parsers.items():
        if event != ESSENTIAL:
            parsers[event] = partial(_read, event, parse)


def _read(event: str, parse: Parse, data: Any) -> None:
    try:
        parse(data)
    except Exception as error:  # noqa: BLE001 - whatever the library did not expect
        # Its words are members' words.
        log.error("an event %s can't be read (%s) and is passed over", event, type(error).__name__)  # noqa: TRY400

"""Map errors of discord.py and of the network to the core's delivery errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import aiohttp
import discord

from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, DeliveryUncertain, TooLarge
from core.gateway.client import NOTHING_LEFT

MIB = 1024 * 1024
DELAY_S = 15.0
TOKEN_DELAY_S = 60.0
LONGEST_MESSAGE = 300

# https://docs.discord.com/developers/topics/opcodes-and-status-codes, "JSON Error Codes"
UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_TOKEN = 10008, 10015, 10062, 50027
ENTITY_TOO_LARGE, ALREADY_ACKNOWLEDGED = 40005, 40060
REPLY_GONE = frozenset({UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_TOKEN})
"""The reply can't be edited any more, whatever its token's age; a message in the channel still can be sent."""

_server_error_seen: ContextVar[bool] = ContextVar("server_error_seen", default=False)
"""Whether a call got a 5xx and so may have taken effect; discord.py hides this when its own retry gets an answer."""

NETWORK = (aiohttp.ClientError, ConnectionError, TimeoutError)


@contextmanager
def delivery_errors(largest_bytes: int = 0) -> Iterator[None]:
    """Raise errors of a call as DeliveryError; `largest_bytes` is the size of the largest file that it uploads.

    A delayed call may be repeated even if it took effect: edits are idempotent, messages carry a nonce.
    """
    _server_error_seen.set(False)
    try:
        yield
    except discord.HTTPException as error:
        answer = _mapped(error, largest_bytes)
        if isinstance(answer, DeliveryRefused) and _server_error_seen.get():
            raise DeliveryUncertain(describe(error)) from error
        raise answer from error
    except NETWORK as error:
        left = not isinstance(error, NOTHING_LEFT)
        raise DeliveryDelayed(describe(error), retry_after_s=DELAY_S, doubtful=left) from error


def may_have_arrived() -> bool:
    """Say whether a call within the current `delivery_errors` block got a 5xx, so that its effect is unknown."""
    return _server_error_seen.get()


def describe(error: Exception) -> str:
    """Describe an error for the log; a network error's own message may contain a URL, and so a token."""
    return str(error)[:LONGEST_MESSAGE] if isinstance(error, discord.HTTPException) else type(error).__name__


async def note_server_error(_: object, __: object, answered: aiohttp.TraceRequestEndParams) -> None:
    """Note a 5xx (aiohttp trace hook): the request may have taken effect, whatever the retry's outcome."""
    if answered.response.status >= 500 and answered.method != "GET":
        _server_error_seen.set(True)


def _mapped(error: discord.HTTPException, largest_bytes: int) -> DeliveryError:
    if error.status == 413 or error.code == ENTITY_TOO_LARGE:
        return TooLarge(_next_lower_limit(largest_bytes))
    if error.status == 401 and error.code != INVALID_TOKEN:  # the bot's own token: only the operator can fix it
        return DeliveryDelayed(describe(error), retry_after_s=TOKEN_DELAY_S)
    if error.status == 429 or error.status >= 500:
        asked_s = error.response.headers.get("Retry-After", "")
        wait_s = float(asked_s) if asked_s.isdecimal() else DELAY_S
        return DeliveryDelayed(describe(error), retry_after_s=wait_s, doubtful=error.status >= 500)
    return DeliveryRefused(describe(error))


def _next_lower_limit(largest_bytes: int) -> int:
    """Guess the real limit after an upload within the announced one was refused: it has been 25, 10 and 8 MiB."""
    return next((limit for limit in (25 * MIB, 10 * MIB, 8 * MIB) if limit < largest_bytes), largest_bytes // 2)

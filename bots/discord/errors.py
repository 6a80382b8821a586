"""What an error of the library means for a delivery."""

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
WORDS = 300

# https://docs.discord.com/developers/topics/opcodes-and-status-codes, "JSON Error Codes"
UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_TOKEN = 10008, 10015, 10062, 50027
ENTITY_TOO_LARGE, ALREADY_ACKNOWLEDGED = 40005, 40060
SPENT = frozenset({UNKNOWN_MESSAGE, UNKNOWN_WEBHOOK, UNKNOWN_INTERACTION, INVALID_TOKEN})
"""The reply can't be edited any more, whatever its token's age: a message in the channel still can be sent."""

_stumbled: ContextVar[bool] = ContextVar("stumbled", default=False)
"""Whether a call met a 5xx, which discord.py hides if a repeat of its own is answered: the first may have arrived."""

NETWORK = (aiohttp.ClientError, ConnectionError, TimeoutError)


@contextmanager
def failures(largest_bytes: int = 0) -> Iterator[None]:
    """Raise what goes wrong in a call as the core's DeliveryError; `largest_bytes` is the largest file on its way.

    A delayed call may be made again even if it arrived: an edit is idempotent, a message has a nonce.
    """
    _stumbled.set(False)
    try:
        yield
    except discord.HTTPException as error:
        answer = _answered(error, largest_bytes)
        if isinstance(answer, DeliveryRefused) and _stumbled.get():
            raise DeliveryUncertain(describe(error)) from error
        raise answer from error
    except NETWORK as error:
        left = not isinstance(error, NOTHING_LEFT)
        raise DeliveryDelayed(describe(error), retry_after_s=DELAY_S, doubtful=left) from error


def may_have_arrived() -> bool:
    """Say whether a call since `failures` began met a 5xx, after which its effect is unknown."""
    return _stumbled.get()


def describe(error: Exception) -> str:
    """Put an error into a few words for the log; the library's own may hold an address, and thus a token."""
    return str(error)[:WORDS] if isinstance(error, discord.HTTPException) else type(error).__name__


async def note(_: object, __: object, answered: aiohttp.TraceRequestEndParams) -> None:
    """Note a call whose first try may have arrived, whatever came of its repeat."""
    if answered.response.status >= 500 and answered.method != "GET":
        _stumbled.set(True)


def _answered(error: discord.HTTPException, largest_bytes: int) -> DeliveryError:
    if error.status == 413 or error.code == ENTITY_TOO_LARGE:
        return TooLarge(_smaller(largest_bytes))
    if error.status == 401 and error.code != INVALID_TOKEN:  # the bot's own token: the operator mends it
        return DeliveryDelayed(describe(error), retry_after_s=TOKEN_DELAY_S)
    if error.status == 429 or error.status >= 500:
        asked_s = error.response.headers.get("Retry-After", "")
        wait_s = float(asked_s) if asked_s.isdecimal() else DELAY_S
        return DeliveryDelayed(describe(error), retry_after_s=wait_s, doubtful=error.status >= 500)
    return DeliveryRefused(describe(error))


def _smaller(largest_bytes: int) -> int:
    """Guess what is taken where less was taken than announced: Discord's limits were 25, 10 and 8 MiB."""
    return next((limit for limit in (25 * MIB, 10 * MIB, 8 * MIB) if limit < largest_bytes), largest_bytes // 2)

"""Map the library's errors to the core's delivery errors."""

import re

from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, DeliveryUncertain, TooLarge
from core.gateway.client import NOTHING_LEFT

RETRY_S = 5.0
TOKEN_RETRY_S = 60.0
_NO_PLACE = re.compile(
    r"thread not found|topic_(closed|deleted)|repl(y|ied).* not found|message_id_invalid", re.IGNORECASE
)
_NO_KIND = re.compile(
    r"voice|not enough rights to send (?!text)|chat_send_(audios|docs|media|photos)_forbidden", re.IGNORECASE
)
_NO_WORDS = re.compile(
    r"(not enough|no) rights to send|write_forbidden|send_plain_forbidden|chat_(restricted|admin_required)"
    r"|administrator rights|chat not found",
    re.IGNORECASE,
)
_GONE = re.compile(r"message to \w+ not found|message_id_invalid", re.IGNORECASE)
_NO_FILE = re.compile(
    r"wrong (remote )?file|file_?id|file reference|(can't|cannot) use file|media_(empty|invalid)", re.IGNORECASE
)
_TOO_LARGE = re.compile(r"(entity|content) too large|file is too big", re.IGNORECASE)


class NoRoom(TelegramError):
    """Too many messages are queued for this chat; this one was not sent."""


def upload_fault(error: TelegramError, size_bytes: int) -> DeliveryError:
    """Map the failure of an upload, which may be retried only if it is certain that nothing was sent."""
    if _TOO_LARGE.search(error.message):
        return TooLarge(size_bytes * 3 // 4)
    if (known := _proven(error)) is not None:
        return known
    return DeliveryUncertain(str(error))


def has_no_place(error: TelegramError) -> bool:
    """Say whether the topic or the message to answer is gone, and nothing stands against the chat itself."""
    return isinstance(error, BadRequest) and bool(_NO_PLACE.search(error.message))


def is_gone(error: TelegramError) -> bool:
    """Say whether the message that was to be changed or deleted is not there, or in a group that has moved."""
    return isinstance(error, ChatMigrated) or (isinstance(error, BadRequest) and bool(_GONE.search(error.message)))


def has_no_file(error: TelegramError) -> bool:
    """Say whether Telegram does not know the file that it was to send once more, or not as that kind."""
    return isinstance(error, BadRequest) and bool(_NO_FILE.search(error.message))


def has_no_kind(error: TelegramError) -> bool:
    """Say whether the chat takes no audio of that kind, and perhaps another."""
    return isinstance(error, BadRequest | Forbidden) and bool(_NO_KIND.search(error.message))


def takes_no_words(error: BaseException | None) -> bool:
    """Say whether the bot may not even write in the chat."""
    return isinstance(error, Forbidden) or (isinstance(error, BadRequest) and bool(_NO_WORDS.search(error.message)))


def text_fault(error: TelegramError) -> DeliveryError:
    """Map the failure of a text or an edit, which may always be retried."""
    return _proven(error) or DeliveryDelayed(str(error), retry_after_s=RETRY_S)


def _proven(error: TelegramError) -> DeliveryError | None:
    """Map an error that proves that nothing was sent; None for any other."""
    match error:
        case RetryAfter():
            return DeliveryDelayed(str(error), retry_after_s=wait_s(error))
        case BadRequest() | Forbidden():
            return DeliveryRefused(str(error))
        case NoRoom():
            return DeliveryDelayed(str(error), retry_after_s=RETRY_S)
        case InvalidToken():
            return DeliveryDelayed("the token is not accepted", retry_after_s=TOKEN_RETRY_S)
        case NetworkError() if isinstance(error.__cause__, NOTHING_LEFT):
            return DeliveryDelayed(str(error), retry_after_s=RETRY_S)
        case _:
            return None


def wait_s(error: RetryAfter) -> float:
    """Return the wait that Telegram asks for, in seconds, whichever type the library uses."""
    asked = error.retry_after
    return float(asked) if isinstance(asked, int) else asked.total_seconds()

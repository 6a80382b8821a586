"""Plain sentences made safe to post."""

import re

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def plain(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return text that mentions nobody: whatever a member wrote must not ping others in the bot's name.

    Half a surrogate pair, which JSON can carry and UTF-8 can't, is shown as a question mark.
    """
    unmentioned = _MENTION.sub("@\u2060", text).encode("utf-16-le", "replace")
    return unmentioned[: 2 * limit].decode("utf-16-le", "ignore")


def size(text: str) -> int:
    """Return how much of a limit a text takes: Telegram counts UTF-16, in which most emoji count double."""
    return len(plain(text, limit=len(text) * 2).encode("utf-16-le")) // 2

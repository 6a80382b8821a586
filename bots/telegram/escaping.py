"""Make plain text safe to post as a message."""

import re

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
_MENTION = re.compile(r"(?<!\w)@(?=\w)")


def plain(text: str, limit: int = TEXT_LIMIT) -> str:
    """Break mentions, so that members' texts ping nobody, and shorten the text to the limit.

    A lone surrogate, which JSON can carry and UTF-8 can't, becomes a question mark.
    """
    unmentioned = _MENTION.sub("@\u2060", text).encode("utf-16-le", "replace")
    return unmentioned[: 2 * limit].decode("utf-16-le", "ignore")


def size(text: str) -> int:
    """Return the length of a text as Telegram counts it: in UTF-16 code units, of which most emoji take two."""
    return len(plain(text, limit=len(text) * 2).encode("utf-16-le")) // 2


def whole_lines(text: str, limit: int) -> str:
    """Leave out the last lines of what is longer than the limit: half of a line could say something else."""
    lines = text.split("\n")
    while len(lines) > 1 and size("\n".join(lines)) > limit:
        lines.pop()
    return "\n".join(lines)

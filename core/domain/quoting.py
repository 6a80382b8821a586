"""What others say of an order, without the words of its member, which errors may quote. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from core.domain.models import Job
from core.domain.parameters import OneOf
from core.domain.products import row_of

SHORTEST = 3
"""Letters of an ASCII word that is left out: shorter ones are in every text."""
LONG = 6
"""Letters of what is left out where it is the end of another word, too, as where a quotation begins amid one."""
_ESCAPED = re.compile(r"(?:\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|%[0-9a-f]{2})+", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_RUN = re.compile(r"…(?:\W*…)+")


def unquoted(job: Job, said: object) -> str:
    """Return what was said of a job, with … for each word that its member wrote, too."""
    written = (job.parameters, *(made.parameters for made in job.generations))
    return without(str(said), " ".join(words_in(job.product, each) for each in written))


def words_in(product: str, parameters: Mapping[str, Any]) -> str:
    """Return all that was written freely among parameters."""
    table = row_of(product).table
    return " ".join(
        value for name, value in parameters.items() if isinstance(value, str) and not isinstance(table.get(name), OneOf)
    )


def without(said: str, text: str) -> str:
    """Put … for each word that a text holds, also as a part of others, since quotations are cut."""
    held = text.casefold()
    kept = _WORD.sub(lambda found: "…" if _is_of(found[0].casefold(), held) else found[0], _ESCAPED.sub("…", said))
    return _RUN.sub("…", kept)


def _is_of(word: str, held: str) -> bool:
    if word.isascii():
        is_in = len(word) >= SHORTEST and word in held  # a hundred times as fast as the expression
        return is_in and (len(word) >= LONG or re.search(rf"\b{word}", held) is not None)
    # Where no spaces part words, one that is quoted may stand amid others.
    return any(word[n : n + 2] in held for n in range(max(1, len(word) - 1)))

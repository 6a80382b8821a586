"""The one-time code by which whoever reads the operator's terminal becomes the owner. Pure."""

import re
import secrets
from collections.abc import Callable
from hmac import compare_digest

from core.domain.clock import boot_s
from core.domain.ids import base32

LIFE_S = 15 * 60.0
MOST_WRONG = 5
LENGTH = 16
"""Characters of five bits each."""
GROUP = 4
_ALIKE = str.maketrans("oil", "011")
"""What is read for a digit; such letters are in no code."""


class Claims:
    """Holds at most one code."""

    def __init__(self, now_s: Callable[[], float] = boot_s, bits: Callable[[int], int] = secrets.randbits) -> None:
        self._now_s = now_s
        self._bits = bits
        self._code = ""
        self._until_s = 0.0
        self._tries_left = 0

    def issue(self) -> str:
        """Make a code, in the place of any before it, and return it as people type it."""
        self._code = base32(self._bits(5 * LENGTH), LENGTH)
        self._until_s, self._tries_left = self._now_s() + LIFE_S, MOST_WRONG
        return "-".join(self._code[at : at + GROUP] for at in range(0, LENGTH, GROUP))

    def fits(self, typed: str) -> bool:
        """Say whether this is the code; a wrong try counts, and the last one voids it."""
        given = re.sub(r"[\s-]", "", typed).lower().translate(_ALIKE)
        if self._now_s() >= self._until_s:
            self.void()
        if not self._code or compare_digest(given.encode(errors="replace"), self._code.encode()):
            return bool(self._code)
        self._tries_left -= 1
        if not self._tries_left:
            self.void()
        return False

    def void(self) -> None:
        """Let no code fit any more."""
        self._code = ""

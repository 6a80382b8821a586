"""A limit on unprompted messages, such as the greeting when the bot is added."""

import time
from collections import OrderedDict

AGAIN_S = 60.0
MOST = 10_000


class Debouncer:
    """Allows an unprompted message to somebody only after a quiet time without a reason for one."""

    def __init__(self, again_s: float = AGAIN_S) -> None:
        self._again_s = again_s
        self._at_s: OrderedDict[str, float] = OrderedDict()

    def note(self, whom: str) -> bool:
        """Note a reason to write to somebody; return whether the one before is long enough ago to do it."""
        now_s = time.monotonic()
        due = now_s - self._at_s.get(whom, -self._again_s) >= self._again_s
        self._at_s[whom] = now_s
        self._at_s.move_to_end(whom)
        if len(self._at_s) > MOST:
            self._at_s.popitem(last=False)
        return due

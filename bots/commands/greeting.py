"""Who was spoken to a moment ago: a community hears hello when the bot is added, and not each time within a minute."""

import time
from collections import OrderedDict

AGAIN_S = 60.0
MOST = 10_000


class Greeted:
    """Those who were spoken to of late, though they had asked for nothing."""

    def __init__(self, again_s: float = AGAIN_S) -> None:
        self._again_s = again_s
        self._at_s: OrderedDict[str, float] = OrderedDict()

    def note(self, whom: str) -> bool:
        """Note that there is a reason to speak to somebody now; say whether that is due."""
        now_s = time.monotonic()
        due = now_s - self._at_s.get(whom, -self._again_s) >= self._again_s
        self._at_s[whom] = now_s
        self._at_s.move_to_end(whom)
        if len(self._at_s) > MOST:
            self._at_s.popitem(last=False)
        return due

"""Who was greeted a moment ago: a community hears hello when the bot is added, and not each time within a minute."""

import time
from collections import OrderedDict

AGAIN_S = 60.0
MOST = 10_000


class Greeted:
    """The communities that were greeted of late."""

    def __init__(self) -> None:
        self._at_s: OrderedDict[str, float] = OrderedDict()

    def note(self, community: str) -> bool:
        """Note that the bot is in a community now; say whether hello is due."""
        now_s = time.monotonic()
        due = now_s - self._at_s.get(community, -AGAIN_S) >= AGAIN_S
        self._at_s[community] = now_s
        self._at_s.move_to_end(community)
        if len(self._at_s) > MOST:
            self._at_s.popitem(last=False)
        return due

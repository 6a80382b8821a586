"""Steady faults: a share of the sends to both platforms, and of Telegram's polls."""

import random
from collections import Counter

from tests.worlds.discord.web import Fault as DiscordFault
from tests.worlds.discord.web import Request
from tests.worlds.telegram.faults import Fault
from tests.worlds.telegram.wire import Call

SENDS = frozenset({"sendMessage", "sendVoice", "sendAudio", "sendDocument", "sendChatAction", "editMessageText"})
SEND_SHARE = 0.06
POLL_SHARE = 0.10
FLOOD_S = 1


class Weather:
    """Draws a fault for a share of the calls; `met` counts them."""

    def __init__(self, seed: int, *, drops: bool = True) -> None:
        """`drops`: connections break, too, which makes the bot pause for many seconds."""
        self.met: Counter[str] = Counter()
        self.fair = False
        """Whether the faults are over."""
        self._drops = drops
        self._rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret

    def telegram(self, call: Call) -> Fault | None:
        """Return the fault for a call to Telegram."""
        if call.method == "getUpdates":
            return Fault.server_error(502) if self._strikes("poll 502", POLL_SHARE) else None
        if call.method not in SENDS or not self._strikes(call.method, SEND_SHARE):
            return None
        drops = (Fault.drop_before(), Fault.drop_after()) if self._drops else ()
        faults: tuple[Fault, ...] = (Fault.server_error(), Fault.flood(FLOOD_S), *drops)
        return self._rng.choice(faults)

    def discord(self, request: Request) -> DiscordFault | None:
        """Return the fault for a request to Discord; acknowledgements are spared: without one there is no order."""
        sends = request.method in {"POST", "PATCH"} and not request.path.endswith("/callback")
        if not sends or not self._strikes("discord", SEND_SHARE):
            return None
        kind = self._rng.randrange(3) if self._drops else 0
        if kind == 0:
            return DiscordFault(request.method, "", 1, 500)
        return DiscordFault(request.method, "", 1, drop=True, after_effect=kind == 1)

    def _strikes(self, what: str, share: float) -> bool:
        struck = not self.fair and self._rng.random() < share
        self.met[what] += struck
        return struck

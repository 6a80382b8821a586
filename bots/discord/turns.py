"""Whose turn it is to identify: Discord lets so many shards do so in five seconds, over all processes."""

from dataclasses import dataclass

LATEST_S = 2.0
"""A shard whose turn began longer ago waits for the next."""
TURN_S = 5.5 + LATEST_S
"""Five seconds between two (Discord's documentation, "Session Start Limit"), and some for clocks that differ."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns by the wall clock, so that processes need not know of each other."""

    count: int
    """All shards."""
    at_once: int
    """How many may identify in one turn: `max_concurrency`."""

    @property
    def rounds(self) -> int:
        """Return how many turns all shards take."""
        return -(-self.count // self.at_once)

    def wait_s(self, shard_id: int, now_s: float) -> float:
        """Return how long a shard must wait for its turn."""
        if self.rounds == 1:
            return 0.0
        since_s = (now_s - shard_id // self.at_once * TURN_S) % (self.rounds * TURN_S)
        return 0.0 if since_s < LATEST_S else self.rounds * TURN_S - since_s

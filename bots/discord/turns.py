"""Schedule when each shard may identify: Discord limits how many may within five seconds, across all processes."""

from dataclasses import dataclass

LATEST_S = 2.0
"""A shard that is later than this for its turn waits for the next one."""
TURN_S = 5.5 + LATEST_S
"""Five seconds between turns (Discord's documentation, "Session Start Limit"), plus a margin for clock skew."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns derived from the wall clock, so that processes need not coordinate."""

    count: int
    """How many shards there are, in all processes."""
    at_once: int
    """How many may identify in one turn: `max_concurrency`."""

    @property
    def rounds(self) -> int:
        """How many turns it takes for all shards to identify."""
        return -(-self.count // self.at_once)

    def wait_s(self, shard_id: int, now_s: float) -> float:
        """Return the time until a shard's turn; 0 if it is now."""
        if self.rounds == 1:
            return 0.0
        since_s = (now_s - shard_id // self.at_once * TURN_S) % (self.rounds * TURN_S)
        return 0.0 if since_s < LATEST_S else self.rounds * TURN_S - since_s

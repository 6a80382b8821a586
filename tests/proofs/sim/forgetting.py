"""What the worlds remember and the books do not, since a copy has taken their place; what must not happen any more."""

import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

TAPS = frozenset({"confirm", "kept", "askgo"})
"""Presses by which somebody places an order that is offered to them."""
_JOBS = """
SELECT jobs.job_id, coalesce(max(delivery.state), jobs.state) IN ('open', 'asking', 'undeliverable', 'cancelled')
AND jobs.closed_ms IS NULL AS is_open
FROM jobs LEFT JOIN deliveries AS delivery ON delivery.job_id = jobs.job_id AND delivery.number = jobs.deliveries
GROUP BY jobs.job_id
"""
DOUBT = "restored from an earlier copy"


class Forgetting:
    """By their numbers, the orders that stood in the books when a copy was restored."""

    def __init__(self, history: "History") -> None:
        self._history = history
        self.old: set[int] = set()
        """Nothing of these is submitted any more."""
        self.forgotten: set[int] = set()
        """Those of them that the books do not know now."""
        self.under_way: set[int] = set()
        """Those of them that were not finished in the copy."""
        self.pardoned: set[int] = set()
        """Orders that their members have placed again."""
        self.requests: set[str] = set()
        """What the gateway had accepted by then."""
        self.said: dict[int, str] = {}
        """What members read last about their orders."""
        self.taken: Counter[int] = Counter()
        """How often they took what there was."""
        self._heard: Counter[int] = Counter()
        self._asked: Counter[int] = Counter()
        self._taps: Counter[int] = Counter()

    def rewind(self, books: sqlite3.Connection) -> None:
        """Let go of what the books have forgotten."""
        history = self._history
        is_open = {history.order_of_job(row["job_id"]): row["is_open"] for row in books.execute(_JOBS)}
        known = {order for order in is_open if order is not None}
        self.old |= set(history.admitted_orders)
        self.forgotten = self.old - known
        self.under_way = {order for order in known if is_open[order]}
        history.told -= self.under_way
        history.acknowledged -= self.forgotten
        history.last_entry = books.execute("SELECT coalesce(max(rowid), 0) FROM ledger").fetchone()[0]
        self.requests = set(history.gateway.generations)
        self._heard = Counter({order: self._times(order) for order in self.old})
        self._asked = Counter({order: history.asked(order) - history.people.waiting(order) for order in self.old})
        self._taps.clear()

    def _times(self, order: int) -> int:
        return self._history.telegram.heard[order] + self._history.discord.heard[order]

    def tapped(self, who: int, kind: str) -> None:
        """Note who placed what is offered to them."""
        self._taps[who] += kind in TAPS

    def placed_again(self, order: int) -> bool:
        """Say whether an order that was forgotten may be placed: only if its member has asked for that since."""
        if order not in self.forgotten or not self._taps[self._history.people.ordered_by[order]]:
            return False
        self.forgotten.discard(order)
        self.old.discard(order)
        self.pardoned.add(order)
        self._history.gateway.pardon(order)
        return True

    def submitted(self, order: int) -> None:
        """Look at a request that has just reached the gateway."""
        if order in self.old and not self._history.wire.ghost:
            self._history.breach("what a copy knows or has forgotten is not submitted any more", f"order {order}")

    def most_heard(self, order: int, otherwise: int) -> int:
        """Return how often an order may be heard: of what is old, as often as before and as somebody asked since."""
        if order in self.pardoned:
            return self._heard[order] + otherwise
        if order not in self.old:
            return otherwise
        self._heard[order] += self._history.wire.ghost
        return self._heard[order] + self._history.asked(order) - self._asked[order]

    def is_past(self, order: int) -> bool:
        """Say whether what is heard or said about an order just now comes from a process before a restore."""
        return self._history.wire.ghost and order in self.old

    def check_told(self, order: int, reasons: set[str | None]) -> None:
        """See that whoever's order was given up or held back for the restore has read so."""
        said = self.said.get(order, "")
        if order in self.under_way and "restored" in reasons and self._history.open_chats and DOUBT not in said:
            self._history.breach("whoever ordered is told that an earlier copy was restored", f"order {order}: {said}")

"""What faults leave in doubt, counted alike by every proof: the promises allow it, and no change may add to it."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from core.domain.lifecycle import State

MADE = """
SELECT coalesce(made.parameters, jobs.parameters) AS parameters, made.state, made.request_id
FROM generations AS made JOIN jobs ON jobs.job_id = made.job_id
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What a store knows of a generation."""

    parameters: str
    state: str
    request_id: str | None

    @property
    def words(self) -> str:
        """The text or prompt that the gateway would have been sent."""
        read = json.loads(self.parameters)
        return str(read.get("text") or read.get("prompt"))


def doubts(made: Collection[Made], seen: Collection[str], accepted: Iterable[str], uncertain: int) -> Counter[str]:
    """Count the doubts of a run at rest.

    `seen`: the words of each request that reached the gateway. `accepted`: the ids that it gave. `uncertain`: how many
    deliveries were left to *send again*.
    """
    unknown = [one for one in made if one.state == State.EXPIRED and one.request_id is None]
    named = {one.request_id for one in made}
    return Counter(
        {
            "unconfirmed without a POST": sum(one.words not in seen for one in unknown),
            "accepted and lost": sum(request not in named for request in accepted),
            "left to send again": uncertain,
        }
    )


def told(found: Counter[str]) -> str:
    """Write the counts in a line."""
    return ", ".join(f"{count} {what}" for what, count in found.items())

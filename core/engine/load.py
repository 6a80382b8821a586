"""A worker's load, and how long a new order would wait."""

from collections import deque
from dataclasses import dataclass

REMEMBERED = 64
"""The number of ended jobs from which the rate is taken."""
LATELY_S = 600.0


@dataclass(frozen=True, slots=True)
class Load:
    """Jobs that wait for their turn, jobs at the gateway, and the wait of a new order in seconds."""

    waiting: int = 0
    in_flight: int = 0
    wait_s: float = 0


class Throughput:
    """The rate at which jobs have left the gateway lately."""

    def __init__(self) -> None:
        self._ended_ms: deque[int] = deque(maxlen=REMEMBERED)

    def note(self, now_ms: int) -> None:
        """Count a job that gave its place back."""
        self._ended_ms.append(now_ms)

    def wait_s(self, waiting: int, in_flight: int, now_ms: int, usual_s: float) -> float:
        """Estimate the seconds until the last waiting job begins.

        Before any job has ended, each place at the gateway is assumed free after `usual_s`.
        """
        lately = [ended for ended in self._ended_ms if now_ms - ended <= LATELY_S * 1000]
        if len(lately) > 1 and now_ms > lately[0]:
            return waiting * (now_ms - lately[0]) / 1000 / len(lately)
        return waiting * usual_s / max(1, in_flight)

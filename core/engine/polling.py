"""When to ask the gateway about a generation."""

from core.domain.models import Generation, Job
from core.domain.products import Catalog
from core.engine.callbacks import Arrivals
from core.engine.durations import STEP_S, Durations
from core.engine.pace import Pace
from core.ports import Clock, GatewayStatus


class Polling:
    """Paces the looks at each generation."""

    def __init__(self, *, catalog: Catalog, clock: Clock, pace: Pace, durations: Durations, arrivals: Arrivals) -> None:
        self._catalog = catalog
        self._clock = clock
        self._pace = pace
        self._durations = durations
        self._arrivals = arrivals

    def first_s(self, job: Job, made: Generation) -> float:
        """Return when to look first: soon, unless a callback is due; one found running may have missed its own."""
        running_s = self.running_s(job, made)
        if running_s > self._pace.poll_max_s:
            return self._pace.poll_min_s
        if self._is_called:
            return self.pause_s(job, made, running_s)
        first_s = self._durations.rhythm(job.product, made.characters).first_s
        return max(first_s - running_s, min(self._pace.poll_min_s, 1))

    def pause_s(self, job: Job, made: Generation, asked_s: float) -> float:
        """Return the pause after a look at `asked_s`, whose answer may have come a little later.

        Where the gateway calls back, polling is only a safety net: late, then at growing intervals.
        """
        running_s = self.running_s(job, made)
        if self._is_called:
            return max(self._pace.poll_min_s, self._net_s(job, made), running_s)
        rhythm = self._durations.rhythm(job.product, made.characters)
        return rhythm.next_s(max(asked_s, running_s - 1), self._pace) - running_s

    def _net_s(self, job: Job, made: Generation) -> float:
        """Return when a callback should have come."""
        usual_s = self._durations.usual_s(job.product, made.characters)
        return self._pace.net * max(usual_s, self._catalog[job.product].usual_s)

    def learn(self, job: Job, made: Generation, answer: GatewayStatus, before_s: float, asked_s: float) -> None:
        """Learn how long it took: as the gateway says, but within the last two looks; else about until it was found."""
        if answer.took_s is None and asked_s - before_s > self._pace.poll_max_s + 1:
            return  # nobody looked
        took_s = asked_s - STEP_S if answer.took_s is None else answer.took_s
        self._durations.note(job.product, made.characters, min(asked_s, max(before_s, took_s)))

    @property
    def _is_called(self) -> bool:
        return self._pace.callbacks and not self._arrivals.missing

    def is_net(self, job: Job, made: Generation, wait_s: float) -> bool:
        """Say whether a callback should come before this wait is over."""
        return self._is_called and wait_s >= self._net_s(job, made)

    def running_s(self, job: Job, made: Generation) -> float:
        """Return how long ago it was submitted."""
        return self._clock.since_ms(made.submitted_ms or job.created_ms) / 1000

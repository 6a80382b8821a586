"""How long members wait for the first words on their orders, and for their audio."""

from core.domain.models import Job
from core.engine.meters import Meters
from core.ports import Clock

MOST_SEEN = 4096


class Waits:
    """Measures from when an order was admitted."""

    def __init__(self, meters: Meters, clock: Clock) -> None:
        self._meters = meters
        self._clock = clock
        self._started_ms = clock.now_ms()
        self._seen: dict[str, None] = {}

    def first_sign(self, job: Job) -> None:
        """Enter that words on a job stand in its chat, unless they did before, or may have before this process."""
        if job.job_id in self._seen or job.created_ms < self._started_ms:
            return
        self._seen[job.job_id] = None
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        self._meters.observe("order_first_sign_seconds", self._since_s(job), job.platform)

    def audio(self, job: Job) -> None:
        """Enter that a job's audio stands in its chat; what is sent again is not waited for."""
        if job.delivery is None or job.delivery.number == 1:
            self._meters.observe("order_audio_seconds", self._since_s(job), job.product, job.platform)

    def _since_s(self, job: Job) -> float:
        return self._clock.since_ms(job.created_ms) / 1000

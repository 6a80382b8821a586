"""The steps of a generation: one per state, with the move that follows."""

from collections.abc import Awaitable, Callable, Mapping

from core.domain.lifecycle import Late, State
from core.domain.models import Job
from core.engine.submitting import Submitter
from core.engine.watching import Watcher


class Generator:
    """Carries a generation from its submission until its audio is fetched or will not come."""

    def __init__(self, submitter: Submitter, watcher: Watcher) -> None:
        self._watcher = watcher
        self._table: Mapping[State, Callable[[Job, int], Awaitable[Job]]] = {
            State.QUEUED: submitter.submit,
            State.SUBMITTING: submitter.lose_sight,
            State.UNCONFIRMED: watcher.await_callback,
            State.RUNNING: watcher.watch,
            State.LATE: watcher.collect_late,
        }

    def step(self, job: Job, number: int) -> Awaitable[Job]:
        """Take the step of the generation's state. Raises Stopping, StoreError."""
        return self._table[job.generation(number).state](job, number)

    def late(self, job: Job) -> Late:
        """Say whether a callback may still bring the audio of a job that expires."""
        return self._watcher.late(job)

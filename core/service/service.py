"""The members' use cases: what a bot may call on their behalf."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from hmac import compare_digest

from core.admin import Admin
from core.communities import Communities
from core.domain.errors import StaleJob, StoreError
from core.domain.ids import Ids
from core.domain.lifecycle import DELIVERY_ENDS, DeliveryState, JobState, Reason, State
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.people import Asker, Caller
from core.domain.policy import OLDEST_ACT_MS, Policy
from core.domain.previews import language_of
from core.domain.products import Catalog
from core.domain.receipts import Accepted
from core.domain.refusals import Cause, Missing, Need, NotFound, NotPermitted, TooOld, Unavailable
from core.domain.reports import Entry
from core.domain.troubles import Troubles
from core.engine.carrier import Carrier
from core.engine.credit_requests import CreditRequests
from core.engine.default_voices import DefaultVoices
from core.engine.favourites import Favourites
from core.engine.first_words import FirstWords
from core.engine.likely_voices import LikelyVoices
from core.engine.meters import Meters
from core.engine.pronunciations import Pronunciations
from core.engine.reported import Reports
from core.engine.samples import AudioKind, Sample, Samples
from core.engine.sessions import Sessions
from core.engine.waits import Waits
from core.operators import Operators
from core.ports import Clock
from core.service.repeating import PRESS_MS, Repeating
from core.stores.store import Store

log = logging.getLogger(__name__)


class Service(Repeating):
    """What members may do, beside what admins and operators may. A method that raises Refusal has changed nothing."""

    def __init__(
        self,
        *,
        store: Store,
        worker: Carrier,
        catalog: Catalog,
        policy: Policy,
        clock: Clock,
        ids: Ids,
        voices: DefaultVoices,
        pronunciations: Pronunciations,
        favourites: Favourites,
        likely_voices: LikelyVoices,
        samples: Samples | None,
        communities: Communities,
        credit: CreditRequests,
        reports: Reports,
        admin: Admin,
        operators: Operators,
        meters: Meters,
        waits: Waits,
        troubles: Troubles,
        sessions: Sessions | None = None,
    ) -> None:
        """`sessions`: who may look at the console, where there is one."""
        self._store = store
        self.sessions = sessions
        self.voices = voices
        self.pronunciations = pronunciations
        self.favourites = favourites
        self.likely_voices = likely_voices
        self.samples = samples
        self.communities = communities
        self.credit = credit
        self.reports = reports
        self.admin = admin
        self.operators = operators
        self._worker = worker
        self.catalog = catalog
        self._policy = policy
        self._clock = clock
        self._ids = ids
        self._meters = meters
        self._troubles = troubles
        self._first_words = FirstWords(store, worker, waits)

    async def check_age(self, event_id: str, written_ms: int, *, ordered: bool) -> None:
        """Refuse what was written long ago, unless it is a job already. Raises TooOld."""
        oldest_ms = self._policy.oldest_order_s * 1000 if ordered else OLDEST_ACT_MS
        age_ms = self._clock.since_ms(written_ms)
        if age_ms > oldest_ms and not (ordered and await self._find(event_id=event_id)):
            raise TooOld(age_ms, ordered=ordered)

    async def spoken(self, caller: Caller, *, job_id: str = "", event_id: str = "") -> str:
        """Return the text or prompt of an order in the caller's community; "" where none is known."""
        job = await self._find(job_id, event_id)
        if job is None or job.community != caller.community:
            return ""
        return str(job.parameters[self.catalog[job.product].billed])

    async def entries(self, caller: Caller, most: int = 5) -> list[Entry]:
        """Return the caller's newest charges, grants and revocations."""
        return await self._store.entries(caller.community, caller.member, most)

    async def hear(self, caller: Caller, voices: Sequence[str], kind: AudioKind) -> Sample | None:
        """Return what voices sound like in the caller's language, free; None where the operator pays for no samples."""
        await self._check_here(caller)
        if self.samples is None:
            return None
        try:
            return await self.samples.heard(voices, language_of(caller.locale), kind)
        except StoreError as error:
            log.warning("voices can't be heard: %s", error)
            raise Unavailable(Cause.STORE) from error

    async def redeliver(
        self, caller: Caller, job_id: str, destination: Destination, *, undelivered: bool = False
    ) -> Job:
        """Send a job's kept audio again, free, to where its member asked for it; `undelivered`: unless it was heard."""
        job = self._at_rest(await self._own(caller, job_id))
        if job.stage not in ({DeliveryState.UNDELIVERABLE} if undelivered else DELIVERY_ENDS) or not job.artifacts:
            raise NotFound(Missing.JOB, job_id)
        return await self._send_again(caller, job, destination)

    async def as_file(self, caller: Caller, job_id: str, destination: Destination) -> Accepted:
        """Send a job's kept audio once more to where it goes as a file, free; pressed twice it is sent once.

        Raises NotFound.
        """
        job = await self._own(caller, job_id)
        is_theirs = job.as_asked.member == caller.member and not job.is_repeat
        is_again = is_theirs and job.delivery is not None and job.delivery.number > 1
        if is_again and not (job.ended and self._clock.since_ms(job.reached_ms) >= PRESS_MS):
            return Accepted(job=job, duplicate=True)
        has_files = job.artifacts and all(artifact.path for artifact in job.artifacts)
        if self._at_rest(job).stage not in DELIVERY_ENDS or not has_files:
            raise NotFound(Missing.AUDIO, job_id)
        return Accepted(job=await self._send_again(caller, job, destination))

    @staticmethod
    def _at_rest(job: Job) -> Job:
        """Return a job of which nothing is on its way. Raises NotFound."""
        if job.delivery and job.stage not in DELIVERY_ENDS:
            raise NotFound(Missing.REST, job.job_id)
        return job

    async def deletable(self, caller: Caller, job_id: str) -> Job:
        """Return an order whose audio the caller may delete: their own, or any here for an admin.

        Raises NotFound, NotPermitted.
        """
        job = await self._find(job_id)
        if job is None:
            raise NotFound(Missing.JOB, job_id)
        if job.community != caller.community or not (caller.is_admin or caller.member == job.member):
            raise NotPermitted(Need.OWNER)
        return job

    async def _send_again(self, caller: Caller, job: Job, destination: Destination) -> Job:
        asker = None if caller.member == job.member else Asker.of(caller)
        try:
            job = await self._store.redeliver(job, destination, asker)
        except StaleJob as error:  # the button was pressed twice
            raise NotFound(Missing.REST, job.job_id) from error
        self._worker.accept(job)
        return job

    async def cancel(self, caller: Caller, job_id: str) -> Job:
        """Take back what of an order still waits, free. Raises NotFound once all of it is on its way to the gateway."""
        while True:
            job = await self._own(caller, job_id)
            if job.state is JobState.CANCELLED and job.reason == Reason.WITHDRAWN:  # the button was pressed twice
                return job
            if all(made.state is not State.QUEUED for made in job.generations):
                raise NotFound(Missing.WAITING, job_id)
            with suppress(StaleJob):  # a worker took it just now, or left it: what it is then is looked at again
                job = await self._store.cancel(job, Reason.WITHDRAWN)
                break
        log.info("job %s: cancelled by its member", job)
        self._worker.cancelled(job)
        return job

    async def choose(self, caller: Caller, job_id: str, *, take: bool) -> Job:
        """Take the parts of an order that were made, and pay for those, or nothing. Raises NotFound."""
        job = await self._own(caller, job_id)
        try:
            if job.restored:  # whoever takes it now has it sent now
                job = await self._store.update(job, restored=False)
            job = await self._store.choose(job, take=take)
        except StaleJob as error:
            now = await self._own(caller, job_id)
            if now.is_in_part and now.state is (JobState.READY if take else JobState.CANCELLED):
                return now  # the button was pressed twice
            raise NotFound(Missing.QUESTION, job_id) from error
        log.info("job %s: its member takes %s", job, "what there is" if take else "nothing")
        self._worker.accept(job)
        return job

    async def own(self, caller: Caller, job_id: str) -> Job:
        """Return a job for its member to look at. Raises NotFound, NotPermitted."""
        return await self._own(caller, job_id)

    async def _own(self, caller: Caller, job_id: str) -> Job:
        """Return a job that the caller has ordered here, or was answered with; in a direct chat, anywhere.

        Raises NotFound, NotPermitted.
        """
        job = await self._store.job(job_id)
        if job is None:
            raise NotFound(Missing.JOB, job_id)
        is_here = caller.direct or caller.community == job.community
        if not is_here or (caller.member != job.member and not await self._store.answered(job_id, caller.member)):
            raise NotPermitted(Need.OWNER)
        return job

    async def place(self, job_id: str, destination: Destination) -> None:
        """Note more about where a job goes than was known when it was ordered, such as a status message."""
        await self._store.place(job_id, destination)

    async def called_back(self, token: str, request_id: str) -> bool:
        """Take a callback as a hint to ask the gateway now; return whether the token is one of ours.

        The row is found by the job's name, which is no secret: the time that a search for the token itself takes would
        tell how much of a guess is right.
        """
        job = await self._store.job(token.partition(".")[0])
        given, found = token.encode("utf-8", "replace"), 0
        for made in job.generations if job else ():
            if compare_digest(given, made.callback_token.encode()):
                found = made.number
        if job is None or not found:
            return False
        self._worker.called_back(job, found, request_id)
        return True

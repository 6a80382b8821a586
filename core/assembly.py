"""Wire the core's parts together: the one place that does, for the service as for its tests and proofs."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core.admin import Admin
from core.communities import Communities
from core.domain.finishing import AS_IS, Finish
from core.domain.ids import Ids
from core.domain.lifecycle import Stage
from core.domain.models import Job
from core.domain.policy import Policy
from core.domain.products import Catalog, catalog
from core.domain.troubles import Troubles
from core.engine.attesting import Attesting, Here
from core.engine.callbacks import Arrivals, Naming
from core.engine.carrier import Carrier
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.credit_requests import CreditRequests
from core.engine.default_voices import DefaultVoices
from core.engine.delivery import Deliverer
from core.engine.durations import Durations
from core.engine.executor import Executor
from core.engine.favourites import Favourites
from core.engine.fetching import Fetcher
from core.engine.fitting import Fitter
from core.engine.generation import Generator
from core.engine.lease import Lease, Signal, SoleLease
from core.engine.likely_voices import LikelyVoices
from core.engine.meters import Meters
from core.engine.observed import ObservedDelivery, ObservedGateway
from core.engine.outlooks import Outlooks
from core.engine.pace import Pace
from core.engine.polling import Polling
from core.engine.previews import Previews, PreviewStore
from core.engine.progress import Progress
from core.engine.pronunciations import Pronunciations
from core.engine.queue import FairQueue, Limits
from core.engine.receipts import Receipts
from core.engine.remote import RemoteWorkers, Unattended
from core.engine.reported import Reports
from core.engine.samples import Samples
from core.engine.sessions import Sessions
from core.engine.submitting import Submitter
from core.engine.telling import Teller
from core.engine.tidying import Keep, Tidier
from core.engine.waits import Waits
from core.engine.wakeups import Wakeups
from core.engine.watching import Watcher
from core.engine.worker import Worker
from core.operators import Operators
from core.ports import (
    ArtifactStore,
    Clock,
    Deliveries,
    Gateway,
    MediaTools,
    Presence,
)
from core.service.service import Service
from core.stores.admin_store import AdminStore
from core.stores.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """How a process without a worker sees and reaches those of other processes."""

    open_jobs: Callable[[], Awaitable[Mapping[Stage, int]]]
    workers: Callable[[], Awaitable[int]]
    """Counts those that are alive."""
    signal: Signal
    unattended: Unattended


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What a core runs on; what need not be given is as in a service of one process."""

    store: Store
    admin_store: AdminStore
    gateway: Gateway
    media: MediaTools
    deliveries: Deliveries
    policy: Policy
    clock: Clock
    artifacts: ArtifactStore
    presences: Mapping[str, Presence] = MappingProxyType({})
    speak_first: Collection[str] = ()
    """The chats in which the first words on an order are said where it is taken, and not by its worker."""
    catalog: Catalog = field(default_factory=catalog)
    ids: Ids = field(default_factory=Ids)
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=Pace)
    keep: Keep = field(default_factory=Keep)
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    meters: Meters = field(default_factory=Meters)
    troubles: Troubles = field(default_factory=Troubles)
    finish_of: Callable[[Job], Finish] = lambda _: AS_IS
    """How a job's files are finished."""
    previews: tuple[PreviewStore, ArtifactStore] | None = None
    """What remembers previews, and where their files lie; None where members can't hear voices before they order."""
    attesting: Attesting = field(default_factory=lambda: Here({}))
    """Says who somebody is in a community."""
    sessions: Sessions | None = None
    """Who may look at the console; None where there is none."""
    share: Lease | Elsewhere | None = None
    """The right to carry jobs among other workers, or how to reach those who do; None where there are no others."""


@dataclass(frozen=True, slots=True)
class Core:
    """A core, to be started by its worker, which may stand for those of other processes."""

    service: Service
    worker: Carrier
    durations: Durations
    """What this process's worker has learned of how long generations take."""
    tidier: Tidier


def assemble(runtime: Runtime) -> Core:
    """Make service and worker of a runtime; nothing is started."""
    runtime.meters.begin(runtime.deliveries)
    waits = Waits(runtime.meters, runtime.clock)
    gateway = ObservedGateway(runtime.gateway, runtime.meters, runtime.troubles)
    naming = Naming(runtime.store, gateway)
    durations = Durations(runtime.catalog, runtime.pace)
    tidier = Tidier(runtime.store, runtime.artifacts, runtime.clock, runtime.keep, runtime.meters)
    voices = DefaultVoices(runtime.store, runtime.catalog, runtime.clock)
    favourites = Favourites(runtime.store)
    likely = LikelyVoices(runtime.store, runtime.catalog, favourites, voices)
    worker = _carrier(runtime, gateway, naming, durations, waits=waits, likely=likely, tidier=tidier)
    pronunciations = Pronunciations(runtime.store, runtime.clock)
    admin = Admin(
        runtime.admin_store,
        runtime.catalog,
        runtime.policy,
        runtime.clock,
        runtime.ids,
        voices=voices,
        pronunciations=pronunciations,
    )
    service = Service(
        store=runtime.store,
        worker=worker,
        catalog=runtime.catalog,
        policy=runtime.policy,
        clock=runtime.clock,
        ids=runtime.ids,
        voices=voices,
        pronunciations=pronunciations,
        favourites=favourites,
        likely_voices=likely,
        samples=_samples(runtime, gateway),
        communities=Communities(runtime.store, runtime.presences),
        credit=CreditRequests(runtime.store, runtime.policy, runtime.ids, runtime.attesting),
        reports=Reports(
            runtime.store,
            runtime.admin_store,
            artifacts=runtime.artifacts,
            policy=runtime.policy,
            clock=runtime.clock,
            ids=runtime.ids,
        ),
        admin=admin,
        operators=Operators(runtime.admin_store, runtime.policy, runtime.clock, runtime.ids, worker.resume),
        meters=runtime.meters,
        waits=waits,
        troubles=runtime.troubles,
        sessions=runtime.sessions,
    )
    return Core(service, worker, durations, tidier)


def _samples(runtime: Runtime, gateway: Gateway) -> Samples | None:
    if runtime.previews is None:
        return None
    store, artifacts = runtime.previews
    previews = Previews(
        store=store,
        gateway=gateway,
        media=runtime.media,
        artifacts=artifacts,
        catalog=runtime.catalog,
        clock=runtime.clock,
        pace=runtime.pace,
        ids=runtime.ids,
    )
    return Samples(previews, runtime.media, artifacts, runtime.ids)


def _carrier(
    runtime: Runtime,
    gateway: Gateway,
    naming: Naming,
    durations: Durations,
    *,
    waits: Waits,
    likely: LikelyVoices,
    tidier: Tidier,
) -> Carrier:
    share = runtime.share
    if isinstance(share, Elsewhere):
        return RemoteWorkers(
            open_jobs=share.open_jobs,
            workers=share.workers,
            naming=naming,
            signal=share.signal,
            unattended=share.unattended,
            deliveries=runtime.deliveries,
            durations=durations,
            limits=runtime.limits,
        )
    lease = share or SoleLease(runtime.store)
    return _worker(runtime, gateway, naming, durations, lease=lease, waits=waits, likely=likely, tidier=tidier)


def _worker(
    runtime: Runtime,
    gateway: Gateway,
    naming: Naming,
    durations: Durations,
    *,
    lease: Lease,
    waits: Waits,
    likely: LikelyVoices,
    tidier: Tidier,
) -> Worker:
    wakeups, arrivals = Wakeups(), Arrivals(runtime.meters, runtime.troubles)
    deliveries = {
        name: ObservedDelivery(name, chat, runtime.meters, waits, speaks_first=name in runtime.speak_first)
        for name, chat in runtime.deliveries.items()
    }
    fitter = Fitter(runtime.media, deliveries, runtime.finish_of)
    queue = FairQueue(runtime.limits)
    outlooks = Outlooks(
        queue=queue,
        durations=durations,
        clock=runtime.clock,
        why_waiting=runtime.breaker.why,
        left=lambda: lease.left,
    )
    progress = Progress(runtime.store, deliveries, outlooks.seen)
    receipts = Receipts(
        runtime.store, lambda job: runtime.policy.quota(direct=job.direct), runtime.clock, runtime.troubles
    )
    deliverer = Deliverer(
        store=runtime.store,
        fitter=fitter,
        deliveries=deliveries,
        progress=progress,
        receipts=receipts,
        wakeups=wakeups,
        lease=lease,
        voices=likely,
    )
    teller = Teller(
        store=runtime.store,
        deliveries=deliveries,
        progress=progress,
        receipts=receipts,
        clock=runtime.clock,
        artifacts=runtime.artifacts,
        lease=lease,
    )
    fetcher = Fetcher(
        store=runtime.store,
        gateway=gateway,
        fitter=fitter,
        artifacts=runtime.artifacts,
        pace=runtime.pace,
        wakeups=wakeups,
    )
    submitter = Submitter(
        store=runtime.store,
        gateway=gateway,
        catalog=runtime.catalog,
        clock=runtime.clock,
        pace=runtime.pace,
        breaker=runtime.breaker,
        wakeups=wakeups,
        naming=naming,
        lease=lease,
        progress=progress,
    )
    watcher = Watcher(
        store=runtime.store,
        gateway=gateway,
        fetcher=fetcher,
        deliverer=deliverer,
        catalog=runtime.catalog,
        clock=runtime.clock,
        pace=runtime.pace,
        wakeups=wakeups,
        lease=lease,
        arrivals=arrivals,
        polling=Polling(
            catalog=runtime.catalog, clock=runtime.clock, pace=runtime.pace, durations=durations, arrivals=arrivals
        ),
        progress=progress,
        ids=runtime.ids,
    )
    executor = Executor(
        store=runtime.store,
        generator=Generator(submitter, watcher),
        fetcher=fetcher,
        deliverer=deliverer,
        teller=teller,
        progress=progress,
        wakeups=wakeups,
        lease=lease,
    )
    return Worker(
        store=runtime.store,
        executor=executor,
        platforms=deliveries.keys(),
        progress=progress,
        queue=queue,
        breaker=runtime.breaker,
        wakeups=wakeups,
        clock=runtime.clock,
        tidier=tidier,
        keep=runtime.keep,
        naming=naming,
        lease=lease,
        pace=runtime.pace,
        arrivals=arrivals,
        outlooks=outlooks,
    )

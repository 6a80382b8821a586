"""What carries the jobs of a core: a worker, or those of other processes."""

from dataclasses import dataclass

from core.assembly.runtime import Elsewhere, Runtime
from core.engine.callbacks import Arrivals, Naming
from core.engine.carrier import Carrier
from core.engine.delivery import Deliverer
from core.engine.durations import Durations
from core.engine.executor import Executor
from core.engine.fetching import Fetcher
from core.engine.fitting import Fitter
from core.engine.generation import Generator
from core.engine.lease import Lease, SoleLease
from core.engine.likely_voices import LikelyVoices
from core.engine.observed import ObservedDelivery
from core.engine.outlooks import Outlooks
from core.engine.polling import Polling
from core.engine.progress import Progress
from core.engine.queue import FairQueue
from core.engine.receipts import Receipts
from core.engine.remote import RemoteWorkers
from core.engine.submitting import Submitter
from core.engine.telling import Teller
from core.engine.tidying import Tidier
from core.engine.waits import Waits
from core.engine.wakeups import Wakeups
from core.engine.watching import Watcher
from core.engine.worker import Worker
from core.ports import Deliveries, Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What the parts of a worker have in common."""

    gateway: Gateway
    deliveries: Deliveries
    fitter: Fitter
    progress: Progress
    durations: Durations
    naming: Naming
    wakeups: Wakeups
    arrivals: Arrivals
    lease: Lease


def carrier_of(
    runtime: Runtime, gateway: Gateway, durations: Durations, *, waits: Waits, likely: LikelyVoices, tidier: Tidier
) -> Carrier:
    """Make what carries the jobs; nothing is started."""
    share, naming = runtime.share, Naming(runtime.store, gateway)
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
    deliveries = {
        name: ObservedDelivery(name, chat, runtime.meters, waits, speaks_first=name in runtime.speak_first)
        for name, chat in runtime.deliveries.items()
    }
    lease, queue = share or SoleLease(runtime.store), FairQueue(runtime.limits)
    outlooks = Outlooks(
        queue=queue,
        durations=durations,
        clock=runtime.clock,
        why_waiting=runtime.breaker.why,
        left=lambda: lease.left,
    )
    shared = _Shared(
        gateway=gateway,
        deliveries=deliveries,
        fitter=Fitter(runtime.media, deliveries, runtime.finish_of),
        progress=Progress(runtime.store, deliveries, outlooks.seen),
        durations=durations,
        naming=naming,
        wakeups=Wakeups(),
        arrivals=Arrivals(runtime.meters, runtime.troubles),
        lease=lease,
    )
    return Worker(
        store=runtime.store,
        executor=_executor(runtime, shared, likely),
        platforms=deliveries.keys(),
        progress=shared.progress,
        queue=queue,
        breaker=runtime.breaker,
        wakeups=shared.wakeups,
        clock=runtime.clock,
        tidier=tidier,
        keep=runtime.keep,
        naming=naming,
        lease=lease,
        pace=runtime.pace,
        arrivals=shared.arrivals,
        outlooks=outlooks,
    )


def _executor(runtime: Runtime, shared: _Shared, likely: LikelyVoices) -> Executor:
    receipts = Receipts(
        runtime.store, lambda job: runtime.policy.quota(direct=job.direct), runtime.clock, runtime.troubles
    )
    deliverer = Deliverer(
        store=runtime.store,
        fitter=shared.fitter,
        deliveries=shared.deliveries,
        progress=shared.progress,
        receipts=receipts,
        wakeups=shared.wakeups,
        lease=shared.lease,
        voices=likely,
    )
    fetcher = Fetcher(
        store=runtime.store,
        gateway=shared.gateway,
        fitter=shared.fitter,
        artifacts=runtime.artifacts,
        pace=runtime.pace,
        wakeups=shared.wakeups,
    )
    return Executor(
        store=runtime.store,
        generator=Generator(_submitter(runtime, shared), _watcher(runtime, shared, fetcher, deliverer)),
        fetcher=fetcher,
        deliverer=deliverer,
        teller=Teller(
            store=runtime.store,
            deliveries=shared.deliveries,
            progress=shared.progress,
            receipts=receipts,
            clock=runtime.clock,
            artifacts=runtime.artifacts,
            lease=shared.lease,
        ),
        progress=shared.progress,
        wakeups=shared.wakeups,
        lease=shared.lease,
    )


def _submitter(runtime: Runtime, shared: _Shared) -> Submitter:
    return Submitter(
        store=runtime.store,
        gateway=shared.gateway,
        catalog=runtime.catalog,
        clock=runtime.clock,
        pace=runtime.pace,
        breaker=runtime.breaker,
        wakeups=shared.wakeups,
        naming=shared.naming,
        lease=shared.lease,
        progress=shared.progress,
    )


def _watcher(runtime: Runtime, shared: _Shared, fetcher: Fetcher, deliverer: Deliverer) -> Watcher:
    polling = Polling(
        catalog=runtime.catalog,
        clock=runtime.clock,
        pace=runtime.pace,
        durations=shared.durations,
        arrivals=shared.arrivals,
    )
    return Watcher(
        store=runtime.store,
        gateway=shared.gateway,
        fetcher=fetcher,
        deliverer=deliverer,
        catalog=runtime.catalog,
        clock=runtime.clock,
        pace=runtime.pace,
        wakeups=shared.wakeups,
        lease=shared.lease,
        arrivals=shared.arrivals,
        polling=polling,
        progress=shared.progress,
        ids=runtime.ids,
    )

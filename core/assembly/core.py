"""Wire the core's parts together: the one place that does, for the service as for its tests and proofs."""

from dataclasses import dataclass

from core.admin import Admin
from core.assembly.carrier import carrier_of
from core.assembly.runtime import Runtime
from core.communities import Communities
from core.engine.carrier import Carrier
from core.engine.credit_requests import CreditRequests
from core.engine.default_voices import DefaultVoices
from core.engine.durations import Durations
from core.engine.favourites import Favourites
from core.engine.likely_voices import LikelyVoices
from core.engine.observed import ObservedGateway
from core.engine.previews import Previews
from core.engine.pronunciations import Pronunciations
from core.engine.reported import Reports
from core.engine.samples import Samples
from core.engine.tidying import Tidier
from core.engine.waits import Waits
from core.operators import Operators
from core.ports import Gateway
from core.service.service import Service


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
    durations = Durations(runtime.catalog, runtime.pace)
    tidier = Tidier(runtime.store, runtime.artifacts, runtime.clock, runtime.keep, runtime.meters)
    voices = DefaultVoices(runtime.store, runtime.catalog, runtime.clock)
    favourites = Favourites(runtime.store)
    likely = LikelyVoices(runtime.store, runtime.catalog, favourites, voices)
    worker = carrier_of(runtime, gateway, durations, waits=waits, likely=likely, tidier=tidier)
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

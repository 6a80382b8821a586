"""What a core runs on."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from core.domain.finishing import AS_IS, Finish
from core.domain.ids import Ids
from core.domain.lifecycle import Stage
from core.domain.models import Job
from core.domain.policy import Policy
from core.domain.products import Catalog, catalog
from core.domain.troubles import Troubles
from core.engine.attesting import Attesting, Here
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.lease import Lease, Signal
from core.engine.meters import Meters
from core.engine.pace import Pace
from core.engine.previews import PreviewStore
from core.engine.queue import Limits
from core.engine.remote import Unattended
from core.engine.sessions import Sessions
from core.engine.tidying import Keep
from core.ports import ArtifactStore, Clock, Deliveries, Gateway, MediaTools, Presence
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

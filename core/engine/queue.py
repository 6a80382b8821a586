"""The order in which waiting jobs begin: round-robin over members, within limits."""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.domain.models import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Jobs in flight at the gateway."""

    total: int = 64
    community: int = 32
    member: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many more jobs may begin, and how many of each member and community are in flight."""

    most: int
    limits: Limits = field(default_factory=Limits)
    of_member: Mapping[str, int] = field(default_factory=dict)
    of_community: Mapping[str, int] = field(default_factory=dict)


class FairQueue:
    """Waiting jobs by member. A member whose turn will come is lined up: in the ring, or parked at a full community.

    Every operation takes constant time however many jobs wait, except `remove`, which looks through one member's.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waiting: defaultdict[str, deque[Job]] = defaultdict(deque)
        self._by_id: dict[str, Job] = {}
        self._ring: deque[str] = deque()
        self._parked: defaultdict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self._lined_up: set[str] = set()
        self.in_flight = 0
        self._of_member: Counter[str] = Counter()
        self._of_community: Counter[str] = Counter()

    @property
    def waiting(self) -> int:
        """Return how many jobs wait for their turn."""
        return len(self._by_id)

    def room(self, most: int) -> Room:
        """Return how many more jobs could begin beside those that are here, at most `most`."""
        most = max(0, min(most, self._limits.total - self.in_flight - self.waiting))
        return Room(most=most, limits=self._limits, of_member=self._of_member, of_community=self._of_community)

    def __contains__(self, job_id: str) -> bool:
        """Say whether a job waits here."""
        return job_id in self._by_id

    def put(self, job: Job) -> None:
        """Add a job to the end of its member's line."""
        self._waiting[job.member].append(job)
        self._by_id[job.job_id] = job
        self._line_up(job.member)

    def remove(self, job_id: str) -> Job | None:
        """Remove a waiting job out of turn; None where it does not wait here."""
        job = self._by_id.pop(job_id, None)
        if job is not None:
            waiting = self._waiting[job.member]
            first = waiting[0] is job
            waiting.remove(job)
            if first and job.member in self._parked.get(job.community, ()):  # the next may belong elsewhere
                del self._parked[job.community][job.member]
                self._lined_up.discard(job.member)
                self._line_up(job.member)
            self._forget(job.member)
        return job

    def take(self) -> Job | None:
        """Return the next job that may begin, counted as in flight; None while the limits allow none."""
        while self._ring and self.in_flight < self._limits.total:
            member = self._ring.popleft()
            self._lined_up.discard(member)
            if member not in self._waiting or self._of_member[member] >= self._limits.member:
                continue  # lined up again when a job of theirs comes or ends
            community = self._waiting[member][0].community
            if self._of_community[community] >= self._limits.community:
                self._parked[community][member] = None
                self._lined_up.add(member)
                continue
            job = self._waiting[member].popleft()
            del self._by_id[job.job_id]
            self.occupy(job)
            self._line_up(member)
            return job
        return None

    def occupy(self, job: Job) -> None:
        """Count a job as in flight, as one found so at the start."""
        self.in_flight += 1
        self._of_member[job.member] += 1
        self._of_community[job.community] += 1

    def done(self, job: Job) -> None:
        """Free a job's place. Pass the job as it was taken."""
        self.in_flight -= 1
        _release(self._of_member, job.member)
        _release(self._of_community, job.community)
        self._unpark(job.community)  # before the member who just had a turn
        self._line_up(job.member)
        self._forget(job.member)

    def _line_up(self, member: str) -> None:
        waits = member not in self._lined_up and self._waiting.get(member)
        if waits and self._of_member[member] < self._limits.member:
            self._ring.append(member)
            self._lined_up.add(member)

    def _forget(self, member: str) -> None:
        if not self._waiting.get(member):
            self._waiting.pop(member, None)

    def _unpark(self, community: str) -> None:
        """Line up one member who is parked at this community."""
        parked = self._parked[community]
        while parked:
            member, _ = parked.popitem(last=False)
            self._lined_up.discard(member)
            self._line_up(member)
            if member in self._lined_up:
                break
        if not parked:
            del self._parked[community]


def _release(counter: Counter[str], key: str) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]

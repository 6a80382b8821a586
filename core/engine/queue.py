"""The order in which waiting generations begin: round-robin over members, within limits."""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from core.domain.models import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Generations in flight at the gateway."""

    total: int = 64
    community: int = 32
    member: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How many more generations may begin, and how many of each member and community are in flight."""

    most: int
    limits: Limits = field(default_factory=Limits)
    of_member: Mapping[str, int] = field(default_factory=dict)
    of_community: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """One generation of a job that waits for its place at the gateway."""

    job: Job
    number: int


class FairQueue:
    """Waiting generations by member. A member whose turn will come is lined up: in the ring, or at a full community.

    However many jobs wait, an operation takes constant time; `remove` looks through one member's, `take` and `remove`
    through the turns of one job, and `room` and `before` at each member who waits.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._waiting: defaultdict[str, deque[Turn]] = defaultdict(deque)
        self._of_job: dict[str, list[Turn]] = {}
        self._ring: deque[str] = deque()
        self._parked: defaultdict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self._lined_up: set[str] = set()
        self.in_flight = 0
        self.waiting = 0
        """How many wait for their turn."""
        self._of_member: Counter[str] = Counter()
        self._of_community: Counter[str] = Counter()
        self._begun: Counter[str] = Counter()
        """How many of each job are in flight."""

    @property
    def jobs(self) -> int:
        """Return how many jobs they belong to."""
        return len(self._of_job)

    def room(self, most: int) -> Room:
        """Return how many more could begin beside those that are here, at most `most`."""
        next_here = sum(
            min(len(turns), max(0, self.limits.member - self._of_member[member]))
            for member, turns in self._waiting.items()
        )
        most = max(0, min(most, self.limits.total - self.in_flight - next_here))
        return Room(most=most, limits=self.limits, of_member=self._of_member, of_community=self._of_community)

    def __contains__(self, job_id: str) -> bool:
        """Say whether anything of a job waits here."""
        return job_id in self._of_job

    def before(self, job: Job) -> int | None:
        """Return how many turns come before a job's first, which need not be here yet; None where it begins at once."""
        if job.job_id in self._begun:
            return None
        turns = self._waiting.get(job.member, ())
        own = next((n for n, turn in enumerate(turns) if turn.job.job_id == job.job_id), len(turns))
        if not turns and self._has_room(job):
            return None
        place = self._ring.index(job.member) if job.member in self._ring else len(self._ring)
        if not own:
            return place
        ahead = set(islice(self._ring, place))
        others = (min(len(theirs), own + (who in ahead)) for who, theirs in self._waiting.items() if who != job.member)
        return own + sum(others)

    def _has_room(self, job: Job) -> bool:
        is_free = self.in_flight < self.limits.total and not self._ring
        of_member, of_community = self._of_member[job.member], self._of_community[job.community]
        return is_free and of_member < self.limits.member and of_community < self.limits.community

    def has_begun(self, job: Job) -> bool:
        """Say whether anything of a job is in flight."""
        return job.job_id in self._begun

    def put(self, job: Job, number: int) -> None:
        """Add a generation to the end of its member's line."""
        turn = Turn(job, number)
        self._waiting[job.member].append(turn)
        self._of_job.setdefault(job.job_id, []).append(turn)
        self.waiting += 1
        self._line_up(job.member)

    def remove(self, job_id: str) -> list[Turn]:
        """Remove what waits of a job out of turn, and return it."""
        turns = self._of_job.pop(job_id, [])
        if turns:
            member = turns[0].job.member
            waiting = self._waiting[member]
            first = waiting[0]
            for turn in turns:
                waiting.remove(turn)
            self.waiting -= len(turns)
            if first in turns and member in self._parked.get(first.job.community, ()):  # the next may belong elsewhere
                del self._parked[first.job.community][member]
                self._lined_up.discard(member)
                self._line_up(member)
            self._forget(member)
        return turns

    def take(self) -> Turn | None:
        """Return the next that may begin, counted as in flight; None while the limits allow none."""
        while self._ring and self.in_flight < self.limits.total:
            member = self._ring.popleft()
            self._lined_up.discard(member)
            if member not in self._waiting or self._of_member[member] >= self.limits.member:
                continue  # lined up again when a job of theirs comes or ends
            community = self._waiting[member][0].job.community
            if self._of_community[community] >= self.limits.community:
                self._parked[community][member] = None
                self._lined_up.add(member)
                continue
            turn = self._waiting[member].popleft()
            self._started(turn)
            self.occupy(turn.job)
            self._line_up(member)
            return turn
        return None

    def _started(self, turn: Turn) -> None:
        self.waiting -= 1
        rest = self._of_job[turn.job.job_id]
        rest.remove(turn)
        if not rest:
            del self._of_job[turn.job.job_id]

    def occupy(self, job: Job) -> None:
        """Count one of a job's generations as in flight, as one found so at the start."""
        self.in_flight += 1
        self._of_member[job.member] += 1
        self._of_community[job.community] += 1
        self._begun[job.job_id] += 1

    def done(self, job: Job) -> None:
        """Free the place of one. Pass the job as it was taken."""
        self.in_flight -= 1
        _release(self._of_member, job.member)
        _release(self._of_community, job.community)
        _release(self._begun, job.job_id)
        self._unpark(job.community)  # before the member who just had a turn
        self._line_up(job.member)
        self._forget(job.member)

    def _line_up(self, member: str) -> None:
        waits = member not in self._lined_up and self._waiting.get(member)
        if waits and self._of_member[member] < self.limits.member:
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

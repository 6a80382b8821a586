"""What is remembered of what admins and operators decide."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from core.domain.admission import Supposed
from core.domain.audit import Act, AuditEntry, Outcome
from core.domain.communities import Approval, Newcomer
from core.domain.people import Person
from core.domain.pronunciation import Pronunciation
from core.domain.quota import LimitName, Limits, Quota, QuotaSource, Standing
from core.domain.refusals import Limit
from core.domain.reported import Message, Report
from core.domain.reports import Community, CreditRequest, ReportedEntry, Usage


class AdminStore(Protocol):
    """Remembers what admins decide. Each change is one transaction with its audit entry, old value included."""

    async def set_quota(self, act: Act, kind: QuotaSource, quota: Quota | None) -> bool:
        """Set the quota of the act's target, which is of that kind; None takes it away, if there is one to take."""
        ...

    async def standing(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str] = ()) -> Standing:
        """Return what a member may spend now."""
        ...

    async def refusal(self, supposed: Supposed) -> tuple[Limit | None, Standing]:
        """Return what would refuse an order, by the decision that an order meets. Raises NotFound for its community."""
        ...

    async def find_handle(self, community: str, handle: str) -> Person | None:
        """Return the member that last used this @name (any case) here, or None."""
        ...

    async def find_member(self, community: str, member: str) -> Person | None:
        """Return a member that was seen here, or None."""
        ...

    async def seen(self, community: str, most: int) -> Sequence[tuple[Person, str]]:
        """Return members that were seen here, each with their @name, if they have one."""
        ...

    async def credit(self, act: Act, person: Person, amount_micros: int, reason: str) -> int:
        """Add to a balance, or take from it, with a ledger entry; return the balance. Raises NotEnough."""
        ...

    async def decide(self, act: Act, credit_request_id: str, *, approve: bool) -> CreditRequest:
        """Close a member's open request, and credit it if approved. Raises NotFound, Decided."""
        ...

    async def block(self, act: Act, person: Person, until_ms: int | None) -> None:
        """Refuse a member's orders until then, or for good."""
        ...

    async def unblock(self, act: Act, person: Person) -> bool:
        """Take a member's orders again; return whether they were refused."""
        ...

    async def take_away(self, act: Act, job_id: str, messages: Sequence[Message] = ()) -> None:
        """Put the audio of a reported order out of reach; note messages that hold it beside those that were reported.

        Raises StaleJob where it is being sent, or was decided on.
        """
        ...

    async def dismiss(self, act: Act, job_id: str) -> None:
        """Leave what was reported as it is. Raises StaleJob where it was decided on."""
        ...

    async def block_reported(self, act: Act, report: Report, until_ms: int) -> None:
        """Block whoever ordered what was reported.

        Raises StaleJob where that was done or dismissed, or they are blocked for as long.
        """
        ...

    async def set_pronunciation(self, act: Act, entry: Pronunciation, most: int) -> bool:
        """Set one of a community's pronunciations; return whether there is room."""
        ...

    async def clear_pronunciation(self, act: Act, folded: str) -> bool:
        """Take one of a community's pronunciations away; return whether there was one."""
        ...

    async def limits(self, community: str) -> Limits:
        """Return a community's limits."""
        ...

    async def set_limit(self, act: Act, name: LimitName, value: int | str | tuple[str, ...] | None) -> None:
        """Set one field of a community's limits."""
        ...

    async def set_pool(self, act: Act, community: str, limit_micros: int | None) -> None:
        """Set what a community may spend in a month; None is unlimited. Raises NotFound for one that was never seen."""
        ...

    async def decide_community(self, act: Act, community: str, state: Approval, *, first: bool = False) -> bool:
        """Approve or decline a community; return whether that is news. Raises NotFound for one that was never seen.

        `first`: only where nobody has decided yet, else it raises CommunityDecided.
        """
        ...

    async def told_with(self, community: str) -> Sequence[Newcomer]:
        """Return the communities that the operators were told of in the same message, the newest first."""
        ...

    async def community_locale(self, community: str) -> str:
        """Return the language that a community is written to in, "" where it is not known."""
        ...

    async def owners(self) -> frozenset[str]:
        """Return the member keys of those who claimed the bot."""
        ...

    async def owner_locales(self) -> Mapping[str, str]:
        """Return the languages of operators, by member key, as far as they are known."""
        ...

    async def keep_owner_locale(self, member: str, locale: str) -> None:
        """Keep the language of an operator."""
        ...

    async def keep_code(self, digest: str, issued_ms: int, until_ms: int, tries: int) -> None:
        """Keep the code for `claim`, in the place of any before it."""
        ...

    async def try_code(self, digest: str, *, void: bool) -> bool:
        """Say whether this is the code, which may be void then; a wrong try counts, and the last one voids it."""
        ...

    async def claim(self, act: Act) -> bool:
        """Make the actor the owner, and every code void; return False where somebody was before."""
        ...

    async def acted(self, act: Act) -> None:
        """Note an act that changes nothing that is kept."""
        ...

    async def refused(self, act: Act, outcome: Outcome) -> None:
        """Note an act that was refused."""
        ...

    async def usage(self, community: str, member: str, start_ms: int, end_ms: int, most: int) -> Usage:
        """Return what was charged in [start, end), with so many of the members; `member` "" is everybody.

        All its sums are of one moment.
        """
        ...

    def entries(
        self, community: str, member: str, start_ms: int, end_ms: int, most: int
    ) -> AsyncIterator[Sequence[ReportedEntry]]:
        """Yield charges, grants and revocations in [start, end), oldest first, some at a time, all of one moment.

        `member` "" is everybody.
        """
        ...

    async def audit(self, community: str, most: int) -> list[AuditEntry]:
        """Return the newest acts."""
        ...

    async def quotas(self, community: str, most: int) -> Sequence[tuple[QuotaSource, str, str, Quota]]:
        """Return kind, subject, the member's name if it is known, and the quota of each that an admin set."""
        ...

    async def communities(self, month_ms: int, most: int) -> list[Community]:
        """Return the communities, those that wait first, then those that spent most in a month."""
        ...

"""What admins may do in their own community. Every act, applied or refused, is in the audit."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from core.domain.allowed import Rule, allowed
from core.domain.amounts import (
    AMOUNT,
    check_reason,
    parse_amount,
    read_period,
    read_quota,
    split_credit,
    with_reason,
)
from core.domain.audit import Act, Action, AuditEntry, CommandName
from core.domain.ids import Ids
from core.domain.limits import read_limit
from core.domain.people import Caller, Person
from core.domain.policy import Policy
from core.domain.products import Catalog
from core.domain.pronunciation import MOST_ENTRIES, Pronunciation, folded, no_room
from core.domain.quota import LimitName, Limits, Quota, QuotaSource, Standing, window
from core.domain.refusals import InvalidInput, Missing, NotFound
from core.domain.reports import CreditRequest, ReportedEntry, Usage
from core.domain.spans import FOR_GOOD, read_span_ms
from core.engine.acts import by_admin, require_admin
from core.engine.default_voices import DefaultVoices
from core.engine.pronunciations import Pronunciations
from core.engine.reasons import Reasons, most_of, reasons
from core.ports import Clock
from core.stores.admin_store import AdminStore

LONGEST_REASON = 200
MOST_ROWS = 20_000
MOST_ACTS = 1000
MOST_QUOTAS = 50
MOST_SPENDERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose quota is meant: a member's, a role's, or the community's default."""

    kind: QuotaSource
    key: str = ""
    name: str = ""

    @classmethod
    def of(cls, person: Person | None) -> "Subject":
        """Return a member as subject, or everybody without a quota of their own."""
        return (
            cls(kind=QuotaSource.MEMBER, key=person.member, name=person.name)
            if person
            else cls(kind=QuotaSource.COMMUNITY)
        )


class Admin:
    """Acts of admins upon their own community. Every method raises Refusal."""

    def __init__(
        self,
        store: AdminStore,
        catalog: Catalog,
        policy: Policy,
        clock: Clock,
        ids: Ids,
        *,
        voices: DefaultVoices,
        pronunciations: Pronunciations,
    ) -> None:
        self._store = store
        self._voices = voices
        self._pronunciations = pronunciations
        self._catalog = catalog
        self._policy = policy
        self._clock = clock
        self._ids = ids

    async def enter(self, caller: Caller, command: str) -> None:
        """Refuse a caller who may not use this admin's command at all, before anything else is said."""
        async with self._act(caller, CommandName(command)):
            pass

    async def find(self, caller: Caller, handle: str, command: str) -> Person:
        """Return the member behind an @name that was seen here, for a command about them. Raises NotFound."""
        async with self._act(caller, CommandName(command), f"@{handle}"):
            person = await self._store.find_handle(caller.community, handle)
            if person is None:
                raise NotFound(Missing.MEMBER, f"@{handle}")
        return person

    async def is_seen(self, caller: Caller, handle: str) -> bool:
        """Say whether somebody with that @name was seen here."""
        require_admin(caller)
        return await self._store.find_handle(caller.community, handle) is not None

    async def known(self, caller: Caller, person: Person) -> Person | None:
        """Return a member as they were last seen here, None where they never were."""
        require_admin(caller)
        return await self._store.find_member(caller.community, person.member)

    # --- quotas ---------------------------------------------------------------------------------------------------

    async def set_quota(self, caller: Caller, subject: Subject, amount: str, period: str = "") -> Quota:
        """Set a quota; the period may be a part of the amount, as in `$1/day`."""
        async with self._act(caller, Action.QUOTA_SET, subject.key) as act:
            quota = read_quota(f"{amount} {period}", self._policy.price_micros)
            await self._store.set_quota(act, subject.kind, quota)
        return quota

    async def clear_quota(self, caller: Caller, subject: Subject) -> bool:
        """Take a quota away; return whether there was one."""
        async with self._act(caller, Action.QUOTA_CLEAR, subject.key) as act:
            return await self._store.set_quota(act, subject.kind, None)

    async def show_quota(self, caller: Caller, person: Person, roles: Sequence[str] = ()) -> Standing:
        """Return what a member may spend now, and by whose quota."""
        require_admin(caller)
        quota = self._policy.quota(direct=caller.direct)
        return await self._store.standing(caller.community, person.member, quota, roles)

    async def pools_left(self, caller: Caller) -> tuple[int | None, int | None]:
        """Return what the community's pool, and that of all communities, have left this month; None is unlimited."""
        require_admin(caller)
        standing = await self._store.standing(caller.community, "", self._policy.quota(direct=False))
        return standing.pool_left_micros, standing.total_left_micros

    async def why(self, caller: Caller, person: Person) -> Reasons:
        """Say what keeps a member from ordering where the caller is, or how much they can order."""
        require_admin(caller)
        return await reasons(
            self._store, self._catalog, self._policy,
            community=caller.community, member=person.member, roles=person.roles, channel=caller.channel,
        )  # fmt: skip

    async def quotas(self, caller: Caller) -> Sequence[tuple[QuotaSource, str, str, Quota]]:
        """Return kind, subject, the member's name if it is known, and the quota of each that an admin set."""
        require_admin(caller)
        return await self._store.quotas(caller.community, MOST_QUOTAS)

    # --- credit ---------------------------------------------------------------------------------------------------

    async def grant(self, caller: Caller, person: Person, amount: str, reason: str = "") -> int:
        """Give credit that does not expire; return the balance, in micros."""
        async with self._act(caller, Action.GRANT, person.member) as act:
            return await self._store.credit(act, person, *self._sum(amount, reason))

    async def revoke(self, caller: Caller, person: Person, amount: str, reason: str = "") -> int:
        """Take credit back, never below zero; return the balance, in micros. Raises NotEnough."""
        async with self._act(caller, Action.REVOKE, person.member) as act:
            micros, reason = self._sum(amount, reason)
            return await self._store.credit(act, person, -micros, reason)

    async def decide(self, caller: Caller, credit_request_id: str, *, approve: bool) -> CreditRequest:
        """Grant what a member asked for, or decline; once. Raises NotFound, Decided."""
        async with self._act(caller, Action.APPROVE if approve else Action.DECLINE, credit_request_id) as act:
            return await self._store.decide(act, credit_request_id, approve=approve)

    # --- members and limits ---------------------------------------------------------------------------------------

    async def block(self, caller: Caller, person: Person, span: str = "") -> int | None:
        """Refuse a member's orders for a span such as `2 h` or `3 days`, or for good; return until when, in ms."""
        async with self._act(caller, Action.BLOCK, person.member) as act:
            is_for_good = span.strip().lower() in FOR_GOOD
            until_ms = None if is_for_good else self._clock.now_ms() + read_span_ms(span)
            await self._store.block(act, person, until_ms)
        return until_ms

    async def unblock(self, caller: Caller, person: Person) -> bool:
        """Take a member's orders again; return whether they were refused."""
        async with self._act(caller, Action.UNBLOCK, person.member) as act:
            return await self._store.unblock(act, person)

    async def limits(self, caller: Caller) -> Limits:
        """Return the community's limits."""
        require_admin(caller)
        return await self._limits(caller)

    async def set_limit(self, caller: Caller, name: LimitName, value: str) -> Limits:
        """Set one of the community's limits; `none` takes it away."""
        async with self._act(caller, Action(f"limits {name}")) as act:
            read = read_limit(name, value, self._catalog, self._policy.price_micros, self._longest())
            await self._store.set_limit(act, name, read)
        self._voices.forget()
        return await self._limits(caller)

    async def _limits(self, caller: Caller) -> Limits:
        """Return the limits that hold: whoever runs the bot may have set a lower one since."""
        found = await self._store.limits(caller.community)
        longest = found.longest_text and min(found.longest_text, self._longest())
        return replace(found, longest_text=longest)

    def _longest(self) -> int:
        return max(most_of(product, self._policy) for product in self._catalog.products.values())

    async def pronounce(self, caller: Caller, entry: Pronunciation) -> None:
        """Have a word said so for everybody here. Raises InvalidInput where there is no room."""
        async with self._act(caller, Action.PRONOUNCE) as act:
            if not await self._store.set_pronunciation(act, entry, MOST_ENTRIES):
                raise no_room(entry)
        self._pronunciations.forget()

    async def unpronounce(self, caller: Caller, written: str) -> bool:
        """Have a word said as it is written; return whether it was said otherwise."""
        async with self._act(caller, Action.PRONOUNCE) as act:
            was = await self._store.clear_pronunciation(act, folded(written))
        self._pronunciations.forget()
        return was

    # --- reports --------------------------------------------------------------------------------------------------

    async def usage(self, caller: Caller, period: str = "month", person: Person | None = None) -> Usage:
        """Return what was charged in the current day, week or month, by day and product, and whom most."""
        require_admin(caller)
        start_ms, end_ms = window(read_period(period), self._clock.now_ms())
        member = person.member if person else ""
        return await self._store.usage(caller.community, member, start_ms, end_ms, MOST_SPENDERS)

    async def entries(
        self, caller: Caller, period: str = "month", person: Person | None = None
    ) -> AsyncIterator[Sequence[ReportedEntry]]:
        """Return the charges, grants and revocations of the current day, week or month, oldest first, some at a time.

        There are no more than MOST_ROWS.
        """
        require_admin(caller)
        start_ms, end_ms = window(read_period(period), self._clock.now_ms())
        member = person.member if person else ""
        return self._store.entries(caller.community, member, start_ms, end_ms, MOST_ROWS)

    async def audit(self, caller: Caller, most: int = MOST_ACTS) -> Sequence[AuditEntry]:
        """Return the community's newest acts."""
        require_admin(caller)
        return await self._store.audit(caller.community, most)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _act(self, caller: Caller, name: Action | CommandName, target: str = "") -> AbstractAsyncContextManager[Act]:
        return by_admin(self._store, self._ids, caller, name, target)

    def _amount(self, text: str) -> int | None:
        return parse_amount(text, self._policy.price_micros)

    def _sum(self, amount: str, reason: str) -> tuple[int, str]:
        """Return the amount in micros and the reason, which may also follow the amount in the same text."""
        amount, more = split_credit(amount, self._policy.price_micros)
        check_reason(amount, reason, self._policy.price_micros)
        micros = self._amount(amount)
        reason = " ".join(filter(None, (more, reason)))
        if not micros:
            raise InvalidInput("amount", amount, allowed(Rule.POSITIVE), with_reason(AMOUNT, reason))
        if len(reason) > LONGEST_REASON or not reason.isprintable():
            rule = allowed(Rule.REASON, most=LONGEST_REASON)
            raise InvalidInput("reason", f"{reason[:20]}…", rule, f"{amount} REASON")
        return micros, reason

"""Members in SQL: what they may spend, how they are called and what they were offered."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from core.domain.orders import Order
from core.domain.people import Caller, Person
from core.domain.policy import OFFER_MS
from core.domain.pronunciation import Pronunciation
from core.domain.quota import DAY_MS, Period, Quota, QuotaSource, Standing, day_of, window
from core.domain.refusals import Missing, Need, NotFound, NotPermitted
from core.domain.reports import Entry
from core.domain.warnings import Budget, BudgetWarning
from core.ports import Clock
from storage import communities_sql, members_sql, money_sql, pronunciations_sql
from storage.driver import Driver, Row, Statement
from storage.placed import order_of, placed_text
from storage.rows import entry_of, joined, limits_of, whose

OFFERS_KEPT_MS = 2 * DAY_MS
"""How long offers that have expired are in the table still: they may only seem to, while the clock is wrong."""


class SqlMembers:
    """The part of `core.stores.store.Store` about members."""

    _driver: Driver
    _clock: Clock
    default_pool_micros: int | None
    _total_pool_micros: int | None
    _known: dict[tuple[str, str], Mapping[str, int]]
    """Ids of communities and accounts, by the keys of community and member."""

    async def standing(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str] = ()) -> Standing:
        args = self._spending(community, member, operator_quota, roles)
        if ids := self._known.get((community, member)):
            (rows,) = await self._driver.run([Statement(money_sql.STANDING_BY_IDS, {**args, **ids})])
            if rows[0]["community_id"] is not None and rows[0]["account_id"] is not None:
                return standing_of(rows[0])
        (rows,) = await self._driver.run([Statement(money_sql.STANDING, args)])
        return standing_of(rows[0])

    async def total_left(self) -> int | None:
        """Return what is left of the total pool this month; None is unlimited."""
        if self._total_pool_micros is None:
            return None
        month_ms, _ = window(Period.MONTH, self._clock.now_ms())
        (rows,) = await self._driver.run([Statement(money_sql.TOTAL, {"month_ms": month_ms})])
        return self._total_pool_micros - (int(rows[0]["used_micros"]) if rows else 0)

    async def default_voices(self, community: str, member: str) -> tuple[str, str]:
        args = {"community": community, "member": member}
        (rows,) = await self._driver.run([Statement(members_sql.DEFAULT_VOICES, args)])
        return rows[0]["own"], rows[0]["shared"]

    async def choose_voice(self, member: str, voice: str) -> None:
        text = members_sql.CHOOSE_VOICE if voice else members_sql.FORGET_VOICE
        await self._driver.run([Statement(text, {"member": member, "voice": voice})])

    async def favourite_voices(self, member: str) -> frozenset[str]:
        (rows,) = await self._driver.run([Statement(members_sql.FAVOURITES, {"member": member})])
        return frozenset(row["voice"] for row in rows)

    async def mark_voice(self, member: str, voice: str, *, liked: bool) -> None:
        text = members_sql.LIKE if liked else members_sql.UNLIKE
        await self._driver.run([Statement(text, {"member": member, "voice": voice})])

    async def offer(self, offer_id: str, order: Order, cost_micros: int, expires_ms: int) -> str:
        caller = order.caller
        args: dict[str, Any] = {
            "offer_id": offer_id,
            "event_id": order.event_id,
            "placed": placed_text(order),
            "cost_micros": cost_micros,
            "expires_ms": expires_ms,
        }
        args |= {"community": caller.community, "member": caller.member}
        args["forgotten_ms"] = self._clock.now_ms() - OFFERS_KEPT_MS
        texts = (communities_sql.KNOW, members_sql.FORGET_OFFERS, members_sql.OFFER)
        *_, rows = await self._driver.run([Statement(text, args) for text in texts], beside=whose(caller.community))
        return str(rows[0]["offer_id"])

    async def read_offer(self, caller: Caller, offer_id: str) -> tuple[Order, int]:
        args = {"offer_id": offer_id, "community": caller.community}
        (rows,) = await self._driver.run([Statement(members_sql.READ_OFFER, args)])
        if not rows or self._clock.since_ms(rows[0]["expires_ms"] - OFFER_MS) >= OFFER_MS:
            raise NotFound(Missing.OFFER, offer_id)
        if rows[0]["member"] != caller.member:
            raise NotPermitted(Need.OWNER)
        return order_of(rows[0]["placed"], caller), int(rows[0]["cost_micros"])

    async def drop_offer(self, offer_id: str) -> None:
        await self._driver.run([Statement(members_sql.DROP_OFFER, {"offer_id": offer_id})])

    async def entries(self, community: str, member: str, most: int) -> list[Entry]:
        args = {"community": community, "member": member, "most": most}
        (rows,) = await self._driver.run([Statement(members_sql.ENTRIES, args)])
        return [entry_of(row) for row in rows]

    async def claim_warning(self, community: str, member: str, warning: BudgetWarning) -> bool:
        args = _warned(community, member, warning)
        (rows,) = await self._driver.run([Statement(members_sql.CLAIM_WARNING, args)])
        return bool(rows)

    async def drop_warning(self, community: str, member: str, warning: BudgetWarning) -> None:
        await self._driver.run([Statement(members_sql.DROP_WARNING, _warned(community, member, warning))])

    async def pronunciation_owners(self) -> frozenset[str]:
        (rows,) = await self._driver.run([Statement(pronunciations_sql.OWNERS)])
        return frozenset(row["owner"] for row in rows)

    async def pronunciations(self, community: str, member: str) -> list[Pronunciation]:
        args = {"community": community, "member": member}
        (rows,) = await self._driver.run([Statement(pronunciations_sql.ALL, args)])
        return [Pronunciation(row["written"], row["spoken"], bool(row["mine"])) for row in rows]

    async def pronounce(self, caller: Caller, entry: Pronunciation, most: int) -> bool:
        args = {"member": caller.member, "folded": entry.folded, "written": entry.written, "spoken": entry.spoken}
        alone = (f"pronunciations of {caller.member}",)
        (rows,) = await self._driver.run([Statement(pronunciations_sql.SET_MINE, {**args, "most": most})], alone=alone)
        return bool(rows)

    async def unpronounce(self, caller: Caller, folded: str) -> bool:
        args = {"member": caller.member, "folded": folded}
        (rows,) = await self._driver.run([Statement(pronunciations_sql.CLEAR_MINE, args)])
        return bool(rows)

    async def remember(self, community: str, person: Person, handle: str | None) -> None:
        args: dict[str, Any] = {"community": community, "member": person.member, "name": person.name}
        args |= {"handle": folded(handle), "now_ms": self._clock.now_ms()}
        statements = [Statement(text, args) for text in (communities_sql.KNOW, members_sql.REMEMBER)]
        await self._driver.run(statements, beside=whose(community, person.member))

    async def find_handle(self, community: str, handle: str) -> Person | None:
        """Return the member that last used this @name (any case) here, or None."""
        args = {"community": community, "handle": folded(handle)}
        (rows,) = await self._driver.run([Statement(members_sql.FIND_HANDLE, args)])
        return Person(member=rows[0]["member"], name=rows[0]["name"]) if rows else None

    def _spending(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str]) -> dict[str, Any]:
        now_ms = self._clock.now_ms()
        args: dict[str, Any] = {"community": community, "member": member, "now_ms": now_ms, **_windows(day_of(now_ms))}
        args["roles"] = joined(roles)
        args["default_pool"] = self.default_pool_micros
        args["total_pool"] = self._total_pool_micros
        args["operator_limit"] = operator_quota.limit_micros
        args["operator_period"] = operator_quota.period.value
        return args


@lru_cache(maxsize=2)
def _windows(day_ms: int) -> Mapping[str, int]:
    """Return where each period of a day begins and ends."""
    bounds = {period: window(period, day_ms) for period in Period}
    return {
        f"{period}_{end}": ms for period, both in bounds.items() for end, ms in zip(("start", "end"), both, strict=True)
    }


def _warned(community: str, member: str, warning: BudgetWarning) -> Mapping[str, Any]:
    """Return the values of a warning; what all of a community share is no member's."""
    shared = int(warning.budget is Budget.POOL)
    args = {"community": community, "member": member, "shared": shared}
    return {**args, "ends_ms": warning.ends_ms, "percent": warning.percent}


def folded(handle: str | None) -> str | None:
    """Write an @name as it is looked for, in any case."""
    return handle.removeprefix("@").casefold() if handle else None


def standing_of(row: Row) -> Standing:
    """Read what a member may spend from a row that has its columns."""
    return Standing(
        quota=Quota(limit_micros=row["limit_micros"], period=Period(row["period"])),
        source=QuotaSource(row["source"]),
        used_micros=row["used_micros"],
        balance_micros=row["balance_micros"],
        held_micros=row["held_micros"],
        resets_ms=row["resets_ms"],
        pool_micros=row["pool_micros"],
        pool_left_micros=row["pool_left_micros"],
        pool_resets_ms=row["pool_resets_ms"],
        total_left_micros=row["total_left_micros"],
        subject=row["subject"],
        blocked=bool(row["blocked"]),
        blocked_until_ms=row["blocked_until_ms"],
        last_order_ms=row["last_order_ms"],
        limits=limits_of(row),
    )

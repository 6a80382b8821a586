"""Credit requests in SQL, and the orders that wait for them."""

from typing import Any

from core.domain.kept_orders import KEPT_ORDER_MS, MOST_KEPT, Call, KeptOrder
from core.domain.orders import Order
from core.domain.people import Caller
from core.domain.quota import DAY_MS
from core.domain.refusals import Missing, Need, NotFound, NotPermitted
from core.domain.reports import CreditRequest
from core.ports import Clock
from storage import accounts_sql, communities_sql
from storage import credit_requests_sql as sql
from storage.driver import Driver, Row, Statement
from storage.placed import order_of, placed_text
from storage.rows import whose

ASK_PAUSE_MS = 3_600_000
"""Between a decision on a member's wish and their next wish."""
ASK_FORGET_MS = DAY_MS
"""After which a wish that nobody decided on is no obstacle to another."""


class SqlCreditRequests:
    """Implements `core.stores.credit_requests.CreditRequestStore`."""

    _driver: Driver
    _clock: Clock

    async def ask(
        self, credit_request_id: str, caller: Caller, amount_micros: int, order_id: str = "", *, goes: bool = False
    ) -> CreditRequest | None:
        args: dict[str, Any] = {"credit_request_id": credit_request_id, "amount_micros": amount_micros}
        args |= {"community": caller.community, "member": caller.member, "name": caller.name}
        now_ms = self._clock.now_ms()
        args |= {"now_ms": now_ms, "paused_ms": now_ms - ASK_PAUSE_MS, "forgotten_ms": now_ms - ASK_FORGET_MS}
        args |= {"order_id": order_id, "goes": int(goes)}
        alone = whose(caller.community, caller.member)
        texts = (communities_sql.KNOW, *accounts_sql.OPEN, sql.FORGET_WISHES, sql.ASK, sql.KEEP_WITH)
        *_, asked, kept = await self._driver.run([Statement(text, args) for text in texts], alone=alone)
        if not asked:
            return None
        return CreditRequest(
            credit_request_id=credit_request_id,
            member=caller.member,
            name=caller.name,
            amount_micros=amount_micros,
            kept=bool(kept),
        )

    async def withdraw(self, credit_request_id: str, caller: Caller) -> None:
        args = {"credit_request_id": credit_request_id, "community": caller.community, "member": caller.member}
        await self._driver.run([Statement(text, args) for text in (sql.KEEP_WITHOUT, sql.WITHDRAW)])

    async def open_requests(self, community: str, most: int) -> list[CreditRequest]:
        (rows,) = await self._driver.run([Statement(sql.OPEN_REQUESTS, {"community": community, "most": most})])
        return [CreditRequest(**dict(zip(row.keys(), row, strict=True))) for row in reversed(rows)]

    async def claim_call(self, community: str, about: Call, pause_ms: int) -> bool:
        now_ms = self._clock.now_ms()
        args = {"community": community, "about": about.value, "now_ms": now_ms, "before_ms": now_ms - pause_ms}
        (rows,) = await self._driver.run([Statement(sql.CLAIM_CALL, args)])
        return bool(rows)

    async def drop_call(self, community: str, about: Call) -> None:
        await self._driver.run([Statement(sql.DROP_CALL, {"community": community, "about": about.value})])

    async def keep_order(self, order_id: str, order: Order, cost_micros: int) -> str:
        caller, now_ms = order.caller, self._clock.now_ms()
        args: dict[str, Any] = {"order_id": order_id, "event_id": order.event_id, "placed": placed_text(order)}
        args |= {"community": caller.community, "member": caller.member, "locale": caller.locale}
        args |= {"cost_micros": cost_micros, "now_ms": now_ms, "forgotten_ms": now_ms - KEPT_ORDER_MS}
        args |= {"most": MOST_KEPT}
        texts = (communities_sql.KNOW, sql.FORGET_KEPT, sql.KEEP_ORDER, sql.LEAVE_FEW)
        statements = [Statement(text, args) for text in texts]
        *_, rows, _few = await self._driver.run(statements, beside=whose(caller.community))
        return str(rows[0]["order_id"])

    async def kept_order(self, caller: Caller, order_id: str) -> KeptOrder:
        args = {"order_id": order_id, "community": caller.community}
        (rows,) = await self._driver.run([Statement(sql.KEPT_ORDER, args)])
        if not rows or not self._is_kept(rows[0]):
            raise NotFound(Missing.KEPT, order_id)
        if rows[0]["member"] != caller.member:
            raise NotPermitted(Need.OWNER)
        return _kept_of(rows[0], caller)

    async def kept_with(self, credit_request_id: str, community: str) -> KeptOrder | None:
        args = {"credit_request_id": credit_request_id, "community": community}
        (rows,) = await self._driver.run([Statement(sql.KEPT_WITH, args)])
        if not rows or not self._is_kept(rows[0]):
            return None
        member, platform = rows[0]["member"], community.partition(":")[0]
        who = Caller(platform=platform, community=community, member=member, name="", locale=rows[0]["locale"])
        return _kept_of(rows[0], who)

    async def placed_for(self, member: str, placed_id: str) -> str | None:
        (rows,) = await self._driver.run([Statement(sql.PLACED_FOR, {"placed_id": placed_id, "member": member})])
        return str(rows[0]["community"]) if rows else None

    def _is_kept(self, row: Row) -> bool:
        return self._clock.since_ms(row["kept_ms"]) < KEPT_ORDER_MS

    async def drop_kept(self, order_id: str) -> None:
        await self._driver.run([Statement(sql.DROP_KEPT, {"order_id": order_id})])

    async def forget_kept(self) -> None:
        args = {"forgotten_ms": self._clock.now_ms() - KEPT_ORDER_MS}
        await self._driver.run([Statement(sql.FORGET_KEPT, args)])


def _kept_of(row: Row, caller: Caller) -> KeptOrder:
    return KeptOrder(
        order_id=row["order_id"],
        order=order_of(row["placed"], caller),
        cost_micros=row["cost_micros"],
        goes=bool(row["goes"]),
    )

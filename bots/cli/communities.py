"""`troubadour communities`: who waits for approval, and the operator's decision, without a chat."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

from bots.commands.approval import carry_out
from bots.text.community_replies import communities
from core.domain.audit import Act, Action
from core.domain.communities import Approval
from core.domain.errors import ConfigurationError, StoreBusy
from core.domain.ids import Ids
from core.domain.products import Catalog, catalog
from core.domain.quota import Period, window
from core.domain.refusals import NotFound
from core.ports import Clock, Presence
from core.stores.admin_store import AdminStore

MOST = 1000
BUSY = (
    "The service is running, and a file of SQLite has one user at a time: write /communities to the bot as one of "
    "OWNERS, or stop the service first."
)


async def decide(
    opening: AbstractAsyncContextManager[AdminStore],
    clock: Clock,
    action: str,
    key: str,
    *,
    presences: Mapping[str, Presence] = MappingProxyType({}),
    table: Catalog | None = None,
) -> str:
    """List communities, or approve or decline one; return what to print. Raises ConfigurationError, StoreError."""
    approve = action == "approve"
    try:
        async with opening as admin:
            if action == "list":
                month_ms, _ = window(Period.MONTH, clock.now_ms())
                return communities(await admin.communities(month_ms, MOST))
            who = {"actor": "terminal", "actor_name": "terminal"}
            act = Act(audit_id=Ids().job(), community="", name=Action.COMMUNITIES, target=key, **who)
            state = Approval.APPROVED if approve else Approval.DECLINED
            is_news = await admin.decide_community(act, key, state)
            locale = await admin.community_locale(key)
    except StoreBusy:
        raise ConfigurationError(BUSY) from None
    except NotFound:
        raise ConfigurationError(f"There is no community {key}: troubadour communities lists them.") from None
    return await carry_out(presences, table or catalog(), key, approve=approve, is_news=is_news, locale=locale)

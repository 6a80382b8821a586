"""`troubadour communities`: who waits for approval, and the operator's decision, without a chat."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

from bots.cli.nearest import Named, did_you_mean
from bots.commands.approval import carry_out
from bots.text.community_replies import communities
from core.domain.audit import Act, Action
from core.domain.communities import Approval
from core.domain.errors import ConfigurationError, StoreBusy
from core.domain.ids import Ids
from core.domain.products import Catalog, catalog
from core.domain.quota import Period, window
from core.domain.refusals import NotFound
from core.domain.shown import LONGEST_NAME, shown
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
            is_news = await _decided(admin, key, Approval.APPROVED if approve else Approval.DECLINED)
            locale = await admin.community_locale(key)
    except StoreBusy:
        raise ConfigurationError(BUSY) from None
    return await carry_out(presences, table or catalog(), key, approve=approve, is_news=is_news, locale=locale)


async def _decided(admin: AdminStore, key: str, state: Approval) -> bool:
    """Note a decision; return whether it is news. Raises ConfigurationError."""
    who = {"actor": "terminal", "actor_name": "terminal"}
    act = Act(audit_id=Ids().job(), community="", name=Action.COMMUNITIES, target=key, **who)
    try:
        return await admin.decide_community(act, key, state)
    except NotFound:
        raise ConfigurationError(await unknown(admin, key)) from None


async def unknown(admin: AdminStore, key: str) -> str:
    """Say that there is no community of this key, and which are almost called so."""
    known = [Named(each.community, (each.title,)) for each in await admin.communities(0, MOST)]
    meant = did_you_mean(key, known, "troubadour communities lists them.")
    return f"There is no community {shown(key, LONGEST_NAME)!r}: {meant}"

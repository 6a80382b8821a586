"""Those who administer a community are called to decide, but seldom."""

import logging

from core.domain.errors import StoreError
from core.domain.kept_orders import Call
from core.stores.store import Store

log = logging.getLogger(__name__)

CALL_MS = 3_600_000
"""Within this time a community's admins are called once at most for each reason."""


async def may_call(store: Store, community: str, about: Call) -> bool:
    """Say whether those who decide may be called; not where that can't be known."""
    try:
        return await store.claim_call(community, about, CALL_MS)
    except StoreError as error:
        log.warning("%s: when admins were called to %s can't be read: %s", community, about, error)
        return False

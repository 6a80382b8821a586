"""What admins and operators do, applied or refused, is in the audit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from core.domain.audit import Act, Action, CommandName
from core.domain.errors import Conflict
from core.domain.ids import Ids
from core.domain.people import Caller
from core.domain.refusals import DoneBefore, Need, NotPermitted, Refusal
from core.stores.admin_store import AdminStore

LONGEST_TARGET = 64


def require_admin(caller: Caller) -> None:
    """Refuse whoever does not administer a community here. Raises NotPermitted."""
    if caller.direct:  # which nobody administers: it would be their own quota
        raise NotPermitted(Need.GROUP)
    if not caller.is_admin:
        raise NotPermitted(Need.ADMIN)


@asynccontextmanager
async def noted(
    store: AdminStore, ids: Ids, caller: Caller, name: Action | CommandName, target: str = ""
) -> AsyncIterator[Act]:
    """Yield an act, which the store notes with its change, and note it where it ends in a refusal."""
    act = Act(
        audit_id=caller.event_id or ids.job(),
        community=caller.community,
        actor=caller.member,
        actor_name=caller.name,
        name=name,
        target=target[:LONGEST_TARGET],
    )
    try:
        yield act
    except Conflict:
        raise DoneBefore from None
    except Refusal as refusal:
        with suppress(Conflict):  # noted before
            await store.refused(act, refusal.outcome)
        raise


@asynccontextmanager
async def by_admin(
    store: AdminStore, ids: Ids, caller: Caller, name: Action | CommandName, target: str = ""
) -> AsyncIterator[Act]:
    """Do as `noted`, for an act that only admins may do."""
    async with noted(store, ids, caller, name, target) as act:
        require_admin(caller)
        yield act

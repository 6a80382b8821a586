"""`troubadour why`: what keeps a member from ordering in a community, without a chat and beside the running service."""

from contextlib import AbstractAsyncContextManager

from bots.app.settings import Settings
from bots.app.values import catalog_of, policy_of
from bots.text.why_replies import why
from core.domain.errors import ConfigurationError
from core.domain.refusals import NotFound
from core.engine.reasons import reasons
from core.stores.admin_store import AdminStore

ROLES = (
    "Only Discord knows which roles they have, and what the server's own settings of commands forbid: where roles have "
    "quotas, or a command is missing, ask /why there."
)


async def explain(
    opening: AbstractAsyncContextManager[AdminStore],
    settings: Settings,
    community: str,
    who: str,
    channel: str | None = None,
) -> str:
    """Return what to print; `who`: a member's key, or the @name they write under. Raises ConfigurationError."""
    async with opening as store:
        member, name = await _member(store, community, who)
        try:
            found = await reasons(
                store, catalog_of(settings), policy_of(settings),
                community=community, member=member, channel=channel, direct=community == member,
            )  # fmt: skip
        except NotFound:
            raise ConfigurationError(f"There is no community {community}: troubadour communities lists them.") from None
    roles = [ROLES] if community.startswith("discord:") else []
    live = f"What the bot may do there, troubadour check --community {community} says."
    return "\n".join([why(name, found, community), *roles, live])


async def _member(store: AdminStore, community: str, who: str) -> tuple[str, str]:
    """Return the key and the name of whoever is meant."""
    if ":" in who:
        known = await store.find_member(community, who)
        return who, known.name if known else who
    person = await store.find_handle(community, who)
    if person is None:
        how = f"write the @name that they write under, or their key, such as {community.partition(':')[0]}:5678"
        raise ConfigurationError(f"There is no member {who} in {community}: {how}.")
    return person.member, person.name

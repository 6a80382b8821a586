"""`troubadour why`: what keeps a member from ordering in a community, without a chat and beside the running service."""

import re
from contextlib import AbstractAsyncContextManager

from bots.app.settings import Settings
from bots.app.values import catalog_of, policy_of
from bots.cli.communities import unknown
from bots.cli.nearest import Named, did_you_mean
from bots.text import admin_replies
from bots.text.why_replies import why
from core.domain.errors import ConfigurationError
from core.domain.people import Person
from core.domain.refusals import Limit, NotFound
from core.domain.shown import LONGEST_NAME, shown
from core.engine.reasons import Reasons, reasons
from core.stores.admin_store import AdminStore

CHANNEL = re.compile(r"[a-z]+:\d{1,20}", re.ASCII)
"""The form of its key."""
MOST_SEEN = 5000
"""Members among whom one is looked for that may be meant."""
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
    if channel is not None and not CHANNEL.fullmatch(channel):
        raise ConfigurationError(f"--channel: {channel!r} is not such as {_platform(community)}:123.")
    async with opening as store:
        person = await _member(store, community, who)
        try:
            found = await reasons(
                store, catalog_of(settings), policy_of(settings),
                community=community, member=person.member if person else who, channel=channel, direct=community == who,
            )  # fmt: skip
        except NotFound:
            raise ConfigurationError(await unknown(store, community)) from None
        if person is None and not re.fullmatch(rf"{_platform(community)}:\d{{1,20}}", who, re.ASCII):
            raise ConfigurationError(await _unknown_member(store, community, who))
    said = [why(person.name if person else who, found, community), *_where(found)]
    said += [] if person else [admin_replies.unseen(who.rpartition(":")[2])]
    said += [ROLES] if community.startswith("discord:") else []
    return "\n".join([*said, f"What the bot may do there, troubadour check --community {community} says."])


def _where(found: Reasons) -> list[str]:
    """Say where orders are taken, if the channel is what stops them."""
    is_elsewhere = any(each.limit is Limit.CHANNEL for each in found.found)
    return [f"They are taken in {', '.join(found.standing.limits.channels or ())}."] if is_elsewhere else []


async def _member(store: AdminStore, community: str, who: str) -> Person | None:
    """Return whoever is meant, if they were seen there."""
    return await (store.find_member if ":" in who else store.find_handle)(community, who)


async def _unknown_member(store: AdminStore, community: str, who: str) -> str:
    """Say that nobody of that name was seen there, and whose name is almost that, or that it is no key."""
    such_as = f"such as {_platform(community)}:5678"
    if ":" in who:
        return f"{shown(who, LONGEST_NAME)!r} is no member's key there: write {such_as}, or an @name."
    seen = await store.seen(community, MOST_SEEN)
    known = [Named(person.member, (person.name, handle)) for person, handle in seen]
    how = f"write the @name that they write under, or their key, {such_as}."
    return f"Nobody called {shown(who, LONGEST_NAME)!r} was seen in {community}: {did_you_mean(who, known, how)}"


def _platform(community: str) -> str:
    return community.partition(":")[0]

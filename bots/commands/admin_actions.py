"""The actions behind the commands of admins and operators, the same on every platform."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from bots.commands import approval
from bots.commands.actions import voice_meant
from bots.commands.command import PNG, Answer, Asked, File
from bots.text import admin_replies as texts
from bots.text import audit_replies, community_replies, operator_replies, why_replies
from bots.text.locale import _
from bots.text.usage_table import UsageTable
from core.admin import MOST_ROWS, Subject
from core.domain.allowed import Rule, allowed
from core.domain.audit import AuditEntry
from core.domain.errors import StoreError
from core.domain.limits import HERE, NONE
from core.domain.people import Person
from core.domain.quota import LimitName
from core.domain.refusals import InvalidInput, MayNotPost, Refusal
from core.domain.reports import ReportedEntry, Usage, to_csv

log = logging.getLogger(__name__)

CLEAR = "clear"


async def quota_set(asked: Asked, member: Person, amount: str, period: str = "") -> Answer:
    """Set the quota of a member."""
    return await _set_quota(asked, Subject.of(member), amount, period)


async def quota_role(asked: Asked, role: Subject, amount: str, period: str = "") -> Answer:
    """Set the quota of a role."""
    return await _set_quota(asked, role, amount, period)


async def quota_default(asked: Asked, amount: str, period: str = "") -> Answer:
    """Set the community's default, or take it away."""
    if amount.strip().casefold() == CLEAR:
        return await quota_clear(asked)
    return await _set_quota(asked, Subject.of(None), amount, period)


async def _set_quota(asked: Asked, subject: Subject, amount: str, period: str) -> Answer:
    quota = await asked.service.admin.set_quota(asked.caller, subject, amount, period)
    return Answer(f"{texts.quota_set(subject, quota)}{await _beyond_pools(asked, quota.limit_micros)}")


async def _beyond_pools(asked: Asked, micros: int | None) -> str:
    """Say that a pool ends earlier what a member may spend, if one does."""
    try:
        pool_micros, total_micros = await asked.service.admin.pools_left(asked.caller)
    except StoreError as error:  # it is done, and credit would be given once more
        log.warning("what the pools have left can't be read: %s", error)
        return ""
    pool, total = _if_beyond(micros, pool_micros, texts.beyond), _if_beyond(micros, total_micros, texts.beyond_total)
    return pool if pool_micros is not None and (total_micros is None or pool_micros <= total_micros) else total


def _if_beyond(micros: int | None, left_micros: int | None, say: Callable[[int], str]) -> str:
    is_beyond = left_micros is not None and (micros is None or micros > left_micros)
    return f"\n{say(left_micros)}" if left_micros is not None and is_beyond else ""


async def quota_show(asked: Asked, member: Person | None = None) -> Answer:
    """Show what a member may spend, or every quota that was set."""
    admin = asked.service.admin
    if member is None:
        return Answer(texts.quotas(await admin.quotas(asked.caller), asked.role_names), private=True)
    return Answer(texts.quota_shown(member.name, await admin.show_quota(asked.caller, member, member.roles)))


async def why(asked: Asked, member: Person) -> Answer:
    """Say what keeps a member from ordering here: first what keeps everybody."""
    await asked.service.communities.approval(asked.caller)  # nobody may have been heard here before
    found = await asked.service.admin.why(asked.caller, member)
    trouble: Refusal | None = asked.service.unavailable()
    try:
        asked.require_audio()
    except MayNotPost as refused:
        trouble = refused
    forbidden = await asked.forbidden(member) if asked.forbidden else {}
    return Answer(why_replies.why(member.name, found, asked.caller.community, trouble, forbidden), private=True)


async def quota_clear(asked: Asked, member: Person | None = None, role: Subject | None = None) -> Answer:
    """Take a member's or a role's quota away, or the community's default."""
    if member and role:
        raise InvalidInput("role", role.name, _("given without a member"))
    subject = role or Subject.of(member)
    was_set = await asked.service.admin.clear_quota(asked.caller, subject)
    return Answer(texts.quota_cleared(subject) if was_set else texts.quota_not_set(subject))


async def grant(asked: Asked, member: Person, amount: str, reason: str = "") -> Answer:
    """Give credit."""
    left_micros = await asked.service.admin.grant(asked.caller, member, amount, reason)
    return Answer(f"{texts.credited(member.name, left_micros)}{await _beyond_pools(asked, left_micros)}")


async def revoke(asked: Asked, member: Person, amount: str, reason: str = "") -> Answer:
    """Take credit back."""
    left_micros = await asked.service.admin.revoke(asked.caller, member, amount, reason)
    return Answer(texts.credited(member.name, left_micros))


async def block(asked: Asked, member: Person, time: str = "") -> Answer:
    """Refuse a member's orders for a while, or for good."""
    return Answer(texts.blocked(member.name, await asked.service.admin.block(asked.caller, member, time)))


async def unblock(asked: Asked, member: Person) -> Answer:
    """Take a member's orders again."""
    was_blocked = await asked.service.admin.unblock(asked.caller, member)
    return Answer(texts.unblocked(member.name) if was_blocked else texts.not_blocked(member.name))


async def limits(asked: Asked, name: str = "", value: str = "") -> Answer | None:
    """Show the community's limits, or set the one that is named; `none` takes it away."""
    admin, caller = asked.service.admin, asked.caller
    if not name and not value:
        return Answer(texts.limits(await admin.limits(caller), asked.channel_name))
    if name not in texts.LIMITS:
        raise InvalidInput("limit", name, allowed(Rule.ONE_OF, choices=tuple(texts.LIMITS)))
    if not value:
        return None
    limit = texts.LIMITS[name]
    if limit is LimitName.CHANNELS:
        value = _channels(asked, value)
    elif limit is LimitName.VOICE and value.strip().casefold() != NONE:
        value = voice_meant(value, asked.service.catalog)
    found = await admin.set_limit(caller, limit, value)
    return Answer(texts.limits(found, asked.channel_name))


def _channels(asked: Asked, value: str) -> str:
    """Return the keys of the channels that were named; `here` means the current one."""
    if value.strip().casefold() == NONE:
        return value
    words = value.replace(",", " ").replace("><", "> <").split()
    is_here = {word for word in words if word.casefold() == HERE and asked.caller.channel}
    return " ".join(asked.caller.channel if word in is_here else asked.channel(word) for word in words)


async def usage(asked: Asked, period: str = "month", member: Person | None = None) -> Answer:
    """Show what was spent: totals in words, a chart, and each charge, grant and revocation in a file."""
    admin, caller = asked.service.admin, asked.caller
    found = await admin.usage(caller, period, member)
    table = await usage_table(await admin.entries(caller, period, member))
    files = [await usage_picture(found, period)] if found.members else []
    if table.entries:
        files.append(usage_csv(table))
    cut = f"\n{_(texts.CUT)}" if table.entries == MOST_ROWS else ""
    return Answer(f"{texts.usage(found, period, member.name if member else '')}{cut}", tuple(files), private=True)


async def usage_picture(found: Usage, period: str) -> File:
    """Draw what was spent."""
    return File("usage.png", PNG, await asyncio.to_thread(_picture, found, period))


async def usage_table(entries: AsyncIterator[Sequence[ReportedEntry]]) -> UsageTable:
    """Write what was spent, entry by entry, as they come."""
    table = UsageTable()
    async for some in entries:
        table.write(some)
    return table


def usage_csv(table: UsageTable) -> File:
    """Make a file of it."""
    return _csv("usage.csv", str(table))


def _csv(name: str, text: str) -> File:
    """Make a CSV file; it begins with the mark of UTF-8, without which Excel reads another encoding."""
    return File(name, "text/csv", text.encode("utf-8-sig"))


def _picture(usage: Usage, period: str) -> bytes:
    from bots.text.chart import usage_png  # noqa: PLC0415 - few ask for a picture, and its library is slow to import

    return usage_png(usage, period)


async def audit(asked: Asked) -> Answer:
    """Show who changed what, the newest first."""
    entries = await asked.service.admin.audit(asked.caller)
    files = (_csv("audit.csv", await asyncio.to_thread(to_csv, AuditEntry, entries)),) if entries else ()
    return Answer(audit_replies.audit(entries, asked.role_names, asked.channel_name), files, private=True)


async def pool(asked: Asked, amount: str, community: str = "") -> Answer:
    """Set what a whole community may spend in a month."""
    key = _community(asked, community)
    operators = asked.service.operators
    micros = await operators.set_pool(asked.caller, key, amount)
    beyond = _if_beyond(micros, await operators.total_left(key), operator_replies.beyond)
    return Answer(f"{operator_replies.pool(key, micros)}{beyond}")


def _community(asked: Asked, community: str) -> str:
    """Return the key that was given, or that of this community. Raises InvalidInput in a direct chat without one."""
    key = community.strip()
    if asked.caller.direct and not key:
        raise InvalidInput("community", "", _("the key of one, since this is a direct chat; /communities lists them"))
    if key and ":" not in key:
        raise InvalidInput("community", key, _("a key, such as telegram:-1001234567890; /communities lists them"))
    return key or asked.caller.community


async def communities(asked: Asked, decision: str = "", community: str = "") -> Answer:
    """List communities, or approve or decline one: the current one unless another is named."""
    service, caller = asked.service, asked.caller
    if not decision:
        return Answer(community_replies.communities(await service.operators.communities(caller)), private=True)
    key, approve = _community(asked, community), decision == "approve"
    said = await approval.decide(service, caller, key, approve=approve)
    return Answer(said, private=not approve and key == caller.community)


async def resume(asked: Asked) -> Answer:
    """Send orders to the gateway again without waiting, such as after a refill of its wallet."""
    return Answer(operator_replies.resumed(await asked.service.operators.resume(asked.caller)))

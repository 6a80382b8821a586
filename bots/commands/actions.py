"""What admins and operators do, in the same words on every platform: one function an act, which says what came of it.

A platform finds out who acts and whom they mean, and shows the answer; refusals are raised as ever.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bots.commands import approval
from bots.text import admin_replies as replies
from bots.text import audit_replies, community_replies
from bots.text.locale import _
from bots.text.replies import HELP
from bots.text.titles import begun
from core.admin import MOST_ROWS, Subject
from core.domain.models import Caller, Person
from core.domain.reports import AuditEntry, Entry, R, Usage, to_csv
from core.service import Service

_HERE = re.compile(r"(?<![^\s,])here(?![^\s,])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class File:
    """Something to attach to an answer."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot says, and what it attaches."""

    text: str
    files: tuple[File, ...] = ()
    private: bool = False
    """A report on members, which only whoever asked for it should read."""
    open: bool = False
    """About what everybody may do here, which is nothing where the community waits for approval."""


async def quota_set(service: Service, caller: Caller, subject: Subject, amount: str, period: str = "") -> Answer:
    """Set the quota of a member, of a role, or the community's default."""
    return Answer(replies.quota_set(subject, await service.admin.set_quota(caller, subject, amount, period)))


async def quota_show(
    service: Service,
    caller: Caller,
    member: Person | None = None,
    roles: Sequence[str] = (),
    role_names: Mapping[str, str] = MappingProxyType({}),
) -> Answer:
    """Show what a member may spend, or every quota that was set; `role_names` by the roles' keys."""
    if member is None:
        return Answer(replies.quotas(await service.admin.quotas(caller), role_names), private=True)
    return Answer(replies.quota_shown(member.name, await service.admin.show_quota(caller, member, roles)))


async def quota_clear(service: Service, caller: Caller, subject: Subject) -> Answer:
    """Take a quota away."""
    await service.admin.clear_quota(caller, subject)
    return Answer(replies.quota_cleared(subject))


async def grant(service: Service, caller: Caller, member: Person, amount: str, reason: str = "") -> Answer:
    """Give credit."""
    return Answer(replies.credited(member.name, await service.admin.grant(caller, member, amount, reason)))


async def revoke(service: Service, caller: Caller, member: Person, amount: str, reason: str = "") -> Answer:
    """Take credit back."""
    return Answer(replies.credited(member.name, await service.admin.revoke(caller, member, amount, reason)))


async def block(service: Service, caller: Caller, member: Person, span: str = "") -> Answer:
    """Refuse a member's orders for a while, or for good."""
    return Answer(replies.blocked(member.name, await service.admin.block(caller, member, span)))


async def unblock(service: Service, caller: Caller, member: Person) -> Answer:
    """Take a member's orders again."""
    await service.admin.unblock(caller, member)
    return Answer(replies.unblocked(member.name))


async def limits(service: Service, caller: Caller, name: str = "", value: str = "") -> Answer:
    """Show the community's limits, or set the one that is named; `none` takes it away.

    The channel `here` is the one in which the word is written.
    """
    if not name:
        return Answer(replies.limits(await service.admin.limits(caller)))
    if name == "channels" and caller.channel:
        value = _HERE.sub(caller.channel, value)
    return Answer(replies.limits(await service.admin.set_limit(caller, replies.LIMITS.get(name, name), value)))


async def usage(service: Service, caller: Caller, period: str = "month", member: Person | None = None) -> Answer:
    """Show what was spent: totals in words, a picture, and the ledger entries as a file."""
    found = await service.admin.usage(caller, period, member)
    entries = await service.admin.entries(caller, period, member)
    files = await _as_csv("ledger.csv", Entry, entries)
    if found.rows:
        title = begun(replies.now(period))
        files.append(File("usage.png", "image/png", await asyncio.to_thread(_picture, found, title)))
    cut = f"\n{_(replies.CUT)}" if len(entries) == MOST_ROWS else ""
    return Answer(f"{replies.usage(found, period, member.name if member else '')}{cut}", tuple(files), private=True)


async def _as_csv(name: str, kind: type[R], entries: Sequence[R]) -> list[File]:
    """Put entries into a file, if there are any; in a thread, since they may be many."""
    return [File(name, "text/csv", (await asyncio.to_thread(to_csv, kind, entries)).encode())] if entries else []


def _picture(usage: Usage, title: str) -> bytes:
    from bots.text.chart import usage_png  # noqa: PLC0415 - few ask for a picture, and its library is slow to import

    return usage_png(usage, title)


async def audit(service: Service, caller: Caller, role_names: Mapping[str, str] = MappingProxyType({})) -> Answer:
    """Show who changed what, the newest first; `role_names` by the roles' keys."""
    entries = await service.admin.audit(caller)
    files = await _as_csv("audit.csv", AuditEntry, entries)
    return Answer(audit_replies.audit(entries, role_names), tuple(files), private=True)


async def pool(service: Service, caller: Caller, community: str, amount: str) -> Answer:
    """Set what a whole community may spend in a month."""
    return Answer(replies.pool(community, await service.admin.set_pool(caller, community, amount)))


async def communities(service: Service, caller: Caller, decision: str = "", community: str = "") -> Answer:
    """List communities, or approve or decline one."""
    if decision:
        key, approve = community.strip() or caller.community, decision == "approve"
        here = not approve and key == caller.community
        return Answer(await approval.decide(service, caller, key, approve=approve), private=here)
    return Answer(community_replies.communities(await service.admin.communities(caller)), private=True)


async def resume(service: Service, caller: Caller) -> Answer:
    """Let orders go to the gateway at once, as after its wallet was refilled."""
    return Answer(replies.resumed(await service.resume(caller)))


async def show_help(service: Service, caller: Caller) -> str:
    """List the commands; those of operators to operators."""
    is_owner = caller.member in await service.admin.owners()
    return f"{_(HELP)}\n{_(replies.HELP_OWNERS)}" if is_owner else _(HELP)


async def claim(service: Service, caller: Caller, code: str, *, seen: bool = False) -> Answer:
    """Make whoever knows the code from the terminal the owner."""
    if not code.strip():
        return Answer(_(replies.CLAIM_USAGE))
    await service.admin.claim(caller, code, seen=seen)
    return Answer(_(replies.CLAIMED))


async def decide(service: Service, caller: Caller, request_id: str, *, approve: bool) -> Answer:
    """Grant or decline a member's wish for credit."""
    return Answer(replies.decided(await service.admin.decide(caller, request_id, approve=approve), approve=approve))

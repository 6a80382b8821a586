"""Acts of admins where a platform hands over nothing but words; the platform has found out who is meant."""

import re
from collections.abc import Awaitable, Callable, Sequence

from bots import acts, admin_replies, replies
from bots.acts import Answer
from bots.commands import amount_and_period
from core.admin import Subject
from core.models import Caller, Person
from core.service import Service

_CHARACTERS = re.compile(r"chars?|characters?", re.IGNORECASE)
Words = Sequence[str]
Act = Callable[[Service, Caller, Person | None, Words], Awaitable[Answer]]


async def answer(service: Service, caller: Caller, command: str, member: Person | None, words: Words) -> Answer:
    """Do what an admin typed; `words` are those after the command without the one that names the member."""
    return await ACTS[command](service, caller, member, words)


def _usage(command: str) -> Answer:
    return Answer(f"Write {admin_replies.USAGE[command]}")


async def _quota(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer:
    verb, rest = (words[0].lower(), words[1:]) if words else ("", words)
    if verb == "role":
        return Answer(admin_replies.NO_ROLES)
    subject = None if verb == "default" else member
    if verb == "show":
        return await acts.quota_show(service, caller, subject)
    if subject is None and verb != "default":
        return Answer(replies.USAGE_QUOTA)
    match verb, tuple(word.lower() for word in rest):
        case ("clear", _) | ("default", ("clear",)):
            return await acts.quota_clear(service, caller, Subject.of(subject))
        case ("set", _) | ("default", (_, *_)):
            return await acts.quota_set(service, caller, Subject.of(subject), *amount_and_period(rest))
        case _:
            return Answer(replies.USAGE_QUOTA)


def _credit(name: str, act: Callable[[Service, Caller, Person, str, str], Awaitable[Answer]]) -> Act:
    async def run(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer:
        if member is None or not words:
            return _usage(name)
        length = 2 if len(words) > 1 and _CHARACTERS.fullmatch(words[1]) else 1
        return await act(service, caller, member, " ".join(words[:length]), " ".join(words[length:]))

    return run


async def _block(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer:
    return await acts.block(service, caller, member, " ".join(words)) if member else _usage("block")


async def _unblock(service: Service, caller: Caller, member: Person | None, _: Words) -> Answer:
    return await acts.unblock(service, caller, member) if member else _usage("unblock")


async def _limits(service: Service, caller: Caller, _: Person | None, words: Words) -> Answer:
    """Show or set limits; the channel `here` is the one in which the word is written."""
    if not words:
        return await acts.limits(service, caller)
    name, values = words[0].lower(), words[1:]
    if name not in admin_replies.LIMITS or not values:
        return _usage("limits")
    if name == "channels" and caller.channel:
        values = [caller.channel if word.lower() == "here" else word for word in values]
    return await acts.limits(service, caller, name, " ".join(values))


async def _report(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer:
    return await acts.usage(service, caller, words[0].lower() if words else "month", member)


async def _audit(service: Service, caller: Caller, _: Person | None, __: Words) -> Answer:
    return await acts.audit(service, caller)


async def _pool(service: Service, caller: Caller, _: Person | None, words: Words) -> Answer:
    community, amount = (words[0], words[1:]) if words and ":" in words[0] else (caller.community, words)
    return await acts.pool(service, caller, community, " ".join(amount)) if amount else _usage("pool")


async def _communities(service: Service, caller: Caller, _: Person | None, __: Words) -> Answer:
    return await acts.communities(service, caller)


ACTS: dict[str, Act] = {
    "quota": _quota,
    "grant": _credit("grant", acts.grant),
    "revoke": _credit("revoke", acts.revoke),
    "block": _block,
    "unblock": _unblock,
    "limits": _limits,
    "usage": _report,
    "audit": _audit,
    "pool": _pool,
    "communities": _communities,
}

"""Acts of admins where a platform hands over nothing but words; the platform has found out who is meant."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from bots.commands import actions as acts
from bots.commands.actions import Answer
from bots.commands.parse import PLACES, Named
from bots.text import admin_replies, replies
from bots.text.locale import _
from core.admin import Subject
from core.domain.amounts import FOR_GOOD, read_quota, read_span_ms, split_credit
from core.domain.errors import InvalidInput
from core.domain.models import Caller, Person
from core.service import Service

Words = tuple[str, ...]
Act = Callable[[Service, Caller, Person | None, Words], Awaitable[Answer | None]]
_VERBS = ("set", "show", "clear")
_NAME = re.compile(r"[^\W\d]\w{1,31}")
_UPON_MEMBERS = frozenset({"quota", "grant", "revoke", "block", "unblock"})
_NO_NAMES = FOR_GOOD | {"unlimited", "default", *_VERBS}
_EXAMPLES = {
    "amount": "0.50",
    "period": "day",
    "time": "2h",
    "cooldown_s": "60",
    "longest_text": "500",
    "in_flight": "5",
}


async def answer(service: Service, caller: Caller, command: str, member: Person | None, asked: Named) -> Answer:
    """Do what an admin typed; the platform has found the `member` that is named, or answered."""
    try:
        said = await ACTS[command](service, caller, member, asked.words)
    except InvalidInput as error:
        error.instead = _line(asked.line, str(error.value), error.instead or _EXAMPLES.get(error.parameter, ""))
        raise
    return said or Answer(_named_rightly(command, asked.words) or _usage(command))


def _line(typed: str, wrong: str, right: str) -> str:
    """Return the line to type: with what is right in the place of what is wrong, or added where nothing was given."""
    if not right or wrong not in typed:
        return right
    return typed.replace(wrong, right, 1) if wrong else f"{typed} {right}"


def _usage(command: str) -> str:
    return replies.usage_quota() if command == "quota" else admin_replies.usage_of(command)


def _named_rightly(command: str, words: Words) -> str:
    """Return the line that names its member as it must be, where the rest of it makes sense."""
    if command not in _UPON_MEMBERS:
        return ""
    place = PLACES.get(command, (0,))[0]
    for at in dict.fromkeys((*(i for i, word in enumerate(words) if word[0] == "@"), place, 0)):
        name = words[at].removeprefix("@") if at < len(words) else ""
        if not _NAME.fullmatch(name) or name.lower() in _NO_NAMES:
            continue
        others = words[:at] + words[at + 1 :]
        verb = _verb(others) if command == "quota" else ()
        others = others[len(verb) :] if others[: len(verb)] == verb else others
        if _makes_sense(command, verb, others):
            right = " ".join((f"/{command}", *verb, f"@{name}", *others))
            only = right.replace("@", "") == " ".join((f"/{command}", *words))
            return replies.write(right, only_at=only)
    return ""


def _verb(words: Words) -> Words:
    return words[:1] if words and words[0].lower() in _VERBS else ("set",)


def _makes_sense(command: str, verb: Words, words: Words) -> bool:
    with suppress(InvalidInput):
        match command, " ".join(verb).lower():
            case (("grant" | "revoke"), _):
                return bool(split_credit(" ".join(words), 1))
            case "quota", "set":
                return bool(read_quota(" ".join(words), 1))
            case "block", _:
                return " ".join(words).lower() in FOR_GOOD or bool(read_span_ms(" ".join(words)))
            case _:
                return not words
    return False


async def _quota(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer | None:
    verb, rest = (words[0].lower(), words[1:]) if words else ("", words)
    if verb == "role":
        return Answer(_(admin_replies.NO_ROLES))
    subject = None if verb == "default" else member
    if verb == "show":
        return await acts.quota_show(service, caller, subject)
    if subject is None and verb != "default":
        return None
    match verb, tuple(word.lower() for word in rest):
        case ("clear", _) | ("default", ("clear",)):
            return await acts.quota_clear(service, caller, Subject.of(subject))
        case ("set", _) | ("default", (_, *_)):
            return await acts.quota_set(service, caller, Subject.of(subject), " ".join(rest))
        case _:
            return None


def _credit(act: Callable[[Service, Caller, Person, str], Awaitable[Answer]]) -> Act:
    async def run(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer | None:
        return await act(service, caller, member, " ".join(words)) if member and words else None

    return run


async def _block(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer | None:
    return await acts.block(service, caller, member, " ".join(words)) if member else None


async def _unblock(service: Service, caller: Caller, member: Person | None, __: Words) -> Answer | None:
    return await acts.unblock(service, caller, member) if member else None


async def _limits(service: Service, caller: Caller, __: Person | None, words: Words) -> Answer | None:
    """Show or set limits."""
    if not words:
        return await acts.limits(service, caller)
    name, values = words[0].lower(), words[1:]
    if name not in admin_replies.LIMITS or not values:
        return None
    return await acts.limits(service, caller, name, " ".join(values))


async def _report(service: Service, caller: Caller, member: Person | None, words: Words) -> Answer:
    return await acts.usage(service, caller, " ".join(words) or "month", member)


async def _audit(service: Service, caller: Caller, _: Person | None, __: Words) -> Answer:
    return await acts.audit(service, caller)


async def _pool(service: Service, caller: Caller, _: Person | None, words: Words) -> Answer | None:
    community, amount = (words[0], words[1:]) if words and ":" in words[0] else (caller.community, words)
    return await acts.pool(service, caller, community, " ".join(amount)) if amount else None


async def _communities(service: Service, caller: Caller, _: Person | None, words: Words) -> Answer | None:
    decision = words[0].lower() if words else ""
    if len(words) > 2 or decision not in {"", "approve", "decline"} or (caller.direct and len(words) == 1):
        return None
    return await acts.communities(service, caller, decision, "".join(words[1:]))


async def _resume(service: Service, caller: Caller, _: Person | None, __: Words) -> Answer:
    return await acts.resume(service, caller)


ACTS: dict[str, Act] = {
    "quota": _quota,
    "grant": _credit(acts.grant),
    "revoke": _credit(acts.revoke),
    "block": _block,
    "unblock": _unblock,
    "limits": _limits,
    "usage": _report,
    "audit": _audit,
    "pool": _pool,
    "communities": _communities,
    "resume": _resume,
}

"""Commands where a platform hands over nothing but words; the platform has found out who is meant."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from bots.commands import approval, parse, table
from bots.commands.command import Answer, Argument, Asked, Command, Kind
from bots.commands.parse import Command as Typed
from bots.commands.parse import Named
from bots.text import admin_replies, replies
from bots.text.locale import _
from bots.text.wording import either
from core.domain.amounts import FOR_GOOD, read_quota, read_span_ms, split_credit
from core.domain.models import Person
from core.domain.refusals import InvalidInput

Words = tuple[str, ...]
Find = Callable[[], Awaitable[tuple[Named, Person | None]]]
_NAME = re.compile(r"[^\W\d]\w{1,31}")
_NO_NAMES = FOR_GOOD | {"unlimited", "default"}
_EXAMPLES = {
    "amount": "0.50",
    "period": "day",
    "time": "2h",
    "cooldown_s": "60",
    "longest_text": "500",
    "in_flight": "5",
}
_OPEN = frozenset({Kind.AMOUNT, Kind.PERIOD, Kind.DURATION, Kind.TEXT})
"""What may be several words."""


async def use(asked: Asked, typed: Typed, find: Find) -> Answer:
    """Do what somebody typed; `find` says whom it names, where it may name somebody. Raises Refusal."""
    found = table.rows(typed.name)

    async def act() -> Answer:
        await found[0].let_in(asked)
        named, member = await find() if any(command.member for command in found) else (parse.named(typed), None)
        return await answer(asked, typed.name, member, named)

    return await approval.heard(asked, found[0].who, act)


async def answer(asked: Asked, word: str, member: Person | None, named: Named) -> Answer:
    """Do what is meant by the words, or say how the command is used."""
    found = table.rows(word)
    command, rest = _leaf(found, named.words)
    if command is not None and command.needs_role:
        return Answer(_(admin_replies.NO_ROLES))
    given = None if command is None else _read(command, rest, member)
    try:
        said = None if command is None or given is None else await command.action(asked, **given)
    except InvalidInput as error:
        error.instead = _line(named.line, str(error.value), error.instead or _EXAMPLES.get(error.parameter, ""))
        raise
    return said or Answer(_named_rightly(found, named.words) or usage(found))


def _leaf(found: list[Command], words: Words) -> tuple[Command | None, Words]:
    """Return the command of a group that the first word names, and the words after it."""
    if " " not in found[0].name:
        return found[0], words
    verb = words[0].lower() if words else ""
    return next((command for command in found if command.name.split()[1] == verb), None), words[1:]


def _read(command: Command, words: Words, member: Person | None) -> Mapping[str, Any] | None:
    """Return the arguments that stand in the words, None where one is missing or one too many."""
    given: dict[str, Any] = {}
    for argument in command.arguments:
        value: Any = member
        if argument.kind is not Kind.MEMBER:
            value, words = _take(argument, words, is_last=argument is command.arguments[-1])
        if value:
            given[argument.name] = value
        elif argument.kind is Kind.AMOUNT and member:
            given[argument.name] = ""  # the core says what is missing, beside the name
        elif argument.is_needed or (words and argument.choices):
            return None
        if argument.kind is Kind.AMOUNT:
            break  # the core finds the period or the reason in it
    takes_words = any(argument.kind is not Kind.MEMBER for argument in command.arguments)
    return None if words and takes_words else given


def _take(argument: Argument, words: Words, *, is_last: bool) -> tuple[str, Words]:
    """Return what an argument takes from the beginning of the words, and the others."""
    first = words[0] if words else ""
    match argument.kind:
        case kind if kind in _OPEN:
            return " ".join(words), ()
        case Kind.CHOICE if first.lower() in argument.choices:
            return first.lower(), words[1:]
        case Kind.COMMUNITY if is_last or ":" in first:
            return first, words[1:]
        case __:
            return "", words


def usage(found: list[Command]) -> str:
    """Say how a command is used."""
    match found[0].group:
        case "quota":
            return replies.usage_quota()
        case "claim":
            return _(admin_replies.CLAIM_USAGE)
    return replies.write(either([c.usage for c in found if not c.needs_role]))


def _line(typed: str, wrong: str, right: str) -> str:
    """Return the line to type: with what is right in the place of what is wrong, or added where nothing was given."""
    if not right or wrong not in typed:
        return right
    return typed.replace(wrong, right, 1) if wrong else f"{typed} {right}"


def _named_rightly(found: list[Command], words: Words) -> str:
    """Return the line that names its member as it must be, where the rest of it makes sense."""
    at_places = (*(i for i, word in enumerate(words) if word[0] == "@"), table.places(found[0].group)[0], 0)
    verbs = {command.name.split()[-1] for command in found} if found[1:] else set()
    for at in dict.fromkeys(at_places):
        name = words[at].removeprefix("@") if at < len(words) else ""
        if not _NAME.fullmatch(name) or name.lower() in _NO_NAMES | verbs:
            continue
        command, rest = _leaf(found, words[:at] + words[at + 1 :])
        if command is None:
            command, rest = found[0], words[:at] + words[at + 1 :]
        if command.member and command.member.is_needed and _makes_sense(command, rest):
            right = " ".join((f"/{command.name}", f"@{name}", *rest))
            is_all = right.replace("@", "") == " ".join((f"/{command.group}", *words))
            return replies.write(right, only_at=is_all)
    return ""


def _makes_sense(command: Command, words: Words) -> bool:
    kinds, line = {argument.kind for argument in command.arguments}, " ".join(words)
    with suppress(InvalidInput):
        if Kind.AMOUNT in kinds:
            return bool(read_quota(line, 1) if Kind.PERIOD in kinds else split_credit(line, 1))
        if Kind.DURATION in kinds:
            return line.lower() in FOR_GOOD or bool(read_span_ms(line))
        return not words
    return False

"""Run commands that arrive as plain words. The platform resolves the member that they name."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import takewhile
from typing import Any

from bots.commands import approval, parse, table
from bots.commands.command import Answer, Argument, Asked, Command, Kind
from bots.commands.parse import Command as Typed
from bots.commands.parse import Named
from bots.text import admin_replies, operator_replies, replies
from bots.text.locale import _
from bots.text.wording import either
from core.domain.amounts import AMOUNT, read_monthly, read_period, read_quota, split_credit
from core.domain.people import Person
from core.domain.refusals import InvalidInput
from core.domain.spans import FOR_GOOD, read_span_ms

Words = tuple[str, ...]
Find = Callable[[], Awaitable[tuple[Named, Person | None]]]
_NAME = re.compile(r"[^\W\d]\w{1,31}")
_NUMBER = re.compile(r"\d{4,20}", re.ASCII)
"""Digits that may be a member's id."""
_NO_NAMES = FOR_GOOD | {"unlimited", "default", "last", "past", "next"}
_AND = frozenset({"and", "&", ","})
_OPEN = frozenset({Kind.AMOUNT, Kind.DURATION, Kind.TEXT, Kind.VOICE})
"""Kinds of arguments that take all remaining words."""


async def use(asked: Asked, typed: Typed, find: Find) -> Answer:
    """Run a typed command; `find` resolves the member that it may name. Raises Refusal."""
    found = table.rows(typed.name)

    async def act() -> Answer:
        await found[0].let_in(asked)
        named, member = await find() if any(command.member for command in found) else (parse.named(typed), None)
        return await answer(asked, typed.name, member, named)

    return await approval.act_with_notice(asked, found[0].who, act)


async def answer(asked: Asked, word: str, member: Person | None, named: Named) -> Answer:
    """Run the command that the words mean, or show its usage."""
    found = table.rows(word)
    command, rest = _leaf(found, named.words)
    if command is not None and command.needs_role:
        return Answer(_(admin_replies.NO_ROLES))
    if command is not None and command.member:
        _refuse_several(command, named, rest)
    elif command is not None and named.whom:  # /quota default @ann would be for everybody
        return Answer(replies.write(either(_for_one_or_all(found, command, named, rest))))
    given = None if command is None else _read(command, rest, member)
    said = None if command is None or given is None else await _act(asked, command, named, given)
    return said or Answer((not named.whom and await _how_to_name(asked, found, named.words)) or usage(found))


async def _act(asked: Asked, command: Command, named: Named, given: Mapping[str, Any]) -> Answer | None:
    """Run a command; warn if its member's number was never seen, and add the line to type to a refusal."""
    member, warning = given.get("member"), ""
    if member is not None and named.member_id == member.name:  # the platform knows only the number
        known = await asked.service.admin.known(asked.caller, member)
        given = {**given, "member": known or member}
        warning = "" if known else admin_replies.unseen(member.name)
    try:
        said = await command.act(asked, given)
    except InvalidInput as error:
        error.instead = _line(command, named.whom, given, error)
        raise
    return said.plus(f"\n{warning}") if said and warning else said


def _leaf(found: list[Command], words: Words) -> tuple[Command | None, Words]:
    """Return the command that the first word names in its group, and the words after it."""
    if " " not in found[0].name:
        return found[0], words
    verb = words[0].lower() if words else ""
    return next((command for command in found if command.name.split()[1] == verb), None), words[1:]


def _read(command: Command, words: Words, member: Person | None) -> Mapping[str, Any] | None:
    """Return the arguments in the words, or None if one is missing or there is one too many."""
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
    return None if words and not command.ignores_words else given


def _take(argument: Argument, words: Words, *, is_last: bool) -> tuple[str, Words]:
    """Return the words at the beginning that an argument takes, and the rest."""
    first = words[0] if words else ""
    match argument.kind:
        case kind if kind in _OPEN:
            return " ".join(words), ()
        case Kind.CHOICE if first.lower() in argument.choices:
            return first.lower(), words[1:]
        case Kind.COMMUNITY if is_last or any(":" in word for word in words) or _is_key(words):
            key = next((word for word in words if ":" in word), first)
            return key, tuple(word for word in words if word is not key)
        case Kind.PERIOD:
            length = next((n for n in (2, 1) if _reads(read_period, " ".join(words[:n]))), 0)
            return " ".join(words[:length]), words[length:]
        case __:
            return "", words


def usage(found: list[Command]) -> str:
    """Say how a command is used."""
    match found[0].group:
        case "quota":
            return replies.usage_quota()
        case "claim":
            return _(operator_replies.CLAIM_USAGE)
    return replies.write(either([c.usage for c in found if not c.needs_role]))


def _is_key(words: Words) -> bool:
    """Say whether an amount begins after the first word, so that the first is a community's name or a slip."""
    amounts = [_reads(lambda line: read_monthly(line, 1), " ".join(words[at:])) for at in (0, 1)]
    return words[0].isalpha() and amounts == [False, True] if words else False


def _refuse_several(command: Command, named: Named, words: Words) -> None:
    """Refuse a second member, since only the first would be affected. Raises InvalidInput."""
    several = [word for word in takewhile(lambda w: parse.is_name(w) or w in _AND, words) if parse.is_name(word)]
    if several and named.whom:
        rest = words[words.index(several[-1]) + 1 :]
        lines = (" ".join((f"/{command.name}", name, *rest)) for name in (named.whom, *several))
        raise InvalidInput("member", " ".join((named.whom, *several)), _("one a line"), _(", then ").join(lines))
    takes_reason = {Kind.AMOUNT, Kind.TEXT} <= {argument.kind for argument in command.arguments}
    whose = dict.fromkeys((named.whom, *(word.rstrip(",;.!?:") for word in words if parse.is_name(word))))
    if takes_reason and named.whom and len(whose) > 1:  # 5 each for @ann @bob
        sum_of = _amount_before_names(words)
        lines = (f"/{command.name} {name} {sum_of}" for name in whose)
        allowed = _("one a line, and a name in a reason without its @")
        raise InvalidInput("member", " ".join(whose), allowed, _(", then ").join(lines))


def _amount_before_names(words: Words) -> str:
    """Return the amount before a second name, if it can be read, or its placeholder."""
    line = " ".join(takewhile(lambda word: not parse.is_name(word), words))
    with suppress(InvalidInput):
        return split_credit(line, 1)[0]
    return AMOUNT


def _for_one_or_all(found: list[Command], command: Command, named: Named, words: Words) -> list[str]:
    """Return the possible lines: those for the member who was named, then the one for everybody."""
    takes = (c for c in found if c.member and c.member.is_needed and not c.needs_role and _makes_sense(c, words))
    lines = [" ".join((f"/{one.name}", named.whom, *words)) for one in takes]
    return [*lines, " ".join((f"/{command.name}", *words))]


def _line(command: Command, whom: str, given: Mapping[str, Any], error: InvalidInput) -> str:
    """Return the line to type, with what was right kept and placeholders for the rest."""
    before = list(takewhile(lambda argument: argument.kind not in _OPEN, command.arguments))
    last = command.arguments[len(before) :]
    wrong = next((argument for argument in before if argument.name == error.parameter), None)
    names = " ".join(a.name.upper() for a in last if a.is_needed or a is last[0])
    right = given.get(last[0].name) if wrong and last else error.instead
    if wrong and right and last[0].kind is Kind.AMOUNT and not _reads(lambda text: read_monthly(text, 1), right):
        right = ""
    words = (whom if a.kind is Kind.MEMBER else a.name.upper() if a is wrong else given.get(a.name, "") for a in before)
    return " ".join(filter(None, (f"/{command.name}", *words, right or names)))


async def _how_to_name(asked: Asked, found: list[Command], words: Words) -> str:
    """Return the line with its member named correctly, or say that the @name was never seen here."""
    command, whom, right = _named_rightly(found, words)
    if command is None:
        return ""
    is_seen = whom[0] != "@" or await asked.service.admin.is_seen(asked.caller, whom[1:])
    may_be_left_out = command.member is not None and not command.member.is_needed and len(command.arguments) > 1
    if may_be_left_out and right == f"/{command.name} {whom}":  # it may be another argument that is wrong
        return replies.write(either([command.usage, right])) if is_seen else ""
    if not is_seen:
        return replies.not_seen(whom, command.usage)
    return replies.write(right, only_at=right.replace("@", "") == " ".join((f"/{command.group}", *words)))


def _named_rightly(found: list[Command], words: Words) -> tuple[Command | None, str, str]:
    """Return the command, the member and the corrected line, if the rest of the line makes sense."""
    at_places = (*(i for i, word in enumerate(words) if word[0] == "@"), *table.places(found[0].group), 0)
    verbs = {command.name.split()[-1] for command in found} if found[1:] else set()
    for at in dict.fromkeys(at_places):
        name = words[at].removeprefix("@") if at < len(words) else ""
        whom = f"id:{name}" if _NUMBER.fullmatch(name) else f"@{name}"
        if (whom[0] == "@" and not _NAME.fullmatch(name)) or name.lower() in _NO_NAMES | verbs:
            continue
        command, rest = _leaf(found, words[:at] + words[at + 1 :])
        if command is None:
            command, rest = found[0], words[:at] + words[at + 1 :]
        if command.member and _makes_sense(command, rest):
            before = rest if command.arguments[0] is not command.member else ()
            return command, whom, " ".join((f"/{command.name}", *before, whom, *rest[len(before) :]))
    return None, "", ""


def _makes_sense(command: Command, words: Words) -> bool:
    kinds, line = {argument.kind for argument in command.arguments}, " ".join(words)
    if Kind.AMOUNT in kinds:
        return _reads(lambda text: read_quota(text, 1) if Kind.PERIOD in kinds else split_credit(text, 1), line)
    if Kind.DURATION in kinds:
        return line.lower() in FOR_GOOD or _reads(read_span_ms, line)
    return not words or (Kind.PERIOD in kinds and _reads(read_period, line))


def _reads(read: Callable[[str], object], line: str) -> bool:
    with suppress(InvalidInput):
        read(line)
        return True
    return False

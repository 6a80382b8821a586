"""Slips of those who write settings, and what to tell them."""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, NamedTuple

NEAR = 0.84
"""Of difflib: DISCORD_TOKNE, DISCORD_BOT_TOKEN and GATEWAY_API_KEY are as near as that."""
OTHERS = re.compile(r"(?:FTP|SOCKS|RSYNC)_PROXY|HTTPS?_PORTS|HTTPS_PORT|(?:COMPOSE|POSTGRES)_.*")
"""Names that mean something to other programs."""


class _Token(NamedTuple):
    """A token of a bot, of whatever age: on both platforms it begins with the bot's id."""

    platform: str
    form: re.Pattern[str]
    where: str
    """Where to get one."""


_TOKENS = {
    "discord_token": _Token(
        "Discord",
        re.compile(r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}", re.ASCII),
        "Discord's developer portal, your application, Bot, Reset Token",
    ),
    "telegram_token": _Token(
        "Telegram", re.compile(r"\d{5,}:[\w-]{30,}", re.ASCII), "@BotFather on Telegram, /newbot or /token"
    ),
}
_BEFORE = re.compile(r"(bot|bearer)[\s:]*", re.IGNORECASE)
"""What stands before a token or key in headers and addresses, and is no part of it."""
_EXAMPLE = re.compile(
    r"(?:^|[\W_])your[\W_]|[\W_]here$|change.?me|replace.?me|^<.*>$|\.\.\.$|^(?:x{3,}|key|token|secret|todo)$",
    re.IGNORECASE,
)
"""What examples hold in the place of a secret."""
KEY_FROM = "the subscription key from your account with the gateway's vendor"
_KINDS = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
}


def bare(value: str) -> str:
    """Return a value without the spaces and the pair of quotes around it."""
    value = value.strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].strip() if is_quoted else value


def choices_of(kind: object) -> tuple[str, ...]:
    """Return the words of a closed set, none of any other type."""
    return tuple(map(str, kind)) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def in_choices(value: str, choices: Iterable[str]) -> str:
    """Return a word of a closed set as it is spelt there, `debug` as `DEBUG`, and any other word as it is."""
    return next((word for word in choices if word.casefold() == value.casefold()), value)


def wrong_with_token(name: str, token: str) -> str:
    """Say what is wrong with a bot's token, without showing it, or nothing."""
    wanted = _TOKENS[name]
    if wanted.form.fullmatch(token):
        return ""
    before = _BEFORE.match(token)
    found = _platforms(token[before.end() :] if before else token)
    if others := found - {wanted.platform}:
        wrong = f"holds a token of {others.pop()}"
    elif _EXAMPLE.search(token):
        wrong = "holds an example's words"
    elif before and found:
        wrong = f"begins with “{before[1]}”, which is no part of a token"
    elif any(not "!" <= c <= "~" or c in "\"'/" for c in token):
        wrong = "holds spaces, quotes or other characters that no token has"
    else:
        wrong = f"is no token of {wanted.platform}"
    return f"{name.upper()} {wrong}: put the one from {wanted.where}."


def wrong_with_key(key: str) -> str:
    """Say what is plainly no key of the gateway, whatever those look like, without showing it, or nothing."""
    before = _BEFORE.match(key)
    if found := _platforms(key):
        wrong = f"holds a token of {found.pop()}"
    elif _EXAMPLE.search(key):
        wrong = "holds an example's words"
    elif before and before[0] != before[1]:
        wrong = f"begins with “{before[1]}”, which is no part of a key"
    else:
        return ""
    return f"GATEWAY_KEY {wrong}: put {KEY_FROM}."


def _platforms(token: str) -> set[str]:
    """Name the platforms that have such tokens."""
    return {kind.platform for kind in _TOKENS.values() if kind.form.fullmatch(re.sub(r"[\s\"']", "", token))}


def not_accepted(name: str) -> str:
    """Say that a platform refuses a token that looks right."""
    return f"{_TOKENS[name].platform} does not accept {name.upper()}: put the one from {_TOKENS[name].where}."


def worded(problem: Mapping[str, Any]) -> str:
    """Put what pydantic found into a sentence with the setting's name."""
    told = _KINDS.get(problem["type"]) or problem["msg"].replace("Input should be", "must be")
    return f"{'.'.join(map(str, problem['loc'])).upper()} {told}"


def misspelt(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Return the names that are almost those of settings, with the settings that are probably meant."""
    near = {name: get_close_matches(name.upper(), known, 1, NEAR) for name in strange(names, known)}
    return {name: found[0] for name, found in near.items() if found}


def strange(names: Iterable[str], known: Collection[str]) -> list[str]:
    """Return the names that mean nothing, to us or to a program that we know; `known`: settings, in capitals."""
    return sorted(name for name in names if name.upper() not in known and not OTHERS.fullmatch(name.upper()))

"""Slips of those who write settings, and what to tell them."""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

NEAR = 0.84
"""Of difflib: DISCORD_TOKNE, DISCORD_BOT_TOKEN and GATEWAY_API_KEY are as near as that."""
OTHERS = frozenset({"FTP_PROXY"})
"""Names that mean something to other programs."""

_DISCORD = re.compile(r"[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}", re.ASCII)
_TELEGRAM = re.compile(r"\d{5,}:[\w-]{30,}", re.ASCII)
_WHERE = {
    "discord_token": "Discord's developer portal, your application, Bot, Reset Token",
    "telegram_token": "@BotFather on Telegram, /newbot or /token",
}
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


def wrong_with_token(name: str, token: str) -> str:
    """Say what is wrong with a bot's token, without showing it, or nothing."""
    other = {"discord_token": ("Telegram", _TELEGRAM), "telegram_token": ("Discord", _DISCORD)}[name]
    if other[1].fullmatch(re.sub(r"[\s\"']", "", token)):
        wrong = f"holds a token of {other[0]}"
    elif any(not "!" <= c <= "~" or c in "\"'/" for c in token):
        wrong = "holds spaces, quotes or other characters that no token has"
    else:
        return ""
    return f"{name.upper()} {wrong}: put the one from {_WHERE[name]}."


def worded(problem: Mapping[str, Any]) -> str:
    """Put what pydantic found into a sentence with the setting's name."""
    told = _KINDS.get(problem["type"]) or problem["msg"].replace("Input should be", "must be")
    return f"{'.'.join(map(str, problem['loc'])).upper()} {told}"


def misspelt(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Return the names that are almost those of settings, with the settings that are probably meant."""
    settings = {name.upper() for name in known}
    near = {name: get_close_matches(name.upper(), settings, 1, NEAR) for name in sorted(names)}
    is_known = settings | OTHERS
    return {name: found[0] for name, found in near.items() if found and name.upper() not in is_known}

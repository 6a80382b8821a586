"""What is spoken of a text with Discord's mark-up and tags."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bots.commands.mark_up import Clean, without_marks
from bots.discord.identity import AnyInteraction
from bots.text import moments
from bots.text.locale import N_, _

_TAG = re.compile(
    r"a?:(?P<emoji>\w{2,32}):\d{1,20}|@!?(?P<user>\d{1,20})|@&(?P<role>\d{1,20})|\#(?P<channel>\d{1,20})"
    r"|(?P<command>/[^:]{1,100}):\d{1,20}|t:(?P<at>-?\d{1,13})(?::(?P<style>[tTdDfFsSR]))?|id:(?P<guide>[a-z-]{1,20})(?::\d{1,20})?",
    re.ASCII,
)
"""The inside of a tag (Discord's documentation, "Message Formatting"); an emoji's name is ASCII."""
_STYLES: Mapping[str, Mapping[str, bool]] = {
    "t": {"time": True},
    "T": {"time": True},
    "d": {"date": True},
    "D": {"date": True},
    "F": {"weekday": True, "date": True, "time": True},
}
_DATE_AND_TIME = {"date": True, "time": True}
_GUIDES = {
    "customize": N_("channels and roles"),
    "browse": N_("browse channels"),
    "guide": N_("server guide"),
    "linked-roles": N_("linked roles"),
}
_UNKNOWN = {"user": N_("somebody"), "role": N_("a role"), "channel": N_("a channel")}
_KINDS = (("members", "user"), ("users", "user"), ("roles", "role"), ("channels", "channel"))
"""What comes with an interaction; what people are called in the community is asked first."""


def clean_of(interaction: AnyInteraction) -> Clean:
    """Return what makes words of texts that came with an interaction, with the names that came too."""
    return cleaning(_names(interaction), interaction.created_at.timestamp())


def cleaning(names: Mapping[tuple[str, str], str], now_s: float) -> Clean:
    """Return what makes words of texts, with names by kind and id."""
    return partial(without_marks, tag=_reading(names, now_s))


def _names(interaction: AnyInteraction) -> Mapping[tuple[str, str], str]:
    data: Mapping[str, Any] = interaction.data or {}
    found = {("user", str(interaction.user.id)): interaction.user.display_name}
    if interaction.channel_id and (name := getattr(interaction.channel, "name", None)):
        found["channel", str(interaction.channel_id)] = name
    resolved = data.get("resolved", {})
    named = [(kind, key, row) for which, kind in _KINDS for key, row in resolved.get(which, {}).items()]
    of_messages = (row for said in resolved.get("messages", {}).values() for row in said.get("mentions", ()))
    for kind, key, row in (*named, *(("user", row["id"], row) for row in of_messages)):
        if name := row.get("nick") or row.get("global_name") or row.get("name") or row.get("username"):
            found.setdefault((kind, key), name)
    return found


def _reading(names: Mapping[tuple[str, str], str], now_s: float) -> Callable[[str], str | None]:
    def words(tag: str) -> str | None:
        found = _TAG.fullmatch(tag)
        if found is None:
            return None
        if found["at"]:
            return _moment(int(found["at"]), found["style"] or "", now_s)
        [(kind, said)] = ((k, v) for k, v in found.groupdict().items() if v is not None)
        match kind:
            case "emoji":
                return said.replace("_", " ")
            case "command":
                return said
            case "guide":
                return _(_GUIDES[said]) if said in _GUIDES else None
            case _:
                return names.get((kind, said)) or _(_UNKNOWN[kind])

    return words


def _moment(at_s: int, style: str, now_s: float) -> str | None:
    if style == "R":
        return moments.relative(at_s, now_s)
    return moments.moment(at_s, **_STYLES.get(style, _DATE_AND_TIME))

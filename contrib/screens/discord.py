"""A channel of the local Discord as one of its members sees it."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import htpy as h
from htpy import Element, Node

from contrib.screens import marks, players, sounds
from tests.worlds.discord import Channel, DiscordWorld, Reply
from tests.worlds.discord.places import Attachment, Message, User

COMMAND = 2
FILE_UPLOAD, PARAGRAPH = 19, 2
STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link"}


def page(world: DiscordWorld, channel: Channel, viewer: User) -> Element:
    """Return the channel's messages that `viewer` sees now, oldest first."""
    replies = {
        reply.original.id: reply
        for reply in world.replies.values()
        if reply.kind == COMMAND and reply.original is not None
    }
    private = {m.id: r.user for r in world.replies.values() for m in (r.original, *r.followups) if m and m.ephemeral}
    seen = [m for m in channel.messages.values() if not m.deleted and private.get(m.id, viewer) is viewer]
    shown = [_message(world, message, replies.get(message.id)) for message in sorted(seen, key=lambda m: m.id)]
    title = channel.name if channel.guild is None else f"# {channel.name}"
    return h.main(".discord")[h.header[title], shown]


def form(opened: Reply) -> Element:
    """Return the form that a command has opened."""
    modal = opened.modal or {}
    return h.main(".discord.form")[
        h.header[modal["title"]],
        [_field(label) for label in modal["components"]],
        h.div(".row")[h.span(".button")["Cancel"], h.span(".button.primary")["Submit"]],
    ]


def _field(label: Mapping[str, Any]) -> Element:
    asked = label["component"]
    chosen = [choice["label"] for choice in asked.get("options") or () if choice.get("default")]
    empty = asked.get("placeholder") or ("Drop a file here or browse" if asked["type"] == FILE_UPLOAD else "")
    return h.section(".field")[
        h.b[label["label"]],
        asked.get("required", True) and h.span(".required")[" *"],
        label.get("description") and h.div(".small")[label["description"]],
        h.div(class_=f"entered {'tall' if asked.get('style') == PARAGRAPH else ''}")[
            asked.get("value") or ", ".join(chosen) or h.span(".small")[empty]
        ],
    ]


def _message(world: DiscordWorld, message: Message, reply: Reply | None) -> Element:
    names = {str(user.id): user.name for user in world.users.values()}
    names |= {str(m.id): m.nick or m.user.name for g in world.guilds for m in g.members}
    return h.article[
        reply is not None and _used(world, reply),
        h.div(".face", style=f"--hue: {_hue(message.author.name)}")[message.author.name[0]],
        h.div(".body")[
            h.div(".name")[message.author.name, message.author.bot and h.span(".badge")["APP"]],
            _words(message, names),
            [_embed(embed, names) for embed in message.embeds],
            [_attachment(file) for file in message.attachments],
            [h.div(".row")[[_button(b) for b in row.get("components", ())]] for row in message.components],
            message.ephemeral and h.div(".small")["👁 Only you can see this · Dismiss message"],
        ],
    ]


def _used(world: DiscordWorld, reply: Reply) -> Element:
    return h.div(".used")[h.b[reply.user.name], " used ", h.span(".mention")[_line(world, reply)]]


def _words(message: Message, names: Mapping[str, str]) -> Node:
    if message.loading:
        return h.div(".small")[f"{message.author.name} is thinking…"]
    return marks.discord(message.content, names, _moment)


def _hue(name: str) -> int:
    return sum(map(ord, name)) * 47 % 360


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%-d %B %Y %H:%M")


def _line(world: DiscordWorld, reply: Reply) -> str:
    events = (data for session in world.gateway.sessions.values() for _, data in session.events)
    data = next(event["data"] for event in events if isinstance(event, dict) and event.get("id") == str(reply.id))
    words, options = [data["name"]], data.get("options", [])
    while options and "options" in options[0]:
        words.append(options[0]["name"])
        options = options[0]["options"]
    return "/" + " ".join(words)


def _embed(embed: Mapping[str, Any], names: Mapping[str, str]) -> Element:
    return h.section(".embed")[
        embed.get("title") and h.b[embed["title"]],
        marks.discord(embed.get("description", ""), names, _moment),
        [h.div[h.b[field["name"]], " ", field["value"]] for field in embed.get("fields", ())],
    ]


def _attachment(file: Attachment) -> Node:
    kind = file.content_type.partition("/")[0]
    if kind == "image" or file.filename.endswith(".png"):
        return players.picture(file.content, "image/png")
    if kind != "audio" and not file.filename.endswith((".mp3", ".ogg", ".wav", ".m4a")):
        return h.section(".file")["📄 ", h.span(".mention")[file.title or file.filename]]
    length = sounds.duration_s(file.content)
    if file.waveform:
        return players.voice([byte / 255 for byte in base64.b64decode(file.waveform)], length)
    return h.section(".player")[
        h.div(".file-name")[file.title or file.filename],
        h.div(".bar")[h.span(".play")["▶"], h.span(".rail"), players.clock(length)],
    ]


def _button(button: Mapping[str, Any]) -> Element:
    emoji = (button.get("emoji") or {}).get("name", "")
    style = STYLES.get(button.get("style", 2), "secondary")
    if "options" in button or button["type"] != 2:
        return h.span(".select")[button.get("placeholder", "Choose"), " ▾"]
    return h.span(class_=f"button {style}", data_off=button.get("disabled") or None)[
        f"{emoji} {button.get('label', '')}"
    ]

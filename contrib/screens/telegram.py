"""A chat of the local Telegram as one of its members sees it."""

from collections.abc import Mapping
from typing import Any

import htpy as h
from htpy import Element, Node

from contrib.screens import marks, players, sounds
from tests.worlds.telegram import Chat, User
from tests.worlds.telegram.chats import Message


def page(chat: Chat, viewer: User) -> Element:
    """Return the chat's messages, oldest first; those of `viewer` stand on the right."""
    shown = [_message(message, viewer) for message in chat.messages.values() if not message.deleted]
    return h.main(".telegram")[h.header[chat.title], shown]


def _message(message: Message, viewer: User) -> Element:
    raw, sender = message.raw, message.raw["from"]
    is_mine = sender["id"] == viewer.id
    answered = raw.get("reply_to_message")
    keyboard = raw.get("reply_markup", {}).get("inline_keyboard", [])
    return h.article(class_="mine" if is_mine else "theirs")[
        h.div(".bubble")[
            not is_mine and message.chat.type != "private" and h.div(".name")[sender["first_name"]],
            answered and _answered(answered),
            _file(message),
            h.div(".words.line")[
                marks.telegram(message.text, raw.get("entities") or raw.get("caption_entities") or ())
            ],
        ],
        [h.div(".row")[[h.span(".button")[button["text"]] for button in row]] for row in keyboard],
    ]


def _answered(raw: Mapping[str, Any]) -> Element:
    words = raw.get("text") or raw.get("caption") or "Audio"
    return h.div(".answered")[h.b[raw["from"]["first_name"]], h.div[words]]


def _file(message: Message) -> Node:
    if message.upload is None:
        return None
    raw, content = message.raw, message.upload.content
    if message.kind == "voice":
        return players.voice(sounds.peaks(content), int(raw["voice"].get("duration") or sounds.duration_s(content)))
    if message.kind == "audio":
        return h.section(".song")[
            h.span(".play")["▶"],
            h.div[h.b[raw["audio"].get("title", message.upload.filename)], h.div[raw["audio"].get("performer", "")]],
        ]
    if message.upload.mime.startswith("image/"):
        return players.picture(content, message.upload.mime)
    return h.section(".file")["📄 ", message.upload.filename]

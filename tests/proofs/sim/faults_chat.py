"""What goes wrong with platforms and people, as data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.proofs.sim.faults import CALLBACKS, DISK, GATEWAY, KILLS, NETWORK, RESTORES, Kind

FAMILY = "platforms and people"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a chat platform answers instead of success; `change` names what becomes of the chat for good."""

    status: int
    words: str = ""
    code: int = 0
    retry_after_s: int = 0
    change: str = ""
    arrives: bool = False
    """The call has its effect all the same."""


def _at(site: str, who: str, data: Mapping[str, Any]) -> Iterator[Kind]:
    for name, value in data.items():
        yield Kind(f"{who}: {name}", FAMILY, site, value)


_UPLOADS = {
    "flood wait": Refusal(429, "Too Many Requests: retry after 11", retry_after_s=11),
    "413": Refusal(413, "Request Entity Too Large"),
    "500 on an upload": Refusal(500, "Internal Server Error"),
    "502 after an upload arrived": Refusal(502, "Bad Gateway", arrives=True),
    "kicked": Refusal(403, "Forbidden: bot was kicked from the group chat", change="kicked"),
    "blocked": Refusal(403, "Forbidden: bot was blocked by the user", change="kicked"),
    "thread gone": Refusal(400, "Bad Request: message thread not found"),
    "voice messages forbidden": Refusal(400, "Bad Request: VOICE_MESSAGES_FORBIDDEN"),
    "chat not found": Refusal(400, "Bad Request: chat not found"),
    "supergroup migration": Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", change="moved"),
    "token not accepted": Refusal(401, "Unauthorized"),
}
_TEXTS = {
    "flood wait on a text": Refusal(429, "Too Many Requests: retry after 4", retry_after_s=4),
    "text refused": Refusal(400, "Bad Request: not enough rights to send text messages to the chat"),
    "migration upon a text": Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", change="moved"),
    "500 on a text": Refusal(500, "Internal Server Error"),
    "502 after a text arrived": Refusal(502, "Bad Gateway", arrives=True),
}
_EDITS = {
    "status message gone": Refusal(400, "Bad Request: message to edit not found"),
    "edit not modified": Refusal(400, "Bad Request: message is not modified"),
    "500 on an edit": Refusal(500, "Internal Server Error"),
}
_UPDATES = {
    "another process polls": Refusal(409, "Conflict: terminated by other getUpdates request"),
    "500 on updates": Refusal(500, "Internal Server Error"),
    "flood wait on updates": Refusal(429, "Too Many Requests: retry after 5", retry_after_s=5),
}
_REPLIES = {
    "token dead at 15 minutes": Refusal(401, "Invalid Webhook Token", 50027, change="token dead"),
    "40005": Refusal(400, "Request entity too large", 40005),
    "413": Refusal(413, "Payload Too Large"),
    "10008 unknown message": Refusal(404, "Unknown Message", 10008, change="reply gone"),
    "10015 unknown webhook": Refusal(404, "Unknown Webhook", 10015, change="token dead"),
    "50001": Refusal(403, "Missing Access", 50001),
    "50013": Refusal(403, "Missing Permissions", 50013),
    "429": Refusal(429, "You are being rate limited.", retry_after_s=3),
    "500": Refusal(500, "Internal Server Error"),
    "502 after an edit arrived": Refusal(502, "Bad Gateway", arrives=True),
    "502 after the token's last edit arrived": Refusal(502, "Bad Gateway", change="token dead", arrives=True),
}
_POSTS = {
    "10003 unknown channel": Refusal(404, "Unknown Channel", 10003, change="channel gone"),
    "50001 on a post": Refusal(403, "Missing Access", 50001),
    "50013 on a post": Refusal(403, "Missing Permissions", 50013),
    "429 on a post": Refusal(429, "You are being rate limited.", retry_after_s=2),
    "502 after a post arrived": Refusal(502, "Bad Gateway", arrives=True),
    "bot token not accepted": Refusal(401, "401: Unauthorized"),
}
_ACKS = {
    "10062 unknown interaction": Refusal(404, "Unknown interaction", 10062),
    "500 on an acknowledgement": Refusal(500, "Internal Server Error"),
    "500 after an acknowledgement arrived": Refusal(500, "Internal Server Error", arrives=True),
}
_PEOPLE = {
    "quota lowered while held": ("quota set", "0.0005 day"),
    "quota set to nothing while held": ("quota set", "0 day"),
    "member blocked while held": ("block", "2 h"),
    "admin demoted while held": ("demote", ""),
    "credit granted and taken back": ("grant revoke", "0.01"),
    "order sent twice at once": ("twice", ""),
    "the same order after a minute": ("late twin", ""),
    "two orders at the edge of the quota": ("edge", ""),
    "a flood of orders": ("flood", ""),
    "send again pressed by another": ("press other", ""),
    "send again pressed twice": ("press twice", ""),
    "a made-up button": ("press made up", ""),
    "a member acts as admin": ("no admin", ""),
    "hostile text": ("hostile", ""),
    "an anonymous admin orders": ("anonymous", ""),
    "price to confirm": ("confirm", ""),
    "cancel against completion": ("cancel", ""),
    "cool-down set while held": ("limits", "cooldown_s 30"),
    "asked for credit, approved twice": ("request", ""),
}

CHAT: tuple[Kind, ...] = (
    *_at("tg.upload", "telegram", _UPLOADS),
    *_at("tg.text", "telegram", _TEXTS),
    *_at("tg.edit", "telegram", _EDITS),
    *_at("tg.updates", "telegram", _UPDATES),
    Kind("telegram: duplicate update", FAMILY, "tg.again"),
    *_at("dc.reply", "discord", _REPLIES),
    *_at("dc.post", "discord", _POSTS),
    *_at("dc.ack", "discord", _ACKS),
    Kind("discord: duplicate interaction", FAMILY, "dc.again"),
    *_at("people", "people", _PEOPLE),
)

MIXED: tuple[Kind, ...] = (*KILLS, *NETWORK, *GATEWAY, *CALLBACKS, *CHAT, *DISK)
"""The kinds that a history draws its mix from."""
KINDS = (*MIXED, *RESTORES)
"""Every kind of every family."""

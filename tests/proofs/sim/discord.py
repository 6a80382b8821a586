"""The simulated Discord: interactions, replies and channels behind the real library's HTTP client."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests import tokens
from tests.proofs.sim import discord_payloads as payloads
from tests.proofs.sim.discord_payloads import APPLICATION, GUILD
from tests.proofs.sim.faults_chat import Refusal
from tests.proofs.sim.telegram import _PART
from tests.proofs.sim.wire import Answer, Reply, Request

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

HOST = "discord.sim"
URL = f"http://{HOST}/api/v10"
TOKEN = tokens.DISCORD
INTERACTION_TOKEN = "canary-interaction"
EPOCH_MS = 1_420_070_400_000
TOKEN_S, CALLBACK_S, NONCE_S = 900.0, 3.0, 300.0
EPHEMERAL, LOADING = 64, 128
JSON = dict[str, Any]


@dataclass(slots=True)
class Post:
    """One message of the bot."""

    id: int
    channel: int
    at_s: float
    content: str = ""
    sounds: list[int] = field(default_factory=list)
    flags: int = 0
    deleted: bool = False
    nonce: str | None = None
    components: list[JSON] = field(default_factory=list)

    @property
    def raw(self) -> JSON:
        stamp = "2026-03-18T12:00:00+00:00"
        files = [
            {"id": str(n), "filename": "a.mp3", "size": 9, "url": "http://x", "proxy_url": "http://x"}
            for n in self.sounds
        ]
        return {
            "id": str(self.id), "channel_id": str(self.channel), "author": payloads.user(APPLICATION), "content": self.content,
            "timestamp": stamp, "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [],
            "mention_roles": [], "attachments": files, "embeds": [], "components": self.components, "pinned": False,
            "type": 0, "flags": self.flags,
        }  # fmt: skip


@dataclass(slots=True)
class Interaction:
    """One command or press, and what the bot may still answer to it."""

    id: int
    token: str
    channel: int
    made_s: float
    order: int | None
    original: Post | None = None
    acknowledged: bool = False
    dead: bool = False


class DiscordWorld:
    """What Discord knows; the process may die, this stays."""

    def __init__(self, history: "History") -> None:
        self.history = history
        self.timeline = history.timeline
        self.interactions: dict[str, Interaction] = {}
        self.posts: dict[int, Post] = {}
        self.gone: set[int] = set()
        """Channels that were deleted."""
        self.orders: dict[int, int] = {}
        """Orders by interaction."""
        self._serial = 0
        history.wire.host(HOST, "162.159.1.1", self.handle)

    def _new_id(self) -> int:
        self._serial += 1
        return (self.timeline.true_ms() - EPOCH_MS) << 22 | self._serial & 0x3FFFFF

    # --- what people do -------------------------------------------------------------------------------------------

    def interact(
        self,
        channel: int,
        member: int,
        data: JSON,
        *,
        admin: bool = False,
        order: int | None = None,
        on: Post | None = None,
    ) -> JSON:
        """Let a member use a command or press a button; return the event."""
        made = Interaction(self._new_id(), "", channel, self.timeline.now_s, order, on)
        made.token = f"{INTERACTION_TOKEN}-{made.id}"
        self.interactions[made.token] = made
        if order is not None:
            self.orders[made.id] = order
        event: JSON = {
            "id": str(made.id), "application_id": str(APPLICATION), "type": 3 if on else 2, "token": made.token,
            "version": 1, "data": data, "channel": payloads.channel(channel), "channel_id": str(channel), "locale": "en-US",
            "app_permissions": "0", "attachment_size_limit": 10 << 20, "entitlements": [], "context": 0,
            "authorizing_integration_owners": {"0": str(GUILD)}, "guild_id": str(GUILD), "guild_locale": "en-US",
            "guild": {"id": str(GUILD), "locale": "en-US", "features": []}, "member": payloads.member(member, admin=admin),
        }  # fmt: skip
        if on is not None:
            event["message"] = on.raw
        self.dispatch(event)
        return event

    def dispatch(self, event: JSON) -> None:
        """Send an event to the bot, if it is connected."""
        self.timeline.after(self.timeline.leg_s(), self._arrive, event)

    def _arrive(self, event: JSON) -> None:
        incarnation = self.history.incarnation
        if incarnation.dead or incarnation.discord_bot is None:
            self.history.tell(f"nobody takes interaction {event['id']}")
            return
        if self.history.draw("dc.again"):
            who = int(event["member"]["user"]["id"])
            self.history.people.count(who, str(event["data"].get("custom_id", "")), again=True)
            incarnation.loop.call_soon(incarnation.discord_bot._connection.parse_interaction_create, dict(event))
        incarnation.loop.call_soon(self._taken, incarnation.discord_bot, event)

    def _taken(self, bot: Any, event: JSON) -> None:
        bot._connection.parse_interaction_create(event)
        self.history.point("update received")

    # --- HTTP -----------------------------------------------------------------------------------------------------

    def handle(self, request: Request, answer: Answer) -> None:
        path = request.path.removeprefix("/api/v10/").partition("?")[0].split("/")
        site = _SITES.get((request.method, path[0]), "")
        kind = self.history.draw(site) if site else None
        refusal: Refusal | None = kind.data if kind else None
        if refusal is None or refusal.arrives:
            reply = self._done(request, path)
            if refusal is None or reply.status >= 300:
                answer(reply)
                return
        assert refusal is not None
        self._change(refusal, path)
        body: JSON = {"code": refusal.code, "message": refusal.words}
        headers = {"Content-Type": "application/json"}
        if refusal.status == 429:
            body = {"message": refusal.words, "retry_after": refusal.retry_after_s, "global": False}
            headers |= {"Retry-After": str(refusal.retry_after_s), "Via": "1.1 google"}
        answer(Reply(refusal.status, json.dumps(body).encode(), headers))

    def _change(self, refusal: Refusal, path: list[str]) -> None:
        self.history.troubled.add(f"discord:{GUILD}")
        made = self.interactions.get(path[2]) if len(path) > 2 else None
        if refusal.change == "token dead" and made:
            made.dead = True
        elif refusal.change == "reply gone" and made and made.original:
            made.original.deleted = True
        elif refusal.change == "channel gone":
            self.gone.add(int(path[1]))

    def _done(self, request: Request, path: list[str]) -> Reply:
        body, sounds = _read(request)
        if path[0] == "interactions":
            return self._callback(self.interactions[path[2]], body)
        if path[0] == "users":
            return _yes({"id": body["recipient_id"], "type": 1})
        if path[0] == "channels":
            return self._in_channel(request.method, path, body, sounds)
        return self._by_token(request.method, self.interactions[path[2]], body, sounds)

    def _by_token(self, method: str, made: Interaction, body: JSON, sounds: list[bytes]) -> Reply:
        if made.dead or self.timeline.now_s - made.made_s > TOKEN_S:
            return _no(401, 50027, "Invalid Webhook Token")
        if method == "POST":
            return self._follow_up(made, body)
        if made.original is None or made.original.deleted:
            return _no(404, 10008, "Unknown Message")
        if method == "DELETE":
            made.original.deleted = True
            return Reply(204)
        self._write(made.original, body, sounds, made.order)
        return _yes(made.original.raw, "upload read" if sounds else "")

    def _callback(self, made: Interaction, body: JSON) -> Reply:
        if made.acknowledged:
            return _no(400, 40060, "Interaction has already been acknowledged.")
        if self.timeline.now_s - made.made_s > CALLBACK_S or made.dead:
            return _no(404, 10062, "Unknown interaction")
        made.acknowledged = True
        if body["type"] == 5:
            flags = body.get("data", {}).get("flags", 0) & EPHEMERAL | LOADING
            made.original = self._new(made.channel, flags)
        interaction: JSON = {"id": str(made.id), "type": 2}
        resource: JSON = {"type": body["type"]}
        if made.original is not None:
            interaction |= {"response_message_id": str(made.original.id), "response_message_loading": True}
            resource["message"] = made.original.raw
        return _yes({"interaction": interaction, "resource": resource})

    def _new(self, channel: int, flags: int = 0) -> Post:
        post = Post(self._new_id(), channel, self.timeline.now_s, flags=flags)
        self.posts[post.id] = post
        return post

    def _follow_up(self, made: Interaction, body: JSON) -> Reply:
        if not made.acknowledged:
            return _no(404, 10015, "Unknown Webhook")
        post = self._new(made.channel, body.get("flags", 0))
        self._write(post, body, [], made.order)
        return _yes(post.raw)

    def _in_channel(self, method: str, path: list[str], body: JSON, sounds: list[bytes]) -> Reply:
        channel = int(path[1])
        if channel in self.gone or (channel in payloads.DIRECT and channel % 2):  # every other takes no direct messages
            return (
                _no(404, 10003, "Unknown Channel") if channel in self.gone else _no(403, 50007, "Cannot send messages")
            )
        if method == "POST":
            nonce = body.get("nonce")
            for earlier in self.posts.values():
                if (nonce, channel) == (
                    earlier.nonce,
                    earlier.channel,
                ) and self.timeline.now_s - earlier.at_s < NONCE_S:
                    return _yes(earlier.raw)
            post = self._new(channel)
            post.nonce = nonce
            self._write(post, body, sounds, None)
            return _yes(post.raw, "upload read" if sounds else "")
        found = self.posts.get(int(path[3]))
        if found is None or found.deleted:
            return _no(404, 10008, "Unknown Message")
        if method == "DELETE":
            found.deleted = True
            return Reply(204)
        return _yes(found.raw)

    def _write(self, post: Post, body: JSON, sounds: list[bytes], order: int | None) -> None:
        post.content = body.get("content") or ""
        post.components = body.get("components") or []
        post.flags &= ~LOADING
        self.history.shown(post.content)
        if body.get("allowed_mentions", {"parse": []}).get("parse") != []:
            self.history.breach("nobody is mentioned", post.content[:80])
        if sounds:
            post.sounds = [self._heard(sound) for sound in sounds]
            for number in post.sounds:
                self.history.tell(f"discord has audio of order {number}")
                self.history.heard_on_discord.add(number)
                self.history.check_heard("discord", number, self.heard[number])
                self.history.chat_says(number, "audio")
            self.history.point("upload accepted")
        elif order is not None:
            self.history.chat_says(order, post.content)
            self.history.point("status message accepted")
        else:
            self.history.chat_says_elsewhere(post.content, post.components)

    def _heard(self, sound: bytes) -> int:
        return self.history.hear(sound, "on Discord")

    @property
    def heard(self) -> Counter[int]:
        """Count the messages that hold an order's audio."""
        return Counter(order for post in self.posts.values() if not post.deleted for order in post.sounds)


def _read(request: Request) -> tuple[JSON, list[bytes]]:
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return (json.loads(request.body) if request.body else {}), []
    body, sounds = {}, []
    for name, value in _PART.findall(request.body):
        if name == b"payload_json":
            body = json.loads(value)
        else:
            sounds.append(value)
    return body, sounds


def _yes(body: JSON, point: str = "") -> Reply:
    return Reply(200, json.dumps(body).encode(), {"Content-Type": "application/json"}, point=point)


def _no(status: int, code: int, words: str) -> Reply:
    return Reply(status, json.dumps({"code": code, "message": words}).encode(), {"Content-Type": "application/json"})


_SITES = {
    ("POST", "interactions"): "dc.ack",
    ("PATCH", "webhooks"): "dc.reply",
    ("POST", "channels"): "dc.post",
}

"""The gateway websocket: HELLO, IDENTIFY, READY, heartbeats, RESUME."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.worlds.discord.places import JSON, User
from tests.worlds.pulse import Pulse

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 7, 9, 10, 11
HEARTBEAT_MS = 41_250
AUTHENTICATION_FAILED = 4004


class Line:
    """One websocket connection, compressed if the bot asks for a supported method."""

    def __init__(self, socket: web.WebSocketResponse, *, compress: bool) -> None:
        self.socket = socket
        self._compressor = zlib.compressobj() if compress else None

    async def send(self, op: int, data: Any = None, event: str | None = None, seq: int | None = None) -> None:
        text = json.dumps({"op": op, "d": data, "s": seq, "t": event})
        if self._compressor is None:
            await self.socket.send_str(text)
        else:
            packed = self._compressor.compress(text.encode())
            await self.socket.send_bytes(packed + self._compressor.flush(zlib.Z_SYNC_FLUSH))


@dataclass(eq=False)
class Session:
    """A session that a bot can resume: all its events, whether or not they were sent over a connection."""

    id: str
    shard: int
    intents: int
    events: list[tuple[str, JSON]] = field(default_factory=list)
    line: Line | None = None

    async def dispatch(self, event: str, data: JSON) -> None:
        self.events.append((event, data))
        if self.line is not None and not self.line.socket.closed:
            await self.line.send(DISPATCH, data, event, len(self.events))

    async def replay(self, after: int) -> None:
        assert self.line is not None
        for seq, (event, data) in list(enumerate(self.events, 1))[after:]:
            await self.line.send(DISPATCH, data, event, seq)


class Gateway:
    """All websocket sessions of the bot."""

    def __init__(
        self, token: str, bot: User, application_id: int, guilds: Callable[[int, int], list[JSON]], pulse: Pulse
    ) -> None:
        """`guilds(shard, shards)` are the GUILD_CREATE payloads of a shard."""
        self._token = token
        self._bot = bot
        self._application_id = application_id
        self._guilds = guilds
        self._pulse = pulse
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self.lines: set[Line] = set()
        self.identified = 0
        self.shards_seen: list[tuple[int, int]] = []
        """Shard and number of shards of each IDENTIFY."""
        self.resumed = 0
        self.heartbeats = 0
        self.is_silent = False
        """Whether new connections are left without a HELLO."""

    def session(self, shard: int = 0) -> Session | None:
        """Return the shard's newest session that can still send or keep events."""
        return next((s for s in reversed(self.sessions.values()) if s.shard == shard), None)

    def connected(self, shard: int = 0) -> bool:
        session = self.session(shard)
        return session is not None and session.line is not None and not session.line.socket.closed

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, compress=request.query.get("compress") == "zlib-stream")
        self.lines.add(line)
        try:
            self._pulse.beat()
            if not self.is_silent:
                await line.send(HELLO, {"heartbeat_interval": HEARTBEAT_MS, "_trace": []})
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._receive(line, json.loads(message.data))
        except (ConnectionError, aiohttp.ClientConnectionError):
            pass  # the bot disconnected; its session stays
        finally:
            self.lines.discard(line)
            self._pulse.beat()
        return socket

    async def _receive(self, line: Line, message: JSON) -> None:
        match message["op"]:
            case 1:  # HEARTBEAT
                self.heartbeats += 1
                await line.send(HEARTBEAT_ACK)
            case 2:  # IDENTIFY
                await self._identify(line, message["d"])
            case 6:  # RESUME
                await self._resume(line, message["d"])
        self._pulse.beat()

    async def _identify(self, line: Line, data: JSON) -> None:
        if data["token"] != self._token:
            await line.socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
            return
        self.identified += 1
        shard, shards = data.get("shard", [0, 1])
        self.shards_seen.append((shard, shards))
        session = Session(f"session{self.identified}", shard, data["intents"], line=line)
        guilds = self._guilds(shard, shards)
        await session.dispatch("READY", self._ready(session, shards, guilds))
        for guild in guilds:
            await session.dispatch("GUILD_CREATE", guild)
        self.sessions[session.id] = session

    def _ready(self, session: Session, shards: int, guilds: list[JSON]) -> JSON:
        return {
            "v": 10,
            "user": self._bot.payload(),
            "guilds": [{"id": g["id"], "unavailable": True} for g in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [session.shard, shards],
            "application": {"id": str(self._application_id), "flags": 0},
        }

    async def _resume(self, line: Line, data: JSON) -> None:
        session = self.sessions.get(data["session_id"])
        if session is None or data["token"] != self._token:
            await line.send(INVALID_SESSION, False)
            return
        self.resumed += 1
        session.line = line
        await session.replay(data["seq"])
        await session.dispatch("RESUMED", {"_trace": []})

    async def cut(self, code: int = 4000) -> None:
        """Close every connection; sessions can be resumed."""
        for line in list(self.lines):
            await line.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        """Send RECONNECT to every connection."""
        for line in list(self.lines):
            await line.send(RECONNECT)

    async def invalidate(self) -> None:
        """Invalidate the sessions: bots must identify again."""
        self.sessions.clear()
        for line in list(self.lines):
            await line.send(INVALID_SESSION, False)

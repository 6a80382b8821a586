"""The local Discord: what tests use."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests import tokens
from tests.waiting import WAIT_S
from tests.worlds.discord import rest
from tests.worlds.discord.commands import (
    CommandError,
    command_data,
    interaction_event,
    message_data,
    modal_data,
)
from tests.worlds.discord.places import JSON, Attachment, Channel, Guild, Member, Message, User
from tests.worlds.discord.replies import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT
from tests.worlds.discord.reply import Reply
from tests.worlds.discord.socket import Gateway
from tests.worlds.discord.web import ApiError, Fault, Request, answer, read, violations
from tests.worlds.pulse import Pulse

EPOCH_MS = 1_420_070_400_000
"""The epoch of snowflakes."""
DIRECT_MESSAGES = 1 << 12
"""The intent for direct messages."""
LARGEST_REQUEST_BYTES = 64 * 1024 * 1024


class DiscordWorld:
    """One Discord with one bot application. `now` (seconds since 1970) may be a test's clock."""

    def __init__(
        self,
        *,
        token: str = tokens.DISCORD,
        shards: int = 1,
        now: Callable[[], float] = time.time,
        callback_s: float = WAIT_S,
    ) -> None:
        """`callback_s`: how long an interaction awaits its first response; the real Discord, CALLBACK_S."""
        self._now, self._ahead_s, self._last_id = now, 0.0, 0
        self.callback_s = callback_s
        self.token, self.shards, self.max_concurrency = token, shards, 1
        self.pulse = Pulse()
        self.application_id = self.new_id()
        self.bot = User(self.application_id, "Troubadour", bot=True)
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: list[Guild] = []
        self.direct: dict[int, Channel] = {}
        self.application: JSON = {}
        """What the application's owner has changed in the developer portal."""
        self.commands: dict[str, JSON] = {}
        self.replies: dict[str, Reply] = {}
        self.requests: list[Request] = []
        self.uploads: dict[str, Attachment] = {}
        self.fetched: list[str] = []
        """The names of attachments that were downloaded."""
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.weather: Callable[[Request], Fault | None] = lambda _: None
        """Draws a fault for any request that no other fault is for."""
        self.gateway = Gateway(token, self.bot, self.application_id, self._guild_payloads, self.pulse)
        self._runner: web.AppRunner | None = None
        self.origin = ""
        self.announced_ws_url: str | None = None
        """The gateway URL that the API returns, if not the world's own."""

    # --- life -------------------------------------------------------------------------------------------------

    async def start(self) -> Self:
        """Listen on a free local port."""
        app = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/attachments/{id}/{name}", self._attachment)
        rest.add_routes(app.router, self._serve)
        app.router.add_route("*", "/{rest:.*}", self._serve(_nowhere))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.gateway.url = self.ws_url
        return self

    async def stop(self) -> None:
        """Stop listening and cut all connections."""
        await self.gateway.cut()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if error is None:
            assert not self.violations, "\n".join(self.violations)

    @property
    def api_url(self) -> str:
        return f"{self.origin}/api/v10"

    @property
    def ws_url(self) -> str:
        return f"{self.origin.replace('http', 'ws', 1)}/gateway/"

    def now_s(self) -> float:
        """Return the world's time, in seconds since 1970."""
        return self._now() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._ahead_s += seconds

    def new_id(self) -> int:
        """Return a new snowflake."""
        self._last_id = max(self._last_id + 1, (int(self.now_s() * 1000) - EPOCH_MS) << 22)
        return self._last_id

    # --- people and places --------------------------------------------------------------------------------------

    def guild(self, name: str = "Minstrels", *, shard: int | None = None) -> Guild:
        """Add a guild with the bot, on a given shard or any; connected bots learn of it when they reconnect."""
        guild = Guild(self.new_id(), name, self.new_id)
        while shard not in {None, self._shard(guild)}:
            guild.id += 1 << 22
        self._last_id = max(self._last_id, guild.id)
        self.guilds.append(guild)
        return guild

    def user(self, name: str) -> User:
        """Add a user who shares no guild with the bot."""
        user = User(self.new_id(), name)
        self.users[user.id] = user
        return user

    def dm(self, person: User | Member) -> Channel:
        """Return a user's direct chat with the bot."""
        user = person.user
        self.users[user.id] = user
        if user.id not in self.direct:
            self.direct[user.id] = Channel(self.new_id(), user.name, recipient=user)
        return self.direct[user.id]

    @property
    def channels(self) -> dict[int, Channel]:
        everywhere = [c for g in self.guilds for c in g.channels] + list(self.direct.values())
        return {c.id: c for c in everywhere}

    def new_message(self, channel: Channel, author: User, flags: int = 0) -> Message:
        return Message(self.new_id(), channel, author, self.now_s(), flags)

    async def invite(self, guild: Guild) -> None:
        """Add the bot to a guild while it is connected."""
        guild.present = True
        session = self.gateway.session(self._shard(guild))
        assert session is not None
        joined = guild.payload(self.bot)
        del joined["unavailable"]
        await session.dispatch("GUILD_CREATE", joined)

    async def expel(self, guild: Guild) -> None:
        """Remove the bot from a guild."""
        guild.present = False
        session = self.gateway.session(self._shard(guild))
        if session is not None:
            await session.dispatch("GUILD_DELETE", {"id": str(guild.id), "unavailable": False})

    def _shard(self, guild: Guild | None) -> int:
        return 0 if guild is None else (guild.id >> 22) % self.shards

    def _guild_payloads(self, shard: int, shards: int) -> list[JSON]:
        return [g.payload(self.bot) for g in self.guilds if g.present and (g.id >> 22) % shards == shard]

    # --- what people do -----------------------------------------------------------------------------------------

    async def says(self, user: User, text: str) -> None:
        """Send the bot a direct message; it receives the event only with the intent."""
        channel = self.dm(user)
        message = self.new_message(channel, user)
        message.content = text
        channel.messages[message.id] = message
        await self.connected()
        session = self.gateway.session(0)
        assert session is not None
        if session.intents & DIRECT_MESSAGES:
            await session.dispatch("MESSAGE_CREATE", message.payload(self.origin))

    async def command(self, member: User | Member, channel: Channel, line: str, /, **options: Any) -> Reply:
        """Use a slash command, such as `/quota set`. Raises CommandError if a client would not send it."""
        await self.connected(channel.guild)
        data = command_data(self.commands, member, channel, line, options, origin=self.origin)
        return await self._interact(COMMAND, member, channel, data)

    async def autocomplete(
        self, member: User | Member, channel: Channel, line: str, /, *, focused: str, **options: Any
    ) -> list[JSON]:
        """Type into an option and return the suggested choices."""
        await self.connected(channel.guild)
        data = command_data(self.commands, member, channel, line, options, focused=focused)
        reply = await self._interact(AUTOCOMPLETE, member, channel, data)
        await reply.acknowledged()
        return reply.choices

    async def press(self, member: User | Member, where: Reply | Message, custom_id: str) -> Reply:
        """Press a button of a message. Raises CommandError if there is none."""
        message = where.last if isinstance(where, Reply) else where
        button = next((b for b in message.buttons if b.get("custom_id") == custom_id), None)
        if button is None or button.get("disabled") or message.deleted:
            raise CommandError(f"no button {custom_id} to press")
        await self.connected(message.channel.guild)
        data = {"custom_id": custom_id, "component_type": button["type"], "id": button.get("id", 1)}
        return await self._interact(COMPONENT, member, message.channel, data, message)

    async def pick(self, member: User | Member, message: Message, label: str) -> Reply:
        """Choose an entry in a menu that stands under a message. Raises CommandError if there is none."""
        menus = ((menu, choice) for menu in message.menus for choice in menu["options"])
        found = next((pair for pair in menus if pair[1]["label"] == label), None)
        if found is None or message.deleted:
            raise CommandError(f"no {label} to choose")
        menu, choice = found
        await self.connected(message.channel.guild)
        data = {"custom_id": menu["custom_id"], "component_type": menu["type"], "id": 1, "values": [choice["value"]]}
        return await self._interact(COMPONENT, member, message.channel, data, message)

    async def choose(self, member: User | Member, message: Message, name: str) -> Reply:
        """Choose an entry in the menu of a message. Raises CommandError if there is none."""
        await self.connected(message.channel.guild)
        data = message_data(self.commands, member, message, name, self.origin)
        return await self._interact(COMMAND, member, message.channel, data)

    async def submit(self, member: User | Member, opened: Reply, /, **entered: Any) -> Reply:
        """Fill in the form that a command has opened, and send it. Raises CommandError if a client would not."""
        await opened.acknowledged()
        if opened.modal is None:
            raise CommandError("there is no form")
        data = modal_data(opened.modal, entered, self.origin)
        return await self._interact(SUBMIT, member, opened.channel, data)

    async def repeat(self, reply: Reply) -> None:
        """Send the interaction's event again, as after a broken connection."""
        session = self.gateway.session(self._shard(reply.channel.guild))
        assert session is not None
        event = next(d for e, d in session.events if e == "INTERACTION_CREATE" and d["id"] == str(reply.id))
        await session.dispatch("INTERACTION_CREATE", event)

    def kill_token(self, reply: Reply) -> None:
        """Expire the interaction's token before its 15 minutes are over."""
        reply.token_dead = True

    def attach(self, name: str, content: bytes, kind: str = "text/plain", **changes: Any) -> Attachment:
        """Upload a file, to be an option of a command."""
        file = replace(Attachment(self.new_id(), name, content, kind), **changes)
        self.uploads[str(file.id)] = file
        return file

    async def _attachment(self, raw: web.Request) -> web.StreamResponse:
        wanted = raw.match_info["id"]
        messages = (m for c in self.channels.values() for m in c.messages.values() if not m.deleted)
        held = (a for m in messages for a in m.attachments if str(a.id) == wanted)
        file = self.uploads.get(wanted) or next(held, None)
        self.fetched.append(raw.match_info["name"])
        return web.Response(status=404) if file is None else web.Response(body=file.content, content_type="text/plain")

    async def connected(self, guild: Guild | None = None, timeout_s: float = WAIT_S) -> None:
        """Wait until the bot is ready to receive events."""
        await self.pulse.until(lambda: self.gateway.connected(self._shard(guild)), timeout_s)

    async def _interact(
        self, kind: int, member: User | Member, channel: Channel, data: JSON, message: Message | None = None
    ) -> Reply:
        limit = channel.upload_limit_bytes
        reply = Reply(
            self.new_id(), f"token-{self.new_id()}", kind, member.user, channel, self.now_s(), limit, self.pulse
        )
        reply.original = message
        self.replies[reply.token] = reply
        event = interaction_event(self.application_id, self.origin, reply, member, data)
        session = self.gateway.session(self._shard(channel.guild))
        assert session is not None
        await session.dispatch("INTERACTION_CREATE", event)
        return reply

    # --- what goes wrong ----------------------------------------------------------------------------------------

    def fail(
        self,
        method: str,
        pattern: str,
        status: int,
        code: int = 0,
        message: str = "error",
        *,
        times: int = 1,
        uploads: bool = False,
    ) -> Fault:
        """Fail the next requests whose path matches the regular expression."""
        body = {"code": code, "message": message}
        return self._fault(Fault(method, pattern, times, status, body, uploads=uploads))

    def limit_rate(self, method: str, pattern: str, retry_after_s: float, *, times: int = 1) -> Fault:
        """Answer with 429."""
        body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": False}
        headers = {
            "Via": "1.1 google",
            "Retry-After": f"{retry_after_s:.0f}",
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset-After": f"{retry_after_s:.3f}",
            "X-RateLimit-Bucket": "bucket",
            "X-RateLimit-Scope": "user",
        }
        return self._fault(Fault(method, pattern, times, 429, body, headers))

    def drop(self, method: str, pattern: str, *, after_effect: bool, times: int = 1, uploads: bool = False) -> Fault:
        """Cut the connection before or after the request takes effect."""
        return self._fault(Fault(method, pattern, times, drop=True, after_effect=after_effect, uploads=uploads))

    def hold(self, method: str, pattern: str, until: asyncio.Event) -> Fault:
        """Let the next request take effect, and hold its response back."""
        return self._fault(Fault(method, pattern, 1, after_effect=True, hold=until))

    def _fault(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault

    # --- serving ------------------------------------------------------------------------------------------------

    def _serve(self, handler: rest.Handler) -> Callable[[web.Request], Any]:
        async def serve(raw: web.Request) -> web.StreamResponse:
            request = await read(raw)
            self.requests.append(request)
            self.violations += violations(request)
            fault = next((f for f in self.faults if f.takes(request)), None) or self.weather(request)
            try:
                response = await self._answer(handler, request, raw, fault)
            finally:
                self.pulse.beat()
            return response

        return serve

    async def _answer(
        self, handler: rest.Handler, request: Request, raw: web.Request, fault: Fault | None
    ) -> web.StreamResponse:
        if fault is None or fault.after_effect:
            response = await self._act(handler, request, raw)
        else:
            response = answer(fault.body, fault.status, fault.headers)
        if fault is not None and fault.hold:
            self.pulse.beat()
            await fault.hold.wait()
        request.status = response.status
        if fault is not None and fault.drop:
            request.status = 0
            assert raw.transport is not None
            raw.transport.close()
        return response

    async def _act(self, handler: rest.Handler, request: Request, raw: web.Request) -> web.Response:
        try:
            self._check_token(request)
            request.answer = await handler(self, request, raw.match_info)
        except ApiError as error:
            return answer(error.body, error.status, error.headers)
        return answer(request.answer, 204 if request.answer is None else 200)

    def _check_token(self, request: Request) -> None:
        if not request.path.startswith(rest.WITHOUT_TOKEN) and request.authorization != f"Bot {self.token}":
            raise ApiError(401, 0, "401: Unauthorized")


async def _nowhere(_: DiscordWorld, request: Request, __: Any) -> None:
    raise ApiError(404, 0, f"404: Not Found ({request.path})")

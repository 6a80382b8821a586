"""The server: the bot's calls, their responses, and the updates that wait."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from tests import tokens
from tests.waiting import WAIT_S
from tests.worlds.telegram import whispers
from tests.worlds.telegram.chats import Chat, Message, Press, User
from tests.worlds.telegram.faults import ApiError, Fault
from tests.worlds.telegram.methods import METHODS
from tests.worlds.telegram.webhook import Webhook
from tests.worlds.telegram.wire import JSON, Call, Upload, read_call

T = TypeVar("T")
DEFAULT_KINDS = frozenset({"message", "edited_message", "callback_query", "my_chat_member"})


class TelegramWorld:
    """A local Telegram; `calls` records everything that the bot called."""

    def __init__(self) -> None:
        self.token = tokens.TELEGRAM
        self.bot = User(123456, "Troubadour", "troubadour_bot", is_bot=True)
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.chats: dict[int, Chat] = {}
        self.calls: list[Call] = []
        self.commands: list[JSON] = []
        """Those that were set last."""
        self.profile: dict[tuple[str, str, str], Any] = {}
        """What the bot shows of itself: by what, language and scope."""
        self.whispers = True
        """Whether the server knows ephemeral messages; one from before Bot API 10.3 passes over their parameter."""
        self.joins = True
        """Whether the bot can be added to groups."""
        self.presses: dict[str, Press] = {}
        self.files: dict[str, tuple[str, JSON, Upload]] = {}
        """Sent files by id, with their kind of message."""
        self.documents: dict[str, bytes] = {}
        """What members uploaded, by file id."""
        self.api_url = ""
        self._updates: list[JSON] = []
        self._repeated: list[JSON] = []
        self._next_update = 1
        self._faults: list[tuple[str, int | None, Fault]] = []
        self.weather: Callable[[Call], Fault | None] = lambda _: None
        """Draws a fault for any call that no other fault is for."""
        self.now_s: Callable[[], float] = time.time
        self._changed = asyncio.Condition()
        self._poll = 0
        self.webhook = Webhook(lambda: self._repeated + self._updates, self._forget)
        self._poster: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> Self:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/documents/{file_id}", self._download)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.05, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.api_url = f"http://{host}:{port}"
        self._poster = asyncio.create_task(self.webhook.run())
        return self

    async def stop(self) -> None:
        """Stop serving, and cut waiting calls off."""
        self._poll += 1
        await self._notify()
        if self._poster is not None:
            self._poster.cancel()
            await asyncio.wait({self._poster})
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

    # --- who is there ---

    def user(self, name: str, username: str | None = None) -> User:
        user = User(1000 + len(self.users), name, username)
        self.users[user.id] = user
        return user

    def private(self, user: User) -> Chat:
        """Return a user's direct chat with the bot."""
        return self.chats.get(user.id) or self._chat(user.id, "private", user.first_name, [user])

    def group(self, title: str, *members: User) -> Chat:
        return self._chat(-5000 - len(self.chats), "group", title, members)

    def supergroup(self, title: str, *members: User, forum: bool = False) -> Chat:
        return self._chat(-1001000000000 - len(self.chats), "supergroup", title, members, forum=forum)

    def _chat(self, chat_id: int, kind: str, title: str, members: Any, *, forum: bool = False) -> Chat:
        chat = self.chats[chat_id] = Chat(self, chat_id, kind, title, forum)
        for member in (self.bot, *members):
            chat.add(member)
        return chat

    def document(self, name: str, content: bytes, mime: str = "text/plain", **said: Any) -> JSON:
        """Upload a file; return the field that a message has of it. `said`: what Telegram says of it otherwise."""
        file_id = f"document{len(self.documents)}"
        self.documents[file_id] = content
        file: JSON = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_name": name, "mime_type": mime}
        return {"document": file | {"file_size": len(content)} | said}

    # --- what happens ---

    async def send_update(self, kind: str, payload: JSON) -> JSON:
        """Queue an update for the bot, if the bot asks for its kind."""
        update = self._update(kind, payload)
        self._updates.append(update)
        await self._notify()
        return update

    async def send_unasked(self, kind: str, payload: JSON) -> None:
        """Queue an update whatever kinds the bot asks for, as if from before it asked."""
        self._repeated.append(self._update(kind, payload))
        await self._notify()

    def _update(self, kind: str, payload: JSON) -> JSON:
        update = {"update_id": self._next_update, kind: payload}
        self._next_update += 1
        return update

    async def repeat(self, update: JSON) -> None:
        """Queue a confirmed update again, as after a crash of the bot or of Telegram."""
        self._repeated.append(update)
        await self._notify()

    def _forget(self, update: JSON) -> None:
        (self._repeated if update in self._repeated else self._updates).remove(update)

    async def press(self, user: User, message: Message, data: str, *, old: bool = False) -> Press:
        """Press a button as a user; an `old` message is no longer accessible to bots."""
        assert message.alone is None or message in message.chat.heard_by(user), "nobody else sees that message"
        press = Press(f"q{len(self.presses) + 1}", message.chat, {}, at_s=self.now_s())
        self.presses[press.id] = press
        faded: JSON = {"chat": message.chat.raw, "message_id": message.id, "date": 0}
        seen = faded if old else message.raw
        query: JSON = {"id": press.id, "from": user.raw, "message": seen, "data": data}
        press.update = await self.send_update("callback_query", query | {"chat_instance": str(message.chat.id)})
        return press

    def fail(self, method: str, fault: Fault, *, chat: Chat | None = None, times: int = 1) -> None:
        """Add a fault for the next `times` calls of a method, in one chat or anywhere."""
        self._faults += [(method, chat.id if chat else None, fault)] * times

    # --- what was seen ---

    def calls_to(self, method: str) -> list[Call]:
        return [c for c in self.calls if c.method == method]

    @property
    def violations(self) -> list[str]:
        """How the calls so far violate the specification."""
        return [v for call in self.calls for v in call.violations]

    async def until(self, found: Callable[[], T | None], what: str, timeout_s: float = WAIT_S) -> T:
        """Wait until `found` returns something truthy; it is called after every call and update."""
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                while not (result := found()):
                    await self._changed.wait()
                return result
        except TimeoutError:
            raise AssertionError(f"{what}\n{self._transcript()}") from None

    def _transcript(self) -> str:
        texts = [
            f"  {c.title}: {m.raw['from']['first_name']}: {m.text}"
            for c in self.chats.values()
            for m in c.messages.values()
        ]
        return "\n".join([*texts, f"  calls: {dict(Counter(c.method for c in self.calls))}"])

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # --- the server ---

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != self.token:
            return self._refusal(Fault.unauthorized())
        call = await read_call(request, request.match_info["method"])
        self.calls.append(call)
        fault = self._take_fault(call)
        try:
            return await self._meet(request, call, fault)
        finally:
            await self._notify()

    async def _download(self, request: web.Request) -> web.StreamResponse:
        content = self.documents.get(request.match_info["file_id"])
        if request.match_info["token"] != self.token or content is None:
            return web.Response(status=404)
        return web.Response(body=content)

    def _take_fault(self, call: Call) -> Fault:
        for i, (method, chat_id, fault) in enumerate(self._faults):
            if method == call.method and chat_id in {None, call.chat_id}:
                del self._faults[i]
                return fault
        return self.weather(call) or Fault()

    async def _meet(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        if fault.drop == "before":
            return self._drop(request)
        if fault.status:
            return self._refuse(call, fault)
        try:
            result = (
                await self._updates_after(call)
                if call.method == "getUpdates"
                else self._method(call.method)(self, call)
            )
        except ApiError as error:
            return self._refuse(call, error.fault)
        except KeyError:
            return self._refuse(call, Fault(404, "Not Found"))
        await self._notify()
        if fault.hold is not None:
            await fault.hold.wait()
        if fault.drop == "after":
            return self._drop(request)
        call.status = 200
        return web.json_response({"ok": True, "result": result})

    def _method(self, name: str) -> Callable[["TelegramWorld", Call], Any]:
        """Return a method. Raises KeyError for one that the server does not know."""
        if not self.whispers and name in whispers.METHODS:
            raise KeyError(name)
        return METHODS[name]

    def _refuse(self, call: Call, fault: Fault) -> web.Response:
        call.status = fault.status
        return self._refusal(fault)

    @staticmethod
    def _refusal(fault: Fault) -> web.Response:
        if fault.body:
            return web.Response(status=fault.status, text=fault.body, content_type="text/html")
        body: JSON = {"ok": False, "error_code": fault.status, "description": fault.description}
        return web.json_response(
            body | ({"parameters": fault.parameters} if fault.parameters else {}), status=fault.status
        )

    @staticmethod
    def _drop(request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _updates_after(self, call: Call) -> list[JSON]:
        """Confirm updates before the offset, then wait for new ones; a newer poll ends this one."""
        if self.webhook.url:
            raise ApiError("Conflict: can't use getUpdates method while webhook is active", 409)
        self._poll += 1
        mine, offset = self._poll, call.number("offset") or 0
        wanted = set(call.object("allowed_updates") or ()) or DEFAULT_KINDS
        self._updates = [u for u in self._updates if u["update_id"] >= offset and wanted & u.keys()]
        await self._notify()
        try:
            async with asyncio.timeout(call.number("timeout") or 0), self._changed:
                await self._changed.wait_for(lambda: self._updates or self._repeated or self._poll != mine)
        except TimeoutError:
            return []
        if self._poll != mine:
            raise ApiError(Fault.conflict().description, 409)
        given = self._repeated + self._updates[: call.number("limit") or 100]
        self._repeated = []
        return given

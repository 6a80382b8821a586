"""The simulated Telegram: chats, updates and the Bot API."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from tests import tokens
from tests.proofs.sim.faults_chat import Refusal
from tests.proofs.sim.wire import Answer, Reply, Request

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

TOKEN = tokens.TELEGRAM
HOST = "telegram.sim"
BOT = {"id": 123456, "is_bot": True, "first_name": "Troubadour", "username": "troubadour_bot"}
_PART = re.compile(rb'name="([^"]+)"(?:; filename="[^"]*")?\r\n(?:[^\r]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)
_FILES = {"voice", "audio", "document"}
_READ_POINTS = {"getUpdates": "update received", "sendVoice": "upload read", "sendAudio": "upload read"}
JSON = dict[str, Any]


@dataclass(slots=True)
class Chat:
    """A group, a supergroup or a direct chat."""

    id: int
    type: str
    members: dict[int, str]
    """Status by user id."""
    messages: dict[int, JSON] = field(default_factory=dict)
    newest: int = 0
    kicked: bool = False
    moved_to: int | None = None

    @property
    def raw(self) -> JSON:
        return {"id": self.id, "type": self.type, "title": f"Chat {self.id}"}


class TelegramWorld:
    """What Telegram knows; the process may die, this stays."""

    def __init__(self, history: "History") -> None:
        self.history = history
        self.timeline = history.timeline
        self.chats: dict[int, Chat] = {}
        self.updates: list[JSON] = []
        self.again: list[JSON] = []
        self.forgotten: list[JSON] = []
        """Messages that the bot said it has taken."""
        self.heard: Counter[int] = Counter()
        """Messages with an order's audio, by order."""
        self.orders: dict[tuple[int, int], int] = {}
        """By chat and message."""
        self._next_update = 1
        self._given: set[int] = set()
        self._poll: Any = None
        history.wire.host(HOST, "149.154.167.220", self.handle)

    def chat(self, *members: int) -> Chat:
        chat = Chat(-5000 - len(self.chats), "group", dict.fromkeys(members, "member"))
        self.chats[chat.id] = chat
        return chat

    # --- what people do -------------------------------------------------------------------------------------------

    def say(self, chat: Chat, user: JSON, text: str, order: int | None = None, **more: Any) -> JSON:
        """Let a member write; return the update."""
        if chat.moved_to:
            chat = self.chats[chat.moved_to]
        command = text.split(maxsplit=1)[0]
        entities = [{"type": "bot_command", "offset": 0, "length": len(command)}] if text.startswith("/") else []
        message = self._post(chat, {"from": user, "text": text, "entities": entities, **more})
        if order is not None:
            self.orders[chat.id, message["message_id"]] = order
        return self._queue("message", message)

    def press(self, chat: Chat, user: JSON, message: JSON, data: str) -> None:
        query = {"id": str(self._next_update), "from": user, "message": message, "chat_instance": "1", "data": data}
        self._queue("callback_query", query)

    def repeat(self, update: JSON) -> None:
        """Give an update once more although it was confirmed."""
        self.again.append(update)
        self._wake()

    def _queue(self, kind: str, payload: JSON) -> JSON:
        update = {"update_id": self._next_update, kind: payload}
        self._next_update += 1
        self.updates.append(update)
        self._wake()
        return update

    def _post(self, chat: Chat, content: JSON) -> JSON:
        number = chat.newest = chat.newest + 1
        message = {"message_id": number, "date": self.timeline.true_ms() // 1000, "chat": chat.raw, **content}
        chat.messages[number] = message
        return message

    # --- the Bot API ----------------------------------------------------------------------------------------------

    def handle(self, request: Request, answer: Answer) -> None:
        method = request.path.rpartition("/")[2]

        def reply(status: int, said: JSON) -> None:
            point = _READ_POINTS.get(method, "") if said.get("result") else ""
            answer(Reply(status, json.dumps(said).encode(), {"Content-Type": "application/json"}, point))

        self.call(method, *_read(request), reply)

    def call(self, method: str, params: JSON, files: dict[str, bytes], answer: Any) -> None:
        """Do what a call asks for and answer, at once or later."""
        if method == "getUpdates":
            self._get_updates(params, answer)
            return
        site = _SITES.get(method)
        kind = self.history.draw(site) if site else None
        refusal: Refusal | None = kind.data if kind else None
        if refusal and refusal.change == "moved" and not self._can_move(params):
            refusal = None
        if refusal is None or refusal.arrives:
            status, body = self._done(method, params, files)
            if refusal is None or status != 200:
                answer(status, body)
                return
        assert refusal is not None
        answer(*self._refused(refusal, params))

    def _refused(self, refusal: Refusal, params: JSON) -> tuple[int, JSON]:
        chat = self.chats.get(int(params.get("chat_id", 0)))
        more: JSON = {"retry_after": refusal.retry_after_s} if refusal.retry_after_s else {}
        if chat is not None and refusal.change == "kicked":
            chat.kicked = True
        if chat is not None and refusal.change == "moved":
            more = {"migrate_to_chat_id": self.migrate(chat).id}
        if chat is not None:
            self.history.troubled.add(f"telegram:{chat.id}")
        return refusal.status, _no(refusal.status, refusal.words, **more)

    def _can_move(self, params: JSON) -> bool:
        """Say whether the chat is a group that has not become a supergroup yet."""
        chat = self.chats.get(int(params.get("chat_id", 0)))
        return chat is not None and chat.type == "group" and not chat.moved_to

    def migrate(self, chat: Chat) -> Chat:
        """Make a supergroup of a group, with the two service messages."""
        new = Chat(-1001000000000 - len(self.chats), "supergroup", chat.members)
        self.chats[new.id] = new
        chat.moved_to = new.id
        self.history.tell(f"group {chat.id} becomes supergroup {new.id}")
        self.history.moved(f"telegram:{chat.id}", f"telegram:{new.id}")
        service = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        if self.timeline.rng.random() < 0.7:
            self._queue("message", self._post(chat, {"from": service, "migrate_to_chat_id": new.id}))
        return new

    def _done(self, method: str, params: JSON, files: dict[str, bytes]) -> tuple[int, JSON]:
        chat = self._chat(int(params["chat_id"])) if "chat_id" in params else None
        if chat is None and "chat_id" in params:
            return 403, _no(403, "Forbidden: bot can't initiate conversation with a user")
        if chat is not None:
            if chat.moved_to:
                why = "Bad Request: group chat was upgraded to a supergroup chat"
                return 400, _no(400, why, migrate_to_chat_id=chat.moved_to)
            if chat.kicked:
                return 403, _no(403, "Forbidden: bot was kicked from the group chat")
        match method:
            case "getMe":
                result: Any = {**BOT, "can_join_groups": True, "can_read_all_group_messages": False,
                               "supports_inline_queries": False}  # fmt: skip
            case "sendMessage" | "sendVoice" | "sendAudio" | "sendDocument" if chat is not None:
                return self._sent(chat, params, files)
            case "editMessageText" if chat is not None:
                return self._edited(chat, params)
            case "getChatMember" if chat is not None:
                status = chat.members.get(int(params["user_id"]), "left")
                result = {"user": person(int(params["user_id"])), "status": status, **_RIGHTS.get(status, {})}
            case _:
                if method == "deleteMessage" and chat is not None:
                    chat.messages.pop(int(params["message_id"]), None)
                result = True
        return 200, {"ok": True, "result": result}

    def _chat(self, number: int) -> Chat | None:
        """Find a chat; every other member has started one with the bot."""
        if number > 0 and number % 2 == 0:
            return self.chats.setdefault(number, Chat(number, "private", {number: "member"}))
        return self.chats.get(number)

    def _sent(self, chat: Chat, params: JSON, files: dict[str, bytes]) -> tuple[int, JSON]:
        text = str(params.get("text", params.get("caption", "")))
        self.history.shown(text)
        content: JSON = {"from": BOT, "text": text} if "text" in params else {"from": BOT, "caption": text}
        if "reply_markup" in params:
            content["reply_markup"] = json.loads(params["reply_markup"])
        replied = json.loads(params.get("reply_parameters", "{}")).get("message_id")
        original = chat.messages.get(replied or 0)
        if original is not None:
            content["reply_to_message"] = {k: v for k, v in original.items() if k != "reply_to_message"}
        order = self.orders.get((chat.id, replied or 0))
        for name, sound in files.items():
            content[name] = {"file_id": "f", "file_unique_id": "u", "duration": 1}
            self._hear(chat, sound)
        message = self._post(chat, content)
        if order is not None and not files:
            self.history.chat_says(order, text)
            self.history.point("status message accepted")
        elif not files:
            self.history.chat_says_elsewhere(text, content.get("reply_markup"))
        return 200, {"ok": True, "result": message}

    def _hear(self, chat: Chat, sound: bytes) -> None:
        order = self.history.hear(sound, f"in chat {chat.id}")
        self.heard[order] += 1
        self.history.tell(f"telegram has audio of order {order} ({self.heard[order]})")
        self.history.check_heard("telegram", order, self.heard[order])
        self.history.point("upload accepted")

    def _edited(self, chat: Chat, params: JSON) -> tuple[int, JSON]:
        message = chat.messages.get(int(params["message_id"]))
        if message is None:
            return 400, _no(400, "Bad Request: message to edit not found")
        text = params["text"]
        self.history.shown(text)
        markup = json.loads(params.get("reply_markup", "null"))
        if (message.get("text"), message.get("reply_markup")) == (text, markup):
            return 400, _no(400, "Bad Request: message is not modified")
        message["text"] = text
        message.pop("reply_markup", None)
        if markup:
            message["reply_markup"] = markup
        original = message.get("reply_to_message")
        if original is not None and (order := self.orders.get((chat.id, original["message_id"]))) is not None:
            self.history.chat_says(order, text)
        else:
            self.history.chat_says_elsewhere(text, markup)
        return 200, {"ok": True, "result": message}

    # --- updates --------------------------------------------------------------------------------------------------

    def _get_updates(self, params: JSON, answer: Any) -> None:
        if kind := self.history.draw("tg.updates"):
            answer(kind.data.status, self._refused(kind.data, params)[1])
            return
        offset = int(params.get("offset", 0))
        if self.updates and self.updates[0]["update_id"] < offset and self.history.draw("tg.again"):
            self.again.append(self.updates[0])
        self.forgotten += [u["message"] for u in self.updates if u["update_id"] < offset and "message" in u]
        self.updates = [u for u in self.updates if u["update_id"] >= offset]
        self._poll = answer
        self._wake()
        if self._poll is not None:
            self.timeline.after(float(params.get("timeout", 0)), self._give, answer)

    def not_given(self) -> list[str]:
        """Return what the presses say that wait."""
        waiting = [
            u["callback_query"] for u in self.updates if "callback_query" in u and u["update_id"] not in self._given
        ]
        return [press["data"] for press in waiting]

    def hang_up(self) -> None:
        self._poll = None

    def _wake(self) -> None:
        if self._poll is not None and (self.updates or self.again):
            self._give(self._poll)

    def _give(self, answer: Any) -> None:
        if self._poll is answer:
            self._poll = None
            given, self.again = self.again + self.updates, []
            for update in given:
                if update["update_id"] in self._given and "callback_query" in update:
                    press = update["callback_query"]  # that came again acts again
                    self.history.people.count(press["from"]["id"], press["data"], again=True)
                self._given.add(update["update_id"])
            answer(200, {"ok": True, "result": given})


def _read(request: Request) -> tuple[JSON, dict[str, bytes]]:
    """Return a form's texts and its files."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True)), {}
    parts = {name.decode(): value for name, value in _PART.findall(request.body)}
    files = {name: parts.pop(name) for name in _FILES & parts.keys()}
    return {name: value.decode(errors="replace") for name, value in parts.items()}, files  # a cover is no text


def person(number: int) -> JSON:
    """Write a user; hash signs and such in names are for the adapters to escape."""
    return {"id": number, "is_bot": False, "first_name": f"Mem*ber_{number}", "username": f"member{number}"}


def _no(status: int, words: str, **parameters: Any) -> JSON:
    return {"ok": False, "error_code": status, "description": words} | (
        {"parameters": parameters} if parameters else {}
    )


_RIGHTS: dict[str, JSON] = {
    "administrator": {"can_be_edited": False, "is_anonymous": False}
    | dict.fromkeys(
        (
            "can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members can_promote_members "
            "can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
        ).split(),
        False,
    )
}
_SITES = {
    "sendMessage": "tg.text",
    "sendVoice": "tg.upload",
    "sendAudio": "tg.upload",
    "editMessageText": "tg.edit",
}

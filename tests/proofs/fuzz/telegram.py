"""Properties of what Telegram sends: messages, button presses, and anything posted to its webhook."""

import asyncio
import itertools
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any
from urllib.parse import parse_qsl

import telegram
from hypothesis import strategies as st
from telegram.request import RequestData

from bots.app.environment import load
from bots.commands import orders, table
from bots.telegram import Telegram, parse
from bots.telegram.escaping import TEXT_LIMIT
from bots.telegram.identity import Address, caller, key_of
from bots.telegram.responder import ALERT_LIMIT
from bots.telegram.transport import _form
from bots.telegram.webhook import SECRET_HEADER, secret_of
from bots.web.server import LARGEST_UPDATE_BYTES, Web
from core.domain.ids import Ids
from core.domain.jsontype import JSON
from core.engine.meters import Meters
from core.service.service import Service
from tests import tokens
from tests.core.rig import Incarnation
from tests.makers import admission, order
from tests.makers import caller as somebody
from tests.proofs.fuzz.hostile import BODIES, NAMES, NUMBERS, as_json, texts, values
from tests.proofs.fuzz.parsers import TABLE, Parser, refused_at_most
from tests.proofs.fuzz.service import faultless, post, raw, with_service

log = logging.getLogger(__name__)

DEADLINE_S = 60


# --- messages -----------------------------------------------------------------------------------------------------


def telegram_message(given: JSON) -> None:
    """An update of the documented form with hostile text, names and entities."""
    update = telegram.Update.de_json({"update_id": 1, "message": given}, None)
    message = update.message
    assert message is not None
    command = parse.read(message, "troubadour_bot")
    who = caller(message.chat, message.from_user, message.sender_chat)
    assert who.community == f"telegram:{message.chat.id}"
    assert who.can_spend == (message.sender_chat is None)
    if command is None:
        return
    assert parse.written_by_sender(message) == ("forward_origin" not in given and "via_bot" not in given)
    assert not parse.answers_bot(message, 0)
    text = parse.answered_text(message)
    for product in TABLE.products:
        orders.text_in(text, product, TABLE)
    words = orders.Words(body=command.body, answered=text)
    for product, row in TABLE.products.items():
        with refused_at_most():
            order = orders.read(words, product, TABLE, who, event_id="1", destination=Address.of(message).destination)
            for parameters in (order.parameters, *order.readings.values()):
                row.validate(parameters)
    with refused_at_most():
        asked, user = parse.named(message, command)
        assert user is None or (user.id > 0 and not user.is_bot)
        assert key_of(asked.member_id or "1").startswith("telegram:")
    assert Address.of(message).chat == message.chat.id


_user = st.fixed_dictionaries(
    {"id": st.integers(1, 3) | st.integers(1, 2**52), "is_bot": st.booleans(), "first_name": NAMES},
    optional={"last_name": NAMES, "username": NAMES},
)
_ids = st.sampled_from((-1, 1)) | st.integers(-(2**52), 2**52)
_chat = st.fixed_dictionaries(
    {"id": _ids, "type": st.sampled_from(("private", "group", "supergroup"))},
    optional={"title": NAMES, "is_forum": st.booleans()},
)
_place = st.integers(0, 40) | st.sampled_from((2**31, 2**20))
_entity = st.fixed_dictionaries(
    {
        "type": st.sampled_from(("text_mention", "mention", "bot_command")),
        "offset": _place,
        "length": _place,
        "user": _user,
    }
)
_base = {"message_id": st.integers(1, 2**31), "date": st.integers(0, 2**31), "chat": _chat, "from": _user}
_reply = st.fixed_dictionaries(_base, optional={"text": texts(), "caption": texts(), "sender_chat": _chat})
_origin = st.fixed_dictionaries({"type": st.just("user"), "date": st.just(1), "sender_user": _user}) | (
    st.fixed_dictionaries({"type": st.just("hidden_user"), "date": st.just(1), "sender_user_name": NAMES})
)
_text = texts() | st.builds(
    "/{} {}".format, st.sampled_from(("speak", "music", "quota", "grant@Troubadour_bot")), texts()
)
_extras = {
    "entities": st.lists(_entity, max_size=3),
    "reply_to_message": _reply,
    "caption": texts(),
    "caption_entities": st.lists(_entity, max_size=3),
    "forward_origin": _origin,
    "external_reply": st.fixed_dictionaries({"origin": _origin}),
    "via_bot": _user,
    "quote": st.fixed_dictionaries({"text": texts(), "position": _place}),
}
_message = st.fixed_dictionaries({**_base, "text": _text}, optional={**_extras, "sender_chat": _chat})


# --- the platform between a Telegram and the service ---------------------------------------------------------------


class _Line:
    """A Telegram that accepts everything, and in which every second member is an admin."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []

    async def exchange(self, _: str, url: str, data: RequestData | None, __: object) -> tuple[int, bytes]:
        """Do nothing: there is no connection."""
        method, form = url.rpartition("/")[2], _form(data)
        try:
            body = bytes(form()._value) if form and not form.is_multipart else b""
        except Exception:
            log.exception("the library would take it for a fault of the network")
            raise
        given = dict(parse_qsl(body.decode("utf-8", "replace")))
        self.calls.append((method, given))
        return 200, json.dumps({"ok": True, "result": self._result(method, given)}).encode()

    def _result(self, method: str, given: dict[str, str]) -> object:
        match method:
            case "getMe":
                return _BOT
            case "getChatMember":
                status = "creator" if int(given["user_id"]) % 2 else "member"
                return {"status": status, "user": _BOT, "is_anonymous": False}
            case "getChatAdministrators":
                return [{"status": "creator", "user": _BOT, "is_anonymous": False}]
            case "sendMessage" | "sendDocument":
                return {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "group"}}
            case _:
                return True

    def said(self, method: str) -> list[str]:
        """Return the texts of calls of a method; the texts of all calls must be valid."""
        assert all(len(given.get("text", "")) <= TEXT_LIMIT for _, given in self.calls)
        return [given["text"] for name, given in self.calls if name == method]


_BOT = {"id": 7, "is_bot": True, "first_name": "Troubadour", "username": "Troubadour_bot"}


@asynccontextmanager
async def _receiving(service: Service, line: _Line) -> AsyncIterator[Telegram]:
    settings = load(
        _env_file=None, telegram_token=tokens.TELEGRAM, telegram_webhook=True, public_url="https://bot.example"
    )
    platform = Telegram(settings)
    for request in platform._requests:
        request._exchange = line.exchange  # type: ignore[method-assign, assignment]
    await platform.open(service)
    run = asyncio.create_task(platform.run())
    async with asyncio.timeout(DEADLINE_S):
        while not platform.receiving:
            await asyncio.sleep(0)
    try:
        yield platform
    finally:
        await platform.stop_receiving()
        await run
        await platform.close()


# --- presses ------------------------------------------------------------------------------------------------------


def telegram_presses(presses: list[JSON]) -> None:
    """Any press of any button is answered once, in words that fit, and causes no fault."""
    line = _Line()

    async def use(alive: Incarnation) -> None:
        alive.service._ids = Ids(job=map(str, itertools.count(1)).__next__)  # so that button data can be guessed
        mine = somebody(community="telegram:-1", member="telegram:1")
        await alive.store.admit(admission(order(mine), job_id="job"))
        async with _receiving(alive.service, line) as platform:
            for given in presses:
                line.calls.clear()
                pressed = {"update_id": 1, "callback_query": given}
                await platform._handle(telegram.Update.de_json(pressed, platform._bot), lambda: None)
                told = line.said("answerCallbackQuery")
                assert len(told) == ("message" in given)
                assert all(0 < len(words) <= ALERT_LIMIT for words in told)

    with faultless():
        with_service(use)


_unreadable = st.fixed_dictionaries({"chat": _chat, "message_id": st.integers(1, 2**31), "date": st.just(0)})
_status = st.fixed_dictionaries(
    _base,
    optional={
        "text": texts(), "reply_to_message": _reply, "is_topic_message": st.booleans(),
        "message_thread_id": st.integers(1, 2**31),
    },
)  # fmt: skip
_data = NAMES | st.builds(
    "{}:{}".format,
    st.sampled_from(("again", "cancel", "confirm", "ask", "approve", "decline")),
    st.sampled_from(("1", "2", "job", "1:1")) | NAMES,
)
_envelope = {"id": st.integers(1, 2**63).map(str), "from": _user, "chat_instance": NAMES}
_of_ours = st.fixed_dictionaries({**_envelope, "message": _status | _unreadable, "data": _data})
_of_others = st.fixed_dictionaries(
    _envelope, optional={"message": _unreadable, "game_short_name": NAMES, "inline_message_id": NAMES}
)


def _asking(press: JSON, micros: int) -> JSON:
    """Send a credit request after a refusal."""
    return {**press, "data": f"ask:{micros}:{press['from']['id']}"}


_press = st.one_of(_of_ours, st.builds(_asking, _of_ours, st.integers(0, 10**8) | st.integers()), _of_others)


# --- the webhook --------------------------------------------------------------------------------------------------


def telegram_webhook(posts: list[tuple[str, bytes, bytes]]) -> None:
    """Nothing that is posted without the secret has an effect; with it, no update of the documented form fails."""
    line = _Line()

    async def use(alive: Incarnation) -> None:
        async with _receiving(alive.service, line) as platform:
            web = Web("127.0.0.1", 0, None, meters=Meters(), checks=_well, metrics=_unmeasured, hooks=platform.hooks())
            await web.start()
            try:
                for kind, secret, body in posts:
                    line.calls.clear()
                    with faultless() if kind == "documented" else nullcontext():
                        await _take(platform, web.port, kind, secret, body[: LARGEST_UPDATE_BYTES + 1])
                    assert kind != "forged" or not line.calls
                    line.said("sendMessage")
            finally:
                await web.stop()

    with_service(use)


async def _take(platform: Telegram, port: int, kind: str, secret: bytes, body: bytes) -> None:
    status = await post(port, b"telegram", SECRET_HEADER.encode() + b": " + secret, body)
    assert status in (_ALLOWED[kind] if len(body) <= LARGEST_UPDATE_BYTES else {400, 413}), (status, body[:80])
    assert platform._webhook
    async with asyncio.timeout(DEADLINE_S):
        await platform._webhook._intake.drained()


_ALLOWED = {"documented": {200}, "undocumented": {200, 400}, "forged": {400, 403}}  # 400: a header that HTTP forbids


async def _well() -> dict[str, str]:
    return {}


async def _unmeasured() -> str:
    return ""


def _swapped(draw: st.DrawFn, value: Any) -> Any:
    """Replace one field, however deep, by any value."""
    if not isinstance(value, dict) or not value or not draw(st.integers(0, 3)):
        return draw(values() | NUMBERS)
    name = draw(st.sampled_from(sorted(value)))
    return {**value, name: _swapped(draw, value[name])}


@st.composite
def _update(draw: st.DrawFn, *, documented: bool = True) -> bytes:
    name, content = draw(st.tuples(st.just("message"), _posted) | st.tuples(st.just("callback_query"), _press))
    update = {"update_id": draw(st.integers(0, 2**31)), name: content if documented else _swapped(draw, content)}
    return as_json(update)


def _commanded(message: JSON, word: str, body: str) -> JSON:
    entity = {"type": "bot_command", "offset": 0, "length": len(word) + 1}
    return {**message, "text": f"/{word} {body}", "entities": [entity, *message.get("entities", ())]}


_words = st.sampled_from((*table.words(TABLE), "speak@Troubadour_bot", "music@other"))
_moved = st.fixed_dictionaries({**_base, "migrate_to_chat_id": _ids}) | st.fixed_dictionaries(
    {**_base, "migrate_from_chat_id": _ids}
)
_commands = st.builds(_commanded, _message | st.fixed_dictionaries(_base, optional=_extras), _words, texts())
_posted = st.one_of(_commands, _commands, _message, _moved)
_SECRET = secret_of(tokens.TELEGRAM).encode()
_posts = st.one_of(
    st.tuples(st.just("documented"), st.just(_SECRET), _update()),
    st.tuples(st.just("documented"), st.just(_SECRET), _update()),
    st.tuples(st.just("undocumented"), st.just(_SECRET), _update(documented=False)),
    st.tuples(st.just("undocumented"), st.just(_SECRET), BODIES),
    st.tuples(st.just("forged"), st.just(_SECRET[:-1]) | texts().map(raw), _update()),
)

TELEGRAM = {
    "telegram_messages": Parser(_message, telegram_message, examples=40),
    "telegram_presses": Parser(st.lists(_press, min_size=6, max_size=12), telegram_presses, examples=12, quick=False),
    "telegram_webhook": Parser(st.lists(_posts, min_size=4, max_size=10), telegram_webhook, examples=12, quick=False),
}

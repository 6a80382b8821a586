"""The same for what comes in through the platforms' libraries, the callback server and the typed acts of admins."""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import discord
import pytest
import telegram
from aiohttp import ClientSession
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import strategies as st

from bots import typed
from bots.discord.address import Address, AnyInteraction, caller_of
from bots.discord.desk import Act, Desk, Manner
from bots.discord.presses import press
from bots.telegram import parse
from bots.telegram.delivery import Place
from bots.telegram.delivery import plain as plain_for_telegram
from bots.telegram.people import caller, key_of
from bots.web import LARGEST_CALLBACK_BYTES
from core.errors import DeliveryRefused, MediaUnavailable
from core.gateway.fetch import MediaFetcher
from core.gateway.settings import MediaLimits
from core.models import Caller, Destination
from core.tls import tls_context
from tests.core.rig import Incarnation, Rig
from tests.fuzz.hostile import BODIES, texts
from tests.fuzz.parsers import TABLE, Parser, refused_at_most
from tests.makers import admission, web_of
from tests.makers import caller as somebody

Requests = list[tuple[bytes, bytes, bytes]]


def with_service(use: Callable[[Incarnation], Awaitable[None]]) -> None:
    """Give a real service with a real store to something; afterwards the books must balance."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with Rig(Path(folder)).running() as alive:
                await use(alive)

    asyncio.run(run())


# --- callbacks ----------------------------------------------------------------------------------------------------


def callbacks(requests: Requests) -> None:
    """Whatever is posted, the server answers, never with a fault of its own, and lets nobody in without the token."""

    async def use(alive: Incarnation) -> None:
        await alive.store.admit(admission(job_id="job", callback_token="job.the-token"))
        web = web_of(alive.service)
        await web.start()
        try:
            port = web._runner.addresses[0][1]
            for path, kind, body in requests:
                status = await _post(port, path, kind, body)
                assert status < 500, (status, path, kind, body[:80])
                assert status != 200 or path == b"job.the-token"
            async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/healthz") as response:
                assert response.status == 200
        finally:
            await web.stop()

    with_service(use)


async def _post(port: int, path: bytes, kind: bytes, body: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        b"POST /gateway/%s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    )
    line = b""
    async with asyncio.timeout(10):
        with suppress(ConnectionError):  # it may hang up before it has read all of a long body
            writer.write(head % (path, kind, len(body)) + body)
            await writer.drain()
            line = await reader.readline()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return int(line.split()[1]) if line else 400


def _raw(text: str) -> bytes:
    """Keep a piece of a header on its line."""
    return text.encode("utf-8", "surrogatepass").replace(b"\r", b"%0d").replace(b"\n", b"%0a")[:5000]


_paths = st.sampled_from((b"job.the-token", b"job", b"job.", b"job.the-toke")) | texts().map(_raw).map(
    lambda raw: raw.replace(b" ", b"%20")
)
_kinds = st.sampled_from((b"application/json", b"text/plain", b"application/json; charset=utf-16")) | texts().map(
    lambda text: b"application/json; charset=" + _raw(text)[:50]
)
_bodies = BODIES | st.just(b" " * (LARGEST_CALLBACK_BYTES + 1))


# --- typed acts of admins -----------------------------------------------------------------------------------------


def typed_acts(lines: list[tuple[str, list[str]]]) -> None:
    """An admin who writes nonsense is told so."""
    boss = somebody("boss", is_admin=True)

    async def use(alive: Incarnation) -> None:
        for command, words in lines:
            with refused_at_most():
                said = await typed.answer(alive.service, boss, command, None, words)
                plain_for_telegram(said.text).encode()

    with_service(use)


_words = texts(12).map(lambda text: text.encode("utf-8", "ignore").decode()[:4096].split()).filter(bool)
_lines = st.lists(st.tuples(st.sampled_from(sorted(typed.ACTS)), _words), min_size=1, max_size=10)


# --- Telegram -----------------------------------------------------------------------------------------------------


def telegram_message(given: dict[str, Any]) -> None:
    """An update of the documented form, with hostile text, names and entities."""
    update = telegram.Update.de_json({"update_id": 1, "message": given}, None)
    message = update.message
    assert message is not None
    command = parse.read(message, "troubadour_bot")
    who = caller(message.chat, message.from_user, message.sender_chat)
    assert who.community == f"telegram:{message.chat.id}"
    assert who.can_spend == (message.sender_chat is None)
    if command is None:
        return
    for product, read in (("speech", parse.speech), ("music", parse.music)):
        with refused_at_most():
            TABLE[product].validate(read(message, command, TABLE))
    with refused_at_most():
        asked, user = parse.named(message, command)
        assert user is None or (user.id > 0 and not user.is_bot)
        assert key_of(asked.member_id or "1").startswith("telegram:")
    assert Place.of(message).chat == message.chat.id


_names = texts().map(lambda text: text[:1000])


def _user(names: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    some = {"id": st.integers(1, 2**52), "is_bot": st.booleans(), "first_name": names}
    return st.fixed_dictionaries(some, optional={"last_name": names, "username": names})


_ids = st.integers(-(2**52), 2**52)
_chat = st.fixed_dictionaries(
    {"id": _ids, "type": st.sampled_from(("private", "group", "supergroup"))},
    optional={"title": _names, "is_forum": st.booleans()},
)
_place = st.integers(0, 40) | st.sampled_from((2**31, 2**20))
_entity = st.fixed_dictionaries(
    {
        "type": st.sampled_from(("text_mention", "mention", "bot_command")),
        "offset": _place,
        "length": _place,
        "user": _user(_names),
    }
)
_base = {"message_id": st.integers(1, 2**31), "date": st.integers(0, 2**31), "chat": _chat, "from": _user(_names)}
_reply = st.fixed_dictionaries(_base, optional={"text": texts(), "caption": texts(), "sender_chat": _chat})
_text = texts() | st.builds(
    "/{} {}".format, st.sampled_from(("speak", "music", "quota", "grant@Troubadour_bot")), texts()
)
_message = st.fixed_dictionaries(
    {**_base, "text": _text},
    optional={
        "entities": st.lists(_entity, max_size=3),
        "reply_to_message": _reply,
        "quote": st.fixed_dictionaries({"text": texts(), "position": _place}),
        "sender_chat": _chat,
    },
)


# --- Discord ------------------------------------------------------------------------------------------------------


class _Pressing(Desk):
    """Acts on presses at once, without acknowledging them to anybody."""

    async def answer(self, interaction: AnyInteraction, act: Act, manner: Manner) -> None:
        with refused_at_most():
            await act(caller_of(interaction), Destination("discord"))


def discord_presses(presses: list[tuple[dict[str, Any], str]]) -> None:
    """Presses of buttons that never were: told, and nothing else."""

    async def use(alive: Incarnation) -> None:
        client = discord.Client(intents=discord.Intents(guilds=True))
        client._connection.user = discord.ClientUser(state=client._connection, data=cast("Any", _BOT))
        for payload, custom_id in presses:
            received = json.loads(json.dumps(payload))
            interaction = discord.Interaction(data=received, state=client._connection)
            _same_again(interaction)
            await press(_Pressing(alive.service), interaction, custom_id)

    with_service(use)


def _same_again(interaction: AnyInteraction) -> None:
    """Who it is and where it goes survive the store."""
    who: Caller = caller_of(interaction)
    assert who.member.startswith("discord:")
    assert who.direct == (interaction.guild_id is None)
    address = Address.of(interaction, None)
    kept = json.loads(json.dumps(dict(address.destination().data)))
    with suppress(DeliveryRefused):
        assert Address(**kept) == address


_snowflake = st.integers(1, 2**63 - 1).map(str)
_discord_user = st.fixed_dictionaries(
    {"id": _snowflake, "username": _names, "discriminator": st.just("0"), "avatar": st.none()},
    optional={"global_name": _names | st.none(), "bot": st.booleans()},
)
_press = {
    "id": _snowflake, "application_id": _snowflake, "type": st.just(3), "token": _names, "version": st.just(1),
    "data": st.fixed_dictionaries({"custom_id": texts(), "component_type": st.just(2)}),
    "locale": st.just("en-US"), "attachment_size_limit": st.integers(0, 2**40), "entitlements": st.just([]),
    "authorizing_integration_owners": st.just({}), "context": st.sampled_from((0, 1, 2)), "user": _discord_user,
}  # fmt: skip
_guild_press = {name: drawn for name, drawn in _press.items() if name != "user"} | {
    "guild_id": _snowflake,
    "guild": st.just({"id": "1", "locale": "en-US", "features": []}),
    "member": st.fixed_dictionaries(
        {"user": _discord_user, "roles": st.lists(_snowflake, max_size=3), "joined_at": st.none(), "flags": st.just(0),
         "permissions": st.integers(0, 2**52).map(str), "deaf": st.just(False), "mute": st.just(False)},
        optional={"nick": _names | st.none()},
    ),
}  # fmt: skip
_BOT = {"id": "7", "username": "Troubadour", "discriminator": "0", "avatar": None}
_custom_ids = texts() | st.builds(
    "{}:{}".format, st.sampled_from(("again", "ask", "approve", "decline", "confirm")), texts()
)


# --- addresses of media -------------------------------------------------------------------------------------------


class _Nowhere(AbstractResolver):
    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        raise OSError(f"{host} is not known")

    async def close(self) -> None:
        pass


def media(urls: list[str]) -> None:
    """No address makes the fetcher fail in another way than it declares; nothing is ever connected to."""

    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            fetcher = MediaFetcher(
                "http://127.0.0.1:1", MediaLimits(), tls_context(), resolver=_Nowhere(), may_connect=lambda _: False
            )
            for url in urls:
                with pytest.raises(MediaUnavailable) as refused:
                    await fetcher.fetch(url, Path(folder) / "audio")
                assert len(str(refused.value)) < 9000
            await fetcher.close()
            assert list(Path(folder).iterdir()) == []

    asyncio.run(run())


_urls = st.one_of(
    texts(), texts(12).map("https://{}".format), texts(12).map("https://example.com/{}".format),
    st.ip_addresses().map("https://{}/".format), st.ip_addresses(v=6).map("https://[{}]/".format),
    st.from_regex(r"https?://[!-~]{1,20}(:\d{1,9})?/[!-~]{0,20}", fullmatch=True),
)  # fmt: skip

CHATS = {
    "callbacks": Parser(st.lists(st.tuples(_paths, _kinds, _bodies), min_size=1, max_size=10), callbacks, examples=12),
    "typed_acts": Parser(_lines, typed_acts, examples=12),
    "telegram_messages": Parser(_message, telegram_message, examples=40),
    "discord_presses": Parser(
        st.lists(st.tuples(st.fixed_dictionaries(_press) | st.fixed_dictionaries(_guild_press), _custom_ids), max_size=10),
        discord_presses, examples=10,
    ),
    "media_urls": Parser(st.lists(_urls, min_size=1, max_size=10), media, examples=30),
}  # fmt: skip

"""Where the way out leads through a proxy, everything goes through it; what is unusable is one sentence."""

import asyncio
import io
import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bots.app import compose as app
from bots.app import logs
from bots.app.compose import build
from bots.app.environment import Reading, load
from bots.app.settings import Settings
from bots.cli.check import check
from bots.discord import Discord
from bots.telegram import Telegram
from core.domain.errors import ConfigurationError, GatewayError, MediaUnavailable
from core.gateway.proxies import Proxies
from storage.engines import reach
from tests import tokens
from tests.bots.discord.conftest import serving
from tests.bots.discord.studio import Studio
from tests.core.gateway.client_user import SPEECH, TAKEN, WORDS, client
from tests.core.gateway.fetch_user import WAVE, Names, fetcher
from tests.core.gateway.stand_in import answer, client_tls, stand_in
from tests.worlds.discord import DiscordWorld
from tests.worlds.proxy import Proxy, proxy
from tests.worlds.telegram import TelegramWorld

CANARY = "canary-pass%3Aword"
USER = f"ann:{CANARY}"
SOCKS = "socks5://ann:canary@127.0.0.1:1080"


def through(given: Proxy, **more: Any) -> Proxies:
    return Proxies(every=SecretStr(given.url), **more)


@pytest.mark.parametrize(
    ("url", "by"),
    [
        ("https://api.telegram.org", "http://secure:1/"),
        ("wss://gateway.discord.gg", "http://secure:1/"),
        ("http://elsewhere.test:8080", "http://rest:3/"),
        ("http://127.0.0.1:8080", None),
        ("http://[::1]:8080", None),
        ("https://localhost/x", None),
        ("https://direct.test", None),
        ("https://sub.direct.test", None),
        ("https://indirect.test", "http://secure:1/"),
        ("https://only.test:444", None),
        ("https://only.test", "http://secure:1/"),
    ],
)
def test_the_variables_mean_what_they_mean_elsewhere(url: str, by: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://secure:1")
    monkeypatch.delenv("HTTP_PROXY", raising=False)
    monkeypatch.setenv("all_proxy", "rest:3")
    monkeypatch.setenv("NO_PROXY", ".direct.test, only.test:444")
    assert load(_env_file=None).proxies.of(url) == by


async def test_all_that_a_service_calls_goes_through_the_proxy(tmp_path: Path) -> None:
    """Discord by REST and websocket, the gateway, and media from the gateway's own origin, all with a password."""
    async with DiscordWorld() as world, Studio() as studio:
        ports = {"discord.test": _port(world.origin), "gateway.test": _port(studio.url)}
        async with proxy(ports, USER) as way:
            settings = load(
                _env_file=None, discord_token=SecretStr(world.token), all_proxy=SecretStr(way.url), no_proxy="",
                discord_api_url=f"http://discord.test:{ports['discord.test']}/api/v10",
                discord_ws_url=f"ws://discord.test:{ports['discord.test']}/gateway/",
                gateway_url=f"http://gateway.test:{ports['gateway.test']}", gateway_key=SecretStr("a-key"),
                poll_min_s=0.02, poll_max_s=0.02, data_dir=tmp_path, http_port=0, communities="open",
            )  # fmt: skip
            studio.url = settings.gateway_url  # by which it names its media
            guild = world.guild()
            ana, channel = guild.member("Ana"), guild.channel("general")
            async with build(settings, {"discord": Discord(settings, world.now_s)}) as service, serving(service, world):
                reply = await world.command(ana, channel, "/speak", voice="Aria", text="Hello")
                await reply.audio()
                await reply.wait_for(lambda r: r.followups)
    assert {"GET discord.test", "POST discord.test", "POST gateway.test", "GET gateway.test"} <= set(way.passed)
    assert way.refused == []


def _port(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


async def test_telegram_goes_through_the_proxy() -> None:
    async with TelegramWorld() as world, proxy({"telegram.test": _port(world.api_url)}) as way:
        at = f"http://telegram.test:{_port(world.api_url)}"
        telegram = Telegram(settings(telegram_token=world.token, http_proxy=way.url, telegram_api_url=at))
        assert (await telegram._bot.get_me()).username == world.bot.username
        await telegram.close()
    assert way.passed == ["POST telegram.test"]


async def test_the_gateway_is_reached_by_tls_through_a_tunnel() -> None:
    async with stand_in(TAKEN, tls=True) as server, proxy({"media.test": server.port}, USER) as way:
        async with client(f"https://media.test:{server.port}", proxies=through(way)) as gateway:
            gateway._tls = client_tls()
            assert await gateway.submit(SPEECH, WORDS, "token") == "r-1"
        assert way.passed == ["CONNECT media.test"]
        assert "proxy-authorization" not in server.heard[0].headers


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_refuses_keeps_its_password(scheme: str, caplog: pytest.LogCaptureFixture) -> None:
    async with proxy({}, "other:user") as way:
        way_url = way.url.replace("other:user", USER)
        async with client(f"{scheme}://gateway.test", proxies=Proxies(every=SecretStr(way_url))) as gateway:
            with pytest.raises(GatewayError) as caught:
                await gateway.submit(SPEECH, WORDS, "token")
        assert "canary" not in str(caught.value)
        assert way.refused == [{"http": "POST gateway.test", "https": "CONNECT gateway.test"}[scheme]]
        assert caught.value.accepted is False


async def test_media_by_a_proxy_are_judged_by_what_their_name_means_here(tmp_path: Path) -> None:
    into = tmp_path / "audio"
    async with stand_in(answer(200, WAVE), tls=True) as server, proxy({"media.test": server.port}) as way:
        url = f"https://media.test:{server.port}/a"
        for address in ("10.0.0.1", "169.254.169.254", "127.0.0.1", "::1"):
            async with fetcher(resolver=Names("93.184.216.34", address), proxies=through(way)) as media:
                with pytest.raises(MediaUnavailable, match="not a public address") as caught:
                    await media.fetch(url, into)
                assert not caught.value.may_retry
        async with fetcher(proxies=through(way)) as media:
            with pytest.raises(MediaUnavailable, match="not a public address"):
                await media.fetch(f"https://10.0.0.1:{server.port}/a", into)
            with pytest.raises(MediaUnavailable, match="not a public address"):  # this machine is called directly
                await media.fetch(f"https://127.0.0.1:{server.port}/a", into)
        assert way.passed == []
        async with fetcher(resolver=Names("93.184.216.34"), proxies=through(way)) as media:
            await media.fetch(url, into)
        assert into.read_bytes() == WAVE
        assert way.passed == ["CONNECT media.test"]


async def test_media_with_a_name_that_only_the_proxy_knows(tmp_path: Path) -> None:
    async with stand_in(answer(200, WAVE), tls=True) as server, proxy({"media.test": server.port}) as way:
        async with fetcher(resolver=Nothing(), proxies=through(way)) as media:
            await media.fetch(f"https://media.test:{server.port}/a", tmp_path / "audio")
        assert way.passed == ["CONNECT media.test"]


class Nothing(Names):
    async def resolve(self, *_: Any, **__: Any) -> Any:
        raise OSError("no such name")


async def test_a_redirect_by_a_proxy_is_judged_like_the_first_address(tmp_path: Path) -> None:
    def say(_: object) -> bytes:
        return answer(302, headers={"Location": "https://10.0.0.1/secret"})

    async with stand_in(say, tls=True) as server, proxy({"media.test": server.port, "10.0.0.1": 1}) as way:
        async with fetcher(resolver=Names("93.184.216.34"), proxies=through(way)) as media:
            media._resolver = None  # the literal is its own address
            with pytest.raises(MediaUnavailable, match="not a public address"):
                await media.fetch(f"https://media.test:{server.port}/a", tmp_path / "audio")
        assert way.passed == ["CONNECT media.test"]


def settings(**changes: Any) -> Settings:
    secrets = {"discord_token": tokens.DISCORD, "telegram_token": tokens.TELEGRAM, "gateway_key": "k"}
    local = {"discord_api_url": "http://127.0.0.1:1/api", "telegram_api_url": "http://127.0.0.1:1"}
    return load(_env_file=None, **secrets | local | {"no_proxy": ""} | changes)


def reading(**changes: Any) -> Reading:
    return Reading(settings(http_port=0, **changes), [], frozenset())


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (SOCKS, "it must begin with http:// or https://"),
        ("ftp://ann:canary@host", "it must begin with http:// or https://"),
        ("http://", "it names no host"),
        ("http://[canary", "its host can't be read"),
        ("http://ann:canary@proxy:port", "its port must be a number from 1 to 65535"),
        ("proxy:99999", "its port must be a number from 1 to 65535"),
        ("http://ann:can/ary@proxy:1", "its password must be percent-encoded"),
    ],
)
async def test_what_is_no_usable_proxy_is_one_sentence_without_its_password(
    given: str, wrong: str, tmp_path: Path
) -> None:
    out = io.StringIO()
    assert await check(reading(https_proxy=given, data_dir=tmp_path), out, reach) == 1
    problems = [line for line in out.getvalue().splitlines() if line.startswith("problem")]
    assert len(problems) == 1
    assert problems[0].startswith(f"problem: HTTPS_PROXY can't be used: {wrong}")
    assert "Put such as http://proxy.example:3128." in problems[0]
    assert ("SOCKS is not supported" in problems[0]) == (given == SOCKS)
    assert "canary" not in out.getvalue()


async def test_an_unusable_proxy_that_nothing_goes_by_is_no_problem(tmp_path: Path) -> None:
    out = io.StringIO()
    async with await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1") as way:
        port = way.sockets[0].getsockname()[1]
        fine = reading(https_proxy=f"127.0.0.1:{port}", all_proxy=SOCKS, data_dir=tmp_path)
        assert await check(fine, out, reach) == 0


def test_a_platform_that_a_proxy_keeps_from_its_chats_takes_no_other_along(caplog: pytest.LogCaptureFixture) -> None:
    remote = "https://telegram.test"
    assert set(app.platforms(settings(all_proxy=SOCKS, telegram_api_url=remote))) == {"discord"}
    [said] = [r.getMessage() for r in caplog.records if r.levelno == logging.ERROR]
    assert said.startswith("running without Telegram: ALL_PROXY can't be used")
    assert set(app.platforms(settings(all_proxy=SOCKS, discord_api_url=remote))) == {"telegram"}
    with pytest.raises(ConfigurationError, match="ALL_PROXY can't be used"):
        app.platforms(settings(all_proxy=SOCKS, discord_api_url=remote, telegram_api_url=remote))


async def test_a_gateway_behind_an_unusable_proxy_is_refused_at_the_start(tmp_path: Path) -> None:
    unusable = settings(all_proxy=SOCKS, data_dir=tmp_path)
    with pytest.raises(ConfigurationError, match="ALL_PROXY can't be used"):
        async with build(unusable, {}):
            pass


def test_the_password_of_a_proxy_is_struck_out_of_logs() -> None:
    given = settings(https_proxy=f"http://{USER}@proxy.test:1")
    record = logging.LogRecord(
        "x", logging.ERROR, "", 1, "407, url='http://%s@proxy.test:1/' postgresql://u:p@host", (USER,), None
    )
    line = logs.Redacting(logs.secrets(given), as_json=False).format(record)
    assert "canary" not in line
    assert line.endswith("postgresql://[secret]@host")

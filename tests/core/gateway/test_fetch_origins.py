"""Where downloads may come from: judged by the address that is connected to, at each redirect anew."""

import ssl
from pathlib import Path

import pytest

from tests.core.gateway.fetch_user import WAVE, Names, fetched, fetcher, into, refused
from tests.core.gateway.stand_in import answer, client_tls, stand_in

__all__ = ["into"]


# --- where it may come from -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.wav",
        "/a.wav",
        "//media.test/a.wav",
        "file:///etc/passwd",
        "ftp://media.test/a.wav",
        "data:audio/wav;base64,AAAA",
        "https://",
        "https://[::1",
        "https://media.test:99999/",
        "https://user:password@media.test/",
        "https://user@media.test/",
        "https://:password@media.test/",
        "https://127.1/",
        "https://2130706433/",
        "https://a\ud800/",
    ],
)
async def test_addresses_that_are_none(into: Path, url: str) -> None:
    resolver = Names("127.0.0.1")
    assert not (await refused(url, into, resolver=resolver)).may_retry
    assert resolver.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1.", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "media.test"])
async def test_a_private_address_is_not_connected_to(into: Path, host: str) -> None:
    async with stand_in(answer(200, WAVE), tls=True) as server:
        url = f"https://{host}:{server.port}/?signature=1"
        error = await refused(url, into, resolver=Names("127.0.0.1", "::ffff:127.0.0.1"))
    assert server.connections == 0
    assert not error.may_retry


@pytest.mark.parametrize("address", ["0.0.0.0", "169.254.169.254", "10.1.2.3", "::1", "fd00::1", "64:ff9b::7f00:1"])
async def test_a_name_is_judged_by_what_it_resolves_to(into: Path, address: str) -> None:
    error = await refused("https://media.test/?signature=1", into, resolver=Names(address))
    assert "not a public address" in error.detail
    assert not error.may_retry


async def test_plain_http_only_from_the_gateway_itself(into: Path) -> None:
    async with stand_in(answer(200, WAVE)) as gateway, stand_in(answer(200, WAVE)) as other:
        assert not (await refused(other.url, into, gateway.url, may_connect=lambda _: True)).may_retry
        for url in (other.url, f"http://localhost:{gateway.port}/", f"https://127.0.0.1:{gateway.port}/"):
            assert not (await refused(url, into, gateway.url)).may_retry
        await fetched(gateway, into)
    assert (gateway.connections, other.connections) == (1, 0)


async def test_a_foreign_host_by_https(into: Path) -> None:
    async with stand_in(answer(200, WAVE), tls=True) as server:
        resolver = Names("127.0.0.1")
        async with fetcher(resolver=resolver, may_connect=lambda address: address == "127.0.0.1") as media:
            await media.fetch(f"https://media.test:{server.port}/a", into)
    assert into.read_bytes() == WAVE
    assert set(server.heard[0].headers) == {"host", "accept", "accept-encoding", "user-agent"}
    assert resolver.asked == ["media.test"]


async def test_a_foreign_host_must_prove_its_name(into: Path) -> None:
    async with stand_in(answer(200, WAVE), tls=True) as server:
        for host, tls in (("other.test", client_tls()), ("media.test", ssl.create_default_context())):
            url = f"https://{host}:{server.port}/?signature=1"
            error = await refused(url, into, tls=tls, resolver=Names("127.0.0.1"), may_connect=lambda _: True)
            assert error.may_retry
    assert server.heard == []


async def test_of_several_addresses_only_the_public_ones_are_tried(into: Path) -> None:
    judged: list[str] = []

    def public(address: str) -> bool:
        judged.append(address)
        return address == "127.0.0.1"

    both = Names("127.0.0.2", "127.0.0.1")
    async with stand_in(answer(200, WAVE), tls=True) as server, fetcher(resolver=both, may_connect=public) as media:
        await media.fetch(f"https://media.test:{server.port}/a", into)
    assert set(judged) <= {"127.0.0.1", "127.0.0.2"}
    assert server.connections == 1


async def test_a_name_that_turns_private_is_judged_anew_and_looked_up_once_a_connection(into: Path) -> None:
    turning, judged = Names("127.0.0.1"), []

    def public(address: str) -> bool:
        judged.append(address)
        return address == "127.0.0.1"

    async with stand_in(answer(200, WAVE), tls=True) as server:
        url = f"https://media.test:{server.port}/?signature=1"
        async with fetcher(resolver=turning, may_connect=public) as media:
            await media.fetch(url, into)
        into.unlink()
        turning.addresses = ("127.0.0.2",)
        assert not (await refused(url, into, resolver=turning, may_connect=public)).may_retry
        assert server.connections == 1
    assert (len(turning.asked), judged) == (2, ["127.0.0.1", "127.0.0.2"])


# --- redirects --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(into: Path, code: int) -> None:
    replies = iter([answer(code, "moved", {"Location": "b.wav?signature=%2f"}), answer(200, WAVE)])
    async with stand_in(lambda _: next(replies)) as server:
        await fetched(server, into, "/media/a.wav")
    assert into.read_bytes() == WAVE
    assert server.heard[1].path == "/media/b.wav?signature=%2f"


async def test_three_redirects_and_no_more(into: Path) -> None:
    async with stand_in(answer(302, "", {"Location": "/again"})) as server:
        assert not (await refused(server.url, into, server.url)).may_retry
    assert len(server.heard) == 4
    replies = iter([answer(302, "", {"Location": "/again"})] * 3 + [answer(200, WAVE)])
    async with stand_in(lambda _: next(replies)) as server:
        await fetched(server, into)


@pytest.mark.parametrize("location", ["", "http://[", "file:///etc/passwd", "https://u:p@media.test/", "//"])
async def test_a_redirect_to_nowhere(into: Path, location: str) -> None:
    async with stand_in(answer(302, "", {"Location": location})) as server:
        assert not (await refused(server.url, into, server.url)).may_retry


@pytest.mark.parametrize("tls", [True, False])
async def test_a_redirect_is_judged_like_the_first_address(into: Path, tls: bool) -> None:
    async with stand_in(answer(200, WAVE), tls=tls) as inside:
        for target in (inside.url, inside.url.replace("127.0.0.1", "media.test")):
            async with stand_in(answer(302, "", {"Location": f"{target}/?signature=1"})) as server:
                error = await refused(server.url, into, server.url, resolver=Names("127.0.0.1"))
            assert not error.may_retry
    assert inside.connections == 0

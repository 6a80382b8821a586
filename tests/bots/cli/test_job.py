"""`troubadour job` beside the running service, on a file and on PostgreSQL."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from bots.__main__ import main
from bots.app.life import App
from tests.bots.discord.studio import Studio
from tests.service import service
from tests.waiting import WAIT_S
from tests.worlds.postgres import Server
from tests.worlds.telegram import Chat, TelegramWorld, User

Ask = Callable[..., Awaitable[tuple[int, str, str]]]
Ordered = Callable[[], list[str]]
HOW = "put the DATA_DIR or DATABASE_URL of the service."
Serve = Callable[[], AbstractAsyncContextManager[App]]


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database, in the environment, too."""
    url = f"sqlite:///{tmp_path / 'troubadour.db'}"
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres")
        url = await server.ready()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    return url


@pytest.fixture
def serve(world: TelegramWorld, studio: Studio, tmp_path: Path, database: str) -> Serve:
    return lambda: service(world, studio, tmp_path, database_url=database)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run `troubadour job`; return its exit status and what it says, and nothing of the service beside it."""
    monkeypatch.setattr(logging, "raiseExceptions", False)  # its log may go where an earlier test's output went

    async def asked(*words: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, ["job", *words])
        return status, *capsys.readouterr()

    return asked


@pytest.fixture
def ann(world: TelegramWorld) -> User:
    return world.user("Ann", "ann")


@pytest.fixture
def band(world: TelegramWorld, ann: User) -> Chat:
    return world.group("Band", ann)


@pytest.fixture
def ordered(caplog: pytest.LogCaptureFixture) -> Ordered:
    """Return the ids of the jobs so far, as the log has them."""
    caplog.set_level(logging.INFO, "core.service")
    return lambda: re.findall(r"job (\w+): speech", caplog.text)


async def told(ask: Ask, job_id: str, words: str) -> str:
    """Return what is said of a job once it has these words."""
    async with asyncio.timeout(WAIT_S):
        while words not in (said := (await ask(job_id))[1]):
            await asyncio.sleep(0.02)
    return said


async def test_a_jobs_life_is_told_beside_the_service(
    serve: Serve, studio: Studio, ann: User, band: Chat, ask: Ask, ordered: Ordered
) -> None:
    async with serve():
        await band.says(ann, "/speak Aria Xylophones everywhere")
        await band.wait_for(lambda chat: chat.audios)
        (job_id,) = ordered()
        said = await told(ask, job_id, "nothing is left to do")
        assert said.startswith(f"Job {job_id}: speech, 21 characters, $0.0021\n  ordered by Ann, telegram:{ann.id}\n")
        assert f"  in telegram:{band.id}, telegram:0, as telegram:{band.id}:1\n" in said
        (request,) = re.findall(r"1\. part 1, \$0\.0021: fetched, request (\S+)\n     audio of 0\.2 s", said)
        assert "Deliveries\n  1. sent, begun 1 time\n" in said
        assert "charged $0.0021, given back $0.00; the gateway may bill $0.00 that nobody pays" in said
        assert re.findall(r"\+[\d.]+ s  (.+)", said) == [
            "ordered", "ledger hold", "generation 1 submitted", "generation 1 fetched", "ledger charge",
            "delivery 1 opened", "delivery 1 sent", "closed",
        ]  # fmt: skip
        for name in (job_id[:4], f"{job_id}.1:", job_id.upper(), request):
            assert (await ask(name))[1] == said
        plain = json.loads((await ask(job_id, "--json"))[1])
        assert (plain["job"]["cost_micros"], plain["hold"], plain["deliveries"][0]["state"]) == (2100, None, "sent")
        assert "Xylophones" not in f"{said}{plain}"


async def test_what_went_wrong_is_in_the_words_of_the_outside(
    serve: Serve, studio: Studio, ann: User, band: Chat, ask: Ask, ordered: Ordered
) -> None:
    studio.refusal = 402
    async with serve():
        await band.says(ann, "/speak Aria Xylophones everywhere")
        await band.wait_for(lambda _: ordered())
        said = await told(ask, ordered()[0], "there was no audio to deliver")
        assert "1. part 1, $0.0021: rejected, no request is known\n" in said
        assert "     because of out_of_credit\n     in their words: 402 refused\n" in said
        assert "  None: there was no audio to deliver.\n" in said
        assert "In all: charged $0.00, given back $0.0021; the gateway may bill $0.00 that nobody pays" in said
        nothing = "There is no job 0, none that begins so, and no request of that name. A job's id is on its lines in "
        where = "the log, under Details in its chat, and in troubadour ledger export.\n"
        assert await ask("0") == (2, "", nothing + where)


async def test_a_name_of_several_jobs_lists_them_and_no_name_is_none(
    serve: Serve, studio: Studio, ann: User, band: Chat, ask: Ask, ordered: Ordered
) -> None:
    studio.ready.clear()
    async with serve():
        for n, text in enumerate(("Xylophones", "Zithers")):
            await band.says(ann, f"/speak Aria {text}")
            await band.wait_for(lambda chat, n=n: chat.texts[n:])  # type: ignore[misc]
        listed, both = ", ".join(ordered()), ordered()[0][:3]  # which change every twelve days
        assert " of the allowance, $0.00 of the credit\n" in await told(ask, ordered()[0], "it is open, and ")
        assert "     to be finished by 2" in await told(ask, ordered()[0], ": running, request ")
        assert "Deliveries\n  None yet\n" in await told(ask, ordered()[0], "it is open, and ")
        assert await ask(both) == (2, "", f"Several jobs begin with {both}: {listed}. Write more of the id.\n")
        for nothing in ("", " : ", "\ud800", "x" * 201):
            assert (await ask(nothing))[2].startswith("Write a job's id, the beginning of one or a request id of")
        for odd in ("1a2b'", "é", "%", ".1"):
            assert (await ask(odd))[2].startswith("There is no job ")
        studio.ready.set()


async def test_a_database_that_is_not_there(tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert await ask("1a2b") == (2, "", f"There is no database at {tmp_path / 'none.db'}: {HOW}\n")

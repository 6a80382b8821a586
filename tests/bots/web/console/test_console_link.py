"""`troubadour console-link`: an operator gets in from the terminal, beside the running service."""

import argparse
from pathlib import Path

import pytest

from bots.app.compose import WallClock
from bots.cli.commands import COMMANDS
from core.domain.audit import Act, Action
from core.domain.errors import ConfigurationError
from storage.engines import admin_of
from tests.bots.web.console.browsing import URL, signed_in
from tests.bots.web.console.house import House


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CONSOLE_URL", URL)


async def printed(capsys: pytest.CaptureFixture[str], member: str = "") -> str:
    assert await COMMANDS["console-link"](argparse.Namespace(member=member)) == 0
    return capsys.readouterr().out.split()[0]


async def test_it_lets_the_operator_in_once(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNERS", f"telegram:{house.carol.id}")
    link = await printed(capsys)
    (left,) = (tmp_path / "console").iterdir()
    assert left.stat().st_mode & 0o77 == 0
    assert link.rpartition("/")[2] not in left.name + left.read_text()
    carol = await signed_in(house.browser(), link)
    assert (await carol.open("/operator")).status == 200
    assert (await house.browser().open(link)).status == 410
    assert list((tmp_path / "console").iterdir()) == []


async def test_it_lets_in_whoever_claimed_the_bot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OWNERS", raising=False)
    async with admin_of(tmp_path / "troubadour.db", WallClock(), None) as store:
        who = {"actor": "telegram:7", "actor_name": "Ann", "target": "telegram:7"}
        assert await store.claim(Act(audit_id="a1", community="", name=Action.CLAIM, **who))
        assert await COMMANDS["console-link"](argparse.Namespace(member="")) == 0
    assert "It lets whoever opens it in as telegram:7, once" in capsys.readouterr().out


async def test_it_says_what_is_missing(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for member, says in (
        ("", "Say whom, such as troubadour console-link telegram:5678"),
        ("bob", "'bob' is not such as"),
        ("telegram:1", "There is no database at .*: put the DATA_DIR"),  # where no service would find the link
    ):
        with pytest.raises(ConfigurationError, match=says):
            await printed(capsys, member)
    monkeypatch.delenv("CONSOLE_URL")
    with pytest.raises(ConfigurationError, match="CONSOLE_URL is not set"):
        await printed(capsys, "telegram:1")

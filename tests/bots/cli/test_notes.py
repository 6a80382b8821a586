"""What works, and hardly can be meant, is noted."""

from pathlib import Path

import pytest

from bots.app.environment import read
from bots.cli.notes import notes
from tests import tokens
from tests.bots.app.readings import checked, reading


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"total_pool": "0"}, "TOTAL_POOL is 0, so nobody can order anything: put"),
        ({"default_pool": "0 month"}, "DEFAULT_POOL is 0"),
        ({"total_pool": "10"}, "DEFAULT_POOL is more than TOTAL_POOL, so one alone can use up what all have."),
        ({"default_allowance": "21 week"}, "DEFAULT_ALLOWANCE is more than DEFAULT_POOL"),
        ({"communities": "list"}, "COMMUNITIES=list without COMMUNITIES_ALLOWED is the same as ask"),
        ({"communities_allowed": "telegram:-1"}, "COMMUNITIES_ALLOWED does nothing with COMMUNITIES=ask"),
        ({"owners": "telegram:1 discord:2"}, "OWNERS names discord:…, which does nothing: DISCORD_TOKEN is not set."),
        ({"webhook_mode": "sync"}, "WEBHOOK_MODE does nothing without PUBLIC_URL"),
        ({"gateway_key": "0a1b2c3d4e5f"}, "GATEWAY_KEY does nothing with GATEWAY_URL=sandbox."),
        ({"jobs_per_member": 9, "jobs_total": 8}, "JOBS_PER_MEMBER does nothing above JOBS_TOTAL, which is 8."),
        ({"public_url": "https://10.1.2.3"}, "PUBLIC_URL is no address that the gateway can reach"),
        ({"public_url": "https://x.example/a/telegram"}, "PUBLIC_URL ends with /a/telegram, which is added to it"),
        ({"public_url": "https://x.example"}, "HTTP_PORT 0 is another port at each start"),
        ({"default_allowance": "none"}, "DEFAULT_ALLOWANCE is 0: members can order only where"),
    ],
)
async def test_what_hardly_can_be_meant_is_noted(tmp_path: Path, values: dict[str, object], said: str) -> None:
    well: dict[str, object] = {"data_dir": tmp_path, "telegram_token": tokens.TELEGRAM, "gateway_url": "sandbox"}
    assert len((await checked(**well))[1].splitlines()) == 4
    status, lines = await checked(**well | values)
    assert (status, f"\nnote: {said}" in lines) == (0, True)


def test_of_a_setting_at_fault_nothing_else_is_said() -> None:
    wrong = {"public_url": "http://x", "total_pool": "1 lot", "discord_token": "abc", "gateway_url": "sand box"}
    found = reading(**wrong, default_pool="200")
    assert len(found.faults) == len(wrong)
    assert [note.partition(" ")[0] for note in notes(found)] == ["TELEGRAM_TOKEN"]


@pytest.mark.parametrize(("mode", "is_told"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_settings_file_that_others_may_read_is_noted(tmp_path: Path, mode: int, *, is_told: bool) -> None:
    (file := tmp_path / ".env").write_text(f"telegram_token={tokens.TELEGRAM}")
    file.chmod(mode)
    assert any("chmod 600 .env" in note for note in notes(read(_env_file=file))) is is_told

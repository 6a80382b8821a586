"""Readiness follows what really gets through; how it does over Discord: `tests/bots/discord/test_web.py`."""

from pathlib import Path

import pytest

from tests.bots.discord.studio import Studio
from tests.service import readiness, service
from tests.worlds.telegram import Chat, Fault, TelegramWorld


async def test_readiness_follows_what_really_gets_through(
    world: TelegramWorld, studio: Studio, boss: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.liveness.STUCK_S", 0.02)
    monkeypatch.setattr("bots.app.notifier.LOOK_S", 0.01)
    ann = world.user("Ann")
    band = world.group("Band", ann)
    world.weather = lambda call: Fault.flood(1) if call.method == "sendVoice" else None
    async with service(world, studio, tmp_path, owners=(f"telegram:{boss.id}",)) as app:
        await band.says(ann, "/speak Hello")
        await boss.wait_for(lambda chat: any(t.startswith("Nothing can be delivered to telegram") for t in chat.texts))
        now = await readiness(app)
        assert now["code"] == 503
        assert now["wrong"]["telegram"].startswith("nothing is delivered for 0 min, while 1 waits")
        assert 'troubadour_trouble{kind="nothing_delivered"} 1' in now["metrics"]
        world.weather = lambda _: None
        await band.wait_for(lambda chat: chat.audios)
        await boss.wait_for(lambda chat: "All is well again: Deliveries to telegram succeed again." in chat.texts)
        assert (await readiness(app))["code"] == 200

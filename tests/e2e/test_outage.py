"""A database that fails under the running program: members hear so, and the log is not filled with it."""

import resource
from pathlib import Path

from tests.bots.discord.studio import Studio
from tests.e2e.process import process

SMALL_BYTES = 64 * 1024
"""More than the log has, and less than the database."""
ORDERS = 12


async def test_an_outage_of_the_database_is_a_line_a_minute(tmp_path: Path) -> None:
    async with Studio() as gateway, process(tmp_path, gateway.url, DISCORD_TOKEN="") as service:
        ann = service.telegram.user("Ann")
        groups = [service.telegram.group(f"Band {number}", ann) for number in range(ORDERS)]
        await service.start(discord=False)
        own = service.telegram.private(ann)
        await own.reply_to(await own.says(ann, "/balance"))  # and nothing is left to say of the start
        before = len(service.log)
        assert service.running is not None
        full = (SMALL_BYTES, resource.RLIM_INFINITY)
        roomy = resource.prlimit(service.running.pid, resource.RLIMIT_FSIZE, full)
        for band in groups:
            await band.says(ann, "/speak Hello")
        for band in groups:
            await band.wait_for(lambda chat: chat.texts)
            assert band.texts[0].startswith("I can't check what you may spend right now")
        [line] = service.log[before:].splitlines()
        assert "disk I/O error" in line
        resource.prlimit(service.running.pid, resource.RLIMIT_FSIZE, roomy)

"""The code of a real start."""

import re
from pathlib import Path

from tests.bots.discord.studio import Studio
from tests.e2e.process import process
from tests.waiting import until

CODE = re.compile(r"/claim (\w{4}(?:-\w{4}){3}) ")


async def test_the_code_is_on_the_terminal_and_in_no_log(tmp_path: Path) -> None:
    async with Studio() as gateway, process(tmp_path, gateway.url, LOG_LEVEL="DEBUG", LOG_FORMAT="json") as service:
        await service.start(discord=False)
        await until(lambda: CODE.findall(service.log), 0.02)
        [code] = CODE.findall(service.log)
        ann = service.telegram.user("Ann", "ann")
        own = service.telegram.private(ann)
        said = await own.reply_to(await own.says(ann, f"/claim {code}"))
        assert said.text.startswith("You run this bot now")
        [line] = [line for line in service.log.splitlines() if code in line]
        assert not line.startswith("{")  # as every line of the log does
        await service.terminate()
        await service.start(discord=False)
        assert len(CODE.findall(service.log)) == 1

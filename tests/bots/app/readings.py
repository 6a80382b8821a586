"""Short ways to settings as they are read."""

import io

from bots.app.environment import Reading, load, read
from bots.app.settings import Settings
from bots.cli.check import check
from storage.engines import reach


def loaded(**values: object) -> Settings:
    return load(_env_file=None, **values)


def reading(**values: object) -> Reading:
    return read(_env_file=None, **values)


async def checked(**values: object) -> tuple[int, str]:
    out = io.StringIO()
    status = await check(reading(**{"http_port": 0} | values), out, reach)
    return status, out.getvalue()

"""`python -m contrib.touches`: what members tap and what others read, counted from what goes over the wire."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from contrib.screens.stage import stage
from contrib.touches.discord import Discord
from contrib.touches.lines import COMMANDS, Line, measured, seen
from contrib.touches.telegram import FromMenu, Telegram


async def lines(**settings: Any) -> Sequence[Line]:
    """Run the service, and hold the conversations on all platforms."""
    async with stage(preview_budget="1.00", **settings) as here:
        return [
            *await measured(Discord(here.discord)),
            *await measured(Telegram(here.telegram)),
            await seen(FromMenu(here.telegram), COMMANDS),
        ]


if __name__ == "__main__":
    found = asyncio.run(lines())
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(not all(line.is_met for line in found))

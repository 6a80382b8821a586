"""What members tap and what others read is as little as it should be, counted from what goes over the wire."""

from contrib.touches.__main__ import lines
from tests.bots.discord.studio import Studio


async def test_members_tap_once_and_others_read_nothing_of_what_is_private() -> None:
    async with Studio() as studio:
        found = await lines(gateway_url=studio.url, poll_min_s=0.02, poll_max_s=0.02)
    assert [str(line) for line in found if not line.is_met] == []
    assert len(found) == 11

"""Whoever gives the code from the terminal to the command owns the bot."""

from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.talk import OPERATORS_ONLY, say


async def test_the_owner_may_set_pools_and_still_may_after_a_restart(stage: Stage, running: Running) -> None:
    async with running() as app:
        code = await app.service.operators.issue_code()
        assert code
        assert (await say(stage, stage.boss, "/pool", amount="5")).content == OPERATORS_ONLY
        assert "the code that I wrote" in (await say(stage, stage.ana, "/claim", code="code")).content
        assert "not the code" in (await say(stage, stage.ana, "/claim", code="wrong")).content
        direct = await stage.world.command(stage.boss, stage.world.dm(stage.boss), "/claim", code=code)
        assert "You run this bot now" in (await direct.answered()).content
        assert "$5.00" in (await say(stage, stage.boss, "/pool", amount="5")).content
        assert "already" in (await say(stage, stage.ana, "/claim", code=code)).content
    async with running():
        assert "$6.00" in (await say(stage, stage.boss, "/pool", amount="6")).content

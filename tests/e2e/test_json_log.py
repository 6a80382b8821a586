"""The log of a real service as JSON: each line about a job knows the job, and none has a member's words."""

import json
from pathlib import Path

from tests.bots.discord.studio import Studio
from tests.e2e.process import process
from tests.waiting import until

FACTS = {"job", "community", "platform", "product", "cost", "duration"}


async def test_every_line_about_a_job_knows_it(tmp_path: Path) -> None:
    async with Studio() as gateway, process(tmp_path, gateway.url, LOG_LEVEL="DEBUG", LOG_FORMAT="json") as service:
        guild = service.discord.guild()
        bea, channel = guild.member("Bea"), guild.channel("general")
        ann = service.telegram.user("Ann", "ann")
        band = service.telegram.group("Band", ann)
        await service.start()
        reply = await service.discord.command(bea, channel, "/speak", voice="Aria", text="Xylophones everywhere")
        assert len(await reply.audio()) == 1
        gateway.outcome, gateway.error = "FAILED", 'voices may not say "Xylophones every…"'
        await band.says(ann, "/speak Aria Xylophones everywhere")
        await until(lambda: "gateway_failed" in service.log, 0.02)
        await service.terminate()
        lines = [json.loads(line) for line in service.log.splitlines() if line.startswith("{")]
        about = [line for line in lines if line["message"].startswith("job ")]
        assert len(about) >= 4
        assert [line for line in about if not line.keys() >= FACTS | {"state"}] == []
        assert [line for line in about if not line["message"].startswith(f"job {line['job']}")] == []
        assert {line["platform"] for line in about} == {"discord", "telegram"}
        assert "Xylophones" not in service.log
        (sent,) = [line for line in about if line["message"].endswith(": delivered")]
        assert (sent["community"], sent["product"]) == (f"discord:{guild.id}", "speech")
        assert (sent["state"], sent["cost"]) == ("sent", 0.0021)
        (failed,) = [line for line in about if "gateway_failed" in line["message"]]
        assert failed["message"].endswith('voices may not say "…"')
        assert (failed["state"], failed["level"]) == ("running", "WARNING")

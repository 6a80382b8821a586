"""`python -m benchmarks.worker POSTGRES FOLDER GATEWAY`: one worker in a process of its own.

It prints "ready" once everything is imported, starts when its standard input says so, and prints the id of each job
that was delivered. GATEWAY says when requests complete: `at-once`, after `a-second`, or `never`.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.core_rig import NO_LIMITS, running
from benchmarks.fakes import Answer, FakeChat, FakeGateway
from core.domain.models import Artifact, Job
from core.domain.receipts import Receipt
from core.engine.queue import Limits


class _Outspoken(FakeChat):
    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        await super().deliver(job, artifacts, receipt, uncertain=uncertain)
        sys.stdout.write(f"{job.job_id}\n")
        sys.stdout.flush()


@dataclass
class _Slow(FakeGateway):
    seconds: float = 0.0

    async def status(self, request_id: str) -> Answer:
        await asyncio.sleep(self.seconds)
        return await super().status(request_id)


GATEWAYS = {"at-once": FakeGateway(), "a-second": _Slow(seconds=1), "never": _Slow(seconds=float("inf"))}
USUAL = Limits(total=64, community=32, member=4)
"""The default of `JOBS_TOTAL` and the like."""


async def _work(postgres: str, folder: str, gateway: FakeGateway, limits: Limits) -> None:
    async with running(folder, gateway, chat=_Outspoken(), postgres=postgres, limits=limits):
        await asyncio.Event().wait()


def main(postgres: str, folder: str, gateway: str) -> None:
    """Work until the process is killed."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    asyncio.run(_work(postgres, folder, GATEWAYS[gateway], USUAL if gateway == "a-second" else NO_LIMITS))


if __name__ == "__main__":
    main(*sys.argv[1:])

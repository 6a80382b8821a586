"""A job as two Procrastinate tasks: one generates and defers the other, which delivers."""

import asyncio
from pathlib import Path

import procrastinate

from benchmarks.fakes import AUDIO
from benchmarks.harness import Figures, Watch, at_once
from benchmarks.orders import TEXT

CONNECTIONS = 10
SETTLED_S = 60.0


async def lives(*, folder: str, jobs: int, waiting: int, postgres: str, shared: str) -> Figures:  # noqa: ARG001
    """Run jobs, a number at a time; the warm-up is a tenth of them."""
    connector = procrastinate.PsycopgConnector(conninfo=postgres, min_size=1, max_size=CONNECTIONS)
    app = procrastinate.App(connector=connector)
    delivered = {number: asyncio.Event() for number in range(jobs // 10 + jobs)}

    @app.task(name="deliver")
    async def deliver(number: int, path: str) -> None:
        if Path(path).read_bytes() != AUDIO:  # noqa: ASYNC240 - five bytes
            raise ValueError("that is not what the gateway made")
        await asyncio.to_thread(Path(path).unlink)
        delivered[number].set()

    @app.task(name="generate")
    async def generate(number: int, text: str) -> None:  # noqa: ARG001
        path = f"{folder}/{number}"
        Path(path).write_bytes(AUDIO)  # noqa: ASYNC240 - five bytes
        await deliver.defer_async(number=number, path=path)

    async def one(number: int) -> None:
        await generate.defer_async(number=number, text=TEXT)
        await delivered[number].wait()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        worker = asyncio.create_task(
            app.run_worker_async(concurrency=waiting, install_signal_handlers=False, fetch_job_polling_interval=1)
        )
        await at_once(waiting, one, range(jobs // 10))
        with Watch() as watch:
            await at_once(waiting, one, range(jobs // 10, jobs // 10 + jobs))
            await _all_done(connector, 2 * len(delivered))
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    return watch.figures(jobs)


async def _all_done(connector: procrastinate.PsycopgConnector, tasks: int) -> None:
    """Wait until the last jobs are marked as done."""
    text = "SELECT count(*) AS done FROM procrastinate_jobs WHERE status = 'succeeded'"
    async with asyncio.timeout(SETTLED_S):
        while (await connector.execute_query_one_async(text))["done"] < tasks:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.005)

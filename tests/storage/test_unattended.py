"""Orders that wait while no worker is alive: one process shows that, and whoever comes puts it right."""

from core.domain.changes import Shown
from core.domain.models import Job
from storage.unattended import PostgresUnattended
from tests.storage.crew import Crew, nobody, room


def ids(jobs: list[Job]) -> list[str]:
    return [job.job_id for job in jobs]


async def shown(crew: Crew, job_id: str) -> int:
    job = await crew.store.job(job_id)
    assert job is not None
    return job.shown


async def test_what_was_not_shown_is_shown_later_by_anyone_and_under_another_name(crew: Crew) -> None:
    one, two = await crew.order(), await crew.order()
    here, there = (PostgresUnattended(crew.driver, ("test",), 600) for _ in range(2))
    first = await here.take(9)
    assert ids(first) == [one, two]
    assert await there.take(9) == []
    assert await shown(crew, one) == Shown.PERHAPS_NO_WORKER  # as after a crash
    await here.leave([two])
    three = await crew.order()
    assert ids(await there.take(1)) == [three]  # a chat that takes nothing does not keep the others waiting
    await there.leave([three])
    (again,) = await here.take(9)
    assert again.job_id == one
    assert again.worker_id not in {job.worker_id for job in first}  # what it showed before may be overwritten
    await here.leave([one])
    assert await here.take(9) == []


async def test_a_worker_puts_right_what_is_not_so_any_more(crew: Crew) -> None:
    job_id = await crew.order()
    hands = PostgresUnattended(crew.driver, ("test",), 600)
    await hands.take(9)
    await hands.leave([job_id])
    ann = await crew.worker("ann")
    assert await hands.take(9) == []
    assert await ann.take(room(0), nobody) == []
    for told in (False, True):  # a chat that took nothing is asked again
        (job,) = await ann.take_unshown(9)
        assert job.shown == Shown.NO_WORKER
        await ann.leave(job, told=told)
    assert await ann.take_unshown(9) == []
    await crew.kill(ann)
    assert ids(await hands.take(9)) == [job_id]


async def test_what_a_dead_worker_had_is_shown_too(crew: Crew) -> None:
    ann = await crew.worker("ann")
    job_id = await crew.order()
    await ann.take(room(1), nobody)
    hands = PostgresUnattended(crew.driver, ("test",), 600)
    assert await hands.take(9) == []
    await crew.kill(ann)
    assert ids(await hands.take(9)) == [job_id]
    await hands.leave([job_id])
    assert ids(await (await crew.worker("bob")).take(room(1), nobody)) == [job_id]

"""What the queue owes everybody when it is full, and after a restart."""

from core.engine.queue import FairQueue, Limits
from tests.core.engine.test_queue import job, taken


def test_nobody_in_a_full_community_waits_for_ever() -> None:
    """A member at a limit of their own comes after those who are parked for their community's sake."""
    queue = FairQueue(Limits(total=10, community=1, member=1))
    for name in ("a1", "a2", "a3", "b1"):
        queue.put(job(name))
    order = taken(queue)
    while len(order) < 4:
        queue.done(job(order[-1]))
        order += taken(queue)
    assert order == ["a1", "b1", "a2", "a3"]


def test_a_member_found_in_flight_after_waiting_keeps_the_limit() -> None:
    """At a start, a waiting job may be older than one that runs: it went back to the queue."""
    queue = FairQueue(Limits(total=10, community=10, member=1))
    queue.put(job("a1"))
    queue.occupy(job("a2"))
    assert taken(queue) == []
    queue.done(job("a2"))
    assert taken(queue) == ["a1"]
    queue.done(job("a1"))
    assert taken(queue) == []


def test_a_full_house_at_the_start_loses_no_turn() -> None:
    queue = FairQueue(Limits(total=1, community=10, member=1))
    queue.put(job("a1"))
    queue.occupy(job("a2"))
    for name in ("a2", "a1"):
        assert taken(queue) == (["a1"] if name == "a1" else [])
        queue.done(job(name))
    assert taken(queue) == []

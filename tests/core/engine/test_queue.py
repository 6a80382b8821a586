"""Fairness and limits of the queue, against what a reader would work out by hand."""

from hypothesis import given
from hypothesis import strategies as st

from core.domain.models import Job
from core.engine.queue import FairQueue, Limits, Room
from tests.core.engine.queued import queued, taken


def test_members_take_turns() -> None:
    queue = FairQueue(Limits(total=10, community=10, member=10))
    for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
        queue.put(queued(name), 1)
    assert taken(queue) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_a_member_has_a_limit() -> None:
    queue = FairQueue(Limits(total=10, community=10, member=2))
    for name in ("a1", "a2", "a3", "b1"):
        queue.put(queued(name), 1)
    assert taken(queue) == ["a1", "b1", "a2"]
    queue.done(queued("a1"))
    assert taken(queue) == ["a3"]


def test_what_is_taken_out_has_no_turn() -> None:
    queue = FairQueue(Limits(total=10, community=1, member=10))
    for name in ("a1", "a2", "b1"):
        queue.put(queued(name), 1)
    assert [turn.job for turn in queue.remove("a1")] == [queued("a1")]
    assert queue.remove("a1") == []
    assert (queue.waiting, "a1" in queue, taken(queue)) == (2, False, ["a2"])
    assert [turn.job for turn in queue.remove("b1")] == [queued("b1")]  # it waited for a place of its community
    queue.done(queued("a2"))
    assert taken(queue) == []
    for name in ("a3", "b2"):
        queue.put(queued(name), 1)
    assert [turn.job for turn in queue.remove("a3")] == [queued("a3")]
    assert taken(queue) == ["b2"]
    queue.done(queued("b2"))
    assert not queue._waiting


def test_who_takes_back_an_order_at_a_full_community_is_not_held_up_elsewhere() -> None:
    queue = FairQueue(Limits(total=10, community=1, member=10))
    for name, community in (("a1", "x"), ("b1", "x"), ("b2", "y"), ("c1", "x")):
        queue.put(queued(name, community=community), 1)
    assert taken(queue) == ["a1"]
    queue.remove("b1")
    assert taken(queue) == ["b2"]
    queue.done(queued("a1", community="x"))
    assert taken(queue) == ["c1"]  # and the place is not kept for who needs it no more


def test_who_takes_back_a_later_order_keeps_their_place() -> None:
    queue = FairQueue(Limits(total=10, community=1, member=10))
    for name in ("a1", "b1", "b2", "c1"):
        queue.put(queued(name), 1)
    assert taken(queue) == ["a1"]
    queue.remove("b2")
    assert taken(queue) == []
    queue.done(queued("a1"))
    assert taken(queue) == ["b1"]


def test_a_full_community_does_not_hold_up_the_others() -> None:
    queue = FairQueue(Limits(total=10, community=1, member=10))
    queue.put(queued("a1", community="x"), 1)
    queue.put(queued("b1", community="x"), 1)
    queue.put(queued("c1", community="y"), 1)
    assert taken(queue) == ["a1", "c1"]
    queue.done(queued("a1", community="x"))
    assert taken(queue) == ["b1"]


def test_the_total_is_limited_and_recovered_jobs_count() -> None:
    queue = FairQueue(Limits(total=2, community=10, member=10))
    queue.occupy(queued("z1"))
    queue.put(queued("a1"), 1)
    queue.put(queued("b1"), 1)
    assert taken(queue) == ["a1"]
    queue.done(queued("z1"))
    assert taken(queue) == ["b1"]


def test_who_takes_back_an_order_at_a_full_community_holds_nobody_up_there() -> None:
    queue = FairQueue(Limits(total=2, community=1, member=10))
    for name, community in (("a1", "x"), ("b1", "x"), ("b2", "z"), ("c1", "x"), ("d1", "y")):
        queue.put(queued(name, community=community), 1)
    assert taken(queue) == ["a1", "d1"]
    queue.remove("b1")
    queue.done(queued("a1", community="x"))
    assert taken(queue) == ["b2"]
    queue.done(queued("d1", community="y"))
    assert taken(queue) == ["c1"]


def test_there_is_room_for_what_may_begin_beside_all_that_is_here() -> None:
    limits = Limits(total=5, community=3, member=2)
    queue = FairQueue(limits)
    queue.occupy(queued("a1"))
    queue.put(queued("b1"), 1)
    assert queue.room(10) == Room(most=3, limits=limits, of_member={"a": 1}, of_community={"c": 1})
    assert queue.room(2).most == 2
    assert taken(queue) == ["b1"]
    assert (queue.waiting, queue.room(10).most) == (0, 3)
    queue.put(queued("d1"), 1)
    assert queue.room(10).most == 2
    for number in range(2, 200):  # the parts of a long text
        queue.put(queued("d1"), number)
    assert queue.room(10).most == 1


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz")), max_size=40), st.randoms(use_true_random=False)
)
def test_nothing_is_lost_and_no_limit_is_passed(orders: list[tuple[str, str]], random: "st.randoms") -> None:  # type: ignore[valid-type]
    limits = Limits(total=5, community=3, member=2)
    queue = FairQueue(limits)
    jobs = {f"{m}{n}": queued(f"{m}{n}", community=c) for n, (m, c) in enumerate(orders)}
    for each in jobs.values():
        queue.put(each, 1)
    flying: list[Job] = []
    seen: list[str] = []
    while True:
        while found := queue.take():
            flying.append(found.job)
            seen.append(found.job.job_id)
        assert len(flying) <= limits.total
        for key, most in (("member", limits.member), ("community", limits.community)):
            values = [getattr(j, key) for j in flying]
            assert max(map(values.count, values), default=0) <= most
        if not flying:
            break
        queue.done(flying.pop(random.randrange(len(flying))))  # type: ignore[attr-defined]
    assert sorted(seen) == sorted(jobs)


def test_nobody_in_a_full_community_waits_for_ever() -> None:
    """A member at a limit of their own comes after those who are parked for their community's sake."""
    queue = FairQueue(Limits(total=10, community=1, member=1))
    for name in ("a1", "a2", "a3", "b1"):
        queue.put(queued(name), 1)
    order = taken(queue)
    while len(order) < 4:
        queue.done(queued(order[-1]))
        order += taken(queue)
    assert order == ["a1", "b1", "a2", "a3"]


def test_a_member_found_in_flight_after_waiting_keeps_the_limit() -> None:
    """At a start, a waiting job may be older than one that runs: it went back to the queue."""
    queue = FairQueue(Limits(total=10, community=10, member=1))
    queue.put(queued("a1"), 1)
    queue.occupy(queued("a2"))
    assert taken(queue) == []
    queue.done(queued("a2"))
    assert taken(queue) == ["a1"]
    queue.done(queued("a1"))
    assert taken(queue) == []


def test_a_full_house_at_the_start_loses_no_turn() -> None:
    queue = FairQueue(Limits(total=1, community=10, member=1))
    queue.put(queued("a1"), 1)
    queue.occupy(queued("a2"))
    for name in ("a2", "a1"):
        assert taken(queue) == (["a1"] if name == "a1" else [])
        queue.done(queued(name))
    assert taken(queue) == []


def test_parked_members_come_back_in_their_order() -> None:
    queue = FairQueue(Limits(total=10, community=1, member=10))
    for name in ("a1", "b1", "c1"):
        queue.put(queued(name), 1)
    assert taken(queue) == ["a1"]
    queue.done(queued("a1"))
    assert taken(queue) == ["b1"]


def test_each_knows_how_many_turns_come_before_its_own() -> None:
    queue = FairQueue(Limits(total=1, community=10, member=10))
    assert queue.before(queued("a1")) is None
    queue.put(queued("a1"), 1)
    queue.take()
    assert queue.before(queued("a1")) is None
    for name in ("a2", "a3", "b1", "c1", "b2"):
        assert queue.before(queued(name)) == {"a2": 0, "a3": 1, "b1": 1, "c1": 2, "b2": 4}[name]  # before it comes
        queue.put(queued(name), 1)
    places = {name: queue.before(queued(name)) for name in ("a2", "a3", "b1", "b2", "c1")}
    queue.done(queued("a1"))
    for place in range(5):
        turn = queue.take()
        assert turn is not None
        assert places[turn.job.job_id] == place
        queue.done(turn.job)

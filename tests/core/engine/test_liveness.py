"""A platform is stuck when something waits and nothing succeeds."""

from core.domain.troubles import Stuck
from core.engine.liveness import FORGET_S, STUCK_S, Liveness


def test_nothing_gets_through_when_something_waits_and_nothing_succeeds() -> None:
    now = [0.0]
    flow = Liveness(lambda: now[0])
    now[0] = 10 * STUCK_S
    assert flow.stuck() is None  # nothing waits
    tried(flow, "a")
    now[0] += STUCK_S - 1
    tried(flow, "b", "a")
    assert flow.stuck() is None
    now[0] += 1
    assert flow.stuck() == Stuck(5, 2)
    flow.succeeded()
    assert (flow.stuck(), flow.stalled_s) == (None, 0)


def tried(flow: Liveness, *keys: str) -> None:
    for key in keys:
        with flow.trying(key):
            pass


def test_who_was_answered_or_comes_no_more_does_not_wait() -> None:
    now = [0.0]
    flow = Liveness(lambda: now[0])
    tried(flow, "a", "b", "c", "d")
    flow.refused("a")
    flow.put_off("b", 3 * STUCK_S)
    for key in ("c", "d"):
        flow.lost(key)
    now[0] = 2 * STUCK_S
    assert (flow.waiting, flow.stuck()) == (0, None)
    tried(flow, "e")
    flow.lost("e")
    assert flow.stuck() == Stuck(10, 3)  # so many are no chance
    flow.succeeded()
    tried(flow, "f")
    now[0] += STUCK_S
    assert flow.stuck() == Stuck(5, 1)
    now[0] += FORGET_S - STUCK_S
    assert flow.waiting == 1
    now[0] += 1
    assert flow.waiting == 0
    for key in ("g", "h", "i"):
        tried(flow, key)
        flow.lost(key)
    for later_s, waiting in ((0, 3), (FORGET_S, 3), (1, 0)):
        now[0] += later_s
        assert flow.waiting == waiting


def test_a_call_that_hangs_waits_as_long_as_it_does() -> None:
    now = [0.0]
    flow = Liveness(lambda: now[0])
    with flow.trying("a"):
        now[0] = 2 * FORGET_S
        assert flow.stuck() == Stuck(60, 1)

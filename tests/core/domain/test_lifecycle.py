from core.domain.lifecycle import (
    DELIVERY_ENDS,
    DELIVERY_MOVES,
    HELD,
    MOVES,
    VOIDS,
    DeliveryState,
    State,
    settles,
    voids,
)
from tests.moves import PENDING, SENDING, STAGES, UNDELIVERABLE, steps


def test_the_tables_name_every_state() -> None:
    assert set(MOVES) == set(State)
    assert set(State) == HELD | VOIDS | {State.READY, State.LATE}
    assert set(DELIVERY_MOVES) == set(DeliveryState)


def test_every_hold_is_resolved_on_every_way() -> None:
    """From a state with a hold, each move keeps it, settles it or voids it; from the others none can touch it."""
    for state, moves in MOVES.items():
        for to in moves:
            outcomes = [to in HELD, settles(state, to), voids(state, to)]
            assert sum(outcomes) == (1 if state in HELD else 0)


def test_a_job_that_was_settled_is_never_generated_anew() -> None:
    assert MOVES[State.READY] == frozenset()


def test_every_state_can_come_to_an_end() -> None:
    for start in STAGES:
        reached, frontier = {start}, {start}
        while frontier:
            frontier = {to for stage in frontier for to in steps(stage)} - reached
            reached |= frontier
        assert reached & (VOIDS | DELIVERY_ENDS)


def test_what_may_have_been_submitted_never_waits_for_a_submission_again() -> None:
    """Only `submitting` leads back to `queued`, for a proven failure; an unconfirmed job can be found or expire."""

    def before(to: State) -> set[State]:
        return {state for state, moves in MOVES.items() if to in moves}

    assert before(State.QUEUED) == {State.SUBMITTING}
    assert before(State.SUBMITTING) == {State.QUEUED}
    assert before(State.UNCONFIRMED) == {State.SUBMITTING}
    assert before(State.RUNNING) == {State.SUBMITTING, State.UNCONFIRMED}
    assert before(State.READY) == {State.RUNNING, State.LATE}


def test_what_was_sent_is_not_sent_again_by_itself() -> None:
    assert {state for state in DeliveryState if PENDING in DELIVERY_MOVES[state]} == {SENDING, UNDELIVERABLE}
    assert DELIVERY_MOVES[DeliveryState.SENT] == frozenset()

"""The tables of moves, and what follows from how far the generations of a job are."""

import pytest

from core.domain.lifecycle import (
    ASKS,
    DELIVERY_ENDS,
    DELIVERY_MOVES,
    HELD,
    JOB_MOVES,
    MOVES,
    VOIDS,
    DeliveryState,
    JobState,
    State,
    concluded,
    furthest,
)
from tests.moves import PENDING, SENDING, STAGES, UNDELIVERABLE, steps

ENDS = frozenset(State) - ASKS


def test_the_tables_name_every_state() -> None:
    assert set(MOVES) == set(State)
    assert set(JOB_MOVES) == set(JobState) == HELD | VOIDS | {JobState.READY}
    assert set(DELIVERY_MOVES) == set(DeliveryState)


def test_every_hold_is_resolved_on_every_way_and_once() -> None:
    """A job that holds money goes on holding it, or is charged, or has it released; from the others none can touch it."""
    for state, moves in JOB_MOVES.items():
        assert (state in HELD) == bool(moves & VOIDS)
        for to in moves:
            assert sum([to in HELD, to is JobState.READY, to in VOIDS]) == 1
            assert state in HELD or to not in HELD


def test_a_job_that_was_settled_is_never_generated_anew() -> None:
    assert not MOVES[State.FETCHED]
    assert not JOB_MOVES[JobState.READY]


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
    assert before(State.FETCHED) == {State.RUNNING, State.LATE}


def test_what_was_sent_is_not_sent_again_by_itself() -> None:
    assert {state for state in DeliveryState if PENDING in DELIVERY_MOVES[state]} == {SENDING, UNDELIVERABLE}
    assert DELIVERY_MOVES[DeliveryState.SENT] == frozenset()


CONCLUDED = [
    ("fetched", JobState.READY),
    ("fetched fetched fetched", JobState.READY),
    ("fetched failed", JobState.ASKING),
    ("cancelled fetched", JobState.ASKING),
    ("rejected expired fetched cancelled", JobState.ASKING),
    ("failed", JobState.FAILED),
    ("rejected", JobState.FAILED),
    ("cancelled expired failed", JobState.FAILED),
    ("cancelled rejected", JobState.FAILED),
    ("expired", JobState.EXPIRED),
    ("cancelled expired", JobState.EXPIRED),
    ("cancelled", JobState.CANCELLED),
    ("cancelled cancelled", JobState.CANCELLED),
]


@pytest.mark.parametrize(("states", "outcome"), CONCLUDED)
def test_a_job_whose_parts_have_ended_comes_to(states: str, outcome: JobState) -> None:
    ended = [State(word) for word in states.split()]
    assert concluded(ended) is outcome
    assert {concluded([*ended, asked]) for asked in ASKS} == {JobState.OPEN}


FURTHEST = [
    ("queued", State.QUEUED),
    ("queued queued", State.QUEUED),
    ("queued submitting", State.SUBMITTING),
    ("queued unconfirmed", State.UNCONFIRMED),
    ("unconfirmed submitting", State.SUBMITTING),
    ("submitting queued unconfirmed running", State.RUNNING),
    ("late", State.LATE),
    ("fetched submitting", State.SUBMITTING),
    ("failed unconfirmed", State.UNCONFIRMED),
    ("fetched queued", State.RUNNING),
    ("cancelled queued", State.RUNNING),
]


@pytest.mark.parametrize(("states", "stage"), FURTHEST)
def test_an_open_job_is_as_far_as_the_furthest_that_is_under_way(states: str, stage: State) -> None:
    made = [State(word) for word in states.split()]
    assert furthest(made) is furthest(made[::-1]) is stage


def test_each_end_alone_is_an_outcome() -> None:
    assert {concluded([end]) for end in ENDS} == set(JobState) - {JobState.OPEN, JobState.ASKING}

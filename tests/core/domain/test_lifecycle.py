from core.domain.lifecycle import ENDED, HELD, MOVES, State, may_move, settles, voids


def test_the_table_names_every_state() -> None:
    assert set(MOVES) == set(State)
    assert set(State) == HELD | ENDED | {State.GENERATED, State.DELIVERING, State.LATE}


def test_only_the_table_s_moves_are_allowed() -> None:
    assert {(a, b) for a in State for b in State if may_move(a, b)} == {(a, b) for a in State for b in MOVES[a]}


def test_every_hold_is_resolved_on_every_way() -> None:
    """From a state with a hold, each move keeps it, settles it or voids it; from the others none can touch it."""
    for state, moves in MOVES.items():
        for to in moves:
            outcomes = [to in HELD, settles(state, to), voids(state, to)]
            assert sum(outcomes) == (1 if state in HELD else 0)


def test_a_job_that_was_settled_is_never_generated_anew() -> None:
    after = {State.GENERATED, State.DELIVERING, State.DELIVERED, State.UNDELIVERABLE}
    for state in after:
        assert MOVES[state] <= after


def test_every_state_can_come_to_an_end() -> None:
    for start in State:
        reached, frontier = {start}, {start}
        while frontier:
            frontier = {to for state in frontier for to in MOVES[state]} - reached
            reached |= frontier
        assert reached & ENDED


def test_what_may_have_been_submitted_never_waits_for_a_submission_again() -> None:
    """Only `submitting` leads back to `queued`, for a proven failure; an unconfirmed job can be found or expire."""

    def before(to: State) -> set[State]:
        return {state for state, moves in MOVES.items() if to in moves}

    assert before(State.QUEUED) == {State.SUBMITTING}
    assert before(State.SUBMITTING) == {State.QUEUED}
    assert before(State.UNCONFIRMED) == {State.SUBMITTING}
    assert before(State.RUNNING) == {State.SUBMITTING, State.UNCONFIRMED}
    assert before(State.GENERATED) == {State.RUNNING, State.LATE, State.DELIVERING, State.UNDELIVERABLE}

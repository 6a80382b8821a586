"""The count of doubts tells them from what is settled."""

from core.domain.lifecycle import State
from tests.proofs.doubts import Made, doubts, told

SPEECH, MUSIC = '{"voice": "Aria", "text": "Hello"}', '{"prompt": "rain"}'


def test_what_faults_leave_in_doubt_is_counted() -> None:
    made = [
        Made(SPEECH, State.EXPIRED, None),
        Made(MUSIC, State.EXPIRED, None),
        Made(SPEECH, State.EXPIRED, "request-1"),
        Made(SPEECH, State.FETCHED, "request-2"),
        Made(MUSIC, State.CANCELLED, None),
    ]
    found = doubts(made, seen={"Hello"}, accepted=["request-1", "request-2", "request-3"], uncertain=2)
    assert told(found) == "1 unconfirmed without a POST, 1 accepted and lost, 2 left to send again"

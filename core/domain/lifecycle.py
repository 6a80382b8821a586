"""The states of jobs, of their generations and of their deliveries, and the tables of moves between them."""

from collections.abc import Collection, Mapping
from enum import StrEnum


class State(StrEnum):
    """Of a generation."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCONFIRMED = "unconfirmed"
    RUNNING = "running"
    FETCHED = "fetched"
    """Its audio is recorded; who pays for it is decided with its job."""
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired"
    LATE = "late"
    CANCELLED = "cancelled"


class JobState(StrEnum):
    """Of a job, which owns the hold."""

    OPEN = "open"
    """Some of its generations may still bring audio."""
    ASKING = "asking"
    """Some brought audio and others did not: its member chooses."""
    READY = "ready"
    """Its audio is charged; what becomes of that in the chat is its delivery's state."""
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    """Of handing a job's audio to one place in a chat."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"


Stage = State | JobState | DeliveryState
"""How far an order is."""
STAGES: Mapping[str, Stage] = {stage.value: stage for stage in (*State, *JobState, *DeliveryState)}


class Late(StrEnum):
    """Whether audio may come after a job has expired: a request of unknown outcome may have been taken."""

    NO = ""
    AWAITED = "awaited"
    CAME = "came"
    """The hold was released before, so the audio is free."""


class Reason(StrEnum):
    """Why a job ended without audio in the chat; the sentences for members stand with the other replies."""

    BAD_REQUEST = "bad_request"
    MODEL_NOT_FOUND = "model_not_found"
    UNAUTHORIZED = "unauthorized"
    OUT_OF_CREDIT = "out_of_credit"
    FORBIDDEN = "forbidden"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    UNCONFIRMED = "unconfirmed"
    SERVER_FAILED = "server_failed"
    GATEWAY_FAILED = "gateway_failed"
    GATEWAY_ERROR = "gateway_error"
    NO_MEDIA = "no_media"
    MEDIA_UNAVAILABLE = "media_unavailable"
    UNDECODABLE = "undecodable"
    SILENT = "silent"
    FORGOTTEN = "forgotten"
    TOO_SLOW = "too_slow"
    WAITED_TOO_LONG = "waited_too_long"
    WITHDRAWN = "withdrawn"
    CHAT_REFUSED = "chat_refused"
    CHAT_UNREACHABLE = "chat_unreachable"
    DELIVERY_UNCERTAIN = "delivery_uncertain"
    TOO_LARGE = "too_large"
    LOST = "lost"
    """Its files are gone, and the gateway's too."""
    AUDIO_AWAY = "audio_away"
    """Its files are kept where they can't be reached now."""
    CHAT_MUTE = "chat_mute"
    """The bot may not even write where it was ordered."""
    INTERNAL = "internal"
    NO_WORKER = "no_worker"
    """Only of an order that waits: nobody carries jobs now."""
    RESTORED = "restored"
    """What became of it after the copy that took the database's place is not known."""
    RESTARTING = "restarting"
    """Only of an order that waits: it came while the process was about to end."""


# The way back from `submitting` to `queued`, and from `sending` to `pending`, is taken only when it is proven that
# nothing was accepted or sent: the row then says so, and a crash during the wait loses nothing. What was never on its
# way goes from `pending` to `undeliverable`, without a doubt. A delivery is opened as `pending`, or as `sending` where
# all is ready and the chat has room, so that the upload starts with the commit of the charge.
MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.CANCELLED}),
    State.SUBMITTING: frozenset({State.RUNNING, State.UNCONFIRMED, State.REJECTED, State.QUEUED}),
    State.UNCONFIRMED: frozenset({State.RUNNING, State.EXPIRED}),
    State.RUNNING: frozenset({State.FETCHED, State.FAILED, State.EXPIRED}),
    State.FETCHED: frozenset(),
    State.REJECTED: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset({State.LATE}),
    State.LATE: frozenset({State.FETCHED, State.EXPIRED}),
    State.CANCELLED: frozenset(),
}

JOB_MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.OPEN: frozenset(JobState) - {JobState.OPEN},
    JobState.ASKING: frozenset({JobState.READY, JobState.CANCELLED}),
    JobState.READY: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.EXPIRED: frozenset({JobState.READY}),  # its audio came late
    JobState.CANCELLED: frozenset(),
}

DELIVERY_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset({DeliveryState.SENDING, DeliveryState.UNDELIVERABLE}),
    DeliveryState.SENDING: frozenset({DeliveryState.SENT, DeliveryState.UNDELIVERABLE, DeliveryState.PENDING}),
    DeliveryState.SENT: frozenset(),
    DeliveryState.UNDELIVERABLE: frozenset({DeliveryState.PENDING}),
}

HELD = frozenset({JobState.OPEN, JobState.ASKING})
"""In these the hold is open."""

VOIDS = frozenset({JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED})
"""Entering one of these releases all of the hold."""

ASKS = frozenset({State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.RUNNING, State.LATE})
"""In these there is something to do or to ask at the gateway."""

PASSING = frozenset(
    {
        Reason.GATEWAY_FAILED,
        Reason.GATEWAY_ERROR,
        Reason.NO_MEDIA,
        Reason.MEDIA_UNAVAILABLE,
        Reason.UNDECODABLE,
        Reason.SILENT,
        Reason.FORGOTTEN,
    }
)
"""Failures that another try may not meet."""

PLACED = ASKS - {State.LATE}
"""In these a generation has, or waits for, a place at the gateway."""

IN_VAIN = frozenset({State.REJECTED, State.FAILED, State.EXPIRED, State.CANCELLED, DeliveryState.UNDELIVERABLE})
"""Entering one of these, a generation or a delivery has come to nothing."""

DELIVERY_ENDS = frozenset({DeliveryState.SENT, DeliveryState.UNDELIVERABLE})
"""In these nothing is on its way to the chat."""

_UNDER_WAY = (State.RUNNING, State.SUBMITTING, State.UNCONFIRMED, State.LATE)
"""From the furthest."""


def concluded(states: Collection[State]) -> JobState:
    """Say what becomes of a job whose parts have come to these states, each by its newest generation."""
    if not ASKS.isdisjoint(states):
        return JobState.OPEN
    if State.FETCHED in states:
        return JobState.READY if set(states) == {State.FETCHED} else JobState.ASKING
    if not {State.FAILED, State.REJECTED}.isdisjoint(states):
        return JobState.FAILED
    return JobState.EXPIRED if State.EXPIRED in states else JobState.CANCELLED


def furthest(states: Collection[State]) -> State:
    """Say how far an open job is: waiting only while all that is left of it waits for its first submission."""
    if set(states) == {State.QUEUED}:
        return State.QUEUED
    return next((state for state in _UNDER_WAY if state in states), State.RUNNING)

"""The states of jobs and of deliveries, and the tables of moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Of a job."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCONFIRMED = "unconfirmed"
    RUNNING = "running"
    READY = "ready"
    """Its audio is recorded and charged; what becomes of that in the chat is its delivery's state."""
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired"
    LATE = "late"
    CANCELLED = "cancelled"


class DeliveryState(StrEnum):
    """Of handing a job's audio to one place in a chat."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"


Stage = State | DeliveryState
"""How far an order is."""
STAGES: Mapping[str, Stage] = {stage.value: stage for stage in (*State, *DeliveryState)}


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
    CHAT_MUTE = "chat_mute"
    """The bot may not even write where it was ordered."""
    INTERNAL = "internal"
    NO_WORKER = "no_worker"
    """Only of an order that waits: nobody carries jobs now."""


# The way back from `submitting` to `queued`, and from `sending` to `pending`, is taken only when it is proven that
# nothing was accepted or sent: the row then says so, and a crash during the wait loses nothing. What was never on its
# way goes from `pending` to `undeliverable`, without a doubt.
MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.CANCELLED}),
    State.SUBMITTING: frozenset({State.RUNNING, State.UNCONFIRMED, State.REJECTED, State.QUEUED}),
    State.UNCONFIRMED: frozenset({State.RUNNING, State.EXPIRED}),
    State.RUNNING: frozenset({State.READY, State.FAILED, State.EXPIRED}),
    State.READY: frozenset(),
    State.REJECTED: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset({State.LATE}),
    State.LATE: frozenset({State.READY, State.EXPIRED}),
    State.CANCELLED: frozenset(),
}

DELIVERY_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.PENDING: frozenset({DeliveryState.SENDING, DeliveryState.UNDELIVERABLE}),
    DeliveryState.SENDING: frozenset({DeliveryState.SENT, DeliveryState.UNDELIVERABLE, DeliveryState.PENDING}),
    DeliveryState.SENT: frozenset(),
    DeliveryState.UNDELIVERABLE: frozenset({DeliveryState.PENDING}),
}

VOIDS = frozenset({State.REJECTED, State.FAILED, State.EXPIRED, State.CANCELLED})
"""Entering one of these releases the hold, unless it was released before."""

HELD = frozenset({State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.RUNNING})
"""In these the hold is open. Leaving them for `ready` settles it, leaving for one of VOIDS voids it."""

ASKS = HELD | {State.LATE}
"""In these there is something to do or to ask at the gateway."""

DELIVERY_ENDS = frozenset({DeliveryState.SENT, DeliveryState.UNDELIVERABLE})
"""In these nothing is on its way to the chat."""


def settles(current: State, to: State) -> bool:
    """Say whether this move charges the hold: once, when the artifact is recorded."""
    return current in HELD and to is State.READY


def voids(current: State, to: State) -> bool:
    """Say whether this move releases the hold."""
    return current in HELD and to in VOIDS

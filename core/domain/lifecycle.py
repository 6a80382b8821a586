"""Job states and the one table of moves between them."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    UNCONFIRMED = "unconfirmed"
    RUNNING = "running"
    GENERATED = "generated"
    DELIVERING = "delivering"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    REJECTED = "rejected"
    FAILED = "failed"
    EXPIRED = "expired"
    LATE = "late"
    CANCELLED = "cancelled"


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
    INTERNAL = "internal"
    NO_WORKER = "no_worker"
    """Only of an order that waits: nobody carries jobs now."""


# The way back from `submitting` to `queued` and from `delivering` to `generated` is taken only when it is proven
# that nothing was accepted or sent: the row then says so, and a crash during the wait loses nothing. What was never
# on its way goes from `generated` to `undeliverable`, without a doubt.
MOVES: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SUBMITTING, State.CANCELLED}),
    State.SUBMITTING: frozenset({State.RUNNING, State.UNCONFIRMED, State.REJECTED, State.QUEUED}),
    State.UNCONFIRMED: frozenset({State.RUNNING, State.EXPIRED}),
    State.RUNNING: frozenset({State.GENERATED, State.FAILED, State.EXPIRED}),
    State.GENERATED: frozenset({State.DELIVERING, State.UNDELIVERABLE}),
    State.DELIVERING: frozenset({State.DELIVERED, State.UNDELIVERABLE, State.GENERATED}),
    State.UNDELIVERABLE: frozenset({State.GENERATED}),
    State.DELIVERED: frozenset(),
    State.REJECTED: frozenset(),
    State.FAILED: frozenset(),
    State.EXPIRED: frozenset({State.LATE}),
    State.LATE: frozenset({State.GENERATED, State.EXPIRED}),
    State.CANCELLED: frozenset(),
}

VOIDS = frozenset({State.REJECTED, State.FAILED, State.EXPIRED, State.CANCELLED})
"""Entering one of these releases the hold, unless it was released before."""

HELD = frozenset({State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.RUNNING})
"""In these the hold is open. Leaving them for `generated` settles it, leaving for one of VOIDS voids it."""

ASKS = HELD | {State.LATE}
"""In these there is something to do or to ask at the gateway."""

ENDED = VOIDS | {State.DELIVERED, State.UNDELIVERABLE}
"""No worker owns a job in one of these."""


def may_move(current: State, to: State) -> bool:
    """Say whether the table has the move."""
    return to in MOVES[current]


def settles(current: State, to: State) -> bool:
    """Say whether this move charges the hold: once, when the artifact is recorded."""
    return current in HELD and to is State.GENERATED


def voids(current: State, to: State) -> bool:
    """Say whether this move releases the hold."""
    return current in HELD and to in VOIDS

"""The error tree.

TroubadourError
├── Refusal                  a person asked for what can't be; they hear why and nothing changed (refusals.py)
│   ├── InvalidInput         a parameter, an amount or a name out of its range
│   │   └── NothingToSay     a text without a word to be heard
│   ├── NotPermitted         the act belongs to somebody else
│   ├── MayNotPost           the chat does not let the bot post audio
│   ├── OverLimit            allowance, balance, pool or another limit refuses the order
│   ├── NeedsConfirmation    the member has to agree to the price first
│   ├── NeedsChoice          the member has to say which reading is meant
│   ├── NotEnough            there is less credit than is to be taken
│   ├── AlreadyAsked · Decided    a second credit request, a second decision
│   │   └── CommunityDecided      a community, a second time
│   └── Unavailable          stopping, out of credit, or the store can't answer
├── GatewayError             what the gateway said or failed to say, one class a status code
│   ├── BadRequest 400 · RequestUnknown 404 · ModelNotFound 400 · Unauthorized 401 · OutOfCredit 402 · Forbidden 403
│   ├── TooManyRequests 429 · Unreachable (no connection)       nothing was accepted: may be retried
│   ├── ServerError 5xx · Unreadable · NoAnswer                 the outcome is unknown: never repeated
│   └── MediaUnavailable     an artifact could not be fetched
├── MediaError               the child process that decodes
│   └── Undecodable · SilentAudio · CannotFit · MediaTimeout
├── DeliveryError            handing the artifact to the chat
│   └── DeliveryRefused · DeliveryDelayed · DeliveryUncertain · TooLarge
├── StoreError
│   └── SchemaTooNew · StoreAway · StoreBusy · StaleJob · Conflict
├── PlatformError            a chat platform can't be used at all: a bad token
└── ConfigurationError       settings that can't work
"""

from typing import ClassVar

from core.domain.lifecycle import Reason
from core.domain.orders import Destination


class TroubadourError(Exception):
    """Base of every error that the project raises on purpose."""


# --- the gateway ----------------------------------------------------------------------------------------------


class GatewayError(TroubadourError):
    """One answer of the gateway, or its absence.

    Class data says what follows for a submit: `accepted` is False when it is proven that no job was created and
    None when it is unknown; `retry` when a proven failure may be tried again; `pauses` when it concerns
    every submission and is the operator's to mend, so that others would only fail alike.
    """

    reason: ClassVar[Reason] = Reason.INTERNAL
    accepted: ClassVar[bool | None] = None
    retry: ClassVar[bool] = False
    pauses: ClassVar[bool] = False
    longest_pause_s: ClassVar[float] = 900
    """The longest pause of submissions, after any number of failures."""
    operator: ClassVar[str] = "The gateway answered in an undocumented way."

    def __init__(self, detail: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(detail or self.operator)
        self.detail = detail
        self.retry_after_s = retry_after_s

    @property
    def passes(self) -> bool:
        """Whether the same question may get another answer later."""
        return self.accepted is None or self.retry or self.pauses


class BadRequest(GatewayError):
    """400, or another 4xx that the contract does not name."""

    reason = Reason.BAD_REQUEST
    accepted = False
    operator = "The gateway rejected the request's parameters."


class RequestUnknown(BadRequest):
    """404 for a request's own id: the gateway has no such request, or has forgotten it."""

    reason = Reason.FORGOTTEN
    operator = "The gateway does not know a request that it took before."


class ModelNotFound(GatewayError):
    """400 "Model not found"."""

    reason = Reason.MODEL_NOT_FOUND
    accepted = False
    operator = "The gateway does not know the model: set the product's endpoint to what the vendor calls it now."


class Unauthorized(GatewayError):
    """401."""

    reason = Reason.UNAUTHORIZED
    accepted = False
    pauses = True
    operator = "The gateway does not accept GATEWAY_KEY."


class OutOfCredit(GatewayError):
    """402."""

    longest_pause_s = 60  # who has topped it up does not wait for long
    reason = Reason.OUT_OF_CREDIT
    accepted = False
    pauses = True
    operator = "The gateway wallet is empty: top it up. Submissions are paused and will be tried again by themselves."


class Forbidden(GatewayError):
    """403."""

    reason = Reason.FORBIDDEN
    accepted = False
    operator = "GATEWAY_KEY may not use this model."


class TooManyRequests(GatewayError):
    """429; `retry_after_s` as the gateway asked."""

    reason = Reason.BUSY
    accepted = False
    retry = True
    operator = "The gateway asks to slow down."


class Unreachable(GatewayError):
    """No connection was made: nothing left this machine."""

    reason = Reason.UNREACHABLE
    accepted = False
    retry = True
    operator = "The gateway can't be reached."


class ServerError(GatewayError):
    """500 and above: the job may have been created before the fault."""

    reason = Reason.SERVER_FAILED
    operator = "The gateway failed on its side; whether it took the request is unknown."


class Unreadable(GatewayError):
    """An answer that is not what the contract says, such as HTML or a 202 without an id."""

    reason = Reason.UNCONFIRMED
    operator = "The gateway's answer could not be read; whether it took the request is unknown."


class NoAnswer(GatewayError):
    """The connection broke or timed out after the request may have left."""

    reason = Reason.UNCONFIRMED
    operator = "The gateway did not answer; whether it took the request is unknown."


class MediaUnavailable(GatewayError):
    """An artifact can't be fetched; `may_retry` says whether another try may help."""

    reason = Reason.MEDIA_UNAVAILABLE
    operator = "Generated media could not be fetched."

    def __init__(self, detail: str, *, may_retry: bool) -> None:
        super().__init__(detail)
        self.may_retry = may_retry


# --- media ----------------------------------------------------------------------------------------------------


class MediaError(TroubadourError):
    """The child process could not do what was asked."""


class Undecodable(MediaError):
    """The file is not audio, or no sample of it can be decoded."""


class SilentAudio(MediaError):
    """The file is audio, and nothing can be heard in it from end to end."""


class MediaTimeout(MediaError):
    """The deadline of one request passed; the child was killed."""


class CannotFit(MediaError):
    """No setting makes the file small enough."""

    def __init__(self, size_bytes: int, max_bytes: int) -> None:
        super().__init__(f"{size_bytes} bytes do not fit into {max_bytes}")
        self.size_bytes = size_bytes
        self.max_bytes = max_bytes


# --- delivery -------------------------------------------------------------------------------------------------


class DeliveryError(TroubadourError):
    """The chat did not take the artifact."""


class DeliveryRefused(DeliveryError):
    """The chat will not take it: kicked, blocked, no permission, gone. `detail` is for the operator's log.

    `instead`: where to try it next; None where nothing is left to try.
    """

    def __init__(self, detail: str, *, instead: Destination | None = None) -> None:
        super().__init__(detail)
        self.instead = instead


class DeliveryDelayed(DeliveryError):
    """A later try may succeed: flood wait, no connection, 5xx on an idempotent call.

    `doubtful`: this try may have arrived, which the next one has to know.
    """

    def __init__(self, detail: str, *, retry_after_s: float, doubtful: bool = False) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.doubtful = doubtful


class DeliveryUncertain(DeliveryError):
    """The upload may have arrived, and the platform has no idempotency key: only a person may ask again."""


class NotKept(DeliveryError):
    """The chat does not have that audio any more, or not for us; nothing was sent."""


class TooLarge(DeliveryError):
    """The platform refused the size."""

    def __init__(self, max_bytes: int) -> None:
        """`max_bytes`: what to shrink to before the one further try."""
        super().__init__(f"more than {max_bytes} bytes")
        self.max_bytes = max_bytes


# --- the rest -------------------------------------------------------------------------------------------------


class StoreError(TroubadourError):
    """The store can't do it."""


class SchemaTooNew(StoreError):
    """The database was written by a newer release."""


class StoreAway(StoreError):
    """The database or the spool fails for everybody, as while a disk is full; the same may succeed later."""


class ArtifactsAway(StoreError):
    """The store of audio that machines share fails, or has something else; what is here serves meanwhile."""


class StoreBusy(StoreError):
    """Another process holds the database."""


class StaleJob(StoreError):
    """The job's row has moved on since it was read."""


class Conflict(StoreError):
    """A value that must be unique is already there."""


class PlatformError(TroubadourError):
    """A platform can't be used until the operator changes something, such as a bad token."""


class PlatformBusy(TroubadourError):
    """A platform wants to be left alone for `retry_after_s`, and longer if it is not."""

    def __init__(self, detail: str, *, retry_after_s: float) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class ConfigurationError(TroubadourError):
    """The settings can't work; the text names the setting and what is allowed."""

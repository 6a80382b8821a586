"""The error tree.

TroubadourError
├── Refusal                  a person asked for what can't be; they hear why and nothing changed
│   ├── InvalidInput         a parameter, an amount or a name out of its range
│   │   └── NothingToSay     a text without a word to be heard
│   ├── NotPermitted         the act belongs to somebody else
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

from core.domain.allowed import Allowed
from core.domain.communities import Approval
from core.domain.lifecycle import Reason
from core.domain.quota import Standing
from core.domain.refusals import Cause, Limit, Missing, Need


class TroubadourError(Exception):
    """Base of every error that the project raises on purpose."""


# --- refusals -------------------------------------------------------------------------------------------------


class Refusal(TroubadourError):
    """What a person asked for can't be done; nothing has changed."""


class InvalidInput(Refusal):
    """Name the parameter, the value as given and what is allowed; and `instead` what to type, where that is clear."""

    def __init__(self, parameter: str, value: object, allowed: Allowed | str, instead: str = "") -> None:
        """`allowed` is words only where chats find something wrong, which have words."""
        super().__init__(f"{parameter}: {value!r} is not {allowed.rule if isinstance(allowed, Allowed) else allowed}")
        self.parameter = parameter
        self.value = value
        self.allowed = allowed
        self.instead = instead


class NothingToSay(InvalidInput):
    """A text without a word to be heard."""


class NotPermitted(Refusal):
    """The act is for admins, or the caller can't be an account."""

    def __init__(self, needs: Need) -> None:
        super().__init__(needs)
        self.needs = needs


class OverLimit(Refusal):
    """Say which limit refused, with the standing that the decision saw."""

    def __init__(self, limit: Limit, cost_micros: int, standing: Standing) -> None:
        super().__init__(limit)
        self.limit = limit
        self.cost_micros = cost_micros
        self.standing = standing

    @property
    def missing_micros(self) -> int | None:
        """What credit would let the order through; None where credit would not help."""
        left = self.standing.allowance_left_micros
        if self.limit is not Limit.ALLOWANCE or left is None:
            return None
        return self.cost_micros - left - self.standing.balance_micros


class NotEnough(Refusal):
    """A balance can't go below zero, or above what anybody could spend."""

    def __init__(self, balance_micros: int) -> None:
        super().__init__(str(balance_micros))
        self.balance_micros = balance_micros


class NeedsConfirmation(Refusal):
    """The order costs more than what the community's admins let pass unasked. The offer can be confirmed once."""

    def __init__(self, offer_id: str, cost_micros: int, standing: Standing, expires_ms: int) -> None:
        super().__init__(offer_id)
        self.offer_id = offer_id
        self.cost_micros = cost_micros
        self.standing = standing
        self.expires_ms = expires_ms


class NeedsChoice(Refusal):
    """It isn't plain which of several readings of an order is meant. One of those offered can be chosen, once."""

    def __init__(self, offer_id: str, readings: tuple[str, ...], expires_ms: int) -> None:
        """`readings`: what each is called, such as a voice; "" takes the words as they stand."""
        super().__init__(offer_id)
        self.offer_id = offer_id
        self.readings = readings
        self.expires_ms = expires_ms


class AlreadyAsked(Refusal):
    """The member's last credit request is still open, or too recent."""


class Decided(Refusal):
    """A credit request that was approved or declined before."""


class CommunityDecided(Decided):
    """A community that an operator has decided about before."""

    def __init__(self, community: str, state: Approval, by: str) -> None:
        """`by`: what they were called then."""
        super().__init__(community)
        self.community = community
        self.state = state
        self.by = by


class DoneBefore(Refusal):
    """The platform reported the same event twice."""


class Unavailable(Refusal):
    """The service takes no orders now."""

    def __init__(self, why: Cause, *, wait_s: float = 0, told: bool = False) -> None:
        """`wait_s`: an estimate, where it is full; `told`: whether those who run the service know of it."""
        super().__init__(why)
        self.why = why
        self.wait_s = wait_s
        self.told = told


class TooOld(Refusal):
    """What was written too long ago to act on it now."""

    def __init__(self, age_ms: int, *, ordered: bool) -> None:
        """`ordered`: it is an order, and none was made of it; what an admin wrote may have been done meanwhile."""
        super().__init__(f"{age_ms} ms")
        self.age_ms = age_ms
        self.ordered = ordered


class NotFound(Refusal):
    """A member or a job that is not known here."""

    def __init__(self, what: Missing, name: str) -> None:
        super().__init__(f"{what} {name}")
        self.what = what
        self.name = name


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
    """The chat will not take it: kicked, blocked, no permission, gone. `detail` is for the operator's log."""


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

"""What a person asked for and can't have: one class a kind, and a closed set where a kind has several causes."""

from enum import StrEnum
from typing import ClassVar

from core.domain.allowed import Allowed, Rule, allowed
from core.domain.audit import Outcome
from core.domain.communities import Approval
from core.domain.errors import TroubadourError
from core.domain.quota import Standing


class Limit(StrEnum):
    """What can refuse an order, in the order in which it is asked."""

    COMMUNITY = "community"
    """No operator has approved the community."""
    DECLINED = "declined"
    """An operator has declined the community."""
    BLOCKED = "blocked"
    PRODUCT = "product"
    CHANNEL = "channel"
    LONGEST_TEXT = "longest_text"
    COOLDOWN = "cooldown"
    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    ALLOWANCE = "allowance"
    DIRECT = "direct"
    """The allowance of a direct chat, which only an operator can raise."""
    POOL = "pool"
    TOTAL_POOL = "total_pool"
    CONFIRM = "confirm"
    """The price must be agreed to first."""


class Need(StrEnum):
    """What the caller of an act lacks."""

    ADMIN = "admin"
    BOT_ADMIN = "bot_admin"
    """The group tells only its admins who its admins are, and the bot is none."""
    OPERATOR = "operator"
    COMMUNITY = "community"
    """A direct chat has no admins."""
    GROUP = "group"
    """Nobody administers a direct chat."""
    ACCOUNT = "account"
    """A shared identity can't spend."""
    MEMBER = "member"
    """They are not in the community that the order is for."""
    OWNER = "owner"
    """The order is somebody else's."""
    UNCLAIMED = "unclaimed"
    """The bot has an owner."""
    CODE = "code"
    """The code is wrong or void."""
    DIRECT = "direct"
    """Others can read the chat."""
    SELF = "self"
    """The identity is shared."""


class Cause(StrEnum):
    """Why the service takes no orders now."""

    OUT_OF_CREDIT = "out_of_credit"
    MISCONFIGURED = "misconfigured"
    STORE = "store"
    CHAT = "chat"
    """Whether somebody is a member can't be asked."""
    FULL = "full"


class Missing(StrEnum):
    """What is not known here."""

    MEMBER = "member"
    JOB = "job"
    WAITING = "waiting"
    """The job is known, but no longer waits."""
    AUDIO = "audio"
    """The job is known, but its audio is no longer kept as a file."""
    REST = "rest"
    """The job is known, but its audio is on its way."""
    QUESTION = "question"
    """The job is known, but it does not ask what its member takes."""
    OFFER = "offer"
    KEPT = "kept"
    """The order was refused and kept, but is no longer."""
    REQUEST = "request"
    REPORT = "report"
    COMMUNITY = "community"
    VOICE = "voice"
    LAST = "last"
    """There is no order to repeat."""
    DIALOGUE = "dialogue"
    """The order is known, but who speaks in it is not."""


class Refusal(TroubadourError):
    """What a person asked for can't be done; nothing has changed."""

    outcome: ClassVar[Outcome] = Outcome.REFUSED
    """How the audit notes an act that it ended."""


class InvalidInput(Refusal):
    """Name the parameter, the value as given and what is allowed; and `instead` what to type, where that is clear."""

    outcome = Outcome.INVALID_INPUT

    def __init__(self, parameter: str, value: object, allowed: Allowed | str, instead: str = "") -> None:
        """`allowed` is words only where chats find something wrong, which have words."""
        super().__init__(f"{parameter}: {value!r} is not {allowed.rule if isinstance(allowed, Allowed) else allowed}")
        self.parameter = parameter
        self.value = value
        self.allowed = allowed
        self.instead = instead


class NothingToSay(InvalidInput):
    """A text without a word to be heard."""


class UnclearReason(InvalidInput):
    """Words after an amount that may be its reason or a part of it, in any language."""

    outcome = Outcome.UNCLEAR_REASON

    def __init__(self, word: str, instead: str) -> None:
        """`instead`: the amount with the words as its reason."""
        super().__init__("amount", word, allowed(Rule.SUM_THEN_REASON), instead)


class NotPermitted(Refusal):
    """The act is for admins, or the caller can't be an account."""

    outcome = Outcome.NOT_PERMITTED

    def __init__(self, needs: Need) -> None:
        super().__init__(needs)
        self.needs = needs


class MayNotPost(Refusal):
    """The bot may not post audio in the chat."""

    def __init__(self, permissions: tuple[str, ...], *, silent: bool) -> None:
        """`permissions`: as the platform calls them; any would help. `silent`: the bot may not even write there."""
        super().__init__(", ".join(permissions))
        self.permissions = permissions
        self.silent = silent


class OverLimit(Refusal):
    """Say which limit refused, with the standing that the decision saw."""

    order_id = ""
    """By which the order is kept, for when its member asks for the credit that it lacks."""

    def __init__(self, limit: Limit, cost_micros: int, standing: Standing, characters: int = 0) -> None:
        """`characters`: of the order."""
        super().__init__(limit)
        self.limit = limit
        self.characters = characters
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

    outcome = Outcome.NOT_ENOUGH

    def __init__(self, balance_micros: int) -> None:
        super().__init__(str(balance_micros))
        self.balance_micros = balance_micros


class NeedsConfirmation(Refusal):
    """The order costs more than may pass unasked. The offer can be confirmed once."""

    def __init__(
        self,
        offer_id: str,
        cost_micros: int,
        standing: Standing,
        expires_ms: int,
        words: str = "",
    ) -> None:
        """`words`: what is spoken or played."""
        super().__init__(offer_id)
        self.offer_id = offer_id
        self.cost_micros = cost_micros
        self.standing = standing
        self.expires_ms = expires_ms
        self.words = words


class NeedsChoice(Refusal):
    """It isn't plain which reading of an order is meant, or whether the only one is. One can be chosen, once."""

    def __init__(
        self,
        offer_id: str,
        readings: tuple[str, ...],
        expires_ms: int,
        words: str = "",
        unclear: tuple[str, ...] = (),
    ) -> None:
        """`readings`: what each is called, such as a voice; "" takes the `words` as they stand.

        `unclear`: the names of speakers that are no voices'.
        """
        super().__init__(offer_id)
        self.offer_id = offer_id
        self.readings = readings
        self.expires_ms = expires_ms
        self.words = words
        self.unclear = unclear


class AlreadyAsked(Refusal):
    """The member's last credit request is still open, or too recent."""


class Decided(Refusal):
    """A credit request that was approved or declined before."""

    outcome = Outcome.DECIDED


class CommunityDecided(Decided):
    """A community that an operator has decided about before."""

    outcome = Outcome.COMMUNITY_DECIDED

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

    outcome = Outcome.NOT_FOUND

    def __init__(self, what: Missing, name: str) -> None:
        super().__init__(f"{what} {name}")
        self.what = what
        self.name = name

"""Why something is refused: a closed set for each kind of refusal that has several causes."""

from enum import StrEnum


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
    ACCOUNT = "account"
    """A shared identity can't spend."""
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

    DRAINING = "draining"
    OUT_OF_CREDIT = "out_of_credit"
    MISCONFIGURED = "misconfigured"
    STORE = "store"
    FULL = "full"


class Missing(StrEnum):
    """What is not known here."""

    MEMBER = "member"
    JOB = "job"
    WAITING = "waiting"
    """The job is known, but no longer waits."""
    OFFER = "offer"
    REQUEST = "request"
    COMMUNITY = "community"

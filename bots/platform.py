"""The protocol that a chat platform implements."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.domain.attested import Attested
from core.domain.orders import Destination
from core.ports import Delivery, Presence
from core.service.service import Service

Hook = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""Takes the headers and the body of a request; returns the status to answer with."""


class ButtonKind(StrEnum):
    """What a press does: the beginning of a button's data."""

    AGAIN = "again"
    """In place of the message that holds the button."""
    RESEND = "resend"
    """Beside it."""
    DETAILS = "details"
    """What only the order's member is told."""
    LEFT = "left"
    """What whoever presses may still spend: told to them alone."""
    ANEW = "anew"
    """The same order once more, perhaps in another voice: who presses pays."""
    VOICES = "others"
    """In which it may be ordered once more, too."""
    FILE = "file"
    """What was said, as a file."""
    DELETE = "delete"
    """Audio and card: its member's own, or any for an admin."""
    REPORT = "report"
    """Audio, to the admins: whoever presses is asked first."""
    TELL = "tell"
    """Them, now."""
    REMOVE = "remove"
    """What was reported."""
    BLOCK = "block"
    """Whoever ordered it."""
    REPORTERS = "who"
    """Who reported it: told to an admin alone."""
    DISMISS = "dismiss"
    CANCEL = "cancel"
    TAKE = "take"
    """What there is of an order of several parts."""
    NOTHING = "nothing"
    CONFIRM = "confirm"
    TAG = "tag"
    """Before the text that is asked for."""
    ASK = "ask"
    ASK_AND_ORDER = "askgo"
    """For credit, and order as soon as there is some."""
    KEPT = "kept"
    """An order that was refused: it is ordered now."""
    APPROVE = "approve"
    DECLINE = "decline"
    PAGE = "page"
    """Of a list: in place of the message that holds the button, or told to whoever presses where others read it."""
    LISTEN = "listen"
    """To voices."""
    USE = "use"
    """A voice by default."""
    LIKE = "like"
    """A voice: it comes first from then on."""
    UNLIKE = "unlike"
    ADMIT = "admit"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: what it says, what a press on it tells us, in at most 64 bytes, and in which row."""

    label: str
    data: str
    row: int = 0
    about: str = ""
    """What is said of it in a menu."""
    choices: "tuple[Button, ...]" = ()
    """What a menu, which it is then, offers: to choose one is to press it."""

    @classmethod
    def of(cls, kind: ButtonKind, label: str, about: str, row: int = 0) -> "Button":
        """Make a button of a kind about something, such as a job."""
        return cls(label, f"{kind}:{about}", row)


class Platform(Delivery, Presence, Protocol):
    """A chat platform: takes orders to the service, and artifacts to the chat.

    Delivery works from `open` on, before and without `run`: a worker may deliver with no connection that receives.
    """

    name: str
    """As in `Destination.platform` and at the front of community and member keys."""

    speaks_first: bool
    """Whether the first words on an order are said where it is taken; else its worker says them."""

    sharded: bool
    """Whether several processes may take orders, each from some communities; else only one may."""

    @property
    def receiving(self) -> bool:
        """Whether orders are taken at this moment."""
        ...

    @property
    def calls_under_way(self) -> int:
        """How many calls to the chat have not ended, apart from those that wait for updates."""
        ...

    def hooks(self) -> Mapping[str, Hook]:
        """Return by path what takes the updates that the chat posts to this service, if it does."""
        ...

    async def open(self, service: Service) -> None:
        """Get ready to deliver; contacts nobody."""
        ...

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        """Write to one member directly, by their key, from any process. Raises DeliveryError."""
        ...

    async def attest(self, community: str, member: str) -> Attested | None:
        """Say who a member is in a community now, from any process; None where they are not in it.

        Raises DeliveryError where that can't be asked.
        """
        ...

    def alone_with(self, member: str) -> Destination:
        """Return where a member's direct chat with the bot is."""
        ...

    async def run(self) -> None:
        """Connect and take orders until cancelled or `close`d.

        Raises PlatformError where only the operator can help, such as a bad token. Any other exception is an
        outage: the app logs it and calls `run` again after a while.
        """
        ...

    async def stop_receiving(self) -> None:
        """Take no more orders; deliveries go on."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...

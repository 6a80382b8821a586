"""The bot's response to one interaction, as its user sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.waiting import WAIT_S
from tests.worlds.discord.places import Attachment, Channel, Message, User
from tests.worlds.pulse import Pulse


@dataclass(eq=False)
class Reply:
    """One interaction. `original` is what `@original` names: the deferred reply, or the message with the button."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    created_s: float
    upload_limit_bytes: int
    pulse: Pulse = field(repr=False)
    callback: int | None = None
    """The callback's type: 4 message, 5 deferred message, 6 deferred update, 7 update, 8 choices, 9 modal."""
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[dict[str, Any]] = field(default_factory=list)
    modal: dict[str, Any] | None = None
    token_dead: bool = False

    @property
    def content(self) -> str:
        return "" if self.original is None else self.original.content

    @property
    def attachments(self) -> list[Attachment]:
        return [] if self.original is None else self.original.attachments

    @property
    def ephemeral(self) -> bool:
        return self.original is not None and self.original.ephemeral

    @property
    def deleted(self) -> bool:
        return self.original is not None and self.original.deleted

    @property
    def edits(self) -> list[str]:
        """The texts that the reply has shown, the current one last."""
        return [] if self.original is None else self.original.said

    @property
    def thinking(self) -> bool:
        return self.original is not None and self.original.loading and not self.original.deleted

    @property
    def last(self) -> Message:
        """The newest message that the user can read."""
        shown = [m for m in (self.original, *self.followups) if m is not None and not m.deleted and not m.loading]
        assert shown, f"the bot has said nothing to interaction {self.id}"
        return shown[-1]

    async def wait_for(self, predicate: "Callable[[Reply], Any]", timeout_s: float = WAIT_S) -> "Reply":
        """Wait until the predicate holds. Raises TimeoutError."""
        await self.pulse.until(lambda: bool(predicate(self)), timeout_s)
        return self

    async def acknowledged(self, timeout_s: float = WAIT_S) -> "Reply":
        """Wait for the callback."""
        return await self.wait_for(lambda r: r.callback is not None, timeout_s)

    async def answered(self, timeout_s: float = WAIT_S) -> Message:
        """Wait until the user has something to read, and return the newest message."""
        await self.wait_for(
            lambda r: (
                r.callback is not None
                and ((r.original is not None and not r.original.loading and not r.original.deleted) or r.followups)
            ),
            timeout_s,
        )
        return self.last

    async def settled(self, predicate: Callable[[Message], Any], timeout_s: float = WAIT_S) -> Message:
        """Wait until a message that the user can read satisfies the predicate, and return it."""
        found: list[Message] = []

        def look(reply: "Reply") -> bool:
            shown = (reply.original, *reply.followups)
            found[:] = [m for m in shown if m is not None and not m.deleted and not m.loading and predicate(m)]
            return bool(found)

        await self.wait_for(look, timeout_s)
        return found[-1]

    async def audio(self, timeout_s: float = WAIT_S) -> list[Attachment]:
        """Wait for files."""
        return (await self.settled(lambda m: m.attachments, timeout_s)).attachments

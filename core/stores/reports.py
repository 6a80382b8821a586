"""What is remembered of audio that members reported."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.people import Asker, Caller
from core.domain.reported import Message, Report, Reporter, Sent, Why


class ReportStore(Protocol):
    """Remembers audio that members reported. Raises StoreError."""

    async def file_report(
        self,
        caller: Caller,
        job_id: str,
        messages: Sequence[Message],
        sent_by: Asker | None = None,
        why: Why | None = None,
    ) -> tuple[Report, bool]:
        """Keep a member's report; return also whether it is our turn to tell the admins of it.

        It is where nobody has told them, and nobody else is about to. `sent_by`: who had it sent, where that is not its
        order's member. The same member may report again what nobody was told of. Raises NotReported.
        """
        ...

    async def claim_notice(self, caller: Caller, job_id: str) -> bool:
        """Return whether it is our turn to tell the admins of what the caller reported, as `file_report` does."""
        ...

    async def withdraw_report(self, caller: Caller, job_id: str) -> None:
        """Forget a member's report, and let the next who reports it tell the admins."""
        ...

    async def note_notice(self, job_id: str, notice: Message) -> Report | None:
        """Note where admins were told of a report; return it as it is then."""
        ...

    async def forget_notice(self, job_id: str, notice: Message) -> bool:
        """Note that admins see it there no longer; return whether it is our turn to tell them anew."""
        ...

    async def report(self, job_id: str, community: str | None = None) -> Report | None:
        """Return what was reported of an order, if anything; in that community, where one is named."""
        ...

    async def reporters(self, job_id: str, most: int) -> Sequence[Reporter]:
        """Return those who reported an order's audio, the first first."""
        ...

    async def reported_messages(self, job_id: str) -> Sequence[Message]:
        """Return the messages that they meant."""
        ...

    async def held(self, job_id: str, most: int) -> Sequence[Sent]:
        """Return what chats keep of an order's audio, each with whoever had it sent first, the newest first."""
        ...

    async def note_deleted(self, job_id: str) -> None:
        """Note that its chat has none of these any longer."""
        ...

    async def forget_reports(self) -> None:
        """Forget what was reported long ago."""
        ...

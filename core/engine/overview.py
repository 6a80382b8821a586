"""What the console reads of the store, page by page."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.domain.overview import CommunityLine, JobLine, MemberLine, Membership, MonthLine, OpenRequest


class Overview(Protocol):
    """Lists what there is, each list with a limit, in the order of a key: `after` is the last one seen, "" at first.

    Raises StoreError.
    """

    async def memberships(self, member: str, after: str, most: int) -> Sequence[Membership]:
        """Return the communities in which a member was seen, but for their direct chat."""
        ...

    async def title(self, community: str) -> str:
        """Return what a community calls itself, "" where it is not known."""
        ...

    async def members(self, community: str, like: str, after: str, most: int) -> Sequence[MemberLine]:
        """Return those who were seen in a community and whose name or @name holds these letters."""
        ...

    async def open_requests(self, community: str, most: int) -> Sequence[OpenRequest]:
        """Return the requests for credit that wait, the oldest first."""
        ...

    async def communities(self, like: str, after: str, most: int, *, waiting: bool = False) -> Sequence[CommunityLine]:
        """Return communities whose title or key holds these letters; `waiting`: those that wait for a decision."""
        ...

    async def jobs(self, after: str, most: int) -> Sequence[JobLine]:
        """Return the orders under way that came after one, the oldest first."""
        ...

    async def under_way(self, member: str, most: int) -> Sequence[JobLine]:
        """Return a member's orders under way, the oldest first."""
        ...

    async def months(self, most: int) -> Sequence[MonthLine]:
        """Return what the newest months cost, the newest first."""
        ...

    async def failures(self, most: int) -> Mapping[str, int]:
        """Return why generations of the newest orders failed, and how many of them, by `Reason`."""
        ...

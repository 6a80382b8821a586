"""What the console reads of the store, page by page."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.overview import MemberLine, Membership, OpenRequest


class Overview(Protocol):
    """Lists what there is, each list with a limit, in the order of a key: `after` is the last one seen, "" at first.

    Raises StoreError.
    """

    async def memberships(self, member: str, after: str, most: int) -> Sequence[Membership]:
        """Return the communities in which a member was seen, but for their direct chat."""
        ...

    async def members(self, community: str, like: str, after: str, most: int) -> Sequence[MemberLine]:
        """Return those who were seen in a community and whose name or @name holds these letters."""
        ...

    async def open_requests(self, community: str, most: int) -> Sequence[OpenRequest]:
        """Return the requests for credit that wait, the oldest first."""
        ...

"""What the console reads of the store, page by page."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.overview import Membership


class Overview(Protocol):
    """Lists what there is, each list with a limit, in the order of a key: `after` is the last one seen, "" at first.

    Raises StoreError.
    """

    async def memberships(self, member: str, after: str, most: int) -> Sequence[Membership]:
        """Return the communities in which a member was seen, but for their direct chat."""
        ...

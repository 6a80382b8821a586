"""What operators were told, and what waits for them."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.communities import Newcomer
from core.domain.troubles import Key


class Notices(Protocol):
    """What the operators were told of, for every process that tells them. Raises StoreError."""

    async def claim(self, key: Key) -> bool:
        """Return whether it is our turn to tell of a trouble: nobody has within the hour, or of this one in a day."""
        ...

    async def settle(self, key: Key, *, told: bool) -> None:
        """Note what came of a claim; what nobody could be told may be claimed again."""
        ...

    async def close(self, key: Key) -> bool:
        """Note that a trouble is over; return whether it is our turn to say so, to those who had been told."""
        ...

    async def told(self) -> frozenset[Key]:
        """Return the troubles that the operators know of and that are not over."""
        ...


class Newcomers(Protocol):
    """Communities that wait for the operators' decision. Raises StoreError."""

    async def waiting(self) -> Sequence[Newcomer]:
        """Return those that wait, the newest first."""
        ...

    async def note_told(self, communities: Sequence[str]) -> None:
        """Note that the operators were told of these in one message."""
        ...

"""Which part of the service a process plays: its roles, and its share of Discord."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from core.domain.errors import ConfigurationError

MOST_SHARDS = 16_384
_SHARDS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?/(\d{1,5})", re.ASCII)


class Role(StrEnum):
    """What a process does."""

    BOT = "bot"
    WORKER = "worker"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Shards:
    """A range of Discord's shards, of all there are."""

    first: int
    last: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `0-7/32` or `5/32`. Raises ConfigurationError."""
        found = _SHARDS.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError(f"--shards {text}: write a range and the number of all shards, such as 0-7/32.")
        first, last, count = int(found[1]), int(found[2] or found[1]), int(found[3])
        if not first <= last < count:
            raise ConfigurationError(
                f"--shards {text}: of {count} shards the first is 0 and the last is {count - 1}; ranges go upwards."
            )
        if count > MOST_SHARDS:
            raise ConfigurationError(f"--shards {text}: more than {MOST_SHARDS} shards are too many.")
        return cls(first, last, count)

    def __str__(self) -> str:
        """Write what `parse` reads."""
        return f"{self.first}-{self.last}/{self.count}"

    @property
    def ids(self) -> list[int]:
        """Return the numbers of the shards."""
        return list(range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class Part:
    """The roles of one process."""

    roles: frozenset[Role] = frozenset(Role)
    shards: Shards | None = None
    """None means all of them."""

    @classmethod
    def parse(cls, roles: str, shards: str | None) -> Self:
        """Read the command line's options. Raises ConfigurationError."""
        names = [name.strip() for name in roles.split(",") if name.strip()]
        known = f"The roles are {', '.join(Role)}, with commas between them."
        if unknown := next((name for name in names if name not in set(Role)), None):
            raise ConfigurationError(f"--roles: there is no role {unknown!r}. {known}")
        if not names:
            raise ConfigurationError(f"--roles: at least one is needed. {known}")
        if shards is not None and Role.BOT not in names:
            raise ConfigurationError("--shards is for the role bot, which --roles leaves out.")
        return cls(frozenset(map(Role, names)), Shards.parse(shards) if shards is not None else None)

    @property
    def whole(self) -> bool:
        """Whether this process does everything, so that nobody else needs the database."""
        all_shards = self.shards is None or len(self.shards.ids) == self.shards.count
        return self.roles == frozenset(Role) and all_shards

    @property
    def leads(self) -> bool:
        """Whether it does what exactly one of the processes with shards may do: that with shard 0."""
        return self.shards is None or self.shards.first == 0

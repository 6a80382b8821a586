"""Who speaks, and who is spoken about."""

from dataclasses import dataclass
from typing import Self

from core.domain.shown import LONGEST_NAME, shown, shown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who speaks, and where, as the platform attests at this moment.

    `community` and `member` are keys of the form `platform:id`, made from the platform's ids and never from names.
    """

    platform: str
    community: str
    member: str
    name: str
    handle: str | None = None
    """The platform's @name without the @, if the member has one."""
    is_admin: bool = False
    direct: bool = False
    """A direct chat: a community of one."""
    title: str = ""
    """What the community calls itself, which may be a lie."""
    channel: str = ""
    """The key of the channel or topic, if the platform has such."""
    roles: tuple[str, ...] = ()
    """Keys of the member's roles, if the platform has such."""
    can_spend: bool = True
    """False for an identity that several people share."""
    locale: str = ""
    """The language they read, as a BCP-47 tag; "" where it is not known."""
    event_id: str = ""
    """What they did, where the platform may report it twice: the same event changes something once."""

    def __post_init__(self) -> None:
        """Keep only what can be shown of the name."""
        object.__setattr__(self, "name", shown_name(self.name))
        object.__setattr__(self, "title", shown(self.title, LONGEST_NAME))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member who is spoken about."""

    member: str
    name: str
    roles: tuple[str, ...] = ()
    """Keys of their roles, where the platform tells them."""

    def __post_init__(self) -> None:
        """Keep only what can be shown of the name."""
        object.__setattr__(self, "name", shown_name(self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asked for an earlier order's audio: what there is to tell is told to them, in their language."""

    member: str
    name: str
    locale: str = ""

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Name whoever speaks."""
        return cls(member=caller.member, name=caller.name, locale=caller.locale)

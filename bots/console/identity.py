"""Identify the speaker of a line by the name it gives, since a terminal has no accounts."""

import os

from bots.console.script import Line
from bots.text.locale import tag_of
from core.domain.orders import Destination
from core.domain.people import Caller, Person

NAME = "console"
BOT = "troubadour"
"""What the bot is called, as in `/speak@troubadour`."""
HERE = Destination(NAME)


def person(name: str) -> Person:
    """Return the member with a name, which is also their identity."""
    return Person(member=f"{NAME}:{name.casefold()}", name=name)


def locale() -> str:
    """Return the terminal's language, from the environment."""
    return tag_of(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None))


def caller_of(line: Line) -> Caller:
    """Describe the speaker of a line; `@` makes anybody an admin."""
    return Caller(
        platform=NAME,
        community=f"{NAME}:demo",
        member=person(line.name).member,
        name=line.name,
        handle=line.name,
        is_admin=line.is_admin,
        channel=f"{NAME}:0",
        locale=locale(),
    )

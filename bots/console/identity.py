"""Who speaks in a terminal: whoever the line says, since there is nothing else to tell people by."""

import os

from bots.console.script import Line
from bots.text.locale import tag_of
from core.domain.models import Caller, Destination, Person

NAME = "console"
BOT = "troubadour"
"""What the bot is called, as in `/speak@troubadour`."""
HERE = Destination(NAME)


def person(name: str) -> Person:
    """Return the member of that name: here a name is the identity."""
    return Person(member=f"{NAME}:{name.casefold()}", name=name)


def locale() -> str:
    """Return the language of the terminal."""
    return tag_of(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None))


def caller_of(line: Line) -> Caller:
    """Describe who wrote a line; the chat takes the speaker's word for being an admin."""
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

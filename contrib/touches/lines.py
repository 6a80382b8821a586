"""What is measured of the conversations with a bot, and what it should come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from contrib.screens.scenes import HELLO, LONG


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of one platform, beside its aim."""

    what: str
    platform: str
    found: float
    aim: float

    @property
    def is_met(self) -> bool:
        """Whether it is as good as it should be."""
        return self.found >= self.aim if self.what == NATIVE else self.found <= self.aim

    def __str__(self) -> str:
        verdict = "met" if self.is_met else "MISSED"
        return f"{self.what:<64} {self.platform:<9} {self.found:>5g}   aim {self.aim:>3g}   {verdict}"


HEAR = "taps until all voices of /voices are there to be heard"
REPEAT = "taps to have speech in another voice"
NATIVE = "% of deliveries that the chat plays by itself"
SEEN = "messages that others read, per private question or refusal"
REQUESTS = "requests to the chat for an order that is soon done"
OF_ADMINS = ("/usage", "/quota show", "/limits", "/audit")
COMMANDS = ("/balance", "/history", "/help", *OF_ADMINS)
TOO_DEAR = LONG
SPEECH = tuple(f"Aria {HELLO} {n}" for n in range(2))


class Asks(Protocol):
    """A member and an admin who ask; all that is counted, the platform has seen."""

    name: str

    async def ask(self, question: str, *, as_admin: bool) -> None:
        """Ask, and wait for the answer."""
        ...

    def seen(self) -> int:
        """Count the messages of the bot that everybody has read, audio apart."""
        ...


class Talk(Asks, Protocol):
    """They order, too."""

    fewest: int
    """Requests that an order makes, all of which are seen."""

    async def order(self, line: str) -> int:
        """Order speech, wait until it is there and nothing more comes, and count the requests."""
        ...

    async def repeat(self) -> int:
        """Have the last speech in another voice; count the taps."""
        ...

    async def hear(self) -> int:
        """Hear all voices; count the taps."""
        ...

    def native(self) -> float:
        """Return how many of a hundred deliveries were voice messages or songs."""
        ...


async def measured(talk: Talk) -> Sequence[Line]:
    """Hold the conversations on one platform."""
    requests = [await talk.order(line) for line in SPEECH]
    repeat, native, hear = await talk.repeat(), talk.native(), await talk.hear()
    found = ((HEAR, hear, 1), (REPEAT, repeat, 1), (NATIVE, native, 100), (REQUESTS, max(requests), talk.fewest))
    lines = [Line(what, talk.name, value, aim) for what, value, aim in found]
    return [*lines, await seen(talk, (*COMMANDS, f"/speak {TOO_DEAR}"))]


async def seen(asks: Asks, questions: Sequence[str]) -> Line:
    """Ask what is nobody else's business, and count what others read of the answers."""
    before = asks.seen()
    for question in questions:
        await asks.ask(question, as_admin=question in OF_ADMINS)
    return Line(SEEN, asks.name, (asks.seen() - before) / len(questions), 0)

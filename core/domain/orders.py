"""What members ask for, and where it goes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from core.domain.people import Caller


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the artifact goes; `data` (JSON) is read by the platform alone."""

    platform: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one voice says in a dialogue before another does."""

    voice: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a member asked for. `event_id` is the platform event's own id: the same event twice is one order."""

    event_id: str
    caller: Caller
    product: str
    parameters: Mapping[str, Any]
    destination: Destination
    readings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Where it isn't plain what is meant: the parameters of each reading by its name; the member is asked first."""
    turns: tuple[Turn, ...] = ()
    """Who says what, where several speak; the text among the parameters is all of it as it was written."""
    casts: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)
    """The turns of each reading in which several speak, by its name."""
    unclear: tuple[str, ...] = ()
    """The names of speakers that are no voices', where that is why there are readings."""
    fresh: bool = False
    """A new take is meant, whatever is kept of an earlier one."""
    added: int = 0
    """Characters that are spoken in the place of what was written, beyond those; fewer than none if it got shorter."""

    def worded(self, billed: str, say: Callable[[str], str]) -> Self:
        """Return the order with other words in the place of its own: of its text, of each reading and of each turn.

        `billed`: the parameter that is the text. Raises what `say` raises.
        """

        def said(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
            return {**parameters, billed: say(str(parameters.get(billed) or ""))}

        parameters = said(self.parameters)
        return replace(
            self,
            parameters=parameters,
            readings={name: said(reading) for name, reading in self.readings.items()},
            turns=_worded(self.turns, say),
            casts={name: _worded(turns, say) for name, turns in self.casts.items()},
            added=self.added + len(parameters[billed]) - len(str(self.parameters.get(billed) or "")),
        )


def _worded(turns: tuple[Turn, ...], say: Callable[[str], str]) -> tuple[Turn, ...]:
    return tuple(replace(turn, text=say(turn.text)) for turn in turns)

"""What a parameter may be, one class a kind: it checks a value, reads it as typed, and says what is allowed."""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from core.domain.allowed import Allowed, Rule
from core.domain.allowed import allowed as says
from core.domain.refusals import InvalidInput, NothingToSay


class Parameter(Protocol):
    """One parameter of a product: what it may be, as a value and as typed."""

    @property
    def example(self) -> str:
        """Give one value as people type it."""
        ...

    @property
    def allowed(self) -> Allowed:
        """Say what it may be, after "it must be"."""
        ...

    def check(self, name: str, value: Any) -> Any:
        """Return the value to send. Raises InvalidInput."""
        ...

    def read(self, typed: str) -> Any:
        """Return the value that the word means, as it is where it means none: `check` then refuses it."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Text that has something to say, of at most `limit` code points that can be written as UTF-8."""

    limit: int
    example: str = "Hello"

    @property
    def allowed(self) -> Allowed:
        """Say how long it may be."""
        return says(Rule.SHORT, most=self.limit)

    def check(self, name: str, value: Any) -> str:
        """Return the text as it is."""
        if not isinstance(value, str) or not says_something(value):
            raise NothingToSay(name, value, says(Rule.AUDIBLE))
        if len(value) > self.limit:
            raise InvalidInput(name, f"{value[:20]}…", says(Rule.SHORTER, most=self.limit, has=len(value)))
        refuse_controls(name, value)
        return value

    def read(self, typed: str) -> str:
        """Return the text as it is."""
        return typed


_TAG = re.compile(r"\[[^\[\]]*\]")


_CONTROL = re.compile("[\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What can't be written as UTF-8, and what is below a space but for tab, newline and return."""
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")


_AUDIBLE = frozenset({"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No"})
"""Unicode's categories of letters and numbers; a modifier letter alone has no sound."""


def refuse_controls(name: str, text: str) -> None:
    """Refuse text that can't be written as UTF-8 or is not for readers. Raises InvalidInput."""
    if _CONTROL.search(text):
        raise InvalidInput(name, f"{text[:20]}…", says(Rule.PLAIN))


def says_something(text: str) -> bool:
    """Say whether there is a letter or a number to be heard outside of tags."""
    return next(sounds(text), None) is not None


def sounds(text: str) -> Iterator[int]:
    """Yield where there is a letter or a number to be heard outside of tags."""
    heard = _KEYCAP.sub(_blanks, _TAG.sub(_blanks, text))
    return (place for place, c in enumerate(heard) if _is_audible(c))


def _blanks(found: re.Match[str]) -> str:
    return " " * len(found[0])


@lru_cache(maxsize=4096)
def _is_audible(c: str) -> bool:
    """Say whether a character has a sound; fillers are letters that are blank."""
    return unicodedata.category(c) in _AUDIBLE and not unicodedata.name(c, "").endswith(("FILLER", " BLANK"))


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the choices in any case, sent as the table spells it."""

    choices: tuple[str, ...]
    is_open: bool = False
    """Whether the operator may add to them."""
    usual: str = ""
    """The one that most take, where it isn't the first."""

    @property
    def example(self) -> str:
        """Give the usual one."""
        return self.usual or self.choices[0]

    @property
    def allowed(self) -> Allowed:
        """List them."""
        return says(Rule.ONE_OF, choices=self.choices)

    def check(self, name: str, value: Any) -> str:
        """Return the choice that is meant."""
        wanted = value.strip().casefold() if isinstance(value, str) else None
        chosen = next((c for c in self.choices if c.casefold() == wanted), None)
        if chosen is None:
            raise InvalidInput(name, value, self.allowed)
        return chosen

    def read(self, typed: str) -> str:
        """Return the word."""
        return typed


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number from `low` to `high`, snapped to the nearest of `steps` where there are any."""

    low: float
    high: float
    steps: tuple[float, ...] = ()
    example: str = "1"

    @property
    def allowed(self) -> Allowed:
        """Give the range."""
        return says(Rule.NUMBER, low=self.low, high=self.high)

    def check(self, name: str, value: Any) -> float:
        """Return the number to send."""
        number_given = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number_given or not self.low <= value <= self.high:
            raise InvalidInput(name, value, self.allowed)
        return min(self.steps, key=lambda s: abs(s - value)) if self.steps else float(value)

    def read(self, typed: str) -> float | str:
        """Read 1.2, 1,2 or .5."""
        return float(typed.replace(",", ".")) if _NUMBER.fullmatch(typed) else typed


_NUMBER = re.compile(r"\d{0,6}[.,]?\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    example: str = "true"

    @property
    def allowed(self) -> Allowed:
        """Name them."""
        return says(Rule.TRUTH)

    def check(self, name: str, value: Any) -> bool:
        """Return it."""
        if not isinstance(value, bool):
            raise InvalidInput(name, value, self.allowed)
        return value

    def read(self, typed: str) -> bool | str:
        """Read the words that people use for it."""
        return _FLAGS.get(typed.casefold(), typed)


_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

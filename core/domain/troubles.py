"""Troubles of the service itself, for its operators."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from core.domain.lifecycle import Reason

TELL_S = 5.0
"""The longest wait for a message to the operators that is under way."""


class Trouble(StrEnum):
    """What only an operator can mend, or must know of."""

    WALLET_EMPTY = "wallet_empty"
    KEY_REFUSED = "key_refused"
    MODEL_GONE = "model_gone"
    MODEL_FORBIDDEN = "model_forbidden"
    GATEWAY_AWAY = "gateway_away"
    CALLBACKS_MISSING = "callbacks_missing"
    CHAT_AWAY = "chat_away"
    NOTHING_DELIVERED = "nothing_delivered"
    NO_WORKER = "no_worker"
    TOTAL_POOL_SPENT = "total_pool_spent"
    COMMUNITIES_WAIT = "communities_wait"
    DISK_FULL = "disk_full"
    STORE_AWAY = "store_away"
    ARTIFACTS_AWAY = "artifacts_away"


TROUBLE_OF: Mapping[Reason, Trouble] = {
    Reason.OUT_OF_CREDIT: Trouble.WALLET_EMPTY,
    Reason.UNAUTHORIZED: Trouble.KEY_REFUSED,
    Reason.MODEL_NOT_FOUND: Trouble.MODEL_GONE,
    Reason.FORBIDDEN: Trouble.MODEL_FORBIDDEN,
}
"""What it says of the service when an order ends so."""

OF_A_MODEL = frozenset({Trouble.MODEL_GONE, Trouble.MODEL_FORBIDDEN})

Key = tuple[Trouble, str]
"""A trouble and what it is about."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """For how long nothing has got through, and how many wait."""

    minutes: int
    waiting: int


Detail = str | Stuck
"""In the words of whoever reported it, or as values."""


@dataclass(frozen=True, slots=True)
class Case:
    """A trouble that is there now."""

    trouble: Trouble
    about: str
    """Which chat, product or machine; "" where there is but one."""
    detail: Detail
    since_s: float

    @property
    def key(self) -> Key:
        """Name the case."""
        return self.trouble, self.about


class Troubles:
    """Those of this process, and whether the operators have been told."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        """`now_s` runs evenly, in seconds."""
        self._now_s = now_s
        self._cases: dict[Key, Case] = {}
        self._well: set[Key] = set()
        self._told: frozenset[Key] = frozenset()
        self._undecided: set[Key] = set()
        self._decided = asyncio.Event()
        self.changed = asyncio.Event()
        """Set when a trouble begins or ends; the notifier clears it."""
        self.attended = False
        """Whether somebody tells the operators."""

    def begin(self, trouble: Trouble, about: str = "", detail: Detail = "") -> None:
        """Note that a trouble is there; again, with another detail, it is the same one."""
        key = (trouble, about)
        former = self._cases.get(key)
        self._cases[key] = Case(trouble, about, detail, former.since_s if former else self._now_s())
        self._well.discard(key)
        if former is None:
            self._undecided.add(key)
            self.changed.set()

    def end(self, trouble: Trouble, about: str = "") -> None:
        """Note that a trouble is not there, whether or not it was known."""
        key = (trouble, about)
        self._undecided.discard(key)
        if key not in self._well:
            self._cases.pop(key, None)
            self._well.add(key)
            self.changed.set()

    def note(self, trouble: Trouble, about: str, detail: Detail | None) -> None:
        """Begin a trouble, or end it where `detail` is None."""
        if detail is None:
            self.end(trouble, about)
        else:
            self.begin(trouble, about, detail)

    @property
    def cases(self) -> list[Case]:
        """Return what is there now, oldest first."""
        return sorted(self._cases.values(), key=lambda case: case.since_s)

    @property
    def well(self) -> Collection[Key]:
        """Return what is known not to be there; what nobody has looked at is not among it."""
        return frozenset(self._well)

    def lasted_s(self, case: Case) -> float:
        """Return for how long a case has been there, in seconds."""
        return self._now_s() - case.since_s

    def decide(self, cases: Collection[Case], told: Collection[Key]) -> None:
        """Note that these cases were looked at, and of which troubles the operators know now."""
        self._told = frozenset(told)
        self._undecided -= {case.key for case in cases}
        self._decided.set()
        self._decided = asyncio.Event()

    def told(self, trouble: Trouble) -> bool:
        """Say whether the operators have been told."""
        return any(key[0] is trouble for key in self._told)

    async def told_soon(self, trouble: Trouble) -> bool:
        """Say whether the operators have been told; a message that is under way is waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(TELL_S):
                while self.attended and any(key[0] is trouble for key in self._undecided):
                    await self._decided.wait()
        return self.told(trouble)

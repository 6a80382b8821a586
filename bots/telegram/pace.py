"""How many messages a chat may get, and which go first: Telegram lets a bot post about 20 a minute in a group."""

import asyncio
from bisect import insort
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from itertools import count
from typing import Any, NamedTuple

from telegram.error import RetryAfter
from telegram.ext import BaseRateLimiter

from bots.telegram.errors import NoRoom, wait_s
from bots.telegram.intake import Keep

MESSAGES = frozenset({"sendMessage", "sendVoice", "sendAudio", "sendDocument"})
AUDIO = frozenset({"sendVoice", "sendAudio"})
AT_ONCE, EVERY_S = 20, 3.0
"""A group takes so many messages at once, and then one every so often."""
TURN = 5
"""Where a group is short of room, one message in so many is an answer; the others are audio."""
ALL_PER_S = 30
MOST_WAITING = 20
"""Answers to one group that may wait for their turn; what comes on top is not said, but for admins."""
LONGEST_WAIT_S = 90.0
EARLY_S = 0.1
"""By how much a flood wait ends earlier here than for whoever waits so long and then tries again."""
MOST_CHATS = 1000


class Rank(IntEnum):
    """What a message is for; the first goes first."""

    OUTCOME = 0
    """Audio, or how an order without audio ended; never waits here, since the core tries again."""
    ADMIN = 1
    ANSWER = 2
    PROGRESS = 3
    """Never waits either: a chat action says as much."""


RESERVED = {Rank.OUTCOME: 0, Rank.ADMIN: 4, Rank.ANSWER: 5, Rank.PROGRESS: 12}
"""Room that a message leaves to those of a higher rank."""


@dataclass(slots=True)
class _Group:
    """The room in one group."""

    used: float = 0.0
    at_s: float = 0.0
    since_answer: int = 0
    """Messages since the last answer."""
    waiting: list[tuple[Rank, int]] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def room_in_s(self, rank: Rank, now_s: float) -> float:
        """Return when a message of a rank has room, if no other comes meanwhile."""
        self.used = max(0.0, self.used - (now_s - self.at_s) / EVERY_S)
        self.at_s = now_s
        answers_turn = self.since_answer >= TURN - 1
        reserved = RESERVED[rank]
        if rank in {Rank.ADMIN, Rank.ANSWER} and answers_turn:
            reserved = 0
        elif rank is Rank.OUTCOME and answers_turn and self.waiting:
            reserved = 1
        return max(0.0, (self.used + 1 + reserved - AT_ONCE) * EVERY_S)

    def spend(self, rank: Rank) -> None:
        """Count a message."""
        self.used += 1
        self.since_answer = 0 if rank in {Rank.ADMIN, Rank.ANSWER} else self.since_answer + 1
        self.moved.set()


class Turn(NamedTuple):
    """What a message is, and what is said before it waits for its turn."""

    rank: Rank
    keep: Keep


class Pace(BaseRateLimiter[Rank | Turn]):
    """Keeps to Telegram's limits, which count new messages; other calls wait for nobody."""

    def __init__(self) -> None:
        self._groups: dict[int, _Group] = {}
        self._serial = count()
        self._due_s = 0.0
        """When the next message to any chat may leave."""
        self._flooded_until_s: dict[int, float] = {}
        """Chats in which Telegram wants no message for now, on the loop's clock."""

    async def initialize(self) -> None:
        """Do nothing."""

    async def shutdown(self) -> None:
        """Do nothing."""

    async def process_request(  # noqa: PLR0917 - the base class gives the signature
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Rank | Turn | None,
    ) -> Any:
        """Let messages take their turn in their chat. Raises NoRoom: one flooded chat must not hold up the rest."""
        if endpoint not in MESSAGES:
            return await callback(*args, **kwargs)
        usual = Rank.OUTCOME if endpoint in AUDIO else Rank.ANSWER
        asked = usual if rate_limit_args is None else rate_limit_args
        turn = asked if isinstance(asked, Turn) else Turn(asked, _nothing)
        chat_id = data["chat_id"]
        if left_s := self._flood_left_s(chat_id):
            raise RetryAfter(timedelta(seconds=left_s))  # Telegram would only say so again
        if chat_id < 0:
            await self._turn(chat_id, turn)
        await self._leave()
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            self._flooded_until_s[chat_id] = _now_s() + wait_s(error) - EARLY_S
            raise

    def room_in_s(self, chat_id: int, rank: Rank) -> float:
        """Return when to try a message to the chat again; 0 where it would go out at once."""
        if left_s := self._flood_left_s(chat_id):
            return left_s
        return self._group(chat_id).room_in_s(rank, _now_s()) if chat_id < 0 else 0.0

    async def _turn(self, chat_id: int, turn: Turn) -> None:
        """Take room in a group; an answer waits for it, in a line where admins' come first."""
        group, rank = self._group(chat_id), turn.rank
        me = (rank, next(self._serial))
        if rank in {Rank.OUTCOME, Rank.PROGRESS}:
            if group.room_in_s(rank, _now_s()):
                raise NoRoom(f"no room in {chat_id} for now")
        elif group.waiting or group.room_in_s(rank, _now_s()):
            if rank is not Rank.ADMIN and len(group.waiting) >= MOST_WAITING:
                raise NoRoom(f"{MOST_WAITING} answers wait for {chat_id}")
            turn.keep()  # it may take long, and is ours to say
            await self._stand_in_line(group, me)
        group.spend(rank)

    async def _stand_in_line(self, group: _Group, me: tuple[Rank, int]) -> None:
        insort(group.waiting, me)
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                while (left_s := group.room_in_s(me[0], _now_s())) or group.waiting[0] != me:
                    await _moved_within(group.moved, left_s or LONGEST_WAIT_S)
        except TimeoutError:
            raise NoRoom(f"an answer waited for {LONGEST_WAIT_S:.0f} s") from None
        finally:
            group.waiting.remove(me)
            group.moved.set()

    async def _leave(self) -> None:
        """Keep to the limit over all chats."""
        now_s = _now_s()
        self._due_s = max(self._due_s, now_s - 1) + 1 / ALL_PER_S
        if self._due_s > now_s:
            await asyncio.sleep(self._due_s - now_s)

    def _group(self, chat_id: int) -> _Group:
        if chat_id not in self._groups:
            if len(self._groups) >= MOST_CHATS:
                quiet_s = _now_s() - AT_ONCE * EVERY_S
                self._groups = {chat: group for chat, group in self._groups.items() if group.at_s > quiet_s}
            self._groups[chat_id] = _Group()
        return self._groups[chat_id]

    def _flood_left_s(self, chat_id: int) -> float:
        """Return how long a chat must be left alone still, and forget those that need not."""
        now_s = _now_s()
        self._flooded_until_s = {chat: until for chat, until in self._flooded_until_s.items() if until > now_s}
        return self._flooded_until_s.get(chat_id, now_s) - now_s


def _nothing() -> None:
    """Say nothing."""


def _now_s() -> float:
    return asyncio.get_running_loop().time()


async def _moved_within(moved: asyncio.Event, seconds: float) -> None:
    """Wait until something moved in a group, or for so long."""
    moved.clear()
    try:
        async with asyncio.timeout(seconds):
            await moved.wait()
    except TimeoutError:
        return

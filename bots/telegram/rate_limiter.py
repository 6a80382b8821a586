"""Rate-limit messages by priority: Telegram allows a bot about 20 messages a minute in a group."""

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
from bots.telegram.intake import Ack

MESSAGES = frozenset({"sendMessage", "sendVoice", "sendAudio", "sendDocument"})
AUDIO = frozenset({"sendVoice", "sendAudio"})
AT_ONCE, EVERY_S = 20, 3.0
"""A group's limit: a burst of messages, and the time to regain one."""
ANSWER_EVERY = 5
"""In a busy group, one message in this many is reserved for answers; the others are audio."""
ALL_PER_S = 30
PROGRESS_WAIT_S = 0.25
"""How long a status message may wait for the limit over all chats: audio must not stand behind those."""
MOST_WAITING = 20
"""Limit on queued answers per group; further ones are dropped, except those to admins."""
LONGEST_WAIT_S = 90.0
EARLY_S = 0.1
"""How much earlier a flood wait ends here, so that a caller who waits it out is not refused."""
MOST_CHATS = 1000


class Priority(IntEnum):
    """What a message is for; lower values go first. The library takes 0 for none."""

    OUTCOME = 1
    """Audio, or the outcome of an order without audio; never queued here, since the core retries."""
    ADMIN = 2
    ANSWER = 3
    PROGRESS = 4
    """A status message; never queued either, since a chat action can replace it."""


RESERVED = {Priority.OUTCOME: 0, Priority.ADMIN: 4, Priority.ANSWER: 5, Priority.PROGRESS: 12}
"""How many slots a message must leave free for those of higher priority."""


@dataclass(slots=True)
class _Group:
    """The rate limit of one group (a token bucket) and its queue."""

    used: float = 0.0
    at_s: float = 0.0
    since_answer: int = 0
    """How many messages were sent since the last answer."""
    waiting: list[tuple[Priority, int]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def room_in_s(self, priority: Priority, now_s: float) -> float:
        """Return the time until a message of a priority may be sent, if no other is sent first."""
        self.used = max(0.0, self.used - (now_s - self.at_s) / EVERY_S)
        self.at_s = now_s
        answer_is_due = self.since_answer >= ANSWER_EVERY - 1
        reserved = RESERVED[priority]
        if priority in {Priority.ADMIN, Priority.ANSWER} and answer_is_due:
            reserved = 0
        elif priority is Priority.OUTCOME and answer_is_due and self.waiting:
            reserved = 1
        return max(0.0, (self.used + 1 + reserved - AT_ONCE) * EVERY_S)

    def spend(self, priority: Priority) -> None:
        """Count a sent message."""
        self.used += 1
        self.since_answer = 0 if priority in {Priority.ADMIN, Priority.ANSWER} else self.since_answer + 1
        self.changed.set()


class Ticket(NamedTuple):
    """A message's priority, and how to acknowledge its update before it is queued."""

    priority: Priority
    ack: Ack


class RateLimiter(BaseRateLimiter[Priority | Ticket]):
    """Keeps to Telegram's limits on new messages; other calls are not delayed."""

    def __init__(self) -> None:
        self._groups: dict[int, _Group] = {}
        self._serial = count()
        self._due_s = 0.0
        """When the next message to any chat may be sent."""
        self._flooded_until_s: dict[int, float] = {}
        """Chats that Telegram has flood-limited, and until when, on the loop's clock."""

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
        rate_limit_args: Priority | Ticket | None,
    ) -> Any:
        """Delay a message until its chat has room. Raises NoRoom, so that one busy chat does not hold up the rest."""
        if endpoint not in MESSAGES:
            return await callback(*args, **kwargs)
        usual = Priority.OUTCOME if endpoint in AUDIO else Priority.ANSWER
        asked = usual if rate_limit_args is None else rate_limit_args
        ticket = asked if isinstance(asked, Ticket) else Ticket(asked, _nothing)
        chat_id = data["chat_id"]
        if left_s := self._flood_left_s(chat_id):
            raise RetryAfter(timedelta(seconds=left_s))  # as Telegram would
        if chat_id < 0:
            await self._take_slot(chat_id, ticket)
        await self._wait_for_all()
        try:
            return await callback(*args, **kwargs)
        except RetryAfter as error:
            self._flooded_until_s[chat_id] = _now_s() + wait_s(error) - EARLY_S
            raise

    def room_in_s(self, chat_id: int, priority: Priority) -> float:
        """Return the time until the chat has room for a message; 0 if it has room now."""
        if left_s := self._flood_left_s(chat_id):
            return left_s
        now_s = _now_s()
        all_s = self._due_s - now_s - PROGRESS_WAIT_S if priority is Priority.PROGRESS else 0.0
        return max(0.0, all_s, self._group(chat_id).room_in_s(priority, now_s) if chat_id < 0 else 0.0)

    async def _take_slot(self, chat_id: int, ticket: Ticket) -> None:
        """Take a slot in a group; only answers wait for one, those to admins first."""
        group, priority = self._group(chat_id), ticket.priority
        me = (priority, next(self._serial))
        if priority in {Priority.OUTCOME, Priority.PROGRESS}:
            if group.room_in_s(priority, _now_s()):
                raise NoRoom(f"no room in {chat_id} for now")
        elif group.waiting or group.room_in_s(priority, _now_s()):
            if priority is not Priority.ADMIN and len(group.waiting) >= MOST_WAITING:
                raise NoRoom(f"{MOST_WAITING} answers wait for {chat_id}")
            ticket.ack()  # the wait may be long, and from here on the reply is ours to send
            await self._wait_in_queue(group, me)
        group.spend(priority)

    async def _wait_in_queue(self, group: _Group, me: tuple[Priority, int]) -> None:
        insort(group.waiting, me)
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                while (left_s := group.room_in_s(me[0], _now_s())) or group.waiting[0] != me:
                    await _wait_for_change(group.changed, left_s or LONGEST_WAIT_S)
        except TimeoutError:
            raise NoRoom(f"an answer waited for {LONGEST_WAIT_S:.0f} s") from None
        finally:
            group.waiting.remove(me)
            group.changed.set()

    async def _wait_for_all(self) -> None:
        """Wait for the limit over all chats."""
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
        """Return what is left of a chat's flood wait; drop those that are over."""
        now_s = _now_s()
        self._flooded_until_s = {chat: until for chat, until in self._flooded_until_s.items() if until > now_s}
        return self._flooded_until_s.get(chat_id, now_s) - now_s


def _nothing() -> None:
    """Acknowledge nothing."""


def _now_s() -> float:
    return asyncio.get_running_loop().time()


async def _wait_for_change(changed: asyncio.Event, seconds: float) -> None:
    """Wait until a group's state changes, or for so long."""
    changed.clear()
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return

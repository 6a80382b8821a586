"""Whose words they are, as the core is told, of what Telegram says of a message."""

import pytest
from telegram import Chat, User
from telegram.constants import ChatType

from bots.telegram.identity import Recent, caller
from core.domain.people import Caller

BAND = Chat(-5, ChatType.SUPERGROUP, title="Band")
NEWS = Chat(-9, ChatType.CHANNEL, title="News")
ALICE = User(7, "Alice", is_bot=False, username="alice")


@pytest.mark.parametrize("who", [BAND, NEWS], ids=["an anonymous admin", "a channel"])
def test_whoever_writes_in_the_name_of_a_chat_is_that_chat_and_spends_nothing(who: Chat) -> None:
    assert caller(BAND, ALICE, who, is_admin=True, thread=3) == Caller(
        platform="telegram", community="telegram:-5", title="Band", member=f"telegram:{who.id}", name=who.title or "",
        is_admin=True, channel="telegram:3", can_spend=False,
    )  # fmt: skip


def test_a_member_is_the_same_in_a_group_and_alone() -> None:
    assert caller(BAND, ALICE, None) == Caller(
        platform="telegram", community="telegram:-5", title="Band", member="telegram:7", name="Alice", handle="alice",
        channel="telegram:0",
    )  # fmt: skip
    own = caller(Chat(7, ChatType.PRIVATE, first_name="Alice"), ALICE, None)
    assert (own.community, own.member, own.title, own.direct) == ("telegram:7", "telegram:7", "", True)


def test_what_was_written_longest_ago_is_forgotten() -> None:
    recent: Recent[str, int] = Recent(2)
    for number, name in enumerate("abac"):
        recent[name] = number
    assert recent == {"a": 2, "c": 3}

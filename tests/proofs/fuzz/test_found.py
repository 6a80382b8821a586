"""What hostile input once broke, one test each."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import telegram
from aiohttp import ClientSession

from bots.commands.parse import Command
from bots.telegram import parse
from bots.telegram.escaping import plain
from bots.telegram.identity import caller, person
from bots.text.refusals import refusal
from core.domain.errors import MediaUnavailable
from core.domain.refusals import InvalidInput
from core.gateway.answers import retry_after_s
from core.gateway.fetch import LONGEST_URL, media_url
from tests.core.rig import Rig
from tests.makers import web_of

NAMELESS = telegram.User(id=7, first_name="", is_bot=False)
GROUP = telegram.Chat(id=-5, type="supergroup")


def test_a_deleted_account_has_no_name() -> None:
    assert person(NAMELESS).name == "somebody"
    assert caller(GROUP, NAMELESS, None).name == "somebody"


def test_half_a_surrogate_pair_is_parsed_and_can_be_sent() -> None:
    mention = telegram.MessageEntity("text_mention", offset=8, length=1, user=telegram.User(9, "Ann", is_bot=False))
    message = telegram.Message(
        1, datetime.now(UTC), GROUP, text="/grant \ud800A 1", entities=[mention], from_user=NAMELESS
    )
    named, _ = parse.named(message, Command("grant", None, "\ud800A 1"))
    assert "1" in named.words
    assert plain("a\ud800b").encode() == b"a?b"


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json; charset=nonsense", b"\x80"), ("application/json", b"[" * 50_000)],
    ids=["an encoding that nobody knows", "nested without end"],
)
async def test_a_callback_that_can_not_be_read_is_a_bad_request(tmp_path: Path, kind: str, body: bytes) -> None:
    async with Rig(tmp_path).running() as alive:
        web = web_of(alive.service)
        await web.start()
        url = f"http://127.0.0.1:{web.port}/gateway/a"
        async with ClientSession() as client, client.post(url, data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status == 400
        await web.stop()


def test_a_date_beyond_all_dates_is_no_wait() -> None:
    assert retry_after_s("Mon, 1 Jan 2026 00:00:00 +" + "9" * 30, datetime(2026, 3, 18, tzinfo=UTC)) is None


def test_an_endless_address_is_not_read() -> None:
    with pytest.raises(MediaUnavailable):
        media_url("https://example.com/" + "a" * LONGEST_URL)


def test_a_refusal_quotes_nothing_that_turns_round_or_covers_it() -> None:
    said = refusal(InvalidInput("amount", "\u202e1\n" + "\u0301" * 50, "an amount"))
    assert said == "amount “1\u0301\u0301\u0301\u0301” can't be used: it must be an amount."

"""The picture of a community's spending: a PNG whose bars are as long as the sums."""

import io
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from PIL import Image

from bots.text import chart
from bots.text.chart import DAY_COLOUR, MEMBER_COLOUR, WIDTH, usage_png
from bots.text.locale import speaking
from core.admin import MOST_SPENDERS
from core.domain.quota import DAY_MS, Period, window
from core.domain.reports import Spent, Usage
from tests.bots.text.catalogues import use
from tests.clock import SetClock

START_MS, END_MS = window(Period.MONTH, SetClock().ms)


def spent(day: int, member: str, micros: int, name: str = "") -> tuple[int, Spent]:
    return START_MS + day * DAY_MS, Spent(member, name or member, micros)


def picture(*rows: tuple[int, Spent]) -> Image.Image:
    """Draw what each of some members was charged, on a day of its own."""
    top = tuple(each for _, each in rows[:MOST_SPENDERS])
    by_day = {day_ms: each.charged_micros for day_ms, each in rows}
    by_product = {"speech": sum(by_day.values())}
    usage = Usage(start_ms=START_MS, end_ms=END_MS, by_day=by_day, by_product=by_product, members=len(rows), top=top)
    return Image.open(io.BytesIO(usage_png(usage, "month"))).convert("RGB")


def painted(image: Image.Image, colour: str) -> int:
    wanted = tuple(bytes.fromhex(colour[1:]))
    return sum(count for count, found in image.getcolors(1 << 24) or [] if found == wanted)


def test_bars_grow_with_what_was_spent() -> None:
    small = picture(spent(0, "ann", 100), spent(1, "bob", 1000))
    equal = picture(spent(0, "ann", 1000), spent(1, "bob", 1000))
    for colour in (DAY_COLOUR, MEMBER_COLOUR):
        assert 1.7 < painted(equal, colour) / painted(small, colour) < 2.0


def test_it_is_as_wide_as_a_phone_shows_and_opaque() -> None:
    image = picture(*(spent(day, f"m{day}", 100 + day) for day in range(31)))
    assert image.width == WIDTH
    assert image.getpixel((2, 2)) == (255, 255, 255)


@pytest.mark.parametrize(
    "name", ["", "=cmd()", "a" * 5000, "\u6771\u4eac", "\u202eevil", "\n\n", "Joaqu\u00edn", "\U0001f3b5"]
)
def test_any_name_can_be_drawn(name: str) -> None:
    assert painted(picture(spent(0, "test:1", 5, name)), MEMBER_COLOUR) > 0


def test_its_words_are_in_the_language_of_whoever_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words, texts = Catalog("uk"), list[str]()
    words.add("{amount} on the busiest day", "{amount} за найдорожчий день")
    use(monkeypatch, tmp_path, words)
    monkeypatch.setattr(chart, "write", lambda _, __, text, *___: texts.append(text))
    with speaking("uk"):
        picture(spent(0, "ann", 1400))
    assert any(text.endswith("за найдорожчий день") for text in texts)


def test_an_empty_month_is_a_picture_too() -> None:
    assert painted(picture(), DAY_COLOUR) == 0

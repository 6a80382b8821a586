"""The picture of a community's spending: a PNG whose bars are as long as the sums."""

import io

import pytest
from PIL import Image

from bots.text.chart import DAY_COLOUR, MEMBER_COLOUR, WIDTH, usage_png
from core.domain.quota import DAY_MS, Period, window
from core.domain.reports import Spent, Usage
from tests.clock import SetClock

START_MS, END_MS = window(Period.MONTH, SetClock().ms)


def spent(day: int, member: str, micros: int, name: str = "") -> Spent:
    return Spent(
        day_ms=START_MS + day * DAY_MS, member=member, name=name or member, product="speech", charged_micros=micros,
        orders=1, characters=1,
    )  # fmt: skip


def picture(*rows: Spent) -> Image.Image:
    usage = Usage(start_ms=START_MS, end_ms=END_MS, rows=rows)
    return Image.open(io.BytesIO(usage_png(usage, "This month"))).convert("RGB")


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


def test_an_empty_month_is_a_picture_too() -> None:
    assert painted(picture(), DAY_COLOUR) == 0

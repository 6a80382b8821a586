"""A chart of a community's spending, readable on a phone and on dark and light backgrounds. Pure: PNG bytes."""

import io
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw

from bots.text.admin_replies import now
from bots.text.lettering import drawable, fitted, width, write
from bots.text.locale import _
from bots.text.titles import begun
from bots.text.wording import day, money
from core.domain.money import MICROS
from core.domain.quota import DAY_MS
from core.domain.reports import Spent, Usage
from core.domain.shown import shown

WIDTH, MARGIN, BAR_HEIGHT, DAYS_HEIGHT = 1000, 48, 56, 320
CARD, INK, FAINT, DAY_COLOUR, MEMBER_COLOUR = "#ffffff", "#1b1f24", "#6b7480", "#3b6fd4", "#2f9e6e"
"""An opaque light card with dark text, so that the chat's background does not matter."""
MOST_LETTERS, NAMES = 64, 360
"""Of a name, and the pixels for it."""
MOST_DAYS = 31


def usage_png(usage: Usage, period: str) -> bytes:
    """Draw the spending per day of the period, above the members who spent most."""
    height = 3 * MARGIN + 90 + DAYS_HEIGHT + 60 + BAR_HEIGHT * len(usage.top)
    image = Image.new("RGB", (WIDTH, height), CARD)
    draw = ImageDraw.Draw(image)
    pen = _Pen(image)
    pen.left(MARGIN, MARGIN + 22, begun(now(period)), 44)
    pen.right(WIDTH - MARGIN, MARGIN + 22, _amount(usage.total_micros), 44)
    top = MARGIN + 90
    _days(draw, pen, usage, top)
    _members(draw, pen, usage.top, top + DAYS_HEIGHT + 60 + MARGIN)
    out = io.BytesIO()
    # Runs alone are packed in half the time, to one and a half times the size, and orders wait for each encoding.
    image.save(out, "PNG", compress_type=zlib.Z_RLE)
    return out.getvalue()


def _days(draw: ImageDraw.ImageDraw, pen: "_Pen", usage: Usage, top: int) -> None:
    days = range(usage.start_ms, usage.end_ms, DAY_MS)[:MOST_DAYS]
    most = max(usage.by_day.values(), default=0) or 1
    step = (WIDTH - 2 * MARGIN) / len(days)
    base = top + DAYS_HEIGHT
    busiest = max(usage.by_day.values(), default=0)
    pen.left(MARGIN, top + 13, _("{amount} on the busiest day", amount=_amount(busiest)), 26, FAINT)
    for number, day_ms in enumerate(days):
        left = MARGIN + number * step
        high = (DAYS_HEIGHT - 50) * usage.by_day.get(day_ms, 0) / most
        if high:
            draw.rounded_rectangle((left + step * 0.12, base - max(high, 3), left + step * 0.88, base), 4, DAY_COLOUR)
        if len(days) <= 7 or number % 5 == 0:
            pen.centred(left + step / 2, base + 28, day(day_ms), 26, FAINT)
    draw.line((MARGIN, base, WIDTH - MARGIN, base), fill=FAINT, width=2)


def _members(draw: ImageDraw.ImageDraw, pen: "_Pen", members: Sequence[Spent], top: int) -> None:
    most = max((spent.charged_micros for spent in members), default=0) or 1
    room = WIDTH - 2 * MARGIN - NAMES - 170
    for number, spent in enumerate(members):
        middle = top + number * BAR_HEIGHT + BAR_HEIGHT // 2
        pen.left(MARGIN, middle, _shown(spent.member, spent.name), 30)
        long = max(3, room * spent.charged_micros / most)
        draw.rounded_rectangle((MARGIN + NAMES, middle - 16, MARGIN + NAMES + long, middle + 16), 6, MEMBER_COLOUR)
        pen.left(MARGIN + NAMES + long + 14, middle, _amount(spent.charged_micros), 28)


def _shown(member: str, name: str) -> str:
    """Return a name on one line, or else the id, as wide as there is room."""
    said = drawable(shown(name, MOST_LETTERS)) or shown(member.rpartition(":")[2], MOST_LETTERS)
    return fitted(said, 30, NAMES - 20)


def _amount(micros: int) -> str:
    """Return an amount with the digits that a picture needs: cents from a dollar on; the caption has them all."""
    return money(round(micros, -4 if micros >= MICROS else -2 if micros >= MICROS // 100 else 0))


class _Pen(NamedTuple):
    """Writes on a picture; `middle` is between the foot and the top of letters."""

    image: Image.Image

    def left(self, at: float, middle: float, text: str, size: int, fill: str = INK) -> None:
        write(self.image, (at, middle + 0.36 * size), text, size, fill)

    def right(self, at: float, middle: float, text: str, size: int) -> None:
        self.left(at - width(text, size), middle, text, size)

    def centred(self, at: float, middle: float, text: str, size: int, fill: str) -> None:
        self.left(at - width(text, size) / 2, middle, text, size, fill)

"""A chart of a community's spending, readable on a phone and on dark and light backgrounds. Pure: PNG bytes."""

import io
import unicodedata
from collections.abc import Callable, Sequence
from functools import partial

from PIL import Image, ImageDraw, ImageFont

from bots.text.admin_replies import now
from bots.text.locale import _, speaking
from bots.text.titles import begun
from bots.text.wording import day, money
from core.domain.quota import DAY_MS
from core.domain.reports import Spent, Usage

WIDTH, MARGIN, BAR_HEIGHT, DAYS_HEIGHT = 1000, 48, 56, 320
CARD, INK, FAINT, DAY_COLOUR, MEMBER_COLOUR = "#ffffff", "#1b1f24", "#6b7480", "#3b6fd4", "#2f9e6e"
"""An opaque light card with dark text, so that the chat's background does not matter."""
LONGEST_NAME = 22
MOST_DAYS = 31


def usage_png(usage: Usage, period: str) -> bytes:
    """Draw the spending per day of the period, above the members who spent most."""
    height = 3 * MARGIN + 90 + DAYS_HEIGHT + 60 + BAR_HEIGHT * len(usage.top)
    image = Image.new("RGB", (WIDTH, height), CARD)
    draw = ImageDraw.Draw(image)
    title, total = _drawn(lambda: begun(now(period))), _drawn(lambda: money(usage.total_micros))
    draw.text((MARGIN, MARGIN), title, fill=INK, font=_font(44))
    draw.text((WIDTH - MARGIN, MARGIN), total, fill=INK, font=_font(44), anchor="ra")
    top = MARGIN + 90
    _days(draw, usage, top)
    _members(draw, usage.top, top + DAYS_HEIGHT + 60 + MARGIN)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _days(draw: ImageDraw.ImageDraw, usage: Usage, top: int) -> None:
    days = range(usage.start_ms, usage.end_ms, DAY_MS)[:MOST_DAYS]
    most = max(usage.by_day.values(), default=0) or 1
    step = (WIDTH - 2 * MARGIN) / len(days)
    base = top + DAYS_HEIGHT
    busiest = _drawn(lambda: _("{amount} on the busiest day", amount=money(most)))
    draw.text((MARGIN, top), busiest, fill=FAINT, font=_font(26))
    for number, day_ms in enumerate(days):
        left = MARGIN + number * step
        high = (DAYS_HEIGHT - 50) * usage.by_day.get(day_ms, 0) / most
        if high:
            draw.rounded_rectangle((left + step * 0.12, base - max(high, 3), left + step * 0.88, base), 4, DAY_COLOUR)
        if len(days) <= 7 or number % 5 == 0:
            label = _drawn(partial(day, day_ms))
            draw.text((left + step / 2, base + 12), label, fill=FAINT, font=_font(26), anchor="ma")
    draw.line((MARGIN, base, WIDTH - MARGIN, base), fill=FAINT, width=2)


def _members(draw: ImageDraw.ImageDraw, members: Sequence[Spent], top: int) -> None:
    most = max((spent.charged_micros for spent in members), default=0) or 1
    names, room = 360, WIDTH - 2 * MARGIN - 360 - 170
    for number, spent in enumerate(members):
        middle = top + number * BAR_HEIGHT + BAR_HEIGHT // 2
        draw.text((MARGIN, middle), _short(spent.member, spent.name), fill=INK, font=_font(30), anchor="lm")
        long = max(3, room * spent.charged_micros / most)
        draw.rounded_rectangle((MARGIN + names, middle - 16, MARGIN + names + long, middle + 16), 6, MEMBER_COLOUR)
        amount, beside = _drawn(partial(money, spent.charged_micros)), MARGIN + names + long + 14
        draw.text((beside, middle), amount, fill=INK, font=_font(28), anchor="lm")


def _short(member: str, name: str) -> str:
    """Return a name on one line in letters that the font has, or else the id."""
    letters = _bare(name).encode("ascii", "ignore").decode()
    plain = "".join(c for c in letters if c.isprintable()).strip() or member.rpartition(":")[2]
    return plain if len(plain) <= LONGEST_NAME else f"{plain[: LONGEST_NAME - 1]}…"


def _drawn(write: Callable[[], str]) -> str:
    """Return a text in letters that the font has, which are those of English."""
    said = _bare(write())
    if said.isascii():
        return said
    with speaking(""):
        return write()


def _bare(text: str) -> str:
    """Return a text without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))

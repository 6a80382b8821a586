"""The table as a chart (PNG bytes): each figure relative to its aim, better to the right, worse to the left."""

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from benchmarks.harness import Line
from benchmarks.report import number

WIDTH, MARGIN, ROW_HEIGHT, HEAD_HEIGHT = 1400, 40, 64, 130
MIDDLE, REACH = 930, 380
DECADES = 2.0
"""A full bar means a hundred times better or worse than the aim."""
CARD, INK, FAINT, BETTER, WORSE = "#ffffff", "#1b1f24", "#6b7480", "#2f9e6e", "#d9822b"


def picture(lines: Sequence[Line], *, quick: bool) -> bytes:
    """Draw every row that has an aim and a value."""
    shown = [line for line in lines if line.row.aim is not None and line.value is not None]
    height = HEAD_HEIGHT + ROW_HEIGHT * len(shown) + MARGIN
    image = Image.new("RGB", (WIDTH, height), CARD)
    draw = ImageDraw.Draw(image)
    draw.text(
        (MARGIN, 24),
        "Troubadour beside its baselines" + (", quick: says nothing" if quick else ""),
        fill=INK,
        font=_font(34),
    )
    for decades in (-2, -1, 0, 1, 2):
        at = MIDDLE + REACH * decades / DECADES
        label = "aim" if not decades else f"{10 ** abs(decades)}x {'better' if decades > 0 else 'worse'}"
        draw.text((at, HEAD_HEIGHT - 40), label, fill=FAINT, font=_font(20), anchor="mm")
        draw.line((at, HEAD_HEIGHT - 20, at, height - MARGIN), fill=INK if not decades else "#dde1e6", width=2)
    for place, line in enumerate(shown):
        _row(draw, line, HEAD_HEIGHT + ROW_HEIGHT * place)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _row(draw: ImageDraw.ImageDraw, line: Line, top: int) -> None:
    row, middle = line.row, top + ROW_HEIGHT // 2
    draw.text((MARGIN, top + 10), row.what, fill=INK, font=_font(22))
    ratio = "" if line.ratio is None else f", {line.ratio:.3g}x {row.baseline}"
    told = f"{number(line.value or 0)} {row.unit}{ratio}; aim {row.aim}"
    draw.text((MARGIN, top + 36), told, fill=FAINT, font=_font(18))
    far = min(1.0, max(-1.0, math.log10(better(line)) / DECADES))
    left, right = sorted((MIDDLE, MIDDLE + REACH * far))
    colour = {True: BETTER, False: WORSE, None: FAINT}[line.met]
    draw.rectangle((left, middle - 14, max(right, left + 3), middle + 14), fill=colour)


def better(line: Line) -> float:
    """Return how many times better than its aim a figure is; below 1 is worse."""
    if line.row.aim is None:
        return 1.0
    value = line.value if line.row.aim.unit else line.ratio
    value, limit = max(value or 0.0, 1e-9), max(line.row.aim.limit, 1e-9)
    return value / limit if line.row.aim.at_least else limit / value


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)

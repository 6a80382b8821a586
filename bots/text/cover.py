"""A small cover for a song without one: bars in the product's colour, the same for the same title. Pure: JPEG bytes."""

import io
from hashlib import sha256

from PIL import Image, ImageDraw

SIDE = 320
"""What chats show at most (https://core.telegram.org/bots/api#sendaudio, "thumbnail")."""
BARS, MARGIN = 24, 40
DARK, LIGHT = (24, 32, 58), (94, 200, 160)


def cover(title: str) -> bytes:
    """Draw it; letters are left out, since no font has all of them."""
    image = Image.new("RGB", (SIDE, SIDE), DARK)
    draw, step = ImageDraw.Draw(image), (SIDE - 2 * MARGIN) / BARS
    for number, byte in enumerate(sha256(title.encode()).digest()[:BARS]):
        left, high = MARGIN + number * step, 10 + byte * (SIDE // 2 - MARGIN - 10) / 255
        box = (left, SIDE / 2 - high, left + step * 0.6, SIDE / 2 + high)
        shade = tuple(
            dark + (light - dark) * (number + 8) // (BARS + 8) for dark, light in zip(DARK, LIGHT, strict=True)
        )
        draw.rounded_rectangle(box, 3, shade)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()

"""The cover of a song."""

import io

from PIL import Image

from bots.text.cover import cover


def test_a_cover_is_a_small_jpeg_of_its_own_for_each_title() -> None:
    drawn = cover("Grüße, мир 🎵")
    with Image.open(io.BytesIO(drawn)) as image:
        assert (image.format, image.size) == ("JPEG", (320, 320))
    assert len(drawn) < 200_000
    assert drawn == cover("Grüße, мир 🎵") != cover("rain")

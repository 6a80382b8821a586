"""Names of every script in the picture: drawn, in the right order, cut by width."""

import pytest
from PIL import Image, ImageChops

from bots.text.lettering import drawable, fitted, width, write

NAMES = [
    "محمد عبد الله", "प्रिया शर्मा", "王小明", "สมชาย ใจดี", "김민준", "さくら", "דוד כהן 123", "Дмитро", "Zoë", "𝓐𝓷𝓷𝓪",
    "🎵 DJ", "🇩🇪 Hans", "👍", "ქეთი", "አበበ", "ความ", "தமிழ்", "বাংলা",
]  # fmt: skip


def drawn(name: str) -> Image.Image:
    image = Image.new("RGB", (500, 60), "#ffffff")
    write(image, (10, 40), name, 30, "#000000")
    return image


def box(image: Image.Image) -> tuple[int, int, int, int]:
    found = ImageChops.invert(image).getbbox()
    assert found
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_script_is_drawn_as_wide_as_it_says(name: str) -> None:
    assert drawable(name) == name.strip()
    left, _, right, _ = box(drawn(name))
    assert abs(right - left - width(name, 30)) < 12


def test_letters_that_no_font_has_are_left_out() -> None:
    assert drawable("a\ue000b") == "ab"
    assert drawable("\ue000") == ""


@pytest.mark.parametrize("name", [*NAMES, "W" * 64, "é" * 64, "👨‍👩‍👧" * 30])
def test_a_name_is_cut_to_its_room(name: str) -> None:
    cut = fitted(name * 20, 30, 200)
    assert cut.endswith("…")
    assert width(cut, 30) <= 200
    assert width(cut, 30) > 120


def test_right_to_left_stands_right_to_left() -> None:
    """The first letter stands at the right, before the digit that follows it."""
    both, letter = drawn("\u05d0 1"), drawn("\u05d0")
    left, _, right, _ = box(letter)
    end = box(both)[2]
    assert both.crop((end - (right - left), 0, end, 60)).tobytes() == letter.crop((left, 0, right, 60)).tobytes()

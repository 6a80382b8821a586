"""What both chats show of a file in the same way."""

import base64
from collections.abc import Sequence

import htpy as h
from htpy import Element, VoidElement

from contrib.screens import sounds


def picture(content: bytes, kind: str) -> VoidElement:
    """Return a picture; `kind`: its media type."""
    return h.img(src=f"data:{kind};base64,{base64.b64encode(content).decode()}")


def voice(heights: Sequence[float], length_s: int) -> Element:
    """Return a bubble with a waveform, of heights from 0 to 1."""
    step = max(1, len(heights) // sounds.BARS)
    bars = [max(heights[at : at + step]) for at in range(0, len(heights), step)]
    return h.section(".voice")[
        h.span(".play")["▶"],
        h.span(".wave")[(h.i(style=f"height: {max(8, round(100 * bar))}%") for bar in bars)],
        clock(length_s),
    ]


def clock(seconds: int) -> str:
    """Write a length as a player does."""
    return f"{seconds // 60}:{seconds % 60:02d}"

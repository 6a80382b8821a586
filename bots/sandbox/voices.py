"""Map voice names to eSpeak NG voices: a table for the known names, a stable hash for all others."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

AMERICAN = "en-us"
NEW_YORK = "en-us-nyc"
BRITISH = "en-gb-x-rp"
SCOTTISH = "en-gb-scotland"


@dataclass(frozen=True, slots=True)
class Voice:
    """An eSpeak NG voice: accent, variant file, base pitch (0 to 99) and speaking rate (words per minute)."""

    accent: str
    variant: str
    pitch: int = 50
    rate: int = 170


VOICES: Mapping[str, Voice] = {
    "aria": Voice(AMERICAN, "f2"),
    "roger": Voice(AMERICAN, "m3", 42),
    "sarah": Voice(AMERICAN, "f3", 48, 165),
    "laura": Voice(AMERICAN, "f1", 58, 180),
    "charlie": Voice(BRITISH, "quincy", 56, 178),
    "george": Voice(BRITISH, "norbert", 40, 160),
    "callum": Voice(SCOTTISH, "m1", 45, 165),
    "river": Voice(AMERICAN, "Andy", 60),
    "liam": Voice(AMERICAN, "m7", 54, 182),
    "charlotte": Voice(BRITISH, "Alicia", 46, 165),
    "alice": Voice(BRITISH, "f4", 52, 172),
    "matilda": Voice(AMERICAN, "f4", 44, 165),
    "will": Voice(AMERICAN, "max", 56, 180),
    "jessica": Voice(AMERICAN, "Annie", 56, 180),
    "eric": Voice(AMERICAN, "m8", 48),
    "chris": Voice(AMERICAN, "m6", 52, 175),
    "brian": Voice(AMERICAN, "m2", 34, 158),
    "daniel": Voice(BRITISH, "rob", 46, 168),
    "lily": Voice(BRITISH, "f3", 58, 172),
    "bill": Voice(AMERICAN, "m4", 38, 150),
    "rachel": Voice(AMERICAN, "f5", 50, 168),
    "domi": Voice(NEW_YORK, "belinda", 50, 182),
    "bella": Voice(AMERICAN, "linda", 48, 165),
    "antoni": Voice(NEW_YORK, "Michael", 50, 172),
}

ACCENTS = (AMERICAN, BRITISH, SCOTTISH, NEW_YORK)
VARIANTS = ("f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m6", "m7", "m8", "Annie", "Michael")

SCRIPTS: tuple[tuple[str, str, str], ...] = (
    ("\u0370", "\u03ff", "el"),
    ("\u0400", "\u04ff", "ru"),
    ("\u0590", "\u05ff", "he"),
    ("\u0600", "\u06ff", "ar"),
    ("\u0900", "\u097f", "hi"),
    ("\u0e00", "\u0e7f", "th"),
    ("\u3040", "\u30ff", "ja"),
    ("\u4e00", "\u9fff", "cmn"),
    ("\uac00", "\ud7a3", "ko"),
)
"""First and last code point of a script, and the language in which to read it."""


def voice_named(name: str) -> Voice:
    """Return the voice for a name, ignoring case; a name sounds the same on every machine."""
    key = name.strip().casefold()
    return VOICES.get(key) or _invented(key)


def _invented(key: str) -> Voice:
    accent, variant, pitch, rate = sha256(key.encode()).digest()[:4]
    return Voice(
        ACCENTS[accent % len(ACCENTS)], VARIANTS[variant % len(VARIANTS)], pitch=35 + pitch % 31, rate=155 + rate % 31
    )


def language_of(text: str) -> str | None:
    """Return the language of the script of most letters, or None for Latin and unknown scripts."""
    letters = [char for char in text if char.isalpha()]
    counts = {language: sum(low <= char <= high for char in letters) for low, high, language in SCRIPTS}
    language, most = max(counts.items(), key=lambda item: item[1])
    return language if most * 2 > len(letters) else None

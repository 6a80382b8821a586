"""Short forms of voices' names, for buttons."""

from hashlib import blake2b

from core.domain.refusals import Missing, NotFound
from core.domain.voices import Cast, Voice

ALL = "all"
"""In the place of one voice."""
LONGEST_KEY_BYTES = 12


def key_of(name: str) -> str:
    """Return a short form of a voice's name: itself where that is short."""
    if len(name.encode()) <= LONGEST_KEY_BYTES and ":" not in name and name != ALL:
        return name
    return blake2b(name.encode(), digest_size=5).hexdigest()


def voice_of(key: str, cast: Cast) -> Voice:
    """Return a voice by its key, or by its name as it is typed. Raises NotFound."""
    voice = next((voice for voice in cast.voices if key_of(voice.name) == key), None) or cast.named(key)
    if voice is None:
        raise NotFound(Missing.VOICE, key)
    return voice

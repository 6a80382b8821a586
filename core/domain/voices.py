"""Voices as data: what the gateway takes, what members see, and what a voice is like."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LONGEST_VOICE = 40
"""Characters of a voice's name or alias."""


class Gender(StrEnum):
    """How a voice sounds."""

    FEMALE = "female"
    MALE = "male"
    NEUTRAL = "neutral"


class Age(StrEnum):
    """How old a voice sounds."""

    YOUNG = "young"
    MIDDLE_AGED = "middle-aged"
    OLD = "old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One voice; whatever is not known of it is left empty."""

    name: str
    """As members see and write it; it may have spaces."""
    sent: str = ""
    """The name or id that the gateway takes; "" where it is the same."""
    aliases: tuple[str, ...] = ()
    """Other names that members may write."""
    languages: tuple[str, ...] = ()
    """Codes of the languages that it was recorded in (ISO 639), such as de; models speak others with it, too."""
    gender: Gender | None = None
    age: Age | None = None
    accent: str = ""
    use: str = ""
    """What it is mostly taken for, such as narration."""
    about: str = ""
    """A few words on how it sounds."""
    is_own: bool = False
    """Whether it is the operator's own, such as a cloned one."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return its name and its aliases."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The voices on offer. Each is found by every name it has, and equal only to itself, so it can be a cache's key."""

    voices: tuple[Voice, ...]
    names: tuple[str, ...] = field(init=False)
    """As members see them."""
    by_name: Mapping[str, Voice] = field(init=False)
    """By every name and alias, as they are written."""

    def __post_init__(self) -> None:
        """Index the voices; where two share a name, the first has it."""
        object.__setattr__(self, "names", tuple(voice.name for voice in self.voices))
        aliases = {alias: voice for voice in reversed(self.voices) for alias in voice.aliases}
        object.__setattr__(self, "by_name", aliases | {voice.name: voice for voice in self.voices})

    def with_more(self, more: Iterable["Voice | str"]) -> "Cast":
        """Return the cast with more voices; one of a name that is there already takes its place.

        Of a bare name nothing else is known, so it changes nothing of a voice that is there.
        """
        voices = {voice.name: voice for voice in self.voices}
        for each in more:
            if isinstance(each, Voice):
                voices[each.name] = each
            else:
                voices.setdefault(each, Voice(name=each))
        return Cast(tuple(voices.values()))

    def named(self, word: str) -> Voice | None:
        """Return the voice that a word names in any case, or None."""
        wanted = word.casefold()
        return next((voice for name, voice in self.by_name.items() if name.casefold() == wanted), None)

    @property
    def sent(self) -> Mapping[str, str]:
        """Return what the gateway takes, by the names of those voices that it calls otherwise."""
        return {voice.name: voice.sent for voice in self.voices if voice.sent}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The voices that were chosen to speak where none is named, "" where none was."""

    own: str = ""
    community: str = ""


_DEFAULT = """
    Aria, female, middle-aged, American, social media, expressive
    Roger, male, middle-aged, American, social media, confident
    Sarah, female, young, American, news, soft
    Laura, female, young, American, social media, upbeat
    Charlie, male, middle-aged, Australian, conversation, natural
    George, male, middle-aged, British, narration, warm
    Callum, male, middle-aged, transatlantic, characters, intense
    River, neutral, middle-aged, American, social media, confident
    Liam, male, young, American, narration, articulate
    Charlotte, female, young, Swedish, characters, seductive
    Alice, female, middle-aged, British, news, confident
    Matilda, female, middle-aged, American, narration, friendly
    Will, male, young, American, social media, friendly
    Jessica, female, young, American, conversation, expressive
    Eric, male, middle-aged, American, conversation, friendly
    Chris, male, middle-aged, American, conversation, casual
    Brian, male, middle-aged, American, narration, deep
    Daniel, male, middle-aged, British, news, authoritative
    Lily, female, middle-aged, British, narration, warm
    Bill, male, old, American, narration, trustworthy
    Rachel, female, young, American, narration, calm
    Domi, female, young, American, , strong
    Bella, female, young, American, , soft
    Antoni, male, young, American, , well-rounded
"""


def _voice(line: str) -> Voice:
    name, gender, age, accent, use, about = line.strip().split(", ")
    return Voice(name=name, languages=("en",), gender=Gender(gender), age=Age(age), accent=accent, use=use, about=about)


CAST = Cast(tuple(map(_voice, _DEFAULT.strip().splitlines())))
"""The vendor's 20 default voices, then the four more that the gateway's documentation names.

What they are like is what the vendor's own list of voices labels them with (`GET /v1/voices` of its API, December 2024;
the last four October 2023). What a voice is used for is left out where no copy of it was seen.
"""

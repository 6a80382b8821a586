"""Finding a voice by what it is like. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bots.commands.letters import bare
from bots.text.locale import ENGLISH, N_, Language, _, spoken
from core.domain.shown import shown
from core.domain.voices import Age, Cast, Gender, Voice

_TRAITS: Mapping[StrEnum, str] = {
    Gender.FEMALE: N_("female"),
    Gender.MALE: N_("male"),
    Gender.NEUTRAL: N_("neutral"),
    Age.YOUNG: N_("young"),
    Age.MIDDLE_AGED: N_("middle-aged"),
    Age.OLD: N_("old"),
}
_ALSO: Mapping[StrEnum, str] = {
    Gender.FEMALE: "woman girl feminine",
    Gender.MALE: "man boy masculine",
    Gender.NEUTRAL: "nonbinary androgynous",
    Age.YOUNG: "youth",
    Age.MIDDLE_AGED: "adult",
    Age.OLD: "elderly senior",
}
"""Other words that people search by."""
_TOLD = frozenset((
    N_("American"), N_("articulate"), N_("Australian"), N_("authoritative"), N_("British"), N_("calm"),
    N_("casual"), N_("characters"), N_("confident"), N_("conversation"), N_("deep"), N_("expressive"),
    N_("friendly"), N_("intense"), N_("narration"), N_("natural"), N_("news"), N_("seductive"), N_("social media"),
    N_("soft"), N_("strong"), N_("Swedish"), N_("transatlantic"), N_("trustworthy"), N_("upbeat"),
    N_("warm"), N_("well-rounded"), N_("custom voice"),
))  # fmt: skip
"""What the default voices are like; how an operator describes others is shown as it is written."""
_OWN_NAMES = dict(
    pair.split(":")
    for pair in (
        "ar:العربية cs:čeština da:dansk de:deutsch el:ελληνικά en:english es:español fi:suomi fr:français he:עברית "
        "hi:हिन्दी hu:magyar id:indonesia it:italiano ja:日本語 ko:한국어 nl:nederlands no:norsk pl:polski pt:português "
        "ro:română ru:русский sv:svenska th:ไทย tr:türkçe uk:українська vi:việt zh:中文"
    ).split()
)
"""What languages call themselves, by their codes."""
_SPOKEN = frozenset(
    (
        "af ar as az be bg bn bs ca ceb cs cy da de el en es et fa fi fil fr ga gl gu ha he hi hr hu hy id is it ja jv "
        "ka kk kn ko ky lb ln lt lv mk ml mr ms ne nl no ny pa pl ps pt ro ru sd sk sl so sr sv sw ta te th tr uk ur "
        "vi zh"
    ).split()
)
"""The codes of the languages that Eleven v3 speaks with every voice (ElevenLabs' documentation, "Models")."""
_WORDS = re.compile(r"[\w'\u2019-]+")


def found(typed: str, cast: Cast, liked: Collection[str] = frozenset()) -> list[Voice]:
    """Return the voices that all the words typed are about: first those whose name begins so, of these first the liked.

    Models speak every language with every voice, so the name of a language chooses among the voices that were recorded
    in it, if there are such, and else leaves all.
    """
    known = _known(cast, spoken())
    voices, __ = _about(typed, cast)
    begins = bare(typed.strip())

    def place(voice: Voice) -> tuple[bool, bool]:
        return not any(name.startswith(begins) for name in known[voice.name].names), voice.name not in liked

    return sorted(voices, key=place)


def unrecorded(typed: str, cast: Cast) -> list[str]:
    """Return the languages among the words typed in which none of the voices that are found was recorded."""
    return _about(typed, cast)[1]


def _about(typed: str, cast: Cast) -> tuple[list[Voice], list[str]]:
    """Return the voices that the words are about, and the languages that chose none of them."""
    known, voices, languages = _known(cast, spoken()), list(cast.voices), []
    words = list(map(bare, _WORDS.findall(typed)))
    if typed.strip() and not words:
        return [], []
    for word in words:
        like = [voice for voice in voices if known[voice.name].are_about(word)]
        if like or not _is_language(word, spoken()):
            voices = like
        else:
            languages.append(word)
    return voices, languages


def described(voice: Voice, longest: int) -> str:
    """Return a voice's name with what it is like, on one line."""
    said = traits_of(voice)
    return shown(f"{voice.name}: {said}" if said else voice.name, longest)


def traits_of(voice: Voice) -> str:
    """Return what a voice is like; "" where nothing is known."""
    languages = [spoken().locale.languages.get(code, code) for code in voice.languages]
    traits = [_(_TRAITS[trait]) for trait in (voice.gender, voice.age) if trait]
    about, *others = (_(word) if word in _TOLD else word for word in _words_of(voice))
    return ", ".join(filter(None, (about, *traits, *others, *languages)))


def _words_of(voice: Voice) -> tuple[str, ...]:
    return voice.about, voice.accent, voice.use, "custom voice" if voice.is_own else ""


class _Known(NamedTuple):
    """What is known of a voice, in folded words."""

    names: Sequence[str]
    words: Sequence[str]

    def are_about(self, word: str) -> bool:
        """Say whether a word is in a name, or begins another of the words: male is no part of female."""
        return any(word in name for name in self.names) or any(other.startswith(word) for other in self.words)


@lru_cache(maxsize=64)
def _known(cast: Cast, language: Language) -> Mapping[str, _Known]:
    """Return what is known of each voice, in English and in a language."""
    return {
        voice.name: _Known(tuple(map(bare, voice.names)), tuple(_folded(_of(voice, language)))) for voice in cast.voices
    }


def _of(voice: Voice, language: Language) -> Iterator[str]:
    for word in _words_of(voice):
        yield from (word, language.catalogue.gettext(word) if word in _TOLD else "")
    for trait in filter(None, (voice.gender, voice.age)):
        yield from (_TRAITS[trait], _ALSO[trait], language.catalogue.gettext(_TRAITS[trait]))
    for code in voice.languages:
        yield from (code, _OWN_NAMES.get(code, ""), *(names.get(code, "") for names in _languages(language)))


def _folded(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for word in _WORDS.findall(text):
            yield from dict.fromkeys((bare(word), *bare(word).split("-")))


def _languages(language: Language) -> tuple[Mapping[str, str], ...]:
    """Return the names of languages by their codes, in English and in a language."""
    return ENGLISH.locale.languages, language.locale.languages


@lru_cache(maxsize=64)
def _all_languages(language: Language) -> frozenset[str]:
    named = (names.get(code, "") for names in _languages(language) for code in _SPOKEN)
    return frozenset(map(bare, (*named, *_OWN_NAMES.values())))


def _is_language(word: str, language: Language) -> bool:
    return len(word) > 1 and any(name.startswith(word) for name in _all_languages(language))

"""Recognising a voice's name at the beginning of a text: clearly, perhaps, or not at all. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bots.commands.letters import as_it_looks, bare, resembles
from bots.commands.parameter_forms import QUOTES

MOST_GUESSES = 3
SHORTEST_GUESS = 3
"""Letters that a word needs to count as a misspelt name."""
LONGEST_NAME = 64
"""Characters that are searched for a name."""

_BEFORE = re.compile(r"[\W_]*")
# Closing marks of those before the name; then "Aria: hi", "Aria - hi" or "Aria:hi".
_AFTER = re.compile(
    r"""(?P<closing>["'\u201c\u201d\u2019»)\]}>*_~`]*)
        (?:[:,;.!?…]*(?:\s*[-\u2013\u2014:>]+(?=\s))?(?:\s+|$)|[:,;](?=\S))""",
    re.VERBOSE,
)
_TAGS = re.compile(r"\s*(?:\[[^\[\]]*\]\s*)+")
_WORD = re.compile(r"\S*")
_LETTERS = re.compile(r"[^\W\d_]+")
_APOSTROPHES = ("'", "\u2019", "\u02bc")
_PAIRS = QUOTES | {"[": "]", "(": ")", "{": "}", "<": ">"} | {mark: mark for mark in "*_~`"}
"""Opening marks before a name, with the closing ones after it."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The beginning of a text: the `voices` that its first word may mean, and the `rest`."""

    voices: tuple[str, ...] = ()
    rest: str = ""
    plain: bool = False
    """Whether there is no doubt; otherwise the bot asks."""
    chosen: bool = False
    """Whether the word can't belong to the text."""


NO_NAME = Beginning()


def beginning(text: str, voices: Iterable[str]) -> Beginning:
    """Find a voice at the beginning of a text; after a tag it is never plain."""
    names = tuple(voices)
    found, tags = _first_word(text, names), _TAGS.match(text)
    if found.voices or tags is None:
        return found
    after = _first_word(text[tags.end() :], names)
    return Beginning(after.voices, tags[0] + after.rest) if after.plain else NO_NAME


@lru_cache(maxsize=8)
def _by_name(voices: tuple[str, ...]) -> dict[str, str]:
    return {as_it_looks(voice): voice for voice in voices}


def _first_word(text: str, voices: tuple[str, ...]) -> Beginning:
    by_name = _by_name(voices)
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    word = _WORD.match(text, start)
    token = word[0] if word else ""
    for end in range(min(len(token), LONGEST_NAME), 0, -1):
        if _is_edge(token, end) and (voice := by_name.get(as_it_looks(token[:end]))):
            return _named(text, start, end, voice)
    return _resembling(text, start, by_name)


def _named(text: str, start: int, end: int, voice: str) -> Beginning:
    """Distinguish a call of a voice from a sentence about somebody of that name."""
    before, after = text[:start].strip(), text[start + end :]
    found = _AFTER.match(after)
    if found is None:
        return (
            NO_NAME
            if after.startswith(_APOSTROPHES)
            else Beginning((voice,), after.lstrip("-\u2013\u2014_/|=+.&:,;> "))
        )
    if not before and found[0].isspace() and _is_sentence(voice, after):
        return NO_NAME
    closings = _PAIRS.get(before[-1:], "")
    plain, rest = not closings or not set(closings).isdisjoint(found["closing"]), after[found.end() :]
    is_closed_later = not plain and rest.endswith(tuple(closings))
    return Beginning((voice,), rest[:-1] if is_closed_later else rest, plain)


def _is_edge(word: str, end: int) -> bool:
    """Say whether a name may end there: not in Ariadne, but in Aria-hello and in AriaHello."""
    return end == len(word) or not word[end].isalnum() or (word[end].isupper() and word[end - 1].islower())


def _resembling(text: str, start: int, by_name: dict[str, str]) -> Beginning:
    """Find the voices whose names may be misspelt; ordinary words are no names."""
    letters = _LETTERS.match(text, start)
    after = _AFTER.match(text, letters.end()) if letters else None
    if letters is None or after is None or len(letters[0]) > LONGEST_NAME:
        return NO_NAME
    near = _near(letters[0], by_name)
    return Beginning(near, text[after.end() :]) if near else NO_NAME


def _near(word: str, by_name: dict[str, str]) -> tuple[str, ...]:
    letters = bare(word)
    if len(letters) < SHORTEST_GUESS or letters in ORDINARY_WORDS:
        return ()
    return tuple(voice for name, voice in by_name.items() if resembles(letters, name))[:MOST_GUESSES]


def voice_named(word: str, voices: tuple[str, ...]) -> str | None:
    """Return the voice that a word names in any spelling of its letters, or None."""
    return _by_name(voices).get(as_it_looks(word))


def voices_near(word: str, voices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the voices whose names a word may misspell."""
    return _near(word, _by_name(voices))


_FOLLOWING = {
    "will": "you he she it they we i the this that these those there my your his her our their a an any anyone anybody "
    "someone somebody everyone everybody nobody not",
    "bill": "it me him her them us the this that my your our",
}
"""Words that make a name before them a verb: "Will you marry me?", "Bill it to me"."""
_NAMED_AFTER_ALL = frozenset({"am", "are", "is", "was", "were", "has", "had", "does", "did"})
"""Words that can't follow the verb: "Will I am here" calls Will."""


def _is_sentence(voice: str, after: str) -> bool:
    following = _FOLLOWING.get(voice.casefold())
    words = [word.strip(",.!?;:") for word in after.split(maxsplit=2)[:2]]
    if following is None or not words:
        return False
    is_lower = words[0] == "I" or words[0].islower()
    return is_lower and words[0].lower() in following.split() and words[-1] not in _NAMED_AFTER_ALL


OPENERS = frozenset(
    """
    about actually after again all also although always and another any anybody anyone are ask attention away
    bad because before behind believe best better big both boys break bring but call can check clear close come
    congratulations cool could day dear did dinner does don done down each even ever every everybody everyone
    everything excuse fill finally find first five follow for forget four from fun game get girls give god going
    good got great guess guys had happy has have hear hell hello help her here hey his hold home how however
    hurry imagine its join just keep kids kill ladies last late later let life like listen little long look love
    make man many may maybe men merry more most mother much need never new next nice night nobody not nothing
    now off okay once one only open our out over people play please put quick quiet read ready really remember
    rich right run said same say see send set shall she should show sing sit some somebody someone something
    soon sorry stand start stay still stop such sure take tell test thank thanks that the their them then there
    these they thing think this those three time today together tomorrow tonight too try turn two under until
    use very wait wake was watch welcome well were what when where which while who why win with wonderful work
    would wow yeah yes yesterday yet you your
    """.split()
)
"""The commonest first words of texts: never misspelt names, whatever voices an operator adds."""
ORDINARY_WORDS = OPENERS | frozenset(
    """
    aia alike alive antoi ara arah areia ariz arka arma armia asia belle belli bello bila bild bolla brani brill cella
    charles christ coger cria darah della demi diam doi doma domu domy droger epic fella fill fria haria hella
    hiver hoger iam ill kill laurea liao liar liat lim marah nomi oily parah paura pria rache ria ric rive
    rivier sabah saura slice till tiver varia viver well wild zdanie
    """.split()
)
"""The same, with words that resemble a default voice's name and begin texts in a dozen languages, except first names.

About nouns that are one slip from a name, such as brain and rivers, the bot asks: the question is free.
"""

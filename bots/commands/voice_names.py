"""Recognising a voice's name at the beginning of a text: clearly, perhaps, or not at all. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from bots.commands.letters import as_it_looks, bare, resembles
from bots.commands.parameter_forms import JOINER, QUOTES
from core.domain.voices import Cast

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
_LETTERS = r"[^\W\d_]+"
_BLANKS = r"[^\S\n]+"
"""Between the words of a name."""
_APOSTROPHES = ("'", "\u2019", "\u02bc")
PAIRS = QUOTES | {"[": "]", "(": ")", "{": "}", "<": ">"} | {mark: mark for mark in "*_~`"}
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


def beginning(text: str, cast: Cast) -> Beginning:
    """Find a voice at the beginning of a text; after a tag it is never plain."""
    found, tags = _first_words(text, cast), _TAGS.match(text)
    if found.voices or tags is None:
        return found
    after = _first_words(text[tags.end() :], cast)
    return Beginning(after.voices, tags[0] + after.rest) if after.plain else NO_NAME


class _Names(NamedTuple):
    """The names of a cast by their looks, and the patterns that find as many words as a name has."""

    by_look: Mapping[str, str]
    words: re.Pattern[str]
    letters: Sequence[re.Pattern[str]]
    """For misspelt names, those of most words first."""
    several: re.Pattern[str] | None
    """Finds names of several words."""


@lru_cache(maxsize=8)
def _names(cast: Cast) -> _Names:
    by_look = {_look(name): voice.name for name, voice in cast.by_name.items()}
    most = max((look.count(" ") for look in by_look), default=0)
    letters = [re.compile(rf"{_LETTERS}(?:{_BLANKS}{_LETTERS}){{{n}}}") for n in range(most, -1, -1)]
    words = re.compile(rf"\S*(?:{_BLANKS}\S+){{0,{most}}}")
    long = sorted((name for name in cast.by_name if " " in name), key=len, reverse=True)
    any_of = "|".join(_BLANKS.join(map(re.escape, name.split())) for name in long)
    several = re.compile(rf"(?<!\w)(?:{any_of})(?!\w)", re.IGNORECASE) if long else None
    return _Names(by_look, words, letters, several)


def _look(name: str) -> str:
    """Fold a name; any blanks in it are one space."""
    return " ".join(as_it_looks(name).split())


def _first_words(text: str, cast: Cast) -> Beginning:
    names = _names(cast)
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    found = names.words.match(text, start)
    token = found[0] if found else ""
    for end in range(min(len(token), LONGEST_NAME), 0, -1):
        if _is_edge(token, end) and (voice := names.by_look.get(_look(token[:end]))):
            return _named(text, start, end, voice)
    return _resembling(text, start, names)


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
    is_bare = not before and found[0].isspace() and "\n" not in found[0]
    if is_bare and _is_sentence(voice, after):
        return NO_NAME
    if is_bare and _tells_of_somebody(after):
        return Beginning((voice,), after[found.end() :])
    closings = PAIRS.get(before[-1:], "")
    plain, rest = not closings or not set(closings).isdisjoint(found["closing"]), after[found.end() :]
    is_closed_later = not plain and rest.endswith(tuple(closings))
    return Beginning((voice,), rest[:-1] if is_closed_later else rest, plain)


def _is_edge(word: str, end: int) -> bool:
    """Say whether a name may end there: not in Ariadne, but in Aria-hello and in AriaHello."""
    return end == len(word) or not word[end].isalnum() or (word[end].isupper() and word[end - 1].islower())


def _resembling(text: str, start: int, names: _Names) -> Beginning:
    """Find the voices whose names may be misspelt; ordinary words are no names."""
    for letters in names.letters:
        found = letters.match(text, start)
        after = _AFTER.match(text, found.end()) if found and len(found[0]) <= LONGEST_NAME else None
        is_person = found and after and bare(found[0]) in _PERSONS and after[0].isspace()
        if found and after and not is_person and (near := _near(found[0], names)):
            return Beginning(near, text[after.end() :])
    return NO_NAME


def _near(word: str, names: _Names) -> tuple[str, ...]:
    letters = " ".join(bare(word).split())
    if len(letters) < SHORTEST_GUESS or letters in ORDINARY_WORDS:
        return ()
    near = (voice for look, voice in names.by_look.items() if resembles(letters, look))
    return tuple(dict.fromkeys(near))[:MOST_GUESSES]


def joined(text: str, cast: Cast) -> str:
    """Return a text of the same length in which each name of several words is one word."""
    several = _names(cast).several
    return several.sub(lambda found: re.sub(r"\s", JOINER, found[0]), text) if several else text


def voice_named(word: str, cast: Cast) -> str | None:
    """Return the voice that a word names in any spelling of its letters, or None."""
    return _names(cast).by_look.get(_look(word))


def voices_near(word: str, cast: Cast) -> tuple[str, ...]:
    """Return the voices whose names a word may misspell."""
    return _near(word, _names(cast))


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


_PERSONS = frozenset("daniela daniele danielle daria erich erik lara laure lauren maria".split())
"""Common first names that are one slip from a voice's: where only a blank follows, somebody of that name is meant."""
_ASKING = frozenset(
    """
    is isn't was wasn't has hasn't had hadn't does doesn't did didn't will won't would wouldn't can can't could couldn't
    must should ist war hat hatte kann wird muss
    """.split()
)
"""Verbs that begin questions."""
_TOLD = _ASKING | frozenset(
    """
    and or who says said went goes came comes wants wanted likes liked loves loved knows knew thinks thought
    told asked made makes took takes got gets looked seems seemed lives lived works worked needs needed gave gives saw
    sagt sagte und oder geht ging kommt kam mag liebt est était avait dit et ou peut
    veut va aime es era está fue ha dijo y e puede quiere tiene é foi tem disse pode quer vai è fu può vuole heeft zegt
    zei gaat wil kan är var har hade säger och er og sier jest był była ma
    """.split()
)
"""What follows the name of somebody who is told of, in a dozen languages: "Chris said hi" may be all of the text."""
_AFTER_SURNAME = frozenset("is was has had says said and".split())
"""What follows a surname: "Bill Gates is rich"."""
_ASKED = frozenset("i you he she it we they this that there the sie du wir ihr".split())
"""What after such a verb makes a question: "Aria can you hear me?" calls Aria."""
LONGEST_PRONOUN = 3
"""Letters: a word of so few is no surname."""


def _tells_of_somebody(after: str) -> bool:
    """Say whether the words after a name may be about its bearer."""
    words = [word.strip(",.!?;:…").replace("\u2019", "'") for word in after.split(maxsplit=3)[:3]]
    first, second, third = (*words, "", "", "")[:3]
    if first[:1].isupper():
        is_surname = len(first) > LONGEST_PRONOUN and first.casefold() not in OPENERS
        return is_surname and second in _AFTER_SURNAME and bool(third)
    is_asked = first in _ASKING and second.casefold() in _ASKED and not (second == "the" and first in _AFTER_SURNAME)
    return first in _TOLD and bool(second) and not is_asked


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
    hiver hoger iam ill kill lam laurea liao liar liat lim marah nomi oily parah paura pria rache ria ric rive
    rivier sabah saura slice till tiver varia viver well wild zdanie
    """.split()
)
"""The same, with words that resemble a default voice's name and begin texts in a dozen languages, except first names.

About nouns that are one slip from a name, such as brain and rivers, the bot asks: the question is free.
"""
NARRATORS = frozenset(
    """
    narrator narration storyteller erzähler erzählerin narrateur narratrice narrador narradora narratore verteller
    berättare berättaren forteller fortæller narratör narrátor lektor рассказчик оповідач 旁白 叙述者 ナレーター
    내레이터 해설 الراوي מספר
    """.split()
)
"""What people call who tells a story, in any case."""

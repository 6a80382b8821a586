"""Whether a text begins with the name of a voice, plainly, perhaps, or not at all. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

MOST_GUESSES = 3
SHORTEST_GUESS = 3
"""Letters that a word needs to be taken for a misspelt name."""
LONGEST_NAME = 64
"""Characters in which a name is looked for."""
SHORT_NAME = 5
"""Letters up to which a name in which two letters are others is another name."""
LONG_NAME = 8
"""Letters from which on a name may be misspelt twice."""

_BEFORE = re.compile(r"[\W_]*")
# What was opened before the name is closed; then "Aria: hi", "Aria - hi" or "Aria:hi".
_AFTER = re.compile(
    r"""(?P<closing>["'\u201d\u2019»)\]}>*_~`]*)
        (?:[:,;.!?…]*(?:\s*[-\u2013\u2014:>]+(?=\s))?(?:\s+|$)|[:,;](?=\S))""",
    re.VERBOSE,
)
_TAGS = re.compile(r"\s*(?:\[[^\[\]]*\]\s*)+")
_WORD = re.compile(r"\S*")
_LETTERS = re.compile(r"[^\W\d_]+")
_APOSTROPHES = ("'", "\u2019", "\u02bc")
_PAIRS = {
    '"': '"',
    "“": "”",
    "„": "“",
    "«": "»",
    "'": "'",
    "\u2018": "\u2019",
    "[": "]",
    "(": ")",
    "{": "}",
    "<": ">",
} | {mark: mark for mark in "*_~`"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a text begins: with `voices` that may be meant by its first word, and `rest` after it."""

    voices: tuple[str, ...] = ()
    rest: str = ""
    plain: bool = False
    """Whether there is no doubt; else somebody has to ask."""
    chosen: bool = False
    """Whether the word can't be a part of the text."""


NO_NAME = Beginning()


def beginning(text: str, voices: Iterable[str]) -> Beginning:
    """Look for a voice at the beginning of a text; one that follows a tag is asked about."""
    names = tuple(voices)
    found, tags = _first_word(text, names), _TAGS.match(text)
    if found.voices or tags is None:
        return found
    after = _first_word(text[tags.end() :], names)
    return Beginning(after.voices, tags[0] + after.rest) if after.plain else NO_NAME


def _first_word(text: str, voices: Iterable[str]) -> Beginning:
    by_name = {_bare(voice): voice for voice in voices}
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    word = _WORD.match(text, start)
    token = word[0] if word else ""
    for end in range(min(len(token), LONGEST_NAME), 0, -1):
        if _is_edge(token, end) and (voice := by_name.get(_bare(token[:end]))):
            return _named(text, start, end, voice)
    return _resembling(text, start, by_name)


def _named(text: str, start: int, end: int, voice: str) -> Beginning:
    """Tell a voice that is called from a sentence about somebody of that name."""
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
    closing = _PAIRS.get(before[-1:], "")
    plain, rest = closing in found["closing"], after[found.end() :]
    return Beginning((voice,), rest if plain else rest.removesuffix(closing), plain)


def _is_edge(word: str, end: int) -> bool:
    """Say whether a name may end there: not in Ariadne, but in Aria-hello and in AriaHello."""
    return end == len(word) or not word[end].isalnum() or (word[end].isupper() and word[end - 1].islower())


def _resembling(text: str, start: int, by_name: dict[str, str]) -> Beginning:
    """Find the voices whose names somebody may have misspelt; ordinary words are taken as they stand."""
    letters = _LETTERS.match(text, start)
    after = _AFTER.match(text, letters.end()) if letters else None
    if letters is None or after is None or len(letters[0]) > LONGEST_NAME:
        return NO_NAME
    word = _bare(letters[0])
    if len(word) < SHORTEST_GUESS or word in ORDINARY_WORDS:
        return NO_NAME
    near = [voice for name, voice in by_name.items() if resembles(word, name)]
    return Beginning(tuple(near[:MOST_GUESSES]), text[after.end() :])


def resembles(word: str, name: str) -> bool:
    """Say whether a word is a name with a letter left out, put in, changed or moved; in a long name, two."""
    slips = 2 if len(name) >= LONG_NAME else 1
    if abs(len(word) - len(name)) > slips:
        return False
    changed = sum(a != b for a, b in zip(word, name, strict=False)) if len(word) == len(name) else 0
    if len(name) <= SHORT_NAME and changed > 1 and sorted(word) != sorted(name):  # Lisa is not Liam
        return False
    return not _shortened(word, slips).isdisjoint(_shortened(name, slips))


@lru_cache(maxsize=256)
def _shortened(word: str, most: int) -> frozenset[str]:
    """Return the word with up to so many of its letters left out: words that are near each other share a form."""
    forms = frozenset({word})
    for _ in range(most):
        forms |= {form[:i] + form[i + 1 :] for form in forms for i in range(len(form))}
    return forms


def _bare(word: str) -> str:
    """Return a word without case, accents, widths and invisible characters."""
    letters = (c for c in unicodedata.normalize("NFKD", word) if unicodedata.category(c) not in {"Mn", "Cf"})
    return "".join(letters).casefold()


_FOLLOWING = {
    "will": "you he she it they we i the this that these those there my your his her our their a an any anyone anybody "
    "someone somebody everyone everybody nobody not",
    "bill": "it me him her them us the this that my your our",
}
"""Words after which a name is a verb: nobody is called in "Will you marry me?" and "Bill it to me"."""
_NAMED_AFTER_ALL = frozenset({"am", "are", "is", "was", "were", "has", "had", "does", "did"})
"""What can't follow "will you", so that Will is called in "Will I am here"."""


def _is_sentence(voice: str, after: str) -> bool:
    following = _FOLLOWING.get(voice.casefold())
    words = [word.strip(",.!?;:") for word in after.split(maxsplit=2)[:2]]
    if following is None or not words:
        return False
    is_lower = words[0] == "I" or words[0].islower()
    return is_lower and words[0].lower() in following.split() and words[-1] not in _NAMED_AFTER_ALL


ORDINARY_WORDS = frozenset(
    """
    abri acura agra agri aia aika alam alien alike alive ally antoi apri ara arab arac arah arap area areia arger
    arid ariz arka arma armi armia arti asia aura aurai aural auras avra bail ball bara bari belas bell belle belli
    bello bells belly beri bila bild bile bills boil bolla brain bran brand brani brawn briar briga bril brill brine
    bring brink broer bruin bull canton cara cari cella chalice charles chers chips christ clam coger cria crier
    cries crise crisi crisp criss crois dara darah dari della demi diam dill diver doi doin dois doit doma dome domu
    domy doom dorm drier drive driver droge droger drom ecris ellas emri epic erdi erger eroi fara fella fill fria
    gara giver glam gorge gorges grier hari haria hdmi hella hill hiver hoger iam idly ieri ill illa ills imam jari
    kill lam lama lamb lame lamp larga larm larva laurea liao liar liat lice liceo liga lika lim lima limb lime limo
    limp lira liver malice marah mill nomi oily omia omit omni para parah pari paura pill pria prive rache rara
    rever ria riau ric rica rican rice rich rick rider riga rika riker risa riser riva rive rivers rivier rogers
    rogue roper rouge rover rower sabah sacra saia sakra saran sari sarja saura seri siam sill slam slice slim spara
    stara suara svara till tiver trier vara vari varia veri vill viver wail walce wall wanton weil well wild wills
    wilt wily yeri zdanie
    """.split()
)
"""What resembles a default voice's name among the most frequent words of a dozen languages, but for first names."""

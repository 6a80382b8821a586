r"""What is spoken of a text with mark-up: its words. Pure.

Only what can't be meant otherwise is mark-up: `2 * 3 * 4`, `snake_case`, `2*3*4`, `3 > 2`, `#1`, `- 5` and `*_*` stay.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from bots.text.locale import _

Clean = Callable[[str], str]
"""Returns what is spoken of a text as typed."""
Tag = Callable[[str], str | None]
"""Returns the words for what stands in angle brackets; None if that is text."""

_JOINED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff01-\uff1f\U00020000-\U0003ffff"
)
"""Letters and punctuation of scripts without blanks between words, so that a mark or a link may touch them."""
_URL = rf"(?<![A-Za-z0-9_])(?i:https?://|www\.(?=\w))[^\s<>|`*\"\u201c\u201d\u00ab\u00bb{_JOINED}]+"
_HREF = r"<?https?://[^\s<>()]{1,2000}(?:\([^\s<>()]*\)[^\s<>()]*)*>?(?:\s\"[^\"\n]*\")?"
_OPENINGS = r"""[*_~|`\[<("'\u201c\u2018\u00ab\u00bf\u00a1@]*+"""
_TOKEN = re.compile(
    rf"""
      ```(?:[\w+\#.-]*[^\S\n]*\n(?!```))?(?P<fenced>(?:(?!```).)++)```
    | (?<!`)(?P<ticks>``?)(?!`)(?P<code>[^`\n]+)(?P=ticks)(?!`)
    | (?P<art>\u00af\\\S+)
    | (?<!:)\\(?P<escaped>[*_~`|<>\[\]\#\\@-])(?=[\w\s.,;:!?"')\]\\]|\Z)
    | <(?P<tag>[^\s<>][^<>\n]*)>
    | (?P<open>(?:(?<!\S)!)?\[(?=[^\[\]\n]+\]\({_HREF}\)))
    | (?P<close>\]\({_HREF}\))
    | (?P<url>{_URL})
    | ^[^\S\n]*+(?:(?:>>>|>|\#{{1,6}}|-\#|[-*])[^\S\n]+)++(?P<line>(?={_OPENINGS}[^\W\d_]))
    | (?P<mark>(?<!\*)\*{{1,3}}(?!\*)|(?<!_)_{{1,3}}(?!_)|(?<!~)~~(?!~)|(?<!\|)\|\|(?!\|))
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_MAY_HAVE_MARKS = re.compile(r"[\\`<\[\]*_~|#>]|https?://|www\.|^\s*-", re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(_URL)
_HOST = re.compile(r"(?:https?://)?(?:[^/@\s]*@)?(?:www\.(?=\w))?([^/:?#\s]+)", re.IGNORECASE)
_AFTER_LINK = ".,;:!?\u2026'\u2019_~"
_PAIRS = {")": "(", "]": "["}
_BEFORE_MARK, _AFTER_MARK = "([{\"'-,.:;*_~|", ")]}\"'-,.:;!?*_~|"
_TOUCHES = re.compile(f"[{_JOINED}]")
_HEARD = re.compile(r"[^\W_]|[\u2600-\u27bf\U0001f000-\U0001faff]")
_FACE = re.compile(r"[b-zB-HJ-Z]")
"""One letter between single marks, as in *o*."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A mark that may be closed."""

    piece: int
    """Its place among the pieces."""
    end: int
    """Where it ends in the text."""


def as_typed(text: str) -> str:
    """Return a text without mark-up as it is, but for its links."""
    return _LINK.sub(lambda found: _linked(found[0]), text)


def without_marks(text: str, tag: Tag = lambda _: None) -> str:
    """Return the words of a text in Markdown: of code its content, of links their words or where they lead."""
    if not _MAY_HAVE_MARKS.search(text):
        return text
    reader = _Reader(text, tag)
    for found in _TOKEN.finditer(text):
        reader.take(found)
    return reader.words()


class _Reader:
    """Reads the tokens of a text in turn."""

    def __init__(self, text: str, tag: Tag) -> None:
        self._text = text
        self._tag = tag
        self._pieces: list[str] = []
        self._read_to = 0
        self._opened: dict[str, _Opened] = {}
        """The marks that may be closed, the innermost last."""
        self._in_link = False

    def take(self, found: re.Match[str]) -> None:
        """Read a token, and the text before it."""
        self._pieces.append(self._text[self._read_to : found.start()])
        self._read_to = found.end()
        kind = found.lastgroup or ""
        self._pieces.append(self._mark(found) if kind == "mark" else self._said(kind, found))

    def words(self) -> str:
        """Return all the words."""
        return "".join((*self._pieces, self._text[self._read_to :]))

    def _said(self, kind: str, found: re.Match[str]) -> str:
        match kind:
            case "art":
                return found[0]
            case "tag":
                said = self._tag(found[kind])
                return found[0] if said is None and "://" not in found[kind] else said or link(found[kind])
            case "open":
                self._in_link = True
                return ""
            case "close":
                was_open, self._in_link = self._in_link, False
                return "" if was_open else as_typed(found[0])
            case "url":
                return _linked(found[0])
            case _:
                return found[kind]

    def _mark(self, found: re.Match[str]) -> str:
        """Drop a mark, with the one that it closes; else keep it."""
        sign, start, end = found[0], found.start(), found.end()
        before, after = self._text[max(0, start - 1) : start], self._text[end : end + 1]
        opened = self._opened.get(sign)
        if opened and _stands(after, before, _AFTER_MARK):
            said = self._text[opened.end : start]
            while self._opened.popitem()[0] != sign:
                pass
            if _HEARD.search(said) and not (len(sign) == 1 and _FACE.fullmatch(said)):
                self._pieces[opened.piece] = ""
                return ""
        if _stands(before, after, _BEFORE_MARK):
            self._opened.pop(sign, None)
            self._opened[sign] = _Opened(len(self._pieces), end)
        return sign


def _stands(outside: str, inside: str, free: str) -> bool:
    """Say whether a mark touches what is inside, and outside nothing but what ends a word."""
    if outside.isascii():
        is_free = not outside.strip() or outside in free
    else:
        is_free = not outside.isalnum() or _TOUCHES.match(outside) is not None
    return is_free and bool(inside.strip())


def link(url: str) -> str:
    """Return the words for a link: where it leads."""
    host = _HOST.match(url)
    return _("link to {host}").format(host=host[1]) if host else url  # spoken and paid for: no marks


def _linked(found: str) -> str:
    """Return the words for a link, and the punctuation after it."""
    end, closed = len(found), {sign: found.count(sign) - found.count(opening) for sign, opening in _PAIRS.items()}
    while found[end - 1] in _AFTER_LINK or closed.get(found[end - 1], 0) > 0:
        end -= 1
        if found[end] in closed:
            closed[found[end]] -= 1
    return f"{link(found[:end])}{found[end:]}"


_ENTERED = re.compile(r"(?P<path>(?<!\w)[A-Za-z]:\\\S*)|\\(?P<kept>\\n)|\\n")


def with_lines(entered: str) -> str:
    r"""Break lines where `\n` was typed into a field of one line; `\\n` is `\n`, and a path such as `C:\new` stays."""
    return _ENTERED.sub(lambda found: found["path"] or found["kept"] or "\n", entered)

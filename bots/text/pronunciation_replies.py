"""Replies about how words are said."""

from collections.abc import Sequence

from bots.text.locale import N_, _
from core.domain.pronunciation import LONGEST_ENTRY, Pronunciation
from core.domain.shown import shown

NO_PRONUNCIATIONS = N_("Every word is said as it is written. Write /pronounce nginx as engine x to change one.")

_FROM_NOW_ON = {
    True: N_("“{written}” is said as “{spoken}” for everybody here from now on."),
    False: N_("“{written}” is said as “{spoken}” from now on."),
}
_AS_WRITTEN = {
    True: N_("“{written}” is said as it is written for everybody here from now on."),
    False: N_("“{written}” is said as it is written from now on."),
}
_NOT_LISTED = {
    True: N_("“{written}” was not in the list of everybody here."),
    False: N_("“{written}” was not in your list."),
}
"""By whether it is about everybody here."""

_TAKE_AWAY = {
    True: N_("Write /pronounce remove {word} to take one away."),
    False: N_("An admin takes away what is for everybody, as in /pronounce here remove {word}"),
}
"""By whether an entry is the member's own."""


def listed(entries: Sequence[Pronunciation]) -> str:
    """List how words are said; the member's own go before their community's."""
    if not entries:
        return _(NO_PRONUNCIATIONS)
    mine = {each.folded for each in entries if each.is_mine}
    counted = [each for each in entries if each.is_mine or each.folded not in mine]
    ways = {each.is_mine: _(_TAKE_AWAY[each.is_mine], word=each.written) for each in reversed(counted)}
    return "\n".join([*map(_said, counted), *(ways[whose] for whose in (True, False) if whose in ways)])


def _said(entry: Pronunciation) -> str:
    line = _("“{written}” is said as “{spoken}”", written=entry.written, spoken=entry.spoken)
    return line if entry.is_mine else _("{line}, for everybody here", line=line)


def pronounced(entry: Pronunciation, *, for_all: bool) -> str:
    """Say how a word is said from now on, and for whom."""
    return _(_FROM_NOW_ON[for_all], written=entry.written, spoken=entry.spoken)


def as_for_all(entry: Pronunciation) -> str:
    """Say how a word is said that a member no longer has said otherwise."""
    return _(
        "“{written}” is said as “{spoken}” from now on, as for everybody here.",
        written=entry.written,
        spoken=entry.spoken,
    )


def as_written(written: str, *, was: bool, for_all: bool) -> str:
    """Say that a word is said as it is written."""
    return _(_AS_WRITTEN[for_all] if was else _NOT_LISTED[for_all], written=shown(written, LONGEST_ENTRY))

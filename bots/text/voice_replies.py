"""Replies about voices: their cards, what they sound like, and who is chosen."""

from collections.abc import Mapping, Sequence

from bots.text.locale import N_, _, ngettext
from bots.text.wording import both, either
from core.domain.previews import WhyNot
from core.domain.products import Catalog
from core.domain.voices import Chosen

LIKE, UNLIKE = "☆", "★"
PLAY = N_("▶ {voice}")
PLAY_ALL = N_("▶ All {n}")
USE = N_("Use {voice}")
BACK, ON = N_("Back"), N_("More")
LIKED = N_("{voice} is among your favourites: they come first.")
UNLIKED = N_("{voice} is not among your favourites any more.")
NO_SAMPLES = N_("Nobody pays for samples here, so voices can't be heard before they are ordered.")
ONE_MOMENT = N_("One moment…")
UNRECORDED = N_("None of these was recorded in {languages}; each speaks it all the same.")
FEW_WORDS = N_("a few words, such as deep male or german")
_WHY_NOT = {
    WhyNot.NO_BUDGET: NO_SAMPLES,
    WhyNot.SPENT: N_("There is no sample of {voices} yet, and this month's budget for new ones is spent."),
    WhyNot.TRIED: N_("There is no sample of {voices} yet: making one did not work out. It is tried again in a day."),
    WhyNot.AWAY: N_("There is no sample of {voices} yet, and none can be made at the moment. Try again in a while."),
}


def head(first: int, last: int, n: int, like: str) -> str:
    """Say which of the voices that were found are shown."""
    found = ngettext("{n} voice", "{n} voices", n)
    found = _("{found} for “{like}”", found=found, like=like) if like else found
    return found if last - first + 1 == n else _("{found}, {first} to {last}:", found=found, first=first, last=last)


def nobody(like: str) -> str:
    """Say that no voice is like that."""
    return _("No voice is like “{like}”. Try words such as deep male or british; /voices shows all.", like=like)


def unrecorded(languages: Sequence[str]) -> str:
    """Say that no voice was recorded in these languages, on a line of its own, if there are any."""
    named = either([f"“{language}”" for language in languages])
    return f"{_(UNRECORDED, languages=named)}\n" if languages else ""


def without_name(catalog: Catalog) -> str:
    """Say who speaks where no voice is named."""
    return _("Without a name, {voice} speaks.", voice=catalog.default_voice)


def default_voice(chosen: Chosen, catalog: Catalog) -> str:
    """Say who speaks for a member where no voice is named, and who chose that."""
    if chosen.own:
        return _("{voice} speaks for you where you name no voice. /voice none takes that back.", voice=chosen.own)
    if chosen.community:
        said = N_("You have chosen no voice, so {voice} speaks for you here, whom this community's admins chose.")
        return _(said, voice=chosen.community)
    return _("You have chosen no voice, so {voice} speaks for you.", voice=catalog.default_voice)


def missing(why_not: Mapping[str, WhyNot]) -> str:
    """Say why voices are not heard."""
    by_why = {why: [voice for voice, each in why_not.items() if each is why] for why in WhyNot}
    return "\n".join(_(_WHY_NOT[why], voices=both(voices)) for why, voices in by_why.items() if voices)


def timeline(begins_ms: Mapping[str, int], described: Sequence[str]) -> str:
    """Say what is heard, and when where there are several; times are written so that chats make links of them."""
    if len(described) <= 1:
        return "".join(described)
    return "\n".join(f"{at_ms // 60_000}:{at_ms // 1000 % 60:02} {voice}" for voice, at_ms in begins_ms.items())

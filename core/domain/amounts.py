"""What people type for amounts and periods: one grammar, in which all of it is understood or none. Pure.

A refusal's `instead` is the whole text as it should be typed, where that is plain. Somebody will copy it and money will
move: its amount is the one that was typed, or a word that is refused.
"""

import re
import unicodedata
from collections.abc import Callable

from core.domain.allowed import Allowed, Rule, allowed
from core.domain.amount_words import LINKS, LONGS, MOST_WORDS, SPACES, amount_like, is_reason, money_like, tidy
from core.domain.money import LARGEST_MICROS, MICROS, cost_of
from core.domain.quota import Period, Quota
from core.domain.refusals import InvalidInput, UnclearReason

SUMS = allowed(Rule.SUM)
AMOUNTS = allowed(Rule.AMOUNT)
TOO_MUCH = allowed(Rule.NOT_TOO_MUCH)
PERIODS = allowed(Rule.PERIOD)
LEFT_OUT = allowed(Rule.LEFT_OUT)
AMOUNT, PERIOD = "AMOUNT", "PERIOD"
"""Placeholders in a suggested line, for what only its writer knows."""


# --- amounts --------------------------------------------------------------------------------------------------------

_NUMBER = r"(\d{1,20})(?:\.(\d{1,6}))?"
_DOLLARS = re.compile(
    rf"(?:(?:us ?)?\$ ?|usd ?)?{_NUMBER}(?: ?(?:usd|(?:us )?dollars?))?|{_NUMBER} ?(?:us ?)?\$", re.ASCII
)
_CENTS = re.compile(rf"{_NUMBER} ?(?:cents?|cts?|c|\u00a2)", re.ASCII)
_CHARACTERS = re.compile(r"(\d{1,20}|\d{1,3}(?: \d{3})+) ?(?:chars?|characters?)", re.ASCII)
_THOUSANDS = re.compile(r"(?<!\d)[1-9]\d{0,2}\.\d\d0(?!\d)", re.ASCII)
"""1.000 is a thousand to half of the world."""


def parse_amount(text: str, price_micros: int, wanted_is: Allowed = AMOUNTS) -> int | None:
    """Read an amount as people type it, into micros; None is unlimited. Raises InvalidInput."""
    wanted = tidy(text)
    if wanted == "unlimited":
        return None
    micros = _micros(wanted, price_micros)
    if micros is None:
        refuse_more("amount", text, lambda beginning: _is_amount(beginning, price_micros))
        raise InvalidInput("amount", text, wanted_is, _mended(wanted, price_micros))
    if micros > LARGEST_MICROS:
        raise InvalidInput("amount", text, TOO_MUCH)
    return micros


def _micros(wanted: str, price_micros: int) -> int | None:
    if found := _CHARACTERS.fullmatch(wanted):
        return cost_of(int(found[1].replace(" ", "")), price_micros)
    if _THOUSANDS.search(wanted):
        return None
    if found := _DOLLARS.fullmatch(wanted):
        whole, part = found[1] or found[3], found[2] or found[4] or ""
        return int(whole) * MICROS + int(part.ljust(6, "0"))
    if found := _CENTS.fullmatch(wanted):
        micros, rest = divmod(int(found[1]) * MICROS + int((found[2] or "").ljust(6, "0")), 100)
        return None if rest else micros
    return None


_PERIOD_WORD = r"(?:daily|day|weekly|week|monthly|month)"
_MENDS = (
    (re.compile(r"(.*\d),(\d{1,2})(?!\d)(.*)"), r"\1.\2\3"),  # 1,50
    (re.compile(r"(\d{1,5}) ?k (chars?|characters?)"), r"\g<1>000 \2"),  # 5k chars
    (re.compile(r"([^\d]*)(\.\d+.*)"), r"\g<1>0\2"),  # .5
    (re.compile(r"(.*\d)\."), r"\1"),  # 5.
    (re.compile(rf"(.+?) ?(?:/ ?)?(?:(?:per|an?|each|every) )?{_PERIOD_WORD}"), r"\1"),  # 5 a day, where none is wanted
)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:[,.'\u2019]\d{3})+ ?(?:chars?|characters?)", re.ASCII)
"""5,000 chars: a count has no decimals, so its marks are plain. $5,000 is five dollars to half of the world."""


def _mended(wanted: str, price_micros: int) -> str:
    """Return what was probably meant, or nothing."""
    ascii_digits = "".join(str(unicodedata.digit(c)) if c.isdecimal() else c for c in wanted).replace("\u00bd", "0.5")
    counted = re.sub(r"[,.'\u2019]", "", wanted) if _GROUPED.fullmatch(wanted) else wanted
    mended = (found.expand(to) for form, to in _MENDS if (found := form.fullmatch(wanted)))
    tries = (ascii_digits, counted, *mended)
    return next((better for better in tries if better != wanted and _is_amount(better, price_micros)), "")


def _is_amount(wanted: str, price_micros: int) -> bool:
    micros = _micros(wanted, price_micros)
    return micros is not None and micros <= LARGEST_MICROS


def refuse_more(parameter: str, text: str, understands: Callable[[str], bool]) -> None:
    """Refuse the words after the longest beginning that is understood, if they plainly don't belong to it."""
    words = SPACES.sub(" ", text).strip(" ").split(" ")
    for length in range(min(len(words) - 1, MOST_WORDS), 0, -1):
        beginning, rest = " ".join(words[:length]), words[length:]
        if understands(tidy(beginning)) and not amount_like(rest):
            raise InvalidInput(parameter, " ".join(rest), LEFT_OUT, beginning)


# --- periods and quotas ---------------------------------------------------------------------------------------------

_PERIODS = {word: period for period in Period for word in (period.value, f"{period.value}ly")} | {
    "daily": Period.DAY,
    "today": Period.DAY,
}
_PERIOD = re.compile(rf"(?:/ ?|(?:per|a|each|every|this) )?({_PERIOD_WORD}|today)")
_AMOUNT_FIRST = re.compile(rf"(.+?)(?: ?/ ?| (?:(?:per|a|each|every) )?)({_PERIOD_WORD})")
_PERIOD_FIRST = re.compile(rf"(?:(?:per|a|each|every) )?({_PERIOD_WORD}):? (.+)")


_QUOTAS = ((_AMOUNT_FIRST, 1, 2), (_PERIOD_FIRST, 2, 1))
"""With the groups of amount and period."""


def read_period(text: str) -> Period:
    """Read day, week or month, with the words that go with them. Raises InvalidInput."""
    found = _PERIOD.fullmatch(tidy(text))
    if not found:
        raise InvalidInput("period", text, PERIODS)
    return _PERIODS[found[1]]


def read_quota(text: str, price_micros: int, usual: Period | None = None) -> Quota:
    """Read an amount and its period in either order; `usual` holds where none is given. Raises InvalidInput."""
    wanted = tidy(text)
    if parts := _quota_parts(wanted):
        return _quota(*parts, price_micros)
    refuse_more("amount", text, lambda beginning: _is_quota(beginning, price_micros, usual))
    try:
        amount, rest = _split(wanted, price_micros)
    except InvalidInput:
        better, word = _mended(wanted, price_micros), wanted if wanted in _PERIODS else PERIOD
        raise InvalidInput("amount", wanted, AMOUNTS, better if usual else f"{better or AMOUNT} {word}") from None
    counts_time = amount.isdecimal() and rest.split(" ")[0] in _TIMES  # 5 days: of what, is not said
    if rest and (usual or counts_time or (amount_like(rest.split()) and not _tells_time(rest))):
        raise InvalidInput("amount", wanted, AMOUNTS, "" if usual else f"{AMOUNT} {PERIOD}")
    micros = parse_amount(amount, price_micros)
    if rest or (micros is not None and usual is None):
        raise InvalidInput("period", rest, PERIODS, f"{amount} {PERIOD}")
    return Quota(limit_micros=micros, period=usual or Period.MONTH)


def _quota_parts(wanted: str) -> tuple[str, str] | None:
    """Return the amount and the word for its period."""
    tried = ((form.fullmatch(wanted), amount, period) for form, amount, period in _QUOTAS)
    return next(((found[amount], found[period]) for found, amount, period in tried if found), None)


def _quota(amount: str, word: str, price_micros: int) -> Quota:
    try:
        return Quota(limit_micros=parse_amount(amount, price_micros), period=_PERIODS[word])
    except InvalidInput as error:
        is_twice = re.search(rf"\b{_PERIOD_WORD}\b", amount)
        error.instead = f"{error.instead or AMOUNT} {PERIOD if is_twice else word}"
        raise


def _is_quota(wanted: str, price_micros: int, usual: Period | None) -> bool:
    amount, _ = _quota_parts(wanted) or (wanted if usual else "", "")
    return amount == "unlimited" or _is_amount(amount, price_micros)


_TIMES = frozenset(f"{unit}s" for unit in LONGS)


def _tells_time(words: str) -> bool:
    first = next((word for word in words.split() if word not in LINKS), "")
    return first.removesuffix("s") in LONGS or first.endswith("ly")


def read_monthly(text: str, price_micros: int) -> int | None:
    """Read what may be spent in a month, into micros; None is unlimited. Raises InvalidInput."""
    quota = read_quota(text, price_micros, Period.MONTH)
    if quota.period is not Period.MONTH:
        raise InvalidInput("amount", text, allowed(Rule.MONTHLY))
    return quota.limit_micros


# --- amounts with a reason ------------------------------------------------------------------------------------------


def split_credit(text: str, price_micros: int) -> tuple[str, str]:
    """Tell an amount from the reason after it. Raises InvalidInput where the reason may be a part of the amount."""
    wanted = SPACES.sub(" ", text).strip(" ")
    amount, reason = _split(wanted, price_micros, SUMS)
    micros = parse_amount(amount, price_micros)  # it may be too much
    check_reason(amount, reason, price_micros)
    is_apart = wanted.removesuffix(reason).rstrip(" ").endswith((",", ";", ":"))
    words = reason.split()
    if micros is not None and words and not (is_apart or is_reason(words)):
        if more := max(0, amount_like(["for", *words]) - 1):  # next week
            raise _not_a_sum(amount, words, more, price_micros)
        raise UnclearReason(" ".join(words[: money_like(words) or 1]), f"{amount} for {reason}")
    return amount, reason


def check_reason(amount: str, reason: str, price_micros: int) -> None:
    """Refuse a reason that begins like money, a unit or more digits. Raises InvalidInput."""
    words = reason.split()
    if more := amount_like(words):
        raise _not_a_sum(amount, words, more, price_micros)


def with_reason(amount: str, reason: str) -> str:
    """Return the two as they are typed; what may be no reason is left out."""
    return f"{amount} {reason}" if is_reason(reason.split()) else amount


def _not_a_sum(amount: str, words: list[str], more: int, price_micros: int) -> InvalidInput:
    whole = " ".join((amount, *words[:more]))
    better = _mended(tidy(whole), price_micros) or AMOUNT
    return InvalidInput("amount", whole, allowed(Rule.SUM_THEN_REASON), with_reason(better, " ".join(words[more:])))


def _split(wanted: str, price_micros: int, wanted_is: Allowed = AMOUNTS) -> tuple[str, str]:
    """Take the longest beginning that is an amount. Raises InvalidInput where there is none."""
    words = wanted.split(" ", 2 * MOST_WORDS)
    for length in range(min(len(words), MOST_WORDS), 0, -1):
        amount, rest = " ".join(words[:length]), " ".join(words[length:])
        plain = tidy(amount.rstrip(",;:") if rest else amount)
        if plain == "unlimited" or _micros(plain, price_micros) is not None:
            return plain, rest
    count = amount_like(words)
    meant = " ".join(words[: max(1, count)])
    if better := _mended(tidy(meant), price_micros):
        count = max(1, count)
    rest = " ".join(words[count:])
    instead = AMOUNT if better and rest and not is_reason(words[count:]) else with_reason(better or AMOUNT, rest)
    raise InvalidInput("amount", meant, wanted_is, instead)

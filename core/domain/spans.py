"""What people type for times and counts, understood whole or not at all. Pure."""

import re

from core.domain.allowed import Rule, allowed
from core.domain.amount_words import tidy
from core.domain.amounts import refuse_more
from core.domain.quota import DAY_MS
from core.domain.refusals import InvalidInput

TIMES = allowed(Rule.TIME)
LONGEST_SPAN_MS = 366 * DAY_MS
LARGEST_COUNT = 1_000_000
FOR_GOOD = frozenset({"", "forever", "for ever", "for good"})

_UNIT_MS = {"w": 7 * DAY_MS, "d": DAY_MS, "h": 3_600_000, "m": 60_000, "s": 1000}
_UNIT = r"(?:seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w)"
_PART = re.compile(rf"(?:(\d{{1,6}}) ?|(?:an?|one) )({_UNIT})(?![a-z])", re.ASCII)
_SPAN = re.compile(rf"(?:for )?{_PART.pattern}(?:(?:,? and |, ?| ?){_PART.pattern})*", re.ASCII)
_GROUPS = re.compile(r"\d{1,3}(?:[,.'\u2019]\d{3})+", re.ASCII)
_COUNT = re.compile(r"\d{1,9}|\d{1,3}(?: \d{3})+", re.ASCII)


def read_span_ms(text: str) -> int:
    """Read a time as people type it: 30m, 2 hours, 1h30m, for 3 days, a week. Raises InvalidInput."""
    span_ms = _span_ms(tidy(text))
    if span_ms is None:
        refuse_more("time", text, lambda beginning: _span_ms(beginning) is not None)
        raise InvalidInput("time", text, TIMES)
    return span_ms


def _span_ms(wanted: str) -> int | None:
    parts = _PART.findall(wanted) if _SPAN.fullmatch(wanted) else []
    units = [_UNIT_MS[unit[0]] for _, unit in parts]
    span_ms = sum(int(number or 1) * unit_ms for (number, _), unit_ms in zip(parts, units, strict=True))
    return span_ms if 0 < span_ms <= LONGEST_SPAN_MS and sorted(set(units), reverse=True) == units else None


def read_seconds(name: str, text: str) -> int:
    """Read a time, or a bare number of seconds. Raises InvalidInput."""
    wanted = tidy(text)
    if _COUNT.fullmatch(wanted):
        return read_count(name, text, least=0)
    span_ms = _span_ms(wanted)
    if span_ms is None:
        refuse_more(name, text, lambda b: bool(_COUNT.fullmatch(b)) or _span_ms(b) is not None)
        raise InvalidInput(name, text, allowed(Rule.SECONDS))
    return span_ms // 1000


def read_count(name: str, text: str, *, least: int, most: int = LARGEST_COUNT, unit: str = "") -> int:
    """Read a whole number, which its unit may follow. Raises InvalidInput."""
    wanted, number = tidy(text), _count(tidy(text), unit)
    if number is None:
        refuse_more(name, text, lambda beginning: _count(beginning, unit) is not None)
    if number is None or not least <= number <= most:
        bare = _without(unit, wanted)
        better = re.sub(r"[,.'\u2019]", "", bare) if _GROUPS.fullmatch(bare) else ""
        raise InvalidInput(name, text, allowed(Rule.COUNT, low=least, high=most), better)
    return number


def _count(wanted: str, unit: str) -> int | None:
    bare = _without(unit, wanted)
    return int(bare.replace(" ", "")) if _COUNT.fullmatch(bare) else None


def _without(unit: str, wanted: str) -> str:
    return re.sub(rf" ?(?:{unit})$", "", wanted) if unit else wanted

"""Times as words, to be spoken: in UTC, which is said, or relative to now."""

from datetime import UTC, datetime, timedelta

from babel.dates import format_date, format_timedelta

from bots.text.locale import spoken


def moment(at_s: float, *, weekday: bool = False, date: bool = False, time: bool = False) -> str | None:
    """Return the words for a time since 1970; None for one that no calendar has."""
    try:
        at, locale = datetime.fromtimestamp(at_s, UTC), spoken().locale
    except (OverflowError, ValueError, OSError):
        return None
    form = ("full" if weekday else "long") if date else "EEEE" if weekday else ""
    day = format_date(at, form, locale=locale) if form else ""
    return ", ".join(filter(None, (day, f"{at:%H:%M} UTC" if time else "")))


def relative(at_s: float, now_s: float) -> str | None:
    """Return how far a time is from now, such as "in 3 hours"; None where it is too far."""
    try:
        return format_timedelta(timedelta(seconds=at_s - now_s), add_direction=True, locale=spoken().locale)
    except OverflowError:
        return None

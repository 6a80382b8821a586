"""Descriptions of valid values, to follow "it must be"."""

from collections.abc import Callable, Mapping

from bots.text.locale import N_, _, ngettext
from bots.text.wording import AMOUNTS, money
from core.domain.allowed import Allowed, Rule

_WORDS: Mapping[Rule, str] = {
    Rule.AMOUNT: AMOUNTS,
    Rule.SUM: N_("an amount such as $0.50, 0.50 or 5000 chars, with at most six decimals and at most $1000000"),
    Rule.SUM_THEN_REASON: N_(
        "an amount such as $0.50, 0.50 or 5000 chars, with at most six decimals and at most $1000000; a reason begins "
        "with another word"
    ),
    Rule.NOT_TOO_MUCH: N_("at most $1000000"),
    Rule.WISH: N_("more than nothing and at most {most_micros}"),
    Rule.POSITIVE: N_("more than $0.00 and a number, such as $0.50 or 5000 chars"),
    Rule.LEFT_OUT: N_("left out"),
    Rule.MONTHLY: N_("an amount for a month, such as 20.00 or unlimited"),
    Rule.PERIOD: N_("day, week or month"),
    Rule.TIME: N_("a time such as 30m, 2 hours, 1h30m, 3 days or 1 week, of at most a year"),
    Rule.SECONDS: N_("seconds or a time, such as 90, 2m or 1 hour, or none"),
    Rule.COUNT: N_("a whole number from {low} to {high}, or none"),
    Rule.ONE_OF: N_("one of {choices}"),
    Rule.SOME_OF: N_("one or more of {choices}, or none"),
    Rule.CHANNELS: N_("here, which means where this is written, or none"),
    Rule.NUMBER: N_("a number from {low} to {high}"),
    Rule.TRUTH: N_("true or false"),
    Rule.AUDIBLE: N_("words: punctuation, emoji and tags in brackets alone have no sound"),
    Rule.PLAIN: N_("text without control characters"),
    Rule.PARAMETER: N_("a parameter of {product}: {choices}"),
    Rule.REQUIRED: N_("given: it is required"),
    Rule.ENTRY: N_("words of at most {most} characters, as in nginx as engine x"),
    Rule.ENTRIES: N_("one of at most {most}: take another one away first"),
    Rule.ENTRY_GROWS: N_(
        "said so that the text grows to at most {most} times its length: take it away, or write out what you mean"
    ),
    Rule.FEWER_PARTS: N_("spoken in at most {most} parts (this has {has}): each change of the voice begins one"),
}


_COUNTED: Mapping[Rule, Callable[..., str]] = {
    Rule.REASON: lambda most: ngettext("one line of at most {n} character", "one line of at most {n} characters", most),
    Rule.SHORT: lambda most: ngettext("at most {n} character", "at most {n} characters", most),
    Rule.SHORTER: lambda most, has: ngettext(
        "at most {n} character (this has {has})", "at most {n} characters (this has {has})", most, has=has
    ),
    Rule.SHORTER_ORDER: lambda most, has: ngettext(
        "at most {n} character an order (this has {has}), which whoever runs this bot can change",
        "at most {n} characters an order (this has {has}), which whoever runs this bot can change",
        most,
        has=has,
    ),
}


def said(allowed: Allowed | str) -> str:
    """Describe valid values; a text from an adapter stays."""
    if isinstance(allowed, str):
        return allowed
    if counted := _COUNTED.get(allowed.rule):
        return counted(**allowed.values)
    return _(_WORDS[allowed.rule], **{name: _shown(name, value) for name, value in allowed.values.items()})


def _shown(name: str, value: object) -> object:
    if isinstance(value, tuple):
        return ", ".join(value)
    return money(value) if name.endswith("_micros") and isinstance(value, int) else value

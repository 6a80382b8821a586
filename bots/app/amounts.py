"""Amounts among the settings, typed as admins type them; what can't be read is told by its setting's name."""

from core.domain.amounts import AMOUNT, PERIOD, parse_amount, read_monthly, read_quota
from core.domain.quota import Period, Quota
from core.domain.refusals import InvalidInput


def read_price(name: str, text: str) -> int:
    """Read the price of 1,000 characters. Raises ValueError."""
    instead = ""
    try:
        if micros := parse_amount(text, 0):
            return micros
    except InvalidInput as error:
        instead = error.instead
    raise ValueError(f"{name}: {text!r} is not an amount such as 0.10{_put(instead)}")


def read_allowance(name: str, text: str, price_micros: int) -> Quota:
    """Read what a member may spend in a period. Raises ValueError."""
    if text.strip().lower() == "none":
        return Quota(limit_micros=0, period=Period.DAY)
    try:
        return read_quota(text, price_micros)
    except InvalidInput as error:
        such_as = "0.10 day, 5000 chars week, unlimited or none"
        if error.parameter == "period" and not error.value:
            such_as += ", since its period is missing"
        raise ValueError(f"{name}: {text!r} is not such as {such_as}{_put(error.instead)}") from None


def read_pool(name: str, text: str, price_micros: int, such_as: str = "20.00 or unlimited") -> int | None:
    """Read what may be spent in a month; None is unlimited. Raises ValueError."""
    try:
        return read_monthly(text, price_micros)
    except InvalidInput as error:
        raise ValueError(f"{name}: {text!r} is not such as {such_as}{_put(error.instead)}") from None


def read_budget(name: str, text: str, price_micros: int) -> int:
    """Read what may be spent in a month, which has a limit. Raises ValueError."""
    micros = read_pool(name, text, price_micros, such_as="2.00")
    if micros is None:
        raise ValueError(f"{name} must be an amount, such as 2.00")
    return micros


def _put(instead: str) -> str:
    """Say what to put instead of an amount, unless only its writer knows that."""
    better = instead.replace(PERIOD, Period.DAY)
    return f": put {better}" if better and AMOUNT not in better else ""

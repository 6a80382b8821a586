import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.domain.quota import Period, Quota, QuotaSource, Standing, window


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        (Period.DAY, "2026-03-18T12:00", "2026-03-18", "2026-03-19"),
        (Period.DAY, "2026-03-18T00:00", "2026-03-18", "2026-03-19"),
        (Period.DAY, "2026-03-18T23:59:59.999", "2026-03-18", "2026-03-19"),
        (Period.DAY, "2028-02-29T08:00", "2028-02-29", "2028-03-01"),
        (Period.WEEK, "2026-03-16T00:00", "2026-03-16", "2026-03-23"),
        (Period.WEEK, "2026-03-22T23:59:59.999", "2026-03-16", "2026-03-23"),
        (Period.WEEK, "2027-01-01T10:00", "2026-12-28", "2027-01-04"),
        (Period.MONTH, "2026-12-31T23:59:59.999", "2026-12-01", "2027-01-01"),
        (Period.MONTH, "2028-02-10T00:00", "2028-02-01", "2028-03-01"),
        (Period.MONTH, "2026-01-31T00:00", "2026-01-01", "2026-02-01"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_windows_are_half_open_utc_wherever_the_machine_stands(
    monkeypatch: pytest.MonkeyPatch, period: Period, now: str, start: str, end: str, zone: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert window(period, ms(now)) == (ms(start), ms(end))
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("limit", "used", "cost", "left"),
    [
        (100, 30, 20, (50, 7)),
        (100, 30, 70, (100, 7)),
        (100, 30, 75, (100, 2)),
        (100, 100, 5, (100, 2)),
        (100, 130, 5, (130, 2)),
        (None, 30, 1000, (1030, 7)),
    ],
)
def test_an_order_draws_the_allowance_and_then_the_balance(
    limit: int | None, used: int, cost: int, left: tuple[int, int]
) -> None:
    quota = Quota(limit_micros=limit, period=Period.DAY)
    before = Standing(
        quota=quota, source=QuotaSource.ROLE, used_micros=used, balance_micros=7, held_micros=0, resets_ms=0
    )
    assert before.after(cost) == replace(before, used_micros=left[0], balance_micros=left[1])

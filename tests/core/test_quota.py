import time
from datetime import UTC, datetime

import pytest

from core.quota import Period, window


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
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
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

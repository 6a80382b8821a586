"""A clock that tests set."""

from datetime import UTC, datetime


class SetClock:
    """Stands still until it is moved."""

    def __init__(self, start: str = "2026-03-18T12:00:00") -> None:
        self.ms = round(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp() * 1000)

    def now_ms(self) -> int:
        return self.ms

    def forward(self, *, ms: int = 0, hours: float = 0, days: float = 0) -> None:
        self.ms += ms + round(hours * 3_600_000 + days * 86_400_000)

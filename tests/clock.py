"""A clock that tests set."""

from datetime import UTC, datetime

from core.domain.clock import SteadyClock


class SetClock(SteadyClock):
    """Stands still until time passes, or until somebody sets it."""

    def __init__(self, start: str = "2026-03-18T12:00:00") -> None:
        self.ms = round(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp() * 1000)
        self.steady_s = 0.0
        super().__init__(lambda: self.ms, lambda: self.steady_s)

    def forward(self, *, ms: int = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass."""
        passed_ms = ms + round(hours * 3_600_000 + days * 86_400_000)
        self.ms += passed_ms
        self.steady_s += passed_ms / 1000

    def leap(self, *, hours: float) -> None:
        """Set the wall clock while no time passes."""
        self.ms += round(hours * 3_600_000)

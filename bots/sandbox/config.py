"""What can be set on a sandbox."""

from dataclasses import dataclass
from pathlib import Path

from bots.sandbox.faults import FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """Settings of a sandbox; every wait and every store has its bound here. Raises ValueError for an unknown fault."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes any free port."""
    key: str | None = None
    """None accepts any key that is not empty."""
    queued_s: float = 0.2
    processing_s: float = 0.8
    fault: str | None = None
    """A name of FAULTS, applied to every request that carries no marker of its own."""
    refusals: int = 2
    """How many submissions of one text the fault `429` refuses before it accepts."""
    slow_s: float = 3.0
    """The delay of the faults `late` and `slow-status`."""
    wallet_micros: int | None = None
    """What may be charged before 402 is answered; None is without end."""
    webhook_repeats: int = 2
    """Deliveries of one callback: the contract says that it may arrive more than once."""
    webhook_attempts: int = 3
    webhook_timeout_s: float = 5.0
    webhook_backoff_s: float = 0.2
    cycle_s: float = 15.0
    """How often mode `sync` reports a request whose status has not changed."""
    open_limit: int = 10_000
    """Unfinished requests; beyond them, 429."""
    keep: int = 1_000
    """Finished requests that are remembered."""
    folder: Path | None = None
    """Where requests are kept, to go on after a new start; None forgets them."""
    cache_bytes: int = 256 * 2**20
    """Audio kept on disk; what was dropped is made again when it is asked for."""

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}: use one of {', '.join(FAULTS)}")

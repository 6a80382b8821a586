"""The sandbox's settings."""

from dataclasses import dataclass
from pathlib import Path

from bots.sandbox.faults import FAULTS


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """Settings and limits of a sandbox. Raises ValueError for an unknown fault."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 for any free port."""
    key: str | None = None
    """The only key to accept; None accepts any non-empty key."""
    queued_s: float = 0.2
    processing_s: float = 0.8
    fault: str | None = None
    """A name from FAULTS, applied to every request without a marker of its own."""
    refusals: int = 2
    """How often the fault `429` refuses a text before accepting it."""
    slow_s: float = 3.0
    """The delay of the faults `late` and `slow-status`."""
    wallet_micros: int | None = None
    """The balance, beyond which submissions get 402; None for unlimited."""
    webhook_repeats: int = 2
    """How often each callback is delivered: by the contract, it may arrive more than once."""
    webhook_attempts: int = 3
    webhook_timeout_s: float = 5.0
    webhook_backoff_s: float = 0.2
    cycle_s: float = 15.0
    """How often mode `sync` reports a request whose status has not changed."""
    open_limit: int = 10_000
    """Limit on unfinished requests, beyond which submissions get 429."""
    keep: int = 1_000
    """How many finished requests are remembered."""
    folder: Path | None = None
    """Where requests are stored, so that a restart resumes them; None stores nothing."""
    cache_bytes: int = 256 * 2**20
    """Limit on cached audio; evicted audio is made again on demand."""

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}: use one of {', '.join(FAULTS)}")

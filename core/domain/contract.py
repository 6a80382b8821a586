"""The closed sets of the gateway's contract. Pure."""

from enum import StrEnum


class WebhookMode(StrEnum):
    """When the gateway calls back."""

    TERMINAL = "terminal"
    """When a request has ended."""
    SYNC = "sync"
    """Also while it goes on."""


class RequestStatus(StrEnum):
    """What the gateway says of a request that it has ("Status Values")."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    ERROR = "ERROR"
    OTHER = ""
    """One that the contract does not name: still running."""

    @classmethod
    def _missing_(cls, _value: object) -> "RequestStatus":
        return cls.OTHER

    @property
    def is_final(self) -> bool:
        """Whether it never changes again."""
        return self in _FINAL


_FINAL = frozenset({RequestStatus.COMPLETED, RequestStatus.FAILED, RequestStatus.ERROR})

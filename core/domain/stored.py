"""What a store that machines share holds."""

from dataclasses import dataclass

from pydantic import SecretStr

AMAZON = "https://s3.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketAddress:
    """Where a bucket is, and what opens it."""

    bucket: str
    prefix: str = ""
    """What the names of all objects begin with."""
    region: str
    endpoint: str | None = None
    """The store; None is Amazon's."""
    key: SecretStr
    secret: SecretStr
    proxy: str | None = None

    @property
    def url(self) -> str:
        """Where calls go."""
        return self.endpoint or AMAZON.replace("s3.", f"s3.{self.region}.")


@dataclass(frozen=True, slots=True)
class Stored:
    """One object."""

    name: str
    size_bytes: int
    written_ms: int


@dataclass(slots=True)
class Share:
    """All objects of one job."""

    size_bytes: int = 0
    written_ms: int = 0
    """When the last of them was."""

    def add(self, one: Stored) -> None:
        """Count another of them."""
        self.size_bytes += one.size_bytes
        self.written_ms = max(self.written_ms, one.written_ms)

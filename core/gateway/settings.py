"""What the gateway client is told: where, with which key, and how long and how much to wait for."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import SecretStr

from core.domain.addresses import wrong_with
from core.domain.contract import WebhookMode
from core.domain.errors import ConfigurationError
from core.gateway.proxies import Proxies


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """Limits of an artifact's size and time."""

    max_bytes: int = 100 * 2**20
    """Decoded; what an encoding hides counts."""
    total_s: float = 120
    """For everything: names, connections, redirects, the body, the disk."""
    connect_s: float = 10
    read_s: float = 30
    """The longest silence between two reads."""
    max_redirects: int = 3
    max_connections: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Where the gateway is and how to wait for it. Raises ConfigurationError for what can't work."""

    url: str
    """GATEWAY_URL: product endpoints and the status path are appended to it."""
    key: SecretStr
    public_url: str | None = None
    """Where the gateway can reach us; https, as it refuses anything else. None: no webhooks."""
    webhook_mode: WebhookMode = WebhookMode.TERMINAL
    connect_s: float = 10
    """For a free connection and for making it, together."""
    submit_s: float = 60
    """For a whole submit. Patient: giving up on one leaves its outcome unknown."""
    status_s: float = 20
    """For a whole poll."""
    max_connections: int = 256
    """Of polls; the rest wait up to `connect_s`. A poll holds one for well under a second."""
    media: MediaLimits = field(default_factory=MediaLimits)
    proxies: Proxies = field(default_factory=Proxies)

    def __post_init__(self) -> None:
        base_url("GATEWAY_URL", self.url, {"http", "https"})
        if self.public_url is not None:
            base_url("PUBLIC_URL", self.public_url, {"https"})
        key = self.key.get_secret_value()
        if not key or not all("!" <= c <= "~" for c in key):
            raise ConfigurationError("GATEWAY_KEY must be given, in printable ASCII without spaces.")

    @property
    def callback_base(self) -> str | None:
        """Where callback tokens are appended; None without webhooks."""
        return None if self.public_url is None else f"{self.public_url.rstrip('/')}/gateway/"


def base_url(setting: str, given: str, schemes: set[str]) -> None:
    """Require an address to which paths can be appended. Raises ConfigurationError."""
    wrong = wrong_with(given, schemes)
    if not wrong and (parts := urlsplit(given)) and ("@" in parts.netloc or parts.query or parts.fragment):
        wrong = "there must be no user, query or fragment in it"
    if wrong:
        raise ConfigurationError(f"{setting} can't be used: {wrong}. Put such as {max(schemes)}://host.example/path.")

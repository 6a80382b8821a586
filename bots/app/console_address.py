"""Where the console may be."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from core.domain.errors import ConfigurationError
from core.gateway.settings import base_url


def check_console(url: str | None, host: str) -> None:
    """Require https of a console that others can reach, and a host of its own. Raises ConfigurationError."""
    if url is None:
        return
    base_url("CONSOLE_URL", url, {"http", "https"})
    parts = urlsplit(url)
    if parts.path:
        raise ConfigurationError("CONSOLE_URL must have no path: the console has a host name or a port of its own.")
    if parts.scheme == "https":
        return
    if not is_loopback(parts.hostname or ""):
        raise ConfigurationError(
            "CONSOLE_URL must begin with https://, or others on the way could read what is sent: put a proxy with TLS "
            "before the console. Plain http is for this machine alone, as in http://127.0.0.1:8090."
        )
    if not is_loopback(host):
        raise ConfigurationError(
            f"CONSOLE_HOST {host} can be reached by others, and CONSOLE_URL is plain http: put https:// and a proxy "
            "with TLS, or CONSOLE_HOST=127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a host."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.casefold() == "localhost"

"""Which proxy carries a call: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, read as other programs read them."""

from dataclasses import dataclass
from ipaddress import ip_address

import aiohttp
from pydantic import SecretStr
from yarl import URL

from core.domain.addresses import wrong_with
from core.domain.errors import ConfigurationError

SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """The addresses as they were given, which may hold passwords; what is on this machine is called directly."""

    https: SecretStr | None = None
    http: SecretStr | None = None
    every: SecretStr | None = None
    direct: str = ""
    """Hosts that are called directly, separated by commas: the value of NO_PROXY."""

    def of(self, url: str | URL) -> str | None:
        """Return the proxy for an address, None for a direct call. Raises ConfigurationError where it is unusable."""
        found = self.named(url)
        return found and found[1]

    def named(self, url: str | URL) -> tuple[str, str] | None:
        """Return the proxy for an address, after the name of its variable. Raises what `of` does."""
        url = URL(url)
        name, given = ("HTTPS_PROXY", self.https) if url.scheme in {"https", "wss"} else ("HTTP_PROXY", self.http)
        if given is None:
            name, given = "ALL_PROXY", self.every
        if given is None or self._is_direct(url.host or "", url.port):
            return None
        return name, _usable(name, given.get_secret_value())

    def _is_direct(self, host: str, port: int | None) -> bool:
        listed = self.direct.replace(",", " ").lower().split()
        return _is_this_machine(host) or any(_covers(name, host.lower(), port) for name in listed)


def _covers(name: str, host: str, port: int | None) -> bool:
    """Say whether an entry of NO_PROXY, such as example.org, .example.org or example.org:8080, is about a host."""
    name = name.lstrip("*.")
    return not name or name in {host, f"{host}:{port}"} or host.endswith(f".{name}")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _usable(name: str, given: str) -> str:
    given = given if "://" in given else f"http://{given}"
    if wrong := wrong_with(given, SCHEMES):
        socks = " SOCKS is not supported." if given.lower().startswith("socks") else ""
        raise ConfigurationError(f"{name} can't be used: {wrong}. Put such as http://proxy.example:3128.{socks}")
    return str(URL(given).with_path("/"))


def told(error: Exception) -> str:
    """Put what a call ended with into words; those of aiohttp about a proxy hold its password."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return f"the proxy answered {error.status} {error.message}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

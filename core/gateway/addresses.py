"""Which addresses media may come from, checked on the very address that is connected to.

A name can resolve to something else between a check and the connection. aiohttp makes every socket through the
connector's socket factory and hands it the address that follows into connect(), for names and literals alike: that is
where the check stands, with no second look-up after it.
"""

import errno
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp import AddrInfoType

MayConnect = Callable[[str], bool]

NAT64 = IPv6Network("64:ff9b::/96")
"""The well-known prefix: the last four bytes are an IPv4 address (RFC 6052)."""
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The only part of IPv6 from which public addresses are assigned (RFC 4291, IANA)."""


class AddressRefused(OSError):
    """The address is not a public one. An OSError, as the connecting code expects of a socket that can't be had."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, "not a public address")


def is_public(address: str) -> bool:
    """Say whether an address literal belongs to the public internet, and so does any IPv4 address within it."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    inner = embedded(ip) if isinstance(ip, IPv6Address) else ip
    if inner is not None:
        return inner.is_global and not inner.is_multicast and not inner.is_reserved
    return ip in GLOBAL_UNICAST and ip.is_global


def embedded(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to this one end up at: mapped, 6to4 or NAT64."""
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def vetting(may_connect: MayConnect) -> Callable[[AddrInfoType], socket.socket]:
    """Return a socket factory for aiohttp that raises AddressRefused instead of making a forbidden socket."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, proto, _, address = info
        if not may_connect(str(address[0])):
            raise AddressRefused
        return socket.socket(family=family, type=kind, proto=proto)

    return make

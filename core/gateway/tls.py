"""How certificates are checked."""

import ssl
from functools import cache

import httpx


@cache
def tls_context() -> ssl.SSLContext:
    """Read the certificate authorities, which takes tens of milliseconds, once for all connections."""
    return httpx.create_ssl_context()

"""The header that says how long to wait, and the addresses that are public: tables."""

from datetime import UTC, datetime

import pytest

from core.gateway.addresses import is_public
from core.gateway.answers import retry_after_s, took_s

NOW = datetime(2026, 5, 22, 13, 17, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "expected_s"),
    [
        (None, None),
        ("0", 0),
        ("12", 12),
        (" 12 ", 12),
        ("301", 300),
        ("9" * 5000, 300),
        ("Fri, 22 May 2026 13:17:42 GMT", 10),
        ("Friday, 22-May-26 13:17:42 GMT", 10),
        ("Fri, 22 May 2026 15:17:42 +0200", 10),
        ("Fri, 22 May 2026 13:17:42 -0000", 10),
        ("Fri, 22 May 2026 13:00:00 GMT", 0),
        ("Fri, 22 May 2099 13:00:00 GMT", 300),
        ("Fri, 99 May 2026 13:00:00 GMT", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("nan", None),
        ("²", None),
        ("soon", None),
    ],
)
def test_retry_after(header: str | None, expected_s: float | None) -> None:
    assert retry_after_s(header, NOW) == expected_s


PUBLIC = """
    8.8.8.8 2606:4700::1111 ::ffff:8.8.8.8 2002:808:808:: 64:ff9b::808:808
"""
NOT_PUBLIC = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 192.0.0.1 192.0.2.1
    192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:0:0 ::ffff:169.254.169.254 ::ffff:224.0.0.1
    2002:7f00:1:: 2002:a9fe:a9fe:: 64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b:1::808:808 100::1 2001::1 2001:db8::1
    fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 ff0e::1
    127.1 0x7f000001 2130706433 0177.0.0.1 localhost [::1]
"""


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("created", "completed", "expected_s"),
    [
        ("2026-03-31T10:00:00.000Z", "2026-03-31T10:00:15.250Z", 15.25),
        (
            "2026-05-22T13:17:32.110Z",
            "2026-05-22 13:19:23",
            111.89,
        ),  # as the documentation shows both; the whole second
        ("2026-05-22T13:17:32.110Z", None, None),
        ("yesterday", "2026-05-22 13:19:23", None),
    ],
)
def test_took(created: object, completed: object, expected_s: float | None) -> None:
    assert took_s(created, completed) == (expected_s and pytest.approx(expected_s))

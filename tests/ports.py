"""Ports for programs that have to be told theirs."""

import socket
from contextlib import ExitStack, suppress
from random import SystemRandom

OURS = range(10_000, 32_000)
"""Below those that Linux gives to whoever asks for any: nobody gets one of these before its program listens there."""
RANDOM = SystemRandom()
"""Hypothesis seeds the usual one, alike in all processes."""


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        return [_taken(stack) for _ in range(number)]


def _taken(stack: ExitStack) -> int:
    while True:
        with suppress(OSError):
            there = stack.enter_context(socket.create_server(("127.0.0.1", RANDOM.choice(OURS))))
            return int(there.getsockname()[1])

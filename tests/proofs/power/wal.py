"""Recovery of a write-ahead log as SQLite does it, computed from the bytes alone.

The format is SQLite's documented one ("WAL-mode File Format"): a header of 32 bytes, then frames of 24 bytes and a
page. A frame is valid if its salts are the header's and its checksum continues the chain; valid frames count up to the
last one that ends a transaction. The checksum is linear modulo 2**32, so a whole frame is one product of matrices.
"""

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PAGE = 4096
HEADER = 32
FRAME = 24 + PAGE
MAGIC, VERSION = 0x377F0682, 3007000
Words = NDArray[np.uint32]
Log = bytes | bytearray


def _coefficients(pairs: int) -> Words:
    """Return the weights of the first 2 * pairs words, then of both initial sums, in the two final sums."""
    mask = 2**32 - 1
    one, two = (1, 0), (0, 1)  # the weight of a unit of s1 or of s2, as (s1, s2), after the following steps
    columns: list[tuple[int, int]] = []
    for _ in range(pairs):
        # A step: s1 += x0 + s2, then s2 += x1 + s1. A word x0 acts as a unit of s1 before it, x1 as one of s2 after s1.
        after_one, after_two = one, two
        one = ((after_one[0] + after_two[0]) & mask, (after_one[1] + after_two[1]) & mask)
        two = ((one[0] + after_two[0]) & mask, (one[1] + after_two[1]) & mask)
        columns = [one, after_two, *columns]
    return np.array([*columns, one, two], dtype=np.uint32).T.copy()


_HEAD = _coefficients(3)
_BODY = _coefficients(1 + PAGE // 8)
Sums = tuple[int, int]


def checksum(data: bytes, start: Sums, coefficients: Words) -> Sums:
    """Continue SQLite's checksum over bytes read as little-endian words."""
    words = np.concatenate((np.frombuffer(data, dtype="<u4"), np.array(start, dtype=np.uint32)))
    first, second = (coefficients * words).sum(axis=1, dtype=np.uint32)
    return int(first), int(second)


class Link(NamedTuple):
    """A valid frame."""

    page: int
    size: int
    """The database's size in pages if the frame ends a transaction, else 0."""
    sums: Sums


@dataclass
class Chain:
    """The valid frames that were read so far."""

    salts: bytes = b""
    start: Sums = (0, 0)
    links: list[Link] = field(default_factory=list)

    @classmethod
    def begun(cls, log: Log) -> "Chain | None":
        """Read the header; None if it is invalid."""
        if len(log) < HEADER:
            return None
        magic, version, page, _, salts, first, second = struct.unpack_from(">IIII8sII", log)
        if (magic, version, page) != (MAGIC, VERSION, PAGE):
            return None
        if checksum(bytes(log[:24]), (0, 0), _HEAD) != (first, second):
            return None
        return cls(salts, (first, second))

    def follow(self, log: Log, base: int = 0) -> None:
        """Add further valid frames; the bytes begin at offset `base` of the file."""
        sums = self.links[-1].sums if self.links else self.start
        at = HEADER + len(self.links) * FRAME - base
        while at + FRAME <= len(log):
            page, size, salts, first, second = struct.unpack_from(">II8sII", log, at)
            if salts != self.salts or page == 0:
                return
            sums = checksum(bytes(log[at : at + 8]) + bytes(log[at + 24 : at + FRAME]), sums, _BODY)
            if sums != (first, second):
                return
            self.links.append(Link(page, size, sums))
            at += FRAME

    @property
    def committed(self) -> int:
        """The number of frames up to the end of the last complete transaction."""
        return next((n for n in range(len(self.links), 0, -1) if self.links[n - 1].size), 0)

    def cut(self, frames: int) -> "Chain":
        """Return a chain of its first frames."""
        return Chain(self.salts, self.start, self.links[:frames])


def overlaid(image: bytes | bytearray, chain: Chain, log: Log, frames: range, base: int = 0) -> bytes:
    """Return a database with the pages of committed frames applied; `base` as in `follow`."""
    size = chain.links[frames.stop - 1].size * PAGE
    whole = bytearray(image[:size].ljust(size, b"\0"))
    latest = {chain.links[n].page: n for n in frames}
    for page, n in latest.items():
        if page * PAGE <= size:
            at = HEADER + n * FRAME + 24 - base
            whole[(page - 1) * PAGE : page * PAGE] = log[at : at + PAGE]
    return bytes(whole)


def recovered(main: bytes | bytearray, log: Log) -> bytes:
    """Return the database as SQLite would read it. An empty file invalidates its log."""
    chain = Chain.begun(log) if main else None
    if chain is None:
        return bytes(main)
    chain.follow(log)
    return overlaid(main, chain, log, range(chain.committed)) if chain.committed else bytes(main)

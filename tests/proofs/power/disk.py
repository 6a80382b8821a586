"""A model of the disk: what must be on it after a power cut, and what may be.

Everything written before a file's last sync survives. Of later writes, any combination of sectors may survive: that
covers loss, reordering and tearing. Bytes of a sector outside of a write stay unchanged, as SQLite assumes on Unix
(SQLITE_POWERSAFE_OVERWRITE). Where a file grew and sectors were lost, there are zeros, noise, or older content. A
created or removed name may be lost until its folder is synced, which SQLite does with a new log's or journal's first
sync.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import NamedTuple

from tests.proofs.power.recorder import Event

SECTOR = 512
FILLINGS = ("zeros", "zeros", "noise", "stale")
LONGEST_LIST = 6
"""Up to this number of unsynced pieces, every combination is tried."""


class Piece(NamedTuple):
    """The part of a write in one sector; a truncate if data is None."""

    at: int
    data: bytes | None
    write: int
    """The number of the write that it is a part of."""


def pieces(event: Event, number: int) -> Iterator[Piece]:
    """Split a write at sector boundaries."""
    at, data = event.at, event.data
    while data:
        length = SECTOR - at % SECTOR
        yield Piece(at, data[:length], number)
        at, data = at + length, data[length:]


def put(content: bytearray, piece: Piece, base: int = 0) -> None:
    """Apply a piece to content that begins at offset `base` of its file."""
    at, data = piece.at - base, piece.data
    if data is None:
        del content[at:]
    if len(content) < at:
        content.extend(bytes(at - len(content)))
    if data is not None:
        content[at : at + len(data)] = data


@dataclass
class File:
    """One inode."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[Piece] = field(default_factory=list)
    version: int = 0
    """Counts changes of the synced bytes."""
    stale: bytes = b""
    """The content of an earlier file of this name."""

    def sync(self) -> None:
        for piece in self.pending:
            put(self.synced, piece)
        self.version += bool(self.pending)
        self.pending.clear()

    def now(self) -> bytes:
        """Return the content as a reader sees it while the power is on."""
        content = bytearray(self.synced)
        for piece in self.pending:
            put(content, piece)
        return bytes(content)


@dataclass
class Disk:
    """The files of one folder."""

    names: dict[str, File] = field(default_factory=dict)
    """The names as a reader sees them."""
    synced_names: dict[str, File] = field(default_factory=dict)
    writes: int = 0
    commits: int = 0
    acks: list[int] = field(default_factory=list)

    @classmethod
    def holding(cls, content: Mapping[str, bytes]) -> "Disk":
        files = {name: File(bytearray(data)) for name, data in content.items()}
        return cls(dict(files), dict(files))

    def take(self, event: Event) -> None:
        """Apply an event."""
        match event.kind:
            case "open" if event.path not in self.names:
                former = self.synced_names.get(event.path)
                self.names[event.path] = File(stale=bytes(former.synced) if former else b"")
            case "write":
                self.writes += 1
                self.names[event.path].pending.extend(pieces(event, self.writes))
            case "truncate":
                self.writes += 1
                self.names[event.path].pending.append(Piece(event.at, None, self.writes))
            case "sync":
                self._sync(event.path)
            case "delete":
                self.names.pop(event.path, None)
                if event.at:
                    self.synced_names = dict(self.names)
            case "commit":
                self.commits += 1
            case "ack":
                self.acks.append(event.at)

    def _sync(self, name: str) -> None:
        file = self.names[name]
        file.sync()
        if file is not self.synced_names.get(name) and name.endswith(("-wal", "-journal")):
            self.synced_names = dict(self.names)

    def now(self) -> dict[str, bytes]:
        """Return the content of the files while the power is on."""
        return {name: file.now() for name, file in self.names.items()}

    def uncertain(self) -> "Uncertain":
        """Return the choices of a power cut."""
        files = {id(f): f for f in (*self.names.values(), *self.synced_names.values())}.values()
        units = [(file, piece) for file in files for piece in file.pending]
        doubted = sorted(
            name for name in self.names.keys() | self.synced_names.keys()
            if self.names.get(name) is not self.synced_names.get(name)
        )  # fmt: skip
        return Uncertain(units, doubted)


class Uncertain(NamedTuple):
    """Pieces that may be lost, and names that may stand for either of two files; each is one bit of a choice."""

    units: Sequence[tuple[File, Piece]]
    names: Sequence[str]

    @property
    def bits(self) -> int:
        return len(self.units) + len(self.names)


class Cut(NamedTuple):
    """One outcome of a power cut: the bits that were kept, and the filling of lost sectors in a grown file."""

    kept: int
    filling: str = "zeros"


def cuts(uncertain: Uncertain, most: int, rng: random.Random) -> Iterator[Cut]:
    """Yield distinct outcomes: all if they are few, else the extremes and then random ones of many kinds."""
    bits = uncertain.bits
    if bits <= LONGEST_LIST and 2**bits <= most:
        yield from (Cut(kept) for kept in range(2**bits))
        return
    seen = {Cut(0), Cut(2**bits - 1)}
    yield from sorted(seen)[:most]
    for _ in range(most - len(seen)):
        cut = Cut(draw(uncertain, rng), rng.choice(FILLINGS))
        if cut not in seen:
            seen.add(cut)
            yield cut


def draw(uncertain: Uncertain, rng: random.Random) -> int:
    """Draw the bits to keep: a run, a few, all but a few, whole writes, or each sector by itself."""
    bits = uncertain.bits
    every = (1 << bits) - 1
    first = (1 << rng.randrange(bits + 1)) - 1
    few = reduce(or_, (1 << rng.randrange(bits) for _ in range(rng.randint(1, 3))))
    some, others = rng.getrandbits(bits), rng.getrandbits(bits)
    shapes = (first, every ^ first, few, every ^ few, first & ~few, some, some & others, some | others)
    return rng.choice((*shapes, _whole_writes(uncertain, rng)))


def _whole_writes(uncertain: Uncertain, rng: random.Random) -> int:
    share = rng.choice((0.1, 0.5, 0.9))
    fate: dict[int, bool] = {}
    kept = [fate.setdefault(piece.write, rng.random() < share) for _, piece in uncertain.units]
    names = rng.getrandbits(len(uncertain.names)) << len(kept) if uncertain.names else 0
    return sum(1 << n for n, keep in enumerate(kept) if keep) | names


def filler(file: File, piece: Piece, filling: str, noise: bytes) -> bytes:
    """Return the filling for a piece that was lost beyond the synced end of its file."""
    length = len(piece.data or b"")
    if filling == "noise":
        start = piece.at % (len(noise) - SECTOR)
        return noise[start : start + length]
    if filling == "stale":
        return file.stale[piece.at : piece.at + length].ljust(length, b"\0")
    return bytes(length)

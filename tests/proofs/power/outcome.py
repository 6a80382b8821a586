"""One outcome of a power cut, as files and as the database in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.proofs.power import wal
from tests.proofs.power.disk import Cut, Disk, File, Piece, Uncertain, filler, put

MAIN = "books.db"
LOG, JOURNAL = f"{MAIN}-wal", f"{MAIN}-journal"


@dataclass
class Synced:
    """The database of a file's and its log's synced bytes, cached until either changes."""

    main: File
    log: File
    versions: tuple[int, int]
    chain: wal.Chain | None
    committed: int = 0
    image: bytes = b""

    @classmethod
    def of(cls, main: File, log: File, former: "Synced | None") -> "Synced":
        """Read the synced bytes; continue from the cache if only frames were added."""
        made = cls(main, log, (main.version, log.version), wal.Chain.begun(log.synced) if main.synced else None)
        if made.chain is None:
            made.image = bytes(main.synced)
            return made
        same = former and former.main is main and former.log is log and former.versions[0] == main.version
        if same and former and former.chain and former.chain.salts == made.chain.salts:
            made.chain, made.committed, made.image = former.chain.cut(former.committed), former.committed, former.image
        else:
            made.image = bytes(main.synced)
        made.chain.follow(log.synced)
        if made.chain.committed > made.committed:
            added = range(made.committed, made.chain.committed)
            made.image = wal.overlaid(made.image, made.chain, log.synced, added)
            made.committed = made.chain.committed
        return made

    def holds(self, main: File, log: File) -> bool:
        return self.main is main and self.log is log and self.versions == (main.version, log.version)


@dataclass
class Outcomes:
    """Computes outcomes, and caches what they share."""

    noise: bytes
    synced: Synced | None = None
    empty: File = field(default_factory=File)

    def files(self, disk: Disk, uncertain: Uncertain, cut: Cut) -> dict[str, bytes]:
        """Return the files of the folder."""
        return {name: bytes(self._content(file, uncertain, cut)) for name, file in _named(disk, uncertain, cut).items()}

    def image(self, disk: Disk, uncertain: Uncertain, cut: Cut) -> bytes | None:
        """Return the computed database; None with a journal, which only SQLite can read."""
        named = _named(disk, uncertain, cut)
        if JOURNAL in named:
            return None
        main, log = named.get(MAIN, self.empty), named.get(LOG, self.empty)
        if self.synced is None or not self.synced.holds(main, log):
            self.synced = Synced.of(main, log, self.synced)
        changes = list(self._changes(log, uncertain, cut))
        if main.pending:
            content = self._content(main, uncertain, cut)
            if changes or not content:
                return wal.recovered(content, self._content(log, uncertain, cut))
            return self._under_log(content, self.synced, log)
        return self._after_log(self.synced, changes)

    @staticmethod
    def _under_log(main: bytearray, synced: Synced, log: File) -> bytes:
        """Apply the log to a partly written main file."""
        if synced.chain is None or not synced.committed:
            return bytes(main)
        return wal.overlaid(main, synced.chain, log.synced, range(synced.committed))

    @staticmethod
    def _after_log(synced: Synced, changes: Sequence[Piece]) -> bytes:
        """Continue from the frames before the first change."""
        if not changes:
            return synced.image
        log, chain = synced.log, synced.chain
        untouched = (min(piece.at for piece in changes) - wal.HEADER) // wal.FRAME
        if chain and untouched > len(chain.links):
            return synced.image
        if chain and untouched == synced.committed and all(piece.data for piece in changes):
            base = wal.HEADER + untouched * wal.FRAME
            end = max(piece.at + len(piece.data or b"") for piece in changes)
            tail = log.synced[base : end + -(end - base) % wal.FRAME]
            for piece in changes:
                put(tail, piece, base)
            longer = chain.cut(untouched)
            longer.follow(tail, base)
            if longer.committed == untouched:
                return synced.image
            if len(longer.links) - untouched < len(tail) // wal.FRAME:
                return wal.overlaid(synced.image, longer, tail, range(untouched, longer.committed), base)
        content = bytearray(log.synced)
        for piece in changes:
            put(content, piece)
        return wal.recovered(synced.main.synced, content)

    def _content(self, file: File, uncertain: Uncertain, cut: Cut) -> bytearray:
        content = bytearray(file.synced)
        for piece in self._changes(file, uncertain, cut):
            put(content, piece)
        return content

    def _changes(self, file: File, uncertain: Uncertain, cut: Cut) -> Iterator[Piece]:
        """Yield changes of a file's synced bytes: the kept pieces, and the filling of lost ones."""
        if not file.pending:
            return
        kept = f"{cut.kept:b}"[::-1]
        for (of, piece), keep in zip(uncertain.units, kept.ljust(len(uncertain.units), "0"), strict=False):
            if of is not file:
                continue
            if keep == "1":
                yield piece
            elif cut.filling != "zeros" and piece.data is not None and piece.at >= len(file.synced):
                yield piece._replace(data=filler(file, piece, cut.filling, self.noise))


def _named(disk: Disk, uncertain: Uncertain, cut: Cut) -> dict[str, File]:
    """Return the file of each name."""
    if not uncertain.names:
        return disk.names
    named = dict(disk.names)
    for n, name in enumerate(uncertain.names, len(uncertain.units)):
        file = (disk.names if cut.kept >> n & 1 else disk.synced_names).get(name)
        if file is None:
            named.pop(name, None)
        else:
            named[name] = file
    return named

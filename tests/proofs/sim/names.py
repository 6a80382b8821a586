"""The names in the folder of the database: what a crash, or a power cut, leaves of them while a copy takes its place."""

import os
import random
import shutil
from pathlib import Path

PASSING = ("-shm", ".lock")
"""How names end that mean nothing to the next process."""
_link, _unlink, _replace = os.link, os.unlink, os.replace


class Names:
    """Names are on disk once their folder was synced; before that, the first so many changes are, in their order."""

    def __init__(self, live: Path, aside: Path) -> None:
        self._live = live
        self._aside = aside
        self._changes: list[tuple[tuple[Path, Path | None], ...]] = []
        """The names that each step changed, with what they stood for before: under other names, elsewhere."""

    def holds(self, name: Path) -> bool:
        return name.parent == self._live

    def link(self, source: Path, target: Path) -> None:
        _link(source, target)
        self._changes.append(((target, None),))

    def unlink(self, name: Path) -> None:
        before = self._before(name)
        _unlink(name)
        self._changes.append(((name, before),))

    def replace(self, source: Path, target: Path) -> None:
        changed = ((target, self._before(target)), (source, self._before(source)))
        _replace(source, target)
        self._changes.append(changed)

    def _before(self, name: Path) -> Path | None:
        if not name.exists():
            return None
        kept = self._aside / f"before-{len(list(self._aside.iterdir()))}"
        _link(name, kept)
        return kept

    def sync(self) -> None:
        self._changes.clear()

    def copy(self, into: Path) -> None:
        """Copy the files of the folder; two names of one file stay that."""
        copied: dict[int, Path] = {}
        for file in sorted(self._live.iterdir()):
            if file.is_dir() or file.name.endswith(PASSING):
                continue
            first = copied.setdefault(file.stat().st_ino, into / file.name)
            if first.name == file.name:
                shutil.copyfile(file, first)
            else:
                _link(first, into / file.name)

    def lose(self, taken: Path, rng: random.Random) -> None:
        """Undo in a copy the last steps, which a power cut takes back."""
        lost = self._changes[rng.randint(0, len(self._changes)) :]
        for name, before in (change for changed in reversed(lost) for change in changed):
            (taken / name.name).unlink(missing_ok=True)
            if before is not None:
                shutil.copyfile(before, taken / name.name)

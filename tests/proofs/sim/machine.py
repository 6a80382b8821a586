"""The machine that a simulated process believes it runs on: its clocks, its file calls, its log."""

import contextlib
import datetime as dt
import gc
import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bots.app.logs import OURS, Redacting
from core.files import spool
from core.gateway import answers
from storage import restore
from tests.proofs.sim import discord, gateway, telegram

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

SECRETS = (gateway.KEY, telegram.TOKEN, discord.TOKEN, discord.INTERACTION_TOKEN, "canary-callback")
"""What no log and no reply may hold."""


class _Log(logging.Handler):
    """Formats like production, and looks for secrets in what would be written."""

    def __init__(self, history: "History") -> None:
        super().__init__(logging.INFO)
        self.history = history
        self.setFormatter(Redacting(SECRETS[:3], as_json=False))

    def emit(self, record: logging.LogRecord) -> None:
        if self.history.buried:
            return
        record.created = self.history.timeline.now_ms() / 1000
        line = self.format(record)
        self.history.logged(line)
        if "canary" in line:
            self.history.breach("no secret in any log, reply or row", line[:300])


def _datetime(history: "History") -> type[dt.datetime]:
    class Virtual(dt.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Virtual":
            return cls.fromtimestamp(history.timeline.now_ms() / 1000, tz)

    return Virtual


@contextlib.contextmanager
def machine(history: "History") -> Iterator[None]:
    """Let everything in this thread read virtual clocks and write to the simulated disk."""
    timeline, root = history.timeline, logging.getLogger()
    changed: list[tuple[Any, str, Any]] = [
        (time, "time", lambda: timeline.now_ms() / 1000),
        (time, "time_ns", lambda: timeline.now_ms() * 1_000_000),
        (time, "monotonic", lambda: history.incarnation.loop.time()),  # noqa: PLW0108 - the loop changes
        (os, "fsync", history.disk.fsync),
        (os, "replace", history.disk.replace),
        (os, "link", history.disk.link),
        (os, "unlink", history.disk.unlink),
        (restore, "SqliteDriver", history.restores.driver),
        (restore, "datetime", _datetime(history)),
        (answers, "datetime", _datetime(history)),
        (spool, "token_hex", lambda size: f"{history.timeline.rng.getrandbits(size * 8):x}"),
        (root, "handlers", [_Log(history)]),
        (sys, "unraisablehook", lambda _: None),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changed]
    level = root.level
    for owner, name, value in changed:
        setattr(owner, name, value)
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
    gc.disable()
    try:
        yield
    finally:
        history.bury()
        root.setLevel(level)
        for name in OURS:
            logging.getLogger(name).setLevel(logging.NOTSET)
        for owner, name, value in before:
            setattr(owner, name, value)
        gc.enable()

"""Faults that come over a whole process or machine at some moment."""

import sqlite3
from typing import TYPE_CHECKING

from core.domain.errors import StoreError
from storage.backup import backup
from storage.books_sql import CHECKS
from tests.proofs.sim.faults import Kind
from tests.proofs.sim.gateway import HOST as GATEWAY
from tests.proofs.sim.telegram import HOST as TELEGRAM

if TYPE_CHECKING:
    from tests.proofs.sim.history import History
    from tests.proofs.sim.incarnation import Incarnation

EDGES_MS = {"day": 43_200_000, "month": 1_166_400_000}
"""From the usual start to the next midnight, and to the next month."""


def plan(history: "History") -> None:
    """Say when each will come."""
    timeline, until_s = history.timeline, history.people.faults_end_s
    for kind in history.mix.kinds.get("era", []):
        timeline.after(timeline.rng.uniform(5, until_s), strike, history, kind)
    timeline.after(timeline.rng.uniform(1, until_s), history.point, "any moment")
    for name, act in (("drain", drain), ("backup", back_up)):
        if f"kill {name}" in history.mix.kinds:
            timeline.after(timeline.rng.uniform(5, until_s), act, history)


def set_start(history: "History") -> None:
    """Begin shortly before the edge of a period, if the seed wants that."""
    for kind in history.mix.kinds.get("start", []):
        history.mix.fired[kind.name] += 1
        history.timeline.start_ms += EDGES_MS[kind.data] - round(history.timeline.rng.uniform(10, 150) * 1000)


def strike(history: "History", kind: Kind) -> None:
    if history.mix.over:
        return
    if history.incarnation.dead:  # what is not there can't be put to sleep
        history.timeline.after(5, strike, history, kind)
        return
    history.mix.fired[kind.name] += 1
    history.tell(f"fault: {kind.name}")
    match kind.data:
        case ("clock", int(ms)):
            history.timeline.wall_offset_ms += ms
        case ("suspend", float(span_s)):
            _put_to_sleep(history, span_s)
            history.incarnation.loop.frozen_s += span_s
        case ("freeze", float(span_s)):
            _put_to_sleep(history, span_s)
        case ("full", float(span_s)):
            history.disk.full_until_s = history.timeline.now_s + span_s
        case str(cut):
            span_s = history.deadline_s + 60.0 if cut == "long cut" else 25.0
            others = sorted({*history.wire.addresses, TELEGRAM} - {GATEWAY})
            for host in (GATEWAY, *history.timeline.rng.sample(others, history.timeline.rng.randint(0, len(others)))):
                history.wire.cut_until_s[host] = history.timeline.now_s + span_s


def _put_to_sleep(history: "History", span_s: float) -> None:
    """Let nothing run for so long, after whatever sleep it is in already: else its clock would go back."""
    loop = history.incarnation.loop
    loop.asleep_until_s = max(loop.asleep_until_s, history.timeline.now_s) + span_s


def drain(history: "History") -> None:
    if not history.incarnation.dead:
        history.tell("asked to stop")
        history.incarnation.loop.call_soon(history.incarnation.stop.set)
        history.timeline.after(history.timeline.rng.uniform(0, 5), _while_draining, history, history.incarnation)


def _while_draining(history: "History", incarnation: "Incarnation") -> None:
    if history.incarnation is incarnation:
        history.point("drain")


def back_up(history: "History") -> None:
    if history.incarnation.dead or not history.incarnation.ready:
        return
    history.tell("a backup is made")
    target = history.disk.root / f"backup-{history.serial()}.db"
    try:
        backup(history.disk.database, target)
    except StoreError as error:
        history.tell(f"no backup: {error}")
        return
    copy = sqlite3.connect(target)
    for rule, query in CHECKS.items():
        if copy.execute(query).fetchone() is not None:
            history.breach(rule, "in a backup")
    copy.close()
    history.point("backup")

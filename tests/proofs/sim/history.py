"""One history: a seed's worth of people, faults and crashes, until everything has come to rest."""

import asyncio
import gc
import hashlib
import json
import random
import re
import sqlite3
import tempfile
import warnings
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from aiohttp import payload, web_app

from core.domain.errors import StoreError
from tests.proofs.sim import eras, invariants
from tests.proofs.sim.discord import DiscordWorld
from tests.proofs.sim.disk import Disk
from tests.proofs.sim.faults import Kind, Mix
from tests.proofs.sim.faults_chat import MIXED
from tests.proofs.sim.gateway import GatewayWorld, played
from tests.proofs.sim.incarnation import Incarnation
from tests.proofs.sim.machine import SECRETS, machine
from tests.proofs.sim.people import People
from tests.proofs.sim.restores import Restoration, Restores
from tests.proofs.sim.telegram import TelegramWorld
from tests.proofs.sim.timeline import Timeline
from tests.proofs.sim.wire import Wire

MOST_STEPS = 400_000
_NAMED = re.compile(r"details:([0-9a-z]{18})")
_REFUSALS = {
    "telegram: kicked", "telegram: blocked", "telegram: chat not found", "telegram: text refused", "discord: 50001",
    "discord: 50013", "discord: 10003 unknown channel", "discord: 50001 on a post", "discord: 50013 on a post",
    "telegram: edit not modified",  # which says that the words are there already
    "discord: 413", "discord: 40005",  # of words, too
}  # fmt: skip
REST_S = 28 * 3600.0
"""How long after the last fault everything may take to come to rest: a question may be open for a day."""
SETTLED_S = 60.0
"""How long after the last fault it may still be felt."""
MOST_KILLS = 4
WAITS = (
    "The audio service can't be reached, trying",
    "The audio service is too busy at the moment, trying",
    "The service is out of credit, waiting",
    "The audio service does not let this bot in at the moment, trying",
)
ACKNOWLEDGED = ("Working on it", "Next in line", "At most", "Generating", "Sending the audio", *WAITS)


class History:
    """Everything of one seed; after `run`, `broken` names the first rule that did not hold."""

    def __init__(self, seed: int, template: Path | None = None, *, featured: Kind | None = None) -> None:
        self.seed = seed
        rng = random.Random(seed)  # noqa: S311 - a simulation
        self.timeline = Timeline(rng)
        self.mix = Mix(rng, MIXED, featured if featured in MIXED else MIXED[seed % len(MIXED)])
        self.broken: tuple[str, str] | None = None
        self.story: list[str] = []
        self.steps = self.kills = 0
        self.last_entry = 0
        self.buried = False
        self.troubled: set[str] = set()
        self.told: set[int] = set()
        self.acknowledged: set[int] = set()
        self.ambiguous: set[int] = set()
        self.doubts: Counter[str] = Counter()
        self.heard_on_discord: set[int] = set()
        self.pressed: Counter[int] = Counter()
        """How often whoever ordered asked to send again, by order."""
        self.filed: Counter[int] = Counter()
        """How often they asked to have it as a file."""
        self.taken_back: set[int] = set()
        """Orders that whoever ordered asked to cancel."""
        self.parts_heard: dict[int, tuple[int, ...]] = {}
        self.parts = random.Random(f"parts {seed}").random() < 0.4  # noqa: S311 - a simulation
        """Whether a text is more than one request takes."""
        self._events: dict[str, int] = {}
        self._jobs: dict[str, int] = {}
        self._serial = 0
        self.unhandled: list[str] = []
        """Errors that nobody waited for, of every process."""
        self._doomed = self._calm = self._rest_asked = self._last_call = False
        self.calm_s = 0.0
        """When the last fault was over."""
        self.asked_last: set[str] = set()
        """Jobs whose audio somebody asked for when all was calm."""
        self._remains: list[Any] = []
        self._log_hash = hashlib.blake2b(digest_size=8)
        self.webhooks = rng.random() < 0.5
        self.narrow = any(kind.site == "pool" for kinds in self.mix.kinds.values() for kind in kinds)
        self.deadline_s, self.queue_s = rng.choice(((120, 120), (60, 200), (900, 900)))
        self.wire = Wire(self)
        self.gateway, self.telegram, self.discord = GatewayWorld(self), TelegramWorld(self), DiscordWorld(self)
        where = "/dev/shm" if Path("/dev/shm").is_dir() else None
        self.restores = Restores(self, featured)
        fresh = (
            rng.random() < 0.03 or template is None or "migration" in str(self.mix.featured) or self.restores.migrates
        )
        self.disk = Disk(self, Path(tempfile.mkdtemp(prefix="troubadour-", dir=where)), None if fresh else template)
        self.people = People(self)
        self.incarnation: Incarnation | Restoration

    # --- the course of it -----------------------------------------------------------------------------------------

    def run(self) -> "History":
        """Live through all of it."""
        eras.set_start(self)
        self.incarnation = Incarnation(self, 1)
        with machine(self):
            self.people.begin()
            self.timeline.after(self.people.faults_end_s, self._stop_faults)
            eras.plan(self)
            self.restores.begin()
            while self.broken is None and not self._at_rest():
                self._step()
            if self.unhandled and self.broken is None:
                self.breach("no error is lost", self.unhandled[0])
            if self.broken is None:
                assert self.disk.connection is not None
                invariants.check_end(self, self.disk.connection)
        self.disk.close()
        return self

    def _step(self) -> None:
        self.steps += 1
        loop, timeline = self.incarnation.loop, self.timeline
        due_s, world_s = loop.next_s, timeline.next_s
        if due_s < world_s or (due_s == world_s and timeline.rng.random() < 0.5):
            loop.step(due_s)
        else:
            timeline.run_next()
        if self._doomed:
            self._doomed = False
            self._remains += self.incarnation.die()
            self.timeline.after(self.timeline.rng.choice((0.2, 3.0, 40.0)), self._start_again)
        if self.incarnation.main.done() and not self.incarnation.dead:
            self._ended()
        if self.steps > MOST_STEPS:
            self.breach("everything comes to rest", f"{MOST_STEPS} steps")

    def _ended(self) -> None:
        """The process ended by itself: after a drain, or because it could not start."""
        error = self.incarnation.main.exception()
        self.tell(f"the process ended: {error!r}")
        wanted = error is None and self.incarnation.stop.is_set()
        calm = self.timeline.now_s > self._awake_since_s(self.people.faults_end_s) + SETTLED_S
        if not wanted and (calm or not isinstance(error, StoreError)):
            self.breach("the process ends only when it is told to, or where the store can't be opened", repr(error))
        self.disk.snapshot(power=False)
        self._doomed = self.incarnation.dead = self.incarnation.loop.dead = True

    def _awake_since_s(self, since_s: float) -> float:
        """Return that time, or when the process woke up if it slept through it."""
        return max(since_s, self.incarnation.loop.asleep_until_s)

    def _start_again(self) -> None:
        self.disk.restore()
        self.wire.stop_listening()
        number = self.incarnation.number + 1
        self.incarnation = self.restores.process(number) or Incarnation(self, number)
        self.tell(f"process {number} starts")

    def _stop_faults(self) -> None:
        self.mix.over = True
        self.tell("the faults stop")
        self.calm_s = max(self.timeline.now_s, *self.wire.cut_until_s.values(), 0.0)
        self.timeline.after(self.calm_s - self.timeline.now_s, self._be_calm)

    def _be_calm(self) -> None:
        """Go on without faults, once the last partition is over."""
        self._calm = True
        self._look()

    def _look(self) -> None:
        """After the faults, look from time to time whether all is at rest."""
        self.people.answer_questions()
        if self.timeline.now_s > self._awake_since_s(self.calm_s) + REST_S:
            self.breach("everything comes to rest", self._restless())
        self._rest_asked = True
        self.timeline.after(10.0, self._look)

    def _at_rest(self) -> bool:
        if not (self._calm and self._rest_asked):
            return False
        self._rest_asked = False
        return not self._restless() and not self._ask_again()

    def _ask_again(self) -> bool:
        """Let people ask for what was kept, once, now that nothing goes wrong; return whether anybody did."""
        if self._last_call:
            return False
        self._last_call = True
        assert self.disk.connection is not None
        kept = self.disk.connection.execute(
            "SELECT jobs.job_id, member FROM jobs JOIN deliveries ON deliveries.job_id = jobs.job_id "
            "WHERE deliveries.state = 'undeliverable' AND jobs.kept = 1"
        )
        self.asked_last = self.people.press_kept({job: int(member.partition(":")[2]) for job, member in kept})
        return bool(self.asked_last)

    def _restless(self) -> str:
        """Say what is not over yet; "" at rest."""
        connection = self.disk.connection
        if self.incarnation.dead or not self.incarnation.ready or connection is None:
            return "the process is down"
        if self.timeline.now_s < self.incarnation.loop.asleep_until_s:
            return "the machine sleeps"
        if self.telegram.updates:
            return "updates wait"
        open_jobs = connection.execute("SELECT job_id, state FROM jobs WHERE closed_ms IS NULL").fetchall()
        holds = connection.execute("SELECT job_id FROM holds").fetchall()
        return ", ".join(str(tuple(row)) for row in (*open_jobs, *holds))

    # --- faults ---------------------------------------------------------------------------------------------------

    def draw(self, site: str) -> Kind | None:
        kind = self.mix.draw(site)
        if kind is not None:
            self.tell(f"fault: {kind.name}")
        return kind

    def point(self, name: str) -> None:
        """Pass an instant at which the process may be killed."""
        if self.incarnation.dead or self.kills >= MOST_KILLS or self.draw(f"kill {name}") is None:
            return
        self.kills += 1
        self.kill(name, power=self.timeline.rng.random() < 0.4)

    def kill(self, name: str, *, power: bool = False) -> None:
        """Let the process be gone, or the machine be without power for a moment."""
        self.tell(f"killed at: {name}{' (power cut)' if power else ''}")
        self.disk.snapshot(power=power)
        self._doomed = self.incarnation.dead = self.incarnation.loop.dead = self.incarnation.loop.dying = True

    # --- what the worlds and the store report ---------------------------------------------------------------------

    def committed(self, connection: sqlite3.Connection, effects: Sequence[str]) -> None:
        """Look at the database after a commit that changed it."""
        if effects:
            self.tell(", ".join(effects))
        if "migration" in effects:
            self.restores.committed(effects)
            return  # the rules need all tables: they are asked after the next commit
        invariants.check_rows(self, connection)
        if "admission commit" in effects:
            invariants.check_admissions(self, connection)
        if "pending commit" in effects:
            invariants.check_reopened(self, connection)
        if "undeliverable commit" in effects:
            for (event,) in connection.execute(invariants.UNCERTAIN):
                self.ambiguous.add(self.order_of(event))
        self.restores.committed(effects)

    def admitted(self, order: int, event: str, job_id: str) -> None:
        """Note a new job: it must stand for one thing that somebody did."""
        is_twice = order in self._jobs.values() and not self.restores.forgetting.placed_again(order)
        if is_twice or not self.people.knows(order, event):
            self.breach("one job per platform event", f"order {order}, event {event}")
        self._jobs[job_id] = order
        self._events[event] = order

    def order_of(self, event: str) -> int:
        return self._events.get(event, -1)

    def chat_says(self, order: int, text: str) -> None:
        """Note what somebody can read about their order."""
        if self.restores.forgetting.is_past(order):
            return
        self.restores.forgetting.said[order] = text
        if text.startswith(ACKNOWLEDGED) or " before you: " in text:
            self.acknowledged.add(order)
            if order not in self._jobs.values() or order in self.restores.forgetting.forgotten:
                self.breach("what is acknowledged is in the books", f"order {order}: {text}")
        else:
            self.told.add(order)

    def order_of_job(self, job_id: str) -> int | None:
        return self._jobs.get(job_id)

    def chat_says_elsewhere(self, text: str, offered: object) -> None:
        """Note what stands apart from the order, which its buttons name, as in a group that has moved."""
        if (found := _NAMED.search(json.dumps(offered))) and found[1] in self._jobs:
            self.chat_says(self._jobs[found[1]], text)

    def shown(self, text: str) -> None:
        if any(secret in text for secret in SECRETS):
            self.breach("no secret in any log, reply or row", text[:200])

    def logged(self, line: str) -> None:
        if self.narrow and "ConnectionTimeoutError" in line:
            self.mix.fired["network: pool exhausted"] += 1
        self._log_hash.update(line.partition("\n")[0].replace(str(self.disk.root), "").encode())

    def hear(self, sound: bytes, where: str) -> int:
        """Note what somebody can play, and return the order; -1 for what is not whole."""
        found = played(sound)
        if found is None:
            self.breach("audio arrives whole", f"{sound[:40]!r} {where}")
            return -1
        order, self.parts_heard[found[0]] = found
        return order

    def check_heard(self, platform: str, order: int, times: int) -> None:
        """Allow audio once more only as a file, or where its sending was uncertain and somebody asked again."""
        if order in self.gateway.misled:
            return  # the gateway itself took one job's request for another's
        again = self.pressed[order] if order in self.ambiguous else 0
        if times > self.restores.forgetting.most_heard(order, 1 + self.filed[order] + again):
            rule = "one message with audio per job, unless its outcome was unknown and somebody asked again"
            self.breach(rule, f"order {order} on {platform}: {times}, asked again {self.pressed[order]}")

    def asked(self, order: int) -> int:
        """Return how often whoever ordered asked for its audio."""
        return self.pressed[order] + self.filed[order] + self.restores.forgetting.taken[order]

    def moved(self, old: str, new: str) -> None:
        self.troubled |= {old, new}

    @property
    def open_chats(self) -> bool:
        """Whether no chat refuses what the bot has to say; what only delays it is waited for."""
        drawn = {kind.name for kinds in self.mix.kinds.values() for kind in kinds}
        return self._spared("people") and drawn.isdisjoint(_REFUSALS)

    @property
    def takes_all(self) -> bool:
        """Whether whatever Telegram brings must come into the books, however often the process is killed."""
        return not self.narrow and self._spared("tg.", "net.", "era", "people", "db", "gw.submit", "start")

    def _spared(self, *sites: str) -> bool:
        return not any(site.startswith(sites) for site in self.mix.kinds)

    # --- the record -----------------------------------------------------------------------------------------------

    def serial(self) -> int:
        self._serial += 1
        return self._serial

    def tell(self, what: str) -> None:
        self.story.append(f"{self.timeline.now_s:9.3f}s  {what}".replace(str(self.disk.root), ""))

    def breach(self, rule: str, detail: str) -> None:
        """Note the first broken rule; the history ends there."""
        if self.broken is None:
            self.broken = (rule, detail)
            self.tell(f"BROKEN: {rule}: {detail}")

    @property
    def trace(self) -> str:
        """A hash of everything that happened: two runs of a seed agree on it."""
        record = (self.story, self.steps, self.timeline.rng.random(), self._log_hash.hexdigest())
        return hashlib.blake2b(repr(record).encode(), digest_size=8).hexdigest()

    @property
    def admitted_orders(self) -> Collection[int]:
        return self._jobs.values()

    @property
    def orders(self) -> int:
        return len(self._jobs)

    @property
    def fired(self) -> Counter[str]:
        return self.mix.fired

    def bury(self) -> None:
        """Let go of every process; whatever still runs in them touches nothing that counts."""
        self._remains += self.incarnation.die()
        self.buried = True
        _look_at_errors(self._remains)
        self.timeline.forget()
        self.wire.stop_listening()
        self.telegram.hang_up()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._remains.clear()
            del self.incarnation
            # The library keeps a thousand servers and every file that is being closed, and with them the whole history.
            web_app._cached_build_middleware.cache_clear()
            payload._CLOSE_FUTURES.clear()
            gc.collect()  # now, while all that the dead may touch is out of reach of the living


def _look_at_errors(remains: Sequence[Any]) -> None:
    """Retrieve errors, or asyncio reports them as forgotten."""
    for item in remains:
        if isinstance(item, asyncio.Task) and item.done() and not item.cancelled():
            item.exception()

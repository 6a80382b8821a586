"""The Store port in SQL: which statements make up each transaction, and rows as the core's values."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields as fields_of
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Unpack

from core.domain.communities import Approval, Communities, Newcomer
from core.domain.errors import StaleJob
from core.domain.lifecycle import ENDED, Late, Reason, State, may_move, settles, voids
from core.domain.models import Artifact, Caller, Changes, Destination, Job, MoveChanges, Order, Person
from core.domain.policy import OFFER_MS
from core.domain.quota import DAY_MS, Period, Quota, QuotaSource, Standing, day_of, window
from core.domain.refusals import Limit, Missing, Need, NotFound, NotPermitted
from core.domain.reports import Entry, EntryKind
from core.ports import Clock
from core.stores import Admission, Admitted
from storage import accounts_sql, communities_sql, jobs_sql, members_sql, money_sql
from storage.driver import Driver, Row, Statement, Unexpected, run_once
from storage.migrate import migrate
from storage.rows import TOTAL, entry_of, joined, limits_of, newcomer_of, split, whose

READ = 512
"""Texts of rows that are kept as they were read."""
ASK_PAUSE_MS = 3_600_000
"""Between a decision on a member's wish and their next wish."""
OFFERS_KEPT_MS = 2 * DAY_MS
"""How long offers that have expired are in the table still: they may only seem to, while the clock is wrong."""
ASK_FORGET_MS = DAY_MS
"""After which a wish that nobody decided on is no obstacle to another."""
MOST_WAITING = 1000
"""Communities that wait for their operator, the newest."""
MOST_KNOWN = 10_000
"""Communities and members whose rows are known to be there, so that they are not inserted with each order."""
_COLUMNS = MoveChanges.__optional_keys__ | {"state", "updated_ms", "resolved_ms"}
"""What may change in a job's row, but for the worker that carries it."""
_OF_JOB = frozenset(field.name for field in fields_of(Job))


class SqlStore:
    """Implements `core.stores.Store` on either engine."""

    def __init__(
        self,
        driver: Driver,
        clock: Clock,
        default_pool_micros: int | None = None,
        total_pool_micros: int | None = None,
        *,
        communities: Communities = Communities.OPEN,
        allowed: Collection[str] = (),
    ) -> None:
        """`default_pool_micros`: what a community may spend in a month unless an operator says; None is unlimited.

        `total_pool_micros`: what the operator may have to pay for a month, over all communities; None is unlimited.
        `allowed`: communities that need no approval where `communities` says list.
        """
        self._driver = driver
        self._clock = clock
        self.default_pool_micros = default_pool_micros
        self._total_pool_micros = total_pool_micros
        self._communities = communities
        self._allowed = frozenset(allowed)
        self._known: set[tuple[str, str]] = set()

    async def open(self) -> None:
        """Connect and bring the schema up to date. Raises SchemaTooNew, StoreBusy."""
        await self._driver.open()
        try:
            await migrate(self._driver, self._clock.now_ms())
        except BaseException:
            await self._driver.close()
            raise

    async def close(self) -> None:
        """Commit what is waiting and disconnect."""
        await self._driver.close()

    # --- jobs and money -------------------------------------------------------------------------------------------

    async def admit(self, admission: Admission) -> Admitted:
        order = admission.order
        caller = order.caller
        args = {
            **self._spending(caller.community, caller.member, admission.operator_quota, caller.roles),
            "channel": caller.channel,
            "confirmed": int(admission.confirmed),
            "admits": joined(tuple(Approval) if caller.direct else self._admits(caller.community)),
            "job_id": admission.job_id,
            "event_id": order.event_id,
            "platform": caller.platform,
            "name": caller.name,
            "direct": int(caller.direct),
            "handle": _folded(caller.handle),
            "product": order.product,
            "parameters": json.dumps(dict(admission.parameters)),
            "characters": admission.characters,
            "price_micros": admission.price_micros,
            "cost_micros": admission.cost_micros,
            "max_waiting": admission.max_waiting,
            "destination": _destination(order.destination),
            "locale": caller.locale,
            "callback_token": admission.callback_token,
            "kind": EntryKind.HOLD.value,
            "sign": 1,
        }
        pair = (caller.community, caller.member)
        know = () if pair in self._known else (communities_sql.KNOW, *accounts_sql.OPEN)
        texts = (*know, *money_sql.ADMIT, jobs_sql.JOB_BY_EVENT, money_sql.REFUSAL)
        touched = whose(*pair)
        if self._total_pool_micros is not None:
            touched += (TOTAL,)
        statements = [Statement(text, args, otherwise=text is money_sql.REFUSAL) for text in texts]
        results = await run_once(self._driver, statements, alone=touched, happened=statements[-2])
        if results is None:  # the answer was lost: what it said is asked for again
            results = await self._driver.run(statements[-2:])
        found, refused = results[-2:]
        if not found and refused[0]["refused_by"] == "unknown":  # it was known, and has been forgotten since
            self._known.discard(pair)
            return await self.admit(admission)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(pair)
        if not found:
            return Admitted(refused_by=Limit(refused[0]["refused_by"]), standing=_standing(refused[0]))
        job = job_of(found[0])
        return Admitted(job=job, duplicate=job.job_id != admission.job_id)

    async def move(self, job: Job, to: State, **changes: Unpack[MoveChanges]) -> Job:
        if not may_move(job.state, to):
            raise StaleJob(f"{job.job_id} can't go from {job.state} to {to}")
        args: dict[str, Any] = {"job_id": job.job_id, "member": job.member, "now_ms": self._clock.now_ms()}
        values: dict[str, object] = {**changes, "state": to.value, "updated_ms": args["now_ms"]}
        if settles(job.state, to) or voids(job.state, to):
            values["resolved_ms"] = args["now_ms"]
        if to is State.LATE:
            values["late"] = Late.CAME
        statements = [self._change(job, values)]
        if settles(job.state, to):
            statements += [Statement(money_sql.LEDGER_CHARGE, args, 1), Statement(money_sql.CLOSE_HOLD, args, 1)]
        elif voids(job.state, to):
            args |= {"kind": EntryKind.VOID.value, "sign": -1}
            statements.append(Statement(money_sql.LEDGER_HOLD, args, 1))
            statements += [Statement(text, args) for text in money_sql.GIVE_BACK]
            statements.append(Statement(money_sql.CLOSE_HOLD, args, 1))
        if changes.get("upstream_micros"):
            lost = {**args, "upstream_micros": changes["upstream_micros"]}
            statements += [Statement(money_sql.LEDGER_UPSTREAM, args, 1), Statement(money_sql.DRAW_UPSTREAM, lost, 1)]
        return await self._run_change(job, statements)

    async def update(self, job: Job, **changes: Unpack[Changes]) -> Job:
        return await self._run_change(job, [self._change(job, changes)])

    async def close_job(self, job: Job, *, keep_files: bool, destination: Destination | None = None) -> Job:
        if job.state not in ENDED:
            raise StaleJob(f"{job.job_id} is {job.state}, which is not an end")
        kept = destination or Destination(job.platform)
        changes: MoveChanges = {"closed_ms": self._clock.now_ms(), "destination": kept}
        if not keep_files:
            changes["artifacts"] = ()
        return await self._run_change(job, [self._change(job, changes)])

    async def place(self, job_id: str, destination: Destination) -> None:
        args = {"job_id": job_id, "destination": _destination(destination)}
        await self._driver.run([Statement(jobs_sql.PLACE, args)])

    async def job(self, job_id: str) -> Job | None:
        return await self._one(Statement(jobs_sql.JOB, {"job_id": job_id}))

    async def ordered(self, event_id: str) -> Job | None:
        return await self._one(Statement(jobs_sql.JOB_BY_EVENT, {"event_id": event_id}))

    async def again(self, job: Job) -> Job:
        now = await self.job(job.job_id)
        if now is None or now.worker_id != job.worker_id:
            raise StaleJob(f"{job.job_id} is carried by another worker")
        return now

    async def unfinished(self) -> list[Job]:
        (rows,) = await self._driver.run([Statement(jobs_sql.UNFINISHED)])
        return [job_of(row) for row in rows]

    async def oldest_waiting(self) -> Job | None:
        return await self._one(Statement(jobs_sql.OLDEST_WAITING))

    async def kept_before(self, before_ms: int, most: int) -> list[Job]:
        (rows,) = await self._driver.run([Statement(jobs_sql.KEPT, {"before_ms": before_ms, "most": most})])
        return [job_of(row) for row in rows]

    async def awaited_before(self, before_ms: int, most: int) -> list[Job]:
        (rows,) = await self._driver.run([Statement(jobs_sql.AWAITED, {"before_ms": before_ms, "most": most})])
        return [job_of(row) for row in rows]

    # --- quotas and people ----------------------------------------------------------------------------------------

    async def standing(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str] = ()) -> Standing:
        args = self._spending(community, member, operator_quota, roles)
        (rows,) = await self._driver.run([Statement(money_sql.STANDING, args)])
        return _standing(rows[0])

    async def total_left(self) -> int | None:
        """Return what is left of the total pool this month; None is unlimited."""
        if self._total_pool_micros is None:
            return None
        month_ms, _ = window(Period.MONTH, self._clock.now_ms())
        (rows,) = await self._driver.run([Statement(money_sql.TOTAL, {"month_ms": month_ms})])
        return self._total_pool_micros - (int(rows[0]["used_micros"]) if rows else 0)

    async def offer(self, offer_id: str, order: Order, cost_micros: int, expires_ms: int) -> str:
        caller = order.caller
        args: dict[str, Any] = {
            "offer_id": offer_id,
            "event_id": order.event_id,
            "placed": _placed(order),
            "cost_micros": cost_micros,
            "expires_ms": expires_ms,
        }
        args |= {"community": caller.community, "member": caller.member}
        args["forgotten_ms"] = self._clock.now_ms() - OFFERS_KEPT_MS
        texts = (communities_sql.KNOW, members_sql.FORGET_OFFERS, members_sql.OFFER)
        *_, rows = await self._driver.run([Statement(text, args) for text in texts], beside=whose(caller.community))
        return str(rows[0]["offer_id"])

    async def read_offer(self, caller: Caller, offer_id: str) -> tuple[Order, int]:
        args = {"offer_id": offer_id, "community": caller.community}
        (rows,) = await self._driver.run([Statement(members_sql.READ_OFFER, args)])
        if not rows or self._clock.since_ms(rows[0]["expires_ms"] - OFFER_MS) >= OFFER_MS:
            raise NotFound(Missing.OFFER, offer_id)
        if rows[0]["member"] != caller.member:
            raise NotPermitted(Need.OWNER)
        placed = json.loads(rows[0]["placed"])
        where = Destination(placed["destination"]["platform"], placed["destination"]["data"])
        return Order(**{**placed, "destination": where, "caller": caller}), int(rows[0]["cost_micros"])

    async def drop_offer(self, offer_id: str) -> None:
        await self._driver.run([Statement(members_sql.DROP_OFFER, {"offer_id": offer_id})])

    async def ask(self, credit_request_id: str, caller: Caller, amount_micros: int) -> bool:
        args: dict[str, Any] = {
            "credit_request_id": credit_request_id,
            "community": caller.community,
            "member": caller.member,
            "name": caller.name,
        }
        now_ms = self._clock.now_ms()
        args |= {"amount_micros": amount_micros, "now_ms": now_ms}
        args |= {"paused_ms": now_ms - ASK_PAUSE_MS, "forgotten_ms": now_ms - ASK_FORGET_MS}
        alone = whose(caller.community, caller.member)
        texts = (communities_sql.KNOW, *accounts_sql.OPEN, members_sql.FORGET_WISHES, members_sql.ASK)
        *_, rows = await self._driver.run([Statement(text, args) for text in texts], alone=alone)
        return bool(rows)

    async def withdraw(self, credit_request_id: str, caller: Caller) -> None:
        """Forget a member's wish that is open."""
        args = {"credit_request_id": credit_request_id, "community": caller.community, "member": caller.member}
        await self._driver.run([Statement(members_sql.WITHDRAW, args)])

    async def entries(self, community: str, member: str, most: int) -> list[Entry]:
        args = {"community": community, "member": member, "most": most}
        (rows,) = await self._driver.run([Statement(members_sql.ENTRIES, args)])
        return [entry_of(row) for row in rows]

    async def remember(self, community: str, person: Person, handle: str | None) -> None:
        args: dict[str, Any] = {"community": community, "member": person.member, "name": person.name}
        args |= {"handle": _folded(handle), "now_ms": self._clock.now_ms()}
        statements = [Statement(text, args) for text in (communities_sql.KNOW, members_sql.REMEMBER)]
        await self._driver.run(statements, beside=whose(community, person.member))

    async def find_handle(self, community: str, handle: str) -> Person | None:
        """Return the member that last used this @name (any case) here, or None."""
        args = {"community": community, "handle": _folded(handle)}
        (rows,) = await self._driver.run([Statement(members_sql.FIND_HANDLE, args)])
        return Person(member=rows[0]["member"], name=rows[0]["name"]) if rows else None

    async def move_community(self, old: str, new: str) -> None:
        args = {"old": old, "new": new}
        alone = ("communities", *whose(old), *whose(new))
        (moved,) = await self._driver.run([Statement(communities_sql.MOVE, args)], alone=alone)
        if not moved:  # the new key has rows already, or else there is nothing to move
            await self._driver.run([Statement(text, args) for text in communities_sql.MERGE], alone=alone)

    async def see_community(
        self, community: str, title: str, member: str = "", name: str = "", *, was_added: bool = False, locale: str = ""
    ) -> tuple[bool, bool]:
        args: dict[str, Any] = {"community": community, "title": title, "member": member, "name": name}
        args |= {"was_added": int(was_added), "locale": locale, "now_ms": self._clock.now_ms(), "most": MOST_WAITING}
        results = await self._driver.run(
            [Statement(text, args) for text in communities_sql.SEE], alone=("communities", *whose(community))
        )
        return bool(results[0]), results[3][0]["state"] in self._admits(community)

    async def decision(self, community: str) -> Approval:
        (rows,) = await self._driver.run([Statement(communities_sql.COMMUNITY, {"community": community})])
        return Approval(rows[0]["state"]) if rows else Approval.WAITING

    async def waiting(self) -> list[Newcomer]:
        if self._communities is Communities.OPEN:
            return []
        (rows,) = await self._driver.run([Statement(communities_sql.WAITING)])
        found = [newcomer_of(row) for row in rows]
        return [each for each in found if Approval.WAITING not in self._admits(each.community)]

    async def note_told(self, communities: Sequence[str]) -> None:
        args = {"told": joined(communities), "now_ms": self._clock.now_ms()}
        await self._driver.run([Statement(communities_sql.NOTE_TOLD, args)], alone=("communities",))

    def lets_in(self) -> dict[str, Any]:
        """Return which communities need no approval: all, or those of a list."""
        listed = self._allowed if self._communities is Communities.LIST else ()
        return {"is_open": int(self._communities is Communities.OPEN), "allowed": joined(sorted(listed))}

    # --- helpers --------------------------------------------------------------------------------------------------

    def _admits(self, community: str) -> tuple[Approval, ...]:
        """Return the states in which orders of a community are taken."""
        is_listed = self._communities is Communities.LIST and community in self._allowed
        is_free = is_listed or self._communities is Communities.OPEN
        return (Approval.APPROVED, Approval.WAITING) if is_free else (Approval.APPROVED,)

    def _spending(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str]) -> dict[str, Any]:
        now_ms = self._clock.now_ms()
        args: dict[str, Any] = {"community": community, "member": member, "now_ms": now_ms, **_windows(day_of(now_ms))}
        args["roles"] = joined(roles)
        args["default_pool"] = self.default_pool_micros
        args["total_pool"] = self._total_pool_micros
        args["operator_limit"] = operator_quota.limit_micros
        args["operator_period"] = operator_quota.period.value
        return args

    def _change(self, job: Job, changes: Mapping[str, object]) -> Statement:
        unknown = changes.keys() - _COLUMNS
        if unknown:
            raise ValueError(f"not columns that a job may change: {sorted(unknown)}")
        if "closed_ms" in changes:  # nobody carries what is closed, or what is open again and waits for a carrier
            changes = {**changes, "worker_id": ""}
        values = {name: _stored(value) for name, value in changes.items()}
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        as_read = "job_id = :job_id AND state = :from_state AND worker_id = :from_worker"
        text = f"UPDATE jobs SET {assignments} WHERE {as_read} RETURNING {communities_sql.KEYED}"
        args = {"job_id": job.job_id, "from_state": job.state.value, "from_worker": job.worker_id}
        return Statement(text, {**args, **values}, 1)

    async def _run_change(self, job: Job, statements: list[Statement]) -> Job:
        touched = whose(job.community, job.member) if len(statements) > 1 else ()  # the job's row alone is no book
        try:
            results = await self._driver.run(statements, beside=touched)
        except Unexpected as error:
            raise StaleJob(f"{job.job_id} is no longer {job.state}, or another worker carries it") from error
        return job_of(results[0][0])

    async def _one(self, statement: Statement) -> Job | None:
        (rows,) = await self._driver.run([statement])
        return job_of(rows[0]) if rows else None


@lru_cache(maxsize=2)
def _windows(day_ms: int) -> Mapping[str, int]:
    """Return where each period of a day begins and ends."""
    bounds = {period: window(period, day_ms) for period in Period}
    return {
        f"{period}_{end}": ms for period, both in bounds.items() for end, ms in zip(("start", "end"), both, strict=True)
    }


def _folded(handle: str | None) -> str | None:
    return handle.removeprefix("@").casefold() if handle else None


def _destination(destination: Destination) -> str:
    return json.dumps({"platform": destination.platform, "data": dict(destination.data)})


def _placed(order: Order) -> str:
    where = {"platform": order.destination.platform, "data": dict(order.destination.data)}
    placed = {"event_id": order.event_id, "product": order.product, "parameters": dict(order.parameters)}
    readings = {name: dict(parameters) for name, parameters in order.readings.items()}
    return json.dumps({**placed, "destination": where, "readings": readings})


def _stored(value: Any) -> Any:
    match value:
        case Destination():
            return _destination(value)
        case tuple():
            return json.dumps([artifact.to_json() for artifact in value])
        case dict():
            return json.dumps(value)
        case _:
            return value


def job_of(row: Row) -> Job:
    """Read a job from its row."""
    # By values, since to ask an sqlite3.Row for each column by name takes it five times longer.
    fields: dict[str, Any] = {name: value for name, value in zip(row.keys(), row, strict=True) if name in _OF_JOB}
    read = {
        "state": State(fields["state"]),
        "late": Late(fields["late"]),
        "reason": Reason(fields["reason"]) if fields["reason"] else None,
        "direct": bool(fields["direct"]),
        "roles": split(fields["roles"]),
        "parameters": _parameters(fields["parameters"]),
        "destination": _destination_of(fields["destination"]),
        "artifacts": _artifacts(fields["artifacts"]),
    }
    return Job(**{**fields, **read})


# A job's row is read at each of its moves, and most of what is in it stays as it is.
@lru_cache(maxsize=READ)
def _parameters(text: str) -> Mapping[str, Any]:
    return MappingProxyType(json.loads(text))


@lru_cache(maxsize=READ)
def _destination_of(text: str) -> Destination:
    read = json.loads(text)
    return Destination(read["platform"], MappingProxyType(read["data"]))


@lru_cache(maxsize=READ)
def _artifacts(text: str) -> tuple[Artifact, ...]:
    return tuple(Artifact.from_json(artifact) for artifact in json.loads(text))


def _standing(row: Row) -> Standing:
    return Standing(
        quota=Quota(limit_micros=row["limit_micros"], period=Period(row["period"])),
        source=QuotaSource(row["source"]),
        used_micros=row["used_micros"],
        balance_micros=row["balance_micros"],
        held_micros=row["held_micros"],
        resets_ms=row["resets_ms"],
        pool_left_micros=row["pool_left_micros"],
        pool_resets_ms=row["pool_resets_ms"],
        total_left_micros=row["total_left_micros"],
        subject=row["subject"],
        blocked=bool(row["blocked"]),
        blocked_until_ms=row["blocked_until_ms"],
        last_order_ms=row["last_order_ms"],
        limits=limits_of(row),
    )

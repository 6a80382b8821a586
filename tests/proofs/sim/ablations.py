"""Defects of one line each, put into the code on purpose: the simulation must see every one of them."""

import builtins
import contextlib
import dis
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ablation:
    """One defect; `target` is `module:function` or `module:Class.method`."""

    name: str
    target: str
    old: str
    new: str
    within: int = 300
    """Histories after which it must have been seen."""
    featured: str = ""
    """The fault that brings it out, where that is rare: every history of the hunt then has it in its mix."""
    more: tuple[tuple[str, str], ...] = ()
    """What else the one change entails."""


_STEP, _SETTLING = "storage.step:Step.__init__", "storage.step:_settling"
_STORE, _RUNNER = "storage.store:SqlStore", "core.engine.running:Runner"
_SUBMITTER, _WATCHER = "core.engine.submitting:Submitter", "core.engine.watching:Watcher"
_TELEGRAM, _POSTING = "bots.telegram.delivery:TelegramDelivery", "bots.discord.posting:Posting"

_STALE_READ = """\
seen = await self._driver.run([Statement(money_sql.REFUSAL, args)])
args["early"] = seen[0][0]["refused_by"]
stale = {
    "decision WHERE refused_by IS NULL": "decision WHERE :early IS NULL",
    "WHEN limit_micros IS NULL OR limit_micros - used_micros >= :cost_micros": "WHEN :early IS NULL",
}
for now, early in stale.items():
    statements = [one._replace(sql=one.sql.replace(now, early)) for one in statements]
late = When(statements[0].sql)
when = {one.sql: one.when and When(late.sql, one.when.found, one.when.column) for one in statements}
results = await self._driver.run([one._replace(when=when[one.sql]) for one in statements])"""

_CHARGE_LATE = """\
elif job.state is JobState.EXPIRED and to is JobState.READY:
    charge = money_sql.LEDGER_CHARGE.replace("+ balance_micros", "- balance_micros").replace("holds", "ledger")
    args = {"job_id": job.job_id, "member": job.member, "now_ms": now_ms, "charged_micros": job.cost_micros}
    self._money = [Statement(f"{charge} AND kind = 'hold'", args, 1)]"""
_RESOLVED = "elif job.state in HELD and to not in HELD:"

_RESTORING, _COPY = "core.engine.restoring", "restores: a copy of a commit"

_INTENT = "job = await self._intend(job, number, self._catalog[job.product])"

ABLATIONS = (
    Ablation("submitted again after a crash", f"{_SUBMITTER}.lose_sight", "State.UNCONFIRMED", "State.QUEUED"),
    Ablation(
        "no intent row before the POST",
        f"{_SUBMITTER}._post",
        "job = await self._intend(job, number, product)",
        "pass",
        more=(
            ("made.callback_token)\n", f"made.callback_token)\n        {_INTENT}\n"),
            ("except GatewayError as error:\n", f"except GatewayError as error:\n        {_INTENT}\n"),
        ),
    ),
    Ablation(
        "retry after a read timeout",
        "core.gateway.client:broken",
        "Unreachable(told(exc)) if isinstance(exc, NOTHING_LEFT) else NoAnswer(told(exc))",
        "Unreachable(told(exc))",
    ),
    Ablation(
        "retry after a 5xx",
        f"{_SUBMITTER}._not_submitted",
        "if error.accepted is None:",
        "if False:",
        more=(("if error.retry:", "if error.retry or error.accepted is None:"),),
    ),
    Ablation(
        "settles once more when it comes late",
        _STEP,
        _RESOLVED,
        "elif to not in HELD:",
        featured="gateway: 500 after accepting, called back late",
    ),
    Ablation(
        "quota read outside the write transaction",
        f"{_STORE}.admit",
        "results = await run_once(self._driver, statements, alone=touched, happened=happened)",
        _STALE_READ,
    ),
    Ablation(
        "hold leaked on failure",
        _STEP,
        _RESOLVED,
        "elif job.state in HELD and to not in {*HELD, JobState.FAILED}:",
    ),
    Ablation("refund twice", _SETTLING, "money_sql.GIVE_BACK)", "money_sql.GIVE_BACK * 2)"),
    Ablation(
        "callback trusted",
        "core.engine.callbacks:Naming.confirm",
        "await self._gateway.status(request_id)",
        "__import__('types').SimpleNamespace(status='QUEUED', media_urls=())",
        featured="callbacks: an id that nobody knows",
    ),
    Ablation(
        "no dedupe of updates",
        "bots.telegram.orders:event_of",
        "else message.message_id}",
        "else message.message_id}:{__import__('time').monotonic()}",
        featured="telegram: duplicate update",
    ),
    Ablation(
        "updates forgotten before they are kept",
        "bots.telegram.intake:Intake._begin",
        "self._unacked[number] = event",
        "event.set()",
        featured="kill: before admission commit",
    ),
    Ablation(
        "moves are not fenced",
        "storage.changes:_generation_update",
        "number = :number AND state = :from_state",
        "number = :number AND :from_state = :from_state",
        within=600,
        featured="people: cancel against completion",
    ),
    Ablation("no fsync before the rename", "core.files.spool:Part.publish", "os.fsync(self._file.fileno())", "pass"),
    Ablation(
        "token check missing",
        "core.service.service:Service.called_back",
        "if compare_digest(",
        "if (lambda *_: True)(",
        featured="callbacks: wrong token",
    ),
    Ablation("upload repeated when uncertain", f"{_TELEGRAM}._send_all", "if uncertain:", "if False:"),
    Ablation(
        "upload of unknown outcome repeated",
        "bots.telegram.delivery:upload_fault",
        "return DeliveryUncertain(str(error))",
        "return DeliveryDelayed(str(error), retry_after_s=RETRY_S)",
    ),
    Ablation(
        "posts without a nonce",
        f"{_POSTING}._post",
        "view, job, nonce, mentions",
        "view, job, None, mentions",
        featured="discord: 502 after a post arrived",
    ),
    Ablation(
        "posts without a look at the reply",
        f"{_POSTING}.edit_or_post",
        "if files and await",
        "if False and await",
        featured="discord: 502 after the token's last edit arrived",
    ),
    Ablation("private addresses allowed", "core.gateway.fetch:vetting", "if not may_connect(", "if False and not ("),
    Ablation(
        "losses not recorded",
        f"{_WATCHER}._expire",
        "upstream_micros=lost",
        "upstream_micros=0",
    ),
    Ablation("charged without audio", f"{_WATCHER}._collect", "if not artifacts:", "if False:"),
    Ablation(
        "late audio is charged",
        _STEP,
        _RESOLVED,
        f"{_CHARGE_LATE}\n{_RESOLVED}",
        within=60,
        featured="gateway: 500 after accepting, called back late",
    ),
    Ablation("places in the queue are not given back", f"{_RUNNER}.free_place", "self._queue.done(taken)", "pass"),
    Ablation(
        "destination kept",
        "storage.jobs:closing",
        "destination or Destination(job.platform)",
        "job.destination",
    ),
    Ablation(
        "anybody may have it sent again",
        "core.service.service:Service._own",
        "raise NotPermitted(Need.OWNER)",
        "pass",
        featured="people: send again pressed by another",
    ),
    Ablation("parts that failed are charged", _STEP, "after.fetched_micros if to", "job.cost_micros if to"),
    Ablation(
        "what is not taken is not released",
        _SETTLING,
        "if to is not JobState.READY or charged_micros < job.cost_micros:",
        "if to is not JobState.READY:",
    ),
    Ablation(
        "a part is tried again without end",
        f"{_WATCHER}._fail",
        "and tried == 1",
        "and tried >= 1",
        featured="gateway: FAILED",
    ),
    Ablation("what is tried again is not entered", _STEP, "if self.tries_again:", "if False:"),
    Ablation("what failed is not entered", _STEP, "*_named(job, lost, now_ms), *settling", "*settling"),
    Ablation("parts end by a stale read", "storage.changes:of_generation", "if alone else", "if True else"),
    Ablation(
        "parts are heard in the order in which they came",
        "core.engine.fitting:Fitter._joined",
        "for made in job.parts:",
        "for made in sorted(job.parts, key=lambda made: made.updated_ms):",
    ),
    Ablation("what is tried again gets no turn", f"{_RUNNER}._carry", "self._queue.put(now, made.number)", "pass"),
    Ablation(
        "what nobody takes is not entered",
        f"{_STORE}.choose",
        '"upstream_micros": part.cost_micros',
        '"upstream_micros": 0',
    ),
    Ablation("each part is all of the text", f"{_SUBMITTER}._post", "made.parameters,", "job.parameters,"),
    Ablation(
        "parts are fetched into one file",
        "core.engine.fetching:Fetcher.fetched",
        "path(job.job_id, str(number))",
        "path(job.job_id, '0')",
    ),
    Ablation(
        "what waits in a copy goes on waiting",
        "bots.cli.restore:settle",
        "await _cancel_waiting(store, await store.update(job, restored=True))",
        "await store.update(job, restored=True)",
        featured=_COPY,
    ),
    Ablation(
        "a part that waits in a copy goes on waiting",
        f"{_RESTORING}:_cancel_waiting",
        "if made.state is State.QUEUED:",
        "if made.state is State.QUEUED and job.waits:",
        featured=_COPY,
    ),
    Ablation(
        "what waits in a copy is taken for unspent",
        f"{_RESTORING}:_cancel_waiting",
        "lost = made.cost_micros",
        "lost = 0",
        featured=_COPY,
    ),
    Ablation(
        "what a copy was to send is sent",
        "bots.cli.restore:settle",
        "elif _is_on_its_way(job):",
        "elif False:",
        featured=_COPY,
    ),
    Ablation(
        "what comes of a copy's requests is sent",
        "bots.cli.restore:settle",
        "await store.update(job, restored=True)",
        "job",
        featured=_COPY,
    ),
    Ablation(
        "what comes of a copy waits for nobody",
        "core.engine.delivery:Deliverer.deliver",
        "if job.awaits_request:",
        "if False:",
        featured=_COPY,
    ),
    Ablation("members may administer", "core.engine.acts:require_admin", "not caller.is_admin", "False"),
)


@contextlib.contextmanager
def switched(ablation: Ablation) -> Iterator[None]:
    """Put the defect in, and take it out again."""
    module, _, path = ablation.target.partition(":")
    *outer, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for part in outer:
        owner = getattr(owner, part)
    sound = getattr(owner, name)
    setattr(owner, name, _changed(sound, ablation))
    try:
        yield
    finally:
        setattr(owner, name, sound)


def _changed(function: Any, ablation: Ablation) -> Any:
    text = textwrap.dedent(inspect.getsource(function))
    for old in (ablation.old, *(old for old, _ in ablation.more)):
        if text.count(old) != 1:
            raise AssertionError(f"{ablation.name}: {old!r} is not there once; bring the ablation up to date")
    line = next(line for line in text.splitlines() if ablation.old.splitlines()[0] in line)
    indent = " " * (len(line) - len(line.lstrip()))
    for old, new in ablation.more:
        text = text.replace(old, new)
    changed = text.replace(ablation.old, ablation.new.replace("\n", f"\n{indent}"))
    found: dict[str, Any] = {}
    known = inspect.unwrap(function).__globals__
    exec(compile(changed, f"<{ablation.name}>", "exec"), known, found)  # noqa: S102
    made = found[function.__name__]
    names = {i.argval for i in dis.get_instructions(inspect.unwrap(made)) if i.opname == "LOAD_GLOBAL"}
    if unknown := names - known.keys() - vars(builtins).keys():
        raise AssertionError(f"{ablation.name}: {unknown} is not there; bring the ablation up to date")
    return made

"""Previews in SQL: one row for each try, whose costs the month's total counts beside the ledger's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.domain.errors import StaleJob
from core.domain.lifecycle import Reason
from core.domain.models import Artifact
from core.domain.previews import AGAIN_MS, Preview, PreviewState, WhyNot, decide
from core.domain.quota import Period, window
from core.ports import Clock
from storage.driver import Driver, Row, Statement, Unexpected, When, run_once
from storage.rows import TOTAL, compact, read_as

BUDGET = "preview budget"
"""The name of what is left of it, for `Driver.run`."""

NEWEST = """
SELECT * FROM previews WHERE voice = :voice AND language = :language
ORDER BY CASE WHEN state IN ('running', 'kept') THEN 0 ELSE 1 END, tried_ms DESC, preview_id DESC LIMIT 1
"""
USED = """
SELECT
    CAST(coalesce((SELECT sum(cost_micros) FROM previews WHERE month_ms = :month_ms), 0) AS BIGINT) AS previews_micros,
    coalesce((SELECT used_micros FROM total_usage WHERE month_ms = :month_ms), 0) AS total_micros
"""
# What `decide` says, where it is written.
BEGIN = f"""
WITH used AS ({USED})
INSERT INTO previews (preview_id, voice, language, state, cost_micros, month_ms, tried_ms)
SELECT :preview_id, :voice, :language, 'submitting', :cost_micros, :month_ms, :now_ms FROM used
WHERE previews_micros + :cost_micros <= CAST(:budget_micros AS BIGINT)
AND (CAST(:total_pool AS BIGINT) IS NULL OR total_micros + :cost_micros <= :total_pool)
AND NOT EXISTS (
    SELECT 1 FROM previews AS tried WHERE tried.voice = :voice AND tried.language = :language
    AND (tried.state IN ('running', 'kept') OR tried.tried_ms > :since_ms)
)
RETURNING *
"""
DRAW_TOTAL = """
INSERT INTO total_usage (month_ms, used_micros) VALUES (:month_ms, :cost_micros)
ON CONFLICT (month_ms) DO UPDATE SET used_micros = total_usage.used_micros + excluded.used_micros
"""
RETURN_TOTAL = "UPDATE total_usage SET used_micros = used_micros - :back_micros WHERE month_ms = :month_ms"
PREVIEW = "SELECT * FROM previews WHERE preview_id = :preview_id"
# What is noted twice is noted once: a commit's answer may be lost.
NOTE = """
UPDATE previews SET state = 'running', request_id = :request_id
WHERE preview_id = :preview_id AND state IN ('submitting', 'running') RETURNING *
"""
KEEP = """
UPDATE previews SET state = 'kept', artifact = :artifact
WHERE preview_id = :preview_id AND state IN ('running', 'kept') RETURNING *
"""
FAIL = """
UPDATE previews SET state = 'failed', reason = :reason, cost_micros = cost_micros - :back_micros
WHERE preview_id = :preview_id AND state = :state RETURNING *
"""
FAILED = f"{PREVIEW} AND state = 'failed'"
WITHDRAW = "DELETE FROM previews WHERE preview_id = :preview_id AND state = 'submitting'"
WITHDRAWN = "SELECT 1 AS gone WHERE NOT EXISTS (SELECT 1 FROM previews WHERE preview_id = :preview_id)"


class SqlPreviews:
    """Implements `core.engine.previews.PreviewStore` on either engine."""

    def __init__(
        self, driver: Driver, clock: Clock, budget_micros: int | None, total_pool_micros: int | None = None
    ) -> None:
        """`budget_micros`: of a month; None: no previews are made. `total_pool_micros`: see `SqlStore`."""
        self._driver = driver
        self._clock = clock
        self._budget_micros = budget_micros
        self._total_pool_micros = total_pool_micros

    async def look(self, voice: str, language: str, cost_micros: int) -> Preview | WhyNot | None:
        args = self._args(voice=voice, language=language, cost_micros=cost_micros)
        return self._decision(args, await self._driver.run([Statement(NEWEST, args), Statement(USED, args)]))

    async def begin(self, preview_id: str, voice: str, language: str, cost_micros: int) -> Preview | WhyNot:
        args = self._args(preview_id=preview_id, voice=voice, language=language, cost_micros=cost_micros)
        args |= {
            "budget_micros": self._budget_micros,
            "total_pool": self._total_pool_micros,
            "since_ms": args["now_ms"] - AGAIN_MS,
        }
        refused = When(BEGIN, found=False)
        statements = [
            Statement(BEGIN, args),
            Statement(DRAW_TOTAL, args, when=When(BEGIN)),
            Statement(NEWEST, args, when=refused),
            Statement(USED, args, when=refused),
        ]
        begun = Statement(PREVIEW, args)
        rows = await run_once(self._driver, statements, alone=(BUDGET, TOTAL), happened=begun)
        if rows is None:  # the answer was lost
            ((found,),) = await self._driver.run([begun])
            return preview_of(found)
        inserted, _, *seen = rows
        if inserted:
            return preview_of(inserted[0])
        return self._decision(args, seen) or WhyNot.TRIED

    async def note(self, preview: Preview, request_id: str) -> Preview:
        return await self._change(NOTE, {"preview_id": preview.preview_id, "request_id": request_id})

    async def keep(self, preview: Preview, artifact: Artifact) -> Preview:
        return await self._change(KEEP, {"preview_id": preview.preview_id, "artifact": compact(artifact.to_json())})

    async def fail(self, preview: Preview, reason: Reason, *, spent: bool) -> Preview:
        args = {"state": preview.state.value, "reason": reason.value}
        rows = await self._give_back(preview, FAIL, FAILED, args, 0 if spent else preview.cost_micros)
        return preview_of(rows[0])

    async def withdraw(self, preview: Preview) -> None:
        await self._give_back(preview, WITHDRAW, WITHDRAWN, {}, preview.cost_micros)

    async def left(self) -> int | None:
        (rows,) = await self._driver.run([Statement(USED, self._args())])
        return self._left(rows[0])

    def _args(self, **given: Any) -> dict[str, Any]:
        now_ms = self._clock.now_ms()
        month_ms, _ = window(Period.MONTH, now_ms)
        return {**given, "now_ms": now_ms, "month_ms": month_ms}

    def _decision(self, args: Mapping[str, Any], rows: Sequence[Sequence[Row]]) -> Preview | WhyNot | None:
        """Decide on the rows of NEWEST and USED."""
        newest, used = rows[0], rows[1]
        found = preview_of(newest[0]) if newest else None
        return decide(found, self._left(used[0]), args["cost_micros"], args["now_ms"])

    def _left(self, used: Row) -> int | None:
        if self._budget_micros is None:
            return None
        left_micros = self._budget_micros - int(used["previews_micros"])
        if self._total_pool_micros is None:
            return left_micros
        return min(left_micros, self._total_pool_micros - int(used["total_micros"]))

    async def _change(self, text: str, args: Mapping[str, Any]) -> Preview:
        try:
            ((row,),) = await self._driver.run([Statement(text, args, 1)])
        except Unexpected as error:
            raise StaleJob(f"preview {args['preview_id']} has moved on") from error
        return preview_of(row)

    async def _give_back(
        self, preview: Preview, text: str, happened: str, args: Mapping[str, Any], back_micros: int
    ) -> Sequence[Row]:
        args = {**args, "preview_id": preview.preview_id, "month_ms": preview.month_ms, "back_micros": back_micros}
        done, statements = Statement(happened, args), [Statement(text, args, 1)]
        if back_micros:
            statements.append(Statement(RETURN_TOTAL, args, 1))
        try:
            rows = await run_once(self._driver, statements, alone=(BUDGET,), happened=done)
        except Unexpected as error:
            raise StaleJob(f"preview {preview.preview_id} has moved on") from error
        return rows[0] if rows else (await self._driver.run([done]))[0]


def preview_of(row: Row) -> Preview:
    """Read a preview from its row."""
    found = read_as(Preview, row)
    artifact = Artifact.from_json(json.loads(row["artifact"])) if row["artifact"] else None
    reason = Reason(row["reason"]) if row["reason"] else None
    return replace(found, state=PreviewState(row["state"]), reason=reason, artifact=artifact)

"""Changes that stand in one transaction with their audit entry."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.audit import Act, Outcome
from core.ports import Clock
from storage import admin_sql
from storage.accounts_sql import OPEN
from storage.communities_sql import KNOW
from storage.driver import Driver, Row, Statement, run_once
from storage.rows import whose
from storage.store import SqlStore


class Audited:
    """What the parts of `core.stores.admin_store.AdminStore` share."""

    def __init__(self, driver: Driver, clock: Clock, store: SqlStore) -> None:
        self._driver = driver
        self._clock = clock
        self._store = store

    async def _once(self, statements: Sequence[Statement], args: Mapping[str, Any]) -> list[list[Row]] | None:
        """Run a change, whose audit entry shows that it has happened; return None where the answer to it was lost."""
        alone, happened = whose(args["community"]), Statement(admin_sql.ACTED, args)
        results = await run_once(self._driver, noted(statements, args), alone=alone, happened=happened)
        return results and results[-len(statements) - 1 : -1]

    def _args(self, act: Act, after: str) -> dict[str, Any]:
        return {
            "audit_id": act.audit_id,
            "now_ms": self._clock.now_ms(),
            "community": act.community,
            "actor": act.actor,
            "actor_name": act.actor_name,
            "act": act.name,
            "target": "" if act.target.startswith("@") else act.target,
            "wrote": act.target if act.target.startswith("@") else "",
            "credit_request_id": None,
            "after": after,
            "outcome": Outcome.APPLIED.value,
        }


def noted(statements: Sequence[Statement], args: Mapping[str, Any]) -> list[Statement]:
    """Stand a change, with its audit entry, between what both refer to and what can be erased of the entry."""
    known = (KNOW, *OPEN) if "member" in args else (KNOW,)
    return [*(Statement(text, args) for text in known), *statements, Statement(admin_sql.AUDIT_TEXTS, args)]

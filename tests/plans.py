"""Whether a query reads a table that grows without a limit or an index, on either engine: the planner says so."""

import json
import re
from typing import Any

from storage.driver import Driver, Statement

GROWS = {"jobs", "generations", "deliveries", "ledger", "ledger_notes", "usage", "audit"}
TAKES_ALL = {"Sort", "Aggregate", "Hash"}
"""Nodes of PostgreSQL's plans that read all of what is beneath them before they give anything."""


async def troubles(driver: Driver, query: Statement) -> list[str]:
    """Return the tables that a query reads whole."""
    return await {"sqlite": _sqlite, "postgres": _postgres}[driver.dialect](driver, query)


async def _sqlite(driver: Driver, query: Statement) -> list[str]:
    (rows,) = await driver.run([Statement(f"EXPLAIN QUERY PLAN {query.sql}", query.args)])
    names = dict(re.findall(r"(\w+) AS (\w+)", query.sql))
    of = {alias: table for table, alias in names.items()}
    found = []
    for row in rows:
        scan = re.match(r"SCAN (\w+)(.*)", row["detail"])
        if scan and of.get(scan[1], scan[1]) in GROWS and not ("USING" in scan[2] and "LIMIT" in query.sql):
            found.append(f"{row['detail']}: {query.sql}")
    return found


async def _postgres(driver: Driver, query: Statement) -> list[str]:
    # In a table of a few rows everything is cheap: what is asked is whether there is a way by an index.
    dear = [Statement(f"SET LOCAL enable_{way} = off") for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")]
    *_, partial, (row,) = await driver.run(
        [
            *dear,
            Statement("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"),
            Statement(f"EXPLAIN (FORMAT JSON) {query.sql}", query.args),
        ]
    )
    (explained,) = json.loads(next(iter(row)))
    some = {each["indexname"] for each in partial}
    return [f"{trouble}: {query.sql}" for trouble in _unbounded(explained["Plan"], some, limited=False)]


def _unbounded(node: dict[str, Any], partial: set[str], *, limited: bool) -> list[str]:
    """Return the tables of a plan that are read whole."""
    limited = node["Node Type"] == "Limit" or (limited and node["Node Type"] not in TAKES_ALL)
    is_narrow = "Index Cond" in node or node.get("Index Name") in partial or "Recheck Cond" in node
    is_whole = node.get("Relation Name") in GROWS and not is_narrow
    bad = is_whole and (node["Node Type"] == "Seq Scan" or not limited)
    beneath = [found for each in node.get("Plans", ()) for found in _unbounded(each, partial, limited=limited)]
    return [f"{node['Node Type']} on {node.get('Relation Name')}", *beneath] if bad else beneath

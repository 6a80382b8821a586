"""Orders that wait for somebody's word, as JSON in a column."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.domain.orders import Destination, Order, Turn
from core.domain.people import Caller
from storage.job_rows import destination_json
from storage.rows import compact


def placed_text(order: Order) -> str:
    """Write an order down, with the channel in which it was ordered, but for who ordered it."""
    where = destination_json(order.destination)
    placed = {"event_id": order.event_id, "product": order.product, "parameters": dict(order.parameters)}
    readings = {name: dict(parameters) for name, parameters in order.readings.items()}
    more: dict[str, Any] = {"fresh": True} if order.fresh else {}
    if order.caller.channel:
        more |= {"channel": order.caller.channel}
    if order.turns:
        more |= {"turns": _written(order.turns)}
    if order.casts:
        more |= {"casts": {name: _written(each) for name, each in order.casts.items()}}
    return compact({**placed, "destination": where, "readings": readings, "added": order.added, **more})


def _written(turns: Sequence[Turn]) -> list[tuple[str, str]]:
    return [(turn.voice, turn.text) for turn in turns]


def order_of(text: str, caller: Caller) -> Order:
    """Read what `placed_text` wrote, for whoever orders it now; from no channel, it is ordered for its own."""
    placed: dict[str, Any] = json.loads(text)
    channel = placed.pop("channel", "")
    caller = replace(caller, channel=caller.channel or channel)
    where = Destination(placed["destination"]["platform"], placed["destination"]["data"])
    turns = tuple(Turn(*turn) for turn in placed.get("turns", ()))
    casts = {name: tuple(Turn(*turn) for turn in each) for name, each in placed.get("casts", {}).items()}
    return Order(**{**placed, "destination": where, "turns": turns, "casts": casts, "caller": caller})

"""What Prometheus reads."""

import asyncio
import re
from importlib.metadata import version

import pytest

from bots.app.metrics import Gauge, LoopLag, exposition
from core.domain.errors import DeliveryRefused, TooManyRequests
from core.domain.lifecycle import Reason
from core.domain.refusals import Limit
from core.engine.meters import SERIES, Meters
from tests.exposed import samples, value
from tests.waiting import until


def test_counters_gauges_and_what_runs_in_the_text_format() -> None:
    meters = Meters()
    meters.count("moves", "running")
    meters.count("charged_dollars", "speech", by=0.0014)
    gauges: dict[str, Gauge] = {
        "wait_seconds": ("How long.", [({}, 0.25)]),
        "jobs": ("Open.", [({"state": 'a "b"\n\\'}, 3.0)]),
    }
    read = samples(exposition(meters, gauges, ["worker", "bot"]))
    assert read["troubadour_moves_total", frozenset({("state", "running")})] == 1
    assert read["troubadour_charged_dollars_total", frozenset({("product", "speech")})] == 0.0014
    assert read["troubadour_wait_seconds", frozenset()] == 0.25
    assert read["troubadour_jobs", frozenset({("state", 'a "b"\n\\')})] == 3
    assert read["process_resident_memory_bytes", frozenset()] > 1e6
    ((build, is_there),) = [
        (dict(of), is_there) for (name, of), is_there in read.items() if name.endswith("build_info")
    ]
    assert (build["version"], build["roles"], is_there) == (version("troubadour"), "bot,worker", 1)


def test_every_series_is_there_before_anything_happens() -> None:
    meters = Meters()
    meters.begin(["marsnet"])
    read = samples(exposition(meters, {}))
    there = {re.sub("_(total|bucket|count|sum)$", "", name) for name, _ in read}
    assert {f"troubadour_{name}" for name in SERIES} - there == {"troubadour_http_requests"}  # its routes come later
    assert read["troubadour_orders_refused_total", frozenset({("product", "music"), ("limit", Limit.POOL)})] == 0
    assert (
        read["troubadour_order_audio_seconds_count", frozenset({("product", "speech"), ("platform", "marsnet")})] == 0
    )
    refused = {("platform", "marsnet"), ("kind", "audio"), ("outcome", DeliveryRefused.__name__)}
    assert read["troubadour_deliveries_total", frozenset(refused)] == 0
    assert read["troubadour_gateway_calls_total", frozenset({("call", "status"), ("outcome", "RequestUnknown")})] == 0
    assert read["troubadour_failures_total", frozenset({("product", "music"), ("reason", Reason.TOO_SLOW)})] == 0
    assert not [name for name, _ in read if name.endswith("_created")]


def test_an_outcome_is_the_class_of_the_error_and_how_long_it_took() -> None:
    meters = Meters()
    with meters.outcome("gateway_calls", "submit"):
        pass
    with pytest.raises(TooManyRequests), meters.outcome("gateway_calls", "submit"):
        raise TooManyRequests
    assert value(meters, "gateway_calls_total", call="submit", outcome="ok") == 1
    assert value(meters, "gateway_calls_total", call="submit", outcome="TooManyRequests") == 1
    assert value(meters, "gateway_call_seconds_count", call="submit") == 2
    assert value(meters, "gateway_call_seconds_bucket", call="submit", le="0.05") == 2


def test_labels_are_those_that_are_documented() -> None:
    with pytest.raises(ValueError, match="label count"):
        Meters().count("moves", "running", "discord:1")


async def test_a_loop_that_was_held_up_shows() -> None:
    lag = LoopLag(turn_s=0.01)
    lag.start()
    await asyncio.sleep(0)
    until_s = asyncio.get_running_loop().time() + 0.06
    while asyncio.get_running_loop().time() < until_s:
        pass  # hold the loop
    await until(lambda: lag.worst_s >= 0.04)
    await lag.stop()

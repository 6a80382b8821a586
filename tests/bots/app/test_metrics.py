"""Counters, and Prometheus' text format."""

import asyncio
import re

import pytest

from bots.app.metrics import LoopLag, exposition
from core.domain.errors import TooManyRequests
from core.engine.meters import Meters

SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? \S+')


def test_counters_and_gauges_in_the_text_format() -> None:
    meters = Meters()
    meters.count("moves", "running")
    meters.count("moves", "running")
    meters.count("http_requests", 'a "quoted"\nback\\slash', "200")
    text = exposition(meters, {"wait_seconds": ("How long.", [({}, 0.25)]), "jobs": ("Open.", [])})
    assert '# TYPE troubadour_moves_total counter\ntroubadour_moves_total{state="running"} 2\n' in text
    assert r'{route="a \"quoted\"\nback\\slash",status="200"} 1' in text
    assert "# HELP troubadour_wait_seconds How long.\n# TYPE troubadour_wait_seconds gauge\n" in text
    assert "\ntroubadour_wait_seconds 0.25\n" in text
    assert text.endswith("\n")
    plain = [line for line in text.splitlines() if not line.startswith("#") and "\\" not in line]
    assert all(SAMPLE.fullmatch(line) for line in plain)


def test_an_outcome_is_the_class_of_the_error() -> None:
    meters = Meters()
    with meters.outcome("gateway_calls", "submit"):
        pass
    with pytest.raises(TooManyRequests), meters.outcome("gateway_calls", "submit"):
        raise TooManyRequests
    assert meters.of("gateway_calls") == {("submit", "TooManyRequests"): 1, ("submit", "ok"): 1}


def test_labels_are_those_that_are_documented() -> None:
    with pytest.raises(ValueError, match="state"):
        Meters().count("moves", "running", "discord:1")


async def test_a_loop_that_was_held_up_shows() -> None:
    lag = LoopLag(turn_s=0.01)
    lag.start()
    await asyncio.sleep(0)
    until_s = asyncio.get_running_loop().time() + 0.06
    while asyncio.get_running_loop().time() < until_s:
        pass  # hold the loop
    async with asyncio.timeout(5):
        while lag.worst_s < 0.04:
            await asyncio.sleep(0)
    await lag.stop()

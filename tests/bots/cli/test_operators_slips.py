"""What an operator may write in settings, and hear about them from `check` and `run`."""

import io
import logging
from pathlib import Path

import pytest

from bots.app.environment import read
from bots.cli.check import check, refuse
from bots.cli.notes import notes
from storage.engines import reach
from tests import tokens


async def test_a_proxy_where_nothing_answers_is_named_without_its_password(
    tmp_path: Path, unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    found = read(
        _env_file=None, data_dir=tmp_path, telegram_token=tokens.TELEGRAM, gateway_url="sandbox", http_port=0,
        https_proxy=f"nonsense:secretpw@localhost:{unused_tcp_port}", no_proxy="",
    )  # fmt: skip
    said = f"HTTPS_PROXY can't be used now: no proxy answers at localhost:{unused_tcp_port}."
    out = io.StringIO()
    assert await check(found, out, reach) == 1
    assert f"problem: {said}" in out.getvalue()
    with caplog.at_level(logging.ERROR):
        await refuse(found, reach)
    assert said in caplog.text
    assert "secretpw" not in out.getvalue() + caplog.text


def test_seconds_are_typed_as_any_time() -> None:
    found = read(_env_file=None, queue_s="2m", job_s="1 hour", lease_s="30", drain_s="soon")
    assert (found.settings.queue_s, found.settings.job_s, found.settings.lease_s) == (120, 3600, 30)
    assert found.faults == ["DRAIN_S must be a number of seconds, or a time such as 90s or 15m"]


@pytest.mark.parametrize(
    ("name", "given", "end"),
    [
        ("default_allowance", "1,50 day", ": put 1.50 day"),
        ("direct_allowance", "0.05", "its period is missing: put 0.05 day"),
        ("total_pool", "1,50", ": put 1.50"),
        ("price", "0,10", ": put 0.10"),
        ("default_pool", "1.000", "unlimited"),
        ("owners", "telegram:abc discord:5,telegram:-5", "'telegram:abc', 'telegram:-5' are not such as discord:1234 or telegram:5678"),
    ],
)  # fmt: skip
def test_a_fault_ends_in_what_to_put(name: str, given: str, end: str) -> None:
    [fault] = read(_env_file=None, **{name: given}).faults
    assert fault.startswith(f"{name.upper()}: ")
    assert fault.endswith(end)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"communities": "open", "total_pool": "unlimited", "default_pool": "unlimited",
             "direct_allowance": "unlimited"},
            ["Nothing bounds what strangers may spend of your money: put TOTAL_POOL."],
        ),
        ({"communities": "open", "total_pool": "unlimited", "direct_allowance": "unlimited"}, []),
        ({"price": "10.01"}, ["PRICE 10.01 is far from 0.10: it is for 1,000 characters, in US dollars."]),
        ({"price": "0.0009"}, ["PRICE 0.0009 is far from 0.10: it is for 1,000 characters, in US dollars."]),
        ({"price": "10"}, []),
        (
            {"more_voices": "Zoe [x] Help Jean-Luc"},
            [f"MORE_VOICES: {name!r} can hardly be the name of a voice." for name in ("[x]", "Help")],
        ),
        ({"speech_endpoint": "/a/../b"}, ["SPEECH_ENDPOINT leads out of the gateway's own paths by its “..”."]),
    ],
)  # fmt: skip
def test_what_works_but_can_hardly_be_meant_is_noted(values: dict[str, object], said: list[str]) -> None:
    usual = set(notes(read(_env_file=None)))
    assert [note for note in notes(read(_env_file=None, **values)) if note not in usual] == said


def test_a_line_without_a_value_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TOTAL_POOL\nLOG_LEVEL=INFO\nPRICE 5\n")
    lines = [fault.partition(" can't be read")[0] for fault in read(_env_file=tmp_path / ".env").faults]
    assert lines == [".env, line 1 (TOTAL_POOL)", ".env, line 3 (PRICE)"]

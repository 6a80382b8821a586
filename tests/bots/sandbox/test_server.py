import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bots.sandbox import FAULTS, SandboxConfig
from bots.sandbox.validation import webhook_complaint
from tests.bots.sandbox.sandbox_user import AT_ONCE, MUSIC, SPEECH, spoken, user_of
from tests.warp import Warp

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


async def test_a_receipt_is_the_documented_one() -> None:
    async with user_of() as user:
        status, body = await user.submit(spoken("Hello"))
        assert status == 202
        assert list(body) == ["request_id", "status", "polling_url"]
        assert re.fullmatch(f"eleven-v3-alpha-954_{UUID}", body["request_id"])
        assert body["status"] == "QUEUED"
        assert body["polling_url"] == f"{user.sandbox.url}/v2/requests/status/{body['request_id']}"


async def test_a_request_goes_from_queued_over_processing_to_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with user_of(SandboxConfig(queued_s=100, processing_s=100)) as user:
        url = await user.ordered({"prompt": "rain"}, MUSIC)
        seen = [await user.status(url)]
        for look in (user.status, user.ended):
            async with Warp(monkeypatch).hurrying():
                await asyncio.sleep(110)
            seen.append(await look(url))
        assert [body["status"] for body in seen] == ["QUEUED", "PROCESSING", "COMPLETED"]
        assert all(body["output"] is None and body["error"] is None for body in seen[:-1])


async def test_a_completed_body_is_the_documented_one() -> None:
    async with user_of() as user:
        body = await user.ended(await user.ordered({"prompt": "rain", "output_format": "opus_48000_64"}, MUSIC))
        assert list(body) == [
            *("request_id", "status", "model_id", "error", "output", "created_at", "updated_at", "completed_at")
        ]
        assert body["model_id"] == "elevenlabs-music-api-368"
        assert body["output"] == {
            "media_url": [f"{user.sandbox.url}/media/v1/{body['request_id']}/output.opus"],
            "media_type": "audio/ogg",
        }
        assert all(re.fullmatch(ISO, body[name]) for name in ("created_at", "updated_at", "completed_at"))


async def test_a_new_start_goes_on_with_what_was_accepted(tmp_path: Path) -> None:
    def config(seconds: float) -> SandboxConfig:
        return SandboxConfig(queued_s=0, processing_s=seconds, keep=2, folder=tmp_path / "sandbox")

    async with user_of(config(0)) as user:
        done = [await user.ended(await user.ordered(spoken(text))) for text in ("One", "Two", "Three")]
    async with user_of(config(600)) as user:
        await user.ordered(spoken("Four [[fault:failed]]"))
        (open_id,) = [job.request_id for job in user.sandbox.submits if not job.ended]
    async with user_of(config(0)) as user:
        first, *others = (f"{user.sandbox.url}/v2/requests/status/{body['request_id']}" for body in done)
        again = await user.status(others[1])
        assert (again["status"], again["completed_at"]) == ("COMPLETED", done[2]["completed_at"])
        async with user.session.get(again["output"]["media_url"][0]) as answer:
            assert answer.status == 200
        assert (await user.ended(f"{user.sandbox.url}/v2/requests/status/{open_id}"))["status"] == "FAILED"
        async with user.session.get(first, headers=user.key) as answer:
            assert answer.status == 404
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "sandbox").iterdir()} == {0o600}


@pytest.mark.parametrize("key", ["", "wrong"])
async def test_without_the_right_key_nothing_is_answered(key: str) -> None:
    async with user_of(SandboxConfig(key="sesame", queued_s=0, processing_s=0)) as user:
        url = await user.ordered(spoken("Hello"))
        user.key = {"Ocp-Apim-Subscription-Key": key} if key else {}
        status, body = await user.submit(spoken("Hello"))
        assert (status, body["error"]) == (401, "Unauthorized")
        async with user.session.get(url, headers=user.key) as answer:
            assert answer.status == 401
        assert len(user.sandbox.submits) == 1


def bad(parameter: str, *values: Any, payload: dict[str, Any] | None = None) -> list[Any]:
    return [(payload or spoken("Hello")) | {parameter: value} for value in values]


BAD_SPEECH: list[Any] = [
    *([], "text", {}, {"voice": "Aria"}, {"text": "Hello"}, spoken("Hello", tone="warm")),
    *(spoken(""), spoken(" \n"), spoken("a" * 10_001), spoken("\ud800"), {"text": 5, "voice": "Aria"}),
    *bad("voice", "", " ", None, 3, ["Aria"]),
    *bad("stability", -0.01, 1.01, True, "0.5", None, float("nan")),
    *bad("similarity_boost", -0.01, 1.01, False, "1", []),
    *bad("speed", 0.49, 2.01, True, "1", {}, float("inf")),
]
BAD_MUSIC: list[Any] = [
    *({}, {"prompt": ""}, {"prompt": None}, {"prompt": "rain", "text": "rain"}),
    *bad("respect_sections_durations", 1, 0, "true", None, payload={"prompt": "rain"}),
    *bad("output_format", "", "wav", "mp3_44100_256", "MP3_44100_128", 5, [], payload={"prompt": "rain"}),
]


@pytest.mark.parametrize(("path", "payloads"), [(SPEECH, BAD_SPEECH), (MUSIC, BAD_MUSIC)])
async def test_a_parameter_out_of_range_is_refused(path: str, payloads: list[Any]) -> None:
    async with user_of() as user:
        for payload in payloads:
            status, body = await user.submit(payload, path)
            assert (status, body["error"]) == (400, "Bad Request"), payload
        assert user.sandbox.submits == []


async def test_the_ends_of_every_range_are_accepted() -> None:
    low, high = (
        {"stability": 0, "similarity_boost": 0.0, "speed": 0.5},
        {"stability": 1, "similarity_boost": 1, "speed": 2},
    )
    async with user_of() as user:
        for payload in (spoken("a"), spoken("a", **low), spoken("a", **high), spoken("a", voice="Somebody new")):
            await user.ordered(payload)
        await user.ordered({"prompt": "a", "respect_sections_durations": False}, MUSIC)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    async with user_of() as user:
        headers = user.key | {"Content-Type": "application/json"}
        async with user.session.post(user.sandbox.url + SPEECH, data=body, headers=headers) as answer:
            assert answer.status == 400
        async with user.session.post(user.sandbox.url + SPEECH, data=b'{"text": "a"}', headers=user.key) as answer:
            assert answer.status == 400


async def test_what_is_not_there_is_said_in_json() -> None:
    async with user_of() as user:
        assert await user.submit(spoken("a"), "/some-model-1/v1/some-model-request") == (
            400,
            {"error": "Model not found", "message": "Model 'some-model-1' not found or is disabled"},
        )
        for path, status in (("/v2/requests/status/none", 404), ("/media/v1/none/output.wav", 404), ("/", 405)):
            async with user.session.get(user.sandbox.url + path, headers=user.key) as answer:
                assert answer.status == status
                assert set(await answer.json()) == {"error", "message"}


async def test_the_price_is_a_tenth_of_a_dollar_per_thousand_code_points() -> None:
    async with user_of() as user:
        await user.ordered(spoken("héllo 🎵"))
        await user.ordered({"prompt": "x" * 1000}, MUSIC)
        assert [job.charged_micros for job in user.sandbox.submits] == [700, 100_000]
        assert user.sandbox.charged_micros == 100_700


async def test_an_empty_wallet_answers_402_in_the_documented_words() -> None:
    async with user_of(SandboxConfig(wallet_micros=1_000, queued_s=0, processing_s=0)) as user:
        await user.ordered(spoken("123456"))
        assert await user.submit(spoken("12345")) == (
            402,
            {"error": "Insufficient Balance", "message": "Your wallet does not have enough balance."},
        )
        await user.ordered(spoken("1234"))


async def test_submissions_are_recorded_without_the_key() -> None:
    async with user_of() as user:
        await user.ordered(spoken("Hello"), X_Webhook_Mode="sync")
        [job] = user.sandbox.submits
        assert (job.product, job.model, job.payload) == ("speech", "eleven-v3-alpha-954", spoken("Hello"))
        assert job.headers["X-Webhook-Mode"] == "sync"
        assert "sesame" not in repr(job)


async def test_a_key_sent_to_the_media_is_noticed() -> None:
    async with user_of() as user:
        body = await user.ended(await user.ordered(spoken("Hello")))
        for headers in ({}, user.key):
            async with user.session.get(body["output"]["media_url"][0], headers=headers) as answer:
                assert answer.status == 200
        assert [request.key_sent for request in user.sandbox.media_requests] == [False, True]


async def test_open_requests_and_remembered_ones_are_limited() -> None:
    async with user_of(SandboxConfig(queued_s=0, processing_s=0, open_limit=1, keep=2)) as user:
        for number in range(4):
            await user.ended(await user.ordered(spoken(f"Number {number}")))
        assert [job.payload["text"] for job in user.sandbox.submits] == ["Number 2", "Number 3"]
        await user.ordered(spoken("[[fault:endless]]"))
        assert (await user.submit(spoken("One too many")))[0] == 429


async def test_audio_dropped_from_the_disk_is_made_again() -> None:
    async with user_of(SandboxConfig(queued_s=0, processing_s=0, cache_bytes=1)) as user:
        first = await user.ended(await user.ordered(spoken("One")))
        await user.ended(await user.ordered(spoken("Two")))
        async with user.session.get(first["output"]["media_url"][0]) as answer:
            assert (await answer.read())[:4] == b"RIFF"


async def test_a_sandbox_can_be_stopped_in_the_middle_of_everything() -> None:
    async with user_of(SandboxConfig(queued_s=0, processing_s=0)) as user:
        await user.ordered(spoken("A long text. " * 300))
        await user.ordered(spoken("[[fault:endless]]"))
    assert len(user.sandbox.submits) == 2


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        *(("https://example.com/a", True), ("http://127.0.0.1:1/a", True), ("http://localhost/a", True)),
        *(("http://[::1]/a", True), ("http://example.com/a", False), ("ftp://example.com", False)),
        *(("https://", False), ("nonsense", False), ("http://[::1", False), ("http://10.0.0.1/", False)),
    ],
)
def test_webhooks_need_https_except_on_this_machine(url: str, fine: bool) -> None:
    assert (webhook_complaint(url, "terminal") is None) is fine


async def test_webhook_headers_are_checked_at_submission() -> None:
    async with user_of() as user:
        assert (await user.submit(spoken("a"), X_Webhook_URL="http://example.com/"))[0] == 400
        assert (await user.submit(spoken("a"), X_Webhook_Mode="often"))[0] == 400
        assert user.sandbox.submits == []


def test_an_unknown_fault_is_not_ignored() -> None:
    with pytest.raises(ValueError, match="unknown fault 'flood'"):
        SandboxConfig(fault="flood")
    assert all(FAULTS.values())


async def test_it_warns_at_the_start(caplog: pytest.LogCaptureFixture) -> None:
    async with user_of(AT_ONCE):
        pass
    [warning] = [r for r in caplog.records if r.name == "troubadour.sandbox"]
    assert warning.levelname == "WARNING"
    assert "simulated" in warning.message


def in_python(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout


def test_the_core_does_not_import_it() -> None:
    assert in_python("import sys, core, core.gateway\nprint('bots.sandbox' in sys.modules)") == "False\n"


@pytest.mark.parametrize("package", ["espeakng_loader", "numpy"])
def test_without_the_extra_it_says_what_to_install(package: str) -> None:
    program = f"""
import sys
from tests.waiting import WAIT_S
sys.modules[{package!r}] = None
try:
    import bots.sandbox
except ImportError as error:
    print(type(error).__name__, error)
"""
    assert "SandboxMissing" in in_python(program)
    assert "pip install 'troubadour[sandbox]'" in in_python(program)

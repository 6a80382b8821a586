"""Secrets do not show in the log, however they are written."""

import io
import json
import logging
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from bots.app import logs
from tests import tokens
from tests.bots.app.readings import checked, loaded


def test_secrets_are_struck_out_of_logs_and_tracebacks() -> None:
    settings = loaded(telegram_token=tokens.TELEGRAM, gateway_key="canary-key")
    out = io.StringIO()
    logger = logging.getLogger("test.redaction")
    handler = logging.StreamHandler(out)
    logger.addHandler(handler)
    for as_json in (False, True):
        handler.setFormatter(logs.Redacting(logs.secrets(settings), as_json=as_json))
        error = ValueError("https://api.example/bot999:other-canary/getMe key=canary-key")
        logger.error("calling with %s", tokens.TELEGRAM, exc_info=error)
        logger.warning("PATCH /webhooks/77/interaction-canary/messages/@original")
        logger.warning("POST http://api/v10/interactions/77/interaction-canary/callback?with_response=1")
        logger.warning("setWebhook with parameters %s", {"url": "https://x", "secret_token": "canary"})
    logger.removeHandler(handler)
    assert "canary" not in out.getvalue()
    assert out.getvalue().count("[secret]") >= 12


KEY = 'k"ey/with: ünusual\\signs'


DATABASE = "postgresql://bot:p%40quartzite%2Fof%3Aours@db/books"


TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Abc-dE.thelastpartofatokenisenough"


WRITTEN = {
    "raw": KEY,
    "json": json.dumps({"key": KEY}),
    "json in ascii": json.dumps(KEY).lower(),
    "python": repr({"key": KEY, "other": "'"}),
    "percent-encoded": f"https://x/y?key={quote(KEY, safe='')}&z=1",
    "percent-encoded in small letters": f"https://x/{quote(KEY).replace('%2F', '%2f').replace('%3A', '%3a')}",
    "form-encoded": urlencode({"key": KEY}),
    "database": DATABASE,
    "password": "p@quartzite/of:ours is wrong",
    "password in an address": "user=bot password=p%40quartzite%2Fof%3Aours",
    "piece of a password": "there is no host quartzite/of",
    "piece of a token": "…thelastpartofatokenisenough",
    "console": "GET https://console.example/in/thelastpartofatokenisenough-and-more-of-it",
    "callback": "POST https://bot.example/gateway/0000000000123456ab.thelastpart",
    "proxy": "http://me:proxy-passwd@proxy",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_secrets_are_found_however_they_are_written(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://me:proxy-passwd@proxy:3128")
    secrets = logs.secrets(loaded(gateway_key=KEY, database_url=DATABASE, discord_token=TOKEN))
    for as_json in (False, True):
        record = logging.LogRecord("test", logging.ERROR, "", 0, "%s", (WRITTEN[how],), None)
        line = logs.Redacting(secrets, as_json=as_json).format(record)
        assert "[secret]" in line
        for canary in ("nusual", "quartz", "p%40", "thelastpart", "proxy-passwd"):
            assert canary not in line


async def test_a_short_or_common_value_is_not_struck_out_and_check_says_so(tmp_path: Path) -> None:
    secrets: dict[str, object] = {
        "gateway_key": "k",
        "database_url": "postgresql://bot:postgres@db/books",
    }
    record = logging.LogRecord("test", logging.ERROR, "", 0, "postgres keeps books of the bot", (), None)
    line = logs.Redacting(logs.secrets(loaded(**secrets)), as_json=False).format(record)
    assert line.endswith("keeps books of the bot")
    _, said = await checked(data_dir=tmp_path, **secrets)
    for name in ("GATEWAY_KEY", "DATABASE_URL"):
        assert f"note: {name} is too short or too common to be struck out of the log" in said

"""Logging: one line an event, in text or JSON, with every secret struck out."""

import json
import logging
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import SecretStr

from bots.settings import Settings

# A bot token in a URL, an interaction's token in a path, and what Telegram is told to show in a webhook.
_PATTERNS = (
    (re.compile(r"/bot\d+:[\w-]+"), "/bot[secret]"),
    (re.compile(r"/((?:webhooks|interactions)/\d+)/[\w.-]+"), r"/\1/[secret]"),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), "[secret]"),  # the user and password of a proxy or database
    (re.compile(r"(secret_token['\"]?[:=] ?['\"]?)[\w-]+"), r"\1[secret]"),
)
NOISY = ("httpx", "httpcore", "aiosqlite", "discord.http", "discord.gateway", "telegram.ext.Updater", "apscheduler")
"""Libraries whose INFO lines name URLs, which may hold a token."""


class Redacting(logging.Formatter):
    """Formats a record, tracebacks included, and strikes out secrets wherever they came from."""

    def __init__(self, secrets: Sequence[str], *, as_json: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return one line (tracebacks may take more in text)."""
        line = self._json(record) if self._as_json else super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[secret]")
        for pattern, instead in _PATTERNS:
            line = pattern.sub(instead, line)
        return line

    def _json(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def secrets(settings: Settings) -> list[str]:
    """Return every secret among the settings."""
    values = [value.get_secret_value() for value in dict(settings).values() if isinstance(value, SecretStr)]
    return [value for value in values if value]


def configure(settings: Settings) -> None:
    """Log to standard error as the settings say."""
    _install(Redacting(secrets(settings), as_json=settings.log_format == "json"), settings.log_level)


def configure_quietly(level: str = "WARNING") -> None:
    """Log what matters in a terminal that shows something else."""
    _install(Redacting((), as_json=False), level)


def _install(formatter: logging.Formatter, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))

"""Every setting in one frozen object, which says what of them can't work."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bots.app.bucket_address import lone_credentials, read_bucket
from bots.app.console_address import check_console
from bots.app.fields import Chats, Console, Finishing, Gateway, Limits, Machine, Money, Products, Sharing, Voices
from bots.app.typos import bare, choices_of, in_choices, wrong_with_key, wrong_with_token
from bots.app.voices_file import read_voices
from core.domain.errors import ConfigurationError
from core.domain.voices import CAST, Voice
from core.gateway.proxies import Proxies
from core.gateway.settings import base_url

SANDBOX = "sandbox"
TELEGRAM_PORTS = frozenset({None, 443, 80, 88, 8443})
"""The Bot API's documentation, "setWebhook"."""

_OWNER = re.compile(r"(?:discord|telegram):\d{1,20}|console:\w+", re.ASCII)
COMMUNITY = re.compile(r"(?:discord:|telegram:-)\d{1,20}", re.ASCII)

_ADDRESSES = (
    *("discord_api_url", "telegram_api_url", "gateway_url"),
    *("public_url", "console_url", "artifacts_url", "artifacts_endpoint"),
)
_KEYS = {
    "owners": (_OWNER, "discord:1234 or telegram:5678"),
    "communities_allowed": (COMMUNITY, "telegram:-100123 or discord:456"),
}


def address_of(url: str) -> Path | str:
    """Read `sqlite:///path` or `postgresql://…`. Raises ValueError."""
    if url.startswith(("postgresql://", "postgres://")):
        parts = urlsplit(url)
        if parts.fragment or "@" in parts.path + parts.query or parts.netloc.count("@") > 1:
            raise ValueError("needs its password percent-encoded: %23 for #, %2F for /, %3F for ?, %40 for @")
        return url
    if not url.startswith("sqlite:///"):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    if not (path := url.removeprefix("sqlite:///")) or path.endswith("/") or Path(path).is_dir():
        raise ValueError("needs the path of a file, such as sqlite:///data/troubadour.db")
    return Path(path)


class Settings(Chats, Gateway, Money, Limits, Products, Voices, Finishing, Console, Sharing, Machine, BaseSettings):  # type: ignore[misc, valid-type]
    """Every setting, checked. Secrets never show in repr, logs or errors."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, defer_build=False
    )

    @field_validator("more_voices", "owners", "communities_allowed", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(word for word in value.replace(",", " ").split() if word) if isinstance(value, str) else value

    @field_validator(*_ADDRESSES, mode="after")
    @classmethod
    def _no_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value and not value.endswith("://") else value

    @model_validator(mode="before")
    @classmethod
    def _unwrap(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take spaces and quotes away from around values: `docker --env-file` keeps them. Empty means not set."""
        read = {
            name: in_choices(bare(value), _CHOICES.get(name, ())) if isinstance(value, str) else value
            for name, value in values.items()
        }
        return {name: value for name, value in read.items() if value != ""}

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield the setting and the sentence of each that can't work, though it looks like what it should be."""
        settings = self
        for name, read in _READ.items():
            try:
                read(settings)
            except (ValueError, ConfigurationError) as error:
                yield name, str(error)
                if name in {"price", "voices_file"}:  # or else it would be told again for what depends on it
                    settings = self.model_copy(update={name: type(self).model_fields[name].default})
        for name, (form, such_as) in _KEYS.items():
            if unknown := [repr(key) for key in getattr(self, name) if not form.fullmatch(key)]:
                are = "are" if unknown[1:] else "is"
                yield name, f"{name.upper()}: {', '.join(unknown)} {are} not such as {such_as}"
        names = CAST.with_more(settings.voices).names
        if settings.voices_file == self.voices_file and self.default_voice not in names:
            yield "default_voice", f"DEFAULT_VOICE: {self.default_voice!r} is not one of the voices: {', '.join(names)}"
        yield from self._contradictions()

    def _contradictions(self) -> Iterator[tuple[str, str]]:
        if self.telegram_webhook and not self.public_url:
            yield "telegram_webhook", "TELEGRAM_WEBHOOK needs PUBLIC_URL: Telegram must know where to post"
        if self.telegram_webhook and self._public_port not in TELEGRAM_PORTS:
            wanted = "Telegram posts to port 443, 80, 88 or 8443 of PUBLIC_URL only"
            yield "telegram_webhook", f"TELEGRAM_WEBHOOK: {wanted}"
        if self.poll_max_s < self.poll_min_s:
            yield "poll_max_s", "POLL_MAX_S must not be less than POLL_MIN_S"
        if self.job_s <= self.poll_min_s:
            yield "job_s", "JOB_S must be more than POLL_MIN_S: or else every job ends before it is first asked for"

        yield from lone_credentials(self.artifacts_url, self.artifacts_key, self.artifacts_secret)

    @property
    def _public_port(self) -> int | None:
        try:
            return urlsplit(self.public_url or "").port
        except ValueError:  # which PUBLIC_URL is told for
            return None

    @property
    def proxies(self) -> Proxies:
        """By which proxy the chats, the gateway and media are called."""
        return Proxies(https=self.https_proxy, http=self.http_proxy, every=self.all_proxy, direct=self.no_proxy)

    @property
    def voices(self) -> tuple[Voice | str, ...]:
        """The operator's voices besides the built-in ones. Raises ConfigurationError."""
        return *(read_voices(self.voices_file) if self.voices_file else ()), *self.more_voices

    @property
    def sandboxed(self) -> bool:
        """Whether the gateway is the sandbox inside this process."""
        return self.gateway_url == SANDBOX

    @property
    def shareable(self) -> bool:
        """Whether several processes may have the database open."""
        return not isinstance(self.database, Path)

    @property
    def database(self) -> Path | str:
        """Where the database is: the path of an SQLite file, or the URL of a PostgreSQL database with its password."""
        if self.database_url is None:
            return self.data_dir / "troubadour.db"
        try:
            return address_of(self.database_url.get_secret_value())
        except ValueError as error:
            raise ValueError(f"DATABASE_URL {error}") from None

    @property
    def spool(self) -> Path:
        """Where audio lies until the chat has it."""
        return self.data_dir / "spool"

    @property
    def previews(self) -> Path:
        """Where previews of voices lie, which are never swept."""
        return self.data_dir / "previews"

    @property
    def console_links(self) -> Path:
        """Where `troubadour console-link` leaves links for the service to find."""
        return self.data_dir / "console"


_CHOICES: Mapping[str, Collection[str]] = {"gateway_url": (SANDBOX,)} | {
    name: choices for name, field in Settings.model_fields.items() if (choices := choices_of(field.annotation))
}
"""The words that stand for themselves, by setting."""


def _token(name: str) -> Callable[[Settings], None]:
    def read(settings: Settings) -> None:
        token: SecretStr | None = getattr(settings, name)
        if token and (wrong := wrong_with_token(name, token.get_secret_value())):
            raise ValueError(wrong)

    return read


def _key(settings: Settings) -> None:
    if (key := settings.gateway_key) and (wrong := wrong_with_key(key.get_secret_value())):
        raise ValueError(wrong)


def _address(name: str, schemes: set[str]) -> Callable[[Settings], None]:
    def read(settings: Settings) -> None:
        if (given := getattr(settings, name)) is not None:
            base_url(name.upper(), given, schemes)

    return read


_READ: Mapping[str, Callable[[Settings], object]] = {
    "discord_token": _token("discord_token"),
    "telegram_token": _token("telegram_token"),
    "gateway_key": _key,
    "price": lambda settings: settings.price_micros,
    "database_url": lambda settings: settings.database,
    "voices_file": lambda settings: settings.voices,
    "default_allowance": lambda settings: settings.default_quota,
    "direct_allowance": lambda settings: settings.direct_quota,
    "default_pool": lambda settings: settings.default_pool_micros,
    "total_pool": lambda settings: settings.total_pool_micros,
    "preview_budget": lambda settings: settings.preview_budget_micros,
    "discord_api_url": _address("discord_api_url", {"http", "https"}),
    "discord_ws_url": _address("discord_ws_url", {"ws", "wss"}),
    "telegram_api_url": _address("telegram_api_url", {"http", "https"}),
    "public_url": _address("public_url", {"https"}),
    "console_url": lambda settings: check_console(settings.console_url, settings.console_host),
    "artifacts_url": lambda settings: settings.artifacts_url and read_bucket(settings.artifacts_url),
    "artifacts_endpoint": _address("artifacts_endpoint", {"http", "https"}),
    "gateway_url": lambda settings: settings.sandboxed or _address("gateway_url", {"http", "https"})(settings),
}
"""What reads the settings that are more than their type; each raises ValueError or ConfigurationError."""

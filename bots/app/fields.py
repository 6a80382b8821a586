"""Every setting by group: type, default and meaning.

`make docs` writes `docs/settings.md` and `.env.example` from the docstrings here.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, create_model
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from bots.app.amounts import read_allowance, read_budget, read_pool, read_price
from core.domain.communities import Communities
from core.domain.contract import WebhookMode
from core.domain.parameters import Text
from core.domain.policy import LONGEST_ORDER
from core.domain.products import PRODUCTS
from core.domain.quota import Quota
from core.domain.refusals import InvalidInput
from core.domain.spans import read_span_ms


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


LONGEST_TEXT = 6000
"""What the option of a chat's command takes at most."""
Words = Annotated[tuple[str, ...], NoDecode]
"""Typed with spaces or commas between them."""


def _seconds(value: Any) -> Any:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return read_span_ms(value) / 1000
    except InvalidInput:
        raise PydanticCustomError("span", "must be a number of seconds, or a time such as 90s or 15m") from None


Seconds = Annotated[float, BeforeValidator(_seconds)]
"""Typed as a number, or as admins type a time."""


Loudness = Annotated[float | None, BeforeValidator(lambda value: None if value == "off" else value)]
"""Typed as a number, or `off`."""


class Group(BaseModel):
    """Settings that stand together; each docstring's first line is the heading."""

    model_config = ConfigDict(defer_build=True)  # what unites all groups is built alone


class Chats(Group):
    """Chats: at least one token."""

    discord_token: SecretStr | None = None
    """The Discord bot's token: developer portal, your application, Bot, *Reset Token*. Without it, no Discord."""
    telegram_token: SecretStr | None = None
    """The Telegram bot's token, from @BotFather's /newbot. Without it, no Telegram."""
    telegram_webhook: bool = False
    """`true`: Telegram posts updates to `PUBLIC_URL`, at `/telegram`, instead of being polled."""
    discord_api_url: str = "https://discord.com/api/v10"
    """Where Discord is; change it only to run against a local stand-in."""
    discord_ws_url: str | None = None
    """Discord's websocket; unless set, whatever `DISCORD_API_URL` names. Only for local stand-ins."""
    telegram_api_url: str = "https://api.telegram.org"
    """Where Telegram is; change it only to run against a local stand-in."""


class Gateway(Group):
    """The gateway that generates audio."""

    gateway_key: SecretStr | None = None
    """Your subscription key."""
    gateway_url: str = "https://gateway.pixazo.ai"
    """The gateway. `sandbox` simulates it inside this process: no key, no charge. The `.venv` that make builds has what
    that needs; the image has it only if built with `SANDBOX=1`."""
    webhook_mode: WebhookMode = WebhookMode.TERMINAL
    """With `PUBLIC_URL`: `terminal` has the gateway call when a job has ended, `sync` also while it goes on, which
    shows progress sooner."""
    poll_min_s: Seconds = Field(5, gt=0, le=60)
    """Seconds until a job's status is first asked for, and between two questions at least. The gateway
    wants 5 to 10."""
    poll_max_s: Seconds = Field(10, gt=0, le=60)
    """Seconds between two questions at most."""


class Money(Group):
    """Money: who may spend how much, and where."""

    price: str = "0.10"
    """What 1,000 characters cost, in US dollars."""
    default_allowance: str = Field("0.10 day", examples=["5 cents a day", "5000 chars week"])
    """What a member may spend where no admin has said otherwise: an amount and `day`, `week` or `month`; or
    `unlimited`, or `none`."""
    direct_allowance: str = "0 day"
    """The same for direct chats, where no admin watches."""
    default_pool: str = "20.00"
    """What a whole community may spend in a month until an operator sets its pool; or `unlimited`."""
    total_pool: str = "100.00"
    """What a month can cost you at most, over all communities and direct chats; or `unlimited`. The default is enough
    for five communities that spend all of the default pool."""
    preview_budget: str | None = Field(None, examples=["2.00"])
    """What previews of voices may cost you in a month, within `TOTAL_POOL`, for members to hear before they order.
    Unset, none are made, and nobody is offered to hear any."""
    communities: Communities = Communities.ASK
    """Where orders are taken: `ask` (in communities that you approved), `list` (also in those of
    `COMMUNITIES_ALLOWED`) or `open` (everywhere)."""
    communities_allowed: Words = Field((), examples=["telegram:-100123 discord:456"])
    """The communities that need no approval with `COMMUNITIES=list`."""

    @property
    def price_micros(self) -> int:
        """The price of 1,000 characters."""
        return read_price("PRICE", self.price)

    @property
    def default_quota(self) -> Quota:
        """What a member of a community may spend where no admin has said otherwise."""
        return read_allowance("DEFAULT_ALLOWANCE", self.default_allowance, self.price_micros)

    @property
    def direct_quota(self) -> Quota:
        """What anybody may spend in a direct chat."""
        return read_allowance("DIRECT_ALLOWANCE", self.direct_allowance, self.price_micros)

    @property
    def default_pool_micros(self) -> int | None:
        """What a community may spend in a month where no operator has said otherwise; None is unlimited."""
        return read_pool("DEFAULT_POOL", self.default_pool, self.price_micros)

    @property
    def total_pool_micros(self) -> int | None:
        """What the operator may have to pay for a month, over all communities; None is unlimited."""
        return read_pool("TOTAL_POOL", self.total_pool, self.price_micros)

    @property
    def preview_budget_micros(self) -> int | None:
        """What previews may cost in a month; None where none are made."""
        if self.preview_budget is None:
            return None
        return read_budget("PREVIEW_BUDGET", self.preview_budget, self.price_micros)


class Limits(Group):
    """Limits."""

    jobs_total: int = Field(64, ge=1, le=20_000)
    """Jobs at the gateway at the same time; the others wait for their turn."""
    jobs_per_community: int = Field(32, ge=1)
    """How many of these one community may have."""
    jobs_per_member: int = Field(4, ge=1)
    """How many of these one member may have."""
    waiting_per_member: int = Field(10, ge=1)
    """Unfinished orders that one member may have."""
    waiting_total: int = Field(1000, ge=1)
    """Orders of everybody that may wait for their turn. Beyond that, members hear that the bot is busy and for how
    long."""
    order_characters: int = Field(LONGEST_ORDER, ge=1, le=200_000)
    """Characters of a whole text to be spoken. A community's admins may set less, with `/limits text`."""
    queue_s: Seconds = Field(900, gt=0)
    """Seconds that an order may wait for its turn; then it is cancelled, uncharged. An order that arrives older is not
    begun."""
    job_s: Seconds = Field(900, gt=0)
    """Seconds that the gateway may take for a job; then it ends, uncharged."""
    drain_s: Seconds = Field(20, ge=0)
    """Seconds that a stop waits for jobs to come to rest. Unfinished ones go on at the next start."""
    lease_s: Seconds = Field(15, ge=2, le=600)
    """On PostgreSQL: seconds without a sign of life after which other workers take over a worker's jobs."""


def _of_products() -> Iterator[tuple[str, Any]]:
    """Yield what an operator may change of each product, by the setting's name."""
    for name, row in PRODUCTS.items():
        renamed = f"Another path for {name}, should the vendor rename the model."
        yield f"{name}_endpoint", (str | None, Field(None, description=renamed))
        text = row.table[row.billed]
        usual = text.limit if isinstance(text, Text) else LONGEST_TEXT
        longest = f"Characters of a {row.billed}, at most {LONGEST_TEXT}."
        yield f"{name}_limit", (int, Field(usual, ge=1, le=LONGEST_TEXT, description=longest))


Products = create_model("Products", __base__=Group, __doc__="Products.", **dict(_of_products()))


class Voices(Group):
    """Voices."""

    default_voice: str = "Aria"
    """Who speaks where no voice is named."""
    more_voices: Words = Field((), examples=["Zoe, Max"])
    """Voices that the gateway knows besides the built-in ones, with spaces or commas between them."""
    voices_file: Path | None = Field(None, examples=["voices.toml"])
    """Your own or further voices with their ids, aliases and descriptions; docs/operating.md shows one."""


class Finishing(Group):
    """How audio is finished before it is sent; a file that is so already goes as it came."""

    loudness_lufs: Loudness = Field(-16, ge=-40, le=-5)
    """The loudness that speech and music get (EBU R128, in LUFS), with their peaks limited; `off`: all keep theirs."""
    trim_silence: bool = True
    """Silence before and after speech is shortened."""


class Console(Group):
    """The console: pages for members, admins and operators."""

    console_url: str | None = Field(None, examples=["https://console.example.org", "http://127.0.0.1:8090"])
    """Where people open the console in a browser, through a proxy that speaks https; http only on this machine itself.
    Without it there is no console."""
    console_host: str = "127.0.0.1"
    """Where the console is listened for; that proxy must reach it."""
    console_port: int = Field(8090, ge=0, le=65535)
    """And at which port; not that of `HTTP_PORT`, which anybody may reach."""


class Sharing(Group):
    """Audio that many machines share, in an S3-compatible store (the extra `s3`)."""

    artifacts_url: str | None = Field(None, examples=["s3://bucket/troubadour"])
    """The bucket, and what the names in it begin with: finished audio is copied there, so that any machine can send and
    play it. Two services must not have the same. Unset, each machine has only its own."""
    artifacts_endpoint: str | None = Field(None, examples=["https://minio.example.org"])
    """The store's address, with the bucket in the path; unset, Amazon's."""
    artifacts_region: str = "us-east-1"
    """The region that requests are signed for."""
    artifacts_key: SecretStr | None = None
    """The id of an access key that may list, read, write and delete there."""
    artifacts_secret: SecretStr | None = None
    """And its secret."""
    artifacts_mb: int = Field(20_000, ge=100)
    """Megabytes of finished audio that are kept there, of all machines; beyond that the oldest goes first."""


class Machine(Group):
    """The machine."""

    secrets_dir: Path | None = Field(None, examples=["/run/secrets"])
    """A folder with a file for each secret, such as `gateway_key`; unset, `/run/secrets` and what systemd's
    `LoadCredential=` provides. For a single one name its file: `GATEWAY_KEY_FILE=/path`, likewise with each secret."""
    data_dir: Path = Path("data")
    """The folder of the database and of audio, on its way and kept."""
    keep_days: int = Field(7, ge=1, le=365)
    """Days that finished audio is kept, for members to have it sent again with /history."""
    keep_mb: int = Field(2000, ge=100)
    """Megabytes of finished audio that are kept on this machine; beyond that the oldest goes first. With
    `ARTIFACTS_URL` only what has a copy there goes, and comes back when it is needed."""
    keep_mb_per_community: int = Field(1000, ge=10)
    """How many of these, or of `ARTIFACTS_MB` where that is used, the audio of one community may take."""
    repeat_kept: bool = True
    """`true`: who orders speech once more that they have had, or anybody in the same channel, gets the audio that is
    kept of it, free, with *New take* beside it; `false`: all is made anew and paid."""
    database_url: SecretStr | None = Field(None, examples=["postgresql://user:password@host/name"])
    """Another database than `troubadour.db` in `DATA_DIR`: `sqlite:///path` (four slashes before an absolute path) or
    PostgreSQL; in its password write `%23` for `#`, `%2F` for `/`, `%3F` for `?`, `%40` for `@`."""
    public_url: str | None = Field(None, examples=["https://bot.example.org"])
    """Where the gateway reaches `HTTP_HOST` and `HTTP_PORT` from outside, https only; let the proxy there pass on
    `/gateway/` and, with `TELEGRAM_WEBHOOK`, `/telegram`. Without it, jobs are polled every few seconds."""
    http_host: str = "127.0.0.1"
    """Where health, metrics, callbacks (`/gateway/…`) and updates (`/telegram`) are listened for."""
    http_port: int = Field(8080, ge=0, le=65535)
    """And at which port."""
    https_proxy: SecretStr | None = Field(None, examples=["http://user:password@host:port"])
    """The proxy for what is called by https: chats, gateway, media."""
    http_proxy: SecretStr | None = None
    """The same for plain http."""
    all_proxy: SecretStr | None = None
    """The same for whatever neither of these is set for."""
    no_proxy: str = ""
    """Hosts that are called directly all the same, with commas between them; this machine always is."""
    owners: Words = Field((), examples=["discord:1234 telegram:5678"])
    """The operators: who may approve communities and set pools. A request for credit (*Ask an admin*) shows the number,
    and so does Discord's *Copy User ID*."""
    log_level: LogLevel = LogLevel.INFO
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`. Of libraries only warnings and errors are logged, so that members' words
    never are."""
    log_format: LogFormat = LogFormat.TEXT
    """`text`, or `json`: one object a line, and where it is about a job with `job`, `community`, `platform`, `product`,
    `cost` in dollars, `duration` in seconds since it was ordered, and `state` where the line says what became of it."""

"""What works, though perhaps not as it was meant."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import SecretStr

from bots.app.environment import Reading
from bots.app.redaction import recognizable, values_of
from bots.app.settings import Settings
from bots.commands.table import COMMANDS
from core.domain.communities import Communities
from core.domain.contract import WebhookMode
from core.domain.money import MICROS
from core.domain.products import PRODUCTS

FAR = 100
"""A price is hardly meant if it is so many times the default, or less than the default by as much."""
_VOICE = re.compile(r"\w[\w.'-]*")
_COMMAND_WORDS = frozenset(word for command in COMMANDS for word in command.name.split()) | PRODUCTS.keys()

Note = tuple[set[str], str]
"""The settings that a sentence is about, and the sentence."""


def notes(reading: Reading, *, calls_chats: bool = True) -> Iterator[str]:
    """Yield a sentence for each; none about a setting at fault, which stands at its default instead of its value.

    `calls_chats`: whether there is something to do for the tokens of the chats.
    """
    if reading.strange:
        are, do = ("are no settings", "do") if reading.strange[1:] else ("is no setting", "does")
        yield f".env: {', '.join(reading.strange)} {are} of Troubadour and {do} nothing: docs/settings.md lists all."
    if reading.is_open:
        yield ".env holds secrets, and other users of this machine may read it: chmod 600 .env"
    of_chats = (_no_token, _strangers) if calls_chats else ()
    of_all = (_not_set, _gateway, _secrets, _idle, _limits, _public, _open_store, _money, _unbounded, _products)
    for look in (*of_chats, *of_all):
        yield from (text for about, text in look(reading.settings) if not about & reading.faulty)


def _no_token(settings: Settings) -> Iterator[Note]:
    for name, token in _tokens(settings).items():
        if token is None:
            yield {f"{name}_token"}, f"{name.upper()}_TOKEN is not set: running without {name.title()}."


def _not_set(settings: Settings) -> Iterator[Note]:
    if settings.public_url is None:
        yield {"public_url"}, "PUBLIC_URL is not set: the gateway is polled instead of calling back."


def _tokens(settings: Settings) -> dict[str, SecretStr | None]:
    return {"discord": settings.discord_token, "telegram": settings.telegram_token}


def _gateway(settings: Settings) -> Iterator[Note]:
    if settings.sandboxed:
        yield {"gateway_url"}, "GATEWAY_URL=sandbox: audio is simulated."
        if settings.gateway_key:
            yield {"gateway_url", "gateway_key"}, "GATEWAY_KEY does nothing with GATEWAY_URL=sandbox."
    elif settings.gateway_url.startswith("http://"):
        yield {"gateway_url"}, "GATEWAY_URL is http: the key travels unencrypted."


def _secrets(settings: Settings) -> Iterator[Note]:
    for name, value in dict(settings).items():
        if isinstance(value, SecretStr) and not all(map(recognizable, values_of(value.get_secret_value()))):
            yield {name}, f"{name.upper()} is too short or too common to be struck out of the log."


def _idle(settings: Settings) -> Iterator[Note]:
    """Yield what does nothing beside the other settings."""
    of_list = {"communities", "communities_allowed"}
    is_list = settings.communities is Communities.LIST
    if is_list and not settings.communities_allowed:
        yield of_list, "COMMUNITIES=list without COMMUNITIES_ALLOWED is the same as ask: put the list."
    if settings.communities_allowed and not is_list:
        now = settings.communities.value
        yield of_list, f"COMMUNITIES_ALLOWED does nothing with COMMUNITIES={now}: put COMMUNITIES=list."
    if settings.telegram_webhook and settings.telegram_token is None:
        yield {"telegram_webhook", "telegram_token"}, "TELEGRAM_WEBHOOK does nothing without TELEGRAM_TOKEN."
    for name in ("artifacts_endpoint", "artifacts_region", "artifacts_mb"):
        if name in settings.model_fields_set and settings.artifacts_url is None:
            yield {name, "artifacts_url"}, f"{name.upper()} does nothing without ARTIFACTS_URL."
    if settings.webhook_mode is WebhookMode.SYNC and settings.public_url is None:
        yield {"webhook_mode", "public_url"}, "WEBHOOK_MODE does nothing without PUBLIC_URL."


def _limits(settings: Settings) -> Iterator[Note]:
    """Yield limits above those that hold for all; none that is not set."""
    for name in ("jobs_per_community", "jobs_per_member"):
        if name in settings.model_fields_set and getattr(settings, name) > settings.jobs_total:
            yield {name, "jobs_total"}, f"{name.upper()} does nothing above JOBS_TOTAL, which is {settings.jobs_total}."
    whole = "artifacts_mb" if settings.artifacts_url else "keep_mb"
    name, most = "keep_mb_per_community", getattr(settings, whole)
    if name in settings.model_fields_set and settings.keep_mb_per_community > most:
        yield {name, whole}, f"{name.upper()} does nothing above {whole.upper()}, which is {most}."


def _public(settings: Settings) -> Iterator[Note]:
    """Yield an address that nobody can reach from outside, or not as it is meant."""
    parts = urlsplit(settings.public_url or "")
    if parts.hostname and (parts.hostname == "localhost" or not_global(parts.hostname)):
        yield {"public_url"}, "PUBLIC_URL is no address that the gateway can reach: put a public one, or leave it out."
    if settings.public_url and not settings.http_port:
        told = "HTTP_PORT 0 is another port at each start: put the one to which PUBLIC_URL leads."
        yield {"public_url", "http_port"}, told
    if parts.path.rpartition("/")[2] in {"gateway", "telegram"}:
        yield {"public_url"}, f"PUBLIC_URL ends with {parts.path}, which is added to it: leave that out, most likely."


def not_global(host: str) -> bool:
    """Whether a host is an address of some inner network."""
    try:
        return not ip_address(host).is_global
    except ValueError:  # a name
        return False


def _open_store(settings: Settings) -> Iterator[Note]:
    """Yield a store that is called unencrypted over more than an inner network."""
    parts = urlsplit(settings.artifacts_endpoint or "")
    if parts.scheme == "http" and "." in (parts.hostname or "") and not not_global(parts.hostname or ""):
        yield {"artifacts_endpoint"}, "ARTIFACTS_ENDPOINT is http: members' audio travels unencrypted."


def _strangers(settings: Settings) -> Iterator[Note]:
    """Yield whom the settings name on a platform that does not run."""
    running = {name for name, token in _tokens(settings).items() if token}
    for setting in ("owners", "communities_allowed"):
        for platform in sorted({key.partition(":")[0] for key in getattr(settings, setting)} - running):
            why = f"{platform.upper()}_TOKEN is not set" if platform in _tokens(settings) else "only the demo has those"
            yield {setting, f"{platform}_token"}, f"{setting.upper()} names {platform}:…, which does nothing: {why}."


def _money(settings: Settings) -> Iterator[Note]:
    """Yield the amounts beyond which something else refuses first."""
    total, pool = settings.total_pool_micros, settings.default_pool_micros
    if total == 0:
        much = "put what a month may cost you at most, such as 100.00"
        yield {"total_pool"}, f"TOTAL_POOL is 0, so nobody can order anything: {much}."
    elif pool == 0:
        yield {"default_pool"}, "DEFAULT_POOL is 0: no community can order before you give it a pool with /pool."
    if settings.default_quota.limit_micros == 0:
        yield {"default_allowance"}, "DEFAULT_ALLOWANCE is 0: members can order only where an admin gives them a quota."
    default, direct = settings.default_quota.limit_micros, settings.direct_quota.limit_micros
    for name, amount, other, cap in (
        ("default_pool", pool, "total_pool", total),
        ("default_allowance", default, "default_pool", pool),
        ("direct_allowance", direct, "total_pool", total),
    ):
        if amount and cap and amount > cap:
            yield {name, other}, f"{name.upper()} is more than {other.upper()}, so one alone can use up what all have."


def _unbounded(settings: Settings) -> Iterator[Note]:
    """Yield what lets anybody spend anything, and a price that makes every limit another one."""
    pools = {settings.total_pool_micros, settings.default_pool_micros}
    allowances = settings.default_quota.limit_micros, settings.direct_quota.limit_micros
    if settings.communities is Communities.OPEN and pools == {None} and None in allowances:
        about = {"communities", "total_pool", "default_pool", "default_allowance", "direct_allowance"}
        yield about, "Nothing bounds what strangers may spend of your money: put TOTAL_POOL."
    usual = Settings.model_fields["price"].default
    if not 1 / FAR <= settings.price_micros / (float(usual) * MICROS) <= FAR:
        yield {"price"}, f"PRICE {settings.price} is far from {usual}: it is for 1,000 characters, in US dollars."


def _products(settings: Settings) -> Iterator[Note]:
    """Yield names that nobody can call a voice by, and paths that lead elsewhere."""
    for name in settings.more_voices:
        if not _VOICE.fullmatch(name) or name.casefold() in _COMMAND_WORDS:
            yield {"more_voices"}, f"MORE_VOICES: {name!r} can hardly be the name of a voice."
    for name in (f"{product}_endpoint" for product in PRODUCTS):
        if ".." in (getattr(settings, name) or "").split("/"):
            yield {name}, f"{name.upper()} leads out of the gateway's own paths by its “..”."

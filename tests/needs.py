"""Which secrets each role of the service needs, with one chat and without what else can be switched on."""

from collections.abc import Mapping

SECRETS = ("DATABASE_URL", "TELEGRAM_TOKEN", "GATEWAY_KEY")
NEEDED: Mapping[str, tuple[str, ...]] = {"worker": SECRETS, "bot": SECRETS[:2], "web": SECRETS[:1]}

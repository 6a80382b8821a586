"""What the chats and the gateway say of the accounts in the settings: `troubadour check --live`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from bots.app.inspected import Inspected
from bots.app.settings import Settings
from bots.app.values import bucket_of
from core.domain.errors import ArtifactsAway, Forbidden, GatewayError, RequestUnknown, Unauthorized
from core.domain.products import Catalog
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from core.ports import Bucket

NO_REQUEST = "troubadour-check-00000000-0000-0000-0000-000000000000"
"""The id of a request that nobody has made."""

PLACES = {"discord": "server", "telegram": "group"}
"""What a bot is added to on each platform."""
Inspect = Callable[[Settings, Catalog, str], Awaitable[Inspected]]


async def inspect(settings: Settings, catalog: Catalog, community: str = "") -> Mapping[str, Inspected]:
    """Ask every account that the settings name, at once; `community`: the key of one to look at."""
    tokens = {"discord": settings.discord_token, "telegram": settings.telegram_token}
    calls = {
        name: ask(settings, catalog, community if community.startswith(f"{name}:") else "")
        for name, ask in CHATS.items()
        if tokens[name]
    }
    if settings.gateway_key and not settings.sandboxed:
        calls["gateway"] = gateway(settings)
    if settings.artifacts_url and find_spec("obstore"):
        calls["artifacts"] = artifacts(settings)
    return dict(zip(calls, await asyncio.gather(*calls.values()), strict=True))


async def gateway(settings: Settings) -> Inspected:
    """Ask for a request that does not exist, which costs nothing: a wrong key is told before that."""
    found = Inspected()
    if settings.gateway_key is None:
        return found
    client = GatewayClient(
        GatewaySettings(url=settings.gateway_url, key=settings.gateway_key, proxies=settings.proxies)
    )
    try:
        await client.status(NO_REQUEST)
        found.notes.append("The gateway's answer does not say whether GATEWAY_KEY is right: the first order will.")
    except RequestUnknown:
        found.name = "the gateway"
    except (Unauthorized, Forbidden) as error:
        found.is_refused = True
        found.troubles.append(f"The gateway does not accept GATEWAY_KEY ({error}): put the key of your subscription.")
    except GatewayError as error:
        found.notes.append(f"The gateway could not say whether GATEWAY_KEY is right ({error}): the first order will.")
    finally:
        await client.close()
    return found


async def artifacts(settings: Settings) -> Inspected:
    """Write, list, read and delete a small object where machines share audio."""
    from core.files.bucket import S3Bucket

    found = Inspected()
    address = bucket_of(settings)
    if address is None:
        return found
    bucket = S3Bucket(address, "check")
    try:
        with TemporaryDirectory() as folder:
            await _try(bucket, Path(folder))
        found.notes.append("Shared audio can be written, listed, read and deleted at ARTIFACTS_URL.")
    except ArtifactsAway as error:
        why = "see ARTIFACTS_URL, ARTIFACTS_ENDPOINT, ARTIFACTS_REGION and what ARTIFACTS_KEY may do"
        found.troubles.append(f"Shared audio can't be written, listed, read and deleted now ({error}): {why}.")
    finally:
        bucket.close()
    return found


async def _try(bucket: Bucket, folder: Path) -> None:
    name, sent, back = token_hex(16), folder / "sent", folder / "back"
    await asyncio.to_thread(sent.write_text, name)
    await bucket.put(name, sent)
    try:
        listed = [one.name for one in await bucket.list()]
        if name not in listed or not await bucket.get(name, back, len(name)):
            raise ArtifactsAway("what was written is not there")
    finally:
        await bucket.delete([name])


async def _discord(settings: Settings, catalog: Catalog, community: str) -> Inspected:
    from bots.discord.inspection import inspect as ask

    return await ask(settings, catalog, community)


async def _telegram(settings: Settings, catalog: Catalog, community: str) -> Inspected:
    from bots.telegram.inspection import inspect as ask

    return await ask(settings, catalog, community)


CHATS: Mapping[str, Inspect] = {"discord": _discord, "telegram": _telegram}
"""What asks each platform; its library is imported only for it."""

"""What audio is made with, by the settings: the gateway, or the sandbox inside this process, and the media tools."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from bots.app.settings import Settings
from core.domain.errors import ConfigurationError
from core.gateway.client import GatewayClient
from core.gateway.settings import GatewaySettings
from core.media.media import Media
from core.ports import Gateway, MediaTools


@asynccontextmanager
async def generating(settings: Settings) -> AsyncIterator[tuple[Gateway, MediaTools]]:
    """Yield gateway and media tools, and close them again. Raises ConfigurationError."""
    async with AsyncExitStack() as stack:
        inside = settings.data_dir / "sandbox"
        url = await stack.enter_async_context(_sandbox(inside)) if settings.sandboxed else settings.gateway_url
        media, gateway = Media(), GatewayClient(_gateway_settings(settings, url))
        stack.push_async_callback(media.close)
        stack.push_async_callback(gateway.close)
        media.warm()
        yield gateway, media


@asynccontextmanager
async def _sandbox(folder: Path) -> AsyncIterator[str]:
    """Run the sandbox gateway inside this process and yield its URL; its requests outlast a restart in `folder`."""
    try:
        from bots.sandbox import Sandbox, SandboxConfig
    except ImportError as error:
        raise ConfigurationError(
            f"GATEWAY_URL=sandbox needs an extra: pip install 'troubadour[sandbox]' ({error})"
        ) from error
    async with Sandbox(SandboxConfig(folder=folder)) as gateway:
        yield gateway.url


def _gateway_settings(settings: Settings, url: str) -> GatewaySettings:
    return GatewaySettings(
        url=url,
        key=settings.gateway_key or SecretStr("no-key-needed"),
        public_url=settings.public_url,
        webhook_mode=settings.webhook_mode,
        proxies=settings.proxies,
    )

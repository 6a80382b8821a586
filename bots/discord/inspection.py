"""What Discord says of the bot's token, application and place in a server."""

from collections.abc import Iterator

import aiohttp
import discord
from discord.utils import oauth_url

from bots.app.inspected import Inspected
from bots.app.settings import Settings
from bots.app.typos import not_accepted
from bots.discord.commands import commands
from bots.discord.connection import use_api
from bots.discord.errors import describe
from core.domain.products import Catalog

SCOPES = ("bot", "applications.commands")
PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    send_voice_messages=True,
    attach_files=True,
    read_message_history=True,
)
"""What the bot asks for when it is added."""


async def inspect(settings: Settings, catalog: Catalog, community: str = "") -> Inspected:
    """Ask Discord; `community`: the key of a server to look at. Changes nothing."""
    found = Inspected()
    if settings.discord_token is None:
        return found
    use_api(settings.discord_api_url)
    proxy = settings.proxies.of(settings.discord_api_url)
    async with discord.Client(intents=discord.Intents(guilds=True), proxy=proxy) as client:
        try:
            await client.login(settings.discord_token.get_secret_value())
            application = await client.application_info()
            found.name, found.invite = application.name, invite(application.id)
            found.troubles.extend(_wrong_with(application))
            found.notes.extend(_worth_knowing(application))
            found.notes.extend(await _unsynced(client, application, catalog, settings))
            if community:
                found.troubles.extend(await _missing(client, int(community.removeprefix("discord:"))))
        except discord.LoginFailure:
            found.is_refused = True
            found.troubles.append(not_accepted("discord_token"))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            found.troubles.append(f"Discord can't be asked now: {describe(error)}.")
    return found


def invite(application_id: int) -> str:
    """Return the link that adds the bot to a server, with the rights that it needs."""
    return oauth_url(application_id, permissions=PERMISSIONS, scopes=SCOPES)


def _wrong_with(application: discord.AppInfo) -> Iterator[str]:
    if application.interactions_endpoint_url:
        yield (
            "Discord sends commands to an Interactions Endpoint URL and not to this bot: empty that field in the "
            "developer portal, your application, General Information."
        )
    if application.bot_require_code_grant:
        yield (
            "The invite link does not work while Requires OAuth2 Code Grant is on: turn it off in the developer "
            "portal, your application, Bot."
        )


def _worth_knowing(application: discord.AppInfo) -> Iterator[str]:
    if not application.bot_public:
        yield "Public Bot is off, so only you can add the bot to servers."
    flags = application.flags
    intents = {
        "Presence Intent": flags.gateway_presence or flags.gateway_presence_limited,
        "Server Members Intent": flags.gateway_guild_members or flags.gateway_guild_members_limited,
        "Message Content Intent": flags.gateway_message_content or flags.gateway_message_content_limited,
    }
    if on := [name for name, is_on in intents.items() if is_on]:
        where = "in the developer portal, your application, Bot"
        yield f"{' and '.join(on)} can be turned off {where}: nothing here needs it."


async def _unsynced(
    client: discord.Client, application: discord.AppInfo, catalog: Catalog, settings: Settings
) -> Iterator[str]:
    registered = {command["name"] for command in await client.http.get_global_commands(application.id)}
    ours = {command.name for command in commands(catalog, has_console=settings.console_url is not None)}
    if registered == ours:
        return iter(())
    what = "No command is" if not registered else f"{len(registered & ours)} of {len(ours)} commands are"
    return iter((f"{what} registered with Discord now: `troubadour run` registers them.",))


async def _missing(client: discord.Client, guild_id: int) -> list[str]:
    """Name what the bot may not do in the channels of a server."""
    try:
        guild = await client.fetch_guild(guild_id)
    except discord.NotFound:
        return [f"The bot is in no server with the id {guild_id}: add it with the invite link."]
    me = await guild.fetch_member(client.user.id)  # type: ignore[union-attr]  # logged in
    lacking: dict[str, list[str]] = {}
    for channel in await guild.fetch_channels():
        if not isinstance(channel, discord.TextChannel):
            continue
        may = channel.permissions_for(me)
        for name, is_needed in PERMISSIONS:
            if is_needed and not getattr(may, name):
                lacking.setdefault(name, []).append(f"#{channel.name}")
    return [f"{_said(name)} is missing in {', '.join(where)}." for name, where in lacking.items()]


def _said(permission: str) -> str:
    """Return a permission as Discord's settings of a role call it."""
    return permission.replace("_", " ").title().replace(" In ", " in ")

"""Build the messages that carry a job's words and audio."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters

from bots.discord.escaping import CONTENT_LIMIT, plain
from bots.discord.identity import admin_roles, user_id
from bots.text import titles
from core.domain.models import Artifact, Job

LONGEST_MENTION = 24
MOST_CALLED = 3
"""Roles that are called to decide."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A file as Discord kept it."""

    extension: str
    content: bytes = field(repr=False)
    duration_s: float = 0.0
    waveform: str = ""
    """Of a voice message."""

    @property
    def size_bytes(self) -> int:
        """How much there is to upload."""
        return len(self.content)


Source = Artifact | Copy


class _TitledFile(discord.File):
    """A file with a title to display: Discord replaces spaces and non-Latin letters in file names."""

    def __init__(self, source: str | io.BytesIO, name: str) -> None:
        super().__init__(source, name)
        self._title = Path(name).stem

    def to_dict(self, index: int) -> dict[str, Any]:
        """Add the title to the attachment's metadata."""
        return {**super().to_dict(index), "title": self._title}


class Only(discord.AllowedMentions):
    """Lets those alone be called who are named. The library writes ids as numbers, which Discord's schema has not."""

    def __init__(self, users: Sequence[int] = (), roles: Sequence[int] = ()) -> None:
        super().__init__(everyone=False, users=False, roles=False, replied_user=False)
        self._named = {"users": [str(user) for user in users], "roles": [str(role) for role in roles]}

    def to_dict(self) -> Any:
        """Name them."""
        return {"parse": [], **{kind: ids for kind, ids in self._named.items() if ids}}

    def merge(self, other: discord.AllowedMentions) -> discord.AllowedMentions:
        """Let what one message says replace this, which is what all say otherwise."""
        return other

    @property
    def words(self) -> str:
        """What calls them, in a message."""
        return " ".join([*(f"<@&{role}>" for role in self._named["roles"]), *(f"<@{u}>" for u in self._named["users"])])


def deciders(guild: discord.Guild | None) -> Only | None:
    """Return who can decide: roles, or the owner where there are none."""
    if guild is None:
        return None
    if roles := admin_roles(guild)[:MOST_CALLED]:
        return Only(roles=roles)
    return Only([guild.owner_id]) if guild.owner_id else None


def _file_of(source: Source, job: Job, number: int) -> _TitledFile:
    if isinstance(source, Copy):
        return _TitledFile(io.BytesIO(source.content), titles.file_name(job, source.extension, number))
    return _TitledFile(source.path, titles.file_name(job, source.probe.extension, number))


def message_of(
    text: str,
    artifacts: Sequence[Source],
    view: discord.ui.View | None,
    job: Job,
    nonce: str | None = None,
    *,
    private: bool = False,
    mentions: bool = False,
) -> MultipartParameters:
    """Build a message; its files are open until it is closed. `mentions`: it calls the job's member alone."""
    member = user_id(job.member) if mentions else None
    files = [_file_of(source, job, n) for n, source in enumerate(artifacts, 1)]
    flags = discord.MessageFlags(ephemeral=private, suppress_embeds=bool(artifacts))  # no previews of quoted links
    return handle_message_parameters(
        content=f"<@{member}> {plain(text, CONTENT_LIMIT - LONGEST_MENTION)}" if member else plain(text),
        files=files or discord.utils.MISSING,
        view=view,
        nonce=nonce,
        flags=flags if flags.value else discord.utils.MISSING,
        allowed_mentions=Only([member]) if member else discord.AllowedMentions.none(),
    )

"""Build the messages that carry a job's words and audio."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import discord
from discord.http import MultipartParameters, handle_message_parameters

from bots.discord.escaping import plain
from bots.text import titles
from core.domain.models import Artifact, Job


class _TitledFile(discord.File):
    """A file with a title to display: Discord replaces spaces and non-Latin letters in file names."""

    def __init__(self, path: str, name: str) -> None:
        super().__init__(path, name)
        self._title = Path(name).stem

    def to_dict(self, index: int) -> dict[str, Any]:
        """Add the title to the attachment's metadata."""
        return {**super().to_dict(index), "title": self._title}


def message_of(
    text: str,
    artifacts: Sequence[Artifact],
    view: discord.ui.View | None,
    job: Job,
    nonce: str | None = None,
    *,
    private: bool = False,
) -> MultipartParameters:
    """Build a message; its files are open until it is closed."""
    files = [_TitledFile(a.path, titles.file_name(job, a.probe.extension, n)) for n, a in enumerate(artifacts, 1)]
    flags = discord.MessageFlags(ephemeral=private, suppress_embeds=bool(artifacts))  # no previews of quoted links
    return handle_message_parameters(
        content=plain(text),
        files=files or discord.utils.MISSING,
        view=view,
        nonce=nonce,
        flags=flags if flags.value else discord.utils.MISSING,
        allowed_mentions=discord.AllowedMentions.none(),
    )

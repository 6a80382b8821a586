"""Send audio as the kind of message that its chat takes: voice, song or document."""

from telegram import InputFile
from telegram.ext import ExtBot

from bots.telegram.connection import UPLOAD_READ_S
from bots.telegram.identity import Address
from bots.telegram.rate_limiter import Priority, Ticket
from bots.telegram.rights import Kind, Rights
from bots.text import titles
from core.domain.audio import Want
from core.domain.models import Artifact, Job
from core.domain.products import Sound, row_of

MAX_BYTES = 50 * 1000 * 1000
"""The upload limit is 50 MB, of which the form encoding takes a little."""
SONG = Want(MAX_BYTES, frozenset({"mp3/mp3", "mp4/aac"}), "mp3")
OPUS = "ogg/opus"
VOICE = Want(MAX_BYTES, frozenset({OPUS, *SONG.playable}), "opus")


def is_spoken(job: Job) -> bool:
    """Say whether it is a voice that is heard."""
    return row_of(job.product).sound is Sound.VOICE


class Uploads:
    """Sends files of jobs."""

    def __init__(self, bot: ExtBot[Priority | Ticket], rights: Rights) -> None:
        self._bot = bot
        self._rights = rights

    def accepts(self, job: Job, chat: int) -> Want:
        """Take speech as a voice message, unless the chat forbids those, and music as an audio file."""
        return VOICE if is_spoken(job) and self._rights.allow(chat, Kind.VOICE) else SONG

    def kind(self, job: Job, artifact: Artifact, chat: int) -> Kind:
        """Choose the kind of message: voice for speech, audio for music, a document for other formats.

        Music ordered as Opus is sent as a voice message too: nothing else plays it in every client.
        """
        held = artifact.probe.kind
        if (is_spoken(job) or held == OPUS) and self._rights.allow(chat, Kind.VOICE):
            return Kind.VOICE
        is_song = held in SONG.playable and self._rights.allow(chat, Kind.SONG)
        return Kind.SONG if is_song else Kind.FILE

    async def send(  # noqa: PLR0917 - what a message is made of
        self, kind: Kind, job: Job, upload: InputFile, duration_s: int, caption: str | None, to: Address
    ) -> None:
        """Send a file as that kind of message. Raises TelegramError."""
        match kind:
            case Kind.VOICE:
                await self._bot.send_voice(
                    voice=upload, duration=duration_s, caption=caption, read_timeout=UPLOAD_READ_S, **to.target
                )
            case Kind.SONG:
                await self._bot.send_audio(
                    audio=upload,
                    duration=duration_s,
                    caption=caption,
                    title=titles.song_title(job),
                    performer=titles.performer(job),
                    read_timeout=UPLOAD_READ_S,
                    **to.target,
                )
            case _:
                await self._bot.send_document(
                    document=upload,
                    caption=caption,
                    disable_content_type_detection=True,  # else a song's file counts as a song
                    read_timeout=UPLOAD_READ_S,
                    rate_limit_args=Priority.OUTCOME,
                    **to.target,
                )

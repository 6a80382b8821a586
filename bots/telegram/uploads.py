"""Send audio as the kind of message that its chat takes: voice, song or document."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from telegram import InputFile, Message, MessageEntity, User
from telegram.ext import ExtBot

from bots.commands import buttons
from bots.platform import Button
from bots.telegram.buttons import rows
from bots.telegram.connection import UPLOAD_READ_S
from bots.telegram.escaping import CAPTION_LIMIT, plain, size
from bots.telegram.identity import NAME, Address
from bots.telegram.rate_limiter import Priority, Ticket
from bots.telegram.rights import Kind, Rights
from bots.text import order_replies, titles
from bots.text.cover import cover
from bots.text.locale import _
from core.domain.audio import Want
from core.domain.jsontype import JSON
from core.domain.models import Artifact, Job
from core.domain.products import Sound, row_of
from core.domain.receipts import Receipt

MAX_BYTES = 50 * 1000 * 1000
"""The upload limit is 50 MB, of which the form encoding takes a little."""
SONG = Want(MAX_BYTES, frozenset({"mp3/mp3", "mp4/aac"}), "mp3")
OPUS = "ogg/opus"
VOICE = Want(MAX_BYTES, frozenset({OPUS, *SONG.playable}), "opus")


def is_spoken(job: Job) -> bool:
    """Say whether it is a voice that is heard."""
    return row_of(job.product).sound is Sound.VOICE


@dataclass(frozen=True, slots=True)
class Media:
    """What is sent."""

    kind: Kind
    content: InputFile | str
    """A file, or the id under which Telegram keeps one for this bot."""
    duration_s: int | None = None
    size_bytes: int = 0

    @classmethod
    def of(cls, kept: JSON) -> Self:
        """Read what was kept of a message that was sent."""
        return cls(Kind[kept["kind"]], kept["file"])

    @property
    def is_kept(self) -> bool:
        """Whether nothing is uploaded."""
        return isinstance(self.content, str)


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands under audio, whom it mentions, and what can be done about it."""

    text: str
    entities: tuple[MessageEntity, ...] = ()
    buttons: tuple[Button, ...] = ()


def caption_of(receipt: Receipt, artifacts: Sequence[Artifact], address: Address) -> Caption:
    """Return the audio's caption; it names money only in direct chats, since a group's messages are public.

    Ephemeral messages (Bot API 10.2) are no way out: a bot may send them unprompted only as an administrator, and
    older servers would ignore the parameter and post publicly.
    """
    is_alone = address.group is not None
    more = order_replies.receipt(receipt) if is_alone or receipt.job.direct else order_replies.in_public(receipt)
    if is_alone:
        more = f"{more}\n{_(order_replies.ALONE)}"
    is_public = not is_alone and not receipt.job.direct
    addressed = is_public and (address.order is None or receipt.awaited)
    words = order_replies.introduction(receipt, artifacts, CAPTION_LIMIT, size, more=more, addressed=addressed)
    text = plain(words, CAPTION_LIMIT)
    mention = _mention(text, receipt.job) if addressed and receipt.awaited else ()
    return Caption(text, mention, buttons.of_card(receipt.job, buttons.few_voices(receipt)))


def _mention(text: str, job: Job) -> tuple[MessageEntity, ...]:
    """Mention the member where they are named, who may have no @name: a reply to a deleted order notifies nobody."""
    name = plain(job.member_name)
    before, found, _after = text.partition(name)
    if not (name and found):
        return ()
    user = User(int(job.member.removeprefix(f"{NAME}:")), name, is_bot=False)
    return (MessageEntity(MessageEntity.TEXT_MENTION, size(before), size(name), user=user),)


class Uploads:
    """Sends files of jobs."""

    def __init__(self, bot: ExtBot[Priority | Ticket], rights: Rights) -> None:
        self._bot = bot
        self._rights = rights

    def accepts(self, job: Job, to: Address) -> Want:
        """Take speech as a voice message, unless the chat forbids those, and music as an audio file."""
        return VOICE if is_spoken(job) and self._speaks(to) else SONG

    def _speaks(self, to: Address) -> bool:
        return not to.file and self._rights.allow(to.chat, Kind.VOICE)

    def kind(self, job: Job, artifact: Artifact, to: Address) -> Kind:
        """Choose the kind of message: voice for speech, audio for music, a document for other formats.

        Music ordered as Opus is sent as a voice message too: nothing else plays it in every client.
        """
        held = artifact.probe.kind
        if (is_spoken(job) or held == OPUS) and self._speaks(to):
            return Kind.VOICE
        is_song = held in SONG.playable and self._rights.allow(to.chat, Kind.SONG)
        return Kind.SONG if is_song else Kind.FILE

    async def send(self, media: Media, job: Job, caption: Caption | None, to: Address) -> JSON:
        """Send it as a message of its kind; return what Telegram keeps. Raises TelegramError."""
        how: dict[str, Any] = {"read_timeout": UPLOAD_READ_S, **to.target}
        if caption:
            how |= {"caption": caption.text, "caption_entities": caption.entities or None}
            how["reply_markup"] = rows(caption.buttons)
        match media.kind:
            case Kind.VOICE:
                message = await self._bot.send_voice(voice=media.content, duration=media.duration_s, **how)
            case Kind.SONG:
                message = await self._bot.send_audio(
                    audio=media.content,
                    duration=media.duration_s,
                    title=titles.song_title(job),
                    performer=titles.performer(job),
                    thumbnail=None if media.is_kept else await asyncio.to_thread(cover, titles.song_title(job)),
                    **how,
                )
            case _:
                message = await self._bot.send_document(
                    document=media.content,
                    disable_content_type_detection=True,  # else a song's file counts as a song
                    rate_limit_args=Priority.OUTCOME,
                    **how,
                )
        return _kept_in(message)


def _kept_in(message: Message) -> JSON:
    """Return what `Media.of` and `link` read; empty where Telegram made something else of the file."""
    made = ((Kind.VOICE, message.voice), (Kind.SONG, message.audio), (Kind.FILE, message.document))
    where = {"chat": message.chat.id, "message": message.message_id}
    return next(({"kind": kind.name, "file": file.file_id, **where} for kind, file in made if file), {})

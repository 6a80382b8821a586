"""Answers to interactions: the callback, `@original` and follow-ups, with their deadlines."""

from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.worlds.discord.places import EPHEMERAL, JSON, LOADING, Attachment, Message
from tests.worlds.discord.reply import Reply
from tests.worlds.discord.web import ApiError, Request

if TYPE_CHECKING:
    from tests.worlds.discord.world import DiscordWorld

CALLBACK_S = 3.0
TOKEN_S = 15 * 60.0
CONTENT_LIMIT = 2000
SUPPRESS_EMBEDS = 1 << 2
VOICE = 1 << 13
MOST_POINTS = 256
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5


def write(world: "DiscordWorld", message: Message, body: JSON, request: Request, upload_limit_bytes: int) -> None:
    """Write a body into a new or edited message. Raises ApiError, without a change."""
    if any(len(f.content) > upload_limit_bytes for f in request.files):
        raise ApiError(413, 40005, "Request entity too large")
    content = message.content if "content" not in body else body["content"] or ""
    if len(content) > CONTENT_LIMIT:
        raise ApiError(400, 50035, "Invalid Form Body")
    kept = {int(a["id"]) for a in body["attachments"]} if "attachments" in body else {a.id for a in message.attachments}
    said = {str(a["id"]): a for a in body.get("attachments", ())}
    if message.flags & VOICE:
        raise ApiError(400, 50162, "Voice messages cannot be edited.")
    voice = body.get("flags", 0) & VOICE
    if voice:
        _check_voice(body, request)
    new = [
        Attachment(world.new_id(), f.filename, f.content, f.content_type, **_described(said.get(str(n), {})))
        for n, f in enumerate(request.files)
    ]
    attachments = [a for a in message.attachments if a.id in kept] + new
    components = body.get("components", message.components)
    embeds = body.get("embeds", message.embeds)
    if not (content or attachments or components or embeds):
        raise ApiError(400, 50006, "Cannot send an empty message")
    message.content, message.attachments = content, attachments
    message.components, message.embeds = list(components or []), list(embeds or [])
    message.allowed_mentions = body.get("allowed_mentions", message.allowed_mentions)
    message.flags = message.flags & ~LOADING | body.get("flags", 0) & SUPPRESS_EMBEDS | voice
    if message.said:
        message.edited_s = world.now_s()
    message.said.append(content)


def _described(said: JSON) -> JSON:
    about = {"title": said.get("title", ""), "waveform": said.get("waveform", "")}
    return about | {"duration_secs": said.get("duration_secs")}


def _check_voice(body: JSON, request: Request) -> None:
    if body.get("content") or body.get("embeds") or body.get("components") or body.get("poll"):
        raise ApiError(400, 50159, "Voice messages do not support additional content.")
    if len(request.files) != 1 or len(body.get("attachments", ())) != 1:
        raise ApiError(400, 50160, "Voice messages must have a single audio attachment.")
    [about], [file] = body["attachments"], request.files
    if not about.get("duration_secs") or not 0 < len(b64decode(about.get("waveform") or "")) <= MOST_POINTS:
        raise ApiError(400, 50161, "Voice messages must have supporting metadata.")
    if not file.content.startswith(b"OggS") or b"OpusHead" not in file.content[:64]:
        raise ApiError(400, 50160, "Voice messages must have a single audio attachment.")


def _interaction(world: "DiscordWorld", where: Mapping[str, str]) -> Reply:
    found = world.replies.get(where["token"])
    if found is None or found.token_dead or world.now_s() - found.created_s > TOKEN_S:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return found


async def callback(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> JSON | None:
    """Accept the first response to an interaction, unless it comes too late."""
    reply = world.replies.get(where["token"])
    if reply is None or reply.id != int(where["interaction"]) or world.now_s() - reply.created_s > world.callback_s:
        raise ApiError(404, 10062, "Unknown interaction")
    if reply.callback is not None:
        raise ApiError(400, 40060, "Interaction has already been acknowledged.")
    kind, data = request.json["type"], request.json.get("data") or {}
    if kind not in _ALLOWED[reply.kind]:
        raise ApiError(400, 50035, "Invalid Form Body")
    _apply(world, reply, request, kind, data)
    reply.callback = kind
    if request.query.get("with_response") not in {"1", "true"}:
        return None
    return _callback_answer(world, reply, kind)


_ALLOWED = {
    COMMAND: {MESSAGE, DEFERRED_MESSAGE, MODAL},
    COMPONENT: {MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    SUBMIT: {MESSAGE, DEFERRED_MESSAGE},
}


def _apply(world: "DiscordWorld", reply: Reply, request: Request, kind: int, data: JSON) -> None:
    match kind:
        case 4 | 5:
            message = world.new_message(reply.channel, world.bot, data.get("flags", 0) & EPHEMERAL)
            if kind == MESSAGE:
                write(world, message, data, request, reply.upload_limit_bytes)
            else:
                message.flags |= LOADING
            _show(reply, message)
        case 7:
            assert reply.original is not None
            write(world, reply.original, data, request, reply.upload_limit_bytes)
        case 8:
            if len(data["choices"]) > 25:
                raise ApiError(400, 50035, "Invalid Form Body")
            reply.choices = data["choices"]
        case 9:
            reply.modal = data


def _show(reply: Reply, message: Message) -> None:
    reply.original = message
    reply.channel.messages[message.id] = message


def _callback_answer(world: "DiscordWorld", reply: Reply, kind: int) -> JSON:
    interaction: JSON = {"id": str(reply.id), "type": reply.kind}
    resource: JSON = {"type": kind}
    if reply.original is not None:
        interaction |= {
            "response_message_id": str(reply.original.id),
            "response_message_loading": reply.original.loading,
            "response_message_ephemeral": reply.original.ephemeral,
        }
        resource["message"] = reply.original.payload(world.origin)
    return {"interaction": interaction, "resource": resource}


async def follow_up(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> Any:
    """Add a message; the first one after a deferral becomes the deferred reply, including its flags."""
    reply = _interaction(world, where)
    if reply.callback is None:
        raise ApiError(404, 10015, "Unknown Webhook")
    if reply.thinking and reply.original is not None:
        write(world, reply.original, request.json, request, reply.upload_limit_bytes)
        return reply.original.payload(world.origin)
    message = world.new_message(reply.channel, world.bot, request.json.get("flags", 0) & EPHEMERAL)
    write(world, message, request.json, request, reply.upload_limit_bytes)
    reply.followups.append(message)
    reply.channel.messages[message.id] = message
    return message.payload(world.origin) if request.query.get("wait") in {"1", "true"} else None


def _message(world: "DiscordWorld", where: Mapping[str, str]) -> tuple[Reply, Message]:
    reply = _interaction(world, where)
    if where["message"] == "@original":
        found = reply.original
    else:
        ours = [m for m in (reply.original, *reply.followups) if m is not None]
        found = next((m for m in ours if m.id == int(where["message"])), None)
    if found is None or found.deleted:
        raise ApiError(404, 10008, "Unknown Message")
    return reply, found


async def get_message(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> JSON:
    return _message(world, where)[1].payload(world.origin)


async def patch_message(world: "DiscordWorld", request: Request, where: Mapping[str, str]) -> JSON:
    reply, message = _message(world, where)
    if reply.channel.archived:
        raise ApiError(400, 50083, "Thread is archived")
    write(world, message, request.json, request, reply.upload_limit_bytes)
    return message.payload(world.origin)


async def delete_message(world: "DiscordWorld", _: Request, where: Mapping[str, str]) -> None:
    _message(world, where)[1].deleted = True

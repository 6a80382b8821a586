"""The Bot API methods, on the chats of a world."""

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.worlds.telegram import whispers
from tests.worlds.telegram.chats import Chat, Message, User, member_raw
from tests.worlds.telegram.faults import ApiError
from tests.worlds.telegram.wire import JSON, Call, Upload, units

if TYPE_CHECKING:
    from tests.worlds.telegram.world import TelegramWorld

TEXT_LIMIT, CAPTION_LIMIT, FILE_LIMIT_BYTES = 4096, 1024, 50 * 1024 * 1024
RIGHTS = {"text": "text messages", "voice": "voice messages", "audio": "music", "document": "documents"}
"""The names of message kinds in errors."""
ACTIONS = frozenset(
    "typing upload_photo record_video upload_video record_voice upload_voice upload_document choose_sticker "
    "find_location record_video_note upload_video_note".split()
)


def chat_of(world: "TelegramWorld", call: Call) -> Chat:
    chat = world.chats.get(call.chat_id or 0)
    if chat is None and call.chat_id in world.users:
        raise ApiError("bot can't initiate conversation with a user", 403)
    if chat is None:
        raise ApiError("chat not found")
    if chat.moved_to is not None:
        raise ApiError("group chat was upgraded to a supergroup chat", migrate_to_chat_id=chat.moved_to.id)
    if chat.members.get(world.bot.id) in {"left", "kicked"}:
        kicked = "bot was blocked by the user" if chat.type == "private" else "bot was kicked from the group chat"
        raise ApiError(kicked, 403)
    return chat


def _user_of(world: "TelegramWorld", call: Call) -> User:
    user = world.users.get(call.number("user_id") or 0)
    if user is None:
        raise ApiError("user not found")
    return user


def _bot_message(world: "TelegramWorld", call: Call, doing: str) -> Message:
    message = chat_of(world, call).messages.get(call.number("message_id") or 0)
    if message is None or message.deleted:
        raise ApiError(f"message to {doing} not found")
    return message


def _length(text: str, limit: int, what: str) -> None:
    if units(text) > limit:
        raise ApiError(f"{what} is too long")


def _send(world: "TelegramWorld", call: Call, content: JSON, upload: Upload | None = None) -> JSON:
    """Post the bot's message as the call says: topic, reply, buttons."""
    chat, thread = chat_of(world, call), call.number("message_thread_id")
    is_admin = chat.members.get(world.bot.id) == "administrator"
    kind = next((kind for kind in RIGHTS if kind in content), None)
    if kind in chat.forbidden and not is_admin:
        raise ApiError(f"not enough rights to send {RIGHTS[kind]} to the chat")
    if thread is not None and thread not in chat.topics:
        raise ApiError("message thread not found")
    if thread in chat.closed and not is_admin:
        raise ApiError("TOPIC_CLOSED")
    alone = whispers.receiver(world, chat, call)
    answered = _answered(chat, call.object("reply_parameters") or {}, is_alone=alone is not None)
    topic = chat.topics[thread] if thread is not None else None
    content = {"from": world.bot.raw} | content
    if alone is None:
        message = chat.post(content, reply_to=answered, topic=topic, upload=upload)
    else:
        seen = {"reply_to_message": answered.raw} if answered else {}
        message = chat.whisper(content | {"receiver_user": alone.raw} | seen, topic=topic, upload=upload)
    markup = call.object("reply_markup")
    if markup and "inline_keyboard" in markup:  # others are nowhere in what Telegram returns
        message.raw["reply_markup"] = markup
    return message.raw


def _answered(chat: Chat, reply: JSON, *, is_alone: bool) -> Message | None:
    """Return the message that is answered and that everybody sees, if there is one."""
    if "message_id" not in reply:
        return None
    answered = chat.messages.get(int(reply["message_id"]))
    if answered is not None and not answered.deleted:
        return answered
    if is_alone or not reply.get("allow_sending_without_reply"):
        raise ApiError("message to be replied not found")
    return None


def get_me(world: "TelegramWorld", _: Call) -> JSON:
    flags = {"can_join_groups": world.joins, "can_read_all_group_messages": False, "supports_inline_queries": False}
    more = {"can_connect_to_business": False, "has_main_web_app": False}
    return world.bot.raw | flags | more


def send_message(world: "TelegramWorld", call: Call) -> JSON:
    text = str(call.params["text"]).strip()
    if not text:
        raise ApiError("message text is empty")
    _length(text, TEXT_LIMIT, "message")
    return _send(world, call, {"text": text})


def edit_message_text(world: "TelegramWorld", call: Call) -> JSON:
    message, text = _bot_message(world, call, "edit"), str(call.params["text"]).strip()
    if message.raw["from"]["id"] != world.bot.id:
        raise ApiError("message can't be edited")
    _length(text, TEXT_LIMIT, "message")
    markup = call.object("reply_markup")
    if (text, markup) == (message.text, message.raw.get("reply_markup")):
        raise ApiError("message is not modified: specified new message content and reply markup are exactly the same")
    message.edits.append(message.raw)
    kept = {k: v for k, v in message.raw.items() if k != "reply_markup"}
    message.raw = kept | {"text": text} | ({"reply_markup": markup} if markup else {})
    return message.raw


def edit_message_reply_markup(world: "TelegramWorld", call: Call) -> JSON:
    message, markup = _bot_message(world, call, "edit"), call.object("reply_markup")
    if markup == message.raw.get("reply_markup"):
        raise ApiError("message is not modified: specified new message content and reply markup are exactly the same")
    message.edits.append(message.raw)
    kept = {k: v for k, v in message.raw.items() if k != "reply_markup"}
    message.raw = kept | ({"reply_markup": markup} if markup else {})
    return message.raw


def delete_message(world: "TelegramWorld", call: Call) -> bool:
    _bot_message(world, call, "delete").deleted = True
    return True


def send_chat_action(world: "TelegramWorld", call: Call) -> bool:
    if call.params["action"] not in ACTIONS:
        raise ApiError("wrong parameter action in request")
    chat_of(world, call).actions.append(call.params["action"])
    return True


def _playable(content: bytes) -> str:
    """Return the type that Telegram detects: ogg, mp3, m4a or "" if it does not play."""
    if content[:4] == b"OggS" and b"OpusHead" in content[:64]:
        return "ogg"
    if content[:3] == b"ID3" or (content[:1] == b"\xff" and content[1:2] >= b"\xe0"):
        return "mp3"
    return "m4a" if content[4:8] == b"ftyp" else ""


def _known(world: "TelegramWorld", call: Call, field: str) -> tuple[str, JSON, Upload]:
    """Return the file of a file id, which can only be sent as its own kind."""
    known = world.files.get(str(call.params[field]))
    if known is None:
        raise ApiError("wrong file identifier/HTTP URL specified")
    if known[0] != field:
        raise ApiError(f"can't use file of type {known[0].title()} as {field.title()}")
    return known


def _uploaded(world: "TelegramWorld", call: Call, field: str, plays: frozenset[str]) -> tuple[str, JSON, Upload]:
    upload = call.files.get(field)
    if upload is None or not upload.content:
        raise ApiError("file must be non-empty" if upload else f"there is no {field} in the request")
    if len(upload.content) > FILE_LIMIT_BYTES:
        raise ApiError("Request Entity Too Large", 413)
    kind = field if _playable(upload.content) in plays else "document"
    file: JSON = {"file_id": f"file-{len(world.calls)}", "file_unique_id": f"u{len(world.calls)}"}
    file |= {"mime_type": upload.mime, "file_size": len(upload.content)}
    if kind != "voice":
        file["file_name"] = upload.filename
    if kind != "document":
        file["duration"] = call.number("duration") or 0
    file |= {k: call.params[k] for k in ("title", "performer") if kind == "audio" and k in call.params}
    return kind, file, upload


def _sender(field: str, plays: frozenset[str]) -> Callable[["TelegramWorld", Call], JSON]:
    """Build sendVoice, sendAudio or sendDocument; what does not play arrives as a document."""

    def send(world: "TelegramWorld", call: Call) -> JSON:
        caption = str(call.params.get("caption", ""))
        _length(caption, CAPTION_LIMIT, "message caption")
        kind, file, upload = (
            _known(world, call, field) if field in call.params else _uploaded(world, call, field, plays)
        )
        world.files[str(file["file_id"])] = (kind, file, upload)
        return _send(world, call, {kind: file} | ({"caption": caption} if caption else {}), upload)

    return send


def send_photo(world: "TelegramWorld", call: Call) -> JSON:
    upload = call.files.get("photo")
    if upload is None or not upload.content.startswith(b"\x89PNG"):
        raise ApiError("IMAGE_PROCESS_FAILED")
    caption = str(call.params.get("caption", ""))
    _length(caption, CAPTION_LIMIT, "message caption")
    width, height = struct.unpack(">II", upload.content[16:24])
    number = len(world.calls)
    size = {"file_id": f"photo-{number}", "file_unique_id": f"u{number}", "width": width, "height": height}
    return _send(world, call, {"photo": [size]} | ({"caption": caption} if caption else {}), upload)


def get_file(world: "TelegramWorld", call: Call) -> JSON:
    file_id = str(call.params["file_id"])
    if file_id not in world.documents:
        raise ApiError("wrong file_id or the file is temporarily unavailable")
    return {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_path": f"documents/{file_id}"}


def answer_callback_query(world: "TelegramWorld", call: Call) -> bool:
    press = world.presses.get(str(call.params["callback_query_id"]))
    if press is None or press.answer is not None:
        raise ApiError("query is too old and response timeout expired or query ID is invalid")
    press.answer = call.params
    return True


def get_chat(world: "TelegramWorld", call: Call) -> JSON:
    more = {"accent_color_id": 0, "max_reaction_count": 11}
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    return chat_of(world, call).raw | more | {"accepted_gift_types": gifts}


def get_chat_member(world: "TelegramWorld", call: Call) -> JSON:
    chat, user = chat_of(world, call), _user_of(world, call)
    if chat.hidden and user.id != world.bot.id and chat.members.get(world.bot.id) != "administrator":
        raise ApiError("CHAT_ADMIN_REQUIRED")
    return member_raw(user, chat.members.get(user.id, "left"))


def get_chat_administrators(world: "TelegramWorld", call: Call) -> list[JSON]:
    chat = chat_of(world, call)
    if chat.type == "private":
        raise ApiError("there are no administrators in the private chat")
    admins = ((u, s) for u, s in chat.members.items() if s in {"creator", "administrator"})
    return [member_raw(world.users[u], s) for u, s in admins]


def leave_chat(world: "TelegramWorld", call: Call) -> bool:
    chat = chat_of(world, call)
    if chat.type == "private":
        raise ApiError("chat member status can't be changed in private chats")
    chat.members[world.bot.id] = "left"
    return True


def _setter(what: str) -> Callable[["TelegramWorld", Call], bool]:
    """Keep what the bot shows of itself, by language and scope."""

    def take(world: "TelegramWorld", call: Call) -> bool:
        value = call.object(what) if what == "commands" else call.params.get(what, "")
        world.profile[what, str(call.params.get("language_code") or ""), str(call.params.get("scope") or "")] = value
        world.commands = value if what == "commands" else world.commands
        return True

    return take


def _getter(what: str) -> Callable[["TelegramWorld", Call], Any]:
    def give(world: "TelegramWorld", call: Call) -> Any:
        key = what, str(call.params.get("language_code") or ""), str(call.params.get("scope") or "")
        return world.profile.get(key, []) if what == "commands" else {what: world.profile.get(key, "")}

    return give


def set_webhook(world: "TelegramWorld", call: Call) -> bool:
    url = str(call.params["url"])
    if not url.startswith("https://"):
        raise ApiError("bad webhook: An HTTPS URL must be provided for webhook")
    world.webhook.set(url, str(call.params.get("secret_token", "")), call.object("allowed_updates"))
    return True


def delete_webhook(world: "TelegramWorld", _: Call) -> bool:
    world.webhook.url = ""
    return True


def get_webhook_info(world: "TelegramWorld", _: Call) -> JSON:
    return world.webhook.info


def _yes(_: "TelegramWorld", __: Call) -> bool:
    return True


METHODS: Mapping[str, Callable[["TelegramWorld", Call], Any]] = {
    "getMe": get_me,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "close": _yes,
    "logOut": _yes,
    "setMyCommands": _setter("commands"),
    "getMyCommands": _getter("commands"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "sendMessage": send_message,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "editEphemeralMessageText": whispers.edit_text,
    "editEphemeralMessageReplyMarkup": whispers.edit_markup,
    "deleteEphemeralMessage": whispers.delete,
    "sendChatAction": send_chat_action,
    "sendVoice": _sender("voice", frozenset({"ogg", "mp3", "m4a"})),
    "sendAudio": _sender("audio", frozenset({"mp3", "m4a"})),
    "sendDocument": _sender("document", frozenset()),
    "sendPhoto": send_photo,
    "getFile": get_file,
    "answerCallbackQuery": answer_callback_query,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "leaveChat": leave_chat,
}
"""getUpdates is a long poll, so the world handles it itself."""

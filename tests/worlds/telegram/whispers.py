"""Ephemeral messages, as the Bot API's documentation has them ("Ephemeral messages and commands", 10.3)."""

from typing import TYPE_CHECKING

from tests.worlds.telegram.chats import Chat, Message, User
from tests.worlds.telegram.faults import ApiError
from tests.worlds.telegram.wire import JSON, Call, units

if TYPE_CHECKING:
    from tests.worlds.telegram.world import TelegramWorld

ANSWER_S = 15
TEXT_LIMIT = 4096
METHODS = frozenset({"editEphemeralMessageText", "editEphemeralMessageReplyMarkup", "deleteEphemeralMessage"})


def receiver(world: "TelegramWorld", chat: Chat, call: Call) -> User | None:
    """Return who alone is to see a message; None for everybody. Refuses what the bot has no right to."""
    asked, reply = call.object("ephemeral_message_parameters"), call.object("reply_parameters") or {}
    number = reply.get("ephemeral_message_id")
    if not world.whispers or not asked:  # an older server passes over what it does not know
        if number is not None:
            raise ApiError("message to be replied not found")
        return None
    user = world.users.get(asked["receiver_user_id"])
    if chat.type not in {"group", "supergroup"}:
        raise ApiError("ephemeral messages can be sent only to groups")
    if user is None or user.is_bot or chat.members.get(user.id, "left") in {"left", "kicked"}:
        raise ApiError("USER_NOT_PARTICIPANT")
    _require_no_links(call)
    is_answer = _answers_press(world, chat, user, asked) or _answers_command(chat, user, number)
    if not is_answer and chat.members.get(world.bot.id) != "administrator":
        raise ApiError("CHAT_ADMIN_REQUIRED")
    return user


def _require_no_links(call: Call) -> None:
    keyboard = (call.object("reply_markup") or {}).get("inline_keyboard", [])
    if any("login_url" in button for row in keyboard for button in row):
        raise ApiError("BUTTON_TYPE_INVALID")


def _answers_press(world: "TelegramWorld", chat: Chat, user: User, asked: JSON) -> bool:
    """Say whether it answers a press of the last seconds."""
    if "callback_query_id" not in asked:
        if asked.get("replace_callback_query_message"):
            raise ApiError("QUERY_ID_INVALID")
        return False
    press = world.presses.get(asked["callback_query_id"])
    query = press.update["callback_query"] if press else None
    if press is None or query is None or press.chat is not chat or query["from"]["id"] != user.id:
        raise ApiError("QUERY_ID_INVALID")
    if asked.get("replace_callback_query_message") and "ephemeral_message_id" in query["message"]:
        raise ApiError("EPHEMERAL_MESSAGE_CANT_BE_REPLACED")
    if world.now_s() - press.at_s > ANSWER_S:
        raise ApiError("query is too old and response timeout expired or query ID is invalid")
    return True


def _answers_command(chat: Chat, user: User, number: int | None) -> bool:
    """Say whether it answers an ephemeral command of the last seconds."""
    if number is None:
        return False
    command = next((m for m in chat.whispers if m.alone == number and m.raw["from"]["id"] == user.id), None)
    if command is None or chat.world.now_s() - command.raw["date"] > ANSWER_S:
        raise ApiError("message to be replied not found")
    return True


def _named(world: "TelegramWorld", call: Call, doing: str) -> Message:
    chat, user, number = (
        world.chats[call.chat_id or 0],
        call.number("receiver_user_id"),
        call.number("ephemeral_message_id"),
    )
    for message in chat.whispers:
        is_ours = message.raw["from"]["id"] == world.bot.id and message.raw["receiver_user"]["id"] == user
        if is_ours and message.alone == number and not message.deleted:
            return message
    raise ApiError(f"message to {doing} not found")


def edit_text(world: "TelegramWorld", call: Call) -> bool:
    message, text = _named(world, call, "edit"), str(call.params["text"]).strip()
    if not text or units(text) > TEXT_LIMIT:
        raise ApiError("message text is empty" if not text else "message is too long")
    return _change(message, {"text": text}, call)


def edit_markup(world: "TelegramWorld", call: Call) -> bool:
    return _change(_named(world, call, "edit"), {}, call)


def _change(message: Message, content: JSON, call: Call) -> bool:
    _require_no_links(call)
    markup = call.object("reply_markup")
    new = {k: v for k, v in message.raw.items() if k != "reply_markup"} | content
    new |= {"reply_markup": markup} if markup else {}
    if new == message.raw:
        raise ApiError("message is not modified: specified new message content and reply markup are exactly the same")
    message.edits.append(message.raw)
    message.raw = new
    return True


def delete(world: "TelegramWorld", call: Call) -> bool:
    _named(world, call, "delete").deleted = True
    return True

"""A local Telegram Bot API server with members who talk to the bot under test."""

from tests.worlds.telegram.chats import Chat, Message, Press, User
from tests.worlds.telegram.faults import Fault
from tests.worlds.telegram.wire import Call, Upload
from tests.worlds.telegram.world import TelegramWorld

__all__ = ["Call", "Chat", "Fault", "Message", "Press", "TelegramWorld", "Upload", "User"]

"""Short ways to talk with the bot."""

from typing import Any

from tests.worlds.telegram import Chat, Message, TelegramWorld, User

ADMINS_ONLY = "Only admins of this community may do that."
IN_THE_GROUP = "That is for a group's admins: write it in the group."


async def answer(chat: Chat, user: User, text: str, *, reply_to: Message | None = None, anonymous: bool = False) -> str:
    """Return what the bot answers to a message."""
    return (await chat.reply_to(await chat.says(user, text, reply_to=reply_to, anonymous=anonymous))).text


async def pressed(world: TelegramWorld, user: User, message: Message, caption: str) -> dict[str, Any]:
    """Press the button of that caption; return the answer's parameters."""
    return await sent(world, user, message, message.buttons[caption])


async def sent(world: TelegramWorld, user: User, message: Message, data: str, *, old: bool = False) -> dict[str, Any]:
    """Press a button that may not be there, as a forger can."""
    return await (await world.press(user, message, data, old=old)).answered()

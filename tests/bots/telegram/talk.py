"""Short ways to talk with the bot."""

from typing import Any

from tests.worlds.telegram import Chat, Message, TelegramWorld, User

LEFT = "What I have left"
ADMINS_ONLY = "Only admins of this community may do that."
IN_THE_GROUP = "That is for a group's admins: write it in the group."


async def answer(chat: Chat, user: User, text: str, *, reply_to: Message | None = None, anonymous: bool = False) -> str:
    """Return what the bot answers to a message, together with what it tells its author alone at the press of a button."""
    said = await chat.reply_to(await chat.says(user, text, reply_to=reply_to, anonymous=anonymous))
    return await with_what_is_left(user, said)


async def with_what_is_left(user: User, said: Message) -> str:
    """Return a message's text together with what it tells whoever presses."""
    if LEFT not in said.buttons:
        return said.text
    alone = await sent(said.chat.world, user, said, said.buttons[LEFT])
    if "text" not in alone:  # it has no room in an alert
        return f"{said.text}\n{said.chat.heard_by(user)[-1].text}"
    assert alone["show_alert"] == "true"
    return f"{said.text}\n{alone['text']}"


async def pressed(world: TelegramWorld, user: User, message: Message, caption: str) -> dict[str, Any]:
    """Press the button of that caption; return the answer's parameters."""
    return await sent(world, user, message, message.buttons[caption])


async def sent(world: TelegramWorld, user: User, message: Message, data: str, *, old: bool = False) -> dict[str, Any]:
    """Press a button that may not be there, as a forger can."""
    return await (await world.press(user, message, data, old=old)).answered()

"""`/console`: the way from the chat to the pages in a browser."""

from bots.commands.command import Answer, Asked
from bots.text import replies
from bots.text.locale import _


async def console(asked: Asked) -> Answer:
    """Let the caller alone into the console, once, where there is one."""
    sessions, caller = asked.service.sessions, asked.caller
    if sessions is None:
        return Answer(_(replies.NO_CONSOLE), open=True)
    link = await sessions.link(caller)
    if not caller.direct:  # so that the pages list this community, too
        await asked.service.communities.remember(caller)
    return Answer(_(replies.CONSOLE, link=link), private=True, open=True)

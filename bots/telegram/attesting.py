"""Who somebody is in a group now."""

from typing import Any

from telegram import ChatMember, User
from telegram.error import BadRequest, ChatMigrated, TelegramError
from telegram.ext import ExtBot

from bots.telegram.errors import text_fault
from bots.telegram.identity import NAME, is_of_group, key, person, takes_part
from core.domain.attested import Attested
from core.domain.people import Caller


async def attested(bot: ExtBot[Any], community: str, member: str) -> Attested | None:
    """Describe a member of a group as Telegram does now; None where they are not in it. Raises DeliveryError.

    In a group with hidden members only an admin bot may look up a member, but any bot may list the admins: whoever is
    none of those is no admin, whether or not they are in it. A group that has become a supergroup is asked there.
    """
    chat, user = (int(of.removeprefix(f"{NAME}:")) for of in (community, member))
    if not is_of_group(chat):
        return None
    try:
        try:
            found = await bot.get_chat_member(chat, user)
        except BadRequest:
            admins = [admin for admin in await bot.get_chat_administrators(chat) if admin.user.id == user]
            return _described(community, member, admins[0].user if admins else None, is_admin=bool(admins))
    except ChatMigrated as moved:
        return await attested(bot, key(moved.new_chat_id), member)
    except TelegramError as error:
        raise text_fault(error) from error
    if not takes_part(found):
        return None
    is_admin = found.status in {ChatMember.OWNER, ChatMember.ADMINISTRATOR}
    return _described(community, member, found.user, is_admin=is_admin)


def _described(community: str, member: str, user: User | None, *, is_admin: bool) -> Attested:
    return Attested(
        Caller(
            platform=NAME,
            community=community,
            member=key(user.id) if user else member,
            name=person(user).name if user else "",
            handle=user.username if user else None,
            is_admin=is_admin,
        )
    )

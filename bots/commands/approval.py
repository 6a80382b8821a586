"""Approval of new communities: owners are asked, with buttons, and their decision is carried out."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from bots.commands.command import Answer, Asked, Who
from bots.text import community_replies, greetings, refusals
from bots.text.community_replies import Letter, digest
from bots.text.locale import speaking
from core.domain.communities import KEY, Approval
from core.domain.people import Caller
from core.domain.products import Catalog
from core.domain.refusals import CommunityDecided, Missing, NotFound
from core.engine.calls import Calls
from core.ports import Presence
from core.service.service import Service

log = logging.getLogger(__name__)

CALL_S = 8.0
"""How long telling or leaving a chat may take: whoever pressed a button is waiting."""
_calls = Calls()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a press: the new text of its message, and the answer to whoever pressed."""

    letter: Letter
    said: str
    late: bool
    """Whether somebody had already decided."""


async def press(service: Service, caller: Caller, community: str, *, approve: bool) -> Verdict:
    """Carry out the decision on a button, unless somebody has already decided. Raises Refusal."""
    if not KEY.fullmatch(community):
        raise NotFound(Missing.REQUEST, community)
    late = False
    try:
        await service.operators.decide_community(caller, community, approve=approve, first=True)
        said = await _carry_out(service, community, approve=approve)
    except CommunityDecided as error:
        said, late = refusals.refusal(error), True
    letter = digest(await service.operators.told_with(caller, community))
    return Verdict(Letter(f"{letter.text}\n\n{said}", letter.buttons), said, late)


async def decide(service: Service, caller: Caller, community: str, *, approve: bool) -> str:
    """Carry out the decision in a command, even against an earlier one; return the answer. Raises Refusal."""
    is_news = await service.operators.decide_community(caller, community, approve=approve)
    return await _carry_out(service, community, approve=approve, is_news=is_news)


async def _carry_out(service: Service, community: str, *, approve: bool, is_news: bool = True) -> str:
    locale = await service.operators.community_locale(community)
    said = await carry_out(
        service.communities.presences, service.catalog, community, approve=approve, is_news=is_news, locale=locale
    )
    left = await service.operators.pools_left(community) if approve else None
    return said if left is None or left > 0 else f"{said} {community_replies.no_pool_left(community)}"


async def act_with_notice(asked: Asked, who: Who, act: Callable[[], Awaitable[Answer]]) -> Answer:
    """Run a command, and add a notice if its community takes no orders. Raises Refusal."""
    closed = greetings.closed(await asked.service.communities.approval(asked.caller))
    answer = await act()
    if not closed or answer.private or who is Who.OPERATOR:  # operators know
        return answer
    return answer.plus(f"\n\n{closed}")


async def arrived(
    service: Service, community: str, title: str, member: str = "", name: str = "", *, locale: str
) -> Approval | None:
    """Record a community that the bot was added to; leave it again if an owner declined it before."""
    found = await service.communities.arrived(community, title, member, name, locale)
    if found is Approval.DECLINED:
        await carry_out(service.communities.presences, service.catalog, community, approve=False)
    return found


async def carry_out(
    presences: Mapping[str, Presence],
    catalog: Catalog,
    community: str,
    *,
    approve: bool,
    is_news: bool = True,
    locale: str = "",
) -> str:
    """Tell a community, in its language, that it may order, or leave it; return the answer for the owner."""
    if approve and not is_news:
        return community_replies.decided(community, approve=approve, done=None)
    presence = presences.get(community.partition(":")[0])
    done = False
    if presence is None:
        log.warning("%s can be neither told nor left: there is no connection to it", community)
    else:
        words = partial(greetings.may_begin, catalog)
        with speaking(locale):  # the owner's language need not be the community's
            call = presence.announce(community, words) if approve else presence.leave(community)
            done = await _calls.done(CALL_S, call, community)
    return community_replies.decided(community, approve=approve, done=done)

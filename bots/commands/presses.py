"""What a press on a button leads to, the same on every platform, by the beginning of its data."""

from collections.abc import Mapping

from bots.commands import cards, history_cards, voice_cards
from bots.commands.command import Asked, Press, Pressed
from bots.platform import ButtonKind
from core.domain.refusals import Missing, NotFound


async def turn(asked: Asked, about: str) -> Pressed:
    """Turn to another page of a list."""
    name, _, page = about.partition(":")
    if name not in _LISTS:
        raise NotFound(Missing.REQUEST, about)
    return await _LISTS[name](asked, page)


_LISTS: Mapping[str, Press] = {voice_cards.LIST: voice_cards.turn, history_cards.LIST: history_cards.turn}
PRESSES: Mapping[str, Press] = {ButtonKind.PAGE: turn, **voice_cards.PRESSES, **cards.PRESSES}

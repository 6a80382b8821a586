"""The actions behind members' commands, the same on every platform.

A platform finds out who acts and on whom, and shows the answer. Every action may raise a Refusal.
"""

from dataclasses import replace

from bots.commands import buttons, history_cards, pronouncing, voice_cards
from bots.commands.command import Answer, Asked
from bots.commands.voice_names import voice_named, voices_near
from bots.text import (
    form_words,
    greetings,
    operator_replies,
    product_words,
    pronunciation_replies,
    replies,
    voice_replies,
)
from bots.text.locale import _
from bots.text.wording import either
from core.domain.limits import NONE, read_voice
from core.domain.people import Caller
from core.domain.products import Catalog
from core.domain.pronunciation import folded
from core.domain.refusals import InvalidInput
from core.service.service import Service


async def start(asked: Asked) -> Answer:
    """Say hello, and what to do next: in a direct chat without an allowance, to order in a group instead."""
    service, caller = asked.service, asked.caller
    standing = await service.standing(caller) if caller.direct else None
    has_nothing = standing is not None and standing.never
    is_open = not greetings.closed(await service.communities.approval(caller))
    return Answer(greetings.start(service.catalog, "/speak", elsewhere=has_nothing, is_open=is_open), open=True)


async def form(asked: Asked, product: str = "") -> Answer:
    """Say what to type where there are no forms."""
    catalog = await asked.service.voices.catalog_for(asked.caller)
    row = catalog.by_command.get(product) or next(iter(catalog.products.values()))
    return Answer(_(form_words.NO_FORMS, line=product_words.example(row, catalog)), open=True)


async def voices(asked: Asked, like: str = "") -> Answer:
    """Show cards of the voices that are so."""
    return await voice_cards.cards(asked, like)


async def voice(asked: Asked, voice: str = "") -> Answer:
    """Say who speaks for the caller by default, or keep whom they choose; `none` takes it away."""
    voices, caller = asked.service.voices, asked.caller
    if voice:
        is_none = voice.strip().casefold() == NONE
        await voices.choose(caller, "" if is_none else voice_meant(voice, asked.service.catalog))
    return Answer(voice_replies.default_voice(await voices.chosen(caller), asked.service.catalog), open=True)


def voice_meant(typed: str, catalog: Catalog) -> str:
    """Read the name of a voice in any spelling of its letters. Raises InvalidInput, with the voice that was meant."""
    found = voice_named(typed, catalog.cast)
    near = () if found else voices_near(typed, catalog.cast)
    if near:
        raise InvalidInput("voice", typed, _("the name of a voice, such as {voices}", voices=either(near)), near[0])
    return found or read_voice(typed, catalog)


async def balance(asked: Asked) -> Answer:
    """Say what the caller may spend; where others read it, offer to."""
    aloud = Answer(_(replies.ALONE), buttons=buttons.of_standing(), open=True) if asked.is_public else None
    return Answer(await left(asked.service, asked.caller), open=True, aloud=aloud)


async def left(service: Service, caller: Caller) -> str:
    """Say what the caller may spend, and what they were charged and granted."""
    standing, entries = await service.standing(caller), await service.entries(caller)
    return replies.balance(standing, entries, direct=caller.direct)


async def history(asked: Asked, like: str = "") -> Answer:
    """List the caller's orders, each to be sent or ordered again."""
    return await history_cards.cards(asked, like)


async def pronounce(asked: Asked, entry: str = "") -> Answer:
    """List how words are said, or have one said otherwise, or as it is written: `here` for everybody here."""
    lists, caller = asked.service.pronunciations, asked.caller
    is_here, line = pronouncing.for_all(entry)
    if not line:
        return Answer(pronunciation_replies.listed(await lists.mine(caller)), private=True, open=True)
    admin, who = asked.service.admin, replace(caller, is_admin=is_here and await asked.is_admin())
    if written := pronouncing.removed(line):
        was = await (admin.unpronounce(who, written) if is_here else lists.drop(caller, written))
        left = await lists.mine(caller) if was and not is_here else ()
        if shared := next((each for each in left if each.folded == folded(written)), None):
            return Answer(pronunciation_replies.as_for_all(shared), open=True)
        return Answer(pronunciation_replies.as_written(written, was=was, for_all=is_here), open=True)
    given = pronouncing.read(line)
    await (admin.pronounce(who, given) if is_here else lists.set(caller, given))
    return Answer(pronunciation_replies.pronounced(given, for_all=is_here), open=True)


async def claim(asked: Asked, code: str) -> Answer | None:
    """Make whoever knows the code from the terminal the owner."""
    if not code.strip():
        return None
    await asked.service.operators.claim(asked.caller, code, seen=asked.is_public)
    return Answer(_(operator_replies.CLAIMED))

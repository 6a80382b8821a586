"""Place orders: with a slash command, with a form, and of a message that is spoken."""

from collections.abc import Callable
from typing import Any

import discord

from bots.commands import forms, orders
from bots.commands.mark_up import with_lines
from bots.discord.forms import entered, modal_of
from bots.discord.identity import AnyInteraction, text_file
from bots.discord.responder import PUBLIC, Reply, Responder, unattended
from bots.discord.spoken import clean_of
from bots.text import form_words
from bots.text.locale import _, speaking, tag_of
from core.domain.orders import Destination
from core.domain.people import Caller
from core.domain.products import Catalog, Product
from core.domain.refusals import InvalidInput

MOST_KEPT = 1000
"""Forms that were refused and are opened again with what was in them."""


async def order(
    responder: Responder,
    interaction: AnyInteraction,
    product: str,
    body: str,
    file: discord.Attachment | None,
    **chosen: Any,
) -> None:
    """Place the order of a slash command; from then on the worker edits the reply."""
    given = {name: value for name, value in chosen.items() if value is not None}
    words = orders.Words(body=with_lines(body), chosen=given, clean=clean_of(interaction))
    await _place(responder, interaction, product, lambda _: words, file)


async def again(responder: Responder, interaction: AnyInteraction) -> None:
    """Order once more what was heard last."""

    async def act(caller: Caller, destination: Destination) -> tuple[Reply, ...]:
        return unattended(await responder.service.repeat(caller, f"discord:{interaction.id}", destination))

    await responder.answer(interaction, act, PUBLIC)


async def speak(responder: Responder, interaction: AnyInteraction, row: Product, message: discord.Message) -> None:
    """Place an order for the words of a message, or of the text file that it carries."""
    file = None if message.content else next(iter(message.attachments), None)

    def words(_catalog: Catalog) -> orders.Words:
        if not message.content and file is None:
            raise InvalidInput(row.billed, "", _(form_words.NO_WORDS))
        return orders.Words(body="", answered=message.content, clean=clean_of(interaction))

    await _place(responder, interaction, row.name, words, file)


async def show_form(responder: Responder, interaction: AnyInteraction, command: str) -> None:
    """Open a product's form, with what was in it where it was refused before."""
    catalog = responder.service.catalog
    row = catalog.by_command.get(command) or next(iter(catalog.products.values()))  # a client may send anything
    with speaking(tag_of(str(interaction.locale))):
        kept = responder.forms.get((interaction.user.id, row.name), {})
        await responder.show(interaction, modal_of(row, catalog, kept))


async def submit(responder: Responder, interaction: AnyInteraction, product: str) -> None:
    """Place the order of a form that was filled in."""
    found, file = entered(interaction)
    key, kept = (interaction.user.id, product), responder.forms

    def words(catalog: Catalog) -> orders.Words:
        kept[key] = found
        if len(kept) > MOST_KEPT:
            del kept[next(iter(kept))]
        return forms.words(found, catalog[product], catalog, clean_of(interaction))

    await _place(responder, interaction, product, words, file, placed=lambda: kept.pop(key, None))


async def _place(
    responder: Responder,
    interaction: AnyInteraction,
    product: str,
    written: Callable[[Catalog], orders.Words],
    file: discord.Attachment | None,
    *,
    placed: Callable[[], object] = lambda: None,
) -> None:
    event, attached = f"discord:{interaction.id}", text_file(file) if file else None

    async def act(caller: Caller, destination: Destination) -> tuple[Reply, ...]:
        service = responder.service
        catalog = await service.voices.catalog_for(caller)
        words = await orders.with_file(written(catalog), attached, responder.files, product, catalog)
        order = await orders.read_apart(words, product, catalog, caller, event_id=event, destination=destination)
        accepted = await service.order(order)
        placed()
        return unattended(accepted)

    await responder.answer(interaction, act, PUBLIC)

"""Forms as Discord's modals. They are known by their custom id, so any process can take one, even after a restart."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import ui

from bots.commands.forms import Entered, Field, Shape, fields
from bots.commands.text_files import FILE
from bots.discord.identity import AnyInteraction
from bots.text import form_words
from core.domain.products import Catalog, Product

FORM = "form"
"""The beginning of a modal's custom id, before the product."""
MOST_FIELDS = 5
"""Of a modal (Discord's documentation, "Receiving and Responding to Interactions")."""


def modal_of(row: Product, catalog: Catalog, kept: Entered) -> ui.Modal:
    """Return a product's form; `kept`: what is already in its fields."""
    modal = ui.Modal(title=form_words.title(row), custom_id=f"{FORM}:{row.name}")
    for each in fields(row, catalog)[:MOST_FIELDS]:
        about = each.about[: form_words.LONGEST_ABOUT]
        modal.add_item(ui.Label(text=each.label, description=about, component=_input(each, kept.get(each.name, ()))))
    modal.stop()  # otherwise discord.py keeps every modal it ever sent; `Bot.on_interaction` takes what comes back
    return modal


def _input(each: Field, kept: Sequence[str]) -> ui.Item[Any]:
    match each.shape:
        case Shape.FILE:
            return ui.FileUpload(custom_id=each.name, required=False, min_values=0, max_values=each.most)
        case Shape.CHOICE:
            options = [
                discord.SelectOption(label=label, value=value, default=value in kept)
                for value, label in each.choices.items()
            ]
            return ui.Select(
                custom_id=each.name,
                options=options,
                required=False,
                min_values=0,
                max_values=min(each.most, len(options)),
            )
        case _:
            style = discord.TextStyle.paragraph if each.shape is Shape.PAGE else discord.TextStyle.short
            text = " ".join(kept)[: each.most]
            return ui.TextInput(
                custom_id=each.name, style=style, required=False, max_length=each.most, default=text or None
            )


def entered(interaction: AnyInteraction) -> tuple[Entered, discord.Attachment | None]:
    """Return what came back in a modal, and its file; it comes from outside, so it may hold anything."""
    data: Mapping[str, Any] = interaction.data or {}
    found = {name: values for part in data.get("components", ()) for name, values in _values(part)}
    files: Mapping[str, Any] = data.get("resolved", {}).get("attachments", {})
    file = next((files[key] for key in found.pop(FILE, ()) if key in files), None)
    return found, discord.Attachment(data=file, state=interaction._state) if file else None  # noqa: SLF001


def _values(part: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[str]]]:
    held = part.get("component")
    for each in (held,) if held else part.get("components", ()):
        value, values = each.get("value"), each.get("values")
        yield str(each.get("custom_id", "")), [str(v) for v in (values or ())] if value is None else [str(value)]

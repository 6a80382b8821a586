"""Buttons are recognised by the prefix of their custom id, so any process can handle a press, even after a restart."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bots.platform import Button

LONGEST_LABEL, LONGEST_CHOICE = 80, 100
"""Longest label of a button, and longest description of a choice (Discord's documentation, "Components")."""


def holds(message: discord.Message | None, custom_id: str) -> bool:
    """Say whether a message has a button, whatever a client says that it pressed."""
    found = (getattr(row, "children", ()) for row in (message.components if message else ()))
    return any(getattr(child, "custom_id", None) == custom_id for children in found for child in children)


def pressed(data: Mapping[str, Any]) -> str:
    """Return what a press tells us, and of a choice in a menu what a press on it would."""
    values = data.get("values")
    return str(values[0] if isinstance(values, list) and values else data.get("custom_id", ""))


def rows(buttons: Sequence[Button]) -> discord.ui.View | None:
    """Arrange buttons in their rows; None without buttons."""
    if not buttons:
        return None
    view = discord.ui.View(timeout=None)
    numbers = sorted({button.row for button in buttons})
    for button in buttons:
        view.add_item(_item(button, numbers.index(button.row)))
    view.stop()  # otherwise discord.py keeps every view it ever sent; presses reach `Bot.on_interaction` either way
    return view


def _item(button: Button, row: int) -> discord.ui.Item[Any]:
    if not button.choices:
        return discord.ui.Button(label=button.label[:LONGEST_LABEL], custom_id=button.data, row=row)
    options = [
        discord.SelectOption(label=each.label, value=each.data, description=each.about[:LONGEST_CHOICE] or None)
        for each in button.choices
    ]
    return discord.ui.Select(custom_id=button.data, placeholder=button.label, options=options, row=row)

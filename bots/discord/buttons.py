"""Buttons are recognised by the prefix of their custom id, so any process can handle a press, even after a restart."""

from collections.abc import Sequence

import discord

from bots.platform import Button

LONGEST_LABEL = 80
"""Maximum length of a button's label, in characters (Discord's documentation, "Components")."""


def holds(message: discord.Message | None, custom_id: str) -> bool:
    """Say whether a message has a button, whatever a client says that it pressed."""
    found = (getattr(row, "children", ()) for row in (message.components if message else ()))
    return any(getattr(child, "custom_id", None) == custom_id for children in found for child in children)


def rows(buttons: Sequence[Button]) -> discord.ui.View | None:
    """Arrange buttons in their rows; None without buttons."""
    if not buttons:
        return None
    view = discord.ui.View(timeout=None)
    numbers = sorted({button.row for button in buttons})
    for button in buttons:
        label, row = button.label[:LONGEST_LABEL], numbers.index(button.row)
        view.add_item(discord.ui.Button(label=label, custom_id=button.data, row=row))
    view.stop()  # otherwise discord.py keeps every view it ever sent; presses reach `Bot.on_interaction` either way
    return view

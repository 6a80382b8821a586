"""Buttons are recognised by the prefix of their callback data (at most 64 bytes), so any process can handle a press."""

from collections.abc import Sequence
from itertools import groupby

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MaybeInaccessibleMessage, Message

from bots.platform import Button, ButtonKind


def pressed(message: Message) -> list[str]:
    """Return what presses on a message's buttons would tell us."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return [str(button.callback_data) for row in rows for button in row]


def toggled(message: MaybeInaccessibleMessage, choice: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Return a card's buttons with those of a choice under them, or without, if it has some there already."""
    shown = message.reply_markup if isinstance(message, Message) else None
    had, more = shown.inline_keyboard if shown else (), rows(choice)
    last = next((n for n, row in enumerate(had, 1) if any(_is_last(button) for button in row)), len(had))
    is_open = len(had) > last
    return InlineKeyboardMarkup([*had[:last], *(more.inline_keyboard if more and not is_open else ())])


def _is_last(button: InlineKeyboardButton) -> bool:
    """Say whether a button stands in the last row of each card."""
    return str(button.callback_data).startswith(f"{ButtonKind.DETAILS}:")


def rows(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Arrange buttons in their rows; None without buttons."""
    if not buttons:
        return None
    found = groupby(buttons, lambda button: button.row)
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for __, row in found]
    )

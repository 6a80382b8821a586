"""Buttons are recognised by the prefix of their callback data (at most 64 bytes), so any process can handle a press."""

from collections.abc import Sequence
from itertools import groupby

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MaybeInaccessibleMessage, Message

from bots.platform import Button


def pressed(message: Message) -> list[str]:
    """Return what presses on a message's buttons would tell us."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return [str(button.callback_data) for row in rows for button in row]


def toggled(message: MaybeInaccessibleMessage, choice: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Return a message's buttons with those of a choice under them, or without, if it has those already."""
    chosen, shown = rows(choice), message.reply_markup if isinstance(message, Message) else None
    more, had = chosen.inline_keyboard if chosen else (), shown.inline_keyboard if shown else ()
    left = [row for row in had if row not in more]
    return InlineKeyboardMarkup([*left, *(more if len(left) == len(had) else ())])


def rows(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Arrange buttons in their rows; None without buttons."""
    if not buttons:
        return None
    found = groupby(buttons, lambda button: button.row)
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data) for b in row] for __, row in found]
    )

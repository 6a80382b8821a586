"""Buttons, known by how their custom ids begin: they work whichever process sent them, as long as the message lives."""

from collections.abc import Sequence

import discord

from bots.discord.identity import PLATFORM
from bots.platform import Button
from bots.text import admin_replies, replies
from bots.text.locale import _
from core.domain.models import Caller, Job
from core.domain.refusals import (
    NeedsChoice,
    NeedsConfirmation,
    OverLimit,
    Refusal,
)
from core.domain.reports import CreditRequest

AGAIN, CANCEL, ASK, APPROVE, DECLINE, CONFIRM = "again", "cancel", "ask", "approve", "decline", "confirm"

LONGEST_LABEL = 80
"""Characters of a button's label (Discord's documentation, "Components")."""


def again(job_id: str) -> discord.ui.View:
    """Offer to send a kept artifact again, free."""
    return _row((_(replies.SEND_AGAIN), AGAIN, job_id))


def of_progress(job: Job) -> discord.ui.View | None:
    """Offer to take back an order that still waits."""
    return _row((_(replies.CANCEL), CANCEL, job.job_id)) if job.waits else None


def of_refusal(refusal: Refusal, who: Caller) -> discord.ui.View | None:
    """Offer what would help after a refusal, if something would."""
    match refusal:
        case NeedsConfirmation(offer_id=offer_id):
            return _row((_(replies.CONFIRM), CONFIRM, offer_id))
        case NeedsChoice(offer_id=offer_id, readings=readings):
            return _row(*((replies.reading(name), CONFIRM, f"{offer_id}:{i}") for i, name in enumerate(readings)))
        case OverLimit(missing_micros=int(micros)):
            return _row((_(replies.ASK), ASK, f"{micros}:{who.member.removeprefix(f'{PLATFORM}:')}"))
        case _:
            return None


def of_credit_request(request: CreditRequest) -> discord.ui.View:
    """Let an admin decide on a credit request."""
    return _row(
        (_(admin_replies.APPROVE), APPROVE, request.credit_request_id),
        (_(admin_replies.DECLINE), DECLINE, request.credit_request_id),
    )


def _row(*buttons: tuple[str, str, str]) -> discord.ui.View:
    """Make a row of buttons from label, kind and what it is about."""
    return rows([Button(label, f"{kind}:{about}") for label, kind, about in buttons])


def rows(buttons: Sequence[Button]) -> discord.ui.View:
    """Put buttons under a message."""
    view = discord.ui.View(timeout=None)
    numbers = sorted({button.row for button in buttons})
    for button in buttons:
        label, row = button.label[:LONGEST_LABEL], numbers.index(button.row)
        view.add_item(discord.ui.Button(label=label, custom_id=button.data, row=row))
    view.stop()  # else discord.py would keep every row that it ever sent; presses come to `Bot.on_interaction` anyway
    return view

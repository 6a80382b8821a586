"""Buttons are recognised by the prefix of their custom id, so any process can handle a press, even after a restart."""

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
"""Maximum length of a button's label, in characters (Discord's documentation, "Components")."""


def again(job_id: str) -> discord.ui.View:
    """Offer to send a stored artifact again, free of charge."""
    return _row((_(replies.SEND_AGAIN), AGAIN, job_id))


def of_progress(job: Job) -> discord.ui.View | None:
    """Offer to cancel an order that is still queued."""
    return _row((_(replies.CANCEL), CANCEL, job.job_id)) if job.waits else None


def of_refusal(refusal: Refusal, who: Caller) -> discord.ui.View | None:
    """Offer the way past a refusal, if there is one."""
    match refusal:
        case NeedsConfirmation(offer_id=offer_id):
            return _row((_(replies.CONFIRM), CONFIRM, offer_id))
        case NeedsChoice(offer_id=offer_id, readings=readings):
            return _row(*((label, CONFIRM, f"{offer_id}:{i}") for i, label in enumerate(replies.readings(readings))))
        case OverLimit(missing_micros=int(micros)):
            return _row((_(replies.ASK), ASK, f"{micros}:{who.member.removeprefix(f'{PLATFORM}:')}"))
        case _:
            return None


def of_credit_request(request: CreditRequest) -> discord.ui.View:
    """Offer an admin to approve or decline a credit request."""
    return _row(
        (_(admin_replies.APPROVE), APPROVE, request.credit_request_id),
        (_(admin_replies.DECLINE), DECLINE, request.credit_request_id),
    )


def _row(*buttons: tuple[str, str, str]) -> discord.ui.View:
    """Make one row from (label, kind, subject) triples."""
    return rows([Button(label, f"{kind}:{about}") for label, kind, about in buttons])


def rows(buttons: Sequence[Button]) -> discord.ui.View:
    """Arrange buttons in their rows."""
    view = discord.ui.View(timeout=None)
    numbers = sorted({button.row for button in buttons})
    for button in buttons:
        label, row = button.label[:LONGEST_LABEL], numbers.index(button.row)
        view.add_item(discord.ui.Button(label=label, custom_id=button.data, row=row))
    view.stop()  # otherwise discord.py keeps every view it ever sent; presses reach `Bot.on_interaction` either way
    return view

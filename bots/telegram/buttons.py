"""Buttons are recognised by the prefix of their callback data (at most 64 bytes), so any process can handle a press."""

from collections.abc import Sequence
from itertools import groupby

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bots.platform import Button
from bots.telegram.identity import NAME
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


def again(job_id: str) -> InlineKeyboardMarkup:
    """Offer to send a stored artifact again, free of charge."""
    return _row((_(replies.SEND_AGAIN), f"{AGAIN}:{job_id}"))


def of_progress(job: Job) -> InlineKeyboardMarkup | None:
    """Offer to cancel an order that is still queued."""
    return _row((_(replies.CANCEL), f"{CANCEL}:{job.job_id}")) if job.waits else None


def of_refusal(refusal: Refusal, who: Caller) -> InlineKeyboardMarkup | None:
    """Offer the way past a refusal, if there is one."""
    match refusal:
        case NeedsConfirmation(offer_id=offer_id):
            return _row((_(replies.CONFIRM), f"{CONFIRM}:{offer_id}"))
        case NeedsChoice(offer_id=offer_id, readings=readings):
            return _row(*((label, f"{CONFIRM}:{offer_id}:{i}") for i, label in enumerate(replies.readings(readings))))
        case OverLimit(missing_micros=int(micros)):
            return _row((_(replies.ASK), f"{ASK}:{micros}:{who.member.removeprefix(f'{NAME}:')}"))
        case _:
            return None


def of_credit_request(request: CreditRequest) -> InlineKeyboardMarkup:
    """Offer an admin to approve or decline a credit request."""
    return _row(
        (_(admin_replies.APPROVE), f"{APPROVE}:{request.credit_request_id}"),
        (_(admin_replies.DECLINE), f"{DECLINE}:{request.credit_request_id}"),
    )


def rows(buttons: Sequence[Button]) -> InlineKeyboardMarkup | None:
    """Arrange buttons in their rows; None without buttons."""
    found = groupby(buttons, lambda button: button.row)
    return InlineKeyboardMarkup([[_button(b.label, b.data) for b in row] for __, row in found]) if buttons else None


def _row(*buttons: tuple[str, str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[_button(label, data) for label, data in buttons]])


def _button(label: str, data: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(label, callback_data=data)

"""Typed commands in place of other platforms' buttons."""

from collections.abc import Sequence

from bots.platform import Button, ButtonKind
from bots.text import credit_replies, replies
from core.domain.money import show
from core.domain.refusals import (
    NeedsChoice,
    NeedsConfirmation,
    OverLimit,
    Refusal,
)


def typed(pressed: Sequence[Button]) -> str:
    """Say what to type in place of buttons."""
    return "".join(f"\n{button.label}: /{button.data.replace(':', ' ', 1)}" for button in pressed)


def of_refusal(refusal: Refusal) -> str:
    """Say what to type to get past a refusal, if there is a way."""
    match refusal:
        case NeedsConfirmation(offer_id=offer_id):
            return f"\n{replies.to_go_ahead(offer_id)}"
        case NeedsChoice(offer_id=offer_id, readings=readings):
            numbered = enumerate(replies.readings(readings), 1)
            return "".join(f"\n{label}: /{ButtonKind.CONFIRM} {offer_id} {i}" for i, label in numbered)
        case OverLimit(missing_micros=int(micros)):
            return f"\n{credit_replies.to_ask(show(micros))}"
        case _:
            return ""

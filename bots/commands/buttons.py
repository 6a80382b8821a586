"""Buttons and the data of their presses. The data comes from outside, so it may be old or forged."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from bots.commands.voice_keys import key_of, voice_of
from bots.commands.voice_search import traits_of
from bots.platform import Button, ButtonKind
from bots.text import credit_replies, refusals, replies, report_replies
from bots.text.locale import _
from bots.text.wording import money
from core.domain.lifecycle import Reason, State
from core.domain.models import Job
from core.domain.people import Caller
from core.domain.products import row_of
from core.domain.receipts import Receipt
from core.domain.refusals import (
    Missing,
    Need,
    NeedsChoice,
    NeedsConfirmation,
    NotFound,
    NotPermitted,
    OverLimit,
    Refusal,
)
from core.domain.reported import Why
from core.domain.reports import CreditRequest
from core.domain.voices import Cast, Voice

Row = tuple[Button, ...]
SECOND_ROW, THIRD_ROW, FOURTH_ROW = 1, 2, 3
ABREAST = 2
"""Names with prices that a phone shows beside each other."""
TAGS_ABREAST, CHOSEN = 3, "✓"
FEW_VOICES, MORE_VOICES = 2, 8
MOST_CHOICES = 25
"""Of a menu under a message, as Discord has them."""
_ID = re.compile(r"\w{1,64}", re.ASCII)
_READING = re.compile(r"(\w{1,64})(?::(\d))?", re.ASCII)
_ANEW = re.compile(r"(\w{1,64})(?::([^:]{1,40}))?", re.ASCII)
_AUDIO = re.compile(r"(\w{1,64})(?::(\d{1,20}))?", re.ASCII)
_SHOWN = re.compile(r"(\w{1,64})((?::\d{1,20}){1,2})", re.ASCII)
_CREDIT = re.compile(r"(\d{1,15}):(\d{1,20})(?::(\w{1,24}))?", re.ASCII)
_KEPT_ORDER = re.compile(r"(\w{1,24}):(\d{1,15})", re.ASCII)


def again(job_id: str) -> Row:
    """Offer to send a stored artifact again, free of charge."""
    return (Button.of(ButtonKind.AGAIN, _(replies.SEND_AGAIN), job_id),)


def of_remembered(job: Job, number: int, row: int) -> Row:
    """Offer to send an order of a list again, by its number, and to order the same once more."""
    anew = (replace(button, row=row) for button in _anew(job, replies.ANEW))
    return (Button.of(ButtonKind.RESEND, str(number), job.job_id, row), *anew)


def of_progress(job: Job) -> Row:
    """Offer to cancel what of an order is still queued, unless it is about to begin."""
    is_held = job.reason is not None or job.outlook is None or job.outlook.before is not None
    queued = any(made.state is State.QUEUED for made in job.generations) and (is_held or not job.waits)
    return (Button.of(ButtonKind.CANCEL, _(replies.CANCEL), job.job_id),) if queued else ()


def of_ending(done: Receipt) -> Row:
    """Offer what the member can do about an order without audio in the chat."""
    about = done.job.job_id
    if done.asks:
        take, nothing = _(replies.TAKE, cost=money(done.charged_micros)), _(replies.NOTHING)
        return Button.of(ButtonKind.TAKE, take, about), Button.of(ButtonKind.NOTHING, nothing, about)
    is_lost = done.job.is_repeat and done.job.why is Reason.LOST
    is_over = not is_lost and done.job.why in {Reason.LOST, Reason.CHAT_MUTE}
    failed = () if is_over else _anew(done.job, replies.TRY_AGAIN)
    return (*(again(about) if done.kept and not is_lost else failed), _details(done.job))


def of_card(job: Job, voices: Row = (), audio: str = "") -> Row:
    """Offer what can be done about audio that is in the chat; `audio` is its message, where the card is another."""
    anew = of_repeat(job) or _anew(job, replies.ANEW)
    is_spoken = bool(row_of(job.product).speaker)
    file = Button.of(ButtonKind.FILE, _(replies.AS_FILE), job.job_id, THIRD_ROW)
    about = f"{job.job_id}:{audio}" if audio else job.job_id
    delete = Button.of(ButtonKind.DELETE, _(replies.DELETE), about, THIRD_ROW)
    report = Button.of(ButtonKind.REPORT, _(report_replies.REPORT), about, THIRD_ROW)
    is_theirs = job.delivery is None or job.delivery.asker is None
    return (
        *anew,
        *(voices if anew else ()),
        *((file,) if is_spoken else ()),
        *((delete,) if is_theirs else ()),
        _details(job, THIRD_ROW),
        *(() if job.direct else (report,)),
    )


def of_repeat(job: Job) -> Row:
    """Offer a new take in the place of an earlier one."""
    return _anew(job, replies.NEW_TAKE) if job.is_repeat else ()


def few_voices(done: Receipt) -> Row:
    """Offer the likeliest other voices beside *Again*, and to show more."""
    few = of_voices(done.job, done.voices[:FEW_VOICES], place=1)
    more = Button.of(ButtonKind.VOICES, _(replies.MORE_VOICES), done.job.job_id, SECOND_ROW)
    return (*few, more) if len(done.voices) > FEW_VOICES else few


def menu_of_voices(done: Receipt) -> Row:
    """Offer as many other voices as a menu has room for."""
    if not done.voices:
        return ()
    job, choices = done.job, of_voices(done.job, done.voices[:MOST_CHOICES])
    label = _(replies.OTHER_VOICE, cost=money(job.cost_micros))
    return (replace(Button.of(ButtonKind.VOICES, label, job.job_id, SECOND_ROW), choices=choices),)


def more_voices(job: Job, voices: Sequence[Voice]) -> Row:
    """Offer more voices, below a card."""
    return of_voices(job, voices[FEW_VOICES:][:MORE_VOICES], place=FOURTH_ROW * ABREAST)


def of_voices(job: Job, voices: Sequence[Voice], place: int = 0) -> Row:
    """Offer to order the same in other voices, from a place of the card on; each tells the price."""
    cost = money(job.cost_micros)
    return tuple(
        Button(
            f"{voice.name} ({cost})",
            f"{ButtonKind.ANEW}:{job.job_id}:{key_of(voice.name)}",
            n // ABREAST,
            about=traits_of(voice),
        )
        for n, voice in enumerate(voices, place)
    )


def _details(job: Job, row: int = 0) -> Button:
    return Button.of(ButtonKind.DETAILS, _(replies.DETAILS), job.job_id, row)


def _anew(job: Job, label: str) -> Row:
    """Offer to order the same once more, with its price; who speaks in a dialogue is not kept as it was asked for."""
    if row_of(job.product).is_dialogue(part.parameters for part in job.parts):
        return ()
    return (Button.of(ButtonKind.ANEW, _(label, cost=money(job.cost_micros)), job.job_id),)


def of_tags(tags: Sequence[str], chosen: Collection[str]) -> Row:
    """Offer tags to begin a text with; those that are chosen have a mark."""
    named = enumerate((tag, tag.strip("[]")) for tag in tags)
    return tuple(
        Button.of(ButtonKind.TAG, f"{CHOSEN} {name}" if tag in chosen else name, tag, n // TAGS_ABREAST)
        for n, (tag, name) in named
    )


def of_standing() -> Row:
    """Offer to tell whoever presses what they have left."""
    return (Button.of(ButtonKind.LEFT, _(replies.LEFT), ""),)


def job_in(data: Iterable[str]) -> str:
    """Return the id of the job that a message's buttons are about; "" where none tells."""
    found = (about for kind, _colon, about in (each.partition(":") for each in data) if kind == ButtonKind.DETAILS)
    return next(found, "")


def of_refusal(refusal: Refusal, who: Caller, *, is_public: bool = False) -> Row:
    """Offer what the member can do about a refusal, if anything; in public also to tell them what it keeps back."""
    return (*_past(refusal, who), *(of_standing() if is_public and refusals.keeps_back(refusal) else ()))


def _past(refusal: Refusal, who: Caller) -> Row:
    match refusal:
        case NeedsConfirmation(offer_id=offer_id):
            return (Button.of(ButtonKind.CONFIRM, _(replies.CONFIRM), offer_id),)
        case NeedsChoice(offer_id=offer_id, readings=readings):
            labels = enumerate(replies.readings(readings))
            return tuple(Button.of(ButtonKind.CONFIRM, label, f"{offer_id}:{i}") for i, label in labels)
        case OverLimit(missing_micros=int(micros)):
            return _ask(refusal, f"{micros}:{who.member.removeprefix(f'{who.platform}:')}")
        case __:
            return ()


def _ask(refusal: OverLimit, about: str) -> Row:
    """Offer to ask for the credit that an order lacks, and to have the order placed then, if it could be kept."""
    if not refusal.order_id:
        return (Button.of(ButtonKind.ASK, _(credit_replies.ASK), about),)
    about, then = f"{about}:{refusal.order_id}", _(credit_replies.ASK_AND_ORDER, cost=money(refusal.cost_micros))
    return (
        Button.of(ButtonKind.ASK, _(credit_replies.ASK), about),
        Button.of(ButtonKind.ASK_AND_ORDER, then, about, SECOND_ROW),
    )


def of_kept(order_id: str, cost_micros: int) -> Row:
    """Offer to order what was kept, at today's price."""
    label = _(credit_replies.ORDER_KEPT, cost=money(cost_micros))
    return (Button.of(ButtonKind.KEPT, label, f"{order_id}:{cost_micros}"),)


def of_credit_request(request: CreditRequest) -> Row:
    """Offer an admin to approve or decline a credit request."""
    return (
        Button.of(ButtonKind.APPROVE, _(credit_replies.APPROVE), request.credit_request_id),
        Button.of(ButtonKind.DECLINE, _(credit_replies.DECLINE), request.credit_request_id),
    )


def id_in(about: str, what: Missing) -> str:
    """Read the id of what a press is about. Raises NotFound."""
    if not _ID.fullmatch(about):
        raise NotFound(what, about)
    return about


def anew_in(about: str, cast: Cast) -> tuple[str, str | None]:
    """Read the order that a press repeats, and in which other voice, if one was chosen. Raises NotFound."""
    found = _ANEW.fullmatch(about)
    if found is None:
        raise NotFound(Missing.JOB, about)
    return found[1], None if found[2] is None else voice_of(found[2], cast).name


def audio_in(about: str) -> tuple[str, str]:
    """Read the order that a press is about, and the number of its audio's message if it is another. Raises NotFound."""
    found = _AUDIO.fullmatch(about)
    if found is None:
        raise NotFound(Missing.JOB, about)
    return found[1], found[2] or ""


def why_in(about: str) -> tuple[str, Why | None]:
    """Read what a press reports, and why if it says so."""
    head, _colon, last = about.rpartition(":")
    return (head, Why(last)) if last in set(Why) else (about, None)


def shown_in(about: str) -> tuple[str, list[int]]:
    """Read the order that a press reports, and the numbers of the messages that show it. Raises NotFound."""
    found = _SHOWN.fullmatch(about)
    if found is None:
        raise NotFound(Missing.JOB, about)
    return found[1], [int(number) for number in found[2].split(":") if number]


def reading_in(about: str) -> tuple[str, int | None]:
    """Read the offer that a press confirms, and which of its readings is chosen. Raises NotFound."""
    found = _READING.fullmatch(about)
    if found is None:
        raise NotFound(Missing.OFFER, about)
    return found[1], None if found[2] is None else int(found[2])


def credit_in(about: str, who: Caller) -> tuple[int, str]:
    """Read the credit that a press asks for, in micros, and the order that it is for, if that is kept.

    Raises NotFound, and NotPermitted if it is another member's.
    """
    found = _CREDIT.fullmatch(about)
    if found is None:
        raise NotFound(Missing.REQUEST, about)
    if f"{who.platform}:{found[2]}" != who.member:
        raise NotPermitted(Need.OWNER)
    return int(found[1]), found[3] or ""


def kept_in(about: str) -> tuple[str, int]:
    """Read the kept order that a press places, and at which price. Raises NotFound."""
    found = _KEPT_ORDER.fullmatch(about)
    if found is None:
        raise NotFound(Missing.KEPT, about)
    return found[1], int(found[2])

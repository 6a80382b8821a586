"""Members' replies other than about orders, in plain text; each adapter escapes it for its platform."""

from collections.abc import Callable, Sequence

from bots.text.locale import N_, _
from bots.text.wording import AMOUNTS, allowance, left, money, used, when, who_raises
from core.domain.quota import Standing
from core.domain.reports import Entry, EntryKind

ANEW = N_("Again ({cost})")
NEW_TAKE = N_("New take ({cost})")
TRY_AGAIN = N_("Try again ({cost})")
MORE_VOICES = N_("More voices…")
OTHER_VOICE = N_("In another voice ({cost})")
WHICH_VOICE = N_("Which voice says it? It costs {cost}.")
AS_FILE = N_("As a file")
DELETE = N_("Delete")
DELETED = N_("Deleted here. What it cost stays charged.")
GONE = N_("It is gone already.")
TOO_OLD = N_("Telegram lets me delete only what is younger than 48 hours. An admin of this chat can delete it.")
NOT_DELETED = N_("I may not delete it here; an admin can.")
DETAILS = N_("Details")
LEFT = N_("What I have left")
ALONE = N_("What you have left is for you alone to see:")
SEND_AGAIN = N_("Send again")
CANCEL = N_("Cancel")
TAKE = N_("Take it for {cost}")
NOTHING = N_("Take nothing, free")
CONFIRM = N_("Go ahead")
NO_CONSOLE = N_("There are no pages to look at: whoever runs this bot has not switched them on.")
CONSOLE = N_(
    "Your pages, for you alone: {link}\nThe link works once, within 10 minutes. Pass it on to nobody: it lets in "
    "whoever opens it."
)


_POOL_LEFT = {
    True: N_("This chat has {amount} left this month."),
    False: N_("The whole community has {amount} left this month."),
}
"""In a direct chat, which is a community of one, or elsewhere."""


def left_now(standing: Standing) -> str:
    """Say what a member may spend, in short."""
    blocked = _blocked(standing.blocked_until_ms) if standing.blocked else ""
    return "\n".join(filter(None, (_("You have {left}.", left=left(standing)), blocked)))


def balance(standing: Standing, entries: Sequence[Entry] = (), *, direct: bool = False) -> str:
    """Say what a member may spend, and list their last ledger entries."""
    lines = [_("You have {left}.", left=left(standing)), _allowance(standing)]
    has_nothing = standing.allowance_left_micros == 0 and not standing.balance_micros
    if has_nothing:
        lines.append(who_raises(direct=direct))
    if standing.held_micros:
        lines.append(_("{amount} of that is set aside for orders under way.", amount=money(standing.held_micros)))
    if standing.pool_left_micros is not None and not (direct and has_nothing):
        has = money(max(0, standing.pool_left_micros))
        lines.append(_(_POOL_LEFT[direct], amount=has))
    if standing.blocked:
        lines.append(_blocked(standing.blocked_until_ms))
    lines += [_entry(entry) for entry in entries]
    return "\n".join(lines)


def _allowance(standing: Standing) -> str:
    if standing.quota.limit_micros is None:  # there is nothing to reset
        return _("Your allowance is unlimited, {used}.", used=used(standing))
    return _(
        "Your allowance is {allowance}, {used}; it resets {when}.",
        allowance=allowance(standing.quota),
        used=used(standing),
        when=when(standing.resets_ms),
    )


def _blocked(until_ms: int | None) -> str:
    if until_ms is None:
        return _("An admin has blocked your orders.")
    return _("An admin has blocked your orders until {when}.", when=when(until_ms))


_ENTRIES: dict[EntryKind, Callable[[Entry], str]] = {
    EntryKind.CHARGE: lambda e: _("{amount} charged, order {job_id}", amount=money(e.charged_micros), job_id=e.job_id),
    EntryKind.GRANT: lambda e: _("{amount} credit granted", amount=money(e.balance_micros)) + _because(e),
    EntryKind.REVOKE: lambda e: _("{amount} credit taken back", amount=money(-e.balance_micros)) + _because(e),
}


def _because(entry: Entry) -> str:
    return f": {entry.note}" if entry.note else ""


def _entry(entry: Entry) -> str:
    return f"{when(entry.at_ms)}: {_ENTRIES[entry.kind](entry)}"


def name_me(command: str) -> str:
    """Say how to order in a group where bots see only the commands that name them."""
    return _("In a group I may see only commands that name me: {command} Hello everyone", command=command)


def unknown_command(name: str, near: str | None) -> str:
    """Say what to type in place of an unknown command."""
    if near:
        return _("I don't know /{name}. Did you mean {near}?", name=name, near=near)
    return _("I don't know /{name}. Write /help for all that I can do.", name=name)


SEVERAL_WAIT = N_("Several questions wait for an answer; say which is meant:")
WAITING = N_("Waiting for the orders under way…")


def to_alone(name: str, text: str) -> str:
    """Show a private message in a terminal."""
    return _("To {name} alone: {text}", name=name, text=text)


def not_ended(within_s: float) -> str:
    """Say that some order did not end before the conversation in the terminal."""
    return _("Not every order ended within {seconds} s.", seconds=f"{within_s:.0f}")


def not_written(name: str, why: str | None) -> str:
    """Say that a file could not be written."""
    return _("{name} can't be written: {why}.", name=name, why=why)


def to_go_ahead(offer_id: str) -> str:
    """Say what to type in place of a button to confirm."""
    return _("To go ahead: /confirm {offer_id}", offer_id=offer_id)


def readings(names: Sequence[str]) -> list[str]:
    """Label the readings to choose from: voices, or the literal text."""
    as_it_stands = N_("Say all of it") if any(names) else CONFIRM
    return [name or _(as_it_stands) for name in names]


TOO_MANY_ANSWERS = N_("You ask faster than I may answer in this chat. I answer you again in a minute; orders go on.")
QUESTION_OVER = N_("That comes more than {n} minutes after my question: nothing is ordered. Write the command again.")
NOT_ASKED = N_("That question is over, or somebody else was asked. /form asks you.")
UNTOLD = N_(
    "I can't see which audio that was. Write the words after the command, or reply to the audio in the chat where it "
    "was ordered."
)


def write(line: str, *, only_at: bool = False) -> str:
    """Say what to type; `only_at`: only an @ was missing."""
    return _("Only the @ is missing. Write {line}", line=line) if only_at else _("Write {line}", line=line)


def not_seen(name: str, usage: str) -> str:
    """Say that a name is unknown, and how to name a member."""
    return _(
        "I have not seen {name} here yet. Reply to one of their messages, or name somebody who has: {line}",
        name=name,
        line=usage,
    )


def usage_quota() -> str:
    """Say how /quota is used."""
    return _(
        "Write /quota set, show or clear with a member, or /quota default. What may be spent is {amount}; the period "
        "is day, week or month. For example: /quota set @name AMOUNT day",
        amount=_(AMOUNTS),
    )

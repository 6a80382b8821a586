"""Operators' replies and alerts, in plain text; each adapter escapes it for its platform."""

from collections.abc import Mapping

from bots.text.locale import N_, _, ngettext
from bots.text.wording import money
from core.domain.reports import Resumed
from core.domain.troubles import Case, Key, Trouble


def beyond(left_micros: int) -> str:
    """Say that the total pool ends earlier what a community may spend."""
    return _(
        "All communities together have {amount} left this month: the setting TOTAL_POOL.",
        amount=money(max(0, left_micros)),
    )


def pool(community: str, limit_micros: int | None) -> str:
    """Confirm a pool."""
    if limit_micros is None:
        return _("{community} has no pool any more.", community=community)
    return _("{community} may now spend {amount} a month in all.", community=community, amount=money(limit_micros))


_OPENED = N_(
    "Orders were held back here. The next one goes to the gateway at once; once one is taken, the others follow."
)
_SPREAD = N_("Every other process that sends orders was told the same; I can't see from here whether one had paused.")


def resumed(done: Resumed) -> str:
    """Say what /resume did."""
    if not done.spread:
        return _(_OPENED) if done.ended_pause else _("Nothing was paused: orders go to the gateway as they come.")
    here = _(_OPENED) if done.ended_pause else _("Nothing is paused in this process.")
    return f"{here} {_(_SPREAD)}"


CLAIM_USAGE = N_("Write /claim and the code that I wrote to my terminal, to me alone.")
CLAIMED = N_("You run this bot now: /help lists what is yours alone, and I write to you here when something needs you.")


def claim(code: str) -> str:
    """Say in the terminal how to become the owner."""
    return _(
        "Nobody runs this bot yet. Write /claim {code} to it, in a direct chat on Telegram or as a command on Discord, "
        "within 15 minutes; OWNERS would name you, too.",
        code=code,
    )


_TROUBLES: Mapping[Trouble, tuple[str, str]] = {
    Trouble.WALLET_EMPTY: (
        N_(
            "The gateway's wallet is empty: top it up and write /resume. Orders are refused; I try again by "
            "myself, too."
        ),
        N_("The gateway takes orders again."),
    ),
    Trouble.KEY_REFUSED: (
        N_(
            "The gateway does not accept GATEWAY_KEY: set the right one and start me again. Until then orders "
            "are refused."
        ),
        N_("The gateway accepts GATEWAY_KEY again."),
    ),
    Trouble.MODEL_GONE: (
        N_("The gateway does not know the model for {about}: set {setting} to what the vendor calls it now."),
        N_("The gateway knows the model for {about} again."),
    ),
    Trouble.MODEL_FORBIDDEN: (
        N_("The gateway does not let GATEWAY_KEY use the model for {about}: see what the key is allowed to do."),
        N_("GATEWAY_KEY may use the model for {about} again."),
    ),
    Trouble.GATEWAY_AWAY: (
        N_("The gateway can't be reached, or does not answer. Orders wait, and I keep trying."),
        N_("Calls to the gateway succeed again."),
    ),
    Trouble.CALLBACKS_MISSING: (
        N_(
            "The gateway's callbacks don't come: see whether PUBLIC_URL leads to me. Meanwhile I ask the "
            "gateway instead."
        ),
        N_("The gateway's callbacks come again."),
    ),
    Trouble.CHAT_AWAY: (
        N_("{about} is not connected: no orders come from there. I keep trying."),
        N_("{about} is connected again."),
    ),
    Trouble.NOTHING_DELIVERED: (
        N_("Nothing can be delivered to {about}: finished audio is kept, and I keep trying."),
        N_("Deliveries to {about} succeed again."),
    ),
    Trouble.TOTAL_POOL_SPENT: (
        N_("TOTAL_POOL is spent for this month: orders are refused until next month, or until you raise it."),
        N_("There is money in TOTAL_POOL again."),
    ),
    Trouble.COMMUNITIES_WAIT: (
        N_("I was added somewhere new, where nobody can order until you say so. /communities shows and decides."),
        N_("No community waits for you any more."),
    ),
    Trouble.NO_WORKER: (
        N_("No worker is running: orders wait until one does."),
        N_("A worker is running again."),
    ),
    Trouble.DISK_FULL: (
        N_("On {about} finished audio can't be kept: make room on the disk. Orders wait until there is some."),
        N_("On {about} the disk can be written again."),
    ),
    Trouble.STORE_AWAY: (
        N_("The database does not answer: until it does, no orders are taken."),
        N_("The database answers again."),
    ),
    Trouble.ARTIFACTS_AWAY: (
        N_(
            "The shared store of audio, ARTIFACTS_URL, fails: finished audio goes out from the machine that has it, "
            "and I keep trying to copy it."
        ),
        N_("The shared store of audio works again."),
    ),
}
"""The alerts when a trouble begins and when it is over."""


def trouble(case: Case) -> str:
    """Say what is wrong with the service, and what to do about it."""
    more = f" ({detail(case)})" if case.detail else ""
    return _about(_TROUBLES[case.trouble][0], case.about) + more


def detail(case: Case) -> str:
    """Return the details of a trouble."""
    if isinstance(case.detail, str):
        return case.detail
    minutes, waiting = case.detail.minutes, case.detail.waiting
    return ngettext("for {minutes} min, while {n} waits", "for {minutes} min, while {n} wait", waiting, minutes=minutes)


def well(key: Key) -> str:
    """Say that a trouble is over."""
    return _("All is well again: {what}", what=_about(_TROUBLES[key[0]][1], key[1]))


def _about(sentence: str, about: str) -> str:
    return _(sentence, about=about, setting=f"{about.upper()}_ENDPOINT")

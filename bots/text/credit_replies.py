"""What is said of credit that a member asks for, and of the order that waits for it; each adapter escapes it."""

from bots.text import refusals
from bots.text.locale import N_, _
from bots.text.wording import money
from core.domain.refusals import Refusal
from core.domain.reports import CreditRequest

ASK = N_("Ask an admin")
ASK_AND_ORDER = N_("Ask, then order it ({cost})")
ORDER_KEPT = N_("Order it now ({cost})")
APPROVE = N_("Approve")
DECLINE = N_("Decline")

_ASKED = N_("The admins of this community have been asked.")
_WAITS = N_("Your order is kept for 24 hours: when one of them approves, a button orders it.")
_GOES = N_("When one of them approves within 24 hours, your order goes by itself.")
_NOT_KEPT = N_("Your order is not kept any more: write it again when one of them approves.")
_GRANTED = N_("Your request for {amount} of credit was granted.")
_DECLINED = N_("Your request for {amount} of credit was declined.")
_FORGOTTEN = N_("Your request for {amount} of credit was declined, so the order that was kept for it is forgotten.")
_OFFERED = N_("The order that you asked for costs {cost} today.")
_ROSE = N_("The order that you asked for costs {cost} now, more than before, so it did not go by itself.")
_STRANGER = N_("Your order did not go by itself, as I can't see that you are a member here.")
_REFUSED = N_("Your order did not go by itself. {why}")
_GONE = N_("Your order is under way.")
_FAILED = N_("Whether your order went by itself I can't tell; /history shows it if it did.")


def to_ask(amount: str) -> str:
    """Say what to type in place of a button to ask for credit."""
    return _("To ask the admins for what is missing: /ask {amount}", amount=amount)


def asked(request: CreditRequest, *, goes: bool, had_order: bool) -> str:
    """Tell a member that the admins are asked, and what becomes of the order."""
    then = (_GOES if goes else _WAITS) if request.kept else _NOT_KEPT if had_order else ""
    return " ".join(_(line) for line in (_ASKED, then) if line)


def requested(request: CreditRequest) -> str:
    """Ask the admins; the amount comes first, so that no name can forge one before it."""
    return _(
        "{amount} of credit is asked for by {name} (id {id}). An admin may decide.",
        amount=money(request.amount_micros),
        name=request.name,
        id=request.member.rpartition(":")[2],
    )


def decided(request: CreditRequest, *, approve: bool) -> str:
    """Announce the decision on a credit request."""
    amount = money(request.amount_micros)
    if not approve:
        return _("{name}'s request for {amount} was declined.", name=request.name, amount=amount)
    return _(
        "{name} was granted {amount} and now has {balance} credit.",
        name=request.name,
        amount=amount,
        balance=money(request.balance_micros),
    )


def granted(request: CreditRequest, then: str = "") -> str:
    """Tell a member that an admin has approved, and what becomes of the order."""
    return " ".join(filter(None, (_(_GRANTED, amount=money(request.amount_micros)), then)))


def declined(request: CreditRequest) -> str:
    """Tell a member that an admin has declined."""
    return _(_FORGOTTEN if request.kept else _DECLINED, amount=money(request.amount_micros))


def offered(cost_micros: int, *, rose: bool = False) -> str:
    """Say what the order that was kept costs today."""
    return _(_ROSE if rose else _OFFERED, cost=money(cost_micros))


def under_way() -> str:
    """Say that the order that was kept was placed."""
    return _(_GONE)


def held_up(why: Refusal | None) -> str:
    """Say why the order that was kept did not go by itself; None where its member is not known to be one."""
    return _(_REFUSED, why=refusals.in_public(why)) if why else _(_STRANGER)


def unknown() -> str:
    """Say that a fault leaves open what became of the order."""
    return _(_FAILED)


def to_decide(request: CreditRequest) -> str:
    """Say what admins type in place of buttons."""
    return _("For admins: /approve {id} or /decline {id}", id=request.credit_request_id)

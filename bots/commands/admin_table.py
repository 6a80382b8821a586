"""The rows of the table of commands that are for admins and operators."""

from collections.abc import Sequence

from bots.commands import admin_actions
from bots.commands.command import Argument, Command, Kind, Who
from bots.text.admin_replies import LIMITS
from bots.text.locale import N_
from core.domain.quota import Period

ADMIN, OPERATOR = Who.ADMIN, Who.OPERATOR

PERIODS = tuple(period.value for period in Period)
WHOSE_QUOTA = N_("Whose quota")


def _member(about: str, *, required: bool = True, is_typed: bool = False) -> Argument:
    return Argument(name="member", kind=Kind.MEMBER, about=about, required=required, is_typed=is_typed)


_PERIOD = Argument(
    name="period",
    kind=Kind.PERIOD,
    about=N_("How often it starts anew"),
    required=False,
    is_typed=True,
    choices=PERIODS,
)
_QUOTA = (
    Argument(name="amount", kind=Kind.AMOUNT, about=N_("Such as 0.50, 5000 chars or unlimited")),
    _PERIOD,
)
_CREDIT = (
    Argument(name="amount", kind=Kind.AMOUNT, about=N_("Such as 0.50 or 5000 chars")),
    Argument(name="reason", kind=Kind.TEXT, about=N_("Why, for the records"), required=False, example=N_("reason")),
)
_COMMUNITY = Argument(
    name="community", kind=Kind.COMMUNITY, about=N_("Its key; leave it out for this one"), required=False
)

ADMINISTRATION: Sequence[Command] = (
    Command(
        name="quota set",
        who=ADMIN,
        action=admin_actions.quota_set,
        about=N_("Set what a member may spend"),
        arguments=(_member(WHOSE_QUOTA), *_QUOTA),
    ),
    Command(
        name="quota role",
        who=ADMIN,
        action=admin_actions.quota_role,
        about=N_("Set what whoever has a role may spend"),
        arguments=(Argument(name="role", kind=Kind.ROLE, about=WHOSE_QUOTA), *_QUOTA),
    ),
    Command(
        name="quota show",
        who=ADMIN,
        action=admin_actions.quota_show,
        about=N_("Show what a member may spend"),
        arguments=(_member(N_("Whose quota; leave it out for all that were set"), required=False),),
    ),
    Command(
        name="quota clear",
        who=ADMIN,
        action=admin_actions.quota_clear,
        about=N_("Take a member's or a role's quota away, so that the default applies"),
        arguments=(
            _member(N_("Whose quota; leave both out for the default"), required=False, is_typed=True),
            Argument(name="role", kind=Kind.ROLE, about=N_("The role whose quota it is"), required=False),
        ),
    ),
    Command(
        name="quota default",
        who=ADMIN,
        action=admin_actions.quota_default,
        about=N_("Set what everybody without a quota of their own may spend"),
        arguments=_QUOTA,
    ),
    Command(
        name="why",
        who=ADMIN,
        action=admin_actions.why,
        about=N_("Say why a member can't order here, and what to change"),
        arguments=(_member(N_("Who can't")),),
    ),
    Command(
        name="grant",
        who=ADMIN,
        action=admin_actions.grant,
        about=N_("Give a member credit that does not expire"),
        arguments=(_member(N_("Who gets it")), *_CREDIT),
    ),
    Command(
        name="revoke",
        who=ADMIN,
        action=admin_actions.revoke,
        about=N_("Take credit back from a member"),
        arguments=(_member(N_("Whose credit")), *_CREDIT),
    ),
    Command(
        name="block",
        who=ADMIN,
        action=admin_actions.block,
        about=N_("Refuse a member's orders"),
        arguments=(
            _member(N_("Whose orders")),
            Argument(
                name="time",
                kind=Kind.DURATION,
                about=N_("How long, such as 2h, 3 days or 1 week; leave it out for good"),
                required=False,
            ),
        ),
    ),
    Command(
        name="unblock",
        who=ADMIN,
        action=admin_actions.unblock,
        about=N_("Take a member's orders again"),
        arguments=(_member(N_("Whose orders")),),
    ),
    Command(
        name="limits",
        who=ADMIN,
        action=admin_actions.limits,
        about=N_("Show or set the limits for everybody here"),
        arguments=(
            Argument(
                name="name",
                kind=Kind.CHOICE,
                about=N_("Which limit; leave it out to see them all"),
                required=False,
                choices=tuple(LIMITS),
            ),
            Argument(
                name="value",
                kind=Kind.TEXT,
                about=N_("The new value, or none"),
                required=False,
                example=N_("a value or none"),
            ),
        ),
    ),
    Command(
        name="usage",
        who=ADMIN,
        action=admin_actions.usage,
        about=N_("Show who spent what"),
        arguments=(
            Argument(
                name="period",
                kind=Kind.PERIOD,
                about=N_("The current day, week or month"),
                required=False,
                choices=PERIODS,
            ),
            _member(N_("Whose orders; leave it out for everybody's"), required=False),
        ),
    ),
    Command(name="audit", who=ADMIN, action=admin_actions.audit, about=N_("Show who changed what")),
    Command(
        name="pool",
        who=OPERATOR,
        is_quiet=True,
        action=admin_actions.pool,
        about=N_("Set what a whole community may spend in a month; for whoever runs this bot"),
        arguments=(
            _COMMUNITY,
            Argument(name="amount", kind=Kind.AMOUNT, about=N_("Such as 20.00 or unlimited")),
        ),
    ),
    Command(
        name="communities",
        who=OPERATOR,
        action=admin_actions.communities,
        about=N_("List communities, approve or decline one; for whoever runs this bot"),
        arguments=(
            Argument(
                name="decision",
                kind=Kind.CHOICE,
                about=N_("What to do with one"),
                required=False,
                choices=("approve", "decline"),
            ),
            _COMMUNITY,
        ),
    ),
    Command(
        name="resume",
        who=OPERATOR,
        action=admin_actions.resume,
        about=N_("Try the gateway at once, after its wallet was refilled; for whoever runs this bot"),
    ),
)

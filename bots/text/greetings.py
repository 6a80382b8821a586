"""Replies to people who have not ordered yet: a greeting, and what to type."""

from bots.text.locale import N_, _
from core.domain.communities import Approval
from core.domain.products import Catalog

_CLOSED = {
    Approval.WAITING: N_(
        "I wait for my operator here: nobody can order until whoever runs this bot has approved this community."
    ),
    Approval.DECLINED: N_("I take no orders here: whoever runs this bot has declined this community."),
}
_HELLO = N_("Hello! I say things with a voice and make music. Hear me: {command} {voice} Hello everyone")
_HELLO_ELSEWHERE = N_(
    "Hello! I say things with a voice and make music. Here you have nothing to spend. Add me to a group, and there "
    "write {command} {voice} Hello everyone"
)
_HELLO_CLOSED = N_("Hello! I say things with a voice and make music.")
_HELLO_WAITING = N_(
    "Hello! I say things with a voice and make music. I wait for my operator here. Once whoever runs this bot has "
    "approved this community, write {command} {voice} Hello everyone"
)


def no_command(catalog: Catalog, command: str) -> str:
    """Say what to type in place of plain words."""
    return _(
        "I take commands. Write {command} {voice} Hello everyone, or /help for all that I can do.",
        command=command,
        voice=catalog.default_voice,
    )


def start(catalog: Catalog, command: str, *, elsewhere: bool, is_open: bool = True) -> str:
    """Greet whoever opens a chat with the bot, with the one next step.

    `elsewhere`: they can't spend anything there; `is_open`: else a notice follows that says what is waited for.
    """
    hello = _HELLO_CLOSED if not is_open else _HELLO_ELSEWHERE if elsewhere else _HELLO
    return _(hello, command=command, voice=catalog.default_voice)


def elsewhere(catalog: Catalog, command: str) -> str:
    """Say where to order, in a direct chat where nothing can be spent."""
    return _(
        "Here you have nothing to spend. Add me to a group, and there write {command} {voice} Hello everyone",
        command=command,
        voice=catalog.default_voice,
    )


def closed(found: Approval | None) -> str:
    """Say why a community may not order, or return "" if it may."""
    return _(_CLOSED[found]) if found in _CLOSED else ""


def hello(catalog: Catalog, command: str, *, waits: bool = False) -> str:
    """Greet a community that the bot was added to, with the next step."""
    return _(_HELLO_WAITING if waits else _HELLO, command=command, voice=catalog.default_voice)


def may_begin(catalog: Catalog, command: str) -> str:
    """Tell a community that it was approved, with the next step."""
    return _(
        "Whoever runs me has approved this community. Hear me: {command} {voice} Hello everyone",
        command=command,
        voice=catalog.default_voice,
    )


def write_it_anew(command: str) -> str:
    """Say that an edited command does nothing."""
    return _("I don't act on what is edited. Write it as a new message: /{command} …", command=command)


def write_it_here(command: str) -> str:
    """Refuse words that the sender did not write, such as a forwarded command."""
    return _("I act only on what you write yourself. Write it here: /{command} …", command=command)

"""What Telegram shows of the bot before anybody has written to it."""

from bots.text.locale import N_, _

_DESCRIPTION = N_(
    "I say things with a voice and make music, in the chats that you already use. Add me to a group and write "
    "/speak Aria Hello everyone, or /music lo-fi rain beat. Admins decide who may spend how much."
)
"""In an empty chat, before /start; at most 512 characters (Bot API, "setMyDescription")."""
_ABOUT = N_("Voices and music for your group: /speak and /music.")
"""On the profile, and with a link to it; at most 120 characters (Bot API, "setMyShortDescription")."""


def description() -> str:
    """Return what stands in an empty chat."""
    return _(_DESCRIPTION)


def about() -> str:
    """Return what stands on the profile."""
    return _(_ABOUT)

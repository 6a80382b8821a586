"""What an account says when it is asked: on a chat platform, or at the gateway."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Inspected:
    """Sentences for the operator; no secret stands in them."""

    name: str = ""
    """As people there see the bot; "" where nobody answered."""
    invite: str = ""
    """The link that adds the bot to a server or group."""
    is_refused: bool = False
    """Whether the token or key is wrong; a trouble says so."""
    troubles: list[str] = field(default_factory=list)
    """What keeps people from using the bot."""
    notes: list[str] = field(default_factory=list)

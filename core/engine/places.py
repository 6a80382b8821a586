"""Where to go after a chat's refusal."""

from core.domain.errors import DeliveryRefused
from core.domain.orders import Destination


def next_place(error: Exception, tried: list[Destination]) -> Destination | None:
    """Return where to go after a refusal, and note it as tried; None where nothing is left that was not."""
    place = error.instead if isinstance(error, DeliveryRefused) else None
    if place is None or place in tried:
        return None
    tried.append(place)
    return place

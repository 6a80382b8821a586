"""When two orders sound the same."""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from core.domain.orders import Turn


def digest_of(product: str, parameters: Mapping[str, Any], turns: Sequence[Turn] = ()) -> str:
    """Return what orders of the same audio have in common: of parameters and text as they are sent."""
    # 80 bits: whoever makes two texts that share them hears one instead of the other, and nobody else does.
    sent = [product, sorted(parameters.items()), [(turn.voice, turn.text) for turn in turns]]
    return blake2b(json.dumps(sent).encode(), digest_size=16).hexdigest()[:20]

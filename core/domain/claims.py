"""The one-time code that makes a reader of the operator's terminal the owner. Pure."""

import re
import secrets
from collections.abc import Callable
from hashlib import sha256

from core.domain.ids import base32

LIFE_MS = 15 * 60_000
MOST_WRONG = 5
LENGTH = 16
"""Characters of five bits each."""
GROUP = 4
_ALIKE = str.maketrans("oil", "011")
"""What is read for a digit; such letters are in no code."""


def new_code(bits: Callable[[int], int] = secrets.randbits) -> str:
    """Make a code, as people type it."""
    code = base32(bits(5 * LENGTH), LENGTH)
    return "-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def digest(typed: str) -> str:
    """Return what is kept of a code, and compared: it tells neither the code nor how near a try was."""
    code = re.sub(r"[\s-]", "", typed).lower().translate(_ALIKE)
    return sha256(code.encode(errors="replace")).hexdigest()

"""Every parser that takes what strangers and machines send."""

from tests.fuzz.chats import CHATS
from tests.fuzz.parsers import PURE, Parser

PARSERS: dict[str, Parser] = PURE | CHATS

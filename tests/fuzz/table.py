"""Every parser that takes what strangers and machines send."""

from tests.fuzz.discord import DISCORD
from tests.fuzz.parsers import PURE, Parser
from tests.fuzz.service import SERVICE
from tests.fuzz.telegram import TELEGRAM

PARSERS: dict[str, Parser] = PURE | SERVICE | TELEGRAM | DISCORD

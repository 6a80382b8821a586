"""All parsers of input from strangers and machines."""

from tests.proofs.fuzz.discord import DISCORD
from tests.proofs.fuzz.long_texts import LONG_TEXTS
from tests.proofs.fuzz.parsers import PURE, Parser
from tests.proofs.fuzz.service import SERVICE
from tests.proofs.fuzz.telegram import TELEGRAM

PARSERS: dict[str, Parser] = PURE | LONG_TEXTS | SERVICE | TELEGRAM | DISCORD

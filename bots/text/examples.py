"""Lines to type, as /help shows them: they are the same in every language."""

from collections.abc import Mapping, Sequence

from bots.text.product_words import example
from core.domain.products import Catalog, Product

COMMANDS: Mapping[str, Sequence[str]] = {
    "form": ("/form", "/form speak", "/form music"),
    "voices": ("/voices", "/voices deep male", "/voices german"),
    "voice": ("/voice", "/voice George", "/voice none"),
    "balance": ("/balance",),
    "history": ("/history", "/history rain"),
    "again": ("/again",),
    "pronounce": ("/pronounce nginx as engine x", '/pronounce "live as" as "leave as"', "/pronounce remove nginx"),
    "console": ("/console",),
    "help": ("/help", "/help speak", "/help pronounce"),
    "claim": (),
    "quota set": ("/quota set @ann 0.50 day", "/quota set @ann 5000 chars week", "/quota set @ann unlimited month"),
    "quota role": (),
    "quota show": ("/quota show", "/quota show @ann"),
    "quota clear": ("/quota clear @ann",),
    "quota default": ("/quota default 0.10 day", "/quota default 2000 chars week", "/quota default clear"),
    "why": ("/why @ann",),
    "grant": ("/grant @ann 0.50", "/grant @ann 5000 chars", "/grant @ann 2.00 for the song"),
    "revoke": ("/revoke @ann 0.50", "/revoke @ann 5000 chars", "/revoke @ann 1.00 given twice"),
    "block": ("/block @ann", "/block @ann 2h", "/block @ann 3 days"),
    "unblock": ("/unblock @ann",),
    "limits": ("/limits", "/limits cooldown 30", "/limits voice George"),
    "usage": ("/usage", "/usage week", "/usage month @ann"),
    "audit": ("/audit",),
    "pool": ("/pool 20.00", "/pool unlimited"),
    "communities": ("/communities",),
    "resume": ("/resume",),
}
"""Lines that work as they stand, once the name is somebody's; none where only a menu or a terminal knows the words."""
_ORDERS: Mapping[str, Sequence[str]] = {
    "speech": (
        "speed=1.2 [whispers] Come closer",
        "{voice}: Who is there?\nGeorge: [laughs] Only me.",
    ),
    "music": (
        "output_format=mp3_44100_192 a slow waltz for two violins",
        'preset=folk length=60 lyrics="Rain on my window, rain on the sea" a lullaby',
    ),
}
"""What may follow a product's command, beside the text alone."""


def orders(row: Product, catalog: Catalog) -> list[str]:
    """Return lines that order a product."""
    more = (line.format(voice=catalog.default_voice) for line in _ORDERS.get(row.name, ()))
    return [example(row, catalog), *(f"/{row.command} {line}" for line in more)]

"""Properties of texts of several requests, and of dialogues."""

from hypothesis import strategies as st

from bots.commands import dialogues
from core.domain.parts import parts_of
from core.domain.products import catalog
from tests.proofs.fuzz.hostile import texts
from tests.proofs.fuzz.parsers import Parser, refused_at_most

TABLE = catalog(limits={"speech": 500})
LONGEST = 2**14


def parts(text: str) -> None:
    with refused_at_most():
        found = dialogues.script(text, TABLE["speech"], TABLE, "Lily", may_call=True)
        for turns in (found.turns, *found.casts.values()):
            planned = parts_of(TABLE["speech"], {"voice": "Lily", "text": text}, turns)
            assert all(0 < part.characters <= 500 for part in planned)
            assert sum(part.characters for part in planned) <= len(text)
            assert sum(part.cost_micros for part in planned) <= TABLE["speech"].cost_micros({"text": text})


_begins = st.sampled_from(
    (
        "",
        "Aria: ",
        "**george:** ",
        "[sad] Lily\uff1a",
        "Goerge: ",
        "Bob: ",
        "> Will : ",
        "Narrator: ",
        "[Aria] ",
        "1. 'Lily' (sad): ",
    )
)
_lines = st.tuples(_begins, texts(200)).map(lambda line: "".join(line)[:LONGEST])
LONG_TEXTS = {
    "parts": Parser(
        texts().map(lambda text: text[:LONGEST]) | st.lists(_lines, max_size=9).map("\n".join), parts, examples=25
    )
}

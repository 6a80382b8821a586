"""What people read about products and their parameters; what has no words here is described by its row."""

from dataclasses import dataclass, field

from bots.text import allowed_words
from bots.text.locale import N_, _
from core.domain.products import Catalog, Product

LONGEST = 100
"""Characters of a description in a platform's own menus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said about one product."""

    noun: str
    does: str
    """What its command does."""
    ask: str
    """What to write where nothing was written."""
    whole: str = N_("{line}, or {literal} to have all of it taken as it stands")
    also: tuple[str, ...] = ()
    """What else people write after the slash to have it."""
    parameters: dict[str, str] = field(default_factory=dict)


WORDS = {
    "speech": Words(
        noun=N_("speech"),
        does=N_("Say something with a voice"),
        ask=N_("Write what I should say:"),
        whole=N_("{line}, or {literal} to have all of it said"),
        also=("read", "say", "talk", "tell", "tts"),
        parameters={
            "voice": N_("Who speaks; you may also write the name before the text"),
            "text": N_("What is said; each character costs, tags such as [whispers] too"),
            "stability": N_("0 is lively, 0.5 natural, 1 even"),
            "similarity_boost": N_("How close to the original voice, 0 to 1"),
            "speed": N_("0.5 is half as fast, 2 twice as fast"),
        },
    ),
    "music": Words(
        noun=N_("music"),
        does=N_("Make music from a description"),
        ask=N_("Write what I should play:"),
        whole=N_("{line}, or {literal} to have all of it played"),
        also=("compose", "play", "sing", "song", "tune"),
        parameters={
            "prompt": N_("What it should sound like; each character costs"),
            "output_format": N_("The format to generate in"),
            "respect_sections_durations": N_("Keep to the durations that the prompt gives for its sections"),
        },
    ),
}


def of(product: str) -> Words:
    """Return what is said about a product, before it is looked up in a language."""
    return WORDS.get(product) or Words(
        noun=product, does=_("Make {product}", product=product), ask=N_("Write what I should make:")
    )


def noun(product: str) -> str:
    """Name what a product is."""
    return _(of(product).noun)


def does(row: Product) -> str:
    """Say what a product's command does."""
    return _(of(row.name).does)


def parameter(row: Product, name: str) -> str:
    """Say what a parameter does, within what menus show; of one without words, what it may be."""
    said = of(row.name).parameters.get(name)
    return (_(said) if said else allowed_words.said(row.table[name].allowed))[:LONGEST]


def as_it_stands(product: str, line: str, literal: str) -> str:
    """Offer what was probably meant, and all of it as it was typed."""
    return _(of(product).whole, line=line, literal=literal)


def around(right: str, form: str) -> str:
    """Offer the same where it is too long to be repeated."""
    if not right:
        return _("{form} around all of it to have it taken as it stands", form=form)
    return _("{right} in its place, or {form} around all of it to have it taken as it stands", right=right, form=form)


def example(row: Product, catalog: Catalog) -> str:
    """Give a line that orders a product."""
    return f"/{row.command} {catalog.example(row)}"


def usage(row: Product, catalog: Catalog) -> str:
    """Say how a product is ordered."""
    return f"{_(of(row.name).ask)} {example(row, catalog)}"

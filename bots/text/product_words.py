"""Descriptions of products and their parameters; those without words here are described by their rows."""

from dataclasses import dataclass, field

from bots.text import allowed_words
from bots.text.locale import N_, _
from core.domain.products import Catalog, Product
from core.domain.prompts import PRESETS

FILE = N_("A text file that is said instead; as the text, write only a voice then")
PRESS_TAGS = N_("Press tags to have them before the text; each character of them costs, too.")
FORM_HAS_TAGS = N_("With tags to press: /form")
LONGEST = 100
"""Characters of a description in a platform's menus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words for one product."""

    noun: str
    does: str
    """The description of its command."""
    ask: str
    """What to do if nothing was written."""
    question: str = N_("What should I make?")
    whole: str = N_("{line}, or {literal} to have all of it taken as it stands")
    message: str = ""
    """What to choose in the menu of a message, to have its words taken."""
    also: tuple[str, ...] = ()
    """Other names for its command."""
    parameters: dict[str, str] = field(default_factory=dict)
    choices: dict[str, str] = field(default_factory=dict)
    """What the choices of its parameters are for."""


WORDS = {
    "speech": Words(
        noun=N_("speech"),
        does=N_("Say something with a voice"),
        ask=N_("Write what I should say:"),
        question=N_("What should I say?"),
        whole=N_("{line}, or {literal} to have all of it said"),
        message=N_("Speak this message"),
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
        question=N_("What should I play?"),
        whole=N_("{line}, or {literal} to have all of it played"),
        also=("compose", "play", "sing", "song", "tune"),
        parameters={
            "prompt": N_("What it should sound like; each character costs"),
            "preset": N_("A kind of music, written into the prompt"),
            "length": N_("How many seconds, written into the prompt"),
            "instrumental": N_("Without a voice"),
            "lyrics": N_("What is sung, written into the prompt: each character costs"),
            "sections": N_("What follows what and how long, written into the prompt"),
            "output_format": N_("The format to generate in"),
            "respect_sections_durations": N_("Keep to the durations that the prompt gives for its sections"),
        },
        choices={
            **PRESETS,
            "mp3_22050_32": N_("voice line, small"),
            "mp3_44100_32": N_("sketch, small"),
            "mp3_44100_64": N_("background, small"),
            "mp3_44100_96": N_("song, small"),
            "mp3_44100_128": N_("song, plays everywhere"),
            "mp3_44100_192": N_("song, best MP3"),
            "pcm_8000": N_("raw sound in a WAV, telephone quality"),
            "pcm_16000": N_("raw sound in a WAV, for speech tools"),
            "pcm_22050": N_("raw sound in a WAV, small"),
            "pcm_24000": N_("raw sound in a WAV, for speech tools"),
            "pcm_44100": N_("raw sound in a WAV, for editing, large"),
            "pcm_48000": N_("raw sound in a WAV, for video, large"),
            "ulaw_8000": N_("telephone line, America and Japan"),
            "alaw_8000": N_("telephone line, Europe"),
            "opus_48000_32": N_("voice line, smallest"),
            "opus_48000_64": N_("background, small and good"),
            "opus_48000_96": N_("song, small and good"),
            "opus_48000_128": N_("song, for newer players"),
            "opus_48000_192": N_("song, best"),
        },
    ),
}


def of(product: str) -> Words:
    """Return the words for a product, untranslated."""
    return WORDS.get(product) or Words(
        noun=product, does=_("Make {product}", product=product), ask=N_("Write what I should make:")
    )


def noun(product: str) -> str:
    """Return a product's name."""
    return _(of(product).noun)


def does(row: Product) -> str:
    """Return the description of a product's command."""
    return _(of(row.name).does)


def parameter(row: Product, name: str) -> str:
    """Return a parameter's description, cut for menus; without words, its valid values."""
    said = of(row.name).parameters.get(name)
    return (_(said) if said else allowed_words.said(row.table[name].allowed))[:LONGEST]


def choice(row: Product, value: str) -> str:
    """Return a choice with what it is for, where there are words for that."""
    said = of(row.name).choices.get(value)
    return f"{value}: {_(said)}"[:LONGEST] if said else value


def as_it_stands(product: str, line: str, literal: str) -> str:
    """Offer the line that was probably meant, and the literal one."""
    return _(of(product).whole, line=line, literal=literal)


def around(right: str, form: str) -> str:
    """Offer the same for a text that is too long to repeat."""
    if not right:
        return _("{form} around all of it to have it taken as it stands", form=form)
    return _("{right} in its place, or {form} around all of it to have it taken as it stands", right=right, form=form)


def example(row: Product, catalog: Catalog) -> str:
    """Return a line that orders a product."""
    return f"/{row.command} {catalog.example(row)}"


def question(row: Product, catalog: Catalog, *, minutes: int, with_tags: bool) -> str:
    """Ask for what is to be ordered, to be answered by a reply."""
    files = N_("Reply to this within {n} minutes with the text, or a .txt or .md file.")
    how = _(files if row.splits_at is not None else N_("Reply to this within {n} minutes with the words."), n=minutes)
    asked = f"{_(of(row.name).question)} {how} {_('In one line: {line}', line=example(row, catalog))}"
    return f"{asked}\n{_(PRESS_TAGS if with_tags else FORM_HAS_TAGS)}" if row.tags else asked


def usage(row: Product, catalog: Catalog) -> str:
    """Say how a product is ordered."""
    return f"{_(of(row.name).ask)} {example(row, catalog)}"

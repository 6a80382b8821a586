"""Parse an order into parameters, a voice and the text, the same on every platform."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from bots.commands import dialogues
from bots.commands.dialogues import TOGETHER, Script
from bots.commands.mark_up import Clean, as_typed
from bots.commands.no_text import is_doubtful, refuse_no_text
from bots.commands.parameters import Typed
from bots.commands.text_files import TextFile, TextFiles
from bots.commands.voice_names import NO_NAME, Beginning, beginning
from bots.text.locale import _
from core.domain.allowed import Rule, allowed
from core.domain.orders import Destination, Order, Turn
from core.domain.parameters import says_something
from core.domain.people import Caller
from core.domain.products import Catalog, Product
from core.domain.refusals import InvalidInput

LONG_TEXT = 8000
"""Characters that take a few milliseconds to read: longer texts are read in a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of an order."""

    body: str
    """The text after the command."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that were chosen as the platform's options."""
    answered: str = ""
    """The text to use if none was written: a message's or a file's."""
    begins: str = ""
    """Tags that were chosen to stand before the text."""
    clean: Clean = as_typed
    """Returns what is spoken of the text, once who speaks and the parameters are known."""


async def with_file(words: Words, file: TextFile | None, files: TextFiles, product: str, catalog: Catalog) -> Words:
    """Read the file that came with the words, if they contain no other text. Raises InvalidInput."""
    row = catalog[product]
    if file is None or row.splits_at is None:
        return words
    if file.is_meant:
        file.check()
    bare = replace(words, body=words.body if says_something(words.body) else "", answered="")
    found = _found(bare, product, catalog)
    if not found.readings and not found.parameters[row.billed]:
        return replace(bare, answered=await files.read(file), clean=file.clean)
    if file.is_meant:
        line = f"/{row.command} {catalog.default_voice}"
        file.refuse(_("all of the text, with nothing but a voice and settings beside it"), line)
    return words


async def read_apart(words: Words, *args: Any, **kwargs: Any) -> Order:
    """Read an order as `read` does, without holding up others."""
    is_long = len(words.body) + len(words.answered) > LONG_TEXT
    return await asyncio.to_thread(read, words, *args, **kwargs) if is_long else read(words, *args, **kwargs)


def read(
    words: Words, product: str, catalog: Catalog, caller: Caller, *, event_id: str, destination: Destination
) -> Order:
    """Read an order; its text is empty where there is none. Raises InvalidInput for a mistake in a parameter."""
    found = _found(words, product, catalog)
    order = Order(event_id=event_id, caller=caller, product=product, destination=destination, **found._asdict())
    order = order.worded(catalog[product].billed, words.clean)
    if words.begins and not is_empty(order, catalog):
        order = _begun(order, words.begins, catalog[product].billed)
    return _composed(order, catalog[product], words.clean)


def _begun(order: Order, tags: str, billed: str) -> Order:
    """Put tags before the text, and before what is said first in a dialogue."""

    def text(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**parameters, billed: f"{tags} {parameters[billed]}"}

    def first(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
        return tuple(replace(turn, text=f"{tags} {turn.text}") for turn in turns[:1]) + turns[1:]

    return replace(
        order,
        parameters=text(order.parameters),
        readings={name: text(reading) for name, reading in order.readings.items()},
        turns=first(order.turns),
        casts={name: first(turns) for name, turns in order.casts.items()},
    )


def _composed(order: Order, row: Product, clean: Clean) -> Order:
    """Write into each text what was chosen for it."""
    if not row.written:
        return order

    def composed(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        texts = {name: clean(parameters[name]) for name in row.written if isinstance(parameters.get(name), str)}
        return row.composed({**parameters, **texts})

    readings = {name: composed(parameters) for name, parameters in order.readings.items()}
    return replace(order, parameters=composed(order.parameters), readings=readings)


def text_in(body: str, product: str, catalog: Catalog) -> str:
    """Return the text of an order as typed, or "" if it has a mistake."""
    try:
        found = _found(Words(body=body), product, catalog)
    except InvalidInput:
        return ""
    return str(found.parameters[catalog[product].billed])


class _Found(NamedTuple):
    """The parameters, those of each reading if it is unclear which is meant, and the turns of a dialogue."""

    parameters: Mapping[str, Any]
    readings: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    turns: tuple[Turn, ...] = ()
    casts: Mapping[str, tuple[Turn, ...]] = MappingProxyType({})
    unclear: tuple[str, ...] = ()


def _found(words: Words, product: str, catalog: Catalog) -> _Found:
    row = catalog[product]
    typed = Typed(words.body, row, catalog, dict(words.chosen))
    before = typed.before_last(words.body)
    last_voice = "" if row.speaker in words.chosen else typed.given.get(row.speaker, "")
    text, is_literal = typed.after_first(before)
    if not is_literal and (dialogue := _dialogue(text, typed)):
        refuse_no_text(typed, text)
        return dialogue
    if last_voice and not is_literal and beginning(text, catalog.cast).plain:
        typed.refuse_twice(row.speaker, last_voice, words.body[len(before) :].strip())
    found = _voice(text, typed, is_literal=is_literal) if row.speaker else NO_NAME

    def said(text: str, voice: str | None) -> dict[str, Any]:
        reading = typed.with_given({**typed.given, row.speaker: voice} if voice else typed.given)
        rest = text if is_literal else reading.after_first(text)[0]
        if not is_literal:
            refuse_no_text(reading, rest)
        return {**reading.given, row.billed: rest or words.answered}

    readings = {voice: said(found.rest, voice) for voice in found.voices}
    if readings and not found.plain and not readings[found.voices[0]][row.billed]:
        raise _alone(row, text.strip(), found.voices[0], catalog)
    if not found.plain and not found.chosen:
        readings[""] = said(text, catalog.default_voice if row.speaker else None)
    *_, parameters = readings.values()
    is_used = row.splits_at is not None and any(each[row.billed] == words.answered for each in readings.values())
    answered = (
        _script(words.answered, typed, row.speaker_of(parameters), is_given=bool(found.voices)) if is_used else None
    )
    if found.voices and not found.plain:
        if answered:
            raise InvalidInput(row.speaker, text.strip(), allowed(Rule.ONE_OF, choices=catalog.voices))
        return _Found(parameters, readings)
    heard = parameters[row.billed]
    if answered and heard == words.answered:
        return _spoken(answered, parameters, row)
    is_asked = heard != words.answered and is_doubtful(words.body, heard, catalog)
    return _Found(parameters, {"": parameters} if is_asked else {})


def _dialogue(text: str, typed: Typed) -> _Found | None:
    """Find a dialogue; its narrator may be chosen, or named at the beginning as in any text."""
    row, catalog = typed.product, typed.catalog
    given = typed.given.get(row.speaker, "")
    chosen = beginning(given, catalog.cast)
    narrator = chosen.voices[0] if chosen.voices else catalog.default_voice
    script = _script(text, typed, narrator, may_call=not given, is_given=bool(given))
    if script is None:
        return None
    if given and (chosen.rest or not chosen.plain):
        raise InvalidInput(row.speaker, given, allowed(Rule.ONE_OF, choices=catalog.voices))
    parameters = {**typed.given, row.speaker: narrator, row.billed: text.strip()}
    if given and script.turns and not script.is_narrated:  # nobody would hear the voice that was chosen
        together = TOGETHER.join(dict.fromkeys(turn.voice for turn in script.turns))
        script = Script(casts={together: script.turns, narrator: ()}) if together != narrator else script
    return _spoken(script, parameters, row)


def _script(text: str, typed: Typed, narrator: str, *, may_call: bool = False, is_given: bool) -> Script | None:
    if typed.product.splits_at is None:
        return None
    found = dialogues.script(text, typed.product, typed.catalog, narrator, may_call=may_call, is_given=is_given)
    return found if found.turns or found.casts else None


def _spoken(script: Script, parameters: Mapping[str, Any], row: Product) -> _Found:
    """Return who says what, or who may."""

    def said(turns: tuple[Turn, ...]) -> Mapping[str, Any]:
        return {**parameters, row.speaker: turns[0].voice} if turns else parameters

    if script.turns:
        return _Found(said(script.turns), turns=script.turns)
    readings = {name: said(turns) for name, turns in script.casts.items()}
    *_, last = readings.values()
    return _Found(last, readings, casts=script.casts, unclear=script.unclear)


def _alone(row: Product, word: str, voice: str, catalog: Catalog) -> InvalidInput:
    means = _(
        "a voice and what it says, such as {voice} Hello, or {default} {word} if that is to be said",
        voice=voice,
        default=catalog.default_voice,
        word=word,
    )
    return InvalidInput(row.speaker, word, means)


def is_empty(order: Order, catalog: Catalog) -> bool:
    """Say whether nothing was written that can be spoken or played."""
    return not order.readings and not order.parameters[catalog[order.product].billed]


def _voice(text: str, typed: Typed, *, is_literal: bool) -> Beginning:
    """Find the voice: given as a parameter, or named at the beginning of the text."""
    catalog, speaker = typed.catalog, typed.product.speaker
    chosen = typed.given.pop(speaker, "")
    if chosen:
        found = beginning(chosen, catalog.cast)
        if found.rest or not found.voices:
            raise InvalidInput(speaker, chosen, allowed(Rule.ONE_OF, choices=catalog.voices))
        return replace(found, rest=text, chosen=True)
    if is_literal:
        return NO_NAME
    if called := re.match(rf"\s*{speaker}\s+(?=\S)", text, re.IGNORECASE):
        return replace(beginning(text[called.end() :], catalog.cast), plain=False)
    return beginning(text, catalog.cast)

"""Forms to order with, the same on every platform that has them: their fields, and what was entered. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from bots.commands.mark_up import Clean
from bots.commands.orders import Words
from bots.commands.parameters import Typed
from bots.commands.text_files import FILE
from bots.commands.voice_search import described
from bots.text import form_words, product_words
from bots.text.locale import _
from core.domain.parameters import OneOf, Parameter, Text
from core.domain.products import Catalog, Product
from core.domain.refusals import InvalidInput

SETTINGS = "settings"
"""The field for all parameters that have none of their own."""
TAGS = "tags"
MOST_CHOICES = 25
"""Of Discord's menus; who is not among them can be written."""
LONGEST_CHOICE = 100
MOST_TAGS = 3
LONGEST_SETTING, LONGEST_SETTINGS = 200, 400


class Shape(Enum):
    """How a field is filled in."""

    PAGE = auto()
    LINE = auto()
    CHOICE = auto()
    FILE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form; none must be filled in, since a file may be the text."""

    name: str
    shape: Shape
    label: str
    about: str
    choices: Mapping[str, str] = field(default_factory=dict)
    """What is shown of each choice, by its value."""
    most: int = 1
    """Characters, or choices."""


Entered = Mapping[str, Sequence[str]]
"""What was entered, by the names of the fields: one text, or choices."""


def fields(row: Product, catalog: Catalog) -> list[Field]:
    """Return the fields of a product's form."""
    text = row.table[row.billed]
    limit = text.limit if isinstance(text, Text) and row.splits_at is None else form_words.LONGEST_PAGE
    found = [_field(row, row.billed, Shape.PAGE, most=min(limit, form_words.LONGEST_PAGE))]
    if row.splits_at is not None:
        found.append(
            Field(name=FILE, shape=Shape.FILE, label=_(form_words.FILE), about=_(form_words.FILE_ABOUT), most=1)
        )
    found += (_of_option(row, name, catalog) for name in row.options if not _is_setting(row.table[name]))
    if row.tags:
        tags = dict(zip(row.written_tags, row.written_tags, strict=True))
        label, about = _(form_words.TAGS), _(form_words.TAGS_ABOUT)
        found.append(Field(name=TAGS, shape=Shape.CHOICE, label=label, about=about, choices=tags, most=MOST_TAGS))
    if settings := list(_settings(row)):
        about = form_words.such_as([f"{name}={row.table[name].example}" for name in settings])
        label = _(form_words.SETTINGS)
        found.append(Field(name=SETTINGS, shape=Shape.LINE, label=label, about=about, most=LONGEST_SETTINGS))
    return found


def _is_setting(parameter: Parameter) -> bool:
    """Say whether a parameter is short enough to be written beside others."""
    return not isinstance(parameter, OneOf) and not (isinstance(parameter, Text) and parameter.limit > LONGEST_SETTING)


def _settings(row: Product) -> Iterator[str]:
    return (name for name in row.options if _is_setting(row.table[name]))


def _of_option(row: Product, name: str, catalog: Catalog) -> Field:
    parameter = row.table[name]
    if isinstance(parameter, Text):
        return _field(row, name, Shape.PAGE, most=min(parameter.limit, form_words.LONGEST_PAGE))
    choices = _choices(row, name, catalog)
    is_menu = len(choices) <= MOST_CHOICES
    shape, most = (Shape.CHOICE, 1) if is_menu else (Shape.LINE, LONGEST_CHOICE)
    return _field(row, name, shape, choices=choices if is_menu else {}, most=most)


def _field(row: Product, name: str, shape: Shape, **more: Any) -> Field:
    return Field(
        name=name, shape=shape, label=form_words.label(row, name), about=product_words.parameter(row, name), **more
    )


def _choices(row: Product, name: str, catalog: Catalog) -> Mapping[str, str]:
    if name == row.speaker:
        return {voice.name: described(voice, LONGEST_CHOICE) for voice in catalog.cast.voices}
    parameter = row.table[name]
    choices = parameter.choices if isinstance(parameter, OneOf) else ()
    return {choice: product_words.choice(row, choice) for choice in choices}


def words(entered: Entered, row: Product, catalog: Catalog, clean: Clean) -> Words:
    """Return the words of an order in a form that was filled in. Raises InvalidInput."""
    given = {name: " ".join(values).strip() for name, values in entered.items()}
    chosen = {name: given[name] for name in row.options if given.get(name)}
    settings = _read(given.get(SETTINGS, ""), row, catalog)
    body, begins = given.get(row.billed, ""), " ".join(entered.get(TAGS, ()))
    return Words(body=body, begins=begins, chosen={**chosen, **settings}, clean=clean)


def _read(line: str, row: Product, catalog: Catalog) -> Mapping[str, Any]:
    """Read the line of settings: parameters and nothing else. Raises InvalidInput."""
    typed = Typed(line, row, catalog, {})
    try:
        rest, is_literal = typed.after_first(line)
    except InvalidInput as error:
        error.instead = ""  # no line is typed
        raise
    if is_literal or rest.strip():
        example = form_words.such_as([f"{name}={row.table[name].example}" for name in _settings(row)])
        raise InvalidInput(SETTINGS, rest.strip() or line, example)
    return typed.given

"""What TAB offers on the line being typed: commands, their words, and voices."""

import re
from collections.abc import Iterable, Mapping, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from bots.commands import table
from bots.commands.command import Kind
from bots.platform import ButtonKind
from core.domain.products import Catalog

ACTS = (
    ButtonKind.CONFIRM, ButtonKind.CANCEL, ButtonKind.DETAILS, ButtonKind.ANEW, ButtonKind.TAKE, ButtonKind.NOTHING,
    ButtonKind.RESEND, ButtonKind.ASK, ButtonKind.APPROVE, ButtonKind.DECLINE,
)  # fmt: skip
"""Buttons that are commands here."""

_SPEAKER = re.compile(r"\A@?[\w.-]{1,32}:\s+")

Options = Mapping[str, Sequence[str]]
"""The beginning of a line -> what may follow it; "" for the whole line."""


def options(catalog: Catalog) -> Options:
    """Gather what may be typed from the table of commands."""
    words = table.words(catalog)
    found = {"": [f"/{word}" for word in (*words, *ACTS)] + ["/quit"], "/help": words}
    found |= {f"/{row.command}": list(catalog.voices) for row in catalog.products.values() if row.speaker}
    for command in table.COMMANDS:
        group, _, word = command.name.partition(" ")
        if word:
            found.setdefault(f"/{group}", []).append(word)
        for argument in command.arguments:
            if more := catalog.voices if argument.kind is Kind.VOICE else argument.choices:
                found.setdefault(f"/{command.name}", []).extend(more)
    return found


class Words(Completer):
    """Completes the words of a line, in any case."""

    def __init__(self) -> None:
        self.options: Options = {"": ()}

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
        """Offer what may follow, after `name:` too."""
        said = _SPEAKER.sub("", document.text_before_cursor.lstrip(), count=1)
        begun = max((key for key in self.options if said.startswith(f"{key} ")), key=len, default="")
        rest = said[len(begun) + 1 :].lstrip() if begun else said
        if begun or rest.startswith("/"):
            for word in self.options[begun]:
                if word.casefold().startswith(rest.casefold()):
                    yield Completion(word, -len(rest))

"""Parameters that are typed before or after a text: accepted or refused. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from bots.commands.letters import resembles
from bots.commands.parameter_forms import EQUALS, GROUP, QUOTES, WORD, Found, Place, first, last, last_group
from bots.commands.voice_names import beginning, joined
from bots.text import allowed_words, product_words
from bots.text.locale import _
from core.domain.allowed import Allowed
from core.domain.parameters import Flag, Number, Parameter, Text
from core.domain.products import Catalog, Product
from core.domain.refusals import InvalidInput

_OPENING, _CLOSING = "".join(QUOTES), frozenset("".join(QUOTES.values())) - {'"'}
"""Without the plain ones, in which no last parameter is found anyway."""
_MORE = re.compile(rf"\s+{WORD}{EQUALS}")
_FIGURE = re.compile(r"[-+]?[.,]?\d")
SHORTEST_UNKNOWN = 3
"""Letters that an unknown name needs to count as a parameter's: x=1 and E=mc2 are text."""
SHORTEST_PART = 4
"""Letters of a name's part that identify the parameter."""
LONGEST_BODY = 240
"""Characters up to which a refusal repeats the whole text."""


@dataclass(frozen=True, slots=True)
class Typed:
    """The typed words of an order: `/speak [voice] [name=value …] text [name=value …]`.

    Before the text, these forms of a parameter are accepted: `speed=1.2`, `speed = 1.2`, `speed:1.2`, `speed: 1.2`,
    `speed 1.2:`, `--speed 1.2`, `-speed 1.2`, `[speed=1.2]`, and `-v Aria` for who speaks. After the text it may have
    no blanks (`hi speed=1.2`), dashes or brackets; within the text it is refused. `speed 1.2 hi`, `hi speed: 1.2`, `hi
    speed 1.2` and `hi voice Aria` may be prose, so they are refused. Invalid values are refused, except those of
    numbers that read as prose (`speed: the film`, `solve for speed=distance/time`). Misspelt names and those of other
    products are refused in the same forms. Unknown names are refused only as `velocity=2` before or after the text, or
    as `--velocity 2`; two letters only if a name begins with them (`sp=1.2`, but `E=mc2`). Parameters that are given
    twice are refused, and so are texts without quotation marks, such as `lyrics=la la`. Each refusal suggests a line,
    which keeps everything that may be the text, and `text="…"`, which says everything literally.
    `bots.commands.no_text` refuses unfinished parameters, such as `hi speed=`, and what is no text, such as `--help`,
    `[voice] text` and another command.
    """

    body: str
    product: Product
    catalog: Catalog
    given: dict[str, Any]

    def with_given(self, given: Mapping[str, Any]) -> "Typed":
        """Return a copy with parameters of its own."""
        return replace(self, given=dict(given))

    def after_first(self, text: str) -> tuple[str, bool]:
        """Read the parameters at the beginning of a text; return the rest, and whether it is literal."""
        while True:
            if (group := GROUP.match(text)) and self._takes_all(group["inside"]):
                text = text[group.end() :]
                continue
            found = self._named(first(joined(text, self.catalog.cast)))
            if found and found.name == self.product.billed and found.sign.strip():
                return self._literal(text[found.value_start :].strip()), True
            if found is None or not self.take(found):
                return text, False
            text = text[found.end :]

    def _literal(self, text: str) -> str:
        """Return a text without the quotation marks around it. Raises InvalidInput if they end before it."""
        closing = QUOTES.get(text[0], "")
        ends = [place for place in range(1, len(text)) if text[place] in closing]
        if ends and ends[-1] == len(text) - 1 and not any(_MORE.match(text, end + 1) for end in ends):
            return text[1:-1]
        if ends and closing != "'":  # which may be an apostrophe
            billed, marks = self.product.billed, re.compile(f"[{text[0]}{closing}]")
            whole = " ".join(marks.sub("", text.replace(f"{billed}=", " ")).split())
            allowed = _("all of the text in quotation marks")
            self.refuse(billed, text[: ends[0] + 1], allowed, line=f'/{self.product.command} {billed}="{whole}"')
        return text

    def before_last(self, text: str) -> str:
        """Read the parameters at the end of a text; return what precedes them."""
        while True:
            text = text.rstrip()
            if text[-1:] in _CLOSING and re.search(rf"(?:\A|\s){self.product.billed}\s?{EQUALS}\s?[{_OPENING}]", text):
                return text
            if group := last_group(text):
                if not self._takes_all(group["inside"]):
                    return text
                text = text[: group.start()]
                continue
            found = self._named(last(joined(text, self.catalog.cast)))
            if found is None or not self.take(found):
                return text
            text = text[: found.start].rstrip().removesuffix(",").removesuffix(";")

    def refuse_twice(self, name: str, value: str, typed: str) -> NoReturn:
        """Refuse a parameter that was already given."""
        self.refuse(name, value, _("given once"), typed)

    def _named(self, found: Found | None) -> Found | None:
        """Give `-v Aria` its whole name."""
        speaker = self.product.speaker
        is_short = found is not None and found.is_marked and speaker and found.name == speaker[0]
        return replace(found, name=speaker) if found is not None and is_short else found

    def _takes_all(self, inside: str) -> bool:
        """Read the parameters in brackets, if there is nothing else in them."""
        apart = self.with_given(self.given)
        while inside.strip():
            found = self._named(first(joined(inside, self.catalog.cast), Place.IN_BRACKETS))
            if found is None or not apart.take(found):
                return False
            inside = inside[found.end :]
        self.given.update(apart.given)
        return True

    def take(self, found: Found) -> bool:
        """Read a possible parameter; return whether it is one. Raises InvalidInput."""
        name, value = found.name, found.value
        is_one = found.is_one
        if not (is_one or found.is_perhaps_one or self._calls(found)) or name == self.product.billed:
            return False
        if name not in self.product.options:
            if is_one:
                self._refuse_unknown(found)
            return False
        parameter = self.product.table[name]
        if isinstance(parameter, Text) and not self._is_quoted(found):
            return False
        if not self.takes(name, value):
            if not _is_meant(found, parameter):
                return False
            self.refuse(name, value, parameter.allowed, found.typed, self._mended(found, parameter))
        if found.place is Place.PERHAPS_LAST or not is_one:
            self.refuse(name, value, _("written {form}", form=f"{name}={value}"), found.typed, f"{name}={value}")
        if name in self.given:
            self.refuse_twice(name, value, found.typed)
        self.given[name] = value if name == self.product.speaker else parameter.check(name, parameter.read(value))
        return True

    def _is_quoted(self, found: Found) -> bool:
        """Say whether a text is given; refuse one without quotation marks. `Lyrics: la la` may be the prompt."""
        if "=" in found.sign and '"' not in found.typed:
            right = f'{found.name}="{found.value}"'
            self.refuse(found.name, found.value, _("in quotation marks"), found.typed, right)
        return "=" in found.sign

    def _mended(self, found: Found, parameter: Parameter) -> str:
        """Return the parameter with a valid value, followed by what may be the text."""
        called = beginning(found.value, self.catalog.cast)
        if found.name == self.product.speaker and called.plain and called.rest:  # voice="Aria Hello"
            return f"{found.name}={called.voices[0]} {called.rest}"
        is_text = found.is_apart or (found.typed == self.body.strip() and not isinstance(parameter, Number))
        return f"{self.example(found.name)} {found.value if is_text else ''}".strip()

    def _calls(self, found: Found) -> bool:
        """Say whether a text ends with "voice Aria"."""
        is_speaker = found.name == self.product.speaker and found.place is Place.PERHAPS_LAST
        return is_speaker and self.catalog.voice(found.value) is not None

    def takes(self, name: str, value: str) -> bool:
        """Say whether a word is a valid value of a parameter."""
        if name == self.product.speaker:
            meant = beginning(value, self.catalog.cast)
            return bool(meant.voices) and not meant.rest
        parameter = self.product.table[name]
        try:
            parameter.check(name, parameter.read(value))
        except InvalidInput:
            return False
        return True

    def _refuse_unknown(self, found: Found) -> None:
        """Refuse an unknown parameter: it would be spoken and charged."""
        name, value = found.name, found.value
        if found.place is Place.PERHAPS_LAST:
            return
        is_voice = self.catalog.voice(value) is not None  # v=Aria
        like = [
            option
            for option in self.product.options
            if _resembles(name, option) or (is_voice and option == self.product.speaker and option.startswith(name))
        ]
        near = next((option for option in like if self.takes(option, value)), next(iter(like), None))
        if near and self.takes(near, value) and (len(name) >= SHORTEST_UNKNOWN or found.is_firm):
            right = f"{near}={value}"
            self.refuse(name, value, _("written {form}", form=right), found.typed, right)
        if near and found.is_firm and found.sign != ":" and _is_meant(found, self.product.table[near]):
            what = allowed_words.said(self.product.table[near].allowed)
            allowed = _("written {name}, {allowed}", name=near, allowed=what)
            self.refuse(name, value, allowed, found.typed, self.example(near))
        if not found.is_firm or found.sign == ":":
            return
        others = {o for other in self.catalog.products.values() for o in other.options}
        is_apart = found.place in {Place.FIRST, Place.LAST} or found.is_long
        is_plain = found.sign == "=" or bool(_FIGURE.match(value))
        if name in others or (is_apart and is_plain and len(name) >= SHORTEST_UNKNOWN):
            takes = _(
                "left out: {product} takes {options}",
                product=product_words.noun(self.product.name),
                options=", ".join(self.product.options),
            )
            self.refuse(name, value, takes, found.typed)

    def example(self, name: str) -> str:
        """Return an example of a parameter as typed, or "" for the text and for parameters already given."""
        if name == self.product.billed or name in self.given:
            return ""
        is_speaker = name == self.product.speaker
        return f"{name}={self.catalog.default_voice if is_speaker else self.product.table[name].example}"

    def refuse(
        self, name: str, value: str, allowed: Allowed | str, typed: str = "", right: str = "", *, line: str = ""
    ) -> NoReturn:
        """Refuse `typed`; the suggested line has `right` in its place, unless `line` is given."""
        command, billed = f"/{self.product.command}", self.product.billed
        if len(self.body) > LONGEST_BODY:
            form = f'{billed}="…"'
            raise InvalidInput(name, value, allowed, product_words.around(right, form))
        words = " ".join(self.body.replace(typed, right, 1).split())
        if words == right and " " not in right and '"' not in right:  # there is no text left
            words = f"{right} {self.product.table[billed].example}".strip()
        mark = "'" if '"' in self.body else '"'
        literal = f"{command} {billed}={mark}{' '.join(self.body.split())}{mark}"
        raise InvalidInput(
            name, value, allowed, product_words.as_it_stands(self.product.name, line or f"{command} {words}", literal)
        )


def _is_meant(found: Found, parameter: Parameter) -> bool:
    """Say whether an invalid value was meant as one; the names of numbers and flags are also words of prose."""
    if found.place is Place.PERHAPS_LAST:
        return False
    if not isinstance(parameter, Number | Flag) or _FIGURE.match(found.value):
        return True
    return found.value.isalpha() if found.place is Place.LAST else found.is_firm


def _resembles(name: str, option: str) -> bool:
    parts = (option, *option.split("_"))
    is_part = (len(name) > 1 and option.startswith(name)) or (len(name) >= SHORTEST_PART and name in parts)
    return is_part or resembles(name, option) or any(_shortens(name, part) for part in parts)


def _shortens(name: str, part: str) -> bool:
    """Say whether a name abbreviates a word, such as spd."""
    letters = iter(part)
    return (
        SHORTEST_UNKNOWN <= len(name) <= SHORTEST_PART
        and name[0] == part[0]
        and all(letter in letters for letter in name)
    )

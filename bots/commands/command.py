"""The parts of a command: who may use it, its arguments and its action, on any platform."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto
from types import MappingProxyType
from typing import Any

from bots.commands.letters import plain
from bots.platform import Button
from bots.text.locale import N_, _
from bots.text.wording import either
from core.domain import amounts
from core.domain.forbidding import Forbidding
from core.domain.models import Job
from core.domain.people import Caller, Person
from core.domain.refusals import InvalidInput
from core.engine.samples import AudioKind
from core.service.service import Service

PNG = "image/png"


@dataclass(frozen=True, slots=True)
class File:
    """An attachment of an answer; a picture that comes first is shown with the text."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot says, and what it attaches."""

    text: str
    files: tuple[File, ...] = ()
    private: bool = False
    """Whether only the caller should read it, as with a report on members."""
    buttons: tuple[Button, ...] = ()
    open: bool = False
    """Whether everybody may ask for it: chats then send it with an answer's priority, not an admin's."""
    aloud: "Answer | None" = None
    """What is said instead where others read it, too."""

    def plus(self, more: str) -> "Answer":
        """Return it with more at the end."""
        aloud = self.aloud and self.aloud.plus(more)
        return replace(self, text=f"{self.text}{more}", aloud=aloud)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who uses a command, and what only their platform knows."""

    service: Service
    caller: Caller
    has_roles: bool = False
    is_public: bool = False
    """Whether others can read the command, and perhaps the answer."""
    takes_files: bool = False
    role_names: Mapping[str, str] = MappingProxyType({})
    """By the roles' keys."""
    channel: Callable[[str], str] = str
    """Returns the key of a channel as people name it. Raises InvalidInput."""
    channel_name: Callable[[str], str] = str
    """Returns what people call the channel of a key."""
    administers: Callable[[], Awaitable[bool]] | None = None
    """Asks whether the caller is an admin here, where the platform has not said so yet."""
    plays: AudioKind = "opus"
    """The kind of audio that the chat plays best."""
    link: Callable[[Job], str] = lambda _: ""
    """Returns where in the chat an order's audio is, if that can be told."""
    how_to_call: str = ""
    """How members must address the bot here."""
    forbidden: Callable[[Person], Awaitable[Mapping[str, Forbidding] | None]] | None = None
    """Names by product what in the chat's own settings keeps a member from ordering it here; None where that can't be
    read."""
    require_audio: Callable[[], None] = lambda: None
    """Raises MayNotPost where the bot may not post audio here, as far as is known."""

    async def is_admin(self) -> bool:
        """Say whether the caller is an admin here."""
        return await self.administers() if self.administers else self.caller.is_admin


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a press on a button leads to, if anything."""

    card: Answer | None = None
    """Takes the place of the message that holds the button."""
    said: Answer | None = None
    """For whoever pressed, alone."""
    choice: Answer | None = None
    """Buttons to choose from: told to whoever pressed, or under those of the message, until pressed again."""


Press = Callable[[Asked, str], Awaitable[Pressed]]
"""Takes who pressed, and what the button is about: it comes from outside, so it may be old or forged."""


class Who(Enum):
    """Who may use a command; the service checks each time, whatever a platform hides."""

    MEMBER = auto()
    ADMIN = auto()
    OPERATOR = auto()


class Kind(Enum):
    """The type of an argument; the value is the form that usages show by default."""

    TEXT = N_("text")
    MEMBER = N_("@name")
    ROLE = N_("role")
    AMOUNT = amounts.AMOUNT
    PERIOD = "day"
    DURATION = N_("2h, 3 days or 1 week")
    CHOICE = "choice"
    COMMUNITY = N_("community")
    VOICE = N_("a voice or none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a command; the action receives it by its name."""

    name: str
    kind: Kind
    about: str
    required: bool = True
    is_typed: bool = False
    """Required only where it is typed: a name that was not understood must not mean everybody."""
    choices: tuple[str, ...] = ()
    example: str = ""

    @property
    def is_needed(self) -> bool:
        """Whether a typed command must have it."""
        return self.required or self.is_typed

    @property
    def forms(self) -> tuple[str, str]:
        """Its placeholders in usages, in English and in the current language."""
        form = self.example or self.kind.value
        return form, _(form)

    @property
    def usage(self) -> str:
        """Return its form in usages, in brackets if it is optional."""
        form = either(self.choices) if self.choices else self.forms[1]
        return form if self.is_needed else f"[{form}]"

    def is_placeholder(self, value: object) -> bool:
        """Say whether a value is its own placeholder, as in `/claim code`."""
        return isinstance(value, str) and plain(value.strip(" []<>(){}")) in map(plain, self.forms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row of the table of commands."""

    name: str
    """The words after the slash: one, or its group's and its own."""
    who: Who
    about: str
    action: Callable[..., Awaitable[Answer | None]]
    """Takes `Asked` and the arguments by name; returns None if the arguments make no sense together."""
    arguments: tuple[Argument, ...] = ()
    is_rare: bool = False
    """Whether it is used once by one person; menus and lists omit it, unless a platform offers only listed commands."""
    needs_console: bool = False
    """Whether it is there only where the operator has switched the console on."""
    ignores_words: bool = False
    """Whether words after it are ignored, as in "/help me"; other commands refuse them."""
    is_quiet: bool = False
    """Whether it is about money that is nobody else's business."""
    is_typed: bool = False
    """Whether no platform offers it in a menu: Telegram's *Start* button sends it."""
    repeats: bool = False
    """Whether it orders once more, in the platform's own way."""
    opens_form: bool = False
    """Whether it asks for an order's words in the platform's own way, before any work; else its action answers."""

    @property
    def group(self) -> str:
        """Return the first word of the name."""
        return self.name.split()[0]

    @property
    def answers_alone(self) -> bool:
        """Whether only whoever asks is to read the answer, where a chat can do that."""
        return self.is_quiet or self.who is Who.ADMIN

    @property
    def needs_role(self) -> bool:
        """Whether it needs a platform with roles."""
        return any(argument.kind is Kind.ROLE and argument.required for argument in self.arguments)

    @property
    def member(self) -> Argument | None:
        """Return the argument that names a member."""
        return next((argument for argument in self.arguments if argument.kind is Kind.MEMBER), None)

    @property
    def usage(self) -> str:
        """Return the line that people type, with its arguments."""
        typed = [argument.usage for argument in self.arguments if argument.kind is not Kind.ROLE or argument.required]
        return " ".join((f"/{self.name}", *typed))

    async def act(self, asked: Asked, given: Mapping[str, Any]) -> Answer | None:
        """Run the action; return None if the arguments make no sense or are placeholders. Raises Refusal."""
        texts = (argument for argument in self.arguments if argument.kind is Kind.TEXT and argument.required)
        if any(argument.is_placeholder(given.get(argument.name)) for argument in texts):
            return None
        return await self.action(asked, **given)

    async def use(self, asked: Asked, read: Callable[[], Awaitable[Mapping[str, Any] | None]]) -> Answer | None:
        """Authorise the caller, read the arguments and run the action; None if they make no sense. Raises Refusal."""
        await self.let_in(asked)
        given = await read()
        try:
            return None if given is None else await self.act(asked, given)
        except InvalidInput as error:
            if {amounts.AMOUNT, amounts.PERIOD}.intersection(error.instead.split()):
                error.instead = ""  # each argument has a field of its own, and no line is typed
            raise

    async def let_in(self, asked: Asked) -> None:
        """Refuse callers who may not use the command at all, before the arguments are read."""
        match self.who:
            case Who.ADMIN:
                await asked.service.admin.enter(asked.caller, self.group)
            case Who.OPERATOR:
                await asked.service.operators.enter(asked.caller, self.group)

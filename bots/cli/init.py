"""`troubadour init`: ask for what is needed, try each answer, and write it into `.env`."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values, set_key
from pydantic import SecretStr

from bots.app.environment import read
from bots.app.inspected import Inspected
from bots.app.settings import SANDBOX, Settings
from bots.app.typos import wrong_with_token
from bots.app.values import catalog_of
from bots.cli import live
from bots.cli.terminal import Terminal
from core.domain.errors import ConfigurationError, PlatformError
from core.files.private import FILE

HEAD = "# Made by `troubadour init`. Every other setting, with its default, stands in docs/settings.md.\n"


class _Account(NamedTuple):
    """What is asked for."""

    name: str
    setting: str
    question: str
    skip: str
    """What an empty answer means."""
    ask: Callable[[Settings], Awaitable[Inspected]]


def _chat(name: str) -> _Account:
    def ask(settings: Settings) -> Awaitable[Inspected]:
        return live.CHATS[name](settings, catalog_of(settings), "")

    return _Account(name, f"{name}_token", f"{name.title()} bot token", f"no {name.title()}", ask)


CHATS = tuple(map(_chat, live.CHATS))
GATEWAY = _Account("gateway", "gateway_key", "Gateway key", "simulated audio, free", live.gateway)


@dataclass(slots=True)
class Setup:
    """One run of `troubadour init`."""

    file: Path
    terminal: Terminal
    given: Mapping[str, str]
    """Answers from the command line, by setting."""
    accounts: dict[str, Inspected] = field(default_factory=dict)
    """What is known of those that were settled, by name."""

    async def run(self) -> int:
        """Return the exit status. Raises ConfigurationError where something can't be used, and nobody can be asked."""
        found = {account.setting: await self._settled(account) for account in CHATS}
        if not any(found.values()):
            raise ConfigurationError("A bot needs a chat: give --discord-token, --telegram-token or both.")
        wants_sandbox = self.given.get("gateway_url") == SANDBOX
        key = None if wants_sandbox else await self._settled(GATEWAY)
        if not (key or wants_sandbox or self.terminal.is_there or self._settings().sandboxed):
            raise ConfigurationError("Audio needs a gateway: give --gateway-key, or --sandbox for simulated audio.")
        if not key and not (find_spec("espeakng_loader") and find_spec("numpy")):
            raise ConfigurationError("Simulated audio needs an extra: pip install 'troubadour[sandbox]'")
        found |= {"gateway_key": key, "gateway_url": None if key else SANDBOX}
        self._write({name.upper(): value for name, value in found.items() if value})
        await self._finish()
        return 0

    async def _settled(self, account: _Account) -> str | None:
        """Return an answer that works as far as can be told, or None for none."""
        answer = self.given.get(account.setting) or self._kept(account.setting)
        while answer or self.terminal.is_there:
            answer = answer or await self.terminal.ask(f"{account.question} (empty: {account.skip}):", secretly=True)
            if not answer:
                break
            if not (wrong := await self._wrong(account, answer)):
                return answer
            if not self.terminal.is_there:
                raise ConfigurationError(wrong)
            self.terminal.say(wrong)
            answer = ""
        return None

    async def _wrong(self, account: _Account, answer: str) -> str:
        """Try an answer and tell what is known of it; return what keeps it from being used."""
        if account in CHATS and (wrong := wrong_with_token(account.setting, answer)):
            return wrong
        settings = self._settings(**{account.setting: SecretStr(answer)})
        if settings.sandboxed:
            settings = settings.model_copy(update={"gateway_url": Settings.model_fields["gateway_url"].default})
        try:
            said = await account.ask(settings)
        except ConfigurationError as error:
            return str(error)
        if said.is_refused:
            return "\n".join(said.troubles)
        self.accounts[account.name] = said
        if said.name:
            self.terminal.say(f"{account.question}: it is that of {said.name}.")
        for text in (*said.troubles, *said.notes):
            self.terminal.say(f"- {text}")
        return ""

    def _settings(self, **more: object) -> Settings:
        return read(_env_file=str(self.file), **more).settings

    def _kept(self, setting: str) -> str:
        """Return what the file or the environment says already."""
        value = getattr(self._settings(), setting)
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")

    def _write(self, values: Mapping[str, str]) -> None:
        """Put settings into the file, which only its owner may read; other lines stay as they are."""
        try:
            with suppress(FileExistsError):
                self.file.touch(FILE, exist_ok=False)
                self.file.write_text(HEAD)
            self.file.chmod(FILE)
            was = dotenv_values(self.file, interpolate=False)
            for name, value in values.items():
                if was.get(name) != value:
                    set_key(self.file, name, value, quote_mode="auto")
            if "GATEWAY_KEY" in values and was.get("GATEWAY_URL") == SANDBOX:
                set_key(self.file, "GATEWAY_URL", "", quote_mode="never")
        except OSError as error:
            raise ConfigurationError(f"{self.file} can't be written: {error.strerror}.") from None
        self.terminal.say(f"{self.file} holds what you gave; only you can read it.")

    async def _finish(self) -> None:
        settings = self._settings()
        if settings.telegram_token:
            await self._tell_telegram(settings)
        self.terminal.say()
        for name, said in self.accounts.items():
            if said.invite:
                self.terminal.say(f"Once it runs, add the bot to a {live.PLACES[name]}: {said.invite}")
        for text in _by_hand(self.accounts):
            self.terminal.say(text)
        self.terminal.say("Next: troubadour run")

    async def _tell_telegram(self, settings: Settings) -> None:
        """Fill in what Telegram shows of the bot where there is nothing; ask before anything is replaced."""
        from bots.telegram.profile import profile

        try:
            async with profile(settings) as entries:
                for entry in entries:
                    if entry.now == entry.wanted:
                        continue
                    if entry.now:
                        self.terminal.say(f"Telegram shows this {entry.what}:\n{_indented(entry.now)}")
                        self.terminal.say(f"Troubadour's own:\n{_indented(entry.wanted)}")
                        if not await self.terminal.agrees("Replace it?"):
                            self.terminal.say(f"The {entry.what} stays as it is.")
                            continue
                    await entry.put()
                    self.terminal.say(f"Telegram shows Troubadour's {entry.what} now.")
        except PlatformError as error:
            self.terminal.say(f"Telegram took no texts now: {error}. To try again, run this command again.")


def _by_hand(accounts: Mapping[str, Inspected]) -> list[str]:
    """Return what only the platforms' own pages can do."""
    found = []
    if "discord" in accounts:
        found.append(
            "Only in Discord's developer portal: the bot's picture, and Public Bot off if only you may add it."
        )
    if "telegram" in accounts:
        found.append("Only with @BotFather: the bot's picture (/setuserpic) and privacy mode (/setprivacy).")
    return found


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())

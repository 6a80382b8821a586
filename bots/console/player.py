"""Play delivered audio with what the machine has."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL

from bots.text import terminal_replies

LATE_S = 10.0
"""How much longer than its audio a player may take."""


@dataclass(frozen=True, slots=True)
class Player:
    """A program that plays a file to its end."""

    name: str
    plays: frozenset[str]
    """File name extensions."""
    options: Sequence[str] = ()


PLAYERS = (
    Player("ffplay", frozenset({"wav", "mp3", "ogg", "m4a"}), ("-nodisp", "-autoexit", "-loglevel", "quiet")),
    Player("afplay", frozenset({"wav", "mp3", "m4a"})),
    Player("pw-play", frozenset({"wav", "mp3", "ogg"})),
    Player("paplay", frozenset({"wav", "ogg"})),
    Player("aplay", frozenset({"wav"}), ("--quiet",)),
)
"""Those that play most come first."""


@dataclass
class Playback:
    """Plays files one after another, while the conversation goes on."""

    say: Callable[[str], None]
    players: Sequence[Player] = field(
        default_factory=lambda: [player for player in PLAYERS if shutil.which(player.name)]
    )
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _playing: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not self.players:
            self.say(terminal_replies.no_player([player.name for player in PLAYERS]))

    def begin(self, path: Path, duration_s: float) -> None:
        """Play a file after those before it."""
        if not self.players:
            return
        player = next((player for player in self.players if path.suffix[1:] in player.plays), None)
        if player is None:
            self.say(terminal_replies.not_played(path.name, self.players[0].name))
            return
        task = asyncio.create_task(self._play(player, path, duration_s))
        self._playing.add(task)
        task.add_done_callback(self._playing.discard)

    async def _play(self, player: Player, path: Path, duration_s: float) -> None:
        async with self._turn:
            try:
                process = await asyncio.create_subprocess_exec(
                    player.name, *player.options, path, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
                )
            except OSError:
                self.say(terminal_replies.not_played(path.name, player.name))
                return
            try:
                async with asyncio.timeout(duration_s + LATE_S):
                    status = await process.wait()
            except TimeoutError:
                status = None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            if status != 0:
                self.say(terminal_replies.not_played(path.name, player.name))

    async def close(self) -> None:
        """Wait until all was played."""
        await asyncio.gather(*self._playing)

"""What only the terminal says."""

from collections.abc import Sequence
from pathlib import Path

from bots.text.locale import N_, _

NOTHING_ORDERED = N_("one of yours, and you have ordered nothing here yet")
NOTHING_WAITS = N_("No question waits for an answer.")


def incomplete(word: str) -> str:
    """Say that a command in the place of a button lacks what the button is about."""
    return _("Write /{word} with what stands after it where I offer it.", word=word)


def log_goes_to(path: Path) -> str:
    """Say where the program's own lines go."""
    return _("What the program logs goes to {path}.", path=path)


def no_player(names: Sequence[str]) -> str:
    """Say that nothing plays audio here."""
    return _("Nothing is played: none of {players} is on the PATH.", players=", ".join(names))


def not_played(file: str, player: str) -> str:
    """Say that a file could not be played."""
    return _("{file} can't be played with {player}.", file=file, player=player)

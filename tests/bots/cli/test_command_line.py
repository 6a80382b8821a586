"""The command line says what it is, and completes itself."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from bots.__main__ import main
from bots.cli.commands import COMMANDS
from bots.cli.parser import parser

BASH = """
source /dev/stdin
try() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}; _shtab_troubadour; }
try troubadour led; echo "${COMPREPLY[@]}"
COMPREPLY=(); try troubadour ledger ver; echo "${COMPREPLY[@]}"
COMPREPLY=(); try troubadour check --li; echo "${COMPREPLY[@]}"
"""


def test_both_ways_to_start_it_say_the_version() -> None:
    said = subprocess.run([sys.executable, "-m", "bots", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout == f"troubadour {version('troubadour')}\n"


def test_every_command_that_is_described_does_something() -> None:
    (described,) = [action.choices for action in parser()._actions if isinstance(action.choices, dict)]
    assert described.keys() == COMMANDS.keys()


def test_a_shell_completes_commands_and_their_words(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "bash"])
    written = capsys.readouterr().out
    done = subprocess.run(["bash", "-c", BASH], input=written, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ledger", "verify", "--live"], done.stderr
    assert "backup_pos_0_COMPGEN=_shtab_compgen_files" in written

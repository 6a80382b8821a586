"""The settings as the environment, `.env` and files of secrets have them, and what is wrong there."""

import os
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import ValidationError

from bots.app.env_file import read_lines
from bots.app.secret_files import END, SecretFiles, secrets_of
from bots.app.settings import Settings
from bots.app.typos import bare, misspelt, strange, worded
from core.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: whatever can't work stands at its default in `settings`, and has its sentence in `faults`."""

    settings: Settings
    faults: Sequence[str]
    faulty: AbstractSet[str]
    """The names of the settings that these are about."""
    strange: Sequence[str] = ()
    """Names in `.env` that are no settings, nor almost."""
    is_open: bool = False
    """Whether other users of the machine may read the secrets in `.env`."""


def read(**overrides: Any) -> Reading:
    """Read the environment, `.env` and files of secrets, to the end. Raises ConfigurationError where one can't be."""
    file = overrides.get("_env_file", ".env")
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    names, broken, given = _given(Path(file) if file else None)
    secrets = secrets_of(Settings.model_fields)
    known = {name.upper(): name for name in defaults} | {f"{name.upper()}{END}": name for name in secrets}
    files = SecretFiles.read(given, secrets)
    try:
        slips = _slips(names, files, known)
        settings, faults = _typed({"_secrets_dir": files.folders, **files.values, **overrides}, defaults)
    except (OSError, UnicodeDecodeError) as error:
        where = getattr(error, "filename", None) or "A file of the secrets' folder"
        raise ConfigurationError(f"{where} can't be read: {getattr(error, 'strerror', 'it must be UTF-8')}.") from None
    more = dict(settings.faults())
    if more:
        settings = settings.model_copy(update={name: defaults[name] for name in more})
    faults |= {name: sentence for name, sentence in {**files.faults, **slips, **more}.items() if name not in faults}
    return Reading(
        settings,
        faults=[*(sentence for _, sentence in broken), *dict.fromkeys("\n".join(faults.values()).splitlines())],
        faulty={*(name for name, _ in broken), *faults},
        strange=[name for name in strange(names, known) if name not in misspelt(names, known)],
        is_open=bool({name.lower() for name in names}.intersection(secrets)) and bool(Path(file).stat().st_mode & 0o77),
    )


def _given(file: Path | None) -> tuple[Collection[str], Sequence[tuple[str, str]], Mapping[str, str]]:
    """Return the names in `.env`, what is wrong with its lines, and what is set by names in capitals.

    Raises ConfigurationError where it can't be read.
    """
    try:
        names, broken = read_lines(file) if file else ((), ())
        values = dotenv_values(file) if file and file.is_file() else {}
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f".env can't be read: {error.reason} at byte {error.start}; it must be UTF-8."
        ) from None
    except OSError as error:
        raise ConfigurationError(f".env can't be read: {error.strerror}.") from None
    return names, broken, {name.upper(): bare(value) for name, value in {**values, **os.environ}.items() if value}


def _slips(names: Collection[str], files: SecretFiles, known: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each name that is almost a setting's, by the setting: what it sets must not be lost."""
    places = {".env": names, "the environment": set(os.environ) - set(names)}
    for name, folder in files.names:
        places[str(folder)] = [*places.get(str(folder), ()), name]
    slips: dict[str, str] = {}
    for place, there in places.items():
        for name, meant in misspelt(there, known).items():
            told = f"{name} in {place} is no setting: did you mean {meant}? Rename it, or take it away."
            slips[known[meant]] = "\n".join(filter(None, (slips.get(known[meant]), told)))
    return slips


def _typed(overrides: Mapping[str, Any], defaults: Mapping[str, Any]) -> tuple[Settings, dict[str, str]]:
    """Read values of the right types; what has none is its default, and has a sentence."""
    try:
        return Settings(**overrides), {}
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
    faults = {str(problem["loc"][0]): worded(problem) for problem in problems}
    settings, more = _typed({**overrides, **{name: defaults[name] for name in faults}}, defaults)
    return settings, faults | more


def load(**overrides: Any) -> Settings:
    """Read the environment and `.env`. Raises ConfigurationError with a sentence for each setting that can't work."""
    found = read(**overrides)
    if found.faults:
        raise ConfigurationError("\n".join(found.faults))
    return found.settings

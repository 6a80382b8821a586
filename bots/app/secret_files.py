"""Secrets that stand in files: one that `NAME_FILE` names, or a folder with a file for each."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

END = "_FILE"
FOLDER = Path("/run/secrets")
"""Where containers find their secrets."""
FOLDERS = "SECRETS_DIR", "CREDENTIALS_DIRECTORY"
"""What names a folder of secrets: the setting, and what systemd sets for `LoadCredential=`."""
LONGEST = 16_384


@dataclass(slots=True)
class SecretFiles:
    """What the files that the environment and `.env` name hold."""

    folders: list[Path] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    """The secrets, by setting."""
    faults: dict[str, str] = field(default_factory=dict)
    """A sentence, by setting, for each that can't be had."""

    @classmethod
    def read(cls, given: Mapping[str, str], secrets: Collection[str]) -> "SecretFiles":
        """Read them; `given`: what is set, by names in capitals; no sentence holds a secret."""
        found = cls()
        folders = {name: Path(given[name]) for name in FOLDERS if given.get(name)}
        for name, folder in folders.items():
            if not folder.is_dir():
                found.faults[name.lower()] = f"{name}: there is no folder {folder}: put one that has a file for each."
        found.folders = [folder for folder in folders.values() or [FOLDER] if folder.is_dir()]
        for secret in secrets:
            name = secret.upper()
            if path := given.get(name + END):
                if given.get(name):
                    found.faults[secret] = f"{name} and {name + END} are both set: keep one of them."
                else:
                    found._take(secret, Path(path))
        return found

    @property
    def names(self) -> Iterator[tuple[str, Path]]:
        """Yield what the files in the folders are called, and the folder."""
        yield from ((path.name, folder) for folder in self.folders for path in folder.iterdir())

    def _take(self, secret: str, path: Path) -> None:
        wrong = ""
        try:
            with path.open(encoding="utf-8") as file:
                self.values[secret] = file.read(LONGEST).strip()
            wrong = "" if self.values[secret] else "it is empty"
        except OSError as error:
            wrong = error.strerror or "it is no file"
        except UnicodeDecodeError:
            wrong = "it is not UTF-8"
        if wrong:
            self.values.pop(secret, None)
            told = f"{path} can't be read ({wrong}): put the path of a file that holds the secret."
            self.faults[secret] = f"{secret.upper() + END}: {told}"


def secrets_of(fields: Mapping[str, FieldInfo]) -> list[str]:
    """Return the settings that are secrets."""
    return [name for name, one in fields.items() if SecretStr in (one.annotation, *_members(one.annotation))]


def _members(kind: object) -> tuple[object, ...]:
    return getattr(kind, "__args__", ())
